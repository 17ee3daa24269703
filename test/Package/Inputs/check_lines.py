#===- check_lines.py - Line information of PTX -----------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: check_lines.py places PTX TILE   every place holds what it names
       check_lines.py same PTX PTX      equal but for line information
       check_lines.py drop OPCODE PTX   prints it without any OPCODE
"""

import re
import sys

PLACE = re.compile(r"\.loc\s+1 (\d+) (\d+) // ([\w.]+) at tile.mlir:(\d+):(\d+),")
LINE_INFO = re.compile(r"\s*(\.loc\s|\.file\s|\.section\s|\$L__tmp|"
                       r"\$L__func_(begin|end))")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def check_places(ptx, tile):
    tile = read(tile)
    operations = set()
    for line in read(ptx):
        match = PLACE.search(line)
        if not match:
            if "// " in line and ".loc" in line:
                sys.exit(f"unexpected: {line}")
            continue
        row, column, name = int(match[1]), int(match[2]), match[3]
        there = tile[row - 1]
        if (row, column) != (int(match[4]), int(match[5])):
            sys.exit(f"two places: {line}")
        if len(there) - len(there.lstrip()) != column - 1 or not re.search(
                rf"(^|= ){re.escape(name)}\b", there.strip()):
            sys.exit(f"{line.strip()}\nis not what stands there:\n{there}")
        operations.add(name)
    missing = {"tile.dot", "tile.copy_async", "tile.barrier", "tile.copy_out",
               "tile.reduce", "math.exp2"} - operations
    if missing:
        sys.exit(f"not a line comes from {missing}")


def code(path):
    return [line for line in read(path)
            if line.strip() and not LINE_INFO.match(line)]


def check_same(one, other):
    if code(one) != code(other):
        sys.exit("the code differs")


def drop(opcode, ptx):
    print("\n".join("" if opcode in line else line for line in read(ptx)))


{"places": check_places, "same": check_same, "drop": drop}[sys.argv[1]](
    *sys.argv[2:])
