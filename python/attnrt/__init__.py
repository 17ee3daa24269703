#===- __init__.py - The runtime and its packages ---------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Calls functions of packages, and the judge of the runtime, by the C interface of
attnrt/Abi.h. Needs Python's own library only: arrays are descriptors (dlpack.py),
which numpy, PyTorch or a simulator's memory may stand behind.
"""
