#===- count_producers.py - What computing the query costs ------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Counts the instructions that a fused rotation, and a norm with it, add to the
machine code of attention, and fails where they are a larger part than below of what
a warp executes for a query tile with 4096 keys, or where a kernel spills with the
schedule of the table, under a causal mask as well.

Usage: count_producers.py NVDISASM DIRECTORY [--targets NAMES] [--dims D,...]

A tile's steps are the unmasked loop, which is the same with and without them;
what is added stands outside of it. Where a tile's rows are computed some at a
time, that loop counts as often as it runs.
"""

import argparse
import json
import math
import pathlib
import sys

from attn_testing.instruction_counts import (parse_schedule, print_table,
                                             run_compiler, unmasked_loop)
from machinecode import disassembly, flow, kinds

KEYS = 4096
# Percent, by target: of the rotation, and of a norm with it. An instruction of
# sm_90a multiplies as much as 32 and more of sm_80.
LIMITS = {"sm_80": (3, 4.5), "sm_90a": (5.5, 9)}
CHAINS = {"rotation": ["attn.rope %q"],
          "norm, rotation": ["attn.norm rms %q weight(%w : tensor<{d}xbf16>)",
                             "attn.rope %n0"]}


def function(name, d, chain, mask=""):
    tensor = f"tensor<1x32x?x{d}xbf16>"
    lines, query = [], "%q"
    for number, step in enumerate(chain):
        query = f"%n{number}"
        lines.append(f"  {query} = {step.format(d=d)} : {tensor}\n")
    return (f"func.func @{name}(%q: {tensor}, %k: {tensor}, %v: {tensor}, "
            f"%w: tensor<{d}xbf16>) -> {tensor} {{\n{''.join(lines)}"
            f"  %o = attn.sdpa {query}, %k, %v {mask} : ({tensor}, {tensor}, {tensor})"
            f" -> {tensor}\n  return %o : {tensor}\n}}\n")


def executed(blocks, schedule, d):
    """Of a query tile: what stands outside of the unmasked loop, and that loop."""
    step = unmasked_loop(blocks)
    outside = sum(len(block.instructions) for block in blocks) - len(step)
    elements = schedule["q"] * d // (32 * schedule["warps"])
    for loop in flow.loops(blocks):
        body = flow.instructions_of(blocks, sorted(loop.blocks))
        if any(i.opcode == "MUFU.COS" for i in body) and not any(
                map(kinds.is_product, body)):
            outside += (math.ceil(elements / 64) - 1) * len(body)
    return outside, len(step)


def compile_functions(options, target, functions, schedule=None):
    """The code of each kernel, and its schedule as text, by name."""
    directory = pathlib.Path(options.directory)
    directory.mkdir(parents=True, exist_ok=True)
    source, cubin = directory / "producers.mlir", directory / "producers.cubin"
    source.write_text("".join(functions))
    report = json.loads(run_compiler(source, target, schedule, "--no-relax",
                                     "--emit=cubin", "--report=json", "-o",
                                     cubin))
    code = {name: flow.make_blocks(lines) for name, lines in
            disassembly.disassemble(options.nvdisasm, cubin).functions.items()}
    return {k["name"]: (code[k["name"]], k["schedule"])
            for k in report["kernels"]}


def measure(options, target):
    for d in map(int, options.dims.split(",")):
        chains = list(CHAINS.values())
        fused = compile_functions(options, target, [
            function(f"f{n}{name}", d, chain, mask)
            for n, chain in enumerate(chains)
            for name, mask in (("", ""), ("_causal", "causal(bottom_right)"))])
        schedule = fused["f0_0"][1]
        # The same tiles without a chain.
        plain = compile_functions(options, target, [function("f", d, [])],
                                  schedule)["f_0"][0]
        keys = parse_schedule(schedule)
        outside, step = executed(plain, keys, d)
        steps = KEYS // keys["kv"]
        for n, kind in enumerate(CHAINS):
            more, its_step = executed(fused[f"f{n}_0"][0], keys, d)
            added = more - outside + steps * (its_step - step)
            yield [target, d, kind, step, steps, added,
                   added / (added + outside + steps * step)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("nvdisasm")
    parser.add_argument("directory")
    parser.add_argument("--targets", default="sm_80,sm_90a")
    parser.add_argument("--dims", default="64,128,256")
    options = parser.parse_args()
    rows = [row for target in options.targets.split(",")
            for row in measure(options, target)]
    print_table([["target", "head dim", "computed", "loop", "steps", "added",
                  "share"],
                 *[[*row[:-1], f"{100 * row[-1]:.2f} %"] for row in rows]])
    most = {(target, kind): limit for target, limits in LIMITS.items()
            for kind, limit in zip(CHAINS, limits)}
    wrong = [row for row in rows
             if not 0 < 100 * row[-1] <= most[row[0], row[2]]]
    if wrong:
        sys.exit(f"error: more than the limit, or nothing: {wrong}")


main()
