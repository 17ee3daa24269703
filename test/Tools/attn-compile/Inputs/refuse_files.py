#===- refuse_files.py - Files that both tools must refuse ------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Runs attn-compile and attn-run on every .mlir file of a directory.

Usage: refuse_files.py DIRECTORY REFUSED…

A file's first line, `// expect: REGEX`, is what the error line must say; an
empty file has no such line. REFUSED is the command that runs refused.py.
"""

import glob
import os
import re
import shutil
import subprocess
import sys


def main():
    directory, refused = sys.argv[1], sys.argv[2:]
    failures = 0
    paths = sorted(glob.glob(os.path.join(directory, "*.mlir")))
    for path in paths:
        with open(path, encoding="utf-8") as file:
            first = file.readline()
        regex = re.match(r"// expect: (.*)", first)
        regex = regex.group(1) if regex else "no function"
        for command in (
                ["attn-compile", path, "-o", "out.so", "--report=json"],
                ["attn-run", path, "--device=sim", "--json=record.json",
                 "--result=0=out.npy"]):
            command[0] = shutil.which(command[0])
            failures += subprocess.run([*refused, "2", regex, *command],
                                       check=False).returncode != 0
    if not paths:
        sys.exit(f"no files in {directory}")
    sys.exit(failures and f"{failures} failed")


main()
