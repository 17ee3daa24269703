#===- library.py - Where compiler, runtime and binding are -----------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""A wheel has all three beside this file. In the tree they are those of the build
that ATTN_MLIR_BUILD names."""

import functools
import glob
import importlib.machinery
import importlib.util
import os

from attn_mlir import settings
from attn_mlir.failures import CompileError

_HERE = os.path.dirname(os.path.abspath(__file__))


def _places(folder):
    """Where files of a kind are looked for."""
    if settings.build_directory:
        return [os.path.join(settings.build_directory, folder)]
    return [os.path.join(_HERE, folder), _HERE]


def _find(name, folder):
    for place in _places(folder):
        path = os.path.join(place, name)
        if os.path.exists(path):
            return path
    raise CompileError(
        f"no {name} in {' or '.join(_places(folder))}; install the wheel, or "
        "name a build by ATTN_MLIR_BUILD")


@functools.cache
def compiler():
    return _find("attn-compile", "bin")


@functools.cache
def linker():
    """The one that the wheel brings along; None where the compiler looks for
    its own."""
    path = os.path.join(os.path.dirname(compiler()), "ld.lld")
    return path if os.path.exists(path) else None


@functools.cache
def ptxas():
    """That of PyPI's package nvidia-cuda-nvcc; None where there is none, and
    the compiler looks in PATH."""
    spec = importlib.util.find_spec("nvidia")
    for place in (spec.submodule_search_locations or []) if spec else []:
        found = sorted(glob.glob(os.path.join(place, "*", "bin", "ptxas")))
        if found:
            return found[-1]
    return None


@functools.cache
def compiler_identity():
    """Changes whenever what compiles does: a build's files, by size and time."""
    libraries = glob.glob(os.path.join(
        os.path.dirname(compiler()), "..", "lib", "lib*.so"))
    files = [compiler(), *sorted(libraries)]
    return [[os.path.basename(path), os.stat(path).st_size,
             os.stat(path).st_mtime_ns] for path in files]


@functools.cache
def native():
    """The binding, which brings the runtime along."""
    suffix = importlib.machinery.EXTENSION_SUFFIXES[0]
    path = _find("_native" + suffix, "lib")
    spec = importlib.util.spec_from_file_location("attn_mlir._native", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
