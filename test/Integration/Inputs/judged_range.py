#===- judged_range.py - Arguments at the edges of f32 ----------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: judged_range.py DIRECTORY

Writes one attention for each type, and arguments for them.
"""

import pathlib
import sys

import numpy as np

SHAPE = (1, 1, 64, 16)
PROGRAM = """!t = tensor<1x1x64x16x{type}>
func.func @f(%q: !t, %k: !t, %v: !t) -> !t {{
  %o = attn.sdpa %q, %k, %v : (!t, !t, !t) -> !t
  return %o : !t
}}
"""


def main():
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    for element in ("f16", "bf16"):
        (directory / f"{element}.mlir").write_text(PROGRAM.format(type=element))
    signs = np.where(np.random.default_rng(5).random(SHAPE) < 0.5, -1, 1)
    for name, values in (("large", np.full(SHAPE, 1e38)),
                         ("limit", np.full(SHAPE, 65504)),
                         ("scores", 1e20 * signs),
                         ("subnormal", 1e-39 * signs)):
        np.save(directory / f"{name}.npy", values.astype(np.float32))


main()
