#===- language.py - Attention with scores and masks of any form ------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""One attn.sdpa with any clauses and regions: its text, its arrays and what
numpy computes, from the tables of docs/AttnSpec.md alone.

    program = programs.program(seed=1, number=0)
    text = program.mlir("f")
    values = program.values(np.random.default_rng(0))   # by name
    args = program.arguments(values)                     # as they lie in memory
    expected = language.attention(program, values, exact=True)["o"]
"""

import dataclasses
from typing import Any, Optional, Tuple

import numpy as np

from attn_testing import expressions, generator, oracle, philox
from attn_testing.case import Case
from attn_testing.expressions import Tensor, evaluate, region, tensors_of


@dataclasses.dataclass(frozen=True)
class RelativeBias:
    table: Tensor  # buckets x Hq
    max_distance: Optional[int] = None
    bidirectional: bool = False


SEED, OFFSET = Tensor("seed", "i64"), Tensor("offset", "i64")


@dataclasses.dataclass
class Program:
    """`case` has the operands, the results, `scale`, `causal`, `window`,
    `layout` and `masked_row`; beside `keep` it has no mask."""
    case: Case
    softcap: Optional[float] = None
    alibi: Optional[Tensor] = None
    relative_bias: Optional[RelativeBias] = None
    bias: Optional[Tensor] = None
    sinks: Optional[Tensor] = None
    prefix: Any = None  # a number or a tensor
    chunked: Optional[int] = None
    documents: Optional[Tuple[Tensor, Tensor]] = None  # of queries, of keys
    mask: Optional[Tensor] = None
    dropout: Optional[float] = None
    score: Optional[expressions.Node] = None
    keep: Optional[expressions.Node] = None
    # What makes an operand of an argument, by the operand's name.
    chains: dict = dataclasses.field(default_factory=dict)
    # Whether the attention has the other layout, between transpositions.
    transposed: bool = False

    # Tensors.

    def captures(self):
        return tensors_of(self.score, self.keep)

    def tensors(self):
        """All tensors but query, key and value, each once, in the order of the
        function's arguments behind these three."""
        table = self.relative_bias and self.relative_bias.table
        clauses = [self.alibi, table, self.bias, self.sinks, self.prefix,
                   *(self.documents or ()), self.mask, *self.numbers(),
                   *self.captures()]
        for chain in self.chains.values():
            clauses += chain.tensors()
        return list(dict.fromkeys(t for t in clauses if isinstance(t, Tensor)))

    def numbers(self):
        """Seed and offset of the dropout."""
        return () if self.dropout is None else (SEED, OFFSET)

    def size(self, dim):
        case = self.case
        sizes = {"b": case.batch, "h": case.heads[0], "i": case.lengths[0],
                 "j": case.lengths[1], "g": case.heads[1]}
        return sizes.get(dim, dim)

    def shape(self, tensor):
        return tuple(self.size(dim) for dim in tensor.dims)

    def type(self, tensor):
        sources = {"b": "qb", "h": "qh", "i": "qs", "j": "ks", "g": "kh"}
        dims = ["?" if sources.get(dim) in self.case.dynamic
                else str(self.size(dim)) for dim in tensor.dims]
        return f"tensor<{'x'.join([*dims, tensor.element])}>"

    # Text.

    def score_clauses(self):
        words = []
        if self.softcap is not None:
            words.append(f"softcap({float(np.float32(self.softcap)):.9e})")
        if self.relative_bias:
            bias = self.relative_bias
            inner = f"%{bias.table.name} : {self.type(bias.table)}"
            if bias.max_distance is not None:
                inner += f", max_distance = {bias.max_distance}"
            if bias.bidirectional:
                inner += ", bidirectional"
            words.append(f"relative_bias({inner})")
        for word in ["alibi", "bias", "sinks"]:
            if tensor := getattr(self, word):
                words.append(f"{word}(%{tensor.name} : {self.type(tensor)})")
        return words

    def mask_clauses(self):
        words = []
        if isinstance(self.prefix, Tensor):
            words.append(f"prefix(%{self.prefix.name} : "
                         f"{self.type(self.prefix)})")
        elif self.prefix is not None:
            words.append(f"prefix({self.prefix})")
        if self.chunked is not None:
            words.append(f"chunked({self.chunked})")
        if self.documents:
            q, k = self.documents
            words.append(f"documents(%{q.name}, %{k.name} : {self.type(q)}, "
                         f"{self.type(k)})")
        if self.mask:
            words.append(f"mask(%{self.mask.name} : {self.type(self.mask)})")
        return words

    def other_clauses(self):
        if self.dropout is None:
            return []
        return [f"dropout({self.dropout:.17e}, %seed, %offset : "
                "tensor<i64>, tensor<i64>)"]

    def regions(self):
        words = []
        if captures := self.captures():
            names = ", ".join("%" + t.name for t in captures)
            types = ", ".join(self.type(t) for t in captures)
            words.append(f"captures({names} : {types})")
        if self.score is not None:
            words.append("score " + region(self.score, "sbhij", self.type))
        if self.keep is not None:
            words.append("keep " + region(self.keep, "bhij", self.type))
        return words

    def producers(self, inner):
        """The lines before the attention, and the names of its operands."""
        case, lines, names = self.case, [], []
        for x in "qkv":
            made = f"%{x}"
            if self.transposed:
                lines.append(transposition(case, inner, x, f"%{x}", f"%{x}_t"))
                made = f"%{x}_t"
            if chain := self.chains.get(x):
                def type_with(element, operand=x):
                    return dataclasses.replace(inner, element=element).type(
                        operand)
                lines.append(chain.text(made[1:], inner.layout, type_with,
                                        case.element, self.type))
                made += "_made"
            names.append(made)
        return "".join(lines), ", ".join(names)

    def mlir(self, name="f"):
        case = inner = self.case
        if self.transposed:
            other = {"bhsd": "bshd", "bshd": "bhsd"}[case.layout]
            inner = dataclasses.replace(case, layout=other)
        before, names = self.producers(inner)
        back = ("" if not self.transposed else
                transposition(inner, case, "o", "%o_t", "%o"))
        operands = [f"%{x}: {case.type(x)}" for x in "qkv"]
        operands += [f"%{t.name}: {self.type(t)}" for t in self.tensors()]
        types = ", ".join(inner.type(x) for x in "qkv")
        made = ("o", "lse") if "lse" in case.results else ("o",)
        made_types = ", ".join(inner.type(x) for x in made)
        out_types = ", ".join(case.type(x) for x in case.results)
        made_names = ["%o_t" if x == "o" and self.transposed else f"%{x}"
                      for x in made]
        words = " ".join([inner.clauses(), *self.score_clauses(),
                          *self.mask_clauses(), *self.other_clauses(),
                          *self.regions()])
        return (
            f"func.func @{name}({', '.join(operands)}) -> ({out_types}) {{\n"
            f"{before}  {', '.join(made_names)} = attn.sdpa {names}"
            f" {words}\n    : ({types})\n    -> ({made_types})\n{back}"
            f"  return {', '.join('%' + x for x in case.results)}"
            f" : {out_types}\n}}\n")

    # Arrays.

    def values(self, rng, kind="normal"):
        """The elements of all arguments by name: floats as float32. `kind` is
        of generator.make_values, for query, key and value."""
        values = {x: oracle.round_to(self.case.element, generator.make_values(
            kind, rng, self.case.shape(x))) for x in "qkv"}
        for tensor in self.tensors():
            values[tensor.name] = make_elements(tensor, self.shape(tensor), rng)
        return values

    def arguments(self, values):
        """The arrays as they lie in memory, in the order of the arguments; bf16
        is uint16."""
        elements = [(x, self.case.element) for x in "qkv"]
        elements += [(t.name, t.element) for t in self.tensors()]
        return [to_storage(element, values[name]) for name, element in elements]


