#===- make_arrays.py - Arrays that attn-run must refuse --------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: make_arrays.py DIRECTORY"""

import os
import sys

import numpy as np


def main():
    os.chdir(sys.argv[1])
    good = np.ones((1, 2, 8, 16), np.float32)
    np.save("good.npy", good)
    with open("good.npy", "rb") as file:
        data = file.read()
    for name, text in [("empty", b""), ("truncated", data[:-1]),
                       ("truncated-header", data[:40])]:
        with open(f"{name}.npy", "wb") as file:
            file.write(text)
    np.save("big-endian.npy", good.astype(">f4"))
    np.save("fortran.npy", np.asfortranarray(good))
    np.save("object.npy", np.full((1, 2, 8, 16), None, object),
            allow_pickle=True)
    np.save("double.npy", good.astype(np.float64))
    np.save("wide.npy", np.ones((1, 2, 8, 24), np.float32))
    np.save("flat.npy", np.ones((8, 16), np.float32))


main()
