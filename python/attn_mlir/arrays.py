#===- arrays.py - Packages for arrays of any framework ---------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""attn_mlir.load(path) calls functions of a package that attn-compile wrote, with
arrays of numpy, JAX, PyTorch or whatever else has __dlpack__. Needs no PyTorch."""

import os

from attn_mlir import library
from attn_mlir.failures import of_status
from attn_mlir.packages import open_function
from attnrt import package_file

_NUMPY = {"f16": "float16", "bf16": "bfloat16", "f32": "float32",
          "i32": "int32", "i64": "int64", "i1": "bool", "i8": "int8"}


class Function:
    """One function of a package, by its name there."""

    def __init__(self, path, description, target):
        self.description, self.name = description, description["name"]
        self._entry = open_function(os.fspath(path), self.name, target)

    def shapes(self, *args):
        """Of the results; what the arguments hold is not looked at."""
        ranks = [len(each["shape"]) for each in self.description["results"]]
        flat = iter(self._entry.shapes(args, sum(ranks)))
        return [tuple(next(flat) for _ in range(rank)) for rank in ranks]

    def call(self, *args, out=None):
        """The results: arrays of numpy, or those given as `out`, which may lie
        on any device that the package is for."""
        expected = len(self.description["args"])
        if len(args) != expected:
            raise TypeError(f"{self.name}: expected {expected} arrays, got "
                            f"{len(args)}")
        results = self._allocate(args) if out is None else list(out)
        status = self._entry(args, results)
        if status != 0:
            raise of_status(status, library.native().last_error())
        return results[0] if len(results) == 1 else results

    __call__ = call

    def judge(self, args, results, seed=1):
        """(passed, error, tolerance, reason) of each result, by the package's
        own reference."""
        return self._entry.judge(list(args), list(results), seed)

    def _allocate(self, args):
        import numpy
        types = [_NUMPY[each["type"]] for each in self.description["results"]]
        if "bfloat16" in types:
            raise TypeError(f"{self.name}: numpy has no bfloat16; give arrays "
                            "for the results as `out`")
        return [numpy.empty(shape, type_) for shape, type_ in
                zip(self.shapes(*args), types)]


class Package:
    def __init__(self, path):
        # Loading runs code of the file, so it is looked at first.
        self.description = package_file.read_description(path)
        self.target = self.description["target"]
        self.functions = {each["name"]: Function(path, each, self.target)
                          for each in self.description["functions"]}

    def __getitem__(self, name):
        if name not in self.functions:
            raise KeyError(f"no function '{name}'; there are "
                           f"{', '.join(sorted(self.functions))}")
        return self.functions[name]

    def call(self, *args, out=None):
        """Of a package with one function."""
        if len(self.functions) != 1:
            raise TypeError("the package has several functions: "
                            f"{', '.join(sorted(self.functions))}")
        return next(iter(self.functions.values())).call(*args, out=out)

    __call__ = call


def load(path):
    """A package is code: load what you would run."""
    return Package(os.path.realpath(path))
