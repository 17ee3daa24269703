#===- machinecode - Reads the machine code of NVIDIA GPUs ------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Kernels in cubins, disassembled by nvdisasm: their resources, instructions with
the scheduling that is encoded in them, loops, and what they are made of. Knows no
kernel of ours."""
