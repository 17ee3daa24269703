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
import sys
import tempfile
import weakref

import numpy

from attn_bench import (build, device, grids, judge, language, manifest,
                        operands, record, statistics, timing)
from attn_bench.cases import Case, Function
from attn_bench.compiled import Compiled
from attn_bench.failures import BadInput, Unsupported
from attn_bench.language import Alibi, Bias, Documents, Prefix, Softcap, Window
from attn_bench.numpy_arrays import NumpyArrays, round_to_bf16
from attn_testing import oracle
from attn_testing.package import from_storage
from attnrt.runtime import Runtime
from stand_in_judge import answer

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def close(a, b, relative=1e-12):
    return math.isclose(a, b, rel_tol=relative)


#===-- Cases and grids -----------------------------------------------------===#

@check
def sizes_are_those_that_are_published():
    """Hidden size 2048, 16k tokens."""
    case, = grids.choose("full", "mha/h16-d128-bf16-none-b2-s8192$")
    assert case.function.query_heads * case.function.dim == 2048
    assert case.batch * case.length == 16384
    few = Case("x", Function(6, 2, 32, False, queries=2), 3, 5)
    assert few.operand_bytes == 2 * 3 * (6 * 2 + 2 * (2 * 5)) * 32, few


@check
def gradients_are_cases_of_their_own():
    """Three of each that is trained, with two packages between them."""
    cases = grids.choose("host-quick,language", "s128$|q1-|softcap", True)
    names = [case.name for case in cases]
    assert names == [f"host/h8-d64-f32-none-b1{work}-s128"
                     for work in ("", "-backward", "-both")], names
    both = cases[-1].function
    assert [part.name for part in both.parts()] == [
        both.attention, both.attention + "_vjp"]
    assert cases[1].shape("key_grad") == (1, 8, 128, 64)
    assert cases[1].shape("lse_grad") == (1, 8, 128)
    assert both.mlir() == cases[0].function.mlir()


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
    assert names[0] == "mha/h16-d128-bf16-causal-b1-s16384", names[0]
    tiny = grids.choose("tiny")
    assert ({case.function for case in tiny}
            == {case.function for case in [*cases, *grids.choose("decode")]})


@check
def decoding_has_one_query():
    cases = grids.choose("decode")
    assert len(cases) == 18, len(cases)
    for case in cases:
        assert case.shape("query")[2] == 1 and case.shape("key")[2] == case.length
        assert case.shape("lse") == (case.batch, case.function.query_heads,
                                     1)
        assert case.operand_bytes < 1 << 30, case
    case, = grids.choose("decode", "h32:8-d128-bf16-none-b1-q1-s131072$")
    assert "%q: tensor<?x32x1x128xbf16>" in case.function.mlir()
    assert case.to_json()["queries"] == 1


@check
def clauses_are_spelled_as_the_dialect_has_them():
    function = Function(4, 2, 16, True, "f32",
                        clauses=(Softcap(50.0), Bias(), Prefix(7)))
    assert function.mask == "causal_softcap50_bias_prefix7"
    text = function.mlir()
    assert "%v: tensor<?x2x?x16xf32>, %bias: tensor<1x1x?x?xf32>)" in text
    assert ("causal(bottom_right) softcap(5.000000e+01) "
            "bias(%bias : tensor<1x1x?x?xf32>) prefix(7)\n") in text


@check
def clauses_keep_what_they_say():
    i, j = numpy.arange(12)[:, None], numpy.arange(12)
    for causal, clauses, expected in [
            (True, (), j <= i),
            (True, (Window(3),), (j <= i) & (j >= i - 3)),
            (True, (Prefix(5), Softcap(9.0)), (j < 5) | (j <= i))]:
        function = Function(1, 1, 16, causal, clauses=clauses)
        kept = language.keep_of(function, {})(0, 0, i, j)
        assert numpy.array_equal(kept, expected), clauses
    assert language.keep_of(Function(1, 1, 16, False,
                                     clauses=(Bias(),)), {}) is None
    assert language.score_of(Function(1, 1, 16, True), {}) is None
    tensors = {"alibi": numpy.array([0.5, 0.25]),
               "bias": numpy.arange(144.0).reshape(1, 1, 12, 12)}
    score = language.score_of(Function(2, 2, 16, False,
                                       clauses=(Alibi(), Bias())), tensors)
    assert score(1.0, 0, 1, 3, 11) == 1 - 0.25 * 8 + 3 * 12 + 11


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
    short = timing.sampling_on_gpu(1e6)
    assert short == timing.Sampling("graph", timing.MOST_SETS)
    assert timing.sampling_on_gpu(1.1e10) == timing.Sampling("graph", 2)
    assert timing.sampling_on_gpu(2e10) == timing.Sampling("graph")
    assert timing.sampling_on_gpu(2e11) == timing.Sampling("events")
    one = timing.timing_of([32.0, 16.0, 48.0], 1e6, short)
    assert one["median_ms"] == 2 and one["samples_ms"] == [2, 1, 3]
    assert one["min_ms"] == 1
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
    got = from_storage(round_to_bf16(values))
    expected = oracle.round_to("bf16", values).astype(numpy.float64)
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

