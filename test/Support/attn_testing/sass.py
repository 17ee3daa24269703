#===- sass.py - Machine code of a kernel, counted --------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Reads what nvdisasm prints, finds loops, and counts instructions by class.

A loop is a natural loop of the control flow graph: the blocks from which a back
edge is reached without passing its target. So blocks that ptxas moved to the
end of a function count where they belong.
"""

import collections
import dataclasses
import re
import subprocess
from typing import List, Optional

_FUNCTION = re.compile(r"^\.text\.(\S+):")
_LABEL = re.compile(r"^(\.L\S*):")
_INSTRUCTION = re.compile(r"^\s+/\*([0-9a-f]+)\*/\s+(?:@(!?U?P\w+)\s+)?"
                          r"([A-Z][\w.]*)\s*([^;]*);")
_TARGET = re.compile(r"`\((\.L\S+?)\)")

#: Opcodes that do not go on to the next instruction, unless predicated.
_ENDS = {"EXIT", "BRA", "BRX", "JMP", "RET", "KILL"}


@dataclasses.dataclass
class Instruction:
    predicate: Optional[str]
    opcode: str  # with its modifiers: "LDSM.16.M88.4"
    operands: str

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
class Block:
    instructions: List[Instruction]
    successors: List[int]


def disassemble(nvdisasm, cubin):
    """Blocks of each function in a cubin, by the function's name."""
    text = subprocess.run([nvdisasm, "-c", cubin], check=True, text=True,
                          capture_output=True).stdout
    functions = {}
    lines = None
    for line in text.splitlines():
        if match := _FUNCTION.match(line):
            lines = functions.setdefault(match.group(1), [])
        elif lines is None:
            continue
        elif match := _LABEL.match(line):
            lines.append(match.group(1))
        elif match := _INSTRUCTION.match(line):
            lines.append(Instruction(*match.groups()[1:]))
        elif line.startswith("\t.section"):
            lines = None
    return {name: _make_blocks(lines) for name, lines in functions.items()}


def _make_blocks(lines):
    """Splits at labels and behind branches, then follows them."""
    blocks, labels = [Block([], [])], {}
    for line in lines:
        ends = blocks[-1].instructions and (
            isinstance(line, str) or blocks[-1].instructions[-1].target
            or not blocks[-1].instructions[-1].falls_through)
        if ends:
            blocks.append(Block([], []))
        if isinstance(line, str):
            labels[line] = len(blocks) - 1
        else:
            blocks[-1].instructions.append(line)
    for number, block in enumerate(blocks):
        last = block.instructions[-1] if block.instructions else None
        if last and last.target:
            block.successors.append(labels[last.target])
        if (not last or last.falls_through) and number + 1 < len(blocks):
            block.successors.append(number + 1)
    return blocks


def _dominators(blocks, predecessors):
    everything = frozenset(range(len(blocks)))
    dominators = [frozenset([0])] + [everything] * (len(blocks) - 1)
    is_growing = True
    while is_growing:
        is_growing = False
        for number in range(1, len(blocks)):
            ways = [dominators[p] for p in predecessors[number]]
            new = frozenset([number]).union(
                frozenset.intersection(*ways) if ways else frozenset())
            is_growing |= new != dominators[number]
            dominators[number] = new
    return dominators


def loops(blocks):
    """Instructions of each natural loop, in the order of the loops' headers."""
    predecessors = collections.defaultdict(list)
    for number, block in enumerate(blocks):
        for successor in block.successors:
            predecessors[successor].append(number)
    dominators = _dominators(blocks, predecessors)
    bodies = collections.defaultdict(set)  # by header
    for number, block in enumerate(blocks):
        for header in set(block.successors) & dominators[number]:
            body, todo = bodies[header], [number]
            body.add(header)
            while todo:
                member = todo.pop()
                if member not in body:
                    body.add(member)
                    todo += predecessors[member]
    return [[instruction for number in sorted(bodies[header])
             for instruction in blocks[number].instructions]
            for header in sorted(bodies)]


#: What the loop of an attention kernel is made of, by the opcode's name.
_CLASSES = {
    "mma": ["HMMA", "HGMMA"], "ldmatrix": ["LDSM"], "copy": ["LDGSTS"],
    "fma": ["FFMA", "FMUL", "FADD"], "max": ["FMNMX"], "mufu": ["MUFU"],
    "convert": ["F2FP"], "shuffle": ["SHFL"],
    "move": ["MOV", "UMOV", "R2UR", "CS2R"],
    "address": ["IADD3", "UIADD3", "IMAD", "UIMAD", "LEA", "ULEA", "LOP3",
                "ULOP3", "SHF", "USHF", "IMNMX", "UIMNMX"],
    "predicate": ["ISETP", "UISETP", "PLOP3", "UPLOP3", "P2R", "R2P"],
    "select": ["FSEL", "SEL", "USEL"],
}
_CLASS_OF = {name: kind for kind, names in _CLASSES.items() for name in names}
CLASSES = [*_CLASSES, "control"]


def count(instructions):
    """Instructions by class; what is in no class is control."""
    counts = dict.fromkeys(CLASSES, 0)
    for instruction in instructions:
        kind = _CLASS_OF.get(instruction.name, "control")
        # Moves by the integer or float pipe.
        if instruction.opcode.startswith("IMAD.MOV"):
            kind = "move"
        counts[kind] += 1
    return counts


#: What is no work of a vector's lanes: barriers, copies, branches, exchanges.
_APART = {"HGMMA", "WARPGROUP", "SYNCS", "BAR", "BRA", "NOP", "SHFL", "BSSY",
          "BSYNC", "WARPSYNC", "YIELD", "DEPBAR", "EXIT"}


def datapath(instruction):
    """"matrix", "uniform", "vector" (ALU, FMA, MUFU, convert) or "control"."""
    if instruction.name == "HGMMA":
        return "matrix"
    # SYNCS has its operands in uniform registers and is none of them.
    if instruction.name.startswith("U") or instruction.name == "R2UR":
        return "uniform"
    return "control" if instruction.name in _APART else "vector"


def unmasked_loop(blocks):
    """The loop with MMAs that selects no scores."""
    found = [body for body in loops(blocks)
             if any(_CLASS_OF.get(i.name) == "mma" for i in body)]
    unmasked = [body for body in found
                if sum(i.name == "FSEL" for i in body) <= 4]
    if len(unmasked) != 1:
        raise ValueError(f"expected one unmasked loop, got {len(unmasked)} of "
                         f"{len(found)} loops with MMAs")
    return unmasked[0]
