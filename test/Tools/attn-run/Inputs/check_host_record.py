"""check_host_record.py RECORD THREADS: what the record of a run on `host` says."""

import json
import sys

record, threads = json.load(open(sys.argv[1])), int(sys.argv[2])
kernel, = record["kernels"]
assert record["device"] == "host" and record["device_name"], record
assert record["target"] == "host" and record["sim"] is None, record
assert kernel["block"] == [1, 1, 1] and kernel["smem_bytes"] == 0, kernel
assert kernel["registers"] is None and kernel["spill_bytes"] is None, kernel
assert kernel["scratch_bytes"] > 0 and kernel["schedule"], kernel
assert record["host"]["threads"] == record["timing"]["threads"] == threads
scratch = record["host"]["scratch_bytes"]
assert threads * kernel["scratch_bytes"] <= scratch, record["host"]
assert record["memory"]["workspace_bytes"] >= scratch, record["memory"]
timing = record["timing"]
assert timing["repeats"] >= 30 and timing["gbytes_per_s"] > 0, timing
assert 0 < timing["p10_ms"] <= timing["median_ms"] <= timing["p90_ms"], timing
assert timing["tflops"] > 0, timing
