#===- measured.py - Our times of a run beside predictions -------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""What attn-bench run measured of our packages, as rows of a table of validation.py,
and predicted."""

import os

from machinecode import disassembly

from attn_bench import manifest
from attn_bench.predict import constants, validation

_MASKS = ("none", "causal")  # of cases; what the others keep no prediction knows


def _function(case):
    """The name of cases.Function, which is that of the manifest."""
    few = case.get("queries", case["length"]) != case["length"]
    return (f"attn_h{case['query_heads']}_kv{case['kv_heads']}_d{case['dim']}_"
            f"{case['mask']}_{case['element']}"
            + (f"_q{case['queries']}" if few else ""))


def _row(cell, result, path, device):
    case, sensors = cell["case"], cell["sensors"] or {}
    clock = (sensors.get("sm_mhz") or {}).get("median")
    if clock is None or case["mask"] not in _MASKS:
        return None
    return {"kernel": path, "dims": case["dim"], "element": case["element"],
            "mask": case["mask"], "batch": case["batch"],
            "query_heads": case["query_heads"], "kv_heads": case["kv_heads"],
            "queries": case.get("queries", case["length"]), "keys": case["length"],
            "clock_mhz": clock,
            "microseconds": round(result["timing"]["median_ms"] * 1e3, 3),
            "is_fitted": 0, "source": device}


def rows_of(record, directories):
    """Of those of our results that have a time and a clock."""
    rows = []
    for directory in directories:
        made = manifest.read(directory)
        if made["target"] not in constants.CHIPS:
            continue
        for cell in record["cells"]:
            entry = made["functions"].get(_function(cell["case"]))
            timed = [result for result in cell["results"]
                     if result["contender"] == made["label"] and result["timing"]]
            if entry is None or not timed:
                continue
            path = os.path.abspath(os.path.join(directory, entry["file"]))
            rows.append(_row(cell, timed[0], path, record["device"]["name"]))
    return [row for row in rows if row is not None]


def show(record, directories, table):
    """Prints measured and predicted times, where there is a disassembler, and appends
    the measured ones to a table, where one is given."""
    rows = rows_of(record, directories)
    if table is not None:
        validation.append(table, rows)
    try:
        nvdisasm = disassembly.find_nvdisasm()
    except disassembly.NoDisassembler:
        return
    for said in validation.lines(map(validation.cell_of, rows), nvdisasm):
        print(said)
