#===- expressions.py - What regions compute --------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Expressions of the regions of attn.sdpa, as MLIR and in numpy.

An expression is a Node with a type: "index", "i1", "i8", "i32", "f32", "f16" or
"bf16". It is built by the functions below, becomes text by `Emitter`, and
values by `evaluate`, which knows nothing of the text.
"""

import dataclasses
from typing import Any, Tuple

import numpy as np


@dataclasses.dataclass(frozen=True)
class Tensor:
    """A captured tensor. Each dimension is a number, or "b", "h", "i" or "j" for
    as many as there are batch entries, query heads, queries or keys."""
    name: str
    element: str
    dims: Tuple[Any, ...] = ()


@dataclasses.dataclass(frozen=True, eq=False)
class Node:
    op: str
    type: str
    args: Tuple["Node", ...] = ()
    data: Any = None


SCORE = Node("argument", "f32", data="s")
B, H, I, J = (Node("argument", "index", data=name) for name in "bhij")
SQ = Node("attn.query_length", "index")
SK = Node("attn.key_length", "index")


def constant(value, type="index"):
    return Node("constant", type, data=value)


def binary(op, lhs, rhs):
    assert lhs.type == rhs.type, (op, lhs.type, rhs.type)
    return Node(op, lhs.type, (lhs, rhs))


def compare(predicate, lhs, rhs):
    assert lhs.type == rhs.type, (predicate, lhs.type, rhs.type)
    op = "arith.cmpf" if lhs.type in ("f32", "f16", "bf16") else "arith.cmpi"
    return Node(op, "i1", (lhs, rhs), predicate)


def select(condition, yes, no):
    assert condition.type == "i1" and yes.type == no.type
    return Node("arith.select", yes.type, (condition, yes, no))


def negation(condition):
    return binary("arith.xori", condition, constant(True, "i1"))


def unary(op, value):
    return Node(op, value.type, (value,))


def cast(op, value, type):
    return Node(op, type, (value,))


def capture(tensor, *indices):
    assert len(indices) == len(tensor.dims)
    return Node("attn.capture", tensor.element, indices, tensor)


def as_float(value):
    """An f32 of an f16, a bf16, an i8, an i32, an i1 or an index."""
    if value.type == "f32":
        return value
    if value.type in ("f16", "bf16"):
        return cast("arith.extf", value, "f32")
    if value.type == "index":
        value = cast("arith.index_cast", value, "i32")
    return cast("arith.uitofp" if value.type == "i1" else "arith.sitofp", value,
                "f32")


def as_index(value):
    """An index of an i8 or an i32."""
    return value if value.type == "index" else cast("arith.index_cast", value,
                                                    "index")


def tensors_of(*roots):
    """Those that the expressions read, in a fixed order."""
    found, seen = {}, set()

    def visit(node):
        if id(node) in seen:
            return
        seen.add(id(node))
        for arg in node.args:
            visit(arg)
        if node.op == "attn.capture":
            found[node.data.name] = node.data

    for root in roots:
        if root is not None:
            visit(root)
    return [found[name] for name in sorted(found)]


#===------------------------------------------------------------------------===#
# MLIR
#===------------------------------------------------------------------------===#


def literal(value, type):
    if type == "i1":
        return "true" if value else "false"
    if type == "f32":
        if np.isinf(value):
            return "0xFF800000" if value < 0 else "0x7F800000"
        return f"{float(np.float32(value)):.9e}"
    return str(value)


class Emitter:
    """The lines of one region. `type_of` gives the MLIR type of a tensor."""

    def __init__(self, type_of):
        self.type_of = type_of
        self.lines = []
        self.names = {}

    def name(self, node):
        if node.op == "argument":
            return "%" + node.data
        if id(node) not in self.names:
            text = self.text(node, [self.name(arg) for arg in node.args])
            name = f"%x{len(self.names)}"
            self.names[id(node)] = name
            self.lines.append(f"    {name} = {text}")
        return self.names[id(node)]

    def text(self, node, args):
        if node.op == "constant":
            word = literal(node.data, node.type)
            return f"arith.constant {word}" + (
                "" if node.type == "i1" else f" : {node.type}")
        if node.op == "attn.capture":
            return (f"attn.capture %{node.data.name}[{', '.join(args)}] : "
                    f"{self.type_of(node.data)}")
        if node.op in ("arith.cmpi", "arith.cmpf"):
            return f"{node.op} {node.data}, {', '.join(args)} : {node.args[0].type}"
        if len(args) == 1 and node.type != node.args[0].type:
            return f"{node.op} {args[0]} : {node.args[0].type} to {node.type}"
        return f"{node.op} {', '.join(args)}{' ' if args else ''}: {node.type}"


def region(root, arguments, type_of):
    """The text of a region that yields `root`."""
    emitter = Emitter(type_of)
    result = emitter.name(root)
    types = ", ".join(f"%{name}: {'f32' if name == 's' else 'index'}"
                      for name in arguments)
    lines = "\n".join(emitter.lines)
    return (f"{{\n  ^bb0({types}):\n{lines}\n"
            f"    attn.yield {result} : {root.type}\n  }}")


#===------------------------------------------------------------------------===#
# numpy
#===------------------------------------------------------------------------===#


def tanh_of_gpu(x):
    """Rounded to 11 significant bits, as far as an instruction is from tanh."""
    mantissa, exponent = np.frexp(np.tanh(x).astype(np.float64))
    return np.ldexp(np.rint(mantissa * 2048) / 2048, exponent)


INTEGERS = {
    "arith.addi": lambda a, b: a + b, "arith.subi": lambda a, b: a - b,
    "arith.muli": lambda a, b: a * b, "arith.minsi": np.minimum,
    "arith.maxsi": np.maximum, "arith.andi": lambda a, b: a & b,
    "arith.ori": lambda a, b: a | b, "arith.xori": lambda a, b: a ^ b,
    # Of operands of at least 0 only, but for the last.
    "arith.divui": lambda a, b: a // b, "arith.remui": lambda a, b: a % b,
    "arith.remsi": lambda a, b: np.fmod(a, b),
    "arith.floordivsi": lambda a, b: a // b,
}
FLOATS = {
    "arith.addf": lambda a, b: a + b, "arith.subf": lambda a, b: a - b,
    "arith.mulf": lambda a, b: a * b, "arith.minimumf": np.minimum,
    "arith.maximumf": np.maximum, "arith.negf": lambda a: -a,
    "math.absf": np.abs, "math.exp": np.exp, "math.sqrt": np.sqrt,
    "math.sin": np.sin, "math.cos": np.cos,
}
PREDICATES = {"eq": np.equal, "ne": np.not_equal, "slt": np.less,
              "sle": np.less_equal, "sgt": np.greater, "sge": np.greater_equal,
              "olt": np.less, "ogt": np.greater, "ole": np.less_equal,
              "oge": np.greater_equal}


class Evaluator:
    """`arguments` are arrays that broadcast, by name, and "Sq" and "Sk";
    `arrays` hold the elements of the tensors by name. Floats are of the type
    `real`, f32 with the error of GPUs' tanh or f64 without any. `replaced` has
    the values of some nodes."""

    def __init__(self, arguments, arrays, real, replaced=None):
        self.arguments, self.arrays, self.real = arguments, arrays, real
        self.known = {id(node): value for node, value in (replaced or {}).items()}

    def value(self, node):
        if id(node) not in self.known:
            self.known[id(node)] = self.compute(
                node, *[self.value(arg) for arg in node.args])
        return self.known[id(node)]

    def compute(self, node, *args):
        real = self.real
        if node.op == "argument":
            return self.arguments[node.data]
        if node.op == "attn.query_length":
            return self.arguments["Sq"]
        if node.op == "attn.key_length":
            return self.arguments["Sk"]
        if node.op == "constant":
            return real(np.float32(node.data)) if node.type == "f32" else node.data
        if node.op == "attn.capture":
            return self.element(node.data, args)
        if node.op in ("arith.cmpi", "arith.cmpf"):
            return PREDICATES[node.data](*args)
        if node.op == "arith.select":
            return np.where(*args)
        if node.op in ("arith.sitofp", "arith.uitofp"):
            return np.asarray(args[0]).astype(real)
        if node.op in ("arith.index_cast", "arith.extf"):
            return args[0]
        if node.op == "math.tanh":
            exact = real is np.float64
            return real(np.tanh(args[0]) if exact else tanh_of_gpu(args[0]))
        return (INTEGERS.get(node.op) or FLOATS[node.op])(*args)

    def element(self, tensor, indices):
        """Each index is clamped into its dimension; where there are no
        elements, all are 0."""
        array = self.arrays[tensor.name]
        if array.size == 0:
            array = np.zeros([max(size, 1) for size in array.shape], array.dtype)
        places = tuple(np.clip(index, 0, size - 1)
                       for index, size in zip(indices, array.shape))
        if tensor.element in ("i8", "i32"):
            array = array.astype(np.int64)
        elif tensor.element != "i1":
            array = array.astype(self.real)
        return array[places]


def evaluate(root, arguments, arrays, real, replaced=None):
    return Evaluator(arguments, arrays, real, replaced).value(root)
