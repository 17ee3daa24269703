#===- check_non_finite.py - NaN and infinities among the operands ----------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Runs attention on operands that are not finite, and looks at every row.

Usage: check_non_finite.py ATTN_RUN DIRECTORY TARGET

attn-run judges each case, and numpy says which rows must be NaN, which empty and
which finite.
"""

import dataclasses
import pathlib
import subprocess
import sys
from typing import Callable

import numpy as np

from attn_testing.case import Case

ALL = frozenset(operand + dim for operand in "qkv" for dim in "bhs")


@dataclasses.dataclass
class Trial:
    name: str
    case: Case
    change: Callable  # of the operands q, k, v, in place
    kind: Callable  # of a row: "finite", "empty", "nan" or "uniform"


def low_keys(first, last):
    """Scores of -inf for these keys: the first feature of every query is 1."""
    def change(q, k, v):
        q[..., 0] = 1
        k[..., first:last, 0] = -np.inf
    return change


def nan_row(row):
    def change(q, k, v):
        q[..., row, 3] = np.nan
    return change


def nan_key(key):
    def change(q, k, v):
        k[..., key, 3] = np.nan
    return change


def overflowing(q, k, v):
    """Finite operands, products beyond the largest f32."""
    q[..., 0] = 2.0**100
    k[..., 0] = 0
    k[..., :64, 0] = -(2.0**100)


def trials():
    lengths = dict(lengths=(70, 300), dynamic=ALL)
    for mask in ({}, {"causal": "bottom_right"}, {"window": (250, 210)}):
        yield Trial("first tile of -inf", Case(**lengths, **mask), low_keys(0, 64),
                    lambda row: "finite")
        yield Trial("first 200 of -inf", Case(**lengths, dims=(128, 128), **mask),
                    low_keys(0, 200), lambda row: "finite")
        yield Trial("all of -inf", Case(**lengths, **mask), low_keys(0, 300),
                    lambda row: "empty")
        yield Trial("one row of NaN", Case(**lengths, **mask), nan_row(5),
                    lambda row: "nan" if row == 5 else "finite")
    yield Trial("one key of NaN", Case(**lengths, causal="bottom_right"),
                nan_key(250), lambda row: "nan" if row + 230 >= 250 else "finite")
    yield Trial("scores that overflow", Case(**lengths), overflowing,
                lambda row: "finite")
    for policy in ("nan", "uniform"):
        yield Trial(f"all of -inf, {policy}",
                    Case(**lengths, causal="top_left", masked_row=policy),
                    low_keys(0, 300), lambda row: policy)
    yield Trial("split keys, some of -inf",
                Case(lengths=(20, 600), dynamic=ALL, schedule="split=4"),
                low_keys(0, 300), lambda row: "finite")
    yield Trial("split keys, all of -inf",
                Case(lengths=(20, 600), dynamic=ALL, schedule="split=4"),
                low_keys(0, 600), lambda row: "empty")
    yield Trial("split keys, NaN",
                Case(lengths=(20, 600), dynamic=ALL, schedule="split=4"),
                nan_row(7), lambda row: "nan" if row == 7 else "finite")


def complaint(trial, out, lse):
    """What is wrong with a row of O or LSE; empty if nothing is."""
    for row in range(out.shape[2]):
        o, l = out[:, :, row], lse[:, :, row]
        right = {"finite": np.isfinite(o).all() and np.isfinite(l).all(),
                 "empty": (o == 0).all() and (l == -np.inf).all(),
                 "nan": np.isnan(o).all() and (np.isnan(l).all() or
                                               (l == -np.inf).all()),
                 "uniform": np.isfinite(o).all() and (l == -np.inf).all(),
                 }[trial.kind(row)]
        if trial.kind(row) == "nan" and trial.case.masked_row != "nan":
            right = right and np.isnan(l).all()
        if not right:
            return f"row {row} is not {trial.kind(row)}: {o[0, 0, :4]}, lse {l[0, 0]}"
    return ""


def run(tool, directory, target, trial):
    draw = np.random.default_rng(1)
    operands = [draw.standard_normal(trial.case.shape(x)).astype(np.float32)
                for x in "qkv"]
    trial.change(*operands)
    for x, array in zip("qkv", operands):
        np.save(directory / f"{x}.npy", array)
    source = directory / "f.mlir"
    source.write_text(trial.case.mlir())
    command = [tool, source, "--device=sim", f"--target={target}",
               *[f"--arg={n}={directory / x}.npy" for n, x in enumerate("qkv")],
               f"--result=0={directory / 'o.npy'}", f"--result=1={directory / 'lse.npy'}"]
    if trial.case.schedule:
        command.append(f"--schedule={trial.case.schedule}")
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode:
        return process.stdout + process.stderr
    return complaint(trial, np.load(directory / "o.npy"), np.load(directory / "lse.npy"))


def main():
    tool, directory, target = sys.argv[1:]
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    failed = 0
    count = 0
    for trial in trials():
        count += 1
        wrong = run(tool, directory, target, trial)
        if wrong:
            failed += 1
            print(f"{trial.name} ({trial.case.clauses() or 'no mask'}): {wrong}")
    print(f"{count - failed} of {count} cases agree")
    return 1 if failed else 0


sys.exit(main())