CASES = [Case("x", Function(4, 4, 16, False), 2, 33),
         Case("x", Function(4, 2, 32, True), 2, 40),
         Case("x", Function(6, 1, 64, True, "f16"), 1, 70),
         Case("x", Function(6, 3, 32, False, queries=5), 2, 50)]
# Whose packages the oracle cannot answer for.
SEVERAL = Case("x", Function(4, 2, 16, True, clauses=(
    Softcap(20.0), Alibi(), Bias(), Window(9), Documents(3))), 2, 33)


class Packages:
    """A package of each function of CASES, and what a contender would have."""

    def __init__(self, directory):
        compiler = build.find_compiler()
        build.build([case.function for case in (*CASES, SEVERAL)], directory,
                    compiler, "sm_80")
        runtime = Runtime(os.path.join(directory, manifest.RUNTIME))
        self.contender = Compiled(directory, runtime, "bshd")
        self.judge = judge.Judge([self.contender])

    def verdict(self, case, spoil=lambda outputs: None, layout="bshd"):
        arrays = NumpyArrays()
        given = operands.draw(arrays, case, layout, 3)
        outputs = outputs_of(case, given)
        spoil(outputs)
        made = self.judge.judge(arrays, case, given, outputs)
        assert made["passed"] == all(entry["passed"]
                                     for entry in made["outputs"])
        return {entry["name"]: entry for entry in made["outputs"]}


PACKAGES = Packages(sys.argv[1])


def outputs_of(case, given):
    """A right answer, in the arrays of a contender."""
    rough = answer(case, given, False)
    element = case.function.element
    o = rough["output"].astype(numpy.float32)
    o = round_to_bf16(o) if element == "bf16" else o.astype(numpy.float16)
    return {"output": o, "lse": rough["lse"].astype(numpy.float32)}


@check
def work_is_what_the_package_counts():
    for case in CASES:
        # Two products, each a multiplication and an addition a dimension.
        pairs = sum(case.function.queries is not None or j <= i
                    or not case.function.causal
                    for i in range(case.queries) for j in range(case.length))
        expected = (case.batch * case.function.query_heads * pairs
                    * case.function.dim * 4)
        assert PACKAGES.judge.flops(case) == expected, case


@check
def work_is_of_the_pairs_that_clauses_keep():
    documents = operands.tensors_of(NumpyArrays(), SEVERAL)["documents"]
    assert (documents[:, 1:] >= documents[:, :-1]).all()
    assert len(numpy.unique(documents[0])) == 3, documents
    pairs = sum(i - 9 <= j <= i and documents[b, i] == documents[b, j]
                for b in range(2) for i in range(33) for j in range(33))
    assert PACKAGES.judge.flops(SEVERAL) == 4 * pairs * 16 * 4


@check
def tensors_of_clauses_are_arguments_in_their_order():
    given = operands.draw(NumpyArrays(), SEVERAL, "bshd", 1)
    other = operands.draw(NumpyArrays(), SEVERAL, "bshd", 2, number=1)
    assert list(given.tensors) == ["alibi", "bias", "documents"]
    assert numpy.allclose(given.tensors["alibi"], [1 / 4, 1 / 16, 1 / 64,
                                                   1 / 256])
    for name, array in given.tensors.items():
        assert numpy.array_equal(array, other.tensors[name]), name
    function = PACKAGES.contender.load(SEVERAL.function)
    args = given.in_order(function.roles())
    assert args[0] is given.q and args[5] is given.tensors["documents"]
    for array, described in zip(args, function.description["args"]):
        assert len(array.shape) == len(described["shape"])
        assert all(n in (m, None) for m, n in zip(array.shape,
                                                  described["shape"]))


