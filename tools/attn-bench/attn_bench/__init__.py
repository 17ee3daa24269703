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

The core needs numpy only, and so do the simulator and the processor
(sim_device.py, host_device.py). A GPU is reached through PyTorch
(cuda_device.py), plots through matplotlib (plot.py); both, and all peers, are
imported where they are used.
"""
