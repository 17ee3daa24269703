#===- compiled.py - Packages of our own ------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""A directory of packages as a contender."""

from attn_bench import manifest, operands as operands_of
from attn_bench.contender import Contender
from attn_bench.failures import Unsupported
from attn_bench.runtime import CompiledFunction


class Compiled(Contender):
    kind = "ours"

    def __init__(self, directory, runtime, layout):
        self.directory = directory
        self.runtime = runtime
        self.layout = layout
        self.manifest = manifest.read(directory)
        self.name = self.manifest["label"]
        self.loaded = {}

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
            self.loaded[function.name] = CompiledFunction(
                self.runtime, manifest.file_of(self.directory, entry),
                function.name)
        return self.loaded[function.name]

    def prepare(self, case, operands, device):
        function = self.load(case.function)
        arrays, element = device.arrays, case.function.element
        o = operands_of.as_bhsd(
            lambda shape: arrays.poisoned(shape, element), case.shape("o"),
            self.layout)
        lse = arrays.poisoned(case.lse_shape, "f32")
        call = function.bind([arrays.describe(x, element) for x in operands],
                             [arrays.describe(o, element),
                              arrays.describe(lse, "f32")])
        launch = device.launcher(call, [*operands, o, lse])

        def run():
            launch()
            return {"o": o, "lse": lse}
        return run
