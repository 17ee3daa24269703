#===- settings.py - What environment variables say -------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Read when the module is imported; `reload` reads them again."""

import os

CPU_DEVICES = "host", "sim"
SIM_TARGETS = "sm_80", "sm_90a"

# Where arrays of the processor's memory are computed on, and for which GPU the
# simulator gets code.
cpu_device = sim_target = None
cache_directory, cache_bytes = None, 0
# The folder of a build whose tools are used instead of the package's own.
build_directory = None
# Called after they were read again.
listeners = []


def _one_of(name, allowed):
    value = os.environ.get(name) or allowed[0]
    if value not in allowed:
        raise ValueError(f"{name}: expected {' or '.join(allowed)}, got "
                         f"'{value}'")
    return value


def _megabytes(name, default):
    text = os.environ.get(name) or default
    if not text.isdigit() or int(text) == 0:
        raise ValueError(f"{name}: expected a number of megabytes, got '{text}'")
    return int(text) << 20


def _default_cache():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(
        os.path.expanduser("~"), ".cache")
    return os.path.join(base, "attn-mlir", "packages")


def reload():
    global cpu_device, sim_target, cache_directory, cache_bytes, build_directory
    cpu_device = _one_of("ATTN_MLIR_DEVICE", CPU_DEVICES)
    sim_target = _one_of("ATTN_MLIR_SIM_TARGET", SIM_TARGETS)
    cache_directory = os.environ.get("ATTN_MLIR_CACHE") or _default_cache()
    cache_bytes = _megabytes("ATTN_MLIR_CACHE_MB", "1024")
    build_directory = os.environ.get("ATTN_MLIR_BUILD")
    for listener in listeners:
        listener()


reload()
