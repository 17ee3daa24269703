#===- bundle.py - Programs with the libraries that they need ---------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: bundle.py DIR [NAME=]FILE…

Copies programs to DIR/bin, libraries and all that both need to DIR/lib, stripped,
and has them look for one another there. What every Linux has is left out.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

# Of glibc and GCC, which manylinux takes from the system.
SYSTEM = re.compile(r"(ld-linux.*|lib(c|m|dl|rt|pthread|util|gcc_s|stdc\+\+))"
                    r"\.so(\.\d+)*$")


def libraries_of(path):
    """Names as they are asked for, and where the loader finds them."""
    said = subprocess.run(["ldd", path], capture_output=True, text=True,
                          check=True).stdout
    for name, place in re.findall(r"^\s*(\S+) => (\S+) ", said, re.M):
        if place == "not":
            raise SystemExit(f"error: {path} needs {name}, which is not there")
        if not SYSTEM.match(name):
            yield name, place


def place(source, target, search):
    shutil.copy(os.path.realpath(source), target)
    os.chmod(target, 0o755)
    subprocess.run(["strip", "--strip-unneeded", target], check=True)
    subprocess.run(["patchelf", "--set-rpath", search, target], check=True)


def main():
    folder = pathlib.Path(sys.argv[1])
    programs, libraries = folder / "bin", folder / "lib"
    programs.mkdir(parents=True)
    libraries.mkdir()
    done = set()
    for argument in sys.argv[2:]:
        name, _, path = argument.rpartition("=")
        name = name or os.path.basename(path)
        if ".so" in name:
            place(path, libraries / name, "$ORIGIN")
        else:
            place(path, programs / name, "$ORIGIN/../lib")
        for needed, found in libraries_of(path):
            if needed not in done:
                place(found, libraries / needed, "$ORIGIN")
                done.add(needed)


main()
