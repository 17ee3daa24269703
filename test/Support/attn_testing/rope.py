#===- rope.py - Rotary positions in numpy ----------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Forms of attn.rope, drawn by seed, and what they compute.

The frequencies and their scalings are written a second time here, from their
published definitions, so that the compiler's own judge is judged, too.
"""

import math

import numpy as np

from attn_testing import oracle


def yarn(freq, rd, base, factor, original):
    def dim(turns):
        return rd * math.log(original / (turns * 2 * math.pi)) / (
            2 * math.log(base))

    low, high = max(math.floor(dim(32)), 0), min(math.ceil(dim(1)), rd - 1)
    if low == high:
        high += 0.001
    ramp = np.clip((np.arange(rd // 2) - low) / (high - low), 0, 1)
    return freq / factor * ramp + freq * (1 - ramp), 0.1 * math.log(factor) + 1


def llama3(freq, factor, original, low=1.0, high=4.0):
    out = []
    for f in freq:
        length = 2 * math.pi / f
        smooth = (original / length - low) / (high - low)
        smooth = min(max(smooth, 0.0), 1.0)
        out.append((1 - smooth) * f / factor + smooth * f)
    return np.array(out)


def frequencies(case):
    """Radians per position, and the factor of cosine and sine."""
    rd, base = case["rd"], case["base"]
    freq = base ** (-np.arange(0, rd, 2) / rd)
    kind, factor = case["scaling"], 8.0
    if kind == "linear":
        return freq / factor, 1.0
    if kind == "ntk":
        base = base * factor ** (rd / (rd - 2))
        return base ** (-np.arange(0, rd, 2) / rd), 1.0
    if kind == "dynamic_ntk":
        length = max(case["S"] + case["offset"], 16)
        base = base * (factor * length / 16 - (factor - 1)) ** (rd / (rd - 2))
        return base ** (-np.arange(0, rd, 2) / rd), 1.0
    if kind == "yarn":
        return yarn(freq, rd, base, factor, 4096)
    if kind == "llama3":
        return llama3(freq, factor, 8192), 1.0
    if kind == "long":
        return (freq / (1 + np.arange(rd // 2)),
                math.sqrt(1 + math.log(factor) / math.log(4096)))
    return freq, 1.0


def attribute(case):
    kind = case["scaling"]
    lengths = {"linear": "", "ntk": "", "dynamic_ntk": ", original_length = 16",
               "llama3": ", original_length = 8192"}
    text = lengths.get(kind, ", original_length = 4096")
    if kind == "long":
        factors = ", ".join(f"{1.0 + i}" for i in range(case["rd"] // 2))
        text += f", factors = [{factors}]"
    return f"scaling(#attn.rope_{kind}<factor = 8.0{text}>)"


def expected(case, x, positions):
    """x is [B, H, S, d]."""
    freq, factor = frequencies(case)
    angle = positions[:, None, :, None].astype(np.float64) * freq
    c, s = factor * np.cos(angle), factor * np.sin(angle)
    rd, half = case["rd"], case["rd"] // 2
    first = slice(0, half) if case["pairing"] == "half" else slice(0, rd, 2)
    second = slice(half, rd) if case["pairing"] == "half" else slice(1, rd, 2)
    out = x.copy()
    out[..., first] = x[..., first] * c - x[..., second] * s
    out[..., second] = x[..., second] * c + x[..., first] * s
    return out


def draw(rng, types=("f16", "bf16")):
    d = rng.choice(range(8, 257, 8))
    rd = rng.choice([d, d, rng.randrange(4, d + 1, 2)])
    scaling = rng.choice([None, None, "linear", "ntk", "dynamic_ntk", "yarn",
                          "llama3", "long"])
    where = rng.choice(["rows", "positions", "offsets"])
    if scaling == "dynamic_ntk":
        where = "rows"
    return {
        "d": d, "rd": rd, "scaling": scaling, "where": where,
        "B": rng.randint(1, 2), "H": rng.randint(1, 3), "S": rng.randint(1, 90),
        "base": rng.choice([1e4, 5e5]), "offset": rng.choice([0, 7, 131072]),
        "pairing": rng.choice(["half", "interleaved"]),
        "layout": rng.choice(["bhsd", "bshd"]),
        "type": rng.choice(types),
    }


def shape_of(case):
    middle = [case["H"], case["S"]]
    if case["layout"] == "bshd":
        middle.reverse()
    return (case["B"], *middle, case["d"])


def module(case):
    tensor = f"tensor<{'x'.join(map(str, shape_of(case)))}x{case['type']}>"
    clauses = [f"base({case['base']})", f"pairing({case['pairing']})",
               f"rotary_dims({case['rd']})", f"offset({case['offset']})",
               f"layout({case['layout']})"]
    argument = ""
    if case["where"] == "positions":
        argument = f", %p: tensor<{case['B']}x{case['S']}xi32>"
        clauses.append(f"positions(%p : tensor<{case['B']}x{case['S']}xi32>)")
    if case["where"] == "offsets":
        argument = f", %p: tensor<{case['B']}xi32>"
        clauses.append(f"offsets(%p : tensor<{case['B']}xi32>)")
    if case["scaling"]:
        clauses.append(attribute(case))
    return (f"func.func @f(%x: {tensor}{argument}) -> {tensor} {{\n"
            f"  %r = attn.rope %x {' '.join(clauses)} : {tensor}\n"
            f"  return %r : {tensor}\n}}\n")


def draw_positions(case, rng):
    """The array of positions or offsets, or None, and each token's position."""
    b, s = case["B"], case["S"]
    positions = np.arange(s)[None, :] + np.zeros((b, 1), np.int64)
    given = None
    if case["where"] == "positions":
        given = rng.integers(-9, 1 << 18, (b, s)).astype(np.int32)
        positions = given.astype(np.int64)
    if case["where"] == "offsets":
        given = rng.integers(0, 1 << 18, (b,)).astype(np.int32)
        positions = positions + given[:, None]
    return given, positions + case["offset"]


def excess(case, x, positions, got):
    """By how much the largest error is beyond its bound: half a unit in the last
    place, and the cosine's error. Arrays are [B, H, S, d]."""
    x = oracle.round_to(case["type"], x).astype(np.float64)
    want = expected(case, x, positions)
    unit = 2.0 ** -(oracle.MANTISSA_BITS[case["type"]] + 1)
    bound = np.abs(want) * unit * 1.01 + 4e-6 * np.abs(x).max() + 1e-6
    return (np.abs(got - want) - bound).max()
