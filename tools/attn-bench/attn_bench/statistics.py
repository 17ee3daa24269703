#===- statistics.py - Numbers of repeats -----------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Medians, spreads and means. A value without a source is None, never 0."""

import math


def quantile(values, q):
    """Linear between the two nearest, as attn-run has it."""
    ordered = sorted(values)
    at = q * (len(ordered) - 1)
    below = math.floor(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (at - below) * (ordered[above] - ordered[below])


def summarize(milliseconds, flops):
    """Timing as in the record, of at least one repeat."""
    median = quantile(milliseconds, 0.5)
    return {"min_ms": min(milliseconds), "median_ms": median,
            "p10_ms": quantile(milliseconds, 0.1),
            "p90_ms": quantile(milliseconds, 0.9),
            "repeats": len(milliseconds), "tflops": flops / median * 1e-9}


def spread(timing):
    """Half of what lies between the tenth and the ninetieth percentile,
    relative to the median."""
    return (timing["p90_ms"] - timing["p10_ms"]) / 2 / timing["median_ms"]


def geometric_mean(values):
    values = list(values)
    if not values:
        return None
    return math.exp(math.fsum(map(math.log, values)) / len(values))
