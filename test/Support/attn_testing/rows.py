#===- rows.py - Norms and rotary positions before attention ----------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Chains of attn.norm and attn.rope: their text and what numpy computes, from the
formulas of docs/AttnSpec.md alone. Arrays are [B, H, S, d].
"""

import dataclasses
from typing import Optional, Tuple, Union

import numpy as np

from attn_testing import oracle
from attn_testing.expressions import Tensor

EPS = {"rms": 1e-6, "l2": 1e-12, "layer": 1e-5}


@dataclasses.dataclass(frozen=True)
class Norm:
    kind: str  # "rms", "l2", "layer"
    weight: Optional[Tensor] = None  # (d,), (H, d) or (H, 1)
    bias: Optional[Tensor] = None
    eps: Optional[float] = None
    scale: Optional[float] = None

    def tensors(self):
        return [t for t in (self.weight, self.bias) if t]

    def text(self, value, type_of):
        words = [f"attn.norm {self.kind} {value}"]
        for word in ("weight", "bias"):
            if tensor := getattr(self, word):
                words.append(f"{word}(%{tensor.name} : {type_of(tensor)})")
        for word in ("eps", "scale"):
            if (number := getattr(self, word)) is not None:
                words.append(f"{word}({float(np.float32(number)):.9e})")
        return " ".join(words)

    def apply(self, x, values, real):
        eps = real(np.float32(EPS[self.kind] if self.eps is None else self.eps))
        if self.kind == "layer":
            x = x - x.mean(axis=-1, keepdims=True, dtype=real)
        squares = (x * x).sum(axis=-1, keepdims=True, dtype=real)
        if self.kind == "l2":
            divisor = np.maximum(np.sqrt(squares), eps)
        else:
            divisor = np.sqrt(squares / real(x.shape[-1]) + eps)
        scale = real(np.float32(1 if self.scale is None else self.scale))
        x = x * (scale / divisor)
        if self.weight:
            x = x * self.factors(self.weight, values, real)
        if self.bias:
            x = x + self.factors(self.bias, values, real)
        return x.astype(real)

    def flops(self, d):
        """Of a row: a square, its sum and two products for each element; `layer`
        also sums elements, subtracts the mean and adds the bias."""
        return (7 if self.kind == "layer" else 4) * d

    @staticmethod
    def factors(tensor, values, real):
        factors = values[tensor.name].astype(real)
        return factors if factors.ndim == 1 else factors[:, None, :]


@dataclasses.dataclass(frozen=True)
class Rope:
    rotary: int
    pairing: str = "half"  # or "interleaved"
    base: float = 10000.0
    offset: int = 0
    positions: Optional[Tensor] = None  # (B, S)
    offsets: Optional[Tensor] = None  # (B,)

    def tensors(self):
        return [t for t in (self.positions, self.offsets) if t]

    def text(self, value, type_of):
        words = [f"attn.rope {value} base({self.base}) pairing({self.pairing})"
                 f" rotary_dims({self.rotary}) offset({self.offset})"]
        for word in ("positions", "offsets"):
            if tensor := getattr(self, word):
                words.append(f"{word}(%{tensor.name} : {type_of(tensor)})")
        return " ".join(words)

    def flops(self, _d):
        return 3 * self.rotary

    def apply(self, x, values, real):
        rd, half = self.rotary, self.rotary // 2
        position = np.arange(x.shape[2])[None, :] + np.zeros((len(x), 1))
        if self.positions:
            position = values[self.positions.name].astype(np.float64)
        if self.offsets:
            position = position + values[self.offsets.name][:, None]
        freq = self.base ** (-np.arange(0, rd, 2) / rd)
        angle = (position + self.offset)[:, None, :, None] * freq
        c, s = (f(angle).astype(real) for f in (np.cos, np.sin))
        first, second = slice(0, half), slice(half, rd)
        if self.pairing == "interleaved":
            first, second = slice(0, rd, 2), slice(1, rd, 2)
        out = x.astype(real)
        out[..., first] = x[..., first] * c - x[..., second] * s
        out[..., second] = x[..., second] * c + x[..., first] * s
        return out


@dataclasses.dataclass(frozen=True)
class Chain:
    """Operations in order. With `wide`, what lies between two of them is f32 by
    its type, else it is of the operand's type."""
    steps: Tuple[Union[Norm, Rope], ...]
    wide: bool = False

    def tensors(self):
        return [t for step in self.steps for t in step.tensors()]

    def text(self, name, layout, type_with, element, type_of):
        """The lines that make %<name>_made of %<name>. `type_with` is the type
        with other elements."""
        lines, value, have = [], f"%{name}", element
        for number, step in enumerate(self.steps):
            is_last = number + 1 == len(self.steps)
            made = element if is_last or not self.wide else "f32"
            result = f"%{name}_{'made' if is_last else number}"
            types = type_with(have)
            if made != have:
                types += f" -> {type_with(made)}"
            lines.append(f"  {result} = {step.text(value, type_of)} "
                         f"layout({layout}) : {types}\n")
            value, have = result, made
        return "".join(lines)

    def apply(self, x, values, element, exact):
        real = np.float64 if exact else np.float32
        x = x.astype(real)
        for number, step in enumerate(self.steps):
            x = step.apply(x, values, real)
            is_last = number + 1 == len(self.steps)
            if not exact and (is_last or not self.wide):
                x = oracle.round_to(element, x)
        return x


#===------------------------------------------------------------------------===#
# Draws
#===------------------------------------------------------------------------===#


def draw_norm(rng, name, heads, d):
    kind = str(rng.choice(["rms", "l2", "layer"]))

    def factors(what):
        dims = [(d,), (heads, d), (heads, 1)][rng.integers(3)]
        element = str(rng.choice(["f16", "bf16", "f32"]))
        return Tensor(f"{name}_{what}", element, dims)

    return Norm(kind, factors("weight") if rng.integers(3) else None,
                factors("bias") if kind == "layer" and rng.integers(2) else None,
                [None, 1e-3][rng.integers(2)],
                [None, float(np.sqrt(d))][rng.integers(2)])


def draw_rope(rng, name, batch, length, d):
    rotary = int(rng.choice([d, d, 2 * rng.integers(1, d // 2 + 1)]))
    where = rng.integers(4)
    return Rope(rotary, str(rng.choice(["half", "interleaved"])),
                float(rng.choice([1e4, 5e5])), int(rng.choice([0, 5, 4096])),
                Tensor(f"{name}_positions", "i32", (batch, length))
                if where == 0 else None,
                Tensor(f"{name}_offsets", "i32", (batch,))
                if where == 1 else None)


def draw_chain(rng, name, batch, heads, length, d):
    """Norms and a rotation in any order, most often one of each."""
    letters = str(rng.choice(["nr", "nr", "rn", "r", "n", "nrn", "nn"]))
    steps = []
    for number, letter in enumerate(letters):
        of_step = f"{name}{number}"
        steps.append(draw_norm(rng, of_step, heads, d) if letter == "n"
                     else draw_rope(rng, of_step, batch, length, d))
    return Chain(tuple(steps), bool(rng.integers(2)))
