#===- check_determinism.py - Gradients are the same bits ------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: check_determinism.py ATTN_RUN DIRECTORY TARGET DIMS[,DIMS…]

Compiles the gradients of functions of causal attention with dropout, a bias that
is broadcast, a table of distances and sinks, of head dims such as 64 or 192/128,
and compares all bits of all results: on the simulator between all orders of
completion, on the processor between 20 runs, by one thread and by two.
"""

import os
import pathlib
import subprocess
import sys

from attn_testing.case import Case
from attn_testing.language import Program, RelativeBias, Tensor

ORDERS = ["late", "early", "torn", "random:1", "random:2"]
RUNS = 10  # of each number of threads


def program_of(dims):
    case = Case(heads=(4, 2), lengths=(90, 130), dims=dims, causal="top_left")
    return Program(case, dropout=0.2, bias=Tensor("bias", "f32", (1, "h", "i", "j")),
                   relative_bias=RelativeBias(Tensor("table", "bf16", (18, "h"))),
                   sinks=Tensor("sinks", "f32", ("h",)))


def environments(target):
    if target == "host":
        return [{"ATTNRT_THREADS": threads} for threads in "12" for _ in range(RUNS)]
    return [{"ATTNRT_SIM_SCHEDULE": order, "ATTNRT_SIM_SEED": str(len(order))}
            for order in ORDERS]


def results(runner, package, target, environment, directory):
    paths = [directory / f"{n}.npy" for n in range(6)]
    subprocess.run(
        [runner, package, "--verify=false",
         f"--device={'host' if target == 'host' else 'sim'}", "--seed=1",
         *(f"--result={n}={path}" for n, path in enumerate(paths))],
        env=dict(os.environ, **environment), check=True,
        stdout=subprocess.DEVNULL)
    return [path.read_bytes() for path in paths]


def check(runner, directory, target, dims):
    source, package = directory / "f.mlir", directory / "f.so"
    # The simulator runs PTX: nothing has to be assembled.
    source.write_text(program_of(dims).mlir(), encoding="utf-8")
    subprocess.run(["attn-compile", source, "--vjp", f"--target={target}", "-o",
                    package, "--schedule=deterministic=1"], check=True,
                   env=dict(os.environ, ATTN_PTXAS=""))
    first, *others = environments(target)
    expected = results(runner, package, target, first, directory)
    for other in others:
        if results(runner, package, target, other, directory) != expected:
            sys.exit(f"{target}, {dims}: {other} gives other bits than {first}")
    return 1 + len(others)


def main():
    runner, directory, target, words = sys.argv[1:]
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    for word in words.split(","):
        dims = [int(dim) for dim in word.split("/")]
        count = check(runner, directory, target, (dims[0], dims[-1]))
        print(f"{target}, {word}: {count} runs agree")


main()
