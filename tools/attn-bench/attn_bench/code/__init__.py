#===- code - Machine code of kernels, ours and others' ---------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""`attn-bench code`: what the loops of kernels are made of, beside a peer's."""
