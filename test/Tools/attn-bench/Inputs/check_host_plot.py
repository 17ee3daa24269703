#===- check_host_plot.py - What a processor's plot shows ------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: check_host_plot.py RECORD.json PLOT.svg"""

import math
import sys

from attn_bench import host_plot, record
from attn_bench.comparison import families


def close(one, other):
    return len(one) == len(other) and all(map(math.isclose, one, other))


def check_points(made):
    grouped = families(made["cells"])
    cells = grouped["host", "8", 64, "none", "f32", None, "forward"]
    lengths, milliseconds, (below, above) = host_plot.curve(cells, "host")
    assert lengths == [512, 1024] and close(milliseconds, [4, 14])
    assert close(below, [0.5, 1]) and close(above, [0.4, 1.4])
    assert host_plot.curve(cells, "ort-mha")[0] == [512]
    # Four arrays of 1024 rows of 8 heads: as many bytes of 16 S as FLOP of
    # 4 S².
    xs, ys = host_plot.points(cells, "sdpa-flash")
    assert close(xs, [512 / 4, 1024 / 4]), xs
    assert close(ys, [0.536870912 / 6.4 * 1e3, 2.147483648 / 21 * 1e3]), ys


def check_roof(made):
    xs, ys = host_plot.roof(made["machine"], "f32", [1, 256])
    assert close(xs, [1, 4, 256]) and close(ys, [50, 200, 200]), (xs, ys)
    xs, ys = host_plot.roof(made["machine"], "bf16", [16])
    assert close(xs, [4, 8, 16]) and close(ys, [200, 400, 400]), (xs, ys)


def main():
    made = record.read(sys.argv[1])
    check_points(made)
    check_roof(made)
    with open(sys.argv[2], "rb") as file:
        svg = file.read()
    # matplotlib draws texts as outlines and keeps them in comments.
    for text in ("roofline, f32", "roofline, bf16", "FLOP / byte", "GFLOP/s",
                 "host: 8 heads of 64, f32, mask none",
                 "host-decode: 32/8 heads of 128, f32, 1 queries",
                 "an invented processor", "sdpa-flash"):
        assert text.encode() in svg, text
    assert b"openvino" not in svg


if __name__ == "__main__":
    main()
