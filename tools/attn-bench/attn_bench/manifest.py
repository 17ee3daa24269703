#===- manifest.py - A directory of packages --------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""`attn-bench build` leaves a directory that another machine can run: packages,
libattnrt.so and manifest.json:

    {"schema": 1, "label": "sm_80", "target": "sm_80", "schedule": null,
     "runtime": "libattnrt.so",
     "functions": {NAME: {"file", "sha256", "compile_seconds", "kernels": […]}}}

Functions have the names of cases.Function; `kernels` is what attn-compile
reports of them.
"""

import hashlib
import json
import os

from attn_bench.failures import BadInput

SCHEMA = 1
NAME = "manifest.json"
RUNTIME = "libattnrt.so"
KEYS = {"schema", "label", "target", "schedule", "runtime", "functions"}


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def write(directory, manifest):
    with open(os.path.join(directory, NAME), "w", encoding="utf-8") as file:
        json.dump(dict(manifest, schema=SCHEMA), file, indent=1)
        file.write("\n")


def read(directory):
    path = os.path.join(directory, NAME)
    try:
        with open(path, encoding="utf-8") as file:
            manifest = json.load(file)
    except OSError as error:
        raise BadInput(f"cannot read '{path}': {error.strerror}") from error
    except ValueError as error:
        raise BadInput(f"'{path}' is no JSON: {error}") from error
    if not isinstance(manifest, dict) or not KEYS <= manifest.keys():
        raise BadInput(f"'{path}' is no manifest of attn-bench")
    if manifest["schema"] != SCHEMA:
        raise BadInput(f"'{path}': expected schema {SCHEMA}, got "
                       f"{manifest['schema']}")
    return manifest


def file_of(directory, entry):
    """The path of a package, once the file is the one that was built."""
    path = os.path.join(directory, entry["file"])
    if not os.path.exists(path):
        raise BadInput(f"'{path}' is missing")
    if digest(path) != entry["sha256"]:
        raise BadInput(f"'{path}' is not the file that {NAME} names: its "
                       "checksum differs")
    return path
