#===- operands.py - The arrays of a case -----------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Query, key and value of a case, and the tensors of its clauses, the same for
everyone who is compared."""

import dataclasses
import zlib
from typing import Any

import numpy

LAYOUTS = ("bshd", "bhsd")
ROLES = ("query", "key", "value")


@dataclasses.dataclass
class Operands:
    """Query, key and value are [batch, heads, length, dim]; in memory as the
    layout has it. Iteration is over these."""
    q: Any
    k: Any
    v: Any
    tensors: dict = dataclasses.field(default_factory=dict)  # by name
    # What gradients take beside: results and their cotangents, by role.
    saved: dict = dataclasses.field(default_factory=dict)

    def __iter__(self):
        return iter((self.q, self.k, self.v))

    def in_order(self, roles):
        """As a package takes them that has these roles of its arguments."""
        return in_order(roles, {**dict(zip(ROLES, self)), **self.saved},
                        self.tensors.values())


def in_order(roles, with_role, captured):
    """What has a role of `with_role`, and else, as what clauses read are all
    captures to a package, the next one of `captured`."""
    rest = iter(captured)
    return [with_role[names[0]] if names[0] in with_role else next(rest)
            for names in roles]


def as_bhsd(make, shape, layout):
    """`make` allocates; what comes back is a view of shape [b, h, s, d]."""
    if layout == "bhsd":
        return make(shape)
    batch, heads, length, dim = shape
    return make((batch, length, heads, dim)).swapaxes(1, 2)


def tensors_of(arrays, case):
    """What clauses read, by name: the same for all seeds and sets, so that what
    is made of them, such as masks of blocks, is made once."""
    generator = numpy.random.default_rng(zlib.crc32(case.name.encode()))
    read = {}
    for clause in case.function.clauses:
        tensor = clause.tensor(case.function)
        if tensor is not None:
            read[tensor.name] = arrays.of(clause.draw(case, generator),
                                          tensor.element)
    return read


def draw(arrays, case, layout, seed, number=0):
    """`number` counts sets of operands of the same case."""
    seed = zlib.crc32(f"{seed}/{number}/{case.name}".encode())
    element = case.function.element
    return Operands(*(
        as_bhsd(lambda shape, i=i: arrays.normal(shape, element, seed + i),
                case.shape(role), layout)
        for i, role in enumerate(ROLES)),
        tensors_of(arrays, case))


def cotangents(arrays, case, layout, seed):
    """Of output and LSE, by role; peers have none of the latter."""
    shape = case.shape("lse")
    return {"output_grad": as_bhsd(
                lambda shape: arrays.normal(shape, case.function.element, seed),
                case.shape("output"), layout),
            "lse_grad": arrays.of(numpy.zeros(shape, numpy.float32), "f32")}
