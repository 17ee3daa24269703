#===- compiled.py - Packages of our own ------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""A directory of packages as a contender."""

from attnrt.runtime import Function

from attn_bench import manifest, operands as operands_of
from attn_bench.contender import Contender
from attn_bench.failures import Unsupported


class Compiled(Contender):
    kind = "ours"
    differentiates = True

    def __init__(self, directory, runtime, layout):
        self.directory = directory
        self.runtime = runtime
        self.layout = layout
        self.manifest = manifest.read(directory)
        self.name = self.manifest["label"]
        self.loaded = {}

    def knows(self, clause):
        return True

    def version(self):
        compilers = {f.package["compiler"] for f in self.loaded.values()}
        return ", ".join(sorted(compilers)) or None

    def details(self):
        """What was built, without what only the loader needs."""
        functions = {name: {"sha256": entry["sha256"],
                            "kernels": entry["kernels"]}
                     for name, entry in self.manifest["functions"].items()}
        return {"target": self.manifest["target"],
                "schedule": self.manifest["schedule"], "functions": functions}

    def load(self, function):
        """Packages that no case needs are not even opened."""
        if function.name not in self.manifest["functions"]:
            raise Unsupported(f"no package of {function.name}")
        if function.name not in self.loaded:
            entry = self.manifest["functions"][function.name]
            self.loaded[function.name] = Function(
                self.runtime, manifest.file_of(self.directory, entry),
                function.name)
        return self.loaded[function.name]

    def make_result(self, arrays, shape, element):
        """Poisoned; [b, h, s, d] lies as the operands do."""
        def make(shape):
            return arrays.poisoned(shape, element)
        if len(shape) < 4:
            return make(shape)
        return operands_of.as_bhsd(make, shape, self.layout)

    def prepare(self, case, operands, device):
        if case.function.work == "both":
            forward, backward = (
                self.prepare(case.doing(work), operands, device)
                for work in ("forward", "backward"))

            def run():
                forward()
                return backward()
            return run
        function = self.load(case.function)
        device.expect_code(function.package)
        arrays = device.arrays
        args = operands.in_order(function.roles())
        results = {
            result["role"]: self.make_result(
                arrays, case.shape(result["role"]), result["type"])
            for result in function.description["results"]}
        call = function.bind(
            [arrays.describe(x, arg["type"]) for x, arg in
             zip(args, function.description["args"])],
            [arrays.describe(x, result["type"]) for x, result in
             zip(results.values(), function.description["results"])])
        launch = device.launcher(call, [*args, *results.values()])

        def run(keep=args):  # descriptors do not own what they describe
            launch()
            return results
        return run
