#===- check_recorded.py - The simulator against recorded GPUs --------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: check_recorded.py GOLDEN-VECTORS DIR: checks every DIR/*.golden."""

import pathlib
import subprocess
import sys


def main():
    program, directory = sys.argv[1:]
    files = sorted(pathlib.Path(directory).glob("*.golden"))
    if not files:
        sys.exit(f"error: no recorded vectors in {directory}")
    return max(subprocess.run([program, "check", file], check=False).returncode
               for file in files)


if __name__ == "__main__":
    sys.exit(main())
