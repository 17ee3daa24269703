#===- predict - A clock without a GPU --------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""`attn-bench predict` and `tune`: a model of one multiprocessor and of the grid
that runs decoded machine code and says how long a launch would take."""
