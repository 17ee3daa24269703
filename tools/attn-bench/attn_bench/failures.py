#===- failures.py - What ends the program ----------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Statuses are those of all tools: 1 wrong, 2 bad input, 3 device."""


from attnrt.failures import BadInput, Failure  # noqa: F401


class NoDevice(Failure):
    status = 3


class Unsupported(Exception):
    """A contender does not have what the case asks for."""


class DeviceLost(Failure):
    """Nothing more can run in this process."""
    status = 3
