#===- check_model.py - Rules of the model, by hand -------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Each rule of attn-bench predict on a few instructions, whose clocks were worked out
on paper."""

import os
import tempfile
import unittest

from attn_bench import manifest
from attn_bench.failures import BadInput
from attn_bench.predict import (constants, grid, measured, operations, validation,
                                workload)
from attn_bench.predict.memory import Memory, Ring
from attn_bench.predict.multiprocessor import Cta, Multiprocessor, Warp
from attn_bench.predict.tensor_queue import TensorQueue
from machinecode.disassembly import Control, Instruction

CHIP = constants.H100


def code(*lines):
    """Of (stall, what result releases, waits, text)."""
    instructions = []
    for number, (stall, result, waits, text) in enumerate(lines):
        opcode, _, operands = text.partition(" ")
        instructions.append(Instruction(
            16 * number, None, opcode, operands,
            Control(stall, False, result, None, frozenset(waits))))
    return operations.decode_all(instructions, CHIP)


class Clocked(Multiprocessor):
    """Notes when each operation is issued."""

    def __init__(self):
        super().__init__(Memory(CHIP))
        self.issued = []

    def _issue(self, warp, now):
        self.issued.append((warp.index, warp.at, now))
        super()._issue(warp, now)


def run(*traces, before=lambda machine: None):
    """When each operation of each warp of one CTA is issued."""
    machine = Clocked()
    cta = Cta(len(traces))
    machine.warps = [Warp(cta, index, list(trace), [len(trace)])
                     for index, trace in enumerate(traces)]
    before(machine)
    machine.run()
    clocks = [[0] * len(trace) for trace in traces]
    for warp, at, now in machine.issued:
        clocks[warp][at] = now
    return clocks


class Issue(unittest.TestCase):
    def test_stall_counts(self):
        trace = code((4, None, (), "FADD R0, R2, R3"), (1, None, (), "FADD R4, R0, R7"),
                     (1, None, (), "FADD R8, R2, R3"))
        self.assertEqual(run(trace), [[0, 4, 5]])

    def test_scoreboards(self):
        trace = code((1, 2, (), "MUFU.EX2 R0, R2"), (1, None, (), "FADD R4, R6, R7"),
                     (1, None, (2,), "FADD R8, R0, R3"))
        self.assertEqual(run(trace), [[0, 1, constants.LATENCIES["mufu"]]])

    def test_pipes(self):
        """Exponentials 8 clocks apart, of whichever warp; additions go on between."""
        trace = code((1, None, (), "MUFU.EX2 R0, R2"), (1, None, (), "MUFU.EX2 R1, R3"))
        other = code((1, None, (), "FADD R4, R6, R7"))
        self.assertEqual(run(trace, other), [[1, 9], [0]])
        self.assertEqual(run(trace), [[0, 8]])

    def test_one_a_clock(self):
        trace = code(*[(1, None, (), "FADD R0, R2, R3.reuse")] * 3)
        (first, second) = run(trace, trace)
        # The youngest goes first, and goes on as long as it can.
        self.assertEqual((second, first), ([0, 1, 2], [3, 4, 5]))

    def test_registers(self):
        """Three operands of one bank fit the window of three clocks once."""
        trace = code(*[(1, None, (), f"FFMA R1, R{n}, R{n + 2}, R{n + 4}")
                       for n in (2, 10, 18)])
        self.assertEqual(run(trace), [[0, 3, 6]])

        def multiplies(machine):
            machine.tensor.free = 1000.0
        # While products run, each read takes its bank for two clocks; the slot of 32
        # that vector pipes lose is lost beside it.
        (clocks,) = run(trace, before=multiplies)
        self.assertEqual(clocks, [0, 6, 12])

    def test_pressure(self):
        trace = code(*[(1, None, (), "MUFU.EX2 R0, R2")] * 2)
        (clocks,) = run(trace, before=lambda machine: setattr(
            machine.tensor, "free", 1000.0))
        self.assertEqual(clocks, [0, 8 * (1 + 1.5 / 32)])


class Barriers(unittest.TestCase):
    def test_named(self):
        """Released 30 clocks behind the last arrival."""
        sync = (1, None, (), "BAR.SYNC.DEFER_BLOCKING 0x1, 0x100")
        late = code((100, None, (), "FADD R0, R2, R3"), sync,
                    (1, None, (), "FADD R0, R2, R3"))
        early = code(sync, (1, None, (), "FADD R0, R2, R3"))
        clocks = run(early, late)
        self.assertEqual(clocks[1][:2], [0, 100])
        self.assertEqual([clocks[0][1], clocks[1][2]], [131, 130])

    def test_turns(self):
        """The first warp has the turn, and passes it on."""
        wait = (1, None, (), "BAR.SYNC.DEFER_BLOCKING R18, 0x100")
        passes = (1, None, (), "BAR.ARV R9, 0x100")
        work = (50, None, (), "FADD R0, R2, R3")
        trace = code(wait, work, passes)
        clocks = run(trace, trace)
        self.assertEqual(clocks[0], [0, 1, 51])
        self.assertEqual(clocks[1][0], 51 + constants.NAMED_RELEASE)

    def test_nobody_passes(self):
        wait = code((1, None, (), "BAR.SYNC.DEFER_BLOCKING R18, 0x100"))
        with self.assertRaisesRegex(BadInput, "warps wait for each other"):
            run(wait, wait)

    def test_ctas(self):
        """Where a CTA has one tile, the next begins when all warps have ended."""
        machine = Clocked()
        began = []
        cta = Cta(2, make_rings=began.append)
        work = (1, None, (), "FADD R0, R2, R3")
        early = code(work, work)
        late = code((100, None, (), "FADD R0, R2, R3"), work, work)
        machine.warps = [Warp(cta, 0, early, [1, 2]), Warp(cta, 1, late, [2, 3])]
        machine.run()
        clocks = {(warp, at): now for warp, at, now in machine.issued}
        self.assertEqual(clocks[1, 1], 100)
        self.assertEqual(began[0], 100)
        self.assertEqual(sorted((clocks[0, 1], clocks[1, 2])), [101, 102])

    def test_rings(self):
        """A stage is filled again when both readers have released it."""
        ring = Ring(Memory(CHIP), 2, 6400, 0.0, 2)
        ring.open(0.0)
        soonest = (constants.TMA_ISSUE + 100 + CHIP.l2_latency
                   + constants.CHANNEL_VISIBLE)
        self.assertGreaterEqual(ring.full[0], soonest)
        self.assertLess(ring.full[0], soonest + CHIP.l2_spread)
        ring.release(0, 5000.0)
        self.assertEqual(ring.when_full(2), float("inf"))
        ring.release(0, 6000.0)
        again = (6000 + constants.CHANNEL_VISIBLE + constants.CHANNEL_CHECK
                 + constants.PRODUCER_STEP + soonest)
        self.assertGreaterEqual(ring.when_full(2), again)
        self.assertLess(ring.when_full(2), again + CHIP.l2_spread)


class Products(unittest.TestCase):
    def test_queue(self):
        """Six wait beside the one that runs; results come a tail later."""
        queue, switch = TensorQueue(), constants.PRODUCT_SWITCH
        done = [queue.admit(0.0, 64, "SS", number == 0) for number in range(7)]
        self.assertEqual(done, [switch + 64 * (n + 1) + 66 for n in range(7)])
        # The eighth waits until the second has begun.
        self.assertEqual(queue.earliest("SS"), switch + 64)
        self.assertEqual(queue.earliest("RS"), switch + 2 * 64)

    def test_waits(self):
        products = [(12, None, (), "HGMMA.64x128x16.F32.BF16 R24, gdesc[UR4], R24")] * 2
        last = (1, None, (),
                "HGMMA.64x128x16.F32.BF16 R24, gdesc[UR4], R24, gsb0")
        trace = code(*products, last, (2, None, (), "WARPGROUP.DEPBAR.LE gsb0, 0x0"),
                     (1, None, (), "FADD R0, R24, R25"))
        (clocks,) = run(trace)
        issue = constants.PRODUCT_ISSUE
        self.assertEqual(clocks[:3], [0, issue, 2 * issue])
        self.assertEqual(clocks[3], constants.PRODUCT_SWITCH + 3 * 64 + 66)
        self.assertEqual(clocks[4], clocks[3] + 2)


class Grid(unittest.TestCase):
    def test_waves(self):
        self.assertEqual(grid.static([10.0] * 133, 132, 5.0), 25.0)
        self.assertEqual(grid.dynamic([10.0] * 133, 132, 5.0), 25.0)
        # The longest first: who is free takes the next.
        self.assertEqual(grid.dynamic([4.0, 3.0, 2.0, 1.0], 2, 0.0), 5.0)
        self.assertEqual(grid.static([4.0, 3.0, 2.0, 1.0], 2, 0.0), 6.0)

    def test_sections(self):
        items = grid.in_sections(3, 2, 2)
        self.assertEqual([(i.head, i.tile) for i in items],
                         [(0, 1), (1, 1), (0, 0), (1, 0), (2, 1), (2, 0)])
        items = grid.alternating(3, 2, 2)
        self.assertEqual([(i.head, i.tile) for i in items],
                         [(0, 0), (1, 0), (0, 1), (1, 1), (2, 1), (2, 0)])
        # As many as an even number of sections take, in whole groups.
        self.assertEqual(grid.paired(32, 8, 1), 8)
        self.assertEqual(grid.paired(40, 16, 1), 10)
        self.assertEqual(grid.paired(40, 16, 4), 12)
        self.assertEqual(grid.paired(1, 1, 1), 1)

    def test_dram(self):
        """Tiles that run at the same time share the keys of their head."""
        items = grid.in_order(2, 4)
        whole = [(0, 4)] * 4
        self.assertEqual(grid.fetched(items, 4, whole, 100, 10, 1), [110.0] * 8)
        self.assertEqual(grid.fetched(items, 2, whole, 100, 10, 1),
                         [210.0] * 2 + [10.0] * 2 + [210.0] * 2 + [10.0] * 2)
        # Two query heads have the same keys.
        self.assertEqual(grid.fetched(items, 8, whole, 100, 10, 2), [60.0] * 8)
        # In a window, each tile brings what those before it had not.
        window = [(0, 1), (0, 2), (1, 3), (2, 4)]
        self.assertEqual(grid.fetched(items[:4], 1, window, 100, 10, 1), [110.0] * 4)
        plan = grid.Plan(items, True, 4)
        rate = CHIP.dram_bytes_per_s / 1e9 / 4
        made = grid.makespan(plan, lambda item: 1.0, [1e6] * 8, CHIP, 1e9, 0.0)
        self.assertEqual(made.clocks, constants.LAUNCH + 2 * 1e6 / rate)
        self.assertAlmostEqual(made.busy, 2 * 1e6 / rate / made.clocks)


class Measured(unittest.TestCase):
    """Our times of a record become rows of a table, which can be read again."""

    def test_rows(self):
        case = {"batch": 2, "query_heads": 8, "kv_heads": 2, "length": 512, "dim": 64,
                "mask": "causal", "element": "bf16"}
        result = {"contender": "ours", "timing": {"median_ms": 0.25}}
        cell = {"case": case, "sensors": {"sm_mhz": {"median": 1400}},
                "results": [result, {"contender": "flex", "timing": None}]}
        no_clock = dict(cell, sensors=None)
        record = {"device": {"name": "an invented GPU"}, "cells": [cell, no_clock]}
        with tempfile.TemporaryDirectory() as directory:
            manifest.write(directory, {
                "label": "ours", "target": "sm_90a", "schedule": None,
                "runtime": "libattnrt.so", "functions": {
                    "attn_h8_kv2_d64_causal_bf16": {"file": "f.so"}}})
            table = os.path.join(directory, "table.csv")
            for _ in range(2):
                validation.append(table, measured.rows_of(record, [directory]))
            cells = validation.read(table)
            (said, _) = validation.lines(cells, "no nvdisasm")
        self.assertEqual(len(cells), 2)
        self.assertRegex(said, "^f.so d 64 causal 512 +not predicted: cannot read")
        self.assertEqual(cells[0], validation.Cell(
            os.path.join(directory, "f.so"), (64, 64), "bf16", "causal",
            workload.Workload(2, 8, 2, 512, 512, True), 1.4e9, 250.0, False))


class Steps(unittest.TestCase):
    def case(self, **masks):
        return workload.Workload(1, 1, 1, 512, 512, **masks)

    def test_none(self):
        self.assertEqual(workload.tiles_of(self.case(), 128, 176),
                         [workload.Steps(0, 3, 0)] * 4)

    def test_causal(self):
        made = workload.tiles_of(self.case(is_causal=True), 192, 128)
        self.assertEqual([(s.before, s.full, s.behind) for s in made],
                         [(0, 0, 2), (0, 1, 2), (0, 3, 1)])

    def test_window(self):
        """Rows 256 to 383 see keys from 156 on, all of them from 283 to 256."""
        made = workload.tiles_of(self.case(is_causal=True, window=100), 128, 64)
        self.assertEqual((made[2].before, made[2].full, made[2].behind), (3, 0, 1))

    def test_loops(self):
        steps = workload.Steps(0, 5, 2)
        self.assertEqual(workload.counts_for(["unmasked", "masked"], steps, True),
                         (4, 2))
        self.assertEqual(workload.counts_for(["masked", "unmasked"], steps, True),
                         (1, 5))
        self.assertEqual(workload.counts_for(["masked"], steps, False), (7,))
        both = workload.Steps(2, 5, 2)
        self.assertEqual(workload.counts_for(["masked", "unmasked", "masked"], both,
                                             True), (1, 5, 2))


unittest.main()
