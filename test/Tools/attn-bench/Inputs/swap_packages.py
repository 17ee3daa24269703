#===- swap_packages.py - A function in another's place ---------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: swap_packages.py DIRECTORY NAME OTHER

Compiles OTHER under NAME into a directory of packages, so that what runs is not
what its name says.
"""

import dataclasses
import sys

from attn_bench import build, grids, manifest


@dataclasses.dataclass(frozen=True)
class Renamed:
    function: object
    name: str

    def mlir(self):
        return self.function.mlir().replace(self.function.name, self.name)


def main():
    directory, name, other = sys.argv[1:]
    functions = {f.name: f for f in (case.function for case in grids.full())}
    changed = dataclasses.replace(functions[name], causal="_none_" in name)
    assert changed.name == other, changed.name
    made = manifest.read(directory)
    made["functions"][name] = build.compile_function(
        build.find_compiler(), Renamed(changed, name), directory, "sm_80", None)
    manifest.write(directory, made)


if __name__ == "__main__":
    main()
