#===- constants.py - What the model knows of a chip ------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Every number of the model, with where it comes from. Sources:

    guide    CUDA C++ programming guide, "Arithmetic Instructions": results per
             clock and multiprocessor, here as clocks between warp instructions of
             one of the four schedulers
    ptxas    the stall count that ptxas 13.0 encodes between two such instructions
    sheet    NVIDIA's data sheets and white papers of A100 and H100
    fgs      FlashGPU-Sim 17696624, configs/SM90_H100 and its SASS PARAMETERS.md:
             constants of a simulator that its authors calibrated on an H100
    fitted   chosen here, on published times (FITTED names them)

Clocks are the multiprocessor's."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Chip:
    name: str
    multiprocessors: int
    clock_hz: float  # at which a prediction is made, unless given
    smem_bytes: int  # of a multiprocessor, for all its CTAs
    #: Products: results per clock and multiprocessor are the data sheet's rate.
    product_flops: int  # per clock and multiprocessor, 16-bit operands
    mma_latency: int  # of mma.sync
    #: Memory.
    l2_bytes_per_clock: float  # to one multiprocessor
    dram_bytes_per_s: float  # that a kernel reaches
    l2_latency: int  # of its nearest place, and how much later the farthest answers
    l2_spread: int
    dram_latency: int  # beyond the second-level cache
    section_bytes: int  # of keys that others' kernels keep in the cache
    cta_registers: int = 65536  # sheet
    threads: int = 2048  # sheet


H100 = Chip(
    "sm_90a",
    multiprocessors=132,           # sheet, SXM
    clock_hz=1.5e9,                # the published times' clock
    smem_bytes=228 * 1024,         # sheet
    product_flops=4096,            # sheet: 989 TFLOP/s at 1.83 GHz
    mma_latency=22,                # fgs
    l2_bytes_per_clock=64.0,       # fgs: an SM's port takes two sectors of 32 bytes
    dram_bytes_per_s=3.35e12 * 0.85,  # sheet; fgs: the reached part of H200's
    l2_latency=500,                # fitted
    l2_spread=300,                 # fgs: half of it answers 150 clocks later; twice that
    dram_latency=500,              # fitted
    section_bytes=32 << 20)        # FlashAttention-3's tile_scheduler.hpp

A100 = Chip(
    "sm_80",
    multiprocessors=108,           # sheet
    clock_hz=1.41e9,               # sheet, boost
    smem_bytes=164 * 1024,         # sheet
    product_flops=2048,            # sheet: 312 TFLOP/s at 1.41 GHz
    mma_latency=33,                # ptxas: of dependent HMMA.16816
    l2_bytes_per_clock=64.0,       # sheet: 5120 bytes a clock for 108
    dram_bytes_per_s=1.555e12 * 0.85,  # sheet; the share as above
    l2_latency=260,                # fgs
    l2_spread=150,                 # fgs
    dram_latency=254,              # fgs
    section_bytes=32 << 20)        # unused: its kernels run heads in order

CHIPS = {chip.name: chip for chip in (H100, A100)}

#: Clocks between two instructions of one scheduler on a pipe.
INTERVALS = {
    "fma": 1,       # guide: 128 FFMA; ptxas: 1
    "imad": 2,      # guide: 64 integer products
    "alu": 2,       # guide: 64 integer, compare, minimum, select; ptxas: 2
    "convert": 2,   # ptxas: 2 between two F2FP
    "mufu": 8,      # guide: 16 exponentials; ptxas: 8
    "uniform": 2,   # ptxas: 2 between two UIADD3
    "move": 1,      # ptxas: 1 between two UMOV
    "shuffle": 4,   # guide: 32 of a multiprocessor; ptxas: 4
    "barrier": 2,   # fgs: of the multiprocessor
    "loads": 16,    # sheet: 128 bytes a clock, 512 for a matrix load of each scheduler
    "memory": 4,    # fgs: of one scheduler
    "stores": 16,   # fgs: of matrix stores, 4 wavefronts for each of four schedulers
    "copy": 7,      # fgs: cp.async
    "none": 1,
}

#: Clocks from issue until a scoreboard is released.
LATENCIES = {
    "fma": 4, "imad": 4, "alu": 4, "convert": 6, "move": 4,  # fgs, and stall counts
    "mufu": 18,     # fgs: 14 of the unit, 18.9 of a chain
    "uniform": 12,   # ptxas: stall counts before vector instructions that read one
    "shuffle": 23,   # fgs: of the shared-memory path, less its data
    "memory": 29, "loads": 33,  # fgs: load of shared memory
    "constant": 40,  # fgs: a hit of the first-level cache (39)
    "barrier": 20, "copy": 20, "none": 10,  # until operands are read: ptxas 13 after
}

#: Warpgroup products.
PRODUCT_ISSUE = 17       # fgs: clocks between two of one scheduler
PRODUCT_DEPTH = {"SS": 6, "RS": 5}  # fgs: admitted and not yet begun
PRODUCT_TAIL = {"SS": 66, "RS": 64}  # fgs: from the last multiplication to the result
PRODUCT_SWITCH = 44      # fitted: clocks lost where products of another group begin
PRESSURE_PERIOD = 32     # fgs: a slot of 32 is lost to vector pipes while products run
PRESSURE_MUFU = 1.5      # fgs: times as many for exponentials
PRESSURE_TAILS = 5       # fgs: for how many tails after the last product

#: Registers: a scheduler's file has two banks, of even and of odd numbers.
READ_WINDOW = 3          # fgs: clocks within which an instruction's operands are read
READ_SHARE = 2           # fgs: 512 of 1024 bytes a clock go to products that run, so that
                         # a read of others takes as many clocks of its bank

#: Barriers.
NAMED_RELEASE = 30       # fgs: from the last arrival until warps go on
CHANNEL_VISIBLE = 29     # fgs: mbarrier, from an arrival until it is seen
CHANNEL_CHECK = 36       # fgs: from try_wait to its predicate
FENCE_ASYNC = 32         # fgs: store of shared memory until copies see it
BACK_EDGE = 12           # fgs: clocks of fetching, of a taken backward branch

#: Copies by tensor maps.
TMA_ISSUE = 32           # fgs
PRODUCER_STEP = 120      # counted: a producer's instructions for a tile, FA3 80 to 123

#: The grid.
LAUNCH = 5500            # fgs: clocks of a launch

#: Which of the above were chosen here, on FlashAttention-3 at d 128 without a mask.
FITTED = ("PRODUCT_SWITCH", "H100.l2_latency", "H100.dram_latency")
