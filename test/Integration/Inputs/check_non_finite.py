#===- check_non_finite.py - NaN and infinities among the operands ----------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Runs attention on operands that are not finite, and looks at every row.

Usage: check_non_finite.py ATTN_RUN DIRECTORY TARGET COUNT SHARE

attn-run judges each case, and numpy does: which rows must be NaN, which empty and
which finite, or, where values are not finite, every element. A masked value must not
matter, whichever rows of its tile keep it. COUNT cases are drawn by seed besides.
Of all, the target has one in SHARE, so that as many targets together have each.
"""

import dataclasses
import functools
import itertools
import os
import pathlib
import subprocess
import sys
from typing import Callable, Optional

import numpy as np

from attn_testing import oracle
from attn_testing.case import Case

TARGETS = ["sm_80", "sm_90a", "host"]
ALL = frozenset(operand + dim for operand in "qkv" for dim in "bhs")


@dataclasses.dataclass
class Trial:
    name: str
    case: Case
    change: Callable  # of the operands q, k, v, in place
    # Of a row: "finite", "empty", "nan" or "uniform". None: numpy has every element.
    kind: Optional[Callable] = None


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


def bad_values(*places):
    """Values that are not finite: (keys, feature, value) each."""
    def change(q, k, v):
        for keys, feature, value in places:
            v[..., keys, feature] = value
    return change


def drawn_values(rng, keys, features):
    """Some keys with a value that is not finite, in one feature or in all."""
    return bad_values(*[
        (int(rng.integers(keys)),
         slice(None) if rng.integers(4) == 0 else int(rng.integers(features)),
         [np.nan, np.inf, -np.inf][rng.integers(3)])
        for _ in range(rng.integers(1, 9))])


ALL_FEATURES = slice(None)
DIMS = [(64, 64), (128, 128), (256, 256), (192, 128), (80, 40)]


def value_trials():
    long = dict(heads=(2, 1), dynamic=ALL)
    garbage = bad_values((slice(100, None), ALL_FEATURES, np.nan))
    for dims in DIMS:
        yield Trial(f"NaN behind key 100, {dims}",
                    Case(lengths=(140, 140), dims=dims, causal="top_left", **long),
                    garbage)
    yield Trial("one NaN",
                Case(lengths=(200, 200), window=(20, 0), causal="top_left", **long),
                bad_values((7, ALL_FEATURES, np.nan)))
    both_signs = bad_values((7, 3, np.inf), (9, 3, -np.inf), (20, 5, np.inf),
                            (70, 6, -np.inf), (71, 9, np.nan), (150, 0, np.nan))
    for policy in ("zero", "nan", "uniform"):
        yield Trial(f"both infinities, {policy}",
                    Case(lengths=(100, 180), window=(40, 10), element="f16",
                         causal=-20, masked_row=policy, **long), both_signs)
        yield Trial(f"both infinities in bshd, {policy}",
                    Case(lengths=(90, 160), window=(30, 30), layout="bshd",
                         masked_row=policy, **long), both_signs)
        yield Trial(f"split keys, {policy}",
                    Case(lengths=(6, 700), causal=400, window=(250, 0), **long,
                         masked_row=policy, schedule="split=4"),
                    bad_values((slice(405, None), ALL_FEATURES, np.nan),
                               (100, 2, np.inf), (300, 4, -np.inf), (160, 7, np.inf)))
    yield Trial("heads that share a tile",
                Case(heads=(8, 2), lengths=(9, 300), causal=200),
                bad_values((slice(205, None), ALL_FEATURES, np.nan), (3, 1, np.inf)))


def drawn_trials(count):
    for seed in range(count):
        rng = np.random.default_rng(seed)
        queries, keys = (int(n) for n in rng.integers(1, 280, 2))
        dims = DIMS[seed % len(DIMS)]
        mask = [{"causal": "bottom_right"}, {"causal": int(rng.integers(-50, 50))},
                {"window": (int(rng.integers(60)), int(rng.integers(60)))},
                {"causal": "top_left", "window": (int(rng.integers(90)), None)}]
        case = Case(element=["bf16", "f16"][rng.integers(2)],
                    heads=[(1, 1), (2, 2), (4, 1), (6, 2)][rng.integers(4)],
                    lengths=(queries, keys), dims=dims,
                    layout=["bhsd", "bshd"][rng.integers(2)],
                    masked_row=["zero", "nan", "uniform"][rng.integers(3)],
                    dynamic=[ALL, frozenset()][rng.integers(2)],
                    schedule=[None, None, "split=3"][rng.integers(3)],
                    **mask[rng.integers(4)])
        yield Trial(f"drawn by {seed}", case, drawn_values(rng, keys, dims[1]))


def trials():
    yield from value_trials()
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
    yield Trial("one row of NaN, uniform",
                Case(**lengths, causal="top_left", masked_row="uniform"), nan_row(5),
                lambda row: "nan" if row == 5 else "finite")
    yield Trial("split keys, some of -inf",
                Case(lengths=(20, 600), dynamic=ALL, schedule="split=4"),
                low_keys(0, 300), lambda row: "finite")
    yield Trial("split keys, all of -inf",
                Case(lengths=(20, 600), dynamic=ALL, schedule="split=4"),
                low_keys(0, 600), lambda row: "empty")
    yield Trial("split keys, NaN",
                Case(lengths=(20, 600), dynamic=ALL, schedule="split=4"),
                nan_row(7), lambda row: "nan" if row == 7 else "finite")


def judged(trial, operands, results):
    """What numpy finds wrong with O and LSE; empty if nothing is."""
    operands = [oracle.round_to(trial.case.element, x) for x in operands]
    exact, naive = (oracle.attention(trial.case, *operands, exact)
                    for exact in (True, False))
    return "; ".join(filter(None, (
        oracle.judge(trial.case, name, results[name], exact[name], naive[name])
        for name in ("o", "lse"))))


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


@functools.cache
def package(directory, target, text, schedule):
    """Of all trials of the same attention. What the simulator runs is PTX, so nothing
    is assembled."""
    source = directory / f"{package.cache_info().misses}.mlir"
    source.write_text(text)
    built = source.with_suffix(".so")
    command = ["attn-compile", source, f"--target={target}", "-o", built]
    if schedule:
        command.append(f"--schedule={schedule}")
    process = subprocess.run(command, env={**os.environ, "ATTN_PTXAS": ""},
                             capture_output=True, text=True, check=False)
    if process.returncode:
        sys.exit(process.stderr)
    return built


def run(tool, directory, target, trial):
    draw = np.random.default_rng(1)
    operands = [draw.standard_normal(trial.case.shape(x)).astype(np.float32)
                for x in "qkv"]
    in_order = [oracle.to_bhsd(trial.case, x) for x in operands]  # views
    trial.change(*in_order)
    for x, array in zip("qkv", operands):
        np.save(directory / f"{x}.npy", array)
    built = package(directory, target, trial.case.mlir(), trial.case.schedule)
    device = "sim" if target.startswith("sm_") else "host"
    command = [tool, built, f"--device={device}",
               *[f"--arg={n}={directory / x}.npy" for n, x in enumerate("qkv")],
               f"--result=0={directory / 'o.npy'}", f"--result=1={directory / 'lse.npy'}"]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode:
        return process.stdout + process.stderr
    out, lse = (np.load(directory / f"{x}.npy") for x in ("o", "lse"))
    if trial.kind is None:
        return judged(trial, operands, {"o": out, "lse": lse})
    return complaint(trial, out, lse)


def main():
    tool, directory, target, drawn, share = sys.argv[1:]
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    failed = 0
    count = 0
    everything = itertools.chain(trials(), drawn_trials(int(drawn)))
    first = TARGETS.index(target) % int(share)
    for trial in itertools.islice(everything, first, None, int(share)):
        count += 1
        wrong = run(tool, directory, target, trial)
        if wrong:
            failed += 1
            print(f"{trial.name} ({trial.case.clauses() or 'no mask'}): {wrong}")
    print(f"{count - failed} of {count} cases agree")
    return 1 if failed else 0


sys.exit(main())