def transposition(source, target, operand, value, result):
    """The lines that make `result`, as `target` has the operand, of `value`, as
    `source` has it."""
    have, want = source.type(operand), target.type(operand)
    lines, sizes, name = [], [], result[1:]
    for n in range(4):
        if want[len("tensor<"):].split("x")[n] == "?":
            at = (0, 2, 1, 3)[n]
            lines += [f"  %{name}_c{n} = arith.constant {at} : index\n",
                      f"  %{name}_n{n} = tensor.dim {value}, %{name}_c{n} : "
                      f"{have}\n"]
            sizes.append(f"%{name}_n{n}")
    return "".join(lines) + (
        f"  %{name}_e = tensor.empty({', '.join(sizes)}) : {want}\n"
        f"  {result} = linalg.transpose ins({value} : {have}) "
        f"outs(%{name}_e : {want}) permutation = [0, 2, 1, 3]\n")


def make_elements(tensor, shape, rng):
    if tensor.element == "i1":
        return np.asarray(rng.random(shape) < 0.75)
    if tensor.element == "i64":  # a seed or an offset
        return np.asarray(rng.integers(-2**63, 2**63, shape), np.int64)
    if tensor.element in ("i8", "i32"):
        dtype = np.int8 if tensor.element == "i8" else np.int32
        # Some are beyond what they may be used to index.
        drawn = np.asarray(rng.integers(-2, 6, shape)).astype(dtype)
        return np.sort(drawn, axis=-1) if shape else drawn
    return np.asarray(oracle.round_to(tensor.element,
                                      rng.standard_normal(shape)))


