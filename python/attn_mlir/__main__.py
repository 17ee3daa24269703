#===- __main__.py - What there is ------------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""python -m attn_mlir: version, devices, targets and cache."""

import subprocess
import sys

import attn_mlir
from attn_mlir import cache, library, settings


def _gpus():
    try:
        import torch
    except ImportError:
        return "not looked for (no torch)"
    if not torch.cuda.is_available():
        return "none"
    return ", ".join(
        f"{torch.cuda.get_device_name(i)} (cuda:{i}, "
        f"{'.'.join(map(str, torch.cuda.get_device_capability(i)))})"
        for i in range(torch.cuda.device_count()))


def _ptxas():
    if library.ptxas():
        return library.ptxas()
    return ("that in PATH, if there is one; else the driver compiles PTX "
            "(pip install nvidia-cuda-nvcc)")


def _targets():
    done = subprocess.run([library.compiler(), "-", "--target=?", "-o", "x"],
                          input="", capture_output=True, text=True, check=False)
    return done.stderr.partition("known are ")[2].strip() or "unknown"


def main():
    found = cache.entries()
    size = sum(each[1] for each in found) / 2**20
    for name, value in [
            ("version", attn_mlir.__version__),
            ("compiler", library.compiler()), ("ptxas", _ptxas()),
            ("targets", _targets()), ("GPUs", _gpus()),
            ("CPU tensors", f"computed on {settings.cpu_device}"
             + (f", for {settings.sim_target}"
                if settings.cpu_device == "sim" else
                f", {library.native().threads()} threads")),
            ("cache", f"{settings.cache_directory}: {len(found)} packages, "
             f"{size:.1f} of {settings.cache_bytes / 2**20:.0f} MB")]:
        print(f"{name:12} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
