#===- regions.py - The printed regions of attn.sdpa, evaluated -------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Reads the keep and range regions that attn-opt prints, one op a function.

    for function in regions.functions(text):
        begin, full_begin, full_end, end, *gap = function.range(
            b, h, i0, i1, sq=sq, sk=sk)
        kept, = function.keep(b, h, i, j, sq=sq, sk=sk, captures={"%arg3": ids})

Arguments are numbers, or, of functions that were read with `arrays=True`, arrays
of numpy that broadcast. Nothing here is shared with the compiler.
"""

import dataclasses
import re
from typing import Callable, Optional, Tuple

import numpy as np


class Unreadable(Exception):
    """A region has something that is not known here."""


def divisor(number):
    """0 counts as 1."""
    return number + (number == 0)


def quotient(a, b):
    """Rounded towards zero."""
    return abs(a) // abs(b) * (1 - 2 * ((a < 0) ^ (b < 0)))


def capture(array, *indices):
    """Indices that are out of bounds are clamped, as in kernels."""
    return array[tuple(np.clip(index, 0, size - 1)
                       for index, size in zip(indices, array.shape))]


SCALARS = {"minimum": min, "maximum": max, "divisor": divisor,
           "quotient": quotient, "capture": capture,
           "where": lambda c, x, y: x if c else y}
ARRAYS = {**SCALARS, "minimum": np.minimum, "maximum": np.maximum,
          "where": np.where}

PYTHON = {
    "addi": "{0} + {1}", "subi": "{0} - {1}", "muli": "{0} * {1}",
    "minsi": "minimum({0}, {1})", "maxsi": "maximum({0}, {1})",
    "floordivsi": "{0} // divisor({1})", "ceildivsi": "-(-{0} // divisor({1}))",
    "divsi": "quotient({0}, divisor({1}))", "divui": "{0} // divisor({1})",
    "remsi": "{0} - divisor({1}) * quotient({0}, divisor({1}))",
    "remui": "{0} % divisor({1})",
    "andi": "{0} & {1}", "ori": "{0} | {1}", "xori": "{0} ^ {1}",
    "select": "where({0}, {1}, {2})",
    "addf": "{0} + {1}", "subf": "{0} - {1}", "mulf": "{0} * {1}",
    "minimumf": "minimum({0}, {1})", "maximumf": "maximum({0}, {1})",
    # Numbers are of any size here.
    "index_cast": "{0}", "extsi": "{0}", "extf": "{0}", "sitofp": "{0} * 1.0",
}
COMPARE = {"slt": "<", "sle": "<=", "sgt": ">", "sge": ">=", "eq": "==",
           "ne": "!=", "olt": "<", "ole": "<=", "ogt": ">", "oge": ">=",
           "oeq": "=="}


def name(value):
    return "v" + re.sub(r"\W", "_", value)


def constant(text):
    word = text.split(" : ")[0]
    word = {"true": "True", "false": "False"}.get(word, word)
    if not re.fullmatch(r"True|False|-?\d[\d.]*(e[-+]?\d+)?", word,
                        re.IGNORECASE):
        raise Unreadable(f"constant {word}")
    return word


def expression(op, rest):
    """What an operation computes, in Python."""
    if op == "attn.query_length":
        return "sq"
    if op == "attn.key_length":
        return "sk"
    if op == "arith.constant":
        return constant(rest)
    if op == "attn.capture":
        tensor, indices = re.match(r"(%[\w#]+)\[(.*?)\]", rest).groups()
        places = "".join(", " + name(index)
                         for index in indices.split(", ") if index)
        return f"capture(captures['{tensor}']{places})"
    operands = rest.split(" : ")[0].split(", ")
    if op in ("arith.cmpi", "arith.cmpf"):
        predicate, lhs, rhs = operands
        if predicate not in COMPARE:
            raise Unreadable(f"comparison {predicate}")
        return f"{name(lhs)} {COMPARE[predicate]} {name(rhs)}"
    if op.removeprefix("arith.") not in PYTHON:
        raise Unreadable(f"operation {op}")
    return PYTHON[op.removeprefix("arith.")].format(
        *[name(operand) for operand in operands])


def compile_region(lines, outer, arithmetic):
    """The function of a region's lines, from its block's arguments on. `outer` are
    the constants that stand before the op."""
    arguments = re.findall(r"(%\w+): index", lines[0])
    body = [f"def region({', '.join(map(name, arguments))}, sq, sk, "
            "captures=None):"]
    body += [f" {name(value)} = {word}" for value, word in outer.items()]
    for line in lines[1:]:
        line = line.strip()
        if line.startswith("attn.yield"):
            values = line[len("attn.yield"):].split(":")[0].split(",")
            names = ", ".join(name(value.strip()) for value in values)
            body.append(f" return ({names},)")
            break
        result, op, rest = re.fullmatch(r"(%\S+) = (\S+) ?(.*)", line).groups()
        body.append(f" {name(result)} = {expression(op, rest)}")
    scope = dict(arithmetic)
    exec("\n".join(body), scope)
    return scope["region"]


@dataclasses.dataclass
class Function:
    """Regions are None where there are none."""
    name: str
    arguments: Tuple[str, ...]  # %arg0 and so on
    captures: Tuple[str, ...] = ()
    keep: Optional[Callable] = None
    range: Optional[Callable] = None


def read_function(text, arithmetic):
    lines = text.splitlines()
    function = Function(re.search(r"@([\w$.]+)", lines[0])[1],
                        tuple(re.findall(r"(%\w+): ", lines[0])))
    outer, is_outside = {}, True
    for number, line in enumerate(lines):
        number_or_truth = re.fullmatch(
            r"\s*(%\S+) = arith\.constant (true|false|-?\d+ : .*)", line)
        if is_outside and number_or_truth:
            outer[number_or_truth[1]] = constant(number_or_truth[2])
        if found := re.search(r"captures\((.*?) : ", line):
            function.captures = tuple(found[1].split(", "))
        if found := re.search(r"\b(score|keep|range) \{$", line):
            is_outside = False
            if found[1] != "score":
                setattr(function, found[1], compile_region(
                    lines[number + 1:], outer, arithmetic))
    return function


def functions(text, arrays=False):
    """Those of a module, in order."""
    parts = re.split(r"^\s*func\.func (?:private )?", text, flags=re.MULTILINE)
    return [read_function(part, ARRAYS if arrays else SCALARS)
            for part in parts[1:]]
