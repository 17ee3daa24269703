#===- check_units.py - Counts, statistics, the judge -----------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""The judge and its reference are held against attn_testing.oracle, which
shares nothing with them."""

import copy
import json
import math
import os
import tempfile

import numpy

from attn_bench import grids, judge, operands, record, statistics, timing
from attn_bench.cases import Case, Function
from attn_bench.compiled import Compiled
from attn_bench.failures import BadInput
from attn_bench.numpy_arrays import NumpyArrays, round_to_bf16
from attn_bench.reference import Reference, attend
from attn_testing import oracle
from attn_testing.case import Case as OracleCase

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def close(a, b, relative=1e-12):
    return math.isclose(a, b, rel_tol=relative)


#===-- Cases and grids -----------------------------------------------------===#

@check
def flops_count_kept_pairs():
    for causal in (False, True):
        case = Case("x", Function(6, 2, 32, causal), 3, 5)
        pairs = sum(j <= i or not causal for i in range(5) for j in range(5))
        # Two products, each a multiplication and an addition a dimension.
        assert case.flops == 3 * 6 * pairs * 32 * 4, case
    few = Case("x", Function(6, 2, 32, False, queries=2), 3, 5)
    assert few.flops == 3 * 6 * (2 * 5) * 32 * 4, few
    assert few.operand_bytes == 2 * 3 * (6 * 2 + 2 * (2 * 5)) * 32, few


@check
def published_sizes():
    """The usual figures: 4 B H S^2 d, hidden size 2048, 16k tokens."""
    case, = grids.choose("full", "mha/h16-d128-none-b2-s8192$")
    assert close(case.flops, 4 * 2 * 16 * 8192.0**2 * 128)
    assert case.function.query_heads * case.function.dim == 2048
    causal, = grids.choose("full", "mha/h16-d128-causal-b2-s8192$")
    assert close(causal.flops / case.flops, 0.5 * (1 + 1 / 8192))


@check
def the_full_grid_is_what_it_says():
    cases = grids.choose("full")
    names = [case.name for case in cases]
    assert len(set(names)) == len(names) == 42 + 28 + 20 + 40, len(names)
    for group, dims, lengths in [
            ("mha", {64, 128, 256}, {512 << n for n in range(7)}),
            ("llama3", {128}, {512 << n for n in range(7)}),
            ("w3-w4a", {16, 32, 64, 128}, {256, 1024, 4096, 8192, 16384}),
            ("w4b", {16, 32, 64, 128}, {128 << n for n in range(10)})]:
        mine = [case for case in cases if case.group == group]
        assert {case.function.dim for case in mine} == dims
        assert {case.length for case in mine} == lengths
    for case in cases:
        if case.group in ("mha", "llama3"):
            assert case.batch * case.length == max(16384, case.length), case
    assert ({case.function.heads for case in cases if case.group == "llama3"}
            == {"64/8", "32/8"})
    tiers = [grids.tier(case) for case in cases]
    assert tiers == sorted(tiers)
    assert names[0] == "mha/h16-d128-causal-b1-s16384", names[0]
    tiny = grids.choose("tiny")
    assert ({case.function for case in tiny}
            == {case.function for case in [*cases, *grids.choose("decode")]})


@check
def decoding_has_one_query():
    cases = grids.choose("decode")
    assert len(cases) == 18, len(cases)
    for case in cases:
        assert case.shape("q")[2] == 1 and case.shape("k")[2] == case.length
        assert case.lse_shape == (case.batch, case.function.query_heads, 1)
        assert case.operand_bytes < 1 << 30, case
    case, = grids.choose("decode", "h32:8-d128-none-b1-q1-s131072$")
    assert "%q: tensor<?x32x1x128xbf16>" in case.function.mlir()
    assert case.to_json()["queries"] == 1


#===-- Statistics ----------------------------------------------------------===#

@check
def quantiles():
    values = [5.0, 1.0, 3.0, 2.0, 4.0]
    assert statistics.quantile(values, 0.5) == 3
    assert close(statistics.quantile(values, 0.1), 1.4)
    assert close(statistics.quantile(values, 0.9), 4.6)
    assert statistics.quantile([7.0], 0.9) == 7
    assert values[0] == 5, "values are not sorted in place"


@check
def summaries():
    timing_ = statistics.summarize([2.0, 1.0, 4.0], flops=6e12)
    assert timing_["median_ms"] == 2 and timing_["repeats"] == 3
    assert close(timing_["tflops"], 3000)
    assert close(statistics.spread(timing_),
                 (timing_["p90_ms"] - timing_["p10_ms"]) / 4)


@check
def means():
    assert close(statistics.geometric_mean([2, 8]), 4)
    assert close(statistics.geometric_mean(iter([0.5])), 0.5)
    assert statistics.geometric_mean([]) is None


@check
def short_cases_are_repeated_in_a_graph():
    tiny = Case("x", Function(1, 1, 16, True), 1, 128)
    assert timing.sets_of_operands(tiny) == timing.MOST_SETS
    small, = grids.choose("full", "w4b/h1-d128-causal-b1-s8192$")
    assert timing.sets_of_operands(small) == math.ceil(2e10 / small.flops) == 2
    assert timing.uses_graph(tiny) and timing.uses_graph(small)
    large, = grids.choose("full", "mha/h16-d128-causal-b2-s8192$")
    assert timing.sets_of_operands(large) == 1 and not timing.uses_graph(large)
    one = timing.timing_of([32.0, 16.0, 48.0], tiny)
    assert one["median_ms"] == 2 and one["samples_ms"] == [2, 1, 3]
    assert (one["method"], one["runs_per_sample"]) == ("graph", 16)


@check
def sensors_that_are_silent_are_null():
    summary = timing.summarize_sensors([
        {"a": 3, "b": None}, {"a": 1, "b": None}, {"a": None, "b": None}])
    assert summary == {"a": {"min": 1, "median": 2, "max": 3}, "b": None}
    assert timing.summarize_sensors([]) == {}


#===-- Arrays --------------------------------------------------------------===#

@check
def bf16_is_rounded_to_nearest_even():
    values = numpy.array([1, 1 + 2.0**-8, 1 + 3 * 2.0**-8, -2.0**-140, 3e38,
                          3.4e38, numpy.inf, numpy.nan], numpy.float32)
    got = NumpyArrays().single(round_to_bf16(values))
    expected = oracle.round_to("bf16", values)
    assert numpy.array_equal(got, expected, equal_nan=True), (got, expected)


@check
def sets_of_operands_differ_and_repeat():
    arrays = NumpyArrays()
    case = Case("x", Function(4, 2, 16, True), 2, 9)
    once, again = (operands.draw(arrays, case, "bshd", 1) for _ in range(2))
    other = operands.draw(arrays, case, "bshd", 1, number=1)
    seeded = operands.draw(arrays, case, "bshd", 2)
    plain = operands.draw(arrays, case, "bhsd", 1)
    assert once.q.shape == plain.q.shape == (2, 4, 9, 16)
    assert once.k.shape == (2, 2, 9, 16)
    assert once.q.strides == (4 * 9 * 32, 32, 4 * 32, 2), once.q.strides
    assert plain.q.strides == (4 * 9 * 32, 9 * 32, 32, 2)
    assert numpy.array_equal(once.q, again.q)
    for different in other.q, seeded.q:
        assert not numpy.array_equal(once.q, different)
    assert not numpy.array_equal(once.k, once.v)


#===-- The judge -----------------------------------------------------------===#

def by_the_oracle(case, given, exact):
    arrays = NumpyArrays()
    function = case.function
    twin = OracleCase(element=function.element, batch=case.batch,
                      heads=(function.query_heads, function.kv_heads),
                      lengths=(case.queries, case.length),
                      dims=(function.dim, function.dim),
                      causal="bottom_right" if function.causal else None)
    q, k, v = (arrays.single(x).astype(numpy.float32) for x in given)
    return oracle.attention(twin, q, k, v, exact)


def judged(case, layout="bshd", block_scores=None):
    arrays = NumpyArrays()
    if block_scores is not None:
        arrays.block_scores = block_scores
    given = operands.draw(arrays, case, layout, 3)
    return arrays, given, Reference(arrays, case, *given)


CASES = [Case("x", Function(4, 4, 16, False), 2, 33),
         Case("x", Function(4, 2, 32, True), 2, 40),
         Case("x", Function(6, 1, 64, True, "f16"), 1, 70),
         Case("x", Function(6, 3, 32, False, queries=5), 2, 50)]


@check
def the_reference_is_the_oracles():
    for case in CASES:
        # In one piece, and by blocks of a few rows.
        for blocks in (None, 7 * case.function.query_heads * case.length):
            _, given, reference = judged(case, block_scores=blocks)
            exact = by_the_oracle(case, given, True)
            rough = by_the_oracle(case, given, False)
            for name in ("o", "lse"):
                error = abs(reference.values[name] - exact[name]).max()
                assert error < 1e-12, (case.name, name, error)
                baseline = abs(rough[name] - exact[name]).max()
                assert close(reference.baseline_error[name], baseline, 0.2), (
                    name, reference.baseline_error[name], baseline)


@check
def the_baseline_rounds_what_the_operation_rounds():
    """Sums in another order move few values over the middle of two numbers of
    the type; P that is not rounded moves many."""
    case = CASES[1]
    arrays, given, _ = judged(case)
    rough = by_the_oracle(case, given, False)["o"]
    one = [x[1] for x in given]
    for rows in (slice(0, case.length), slice(10, 31)):
        o, _ = attend(arrays, case.function, *one, rows, False)
        equal = (o == rough[1][:, rows]).mean()
        assert equal > 0.98, equal


def outputs_of(case, given):
    """A right answer, in the arrays of a contender."""
    rough = by_the_oracle(case, given, False)
    element = case.function.element
    o = rough["o"].astype(numpy.float32)
    o = round_to_bf16(o) if element == "bf16" else o.astype(numpy.float16)
    return {"o": o, "lse": rough["lse"].astype(numpy.float32)}


@check
def right_answers_pass():
    for case in CASES:
        arrays, given, reference = judged(case)
        verdict = judge.judge(arrays, case, reference, outputs_of(case, given))
        assert verdict["passed"], verdict
        names = [entry["name"] for entry in verdict["outputs"]]
        assert names == ["o", "lse"]
        only = judge.judge(arrays, case, reference,
                           {"o": outputs_of(case, given)["o"]})
        assert only["passed"] and len(only["outputs"]) == 1


def verdict_on(case, spoil):
    arrays, given, reference = judged(case)
    outputs = outputs_of(case, given)
    spoil(outputs)
    verdict = judge.judge(arrays, case, reference, outputs)
    assert not verdict["passed"]
    return {entry["name"]: entry for entry in verdict["outputs"]}


@check
def poison_is_found():
    def spoil(outputs):
        outputs["o"][1, 2, 17, 5] = 0xffff
    entry = verdict_on(CASES[1], spoil)["o"]
    assert entry["reason"] == "value was never written"
    assert entry["worst_index"] == [1, 2, 17, 5]
    assert entry["max_abs_error"] is None


class NothingWritten:
    """A compiled function whose kernel stores nothing."""

    def bind(self, args, results):
        assert len(args) == 3 and len(results) == 2
        return lambda stream: None


class Host:
    arrays = NumpyArrays()

    def launcher(self, call, arrays):
        assert len(arrays) == 5
        return lambda: call(None)


@check
def results_of_packages_are_poisoned_before_they_run():
    case = CASES[1]
    arrays, given, reference = judged(case)
    for layout in operands.LAYOUTS:
        contender = Compiled.__new__(Compiled)
        contender.layout = layout
        contender.load = lambda function: NothingWritten()
        outputs = contender.prepare(case, given, Host())()
        verdict = judge.judge(arrays, case, reference, outputs)
        assert [entry["reason"] for entry in verdict["outputs"]] == [
            "value was never written"] * 2


@check
def values_that_are_not_finite_are_found():
    for value, word in ((numpy.inf, "inf"), (numpy.nan, "nan")):
        def spoil(outputs):
            outputs["lse"][0, 3, 8] = value
        entries = verdict_on(CASES[1], spoil)
        assert entries["lse"]["reason"].endswith(f"got {word}"), entries
        assert entries["lse"]["worst_index"] == [0, 3, 8]
        assert entries["o"]["reason"] is None


@check
def errors_are_held_to_the_tolerance():
    case = CASES[2]
    arrays, given, reference = judged(case)
    magnitude = abs(reference.values["lse"]).max()
    allowed = (2 * reference.baseline_error["lse"]
               + oracle.ulp("f32", magnitude)
               + 2.0**-23 * 4 * max(1, magnitude))
    assert allowed == judge.tolerance(
        "f32", reference.baseline_error["lse"], magnitude, 64)
    for factor, passes in ((0.9, True), (1.1, False)):
        outputs = {"lse": reference.values["lse"].copy()}
        outputs["lse"][0, 5, 69] += factor * allowed
        entry = judge.judge_output(arrays, case, reference, "lse",
                                   outputs["lse"].astype(numpy.float32))
        assert (entry["reason"] is None) == passes, entry
        assert entry["worst_index"] == [0, 5, 69]


@check
def a_row_too_early_is_found():
    """As an alignment of the mask that is off by one would give."""
    def spoil(outputs):
        outputs["o"][:, :, 1:] = outputs["o"][:, :, :-1].copy()
    assert "exceeds tolerance" in verdict_on(CASES[1], spoil)["o"]["reason"]


@check
def other_shapes_are_found():
    def spoil(outputs):
        outputs["o"] = outputs["o"].swapaxes(1, 2)
    assert (verdict_on(CASES[1], spoil)["o"]["reason"]
            == "expected shape [2, 4, 40, 32], got [2, 40, 4, 32]")


@check
def ulps():
    for element in ("f16", "bf16", "f32"):
        for value in (1.0, 1.5, 0.999, 3e-5, 1e-9, 1000.0):
            assert judge.ulp(element, value) == oracle.ulp(element, value)


#===-- Records -------------------------------------------------------------===#

def refusal(text):
    """What reading a file of this text says; None where it is a record."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "x.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        try:
            record.read(path)
        except BadInput as error:
            return str(error)
    return None


