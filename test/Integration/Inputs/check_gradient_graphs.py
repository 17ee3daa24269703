#===- check_gradient_graphs.py - Gradients of several operations ----------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: check_gradient_graphs.py LIBATTNRT DIRECTORY TARGET [NAME…]

Compiles the gradients of the functions of gradient_graphs.py, or of those that
are named, for a target. On the processor, the reference that a package has must
agree with central differences of the functions in numpy, to 1e-6; on all targets,
the judge has to be content with the results, and the simulator to find no hazard.
"""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np

import gradient_graphs
from attn_testing import oracle
from attn_testing.package import Package, from_storage, to_storage

PLACES = 8  # that are probed of each gradient


def parse(text):
    *sizes, element = text.split("x")
    return tuple(int(size) for size in sizes), element


def draw(rng, types):
    values = {}
    for name, text in types.items():
        shape, element = parse(text)
        drawn = np.asarray(rng.standard_normal(shape), np.float32)
        values[name] = oracle.round_to(element, drawn).reshape(shape)
    return values


def loss(graph, values, cotangents):
    made = graph.compute(**values)
    return sum((np.where(np.isfinite(made[x]), made[x], 0) * cotangents[x]).sum()
               for x in graph.results)


def difference(graph, values, cotangents, name, place):
    step, ends = 2.0**-16, []
    for sign in (1, -1):
        moved = values[name].copy()
        moved[place] += sign * step
        ends.append(loss(graph, {**values, name: moved}, cotangents))
    return (ends[0] - ends[1]) / (2 * step)


def storage(types, values):
    return [np.array(to_storage(parse(types[x])[1], np.atleast_1d(values[x])))
            .reshape(values[x].shape) for x in types]


def check_differences(graph, package, rng):
    values, cotangents = draw(rng, graph.arguments), draw(rng, graph.results)
    results = [np.zeros(values[x].shape) for x in graph.arguments]
    rows = max(int(np.prod(value.shape[:-1])) for value in values.values())
    package.rows(f"{graph.name}_vjp", "reference",
                 storage(graph.arguments, values)
                 + storage(graph.results, cotangents), results, 0, rows)
    exact, ofs = ({x: value.astype(np.float64) for x, value in each.items()}
                  for each in (values, cotangents))
    for name, gradient in zip(graph.arguments, results):
        for flat in rng.choice(gradient.size, min(gradient.size, PLACES),
                               replace=False):
            place = np.unravel_index(flat, gradient.shape)
            expected = difference(graph, exact, ofs, name, place)
            if abs(expected - gradient[place]) > 1e-6 * max(1, abs(expected)):
                sys.exit(f"{graph.mlir()}\nd{name}{place}: differences say "
                         f"{expected}, the reference {gradient[place]}")


def run(graph, package, target, directory):
    record = directory / "record.json"
    process = subprocess.run(
        ["attn-run", package, f"--function={graph.name}_vjp", "--seed=3",
         f"--device={'host' if target == 'host' else 'sim'}",
         f"--json={record}"],
        env=dict(os.environ, ATTNRT_SIM_SCHEDULE="torn"), capture_output=True,
        text=True, check=False)
    if process.returncode != 0:
        sys.exit(f"{graph.mlir()}\n{process.stdout}{process.stderr}")
    said = json.loads(record.read_text(encoding="utf-8"))
    if not said["verify"]["passed"] or (said["sim"] and said["sim"]["hazards"]):
        sys.exit(f"{graph.mlir()}\n{said['verify']}\n{said['sim']}")


def main():
    runtime, directory, target, *names = sys.argv[1:]
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    graphs = [graph for graph in gradient_graphs.GRAPHS
              if not names or graph.name in names]
    for number, graph in enumerate(graphs):
        path = directory / f"{graph.name}-{target}.so"
        subprocess.run(["attn-compile", "-", "--vjp", f"--target={target}",
                        "-o", path], input=graph.mlir(), text=True, check=True)
        if target == "host":
            check_differences(graph, Package(path, runtime),
                              np.random.default_rng(number))
        run(graph, path, target, directory)
    print(f"{target}: {len(graphs)} functions agree")


main()
