#===- check_splits.py - Keys split among CTAs ------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Runs attention with its keys split among CTAs, and looks at the record.

Usage: check_splits.py ATTN_RUN DIRECTORY

attn-run judges. Each case says into how many parts its keys should be split.
"""

import dataclasses
import json
import pathlib
import subprocess
import sys

from attn_testing.case import Case

ALL = frozenset(operand + dim for operand in "qkv" for dim in "bhs")


@dataclasses.dataclass
class Split:
    case: Case
    key: int  # of the schedule
    parts: int  # that it means
    q: int = 128  # rows of a query tile
    heads: int = 1  # that share one


SPLITS = [
    # One query against many keys: 8 CTAs of 108, but 4 KV tiles each at least.
    Split(Case(heads=(8, 2), lengths=(1, 700), dynamic=ALL), 0, 2),
    Split(Case(heads=(8, 2), lengths=(1, 700), causal="bottom_right"), 0, 2,
          q=64, heads=4),
    # Filled, or too few keys to share.
    Split(Case(heads=(60, 1), lengths=(3, 520), dims=(16, 16), dynamic=ALL), 0,
          1),
    Split(Case(lengths=(70, 300), dynamic=ALL), 0, 1),
    # Ragged ends, masks, rows without a key, parts without one.
    Split(Case(lengths=(70, 300), dims=(80, 80), causal="bottom_right",
               dynamic=ALL), 3, 3),
    Split(Case(lengths=(33, 100), window=(30, 0), dynamic=ALL), 5, 5, q=32),
    Split(Case(lengths=(140, 150), causal=-20, masked_row="nan", dynamic=ALL),
          2, 2),
    Split(Case(lengths=(40, 300), causal=-20, masked_row="uniform",
               dynamic=ALL), 4, 4),
    Split(Case(lengths=(20, 0), masked_row="zero", dynamic=ALL), 2, 2),
    Split(Case(lengths=(0, 70), dynamic=ALL), 2, 2),
    # Forms of results.
    Split(Case(element="f16", lengths=(50, 200), results=("lse",),
               layout="bshd", dynamic=ALL), 3, 3),
    Split(Case(element="f16", batch=2, lengths=(50, 200), dims=(24, 40),
               results=("o",), layout="bshd", dynamic=ALL), 3, 3),
    Split(Case(batch=2, lengths=(18, 200), dims=(64, 256),
               results=("lse", "o"), scale=0.0), 2, 2, q=64, heads=2),
    Split(Case(element="f16", batch=3, heads=(6, 3), lengths=(9, 260),
               dims=(192, 128), scale=-0.5), 128, 128, q=64, heads=2),
    # Six heads in tiles of four: the second tile is half empty.
    Split(Case(heads=(12, 2), lengths=(37, 300), causal="bottom_right",
               dynamic=ALL), 3, 3, heads=4),
    Split(Case(heads=(7, 1), lengths=(5, 300), layout="bshd",
               dims=(80, 40)), 3, 3, q=64, heads=8),
]


def workspace_bytes(split):
    """Of the parts: a maximum, a sum and the values of each row, in f32."""
    if split.parts == 1:
        return 0
    case = split.case
    rows = split.parts * case.batch * case.heads[0] * case.lengths[0]
    return 4 * rows * (2 + ("o" in case.results) * case.dims[1])


def complaints(split, record):
    case = split.case
    grids = {k["name"]: k["grid"] for k in record["kernels"]}
    conflicts = record["sim"]["bank_conflicts"]
    blocks = -(-case.lengths[0] // (split.q // split.heads))
    heads, key_heads = case.heads
    tiles = key_heads * -(-heads // key_heads // split.heads)
    expected = [blocks * split.parts, tiles, case.batch]
    if blocks and grids["f_0"] != expected:
        yield f"grid {grids['f_0']}, expected {expected}"
    if bool(blocks and split.parts > 1) != bool(grids.get("f_0_merge")):
        yield f"merged in {grids.get('f_0_merge')}"
    if record["memory"]["workspace_bytes"] != workspace_bytes(split):
        yield (f"workspace of {record['memory']['workspace_bytes']} bytes, "
               f"expected {workspace_bytes(split)}")
    if conflicts:
        yield f"{conflicts} bank conflicts"


def run(attn_run, directory, split):
    source, record = directory / "f.mlir", directory / "record.json"
    source.write_text(split.case.mlir())
    shapes = ["x".join(map(str, split.case.shape(x))) for x in "qkv"]
    process = subprocess.run(
        [attn_run, source, "--device=sim", "--target=sm_80",
         f"--schedule=split={split.key},heads={split.heads}",
         f"--json={record}",
         *(f"--shape={n}={shape}" for n, shape in enumerate(shapes))],
        text=True, capture_output=True)
    if process.returncode:
        return [f"exit status {process.returncode}: {process.stderr}"]
    return list(complaints(split, json.loads(record.read_text())))


def main():
    directory = pathlib.Path(sys.argv[2])
    directory.mkdir(parents=True, exist_ok=True)
    wrong = 0
    for split in SPLITS:
        for complaint in run(sys.argv[1], directory, split):
            wrong += 1
            print(f"{split}: {complaint}")
    if wrong:
        sys.exit(1)
    print(f"{len(SPLITS)} cases agree")


main()
