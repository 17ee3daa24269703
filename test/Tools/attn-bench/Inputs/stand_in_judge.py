#===- stand_in_judge.py - A judge without packages -------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""What a session asks of its judge, answered by the tests' own oracle, for tests
of what a session does with the answers."""

import numpy

from attn_bench.numpy_arrays import NumpyArrays
from attn_testing import oracle
from attn_testing.case import Case as OracleCase
from attn_testing.package import from_storage


def twin_of(case):
    function = case.function
    return OracleCase(element=function.element, batch=case.batch,
                      heads=(function.query_heads, function.kv_heads),
                      lengths=(case.queries, case.length),
                      dims=(function.dim, function.dim),
                      causal="bottom_right" if function.causal else None)


def answer(case, given, exact):
    """By role; `given` are arrays of numpy."""
    q, k, v = (from_storage(x).astype(numpy.float32) for x in given)
    made = oracle.attention(twin_of(case), q, k, v, exact)
    return {"output": made["o"], "lse": made["lse"]}


class StandInJudge:
    def __init__(self, to_numpy=lambda array: array):
        self.to_numpy = to_numpy

    def flops(self, case):
        pairs = int(twin_of(case).keep().sum())
        return (4 * case.batch * case.function.query_heads * pairs
                * case.function.dim)

    def judge(self, arrays, case, given, outputs):
        operands = [self.to_numpy(x) for x in given]
        exact = answer(case, operands, True)
        rough = answer(case, operands, False)
        entries = [self.entry(role, self.to_numpy(array), exact[role],
                              rough[role])
                   for role, array in outputs.items()]
        return {"passed": all(e["passed"] for e in entries),
                "outputs": entries}

    def entry(self, role, array, exact, rough):
        entry = {"name": role, "max_abs_error": None, "tolerance": None,
                 "baseline_max_abs_error": None, "worst_index": None}
        if NumpyArrays().is_poison(array).any():
            return dict(entry, passed=False, reason="value was never written")
        error = float(abs(from_storage(array) - exact).max())
        allowed = 2 * float(abs(rough - exact).max()) + oracle.ulp(
            "f32" if role == "lse" else "bf16", abs(exact).max())
        passed = bool(error <= allowed)
        return dict(entry, passed=passed, max_abs_error=error,
                    tolerance=allowed, reason=None if passed else
                    f"max error {error:.3g} exceeds tolerance {allowed:.3g}")
