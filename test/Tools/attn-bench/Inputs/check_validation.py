#===- check_validation.py - Errors of predictions --------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: check_validation.py FILE.json MEAN WORST PAIRS: the first two at most, in
percent, over the cells that were not fitted; of their pairs at least so many ranked
rightly. Reckons all of them anew."""

import itertools
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    cells = json.load(file)["predictions"]
mean, worst, pairs = map(float, sys.argv[2:])
fitted = [cell for cell in cells if cell["is_fitted"]]
tested = [cell for cell in cells if not cell["is_fitted"]]
assert (len(fitted), len(tested)) == (5, 15), (len(fitted), len(tested))
assert all(cell["cell"].startswith("fa3 d 128 none") for cell in fitted), fitted
errors = [abs(cell["predicted_us"] / cell["measured_us"] - 1) * 100 for cell in tested]
assert sum(errors) / len(errors) <= mean, errors
assert max(errors) <= worst, errors
right = [(a["measured_us"] < b["measured_us"]) == (a["predicted_us"]
                                                   < b["predicted_us"])
         for a, b in itertools.combinations(tested, 2)]
assert 100 * sum(right) / len(right) >= pairs, sum(right) / len(right)
