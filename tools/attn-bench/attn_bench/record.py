#===- record.py - What a run leaves ----------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""The record of a run, as JSON:

    {"schema": 1, "date", "command",
     "device": {"kind": "cuda"|"sim"|"host", "name", …},
     "versions": {name: text or null},
     "settings": {"seed", "layout", "seconds_limit", "least_rounds", …},
     "ended": null, or why the run stopped early,
     "contenders": [{"name", "kind": "ours"|"peer", "absence": null or a reason,
                     "version", "details": {…}}],
     "cells": [{"case": {"name", "group", "batch", "query_heads", "kv_heads",
                         "queries", "length", "dim", "mask", "element",
                         "flops": as a package counts them, or null},
                "sensors": {"sm_mhz": {"min", "median", "max"} or null, …}
                           or null,
                "results": [{"contender", "status", "reason",
                             "verify": {"passed", "outputs": […]},
                             "timing": {"min_ms", "median_ms", "p10_ms",
                                        "p90_ms", "repeats", "tflops",
                                        "method", "runs_per_sample",
                                        "samples_ms"},
                             "sim": what the simulator counted}]}],
     "machine": null, or on a processor the most that it was seen to do:
                {"threads", "f32_instructions", "f32_gflops",
                 "bf16_instructions", "bf16_gflops": null where it has none,
                 "read_gbytes_per_s", "copy_gbytes_per_s",
                 "readings": [the same numbers at the start, half-way and at
                              the end]}}

A status is "right", "wrong", "failed" (it ran into an error), "unsupported" or
"not run". What was not measured is null, never 0.
"""

import json
import os
import tempfile

from attn_bench.failures import BadInput

SCHEMA = 1
STATUSES = ("right", "wrong", "failed", "unsupported", "not run")


def new_result(contender):
    return {"contender": contender, "status": "not run", "reason": None,
            "verify": None, "timing": None, "sim": None}


def new_cell(case, contenders):
    return {"case": dict(case.to_json(), flops=None), "sensors": None,
            "results": [new_result(name) for name in contenders]}


def result_of(cell, contender):
    for result in cell["results"]:
        if result["contender"] == contender:
            return result
    return None


def write(path, record):
    """All of it or nothing: a run may be killed while it writes."""
    directory = os.path.dirname(os.path.abspath(path))
    try:
        with tempfile.NamedTemporaryFile("w", dir=directory, delete=False,
                                         encoding="utf-8") as file:
            file.write(json.dumps(record, allow_nan=False) + "\n")
        os.chmod(file.name, 0o644)
        os.replace(file.name, path)
    except OSError as error:
        raise BadInput(f"cannot write '{path}': {error.strerror}") from error


def check(record):
    """A sentence on what is wrong with it, or None."""
    if not isinstance(record, dict) or "cells" not in record:
        return "is no record of attn-bench"
    if record.get("schema") != SCHEMA:
        return f"expected schema {SCHEMA}, got {record.get('schema')}"
    try:
        names = {contender["name"] for contender in record["contenders"]}
        for cell in record["cells"]:
            for result in cell["results"]:
                if result["status"] not in STATUSES:
                    return f"unknown status '{result['status']}'"
                if result["contender"] not in names:
                    return f"unknown contender '{result['contender']}'"
                if result["timing"] and result["status"] != "right":
                    return (f"{cell['case']['name']}: a time without a right "
                            "result")
    except (KeyError, TypeError) as error:
        return f"is damaged: {error!r}"
    return None


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            record = json.load(file)
    except OSError as error:
        raise BadInput(f"cannot read '{path}': {error.strerror}") from error
    except ValueError as error:
        raise BadInput(f"'{path}' is no JSON: {error}") from error
    wrong = check(record)
    if wrong is not None:
        raise BadInput(f"'{path}': {wrong}")
    return record