def to_storage(element, values):
    if element == "f16":
        return values.astype(np.float16)
    if element == "bf16":
        bits = np.asarray(values, np.float32).view(np.uint32) >> 16
        return np.asarray(bits).astype(np.uint16)
    return np.array(values)


#===------------------------------------------------------------------------===#
# Clauses in numpy
#===------------------------------------------------------------------------===#


def positions(case):
    """The position p of each query, [Sq, 1], as integers of any size."""
    sq, sk = case.lengths
    i = np.arange(sq, dtype=object)[:, None]
    if case.causal == "bottom_right":
        return i + (sk - sq)
    return i + case.causal if isinstance(case.causal, int) else i


def bucket_of(distance, buckets, max_distance):
    """T5's bucket of a distance of at least 0."""
    exact = buckets // 2
    growth = (np.log(np.maximum(distance, 1) / exact)
              / np.log(max_distance / exact) * (buckets - exact))
    far = exact + np.floor(growth + 1e-9).astype(np.int64)
    return np.where(distance < exact, distance, np.minimum(far, buckets - 1))


def buckets(bias, size, p, j):
    """Of each query and key, for a table of `size` buckets."""
    most = bias.max_distance or 128
    before = (p - j).astype(np.int64)
    if not bias.bidirectional:
        return bucket_of(np.maximum(before, 0), size, most)
    return (bucket_of(np.abs(before), size // 2, most)
            + np.where(before < 0, size // 2, 0))


def broadcast_head(array, b, h):
    """[Sq or 1, Sk or 1] of a tensor of rank 4 with sizes of 1."""
    return array[min(b, array.shape[0] - 1), min(h, array.shape[1] - 1)]


def scores(program, values, b, h, s, real, replaced=None):
    """What the clauses and the region make of s, [Sq, Sk] of one head.
    `replaced` has other elements than a tensor's, by the clause or the node that
    reads them."""
    case, replaced = program.case, replaced or {}
    p, j = positions(case), np.arange(case.lengths[1])[None, :]
    if program.softcap is not None:
        cap = np.float32(program.softcap)
        part = s * real(np.float32(1) / cap)
        tanh = np.tanh if real is np.float64 else expressions.tanh_of_gpu
        s = real(tanh(part)) * real(cap)
    if program.alibi:
        slope = replaced.get("alibi", real(values[program.alibi.name][h]))
        s = s - np.abs(p - j).astype(real) * slope
    if program.relative_bias:
        table = values[program.relative_bias.table.name].astype(real)
        read = table[buckets(program.relative_bias, len(table), p, j), h]
        s = s + replaced.get("relative_bias", read)
    if program.bias:
        read = broadcast_head(values[program.bias.name], b, h).astype(real)
        s = s + replaced.get("bias", read)
    if program.score is not None:
        s = evaluate(program.score, arguments_of(case, b, h, s), values, real,
                     replaced)
    return np.broadcast_to(s, case.lengths).astype(real)


def arguments_of(case, b, h, s=None):
    sq, sk = case.lengths
    return {"s": s, "b": b, "h": h, "i": np.arange(sq)[:, None],
            "j": np.arange(sk)[None, :], "Sq": sq, "Sk": sk}


def kept(program, values, b, h):
    """Which keys each row of one head keeps, [Sq, Sk]."""
    case = program.case
    p, j = positions(case), np.arange(case.lengths[1], dtype=object)[None, :]
    if program.keep is not None:
        keep = evaluate(program.keep, arguments_of(case, b, h), values,
                        np.float64)
        return np.broadcast_to(np.asarray(keep, bool), case.lengths)
    if program.prefix is None:
        keep = case.keep()
    else:
        first = program.prefix
        if isinstance(first, Tensor):
            first = int(values[first.name][b])
        keep = dataclasses.replace(case, causal=None, window=None).keep()
        keep &= ((j < first) | (j <= p)).astype(bool)
        left, right = case.window or (None, None)
        if left is not None:
            keep &= (j >= p - left).astype(bool)
        if right is not None:
            keep &= (j <= p + right).astype(bool)
    if program.chunked is not None:
        keep &= (p // program.chunked == j // program.chunked).astype(bool)
    if program.documents:
        q, k = (values[t.name][b] for t in program.documents)
        keep &= q[:, None] == k[None, :]
    if program.mask:
        keep &= broadcast_head(values[program.mask.name], b, h)
    return keep


#===------------------------------------------------------------------------===#
# Attention in numpy
#===------------------------------------------------------------------------===#


def left(program, values, b, h):
    """Which weights of a head dropout leaves, [Sq, Sk], and their factor."""
    if program.dropout is None:
        return np.ones(program.case.lengths, bool), 1
    drawn = philox.left(program.dropout, values["seed"], values["offset"], b, h,
                        *program.case.lengths)
    return drawn, philox.factor(program.dropout)


def head(program, values, b, h, real, cast, product):
    """O [Sq, dv] and LSE [Sq] of one head, in `real` with roundings `cast`."""
    case = program.case
    group = case.heads[0] // case.heads[1]
    operand = ((lambda x: x) if real is np.float64 else
               (lambda x: oracle.round_operand(case, x)))
    q, k, v = (operand(oracle.to_bhsd(case, values[x])[b, n].astype(real))
               for x, n in zip("qkv", (h, h // group, h // group)))
    keep = kept(program, values, b, h)
    s = product(q, k.T) * real(case.effective_scale)
    s = np.where(keep, scores(program, values, b, h, s, real), real(-np.inf))
    sink = real(-np.inf)
    if program.sinks:
        sink = real(values[program.sinks.name][h])
    m = np.maximum(s.max(axis=1, initial=-np.inf), sink).astype(real)
    weighs = m != -np.inf
    p = np.where(keep & weighs[:, None], np.exp(s - m[:, None]), real(0))
    l = p.sum(axis=1, dtype=real) + np.where(weighs, np.exp(sink - m), real(0))
    is_left, factor = left(program, values, b, h)
    p = np.where(is_left, p, real(0))
    acc = oracle.weighted_sum(operand(cast(p).astype(real)), keep, v, product)
    o = cast((acc * (real(factor) / l)[:, None]).astype(real))
    lse = np.where(weighs, np.log(l) + m, -np.inf)
    if case.masked_row == "nan":
        o[~weighs] = np.nan
    elif case.masked_row == "uniform" and case.lengths[1]:
        # Only of rows that keep nothing: scores of -inf are not drawn for it.
        sums = product(is_left[~weighs].astype(real), v)
        mean = sums * (real(factor) / real(case.lengths[1]))
        o[~weighs] = cast(mean.astype(real))
    else:
        o[~weighs] = 0
    return o, lse


def attention(program, values, exact, product=np.matmul):
    """{"o", "lse"} in the shapes of the case, float64. `exact` leaves out every
    rounding; otherwise it is the naive computation with those of the op."""
    case = program.case
    values = dict(values)
    for x, chain in program.chains.items():
        made = chain.apply(oracle.to_bhsd(case, values[x]), values,
                           case.element, exact)
        values[x] = oracle.to_bhsd(case, made)
    real = np.float64 if exact else np.float32
    cast = (lambda x: x) if exact else (
        lambda x: oracle.round_to(case.element, x))
    o, lse = np.zeros(case.shape("o")), np.zeros(case.shape("lse"))
    with np.errstate(all="ignore"):
        for b, h in np.ndindex(case.batch, case.heads[0]):
            oracle.to_bhsd(case, o)[b, h], lse[b, h] = head(
                program, values, b, h, real, cast, product)
    return {"o": o, "lse": lse}


def row_flops(program):
    """What the chains before the attention multiply and add."""
    case = program.case
    return sum(step.flops(case.dims[x == "v"]) * case.batch
               * case.heads[x != "q"] * case.lengths[x != "q"]
               for x, chain in program.chains.items() for step in chain.steps)


def pairs(program, values):
    """How many pairs of a query and a key are kept, in all heads."""
    case = program.case
    return sum(int(kept(program, values, b, h).sum())
               for b, h in np.ndindex(case.batch, case.heads[0]))
