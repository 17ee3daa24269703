#===- check_plot.py - What a plot shows ------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: check_plot.py RECORD.json PLOT.svg"""

import math
import os
import sys
import tempfile

from attn_bench import plot, record
from attn_bench.comparison import families


def close(one, other):
    return len(one) == len(other) and all(map(math.isclose, one, other))


def check_curves(made):
    """By length, from what p90 is slower to what p10 is faster; where there is
    no time, there is no point."""
    cells = families(made["cells"])["mha", "16", 128, "causal", "bf16", None, "forward"]
    lengths, speeds, (below, above) = plot.curve(cells, "sm_80")
    assert lengths == [8192, 16384] and close(speeds, [500, 250]), speeds
    assert math.isclose(speeds[0] - below[0], 1000 / 2.04), below
    assert math.isclose(speeds[0] + above[0], 1000 / 1.96), above
    assert plot.curve(cells, "flex")[0] == [8192]
    assert plot.curve(cells, "sdpa-cudnn")[0] == [16384]


def drawn(made, suffix):
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, f"plot{suffix}")
        plot.draw(made, path)
        with open(path, "rb") as file:
            return file.read()


def main():
    made = record.read(sys.argv[1])
    check_curves(made)
    with open(sys.argv[2], "rb") as file:
        svg = file.read()
    # matplotlib draws texts as outlines and keeps them in comments.
    for text in ("mha: 16 heads of 128, bf16, mask causal",
                 "llama3: 64/8 heads of 128",
                 "an invented GPU, 2026-01-02T03:04:05Z", "sm_80", "flex"):
        assert text.encode() in svg, text
    assert b"flash-attn-3" not in svg
    assert drawn(made, ".svg") == svg, "equal records give equal pictures"
    assert drawn(made, ".png").startswith(b"\x89PNG\r\n\x1a\n")


if __name__ == "__main__":
    main()
