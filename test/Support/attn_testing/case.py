#===- case.py - One attention function -------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""What one attn.sdpa computes, as data, and its spelling in MLIR."""

import dataclasses
from typing import Optional, Tuple, Union

import numpy as np


def with_keys(schedule, keys):
    """The schedule with other values of some keys."""
    parts = [part.split("=") for part in f"{schedule},{keys}".split(",")]
    return ",".join(f"{name}={value}" for name, value in dict(parts).items())


@dataclasses.dataclass
class Case:
    """Lengths and counts are those of the run; `dynamic` says which of them the
    types leave open, by the name of the operand and the dimension."""
    element: str = "bf16"  # or "f16", "f32"
    batch: int = 1
    heads: Tuple[int, int] = (4, 2)  # of query, of key and value
    lengths: Tuple[int, int] = (64, 64)  # of query, of key
    dims: Tuple[int, int] = (64, 64)  # of query and key, of value
    layout: str = "bhsd"  # or "bshd"
    scale: Optional[float] = None
    causal: Union[None, str, int] = None  # "top_left", "bottom_right", offset
    window: Optional[Tuple[Optional[int], Optional[int]]] = None  # None: inf
    masked_row: str = "zero"  # or "nan", "uniform"
    results: Tuple[str, ...] = ("o", "lse")  # in the order of the function
    dynamic: frozenset = frozenset()  # of e.g. "qb", "kh", "vs"
    schedule: Optional[str] = None
    precision: Optional[str] = None  # or "tf32x3", "tf32": of f32 on GPUs

    @property
    def effective_scale(self):
        return np.float32(self.scale if self.scale is not None
                          else 1 / np.sqrt(self.dims[0]))

    @property
    def flops(self):
        return (2 * self.batch * self.heads[0] * self.lengths[0]
                * self.lengths[1] * sum(self.dims))

    def shape(self, operand):
        """Of "q", "k", "v", "o" or "lse"."""
        hq, hkv = self.heads
        sq, sk = self.lengths
        if operand == "lse":
            return (self.batch, hq, sq)
        heads, length = (hq, sq) if operand in "qo" else (hkv, sk)
        dim = self.dims[0 if operand in "qk" else 1]
        if self.layout == "bhsd":
            return (self.batch, heads, length, dim)
        return (self.batch, length, heads, dim)

    def type(self, operand):
        # Results are dynamic where query is.
        source = operand if operand in "kv" else "q"
        letters = "bhs" if operand == "lse" or self.layout == "bhsd" else "bsh"
        dims = ["?" if letter is not None and source + letter in self.dynamic
                else str(size)
                for size, letter in zip(self.shape(operand), [*letters, None])]
        element = "f32" if operand == "lse" else self.element
        return f"tensor<{'x'.join(dims)}x{element}>"

    def clauses(self):
        words = []
        if self.scale is not None:
            words.append(f"scale({float(np.float32(self.scale)):.9e})")
        if isinstance(self.causal, str):
            words.append(f"causal({self.causal})")
        elif self.causal is not None:
            words.append(f"causal(offset = {self.causal})")
        if self.window is not None:
            left, right = ("inf" if n is None else n for n in self.window)
            words.append(f"window({left}, {right})")
        if self.layout != "bhsd":
            words.append(f"layout({self.layout})")
        if self.masked_row != "zero":
            words.append(f"masked_row({self.masked_row})")
        if self.precision is not None:
            words.append(f"precision({self.precision})")
        return " ".join(words)

    def mlir(self, name="f"):
        operands = ", ".join(f"%{x}: {self.type(x)}" for x in "qkv")
        types = ", ".join(self.type(x) for x in "qkv")
        made = ("o", "lse") if "lse" in self.results else ("o",)
        made_types = ", ".join(self.type(x) for x in made)
        out_types = ", ".join(self.type(x) for x in self.results)
        return (
            f"func.func @{name}({operands}) -> ({out_types}) {{\n"
            f"  {', '.join('%' + x for x in made)} = attn.sdpa %q, %k, %v"
            f" {self.clauses()}\n    : ({types})\n    -> ({made_types})\n"
            f"  return {', '.join('%' + x for x in self.results)}"
            f" : {out_types}\n}}\n")

    def keep(self):
        """Which keys each row keeps, [Sq, Sk]."""
        sq, sk = self.lengths
        i = np.arange(sq, dtype=object)[:, None]  # integers of any size
        j = np.arange(sk, dtype=object)[None, :]
        keep = np.ones((sq, sk), bool)
        position = i
        if self.causal == "bottom_right":
            position = i + sk - sq
        elif isinstance(self.causal, int):
            position = i + self.causal
        if self.causal is not None:
            keep &= (j <= position).astype(bool)
        left, right = self.window or (None, None)
        if left is not None:
            keep &= (j >= position - left).astype(bool)
        if right is not None:
            keep &= (j <= position + right).astype(bool)
        return keep
