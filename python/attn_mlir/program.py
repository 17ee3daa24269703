#===- program.py - What is computed, as MLIR -------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""A Program says what attention is computed, but for types: its clauses, and what
the tensors beside query, key and value are to them. Its text is a value of the
graph's (torch.compile keeps it as a constant), and programs of one text are one
object, which owns what was compiled of it.

Types are a tuple: element type, query heads, key heads, head dim, value's head dim
and the types of the other tensors. Batch and lengths are never in it.
"""

import functools
import json
import math
import struct

from attn_mlir import library, settings

FUNCTION = "attention"
# Tensors of rank 4 whose sizes of 1 stand for any: batch, heads, queries, keys.
BROADCAST = "bias", "mask"
# Of the rest, by rank; captures have any.
RANKS = {"slopes": 1, "sinks": 1, "seed": 0, "offset": 0}


def number(name, value):
    """As MLIR spells it, which has to read back as the same f32."""
    value = float(value)
    if not math.isfinite(value):
        raise ValueError(f"{name}: expected a finite number, got {value}")
    rounded = struct.unpack("f", struct.pack("f", value))[0]
    return f"{rounded:.9e}"


class Program:
    _known = {}

    def __init__(self, text):
        parts = json.loads(text)
        self.text = text
        self.clauses, self.kinds = tuple(parts["clauses"]), tuple(parts["kinds"])
        self.by_scale = {None: self}
        self.plans = {}  # of packages.py, by types and target
        # Element types whose gradients were asked for.
        self.is_prepared = set()

    @functools.cached_property
    def table(self):
        """The functions that were compiled, for a call to find."""
        return library.native().Table([k in BROADCAST for k in self.kinds])

    @functools.cached_property
    def gradients(self):
        """The same of their gradients."""
        return library.native().Table([k in BROADCAST for k in self.kinds])

    @staticmethod
    def of(text):
        program = Program._known.get(text)
        if program is None:
            program = Program._known.setdefault(text, Program(text))
        return program

    @staticmethod
    def make(clauses, kinds=()):
        return Program.of(json.dumps({"clauses": list(clauses),
                                      "kinds": list(kinds)}))

    def scaled(self, scale):
        """The program with another scale of scores; None is 1/sqrt(head dim)."""
        found = self.by_scale.get(scale)
        if found is None:
            clause = f"scale({number('scale', scale)})"
            found = Program.make([clause, *self.clauses], self.kinds)
            self.by_scale[scale] = found
        return found

    @staticmethod
    def forget_functions():
        """What calls find depends on the device that settings name."""
        for program in Program._known.values():
            program.table.clear()
            program.gradients.clear()

    def __repr__(self):
        return f"Program({self.text})"

    def mlir(self, types):
        element, query_heads, key_heads, qk, dv, others = types
        names = ["%q", "%k", "%v"] + [f"%e{i}" for i in range(len(others))]
        aliases = {"q": f"?x{query_heads}x?x{qk}x{element}",
                   "k": f"?x{key_heads}x?x{qk}x{element}",
                   "v": f"?x{key_heads}x?x{dv}x{element}",
                   "o": f"?x{query_heads}x?x{dv}x{element}",
                   "l": f"?x{query_heads}x?xf32"}
        aliases |= {f"e{i}": each for i, each in enumerate(others)}
        lines = [f"!{name} = tensor<{each}>" for name, each in aliases.items()]
        args = ", ".join(f"{name}: !{name[1:]}" for name in names)
        lines += [
            f"func.func @{FUNCTION}({args}) -> (!o, !l) {{",
            "  %o, %l = attn.sdpa %q, %k, %v",
            *(f"    {line}" for clause in self.clauses
              for line in clause.splitlines()),
            "    : (!q, !k, !v) -> (!o, !l)",
            "  return %o, %l : !o, !l",
            "}", ""]
        return "\n".join(lines)


settings.listeners.append(Program.forget_functions)


def type_of(kind, element, shape):
    """The type of one of the other tensors, without the word tensor."""
    if kind in BROADCAST:
        sizes = ["1" if size == 1 else "?" for size in shape]
    else:
        sizes = ["?"] * len(shape)
    return "x".join([*sizes, element])
