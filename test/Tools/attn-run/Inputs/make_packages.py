#===- make_packages.py - Packages that attn-run must refuse ----------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: make_packages.py PACKAGE.so DIRECTORY

Copies of the package, each damaged in one place. The header of its description
is 4 bytes "ATTN", 4 bytes schema, 8 bytes size, 8 bytes checksum.
"""

import os
import struct
import subprocess
import sys


def main():
    with open(sys.argv[1], "rb") as file:
        good = file.read()
    os.chdir(sys.argv[2])
    at = good.index(b"ATTN" + struct.pack("<I", 3))

    def replaced(offset, data):
        return good[:offset] + data + good[offset + len(data):]

    packages = {
        "empty": b"",
        "junk": bytes(range(256)) * 64,
        "half": good[:len(good) // 2],
        "header": good[:64],
        "schema": replaced(at + 4, struct.pack("<I", 999)),
        "old": replaced(at + 4, struct.pack("<I", 1)),
        "checksum": replaced(at + 30, b"#"),
    }
    for name, data in packages.items():
        with open(f"{name}.so", "wb") as file:
            file.write(data)
    subprocess.run(["clang", "-shared", "-fPIC", "-x", "c", "/dev/null", "-o",
                    "foreign.so"], check=True)


main()
