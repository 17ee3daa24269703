#===- check_report.py - Keys of attn-compile's report ----------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: check_report.py so|ptx REPORT.json…"""

import json
import sys

KERNEL = {"name", "grid", "block", "smem_bytes", "scratch_bytes",
          "registers", "spill_bytes",
          "ptxas_warnings", "schedule"}
STAGES = {"ptx": {"attn_to_tile", "tile_to_nvvm", "entries", "kernels"}}
STAGES["so"] = STAGES["ptx"] | {"host", "object", "link"}


def check(kind, path):
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    assert set(report) == {"kernels", "compile_seconds", "remarks"}, report
    said = [(r["pass"], r["kind"], r["name"]) for r in report["remarks"]]
    assert ("attn-select-schedule", "passed", "Schedule") in said, said
    assert report["remarks"][0]["message"].startswith("q="), report
    assert set(report["compile_seconds"]) == STAGES[kind], report
    assert all(0 <= s < 60 for s in report["compile_seconds"].values()), report
    assert [k["name"] for k in report["kernels"]] == ["f_0"], report
    kernel = report["kernels"][0]
    assert set(kernel) == KERNEL, kernel
    # What is not known is null: the grid before the launch, and what only
    # ptxas can say.
    assert kernel["grid"] is None, kernel
    assert (kernel["registers"] is None) == (kernel["spill_bytes"] is None)
    assert kernel["registers"] != 0, kernel
    assert len(kernel["block"]) == 3 and kernel["smem_bytes"] > 0, kernel
    assert kernel["schedule"].startswith("q="), kernel


for report in sys.argv[2:]:
    check(sys.argv[1], report)
