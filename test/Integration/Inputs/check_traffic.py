#===- check_traffic.py - What kernels for sm_90a move and compute ----------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: check_traffic.py DIRECTORY

Runs kernels on the simulator and holds its counters against what the schedule
says: each query tile is copied once, each tile of keys and values once for each
query tile that keeps one of its keys, results leave once; products are of those
tiles, once; nothing else is read or written, and no bank conflicts. Heads that
share a tile share its keys.
"""

import json
import pathlib
import re
import subprocess
import sys

from attn_testing.case import Case, with_keys

PLAIN = "persistent=0,prefetch=0,turns=0,overlap=0"
SCHEDULES = [PLAIN, with_keys(PLAIN, "turns=1,persistent=1"), None]
DIMS = [(64, 64), (80, 80), (128, 128), (192, 128), (256, 256)]


def run(case, directory):
    source, record = directory / "f.mlir", directory / "f.json"
    source.write_text(case.mlir())
    command = ["attn-run", source, "--target=sm_90a", "--device=sim",
               f"--json={record}"]
    if case.schedule:
        command.append(f"--schedule={case.schedule}")
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return json.loads(record.read_text())


def padded(size, step=16):
    return -(-size // step) * step


def expected(case, rows, keys, sharing):
    """Counters that the schedule's tiles imply: of `rows` rows, those of `sharing`
    heads, and of `keys` keys. Boxes count whole."""
    heads, key_heads = case.heads
    groups = case.batch * key_heads * -(-heads // key_heads // sharing)
    dqk, dv = (padded(dim) for dim in case.dims)
    keep = case.keep()
    queries = rows // sharing
    blocks = range(0, case.lengths[0], queries)
    steps = sum(keep[block:block + queries, key:key + keys].any()
                for block in blocks for key in range(0, case.lengths[1], keys))
    tiles = groups * len(blocks)
    return {
        "tensor_load": 2 * (tiles * rows * dqk
                            + groups * steps * keys * (dqk + dv)),
        "tensor_store": 2 * tiles * rows * case.dims[1],
        "flops": 2 * groups * steps * rows * keys * (dqk + dv),
    }


def check(case, directory):
    record = run(case, directory)
    schedule = dict(re.findall(r"(\w+)=(\d+)", record["kernels"][0]["schedule"]))
    tile = [int(schedule.get(key, 1)) for key in ["q", "kv", "heads"]]
    (counters,) = record["sim"]["counters"]
    moved = counters["bytes"]
    got = {"tensor_load": moved["tensor_load"],
           "tensor_store": moved["tensor_store"], "flops": counters["flops"]}
    wanted = expected(case, *tile)
    assert got == wanted, f"{case}: expected {wanted}, got {got}"
    others = {name: moved[name] for name in moved
              if name.startswith(("global", "local", "cp_async", "bulk"))}
    assert not any(others.values()), f"{case}: {others}"
    assert counters["bank_conflicts"] == [], counters["bank_conflicts"]


def main():
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    for number, dims in enumerate(DIMS):
        for causal in [None, "bottom_right"]:
            schedule = SCHEDULES[(number + (causal is None)) % len(SCHEDULES)]
            check(Case(dims=dims, heads=(2, 1), lengths=(256, 384),
                       causal=causal, results=("o",), schedule=schedule),
                  directory)
    # Decoding: a group of eight, and one of five that wastes three heads of a tile.
    for heads, layout in [((16, 2), "bhsd"), ((5, 1), "bshd")]:
        check(Case(dims=(128, 128), heads=heads, lengths=(1, 384), layout=layout,
                   results=("o",), schedule="split=1"), directory)
    check(Case(dims=(64, 64), heads=(8, 2), lengths=(100, 384), batch=2,
               causal="bottom_right", results=("o",), schedule="heads=4"),
          directory)


main()
