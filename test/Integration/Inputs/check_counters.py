#===- check_counters.py - What a run on the simulator counts ---------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Holds the counters of a record against what the attention costs.

Usage: check_counters.py ATTN_RUN DIRECTORY

Queries of one tile of 128 rows, keys split among two CTAs of 64 keys each: a
kernel of products and softmax, and one that merges.
"""

import json
import os
import pathlib
import subprocess
import sys

from attn_testing.case import Case

HEADS, ROWS, KEYS, DIM = 3, 128, 128, 64
SCHEDULE = "q=128,kv=64,warps=4,split=2"


def record_of(attn_run, directory, threads):
    case = Case(heads=(HEADS, 1), lengths=(ROWS, KEYS), dims=(DIM, DIM))
    source, record = directory / "f.mlir", directory / f"{threads}.json"
    source.write_text(case.mlir())
    subprocess.run(
        [attn_run, source, "--device=sim", "--target=sm_80",
         f"--schedule={SCHEDULE}", f"--json={record}"], check=True,
        env=dict(os.environ, ATTNRT_SIM_THREADS=str(threads)),
        stdout=subprocess.DEVNULL)
    return json.loads(record.read_text())


def complaints(record):
    sim = record["sim"]
    counters = {c["kernel"]: c for c in sim["counters"]}

    def expect(what, got, expected):
        if got != expected:
            yield f"{what}: got {got}, expected {expected}"

    yield from expect("kernels", list(counters),
                      [k["name"] for k in record["kernels"]])
    total = 0
    for name, c in counters.items():
        total += sum(c["instructions"].values())
        for key, count in c["instructions"].items():
            yield from expect(f"{key} of {name}", count,
                              sum(g[key] for g in c["warpgroups"]))
    yield from expect("instructions", total, sim["warp_instructions"])

    attention, merge = counters["f_0"], counters["f_0_merge"]
    yield from expect("operations", attention["flops"],
                      HEADS * ROWS * KEYS * 2 * 2 * DIM)
    yield from expect("products", attention["products"][0]["count"],
                      sim["mma_instructions"])
    yield from expect("operations of the merge", merge["flops"], 0)
    # One for each score; besides, each lane rescales its rows.
    scores = HEADS * ROWS * KEYS
    if not scores <= attention["special"]["ex2"] <= 1.1 * scores:
        yield f"{attention['special']['ex2']} ex2 for {scores} scores"
    # Each part reads its keys and values once, and all of the queries.
    read = HEADS * (2 * ROWS + 2 * KEYS) * DIM * 2
    yield from expect("bytes that cp.async reads",
                      attention["bytes"]["cp_async_load"], read)
    partial = HEADS * ROWS * 2 * (DIM + 2) * 4
    yield from expect("bytes of the parts",
                      attention["bytes"]["global_store"], partial)
    yield from expect("bytes of the results", merge["bytes"]["global_store"],
                      HEADS * ROWS * (DIM * 2 + 4))


def main():
    directory = pathlib.Path(sys.argv[2])
    directory.mkdir(parents=True, exist_ok=True)
    records = [record_of(sys.argv[1], directory, n) for n in (1, 2)]
    wrong = list(complaints(records[0]))
    if records[0]["sim"]["counters"] != records[1]["sim"]["counters"]:
        wrong.append("one and two host threads differ")
    if wrong:
        sys.exit("\n".join(wrong))
    print("counters agree")


main()
