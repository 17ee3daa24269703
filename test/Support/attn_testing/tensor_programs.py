#===- tensor_programs.py - Scores that read tensors in every form ---------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Functions whose scores read tensors at queries, keys, pairs, and entries that
only their indices tell: each form of a gradient."""

import dataclasses

from attn_testing import expressions as e
from attn_testing.expressions import Tensor
from attn_testing.language import Program, RelativeBias


def read(name, element, *dims):
    """An element for the indices that the dimensions are named after."""
    letters = {"b": e.B, "h": e.H, "i": e.I, "j": e.J}
    return e.as_float(e.capture(
        Tensor(name, element, dims),
        *(letters.get(dim, e.constant(0)) for dim in dims)))


def add(*terms):
    total = terms[0]
    for term in terms[1:]:
        total = e.binary("arith.addf", total, term)
    return total


def by_distance():
    """A table of distances, and the same at places of data."""
    most = e.constant(3)
    place = e.binary("arith.subi", e.J, e.I)
    place = e.binary("arith.minsi", e.binary("arith.maxsi", place,
                                             e.constant(-3)), most)
    place = e.binary("arith.addi", place, most)
    table = Tensor("t", "f32", (7, "h"))
    of_data = e.as_index(e.capture(Tensor("n", "i32", ("b", "j")), e.B, e.J))
    return add(e.SCORE, e.capture(table, place, e.H),
               e.as_float(e.capture(Tensor("u", "f16", (4,)), of_data)),
               e.binary("arith.mulf", e.capture(table, e.constant(2), e.H),
                        e.constant(0.5, "f32")))


def programs(one, two):
    """Of two configurations, by turns."""
    tanh = e.unary("math.tanh", add(e.SCORE, read("x", "f32", "b", "i")))
    kinked = e.binary("arith.maximumf", e.binary(
        "arith.mulf", e.SCORE, read("w", "bf16", "h")), read("y", "f32", "j"))
    return [
        Program(one, alibi=Tensor("alibi", "f32", ("h",)), softcap=2.0,
                sinks=Tensor("sinks", "f32", ("h",))),
        Program(two, bias=Tensor("bias", "bf16", ("b", "h", "i", "j")),
                sinks=Tensor("sinks", "f16", ("h",))),
        Program(two, bias=Tensor("bias", "f32", (1, "h", 1, "j"))),
        Program(one, bias=Tensor("bias", "f16", (1, 1, "i", "j"))),
        Program(dataclasses.replace(two, results=("o",)),
                bias=Tensor("bias", "f32", ("b", 1, "i", 1))),
        Program(one, relative_bias=RelativeBias(
            Tensor("table", "f32", (8, "h")), 5, True), dropout=0.25),
        Program(two, relative_bias=RelativeBias(
            Tensor("table", "bf16", (6, "h")), 8), dropout=0.5,
                alibi=Tensor("alibi", "f32", ("h",)),
                bias=Tensor("bias", "bf16", (1, 1, "i", "j"))),
        Program(one, score=add(tanh, read("z", "f32"), read("x", "f32", "b", "i"),
                               read("p", "f32", "j", "i"))),
        Program(one, score=by_distance()),
        Program(two, score=kinked, dropout=0.1),
    ]
