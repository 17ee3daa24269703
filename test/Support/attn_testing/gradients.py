#===- gradients.py - Gradients of attention in numpy ----------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Gradients of attention in numpy, from the formulas of docs/AttnSpec.md alone.

Derivatives of scores are differences of two scores beside one, by the score and
by each element that is read. A program is one of language.py; `values` has its
arguments by name, the cotangents "do" and "dlse", and "o" and "lse" where they
are given.
"""

import dataclasses

import numpy as np

from attn_testing import expressions, language, oracle

GRADIENTS = ("dq", "dk", "dv")
FLOATS = ("f16", "bf16", "f32")
STEP = 2.0**-17  # relative, of a difference
OFF = {"f16": 2.0**-12, "bf16": 2.0**-9, "f32": 2.0**-22}


def shape(program, name):
    """Of a gradient, a cotangent ("do", "dlse"), or anything of the program."""
    name = name[1:] if name.startswith("d") else name
    for tensor in program.tensors():
        if tensor.name == name:
            return program.shape(tensor)
    return program.case.shape(name)


def element(program, name):
    """The type of the elements of the same."""
    name = name[1:] if name.startswith("d") else name
    for tensor in program.tensors():
        if tensor.name == name:
            return tensor.element
    return "f32" if name == "lse" else program.case.element


def reads_of(node):
    """The reads of tensors of floats in an expression, each once."""
    found = {}

    def visit(each):
        if id(each) in found:
            return
        found[id(each)] = each
        for arg in each.args:
            visit(arg)

    if node is not None:
        visit(node)
    return [each for each in found.values()
            if each.op == "attn.capture" and each.data.element in FLOATS]


def differentiated(program):
    """The tensors of floats that scores read, in the order of arguments."""
    clauses = [program.alibi, program.bias, program.sinks,
               program.relative_bias and program.relative_bias.table]
    names = {t.name for t in clauses if t}
    names |= {node.data.name for node in reads_of(program.score)}
    return [t for t in program.tensors() if t.name in names]


def names(program):
    """Of all gradients, in the order of results."""
    return [*GRADIENTS, *(f"d{t.name}" for t in differentiated(program))]


def chain(case, target="host"):
    """Chained MMA steps behind a gradient of a score, and of f32 on GPUs those of
    a tile of weights."""
    if case.element == "f32" and target.startswith("sm_"):
        return -(-case.dims[0] // 8) + -(-case.dims[1] // 8) + 8
    return -(-case.dims[0] // 16) + -(-case.dims[1] // 16)


def with_21_bits(values):
    """What the baseline of the judge keeps of these sums."""
    bits = np.ascontiguousarray(values).view(np.uint32)
    rounded = (bits + 3 + ((bits >> 3) & 1)) & np.uint32(0xfffffff8)
    return rounded.view(np.float32)


def cut_to_11_bits(values):
    """As the baseline of the judge has the slope of a hyperbolic tangent."""
    mantissa, exponent = np.frexp(values.astype(np.float64))
    return np.ldexp(np.rint(mantissa * 2**11), exponent - 11).astype(values.dtype)


def has_tanh(program):
    def visit(node):
        return node.op == "math.tanh" or any(visit(arg) for arg in node.args)

    return program.softcap is not None or (
        program.score is not None and visit(program.score))


class Head:
    """What one query head of one entry of the batch contributes."""

    def __init__(self, program, values, b, h, real, cast):
        case = program.case
        self.program, self.values, self.b, self.h = program, values, b, h
        self.real, self.cast = real, cast
        g = h // (case.heads[0] // case.heads[1])
        self.q, self.k, self.v, o, self.do = (
            oracle.to_bhsd(case, values[x])[b, n].astype(real)
            for x, n in zip(("q", "k", "v", "o", "do"), (h, g, g, h, h)))
        lse, dlse = (values[x][b, h].astype(real) for x in ("lse", "dlse"))
        self.scale = real(case.effective_scale)
        self.operand = ((lambda x: x) if real is np.float64 else
                        (lambda x: oracle.round_operand(case, x)))
        self.scores = (self.operand(self.q)
                       @ self.operand(self.k).T) * self.scale
        self.lse = lse
        self.weigh(lse)
        delta = (self.do * o).sum(axis=1, dtype=real)
        # Of D before its terms cancel.
        sizes = np.abs(delta) + np.sqrt(((self.do * o)**2).sum(axis=1))
        self.delta_size = np.where(np.isfinite(lse), sizes, 0)
        if real is np.float32:
            delta = with_21_bits(delta)
        self.delta = np.where(np.isfinite(lse), delta - dlse, 0)

    def weigh(self, lse):
        program, real = self.program, self.real
        keep = language.kept(program, self.values, self.b, self.h)
        self.keep = keep
        self.counts = keep & np.isfinite(lse)[:, None]
        s = language.scores(program, self.values, self.b, self.h, self.scores,
                            real)
        p = np.exp(np.where(self.counts, s - lse[:, None], 0))
        self.p = np.where(self.counts, p, 0).astype(real)
        self.left, self.factor = language.left(program, self.values, self.b,
                                               self.h)
        product = self.operand(self.do) @ self.operand(self.v).T
        self.of_weights = (np.where(self.left, product, 0)
                           * real(self.factor)).astype(real)

    def difference(self, at, score):
        """d score / d at, of `at` in f64."""
        step = STEP * np.maximum(np.abs(at), 1)
        slope = (score(at + step) - score(at - step)) / (2 * step)
        slope = np.where(self.p > 0, slope, 0).astype(self.real)
        if self.real is np.float32 and has_tanh(self.program):
            slope = cut_to_11_bits(slope)
        return slope

    def slope(self):
        program = self.program
        clauses = [program.softcap, program.alibi, program.relative_bias,
                   program.bias, program.score]
        if all(each is None for each in clauses):
            return self.real(1)
        return self.difference(
            self.scores.astype(np.float64),
            lambda s: language.scores(program, self.values, self.b, self.h, s,
                                      np.float64))

    def of_values(self):
        """Weights of values: those of a row without a key are all the same under
        masked_row(uniform)."""
        if self.program.case.masked_row != "uniform" or self.keep.all():
            return self.p
        count = self.real(self.p.shape[1] or 1)
        return np.where(np.isfinite(self.lse)[:, None], self.p,
                        self.real(1) / count).astype(self.real)

    def operands(self):
        """dQ, dK and dV, not rounded at the end."""
        real, cast = self.real, self.cast
        ds = self.p * np.where(self.counts,
                               self.of_weights - self.delta[:, None], 0)
        ds = cast((ds * self.slope()).astype(real)).astype(real)
        left = cast(np.where(self.left, self.of_values(), 0)).astype(real)
        ds, left, q, k, do = (self.operand(x) for x in (ds, left, self.q, self.k,
                                                        self.do))
        return (self.scale * (ds @ k), self.scale * (ds.T @ q),
                real(self.factor) * (left.T @ do))

    def reads(self):
        """Of each read: its tensor, where it reads, its elements, and the scores
        as a function of these."""
        program, b, h = self.program, self.b, self.h
        case = program.case
        p, j = language.positions(case), np.arange(case.lengths[1])[None, :]
        i = np.arange(case.lengths[0])[:, None]
        places = {}
        if program.alibi:
            places["alibi"] = (program.alibi, (h,))
        if program.relative_bias:
            bias = program.relative_bias
            bucket = language.buckets(bias, program.shape(bias.table)[0], p, j)
            places["relative_bias"] = (bias.table, (bucket, h))
        if program.bias:
            sizes = program.shape(program.bias)
            places["bias"] = (program.bias, tuple(
                np.minimum(x, n - 1) for x, n in zip((b, h, i, j), sizes)))
        evaluator = expressions.Evaluator(
            language.arguments_of(case, b, h, self.scores.astype(np.float64)),
            self.values, np.float64)
        for node in reads_of(program.score):
            sizes = program.shape(node.data)
            places[node] = (node.data, tuple(
                np.clip(evaluator.value(arg), 0, n - 1)
                for arg, n in zip(node.args, sizes)))
        for read, (tensor, at) in places.items():
            at = tuple(np.asarray(x).astype(np.int64) for x in at)
            elements = np.asarray(self.values[tensor.name][at], np.float64)
            yield tensor, at, elements, self.scores_with(read)

    def scores_with(self, read):
        s = self.scores.astype(np.float64)
        return lambda elements: language.scores(
            self.program, self.values, self.b, self.h, s, np.float64,
            {read: elements})

    def add_tensors(self, sums, squares):
        """Adds to gradients of tensors by name, and to the squares of what a
        query adds before terms cancel."""
        centred = self.of_weights - self.delta[:, None]
        size = np.abs(self.of_weights) + self.delta_size[:, None]
        for tensor, at, elements, scores in self.reads():
            by = self.p * self.difference(elements, scores)
            at = tuple(np.broadcast_to(x, by.shape) for x in at or (np.array(0),))
            terms = np.where(self.counts, by * centred, 0).astype(self.real)
            np.add.at(sums[tensor.name], at, terms)
            sizes = np.where(self.counts, np.abs(by) * size, 0)
            for row in range(len(by)):
                of_row = np.zeros(squares[tensor.name].shape)
                np.add.at(of_row, tuple(x[row] for x in at), sizes[row])
                squares[tensor.name] += of_row**2
        if sinks := self.program.sinks:
            sink = self.real(self.values[sinks.name][self.h])
            weights = np.where(np.isfinite(self.lse), np.exp(sink - self.lse), 0)
            terms = (weights * self.delta).astype(self.real)
            sums[sinks.name][self.h] -= terms.sum(dtype=self.real)
            sizes = (weights * self.delta_size).astype(np.float64)
            squares[sinks.name][self.h] += (sizes**2).sum()


def forward(program, values, exact):
    return language.attention(program, values, exact)


def completed(program, values, exact):
    """With output and LSE, and with the cotangents of results that are none."""
    values = dict(values)
    if "o" not in values:
        values.update(forward(program, values, exact))
    for x in ("o", "lse"):
        values.setdefault(f"d{x}", np.zeros(program.case.shape(x)))
    return values


def gradients(program, values, exact):
    """By the names of `names`, in the shapes of the program, as float64."""
    case = program.case
    real = np.float64 if exact else np.float32

    def rounded(name, array):
        return array if exact else oracle.round_to(element(program, name), array)

    values = completed(program, values, exact)
    sums = {x: np.zeros(shape(program, x)) for x in GRADIENTS}
    tensors = {t.name: np.zeros(program.shape(t) or (1,), real)
               for t in differentiated(program)}
    squares = {x: np.zeros(array.shape) for x, array in tensors.items()}
    group = case.heads[0] // case.heads[1]
    with np.errstate(all="ignore"):
        for b, h in np.ndindex(case.batch, case.heads[0]):
            head = Head(program, values, b, h, real,
                        lambda x: rounded("dq", x))
            for x, at, part in zip(GRADIENTS, (h, h // group, h // group),
                                   head.operands()):
                view = oracle.to_bhsd(case, sums[x])
                view[b, at] = (view[b, at] + part).astype(real)
            head.add_tensors(tensors, squares)
    for x, array in tensors.items():
        off = 0 if exact else (OFF[case.element]
                               * np.sqrt(squares[x])).astype(real)
        sums[f"d{x}"] = array + off
    return {x: rounded(x, array).astype(np.float64).reshape(shape(program, x))
            for x, array in sums.items()}


def judge(program, name, actual, reference, baseline, target="host"):
    """What is wrong with a gradient, or an empty string."""
    if actual.size == 0:
        return ""
    case = dataclasses.replace(program.case, element=element(program, name))
    return oracle.judge(case, name, np.atleast_1d(actual),
                        np.atleast_1d(reference), np.atleast_1d(baseline),
                        chain(program.case, target))
