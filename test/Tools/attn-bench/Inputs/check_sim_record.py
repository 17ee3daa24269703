#===- check_sim_record.py - A record of the simulator ----------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: check_sim_record.py RECORD.json

Nothing is a time; all else is there and consistent.
"""

import json
import sys

from attn_bench import record


def main():
    made = record.read(sys.argv[1])
    text = json.dumps(made)
    assert made["device"]["kind"] == "sim", made["device"]
    assert made["ended"] is None
    assert "median_ms" not in text, "the simulator has no time"
    assert len(made["cells"]) == 3, len(made["cells"])
    for cell in made["cells"]:
        case = cell["case"]
        assert cell["sensors"] is None
        (result,) = cell["results"]
        assert result["timing"] is None
        assert result["status"] == "right", result
        o, lse = result["verify"]["outputs"]
        assert (o["name"], lse["name"]) == ("output", "lse")
        for output in o, lse:
            assert 0 < output["max_abs_error"] <= output["tolerance"], output
        assert len(o["worst_index"]) == 4 and len(lse["worst_index"]) == 3
        assert lse["worst_index"][2] < case["length"]
        # Each product of tiles is several of 16 x 8 x 16.
        assert result["sim"]["mma_instructions"] * 4096 >= case["flops"]
    functions = made["contenders"][0]["details"]["functions"]
    for entry in functions.values():
        assert len(entry["sha256"]) == 64
        assert entry["kernels"][0]["schedule"].startswith("q="), entry


if __name__ == "__main__":
    main()
