#===- disassembly.py - What nvdisasm prints --------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Instructions of each function of a cubin, with the scheduling that is encoded in
them. The fields of an encoding of 128 bits, from bit 105 on, are since sm_70: stall
count, a hint to yield, the scoreboard that its result releases, the one that its
operands release, those that it waits for, and which operands are cached."""

import dataclasses
import glob
import os
import re
import shutil
import subprocess
import sys
from typing import FrozenSet, Optional

from attnrt.failures import BadInput, Failure

_TARGET_CHIP = re.compile(r"^\s*\.target\s+(\w+)")
_FUNCTION = re.compile(r"^\.text\.(\S+):")
_LABEL = re.compile(r"^(\.L\S*):")
_INSTRUCTION = re.compile(r"^\s+/\*([0-9a-f]+)\*/\s+(?:@(!?U?P\w+)\s+)?"
                          r"([A-Z][\w.]*)\s*([^;]*);")
_UPPER_HALF = re.compile(r"^\s+/\* 0x([0-9a-f]{16}) \*/\s*$")
_TARGET = re.compile(r"`\((\.L\S+?)\)")

#: Opcodes that do not go on to the next instruction, unless predicated.
_ENDS = {"EXIT", "BRA", "BRX", "JMP", "RET", "KILL"}
_NO_BARRIER = 7


class NoDisassembler(Failure):
    status = 3


@dataclasses.dataclass
class Control:
    stall: int  # clocks until the next instruction of the warp
    yields: bool
    result_barrier: Optional[int]
    operand_barrier: Optional[int]
    waits: FrozenSet[int]


@dataclasses.dataclass
class Instruction:
    address: int
    predicate: Optional[str]
    opcode: str  # with its modifiers: "LDSM.16.M88.4"
    operands: str
    control: Optional[Control] = None

    @property
    def name(self):
        return self.opcode.split(".")[0]

    @property
    def target(self):
        match = _TARGET.search(self.operands)
        return match and match.group(1)

    @property
    def falls_through(self):
        # BRA.DIV and BRA.CONV branch for some warps only.
        if self.opcode in ("BRA.DIV", "BRA.CONV"):
            return True
        return self.predicate is not None or self.name not in _ENDS


@dataclasses.dataclass
class Listing:
    chip: str
    functions: dict  # by name: instructions, and labels as text


def find_nvdisasm():
    """$ATTN_NVDISASM, where empty means none, else that of PATH, of the toolkit's usual
    place, or of PyPI's package in this environment."""
    places = [shutil.which("nvdisasm"), "/usr/local/cuda/bin/nvdisasm"]
    for directory in sys.path:
        places += glob.glob(os.path.join(directory, "nvidia", "*", "bin", "nvdisasm"))
    if "ATTN_NVDISASM" in os.environ:
        places = [os.environ["ATTN_NVDISASM"]]
    for place in places:
        if place and os.path.isfile(place):
            return place
    raise NoDisassembler(
        "machine code is read by nvdisasm, and there is none; install CUDA's, or "
        "nvidia-cuda-nvdisasm from PyPI")


def _control(upper):
    bits = upper >> 41
    result, operand = bits >> 5 & 7, bits >> 8 & 7
    return Control(
        stall=bits & 15, yields=not bits >> 4 & 1,
        result_barrier=None if result == _NO_BARRIER else result,
        operand_barrier=None if operand == _NO_BARRIER else operand,
        waits=frozenset(i for i in range(6) if bits >> 11 + i & 1))


def _parse(text):
    chip, functions, lines = "", {}, None
    for line in text.splitlines():
        if match := _FUNCTION.match(line):
            lines = functions.setdefault(match.group(1), [])
        elif match := _TARGET_CHIP.match(line):
            chip = match.group(1)
        elif lines is None:
            continue
        elif match := _LABEL.match(line):
            lines.append(match.group(1))
        elif match := _INSTRUCTION.match(line):
            address, *rest = match.groups()
            lines.append(Instruction(int(address, 16), *rest))
        elif match := _UPPER_HALF.match(line):
            lines[-1].control = _control(int(match.group(1), 16))
        elif line.startswith("\t.section"):
            lines = None
    return Listing(chip, functions)


def disassemble(nvdisasm, cubin, symbol=None):
    """The Listing of a file, or of one function, by its symbol's number."""
    chosen = [] if symbol is None else ["-fun", str(symbol)]
    run = subprocess.run([nvdisasm, "-c", "-hex", *chosen, cubin], text=True,
                         capture_output=True, check=False)
    if run.returncode:
        said = run.stderr.strip().splitlines() or ["no reason given"]
        raise BadInput(f"nvdisasm cannot read '{cubin}': {said[-1]}")
    return _parse(run.stdout)
