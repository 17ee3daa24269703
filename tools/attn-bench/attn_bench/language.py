#===- language.py - Clauses beside causal masks ----------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Clauses of attn.sdpa (docs/AttnSpec.md) as the dialect spells them, with the
tensors that they read, and as functions of PyTorch's tensors, which
FlexAttention calls mask_mod and score_mod."""

import dataclasses

import numpy


@dataclasses.dataclass(frozen=True)
class Tensor:
    """Batch and lengths are open in its type."""
    name: str
    dims: str
    element: str

    @property
    def type(self):
        return f"tensor<{self.dims}x{self.element}>"


class Clause:
    """`tensors` has those of all clauses, by name; batch entry b, head h, row i
    and key j are indices of one pair, or tensors of them that broadcast."""
    keep = None  # (tensors, b, h, i, j) -> whether the row keeps the key
    score = None  # (tensors, s, b, h, i, j) -> what becomes of a score
    # Whether it only adds to a score what does not depend on it.
    adds = False
    # Whether its keep() says what a causal mask keeps, too.
    replaces_causal = False

    @property
    def name(self):
        """A part of names of functions."""
        raise NotImplementedError

    def spelled(self, function):
        """In the dialect; a tensor goes by its name."""
        raise NotImplementedError

    def tensor(self, function):
        """What it reads, or None."""
        return None

    def draw(self, case, generator):
        """Values of the tensor, from one of numpy's generators."""
        raise NotImplementedError


class Causal(Clause):
    """Of as many rows as keys."""

    def keep(self, tensors, b, h, i, j):
        return j <= i


@dataclasses.dataclass(frozen=True)
class Window(Clause):
    """Of keys before the row's own; beside a causal mask."""
    left: int

    @property
    def name(self):
        return f"window{self.left}"

    def spelled(self, function):
        return f"window({self.left}, 0)"

    def keep(self, tensors, b, h, i, j):
        return (j <= i) & (j >= i - self.left)


@dataclasses.dataclass(frozen=True)
class Prefix(Clause):
    """Keys that all rows keep; beside a causal mask."""
    keys: int
    replaces_causal = True

    @property
    def name(self):
        return f"prefix{self.keys}"

    def spelled(self, function):
        return f"prefix({self.keys})"

    def keep(self, tensors, b, h, i, j):
        return (j < self.keys) | (j <= i)


@dataclasses.dataclass(frozen=True)
class Documents(Clause):
    """So many in a sequence, one after the other, of random lengths. Queries
    and keys are those of the same sequence."""
    count: int

    @property
    def name(self):
        return f"documents{self.count}"

    def spelled(self, function):
        return ("documents(%documents, %documents : "
                f"{self.tensor(function).type})")

    def tensor(self, function):
        return Tensor("documents", "?x?", "i32")

    def draw(self, case, generator):
        return numpy.sort(generator.integers(
            self.count, size=(case.batch, case.length), dtype=numpy.int32))

    def keep(self, tensors, b, h, i, j):
        documents = tensors["documents"]
        return documents[b, i] == documents[b, j]


@dataclasses.dataclass(frozen=True)
class Softcap(Clause):
    cap: float

    @property
    def name(self):
        return f"softcap{self.cap:g}"

    def spelled(self, function):
        return f"softcap({self.cap:.6e})"

    def score(self, tensors, s, b, h, i, j):
        return self.cap * (s / self.cap).tanh()


@dataclasses.dataclass(frozen=True)
class Alibi(Clause):
    """With the slopes of its paper for a power of two of heads."""
    name = "alibi"
    adds = True

    def spelled(self, function):
        return f"alibi(%alibi : {self.tensor(function).type})"

    def tensor(self, function):
        return Tensor("alibi", str(function.query_heads), "f32")

    def draw(self, case, generator):
        heads = case.function.query_heads
        return 2.0 ** (-8.0 * numpy.arange(1, heads + 1) / heads)

    def score(self, tensors, s, b, h, i, j):
        return s - tensors["alibi"][h] * abs(i - j)


@dataclasses.dataclass(frozen=True)
class Bias(Clause):
    """One for all heads, of the operands' element type."""
    name = "bias"
    adds = True

    def spelled(self, function):
        return f"bias(%bias : {self.tensor(function).type})"

    def tensor(self, function):
        return Tensor("bias", "1x1x?x?", function.element)

    def draw(self, case, generator):
        return generator.standard_normal((1, 1, case.queries, case.length),
                                         numpy.float32)

    def score(self, tensors, s, b, h, i, j):
        return s + tensors["bias"][0, 0, i, j]


#===-- Of a function -------------------------------------------------------===#

def keep_of(function, tensors):
    """(b, h, i, j) -> whether the row keeps the key; None where all are."""
    keeping = [clause for clause in function.clauses
               if clause.keep is not None]
    if function.causal and not any(c.replaces_causal for c in keeping):
        keeping.insert(0, Causal())
    if not keeping:
        return None

    def keep(b, h, i, j):
        kept = keeping[0].keep(tensors, b, h, i, j)
        for clause in keeping[1:]:
            kept = kept & clause.keep(tensors, b, h, i, j)
        return kept
    return keep


def score_of(function, tensors):
    """(s, b, h, i, j) -> the score; None where it stays what it is."""
    scoring = [clause for clause in function.clauses
               if clause.score is not None]
    if not scoring:
        return None

    def score(s, b, h, i, j):
        for clause in scoring:
            s = clause.score(tensors, s, b, h, i, j)
        return s
    return score
