#===- failures.py - What goes wrong, as exceptions -------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""What a caller got wrong is a TypeError, a ValueError or a NotImplementedError,
as Python has them; what is wrong with the machine is a class of here."""

import re

WRONG, BAD_INPUT, DEVICE = 1, 2, 3  # AttnrtCode


class Error(RuntimeError):
    """Of all that follow."""


class CompileError(Error):
    """The compiler could not be run, or failed for a reason of its own."""


class HazardError(Error):
    """The simulator found a broken rule in a kernel."""


class DeviceError(Error):
    """A device is missing, or has too little memory."""


class CacheError(Error, OSError):
    """The cache of packages cannot be used."""


# What the compiler says of a form that it does not have yet.
_MISSING = re.compile(r"not (supported|differentiated)|nearest |has no derivative")


def of_status(status, text):
    """For what an entry of a package returned."""
    kind = {WRONG: HazardError, BAD_INPUT: ValueError, DEVICE: DeviceError}
    return kind.get(status, Error)(text)


def of_compiler(status, text):
    """For the one line that the compiler printed."""
    line = next((line for line in text.splitlines() if "error: " in line), text)
    line = line.split("error: ", 1)[-1].strip()
    if status == BAD_INPUT and _MISSING.search(line):
        return NotImplementedError(line)
    return CompileError(line or "attn-compile failed without a word")
