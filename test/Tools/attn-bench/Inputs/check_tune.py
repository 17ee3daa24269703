#===- check_tune.py - The record of attn-bench tune ------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: check_tune.py FILE: ranks are those of the times, the best is no worse than
the table's, and at most four schedules were compiled."""

import json
import sys

from attn_bench.predict import schedules

with open(sys.argv[1], encoding="utf-8") as file:
    record = json.load(file)
(case,) = record["cases"]
times = [one["us"][0] for one in case["predicted"]]
assert times == sorted(times), times
assert len(times) + len(case["refused"]) <= 4, case
assert {"schedule": case["table"], "us": case["table_us"]} in case["predicted"], case
assert case["best_us"][0] <= case["table_us"][0], case
assert len({schedules.text_of(one["schedule"]) for one in case["predicted"]}) > 1, case

# A schedule and its text are the same, and neighbours differ in a key or in rows.
keys = schedules.parse("q=128,kv=128,warps=8,stages=2,producers=4,wait=50")
assert schedules.parse(schedules.text_of(keys)) == keys
for other in schedules.neighbours(keys):
    changed = {key for key in other if other[key] != keys.get(key)}
    assert len(changed) == 1 or changed == {"q", "warps"} or changed == {"q"}, changed
