#===- __init__.py - The measuring driver -----------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Times compiled packages and other implementations of attention on the same
arrays, in one process, after each has been judged.

    grids ─▶ cases ─▶ contenders (ours, peers) ─▶ judge ─▶ timing ─▶ record
                                                              table ◂─┴─▸ plot

The core needs numpy only. A GPU is reached through PyTorch (cuda_device.py and
peers/), plots through matplotlib (plot.py); both are imported where they are
used.
"""
