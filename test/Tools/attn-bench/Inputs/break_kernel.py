#===- break_kernel.py - A package whose kernel is wrong --------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: break_kernel.py DIRECTORY NAME

Makes a logarithm of each exponential in the PTX of a package, in place: what runs
is not what its judge says. The manifest names the checksum of the new file.
"""

import os
import sys

from attn_bench import manifest


def main():
    directory, name = sys.argv[1:]
    made = manifest.read(directory)
    entry = made["functions"][name]
    path = os.path.join(directory, entry["file"])
    with open(path, "rb") as file:
        content = file.read()
    assert b"ex2.approx" in content
    with open(path, "wb") as file:
        file.write(content.replace(b"ex2.approx", b"lg2.approx"))
    entry["sha256"] = manifest.digest(path)
    manifest.write(directory, made)


if __name__ == "__main__":
    main()
