"""Holds every range region against its keep region, by brute force.

Usage: check_ranges.py ATTN_OPT

Makes functions with all combinations of clauses over small numbers, expands
their masks, and evaluates the printed regions for all small (Sq, Sk, i0, i1).
Checked are: keep means what the clauses mean (written here once more); no key
outside [begin, end) is kept by any row; each key of [full_begin, full_end) is
kept by all rows; the four are in order and within [0, Sk]; and, for masks whose
factors are 1, begin and end are tight for single rows.
"""

import itertools
import subprocess
import sys

from attn_testing import regions

TYPE = "tensor<?x?x?x8xf16>"
INF = None

CAUSALS = [("", None), ("causal(top_left)", lambda i, sq, sk: i),
           ("causal(bottom_right)", lambda i, sq, sk: i + sk - sq)] + [
    (f"causal(offset = {n})", lambda i, sq, sk, n=n: i + n)
    for n in (-2, 0, 3, 2**40, -2**40, 2**63 - 1, -2**63)]

WINDOWS = [None] + [(l, r) for l in (INF, 0, 1, 3, 2**41, 2**63 - 1)
                    for r in (INF, 0, 2, 2**41, 2**63 - 1)]

# Predicates that no clause spells, in the syntax of a keep region's body; the
# second says what they mean, the third whether they are affine.
PREDICATES = [
    ("""%c2 = arith.constant 2 : index
        %c3 = arith.constant 3 : index
        %jj = arith.muli %j, %c2 : index
        %ii = arith.muli %c3, %i : index
        %x = arith.addi %ii, %c2 : index
        %p = arith.cmpi slt, %jj, %x : index""",
     lambda i, j, sq, sk: 2 * j < 3 * i + 2, True),
    ("""%c3 = arith.constant 3 : index
        %sk = attn.key_length : index
        %jj = arith.muli %j, %c3 : index
        %x = arith.subi %sk, %i : index
        %p = arith.cmpi sgt, %jj, %x : index""",
     lambda i, j, sq, sk: 3 * j > sk - i, True),
    ("""%p = arith.cmpi eq, %i, %j : index""",
     lambda i, j, sq, sk: i == j, True),
    # Rows, not keys.
    ("""%c2 = arith.constant 2 : index
        %p = arith.cmpi sge, %i, %c2 : index""",
     lambda i, j, sq, sk: i >= 2, True),
    ("""%sq = attn.query_length : index
        %sk = attn.key_length : index
        %p = arith.cmpi slt, %sk, %sq : index""",
     lambda i, j, sq, sk: sk < sq, True),
    ("""%p = arith.constant false""", lambda i, j, sq, sk: False, True),
    ("""%p = arith.cmpi ne, %i, %j : index""",
     lambda i, j, sq, sk: i != j, True),
    # Nothing is known of remainders of j, and nothing claimed.
    ("""%c2 = arith.constant 2 : index
        %a = arith.remsi %i, %c2 : index
        %b2 = arith.remsi %j, %c2 : index
        %p = arith.cmpi eq, %a, %b2 : index""",
     lambda i, j, sq, sk: i % 2 == j % 2, False),
    ("""%a = arith.cmpi slt, %i, %j : index
        %c = arith.cmpi sgt, %i, %j : index
        %p = arith.ori %a, %c : i1""",
     lambda i, j, sq, sk: i != j, True),
]


def clause_predicate(position, window):
    def keep(i, j, sq, sk):
        p = position(i, sq, sk) if position else i
        if position and j > p:
            return False
        left, right = window or (INF, INF)
        return ((left is INF or j >= p - left)
                and (right is INF or j <= p + right))
    return keep


class Case:
    def __init__(self, text, keep, policy, tight=False, affine=True):
        self.text = f"{text} masked_row({policy})"
        self.keep, self.policy = keep, policy
        self.tight, self.affine = tight, affine


def make_cases():
    for policy in ("zero", "uniform"):
        for (causal, position), window in itertools.product(CAUSALS, WINDOWS):
            text = causal
            if window:
                text += " window({})".format(
                    ", ".join("inf" if c is INF else str(c) for c in window))
            yield Case(text, clause_predicate(position, window), policy,
                       tight=policy == "zero")
        for body, keep, affine in PREDICATES:
            yield Case("keep { ^bb0(%b: index, %h: index, %i: index, "
                       f"%j: index): {body}\n attn.yield %p : i1 }}", keep,
                       policy, affine=affine)


def check(case, keep, range_):
    if keep is None:
        assert range_ is None
        keep = lambda *_, **lengths: (1,)
        range_ = lambda *_, sq, sk: (0, 0, sk, sk)
    for sq, sk in itertools.product(range(6), range(6)):
        kept = [[bool(keep(0, 0, i, j, sq=sq, sk=sk)[0]) for j in range(sk)]
                for i in range(sq)]
        for i, j in itertools.product(range(sq), range(sk)):
            assert kept[i][j] == case.keep(i, j, sq, sk), ("keep", sq, sk, i, j)
        for i0, i1 in itertools.combinations(range(sq + 1), 2):
            where = ("range", sq, sk, i0, i1)
            begin, full_begin, full_end, end, *gap = range_(
                0, 0, i0, i1, sq=sq, sk=sk)
            assert 0 <= begin <= full_begin <= full_end <= end <= sk, where
            columns = [[row[j] for row in kept[i0:i1]] for j in range(sk)]
            assert all(map(all, columns[full_begin:full_end])), where
            if case.policy == "uniform":
                assert (begin, end) == (0, sk), where
            if gap:
                assert begin <= gap[0] <= gap[1] <= full_begin, where
                assert not any(map(any, columns[gap[0]:gap[1]])), where
            if not case.affine:
                assert (begin, end) == (0, sk) and full_begin == full_end, where
            outside = columns[:begin] + columns[end:]
            assert not any(map(any, outside)), where
            if case.tight and i1 == i0 + 1:
                count = sum(kept[i0])
                assert end - begin == full_end - full_begin == count, where


def main():
    cases = list(make_cases())
    functions = [
        f"func.func @f{n}(%q: {TYPE}, %k: {TYPE}, %v: {TYPE}) -> {TYPE} {{\n"
        f"  %o = attn.sdpa %q, %k, %v {case.text} : ({TYPE}, {TYPE}, {TYPE}) "
        f"-> {TYPE}\n  return %o : {TYPE}\n}}\n"
        for n, case in enumerate(cases)]
    expanded = subprocess.run([sys.argv[1], "--attn-expand-masks"],
                              input="".join(functions), text=True, check=True,
                              stdout=subprocess.PIPE).stdout
    functions = regions.functions(expanded)
    assert len(functions) == len(cases)
    for case, function in zip(cases, functions):
        try:
            check(case, function.keep, function.range)
        except AssertionError as error:
            sys.exit(f"{case.text}: {error}")
    print(f"{len(cases)} masks agree")


if __name__ == "__main__":
    main()
