#!/usr/bin/env python3
#===- kernel_hashes.py - Which kernels a change of the compiler touches ----===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: kernel_hashes.py {write,check} FILE [--bin DIRECTORY] [--keep DIRECTORY]
       [--only REGEX]

Compiles several hundred functions for every target to PTX and writes a hash of each
kernel's instructions, one line a kernel, or compares with what FILE has. Names,
comments and line information do not count, so a restructuring of the compiler
leaves every line as it is. --keep writes the PTX that was hashed, to compare by hand;
--only takes the programs whose name the expression is found in.

Exit status: 0 if all kernels are equal, 1 if not, 2 for unusable input.
"""

import argparse
import concurrent.futures
import hashlib
import itertools
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "test" / "Support"))
from attn_testing.case import Case  # noqa: E402

OPEN = frozenset(operand + dim for operand in "qkv" for dim in "bhs")
OPEN_LENGTHS = frozenset(operand + dim for operand in "qkv" for dim in "bs")
MASKS = [{}, {"causal": "bottom_right"}, {"causal": "top_left"},
         {"causal": 7}, {"window": (64, 64)}, {"window": (100, None)},
         {"causal": "bottom_right", "window": (100, 0)},
         {"causal": "bottom_right", "masked_row": "uniform"},
         {"causal": "top_left", "masked_row": "nan"}]
PAIRS = [(192, 128), (64, 128), (128, 64), (24, 200), (200, 24), (256, 64), (64, 256),
         (96, 48), (16, 136), (248, 240)]
SCHEDULES = {
    "sm_80": ["q=64,warps=4", "q=128,warps=8,kv=32", "q=64,warps=2", "stages=1",
              "stages=3", "kv=128,stages=1", "split=0", "split=3", "heads=4",
              "heads=2,split=5", "heads=8,split=0"],
    "sm_90a": ["persistent=0,prefetch=0,turns=0,overlap=0",
               "persistent=0,prefetch=0,turns=1,overlap=0",
               "persistent=1,prefetch=1,turns=1,overlap=0",
               "persistent=1,prefetch=0,turns=0,overlap=1",
               "persistent=1,prefetch=1,turns=2,overlap=1",
               "persistent=2,prefetch=1,turns=1,overlap=1", "q=64", "q=192", "kv=64",
               "stages=3,kv=64", "split=0", "split=3", "heads=4", "heads=2,split=5",
               "heads=8,split=0"],
}


def all_dims():
    for number, dim in enumerate(range(8, 257, 8)):
        for mask in (MASKS[number % 2], MASKS[2 + number % 7], MASKS[(number + 3) % 9]):
            yield Case(element=["bf16", "f16"][number % 2], dims=(dim, dim),
                       results=[("o",), ("o", "lse")][number // 2 % 2],
                       dynamic=OPEN, layout=["bhsd", "bshd"][number // 3 % 2], **mask)


def all_masks():
    for dim, mask in itertools.product([64, 128], MASKS):
        yield Case(dims=(dim, dim), dynamic=OPEN, results=("o", "lse"), **mask)
    for scale, uniform in [(-0.5, {}), (0.0, {}), (3.0, {"masked_row": "uniform"})]:
        yield Case(dims=(64, 64), dynamic=OPEN, scale=scale, **uniform)


def pairs():
    for number, dims in enumerate(PAIRS):
        yield Case(dims=dims, dynamic=OPEN, **MASKS[number % len(MASKS)])


def sizes_known():
    for heads, lengths in itertools.product(
            [(32, 8), (8, 1), (4, 4)], [(1, 4096), (20, 300), (300, 400), (64, 128)]):
        yield Case(heads=heads, lengths=lengths, dims=(128, 128),
                   causal="bottom_right" if lengths[0] > 1 else None)
        yield Case(heads=heads, lengths=lengths, dims=(80, 80), layout="bshd",
                   dynamic=OPEN_LENGTHS, results=("lse", "o"))


def by_schedule(target):
    for keys, mask, dim in itertools.product(SCHEDULES[target], MASKS[:2], [64, 128]):
        yield Case(heads=(32, 4), dims=(dim, dim), schedule=keys,
                   dynamic=OPEN_LENGTHS, results=("o", "lse"), **mask)


def attentions(target):
    return [*all_dims(), *all_masks(), *pairs(), *sizes_known(), *by_schedule(target)]


def rotations():
    for number, (dim, pairing) in enumerate(itertools.product(
            [16, 64, 80, 128, 256], ["half", "interleaved"])):
        operands = ["", " positions(%p : tensor<?x?xi32>)",
                    " offsets(%s : tensor<?xi32>)", " offset(5)"][number % 4]
        layout = ["bhsd", "bshd"][number // 2 % 2]
        shape = "?x4x?" if layout == "bhsd" else "?x?x4"
        tensor = f"tensor<{shape}x{dim}x{['bf16', 'f16'][number % 2]}>"
        extra = {1: ", %p: tensor<?x?xi32>", 2: ", %s: tensor<?xi32>"}
        yield (f"func.func @f(%x: {tensor}{extra.get(number % 4, '')}) -> {tensor} {{\n"
               f"  %y = attn.rope %x{operands} pairing({pairing}) layout({layout})"
               f"{' rotary_dims(16)' if number % 3 == 2 else ''} : {tensor}\n"
               f"  return %y : {tensor}\n}}\n")


def programs():
    """Pairs of a name and what to compile: target, schedule, MLIR."""
    for target in SCHEDULES:
        for number, case in enumerate(attentions(target)):
            yield f"{target}/sdpa-{number:03}", (target, case.schedule, case.mlir())
        for number, text in enumerate(rotations()):
            yield f"{target}/rope-{number:03}", (target, None, text)


def kernels_of(ptx):
    """The text of each kernel without what a restructuring may change."""
    ptx = re.sub(r"//[^\n]*", "", ptx)
    ptx = re.sub(r"^\s*\.(loc|file|section)\b[^\n]*\n", "", ptx, flags=re.M)
    for match in re.finditer(r"\.visible \.entry (\S+?)\((.*?)\n}", ptx, re.S):
        text = match.group(0).replace(match.group(1), "KERNEL")
        yield "\n".join(line.strip() for line in text.splitlines() if line.strip())


def compile_program(compiler, program):
    target, schedule, text = program
    with tempfile.TemporaryDirectory() as directory:
        source, out = pathlib.Path(directory, "f.mlir"), pathlib.Path(directory, "f.ptx")
        source.write_text(text)
        flags = [f"--target={target}", "--emit=ptx", "-o", out]
        if schedule:
            flags.append(f"--schedule={schedule}")
        run = subprocess.run([compiler, source, *flags], capture_output=True, text=True)
        if run.returncode:
            return [f"refused: {run.stderr.splitlines()[0].split('error:')[-1].strip()}"]
        return list(kernels_of(out.read_text()))


def hash_all(compiler, keep, only):
    lines = {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        todo = {name: program for name, program in programs() if only.search(name)}
        done = pool.map(lambda program: compile_program(compiler, program),
                        todo.values())
        for name, kernels in zip(todo, done):
            for number, text in enumerate(kernels):
                if keep:
                    path = pathlib.Path(keep, f"{name}-{number}.ptx")
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(text + "\n")
                lines[f"{name}.{number}"] = (
                    text if text.startswith("refused") else
                    hashlib.sha256(text.encode()).hexdigest()[:32])
    return lines


def compare(old, new):
    """How many kernels differ; each is named."""
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    for name in names:
        print(f"{name}: {old.get(name, 'absent')} before, {new.get(name, 'absent')} now")
    print(f"{len(new) - len([n for n in names if n in new])} of {len(new)} kernels equal")
    return len(names)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=["write", "check"])
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--bin", default=str(ROOT / "build" / "bin"))
    parser.add_argument("--keep")
    parser.add_argument("--only", type=re.compile, default=re.compile(""))
    args = parser.parse_args()
    compiler = pathlib.Path(args.bin, "attn-compile")
    if not compiler.exists():
        parser.error(f"no compiler at {compiler}")
    new = hash_all(compiler, args.keep, args.only)
    if args.action == "write":
        args.file.write_text("".join(f"{n} {h}\n" for n, h in new.items()))
        return 0
    old = dict(line.split(" ", 1) for line in args.file.read_text().splitlines())
    old = {name: value for name, value in old.items()
           if args.only.search(name.rpartition(".")[0])}
    return 1 if compare(old, new) else 0


if __name__ == "__main__":
    sys.exit(main())
