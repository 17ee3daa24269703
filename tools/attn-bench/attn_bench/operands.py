#===- operands.py - The arrays of a case -----------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Query, key and value of a case, the same for everyone who is compared."""

import dataclasses
import zlib
from typing import Any

LAYOUTS = ("bshd", "bhsd")


@dataclasses.dataclass
class Operands:
    """All [batch, heads, length, dim]; in memory as the layout has it."""
    q: Any
    k: Any
    v: Any

    def __iter__(self):
        return iter((self.q, self.k, self.v))

    def with_role(self, roles):
        """That of one of the roles that an argument of a package has."""
        return {"query": self.q, "key": self.k, "value": self.v}[roles[0]]


def as_bhsd(make, shape, layout):
    """`make` allocates; what comes back is a view of shape [b, h, s, d]."""
    if layout == "bhsd":
        return make(shape)
    batch, heads, length, dim = shape
    return make((batch, length, heads, dim)).swapaxes(1, 2)


def draw(arrays, case, layout, seed, number=0):
    """`number` counts sets of operands of the same case."""
    seed = zlib.crc32(f"{seed}/{number}/{case.name}".encode())
    element = case.function.element
    return Operands(*(
        as_bhsd(lambda shape, i=i: arrays.normal(shape, element, seed + i),
                case.shape(role), layout)
        for i, role in enumerate(("query", "key", "value"))))
