#===- print_head_dims.py - A function for each head dimension --------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Prints functions @d8, @d16, … @d256, of either type by turns."""

from attn_testing.case import Case

ALL = frozenset(operand + dim for operand in "qkv" for dim in "bhs")

for number, dim in enumerate(range(8, 257, 8)):
    case = Case(element=["bf16", "f16"][number % 2], dims=(dim, dim),
                causal="bottom_right", window=(100, 0), dynamic=ALL)
    print(case.mlir(f"d{dim}"))
