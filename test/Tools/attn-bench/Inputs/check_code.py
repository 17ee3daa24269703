#===- check_code.py - The record of attn-bench code ------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: check_code.py SM_90A.json SM_80.json: of causal attention with d 128."""

import json
import sys


def steps(path):
    with open(path, encoding="utf-8") as file:
        record = json.load(file)
    assert record["schema"] == 1, record["schema"]
    (kernel,) = record["kernels"]
    assert kernel["peer"] is None and kernel["stack_bytes"] == 0, kernel
    assert 0 < kernel["registers"] <= 255 and kernel["smem_bytes"] > 0, kernel
    return {step["kind"]: step for step in kernel["steps"]}


def check(step, products):
    """A score needs an exponential, and half a conversion; rows need two more."""
    scores = step["elements_per_thread"]
    assert step["tiles"] == scores / 64, step
    assert step["products"] == products, step["products"]
    assert step["classes"]["mufu"] == step["pipes"]["mufu"] == scores + 2, step
    assert step["classes"]["convert"] == scores / 2, step
    assert sum(step["classes"].values()) == step["instructions"], step
    for key, whole in (("instructions", step["instructions"]),
                       ("stall_clocks", step["stall_clocks"]),
                       ("exponentials", scores + 2), ("conversions", scores / 2)):
        assert sum(part[key] for part in step["waits"]) == whole, (key, step["waits"])
    assert step["waits"][0]["for"] is None
    assert step["stall_clocks"] >= step["instructions"]
    assert sum(board["waits"] for board in step["scoreboards"]) > 0


def main():
    hopper, ampere = map(steps, sys.argv[1:])
    for kind in ("unmasked", "masked"):
        check(hopper[kind], {"64x128x16 SS": 8, "64x128x16 RS": 8})
        check(ampere[kind], {"16x8x16": 128})
        assert any(part["for"] == "products, 1 in flight"
                   for part in hopper[kind]["waits"])
    for of in (hopper, ampere):
        # A masked step does all that an unmasked one does, and selects.
        more = of["masked"]["classes"]["select"] - of["unmasked"]["classes"].get(
            "select", 0)
        assert more >= of["masked"]["elements_per_thread"], of["masked"]["classes"]
        assert of["masked"]["instructions"] > of["unmasked"]["instructions"]
    assert "first" in hopper


main()
