#===- operations.py - Instructions as the model runs them ------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""An instruction becomes an Operation once: its pipe, its encoded scheduling, and what
it does to queues and barriers. Values are not computed."""

import dataclasses
import re
from typing import Optional, Tuple

from machinecode import kinds

from attn_bench.failures import BadInput
from attn_bench.predict import constants

_SHAPE = re.compile(r"\.(\d+)x(\d+)x(\d+)")
_IN_FLIGHT = re.compile(r"gsb0, 0x([0-9a-f]+)")
_NUMBERS = re.compile(r"^(0x[0-9a-f]+|U?R\d+)(?:, (0x[0-9a-f]+))?")
_MMA_FLOPS = {"16816": 4096, "1688": 2048, "16832": 8192}

#: What an operation does beside taking a pipe.
(PLAIN, PRODUCT, MMA, WAIT_PRODUCTS, SYNC, ARRIVE, TURN, PASS, CHECK, RELEASE,
 COPY, COMMIT, WAIT_COPIES, STORE_TILE, JOIN, FENCE) = range(16)


@dataclasses.dataclass
class Operation:
    __slots__ = ("act", "pipe", "interval", "stall", "waits", "result", "operand",
                 "latency", "number", "count", "is_values", "ends_group", "source",
                 "reads", "releases_queries", "ends_pass")
    act: int
    pipe: str
    interval: int
    stall: int
    waits: Tuple[int, ...]
    result: Optional[int]  # the scoreboard that its result releases
    operand: Optional[int]
    latency: int
    number: int  # clocks of a product, groups in flight, a barrier
    count: int  # threads at a barrier
    is_values: bool  # of a product: of weights and values
    ends_group: bool
    source: str  # of a product: "SS" or "RS"
    reads: Tuple[int, int]  # registers of each bank that are read
    releases_queries: bool  # of an arrival: the producer waits for it
    ends_pass: bool  # the last of a loop's pass


_REGISTER = re.compile(r"(?<![A-Z])R(\d+)(?:\.64|\.H\w+)?(\.reuse)?")
_NO_RESULT = {"STS", "STSM", "STG", "STL", "BAR", "SYNCS", "BRA", "LDGSTS", "EXIT"}
_MEMORY = {"LDS", "LDSM", "STS", "STSM", "LDL", "STL", "LDG", "STG", "ATOMG", "ATOMS",
           "RED"}
_CONSTANT = {"LDC", "S2R", "S2UR", "LDCU"}
_BARRIER = {"BAR", "SYNCS", "MEMBAR", "FENCE"}
_IMAD = {"IMAD", "UIMAD"}


def pipe_of(instruction):
    name = instruction.name
    if kinds.is_product(instruction):
        return "product"
    if name in ("LDGSTS", "LDGDEPBAR"):
        return "copy"
    if name == "STSM":
        return "stores"
    if name == "LDSM":
        return "loads"
    if name in _MEMORY:
        return "memory"
    if name in _CONSTANT:
        return "constant"
    if name in _BARRIER:
        return "barrier"
    if name == "SHFL":
        return "shuffle"
    if name == "MUFU":
        return "mufu"
    if name == "UMOV":
        return "move"
    if name.startswith("U") or name == "R2UR":
        return "uniform"
    if name == "F2FP":
        return "convert"
    if name in _IMAD and not instruction.opcode.startswith("IMAD.MOV"):
        return "imad"
    if name == "MOV":
        return "alu"
    return kinds.pipe(instruction) or "none"


def interval_of(instruction, pipe):
    if pipe == "product":
        return 1
    if pipe in ("loads", "stores"):
        matrices = instruction.opcode.rsplit(".", 1)[-1]
        return constants.INTERVALS[pipe] * int(matrices) // 4 if matrices.isdigit() else 4
    return constants.INTERVALS.get(pipe, 1)


def _barrier_act(instruction):
    """Its act, the barrier's number and the threads that it counts."""
    arrives = instruction.opcode.startswith("BAR.ARV")
    match = _NUMBERS.match(instruction.operands.strip())
    count = int(match.group(2), 16) if match and match.group(2) else 0
    if match and match.group(1).startswith("0x"):
        return (ARRIVE if arrives else SYNC), int(match.group(1), 16), count
    return (PASS if arrives else TURN), 0, count


_ACTS = (("SYNCS.PHASECHK", CHECK), ("SYNCS.ARRIVE", RELEASE), ("LDGSTS", COPY),
         ("LDGDEPBAR", COMMIT), ("DEPBAR", WAIT_COPIES), ("UTMASTG", STORE_TILE),
         ("FENCE.VIEW.ASYNC", FENCE))


def _act(instruction):
    if instruction.name == "BAR":
        return _barrier_act(instruction)
    if instruction.opcode.startswith("WARPGROUP.DEPBAR"):
        match = _IN_FLIGHT.search(instruction.operands)
        return WAIT_PRODUCTS, int(match.group(1), 16) if match else 0, 0
    for start, act in _ACTS:
        if instruction.opcode.startswith(start):
            number = 0
            if act == WAIT_COPIES:
                number = int(instruction.operands.split(",")[1], 16)
            return act, number, 0
    return PLAIN, 0, 0


def _product(instruction, flops):
    """Act, clocks of the unit, and where the left operand comes from."""
    if match := _SHAPE.search(instruction.opcode):
        m, n, k = map(int, match.groups())
        source = instruction.operands.split(",")[1]
        return PRODUCT, 2 * m * n * k // flops, "SS" if "gdesc" in source else "RS"
    shape = instruction.opcode.split(".")[1]
    if shape not in _MMA_FLOPS:
        raise BadInput(f"the model does not know {instruction.opcode}")
    of_one = _MMA_FLOPS[shape]
    return MMA, 4 * of_one // flops, ""


def _sources(instruction):
    """Numbers of the registers that it reads, and whether each is kept."""
    operands = instruction.operands.split(", ")
    if kinds.is_product(instruction):
        return []
    has_results = instruction.name not in _NO_RESULT
    first = (2 if "SETP" in instruction.name else 1) if has_results else 0
    return [(int(number), bool(kept)) for operand in operands[first:]
            for number, kept in _REGISTER.findall(operand)]


def decode_all(instructions, chip):
    """A run of them: what one keeps of its operands the next need not read."""
    kept, decoded = set(), []
    for instruction in instructions:
        sources = _sources(instruction)
        read = {number for number, _ in sources} - kept
        kept = {number for number, is_kept in sources if is_kept}
        odd = sum(number % 2 for number in read)
        decoded.append(_decode(instruction, chip, (len(read) - odd, odd)))
    return decoded


def _decode(instruction, chip, reads):
    pipe = pipe_of(instruction)
    control = instruction.control
    number, count, source = 0, 0, ""
    if pipe == "product":
        act, number, source = _product(instruction, chip.product_flops)
    else:
        act, number, count = _act(instruction)
    latency = constants.LATENCIES.get(pipe, constants.LATENCIES["none"])
    if instruction.name in ("LDG", "ATOMG"):
        latency = chip.l2_latency
    return Operation(
        act, pipe, interval_of(instruction, pipe), max(control.stall, 1),
        tuple(sorted(control.waits)), control.result_barrier, control.operand_barrier,
        latency, number, count, ".tnspB" in instruction.operands,
        "gsb0" in instruction.operands and act == PRODUCT, source, reads, False, False)
