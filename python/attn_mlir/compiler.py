#===- compiler.py - From MLIR to a package in the cache --------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Runs attn-compile, unless the cache has what it would make."""

import functools
import os
import subprocess
import tempfile

from attn_mlir import cache, library
from attn_mlir.failures import CompileError, of_compiler


@functools.cache
def _processor():
    """What code for `host` depends on, beside the compiler."""
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        lines = file.read().splitlines()
    kinds = ("vendor_id", "cpu family", "model\t", "model name", "flags",
             "Features", "CPU part")
    return sorted({line for line in lines if line.startswith(kinds)})


def _environment():
    environment = dict(os.environ)
    if library.linker():
        environment["ATTN_LLD"] = library.linker()
    if library.ptxas():
        environment.setdefault("ATTN_PTXAS", library.ptxas())
    return environment


def run(mlir, target, flags, output):
    """What the compiler said on standard output and on standard error."""
    with tempfile.NamedTemporaryFile("w", suffix=".mlir") as source:
        source.write(mlir)
        source.flush()
        command = [library.compiler(), source.name, f"--target={target}",
                   *flags, "-o", output]
        try:
            done = subprocess.run(command, env=_environment(), check=False,
                                  capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL)
        except OSError as error:
            raise CompileError(f"cannot run '{command[0]}': "
                               f"{error.strerror}") from error
    if done.returncode != 0:
        raise of_compiler(done.returncode, done.stderr)
    return done.stdout, done.stderr


def package(mlir, target, flags=()):
    """The path of the package; compiles it where the cache has none."""
    parts = {"mlir": mlir, "target": target, "flags": list(flags),
             "compiler": library.compiler_identity(),
             "ptxas": library.ptxas() if target.startswith("sm_") else None,
             "processor": _processor() if target == "host" else None}
    return cache.find_or_make(
        cache.key_of(parts), lambda path: run(mlir, target, flags, path))
