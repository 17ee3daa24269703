#===- alter_record.py - Another record to compare with ---------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: alter_record.py RECORD.json OUTPUT.json [--without-times]

Another device; the first time of ours 10 % slower, the second 1 %, and a peer
that has lost one time. Or no times at all.
"""

import json
import sys


def slow_down(result, factor):
    timing = result["timing"]
    for key in "median_ms", "p10_ms", "p90_ms":
        timing[key] /= factor
    timing["tflops"] *= factor


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        record = json.load(file)
    cells = record["cells"]
    if "--without-times" in sys.argv:
        for cell in cells:
            for result in cell["results"]:
                result["timing"] = None
    else:
        record["device"]["name"] = "another invented GPU"
        slow_down(cells[0]["results"][0], 0.9)
        slow_down(cells[1]["results"][0], 0.99)
        cells[1]["results"][3]["timing"] = None
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump(record, file)


if __name__ == "__main__":
    main()