@check
def records_are_checked_when_they_are_read():
    result = dict(record.new_result("a"), status="right", timing={"x": 1})
    good = {"schema": 1, "contenders": [{"name": "a"}],
            "cells": [{"case": {"name": "mha/x"}, "results": [result]}]}
    assert refusal(json.dumps(good)) is None
    for change, word in [
            (lambda r: r.update(schema=2), "expected schema 1, got 2"),
            (lambda r: r.pop("cells"), "is no record of attn-bench"),
            (lambda r: r.pop("contenders"), "is damaged: KeyError"),
            (lambda r: r["cells"].append(7), "is damaged: TypeError"),
            (lambda r: r["contenders"].clear(), "unknown contender 'a'"),
            (lambda r: r["cells"][0]["results"][0].update(status="fine"),
             "unknown status 'fine'"),
            (lambda r: r["cells"][0]["results"][0].update(status="wrong"),
             "mha/x: a time without a right result")]:
        bad = copy.deepcopy(good)
        change(bad)
        assert word in refusal(json.dumps(bad)), word
    assert "is no JSON" in refusal("this is text")
    assert "is no record" in refusal("[1, 2]")


def main():
    for function in CHECKS:
        function()
    print(f"{len(CHECKS)} checks")


if __name__ == "__main__":
    main()