@check
def right_answers_pass():
    for case in CASES:
        for layout in operands.LAYOUTS:
            verdict = PACKAGES.verdict(case, layout=layout)
            assert list(verdict) == ["output", "lse"]
            for entry in verdict.values():
                assert entry["passed"] and entry["reason"] is None, entry
                assert 0 < entry["max_abs_error"] <= entry["tolerance"]
        only = PACKAGES.verdict(case, lambda outputs: outputs.pop("lse"))
        assert list(only) == ["output"] and only["output"]["passed"]


def verdict_on(case, spoil):
    entries = PACKAGES.verdict(case, spoil)
    assert not all(entry["passed"] for entry in entries.values())
    return entries


@check
def poison_is_found():
    def spoil(outputs):
        outputs["output"][1, 2, 17, 5] = 0xffff
    entry = verdict_on(CASES[1], spoil)["output"]
    assert entry["reason"] == "value was never written"
    assert entry["worst_index"] == [1, 2, 17, 5]


class NothingWritten:
    """A compiled function whose kernel stores nothing."""
    package = {"host": None}

    def __init__(self, function):
        self.function = function
        self.description = function.description

    def roles(self):
        return self.function.roles()

    def bind(self, args, results):
        assert len(args) == 3 and len(results) == 2
        return lambda stream: None


class Host(device.Device):
    kind = "sim"
    arrays = NumpyArrays()

    def launcher(self, call, arrays):
        assert len(arrays) == 5
        return lambda: call(None)


@check
def results_of_packages_are_poisoned_before_they_run():
    case, arrays = CASES[1], NumpyArrays()
    given = operands.draw(arrays, case, "bshd", 3)
    for layout in operands.LAYOUTS:
        contender = Compiled.__new__(Compiled)
        contender.layout = layout
        contender.load = lambda function: NothingWritten(
            PACKAGES.contender.load(function))
        outputs = contender.prepare(case, given, Host())()
        verdict = PACKAGES.judge.judge(arrays, case, given, outputs)
        assert [entry["reason"] for entry in verdict["outputs"]] == [
            "value was never written"] * 2


@check
def what_a_call_reads_lives_as_long_as_it():
    case = CASES[1]
    contender = Compiled.__new__(Compiled)
    contender.layout = "bhsd"
    contender.load = lambda function: NothingWritten(
        PACKAGES.contender.load(function))
    given = operands.draw(NumpyArrays(), case, "bhsd", 3)
    seen = [weakref.ref(x) for x in given]
    run = contender.prepare(case, given, Host())
    del given
    assert all(one() is not None for one in seen)
    del run
    assert all(one() is None for one in seen)


@check
def values_that_are_not_finite_are_found():
    for value, word in ((numpy.inf, "inf"), (numpy.nan, "nan")):
        def spoil(outputs):
            outputs["lse"][0, 3, 8] = value
        entries = verdict_on(CASES[1], spoil)
        assert entries["lse"]["reason"].endswith(f"got {word}"), entries
        assert entries["lse"]["worst_index"] == [0, 3, 8]
        assert entries["output"]["reason"] is None


@check
def errors_are_held_to_the_tolerance():
    case = CASES[2]
    allowed = PACKAGES.verdict(case)["lse"]["tolerance"]
    given = operands.draw(NumpyArrays(), case, "bshd", 3)
    exact = answer(case, given, True)["lse"]
    for factor, passes in ((0.9, True), (1.1, False)):
        def spoil(outputs):
            outputs["lse"][0, 5, 69] = exact[0, 5, 69] + factor * allowed
        entry = PACKAGES.verdict(case, spoil)["lse"]
        assert entry["passed"] == passes, entry
        assert entry["worst_index"] == [0, 5, 69]


@check
def a_row_too_early_is_found():
    """As an alignment of the mask that is off by one would give."""
    def spoil(outputs):
        outputs["output"][:, :, 1:] = outputs["output"][:, :, :-1].copy()
    entries = verdict_on(CASES[1], spoil)
    assert "exceeds tolerance" in entries["output"]["reason"]


@check
def other_shapes_are_found():
    def spoil(outputs):
        outputs["output"] = outputs["output"].swapaxes(1, 2)
    entries = verdict_on(CASES[1], spoil)
    assert (entries["output"]["reason"]
            == "expected shape [2, 4, 40, 32], got [2, 40, 4, 32]")
    assert entries["lse"]["passed"]


@check
def without_a_package_there_is_no_judge():
    try:
        PACKAGES.judge.flops(Case("x", Function(1, 1, 16, False), 1, 8))
    except Unsupported as error:
        assert str(error) == "no package of attn_h1_kv1_d16_none_bf16"
    else:
        assert False, "expected it to be refused"


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
