#===- check_host_record.py - A record of the processor --------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: check_host_record.py RECORD.json CELLS CONTENDER,…

These contenders are right and timed in every cell; all else is there.
"""

import json
import sys

from attn_bench import record, roofline

READINGS = {"f32_gflops", "bf16_gflops", "read_gbytes_per_s",
            "copy_gbytes_per_s"}


def check_machine(machine):
    assert machine["threads"] == 2, machine
    assert len(machine["readings"]) == 3, "start, half-way, end"
    for reading in machine["readings"]:
        assert reading.keys() <= READINGS and len(reading) >= 3, reading
        for name, value in reading.items():
            assert 0 < value <= machine[name], (name, value)
    assert (machine["bf16_gflops"] is None) == (
        machine["bf16_instructions"] is None)


def check_timing(cell, timing):
    assert timing["method"] == "calls" and timing["repeats"] >= 2
    assert 0 < timing["min_ms"] <= timing["p10_ms"] <= timing["median_ms"]
    assert len(timing["samples_ms"]) == timing["repeats"]
    case = cell["case"]
    assert abs(case["flops"] / timing["median_ms"] * 1e-9
               - timing["tflops"]) < 1e-9 * timing["tflops"] + 1e-12
    if roofline.is_decoding(case):
        assert timing["runs_per_sample"] > 1, "cold operands"


def main():
    made = record.read(sys.argv[1])
    json.dumps(made, allow_nan=False)
    device = made["device"]
    assert device["kind"] == "host" and device["threads"] == 2, device
    assert made["settings"]["layout"] == "bhsd" and made["ended"] is None
    check_machine(made["machine"])
    assert len(made["cells"]) == int(sys.argv[2])
    for cell in made["cells"]:
        for name in sys.argv[3].split(","):
            result = record.result_of(cell, name)
            assert result["status"] == "right", (cell["case"]["name"], result)
            assert result["verify"]["passed"]
            check_timing(cell, result["timing"])


if __name__ == "__main__":
    main()
