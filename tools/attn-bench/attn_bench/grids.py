#===- grids.py - Which cases are measured ----------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Named lists of cases, the most telling first: a run that is cut off by its
time limit has those."""

import re

from attn_bench.cases import WORKS, Case, Function
from attn_bench.failures import BadInput
from attn_bench.language import (Alibi, Bias, Documents, Prefix, Softcap,
                                 Window)

TOKENS = 16384
LENGTHS = [512, 1024, 2048, 4096, 8192, 16384, 32768]
HIDDEN = 2048  # MHA has as many heads as fill it
MHA_DIMS = [64, 128, 256]
LLAMA_HEADS = [(64, 8), (32, 8)]
SINGLE_HEAD_DIMS = [16, 32, 64, 128]


def batch_of(length):
    return max(1, TOKENS // length)


def mha():
    for dim in MHA_DIMS:
        for causal in (True, False):
            function = Function(HIDDEN // dim, HIDDEN // dim, dim, causal)
            for length in LENGTHS:
                yield Case("mha", function, batch_of(length), length)


def llama3():
    for heads in LLAMA_HEADS:
        for causal in (True, False):
            for length in LENGTHS:
                yield Case("llama3", Function(*heads, 128, causal),
                           batch_of(length), length)


def single_head(group, batch, lengths):
    for dim in SINGLE_HEAD_DIMS:
        for length in lengths:
            yield Case(group, Function(1, 1, dim, True), batch, length)


def workloads():
    """Of one head. W3 and W4a have the same shapes, W4b has no batch."""
    yield from single_head("w3-w4a", 8, [256, 1024, 4096, 8192, 16384])
    yield from single_head("w4b", 1, [1 << n for n in range(7, 17)])


def decode():
    """One query of each sequence. Half a gigabyte of keys and values at most."""
    for heads in LLAMA_HEADS:
        function = Function(*heads, 128, False, queries=1)
        for batch, lengths in [(1, [1024, 4096, 16384, 65536, 131072]),
                               (16, [1024, 4096]), (64, [1024, 2048])]:
            for length in lengths:
                yield Case("decode", function, batch, length)


def full():
    yield from mha()
    yield from llama3()
    yield from workloads()


def tiny():
    """Every function of the other grids, at a size for the simulator. The length
    is no multiple of any tile."""
    cases = [*full(), *decode()]
    for function in dict.fromkeys(case.function for case in cases):
        yield Case("tiny", function, 2 if function.query_heads < 32 else 1, 200)


def tier(case):
    """What others publish comes first, then what the same kernels do
    elsewhere."""
    if case.group == "language":
        return (2 * LANGUAGE_LENGTHS.index(case.length)
                + (case.function.dim != 64))
    if case.group.startswith("host"):
        return 0 if case in HOST_QUICK else 1
    headline = case.length in (2048, 8192, 16384)
    if case.group == "mha":
        return 0 if headline else 1
    if case.group == "llama3" and case.function.causal:
        return 0 if headline else 1
    return 2 if case.group == "llama3" or case.length >= 4096 else 3


def telling():
    return (case for case in full() if tier(case) == 0)


def order(case):
    dims = [128, 64, 256, 32, 16]
    return (tier(case), dims.index(case.function.dim), -case.length,
            not case.function.causal)


#===-- Processors ----------------------------------------------------------===#

HOST_HEADS = [(8, 8), (32, 8)]
HOST_LENGTHS = [128, 512, 1024, 2048, 4096]
HOST_MOST_FLOPS = 35e9  # of a case; the longest would take the whole time
HOST_KEYS = [1024, 4096, 32768]
# At which lengths, and decoding at how many keys. References read f16 slowly,
# and would take most of a run's time where they are asked for every row.
HOST_ELEMENTS = {"f32": (HOST_LENGTHS, HOST_KEYS),
                 "bf16": (HOST_LENGTHS, HOST_KEYS),
                 "f16": ([1024, 2048], HOST_KEYS[:2])}
FEW_QUERIES = [1, 8]


def host_case(element, heads, dim, causal, length, queries=None):
    group = "host-decode" if queries else "host"
    return Case(group, Function(*heads, dim, causal, element, queries), 1,
                length)


def host():
    """No batch: a processor serves one user. FLOP are those of kept pairs."""
    yield from host_quick()
    for element, (lengths, keys) in HOST_ELEMENTS.items():
        for heads in HOST_HEADS:
            for dim in (64, 128):
                for causal in (True, False):
                    for length in lengths:
                        pairs = length * length / (2 if causal else 1)
                        if 4 * heads[0] * dim * pairs <= HOST_MOST_FLOPS:
                            yield host_case(element, heads, dim, causal, length)
        for heads in HOST_HEADS:
            for queries in FEW_QUERIES:
                for length in keys:
                    yield host_case(element, heads, 128, False, length, queries)


def host_quick():
    """Some of them that tell most."""
    for element, heads, dim, causal, length in [
            ("f32", (8, 8), 128, False, 1024), ("f32", (8, 8), 64, False, 512),
            ("f32", (8, 8), 64, True, 1024), ("f32", (8, 8), 64, False, 128),
            ("f32", (32, 8), 128, True, 512),
            ("bf16", (8, 8), 128, False, 1024),
            ("bf16", (32, 8), 128, True, 512),
            ("f16", (8, 8), 64, False, 1024)]:
        yield host_case(element, heads, dim, causal, length)
    for element, heads, queries in [
            ("f32", (32, 8), 1), ("bf16", (32, 8), 1), ("bf16", (8, 8), 8),
            ("f16", (32, 8), 1)]:
        yield host_case(element, heads, 128, False, 4096, queries)


#===-- The attention language ----------------------------------------------===#

LANGUAGE_LENGTHS = [1024, 4096]
EVERYTHING = (True, (Softcap(50.0), Documents(4)))
BAND = (True, (Window(128),))
# Causal or not, and clauses: as models of text have them, and of no causal mask
# the documents of an encoder, the cap and the bias alone.
LANGUAGE = [(True, ()), BAND, (True, (Prefix(256),)), (False, (Documents(4),)),
            (False, (Softcap(50.0),)), (True, (Alibi(),)), (False, (Bias(),)),
            EVERYTHING]


def language():
    for length in LANGUAGE_LENGTHS:
        for dim, masks in ((64, LANGUAGE), (128, [BAND, EVERYTHING])):
            for causal, clauses in masks:
                for element in ("f32", "bf16"):
                    yield Case("language", Function(
                        8, 8, dim, causal, element, clauses=clauses), 1,
                        length)


GRIDS = {"full": full, "telling": telling, "mha": mha, "llama3": llama3,
         "workloads": workloads, "decode": decode, "tiny": tiny,
         "host": host, "host-quick": host_quick,
         "language": language}
HOST_QUICK = frozenset(host_quick())
DEFAULTS = {"cuda": "full", "sim": "tiny", "host": "host"}  # by device


def with_gradients(cases):
    """Each forward, backward, and both; without those that nobody trains."""
    return [case.doing(work) for case in cases
            if not case.function.queries and not case.function.clauses
            for work in WORKS]


def matcher(pattern):
    try:
        return re.compile(pattern)
    except re.error as error:
        raise BadInput(f"--only: '{pattern}' is no regular expression: "
                       f"{error}") from error


def choose(names, pattern="", gradients=False):
    """The cases of the named grids whose names have the pattern."""
    cases = {}
    for name in names.split(","):
        if name not in GRIDS:
            raise BadInput(f"unknown grid '{name}': expected some of "
                           f"{', '.join(GRIDS)}")
        cases.update(dict.fromkeys(GRIDS[name]()))
    if gradients:
        cases = with_gradients(cases)
    wanted = matcher(pattern)
    chosen = [case for case in cases if wanted.search(case.name)]
    if not chosen:
        raise BadInput(f"no case of {names} has '{pattern}' in its name")
    return sorted(chosen, key=order)
