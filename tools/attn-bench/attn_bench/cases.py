#===- cases.py - One measurement -------------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""What is computed, at which size. How much work that is, the package of the
function says."""

import dataclasses
from typing import Optional, Tuple

from attn_bench.language import Clause

# What is timed: attention, its gradients from its results, or one after the
# other.
WORKS = ("forward", "backward", "both")
ELEMENT_BYTES = {"bf16": 2, "f16": 2, "f32": 4}


@dataclasses.dataclass(frozen=True)
class Function:
    """What a package is compiled for: batch and length come with the arrays."""
    query_heads: int
    kv_heads: int
    dim: int
    causal: bool
    element: str = "bf16"
    queries: Optional[int] = None  # of all lengths; None: as many as keys
    clauses: Tuple[Clause, ...] = ()  # beside `causal`, in the dialect's order
    work: str = "forward"

    def __post_init__(self):
        # A mask would be aligned in another way by each of the peers.
        assert not (self.queries and (self.causal or self.clauses))

    @property
    def mask(self):
        names = (["causal"] if self.causal else []) + [
            clause.name for clause in self.clauses]
        return "_".join(names) or "none"

    @property
    def attention(self):
        """The name of the function that is differentiated."""
        few = f"_q{self.queries}" if self.queries else ""
        return (f"attn_h{self.query_heads}_kv{self.kv_heads}_d{self.dim}_"
                f"{self.mask}_{self.element}{few}")

    @property
    def name(self):
        """In its package, which is called so, too."""
        return self.attention + ("" if self.work == "forward" else "_vjp")

    def doing(self, work):
        return dataclasses.replace(self, work=work)

    def parts(self):
        """The functions with packages that it takes; gradients need what
        attention returns."""
        return ([self] if self.work == "forward"
                else [self.doing("forward"), self.doing("backward")])

    @property
    def heads(self):
        if self.query_heads == self.kv_heads:
            return str(self.query_heads)
        return f"{self.query_heads}/{self.kv_heads}"

    def tensors(self):
        """That clauses read, in the order of arguments."""
        read = [clause.tensor(self) for clause in self.clauses]
        return [tensor for tensor in read if tensor is not None]

    def mlir(self):
        """The LSE is computed as well: peers that can be trained do so."""
        queries = self.queries or "?"
        rows = f"?x{self.query_heads}x{queries}x"
        query = f"tensor<{rows}{self.dim}x{self.element}>"
        key = f"tensor<?x{self.kv_heads}x?x{self.dim}x{self.element}>"
        results = f"({query}, tensor<{rows}f32>)"
        clauses = " ".join((["causal(bottom_right)"] if self.causal else [])
                           + [c.spelled(self) for c in self.clauses])
        more = "".join(f", %{one.name}: {one.type}" for one in self.tensors())
        return (f"func.func @{self.attention}(%q: {query}, %k: {key}, %v: {key}"
                f"{more})\n"
                f"    -> {results} {{\n"
                f"  %o, %lse = attn.sdpa %q, %k, %v {clauses}\n"
                f"    : ({query}, {key}, {key}) -> {results}\n"
                f"  return %o, %lse : {results[1:-1]}\n}}\n")


@dataclasses.dataclass(frozen=True)
class Case:
    """`length` keys, and as many queries unless the function says how many."""
    group: str
    function: Function
    batch: int
    length: int

    @property
    def name(self):
        f = self.function
        few = f"-q{f.queries}" if f.queries else ""
        few += "" if f.work == "forward" else f"-{f.work}"
        return (f"{self.group}/h{f.heads.replace('/', ':')}-d{f.dim}-"
                f"{f.element}-{f.mask}-b{self.batch}{few}-s{self.length}")

    @property
    def queries(self):
        return self.function.queries or self.length

    def doing(self, work):
        return dataclasses.replace(self, function=self.function.doing(work))

    def shape(self, role):
        """Of query, key, value or output, or the gradient of one, as [batch,
        heads, length, dim]; of the LSE without the last."""
        role = role.removesuffix("_grad")
        if role in ("key", "value"):
            rows = (self.function.kv_heads, self.length)
        else:
            rows = (self.function.query_heads, self.queries)
        dims = () if role == "lse" else (self.function.dim,)
        return (self.batch, *rows, *dims)

    @property
    def operand_bytes(self):
        rows = (self.function.query_heads * self.queries
                + 2 * self.function.kv_heads * self.length)
        return (self.batch * rows * self.function.dim
                * ELEMENT_BYTES[self.function.element])

    def to_json(self):
        f = self.function
        return {"name": self.name, "group": self.group, "batch": self.batch,
                "query_heads": f.query_heads, "kv_heads": f.kv_heads,
                "queries": self.queries, "length": self.length, "dim": f.dim,
                "mask": f.mask, "element": f.element, "work": f.work}
