#===- failures.py - What the runtime refuses -------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Statuses are those of all tools: 1 wrong, 2 bad input, 3 device."""


class Failure(Exception):
    status = 3

    def __init__(self, message, status=None):
        super().__init__(message)
        if status is not None:
            self.status = status


class BadInput(Failure):
    status = 2
