#===- build.py - Compiling the packages ------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Makes a directory of packages with attn-compile; see manifest.py."""

import json
import os
import shutil
import subprocess
import time

from attnrt import package_file

from attn_bench import manifest
from attn_bench.failures import BadInput, Failure

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../.."))


def find_compiler(given=None):
    """--compiler, else this tree's build, else PATH."""
    if given is not None:
        found = shutil.which(given)
        if found is None:
            raise BadInput(f"--compiler: no program '{given}'")
        return found
    own = os.path.join(ROOT, "build", "bin", "attn-compile")
    found = own if os.path.exists(own) else shutil.which("attn-compile")
    if found is None:
        raise BadInput("no attn-compile in build/bin or PATH; packages made "
                       "elsewhere are given with --packages")
    return found


def runtime_of(compiler):
    path = os.path.join(os.path.dirname(os.path.realpath(compiler)), "..",
                        "lib", manifest.RUNTIME)
    if not os.path.exists(path):
        raise BadInput(f"no {manifest.RUNTIME} beside '{compiler}'")
    return path


def compile_function(compiler, function, directory, target, schedule):
    """An entry of the manifest's functions."""
    name = f"{function.name}.so"
    command = [compiler, "-", "-o", os.path.join(directory, name),
               "--report=json"]
    if function.work == "backward":
        command.append("--vjp=saved")
    if target is not None:
        command.append(f"--target={target}")
    if schedule is not None:
        command.append(f"--schedule={schedule}")
    start = time.monotonic()
    process = subprocess.run(command, input=function.mlir(), text=True,
                             capture_output=True, check=False)
    if process.returncode != 0:
        said = process.stderr.partition("error: ")[2].split("\n")[0]
        raise Failure(f"cannot compile {function.name}: {said}",
                      process.returncode)
    return {"file": name,
            "sha256": manifest.digest(os.path.join(directory, name)),
            "compile_seconds": round(time.monotonic() - start, 3),
            "kernels": json.loads(process.stdout)["kernels"]}


def target_of(directory, functions):
    """As a package says: without --target the compiler chose it."""
    entry = next(iter(functions.values()))
    return package_file.read_description(
        os.path.join(directory, entry["file"]))["target"]


def build(functions, directory, compiler, target=None, schedule=None,
          label=None):
    """The manifest is written last: with it, the directory is complete."""
    os.makedirs(directory, exist_ok=True)
    shutil.copy(runtime_of(compiler), directory)
    entries = {f.name: compile_function(compiler, f, directory, target,
                                        schedule) for f in functions}
    target = target_of(directory, entries)
    if label is None:
        label = target if schedule is None else f"{target}[{schedule}]"
    made = {"label": label, "target": target, "schedule": schedule,
            "runtime": manifest.RUNTIME, "functions": entries}
    manifest.write(directory, made)
    return made
