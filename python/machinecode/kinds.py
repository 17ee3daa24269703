#===- kinds.py - What instructions are for ---------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Classes of instructions by opcode, and the pipes that they are issued to."""

#: What the loop of an attention kernel is made of, by the opcode's name.
_CLASSES = {
    "mma": ["HMMA", "HGMMA"], "ldmatrix": ["LDSM"], "copy": ["LDGSTS"],
    "fma": ["FFMA", "FMUL", "FADD"], "max": ["FMNMX"], "mufu": ["MUFU"],
    "convert": ["F2FP"], "shuffle": ["SHFL"],
    "move": ["MOV", "UMOV", "R2UR", "CS2R"],
    "address": ["IADD3", "UIADD3", "IMAD", "UIMAD", "LEA", "ULEA", "LOP3",
                "ULOP3", "SHF", "USHF", "IMNMX", "UIMNMX", "VIADD"],
    "predicate": ["ISETP", "UISETP", "PLOP3", "UPLOP3", "P2R", "R2P"],
    "select": ["FSEL", "SEL", "USEL"],
}
_CLASS_OF = {name: kind for kind, names in _CLASSES.items() for name in names}
CLASSES = [*_CLASSES, "control"]

PRODUCTS = frozenset(_CLASSES["mma"])


def class_of(instruction):
    """What is in no class is control."""
    # Moves by the integer or float pipe.
    if instruction.opcode.startswith("IMAD.MOV"):
        return "move"
    return _CLASS_OF.get(instruction.name, "control")


def count(instructions):
    """Instructions by class."""
    counts = dict.fromkeys(CLASSES, 0)
    for instruction in instructions:
        counts[class_of(instruction)] += 1
    return counts


def is_product(instruction):
    return instruction.name in PRODUCTS


def is_exponential(instruction):
    return instruction.opcode.startswith("MUFU.EX2")


def packs_floats(instruction):
    """Two floats to one register of 16-bit floats."""
    return instruction.name == "F2FP" and "PACK_AB" in instruction.opcode


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


_FMA_PIPE = {"FFMA", "FMUL", "FADD", "IMAD"}


def pipe(instruction):
    """"tensor", "mufu", "uniform", "fma" or "alu"; None for what has none of these:
    memory, barriers, branches."""
    if is_product(instruction):
        return "tensor"
    if instruction.name == "MUFU":
        return "mufu"
    if datapath(instruction) != "vector":
        return "uniform" if datapath(instruction) == "uniform" else None
    if instruction.name in _FMA_PIPE:
        return "fma"
    return "alu" if class_of(instruction) != "control" else None
