#===- roofline.py - What a processor could do -----------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Cells of a record of the processor, held against what was measured of the
machine in the same run."""

from attn_bench.cases import ELEMENT_BYTES
from attn_bench.comparison import few_queries, work_of


def is_decoding(case):
    return few_queries(case) is not None


def kind(case):
    """What is averaged together."""
    if work_of(case) != "forward":
        return f"{case['element']} {work_of(case)}"
    return "decode" if is_decoding(case) else case["element"]


def cache_bytes(case):
    """Keys and values, each read once."""
    return (2 * case["batch"] * case["kv_heads"] * case["length"] * case["dim"]
            * ELEMENT_BYTES[case["element"]])


def least_bytes(case):
    """What has to be moved: also queries, and results without the LSE."""
    rows = 2 * case["batch"] * case["query_heads"] * case["queries"]
    return (cache_bytes(case)
            + rows * case["dim"] * ELEMENT_BYTES[case["element"]])


def intensity(case):
    return case["flops"] / least_bytes(case)


def gflops(case, milliseconds):
    return case["flops"] / milliseconds * 1e-6


def gbytes_per_s(case, milliseconds):
    return cache_bytes(case) / milliseconds * 1e-6


def peak_gflops(machine, element):
    """Of the machine's instructions for the type; f16 is computed in f32. None
    where nothing was measured."""
    if machine is None:
        return None
    if element == "bf16" and machine["bf16_gflops"] is not None:
        return machine["bf16_gflops"]
    return machine["f32_gflops"]


def share(case, milliseconds, machine):
    """Of the peak; decoding, of the bandwidth of reading: nothing else is done
    to keys and values."""
    if is_decoding(case):
        most = machine and machine["read_gbytes_per_s"]
        reached = gbytes_per_s(case, milliseconds)
    else:
        most = peak_gflops(machine, case["element"])
        reached = gflops(case, milliseconds)
    return reached / most if most else None
