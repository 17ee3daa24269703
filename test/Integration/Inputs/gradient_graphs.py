#===- gradient_graphs.py - Functions of several operations ----------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Functions in which values are read more than once, norms and attention feed
others, and rows keep no key: each as MLIR and in numpy, in f64."""

import dataclasses
import typing

import numpy as np


def attention(q, k, v, bias=None, keep=None, masked_row="zero", slopes=None):
    """Output and LSE of [B, H, S, d]; heads of k and v may be fewer."""
    k, v = (np.repeat(x, q.shape[1] // x.shape[1], axis=1) for x in (k, v))
    s = q @ k.swapaxes(2, 3) / np.sqrt(np.float32(q.shape[-1])).astype(np.float64)
    i, j = np.arange(s.shape[2])[:, None], np.arange(s.shape[3])[None, :]
    if slopes is not None:
        s = s - slopes[None, :, None, None] * abs(i - j)
    if bias is not None:
        s = s + bias
    kept = np.ones(s.shape, bool) if keep is None else np.broadcast_to(
        keep(i, j), s.shape)
    m = np.where(kept, s, -np.inf).max(axis=-1, keepdims=True)
    some = np.isfinite(m)
    p = np.where(kept, np.exp(np.where(kept, s - np.where(some, m, 0), 0)), 0)
    total = p.sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore"):
        lse = np.where(some, np.log(total) + m, -np.inf)[..., 0]
    p = np.where(some, p / np.where(some, total, 1),
                 1 / s.shape[3] if masked_row == "uniform" else 0)
    return p @ v, lse


def norm(kind, x, weight=1.0, bias=0.0, scale=1.0, eps=None):
    eps = eps or {"rms": 1e-6, "l2": 1e-12, "layer": 1e-5}[kind]
    eps = float(np.float32(eps))
    c = x - x.mean(axis=-1, keepdims=True) if kind == "layer" else x
    if kind == "l2":
        n = np.maximum(np.sqrt((c**2).sum(axis=-1, keepdims=True)), eps)
    else:
        n = np.sqrt((c**2).mean(axis=-1, keepdims=True) + eps)
    return c / n * scale * weight + bias


def rotate(x):
    half = x.shape[-1] // 2
    angle = (np.arange(x.shape[2])[:, None]
             * 10000.0**(-np.arange(half)[None, :] / half))
    a, b = x[..., :half], x[..., half:]
    return np.concatenate([a * np.cos(angle) - b * np.sin(angle),
                           b * np.cos(angle) + a * np.sin(angle)], axis=-1)


def of_heads(x):
    """A weight of [H, 1] or [H, d] beside [B, H, S, d]."""
    return x[None, :, None, :]


@dataclasses.dataclass(frozen=True)
class Graph:
    name: str
    arguments: dict  # of floats: types by name
    results: dict
    body: str  # types are written !NAME
    compute: typing.Callable  # the results by name

    def mlir(self):
        types = "".join(f"!{x} = tensor<{t}>\n" for x, t in
                        {**self.arguments, **self.results}.items())
        arguments = ", ".join(f"%{x}: !{x}" for x in self.arguments)
        results = ", ".join(f"!{x}" for x in self.results)
        returned = ", ".join(f"%{x}" for x in self.results)
        return (f"{types}func.func @{self.name}({arguments}) -> ({results}) {{\n"
                f"{self.body}\n  return {returned} : {results}\n}}\n")


def shared(x):
    return dict(zip(("o", "lse"), attention(x, x, x, keep=lambda i, j: j <= i)))


def chained(q, k, v):
    p, _ = attention(q, k, v)
    o, _ = attention(rotate(norm("rms", p)), k, v, keep=lambda i, j: j <= i)
    return {"p": p, "o": o}


def lse_alone(q, k, v, s):
    return {"lse": attention(q, k, v, keep=lambda i, j: abs(i - j) <= 5)[1]}


def siblings(q, r, k, v, t, bias, c):
    o, _ = attention(q, k, v, bias + c, slopes=t)
    p, lse = attention(r, k, v, bias + 2 * c, slopes=t)
    return {"o": o, "p": p, "lse": lse}


def normed(q, k, v, w, x, u, b):
    nq = rotate(norm("rms", q, w, scale=0.5))
    nk = rotate(norm("l2", k, of_heads(x), scale=4.0))
    nv = norm("layer", v, of_heads(u), b, eps=1e-3)
    return {"o": attention(nq, nk, nv, keep=lambda i, j: j <= i)[0]}


def layers(q, k, v, w, u):
    nq = norm("layer", norm("rms", q, w), bias=of_heads(u))
    o, lse = attention(nq, norm("layer", k, w), v)
    return {"o": norm("l2", o), "lse": lse}


def uniform(q, k, v):
    return {"o": attention(q, k, v, keep=lambda i, j: j <= i - 9,
                           masked_row="uniform")[0]}


def absent(q, k, v):
    o, lse = attention(q, k, v, keep=lambda i, j: j <= i - 9)
    return {"o": o, "lse": lse}


Q, K, L = "2x4x43x32xbf16", "2x2x43x32xbf16", "2x4x43xf32"
CAPTURED = """captures(%c : !c) score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    %e = attn.capture %c[] : !c
    %a = arith.addf %s, %e : f32
    YIELD
  }"""
ONCE = CAPTURED.replace("YIELD", "attn.yield %a : f32")
TWICE = CAPTURED.replace("YIELD", """%d = arith.addf %a, %e : f32
    attn.yield %d : f32""")

GRAPHS = [
    Graph("shared", {"x": Q}, {"o": Q, "lse": L},
          "  %o, %lse = attn.sdpa %x, %x, %x causal(top_left) "
          ": (!x, !x, !x) -> (!o, !lse)", shared),
    Graph("chained", {"q": Q, "k": K, "v": K}, {"p": Q, "o": Q},
          "  %p = attn.sdpa %q, %k, %v : (!q, !k, !v) -> !p\n"
          "  %n = attn.norm rms %p : !p\n"
          "  %r = attn.rope %n : !p\n"
          "  %o = attn.sdpa %r, %k, %v causal(top_left) : (!p, !k, !v) -> !o",
          chained),
    Graph("lse_alone", {"q": Q, "k": K, "v": K, "s": "4x3xf32"}, {"lse": L},
          "  %o, %lse = attn.sdpa %q, %k, %v window(5, 5) "
          ": (!q, !k, !v) -> (!q, !lse)", lse_alone),
    Graph("siblings", {"q": Q, "r": Q, "k": K, "v": K, "t": "4xf32",
                       "bias": "1x4x1x43xbf16", "c": "f32"},
          {"o": Q, "p": Q, "lse": L},
          "  %o = attn.sdpa %q, %k, %v alibi(%t : !t) bias(%bias : !bias) "
          f"{ONCE} : (!q, !k, !v) -> !o\n"
          "  %p, %lse = attn.sdpa %r, %k, %v alibi(%t : !t) bias(%bias : !bias) "
          f"{TWICE} : (!r, !k, !v) -> (!p, !lse)", siblings),
    Graph("normed", {"q": Q, "k": K, "v": K, "w": "32xbf16", "x": "2x1xf32",
                     "u": "2x32xf32", "b": "32xf16"}, {"o": Q},
          "  %n = attn.norm rms %q weight(%w : !w) scale(0.5) : !q\n"
          "  %nq = attn.rope %n : !q\n"
          "  %m = attn.norm l2 %k weight(%x : !x) scale(4.0) : !k\n"
          "  %nk = attn.rope %m : !k\n"
          "  %nv = attn.norm layer %v weight(%u : !u) bias(%b : !b) eps(1.0e-3) "
          ": !v\n"
          "  %o = attn.sdpa %nq, %nk, %nv causal(top_left) : (!q, !k, !v) -> !o",
          normed),
    Graph("layers", {"q": Q, "k": Q, "v": Q, "w": "32xf32", "u": "4x1xf32"},
          {"o": Q, "lse": L},
          "  %n = attn.norm rms %q weight(%w : !w) : !q -> tensor<2x4x43x32xf32>\n"
          "  %nq = attn.norm layer %n bias(%u : !u) "
          ": tensor<2x4x43x32xf32> -> !q\n"
          "  %nk = attn.norm layer %k weight(%w : !w) : !k\n"
          "  %p, %lse = attn.sdpa %nq, %nk, %v : (!q, !k, !v) -> (!q, !lse)\n"
          "  %o = attn.norm l2 %p : !q", layers),
    Graph("uniform", {"q": Q, "k": K, "v": K}, {"o": Q},
          "  %o = attn.sdpa %q, %k, %v causal(offset = -9) masked_row(uniform) "
          ": (!q, !k, !v) -> !o", uniform),
    Graph("absent", {"q": Q, "k": K, "v": K}, {"o": Q, "lse": L},
          "  %o, %lse = attn.sdpa %q, %k, %v causal(offset = -9) "
          "masked_row(nan) : (!q, !k, !v) -> (!o, !lse)", absent),
]
