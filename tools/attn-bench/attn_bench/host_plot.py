#===- host_plot.py - A record of a processor as a picture -----------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""One panel for each element type with the roofline: GFLOP/s over FLOP for each
byte that has to be moved, under what the machine was seen to do in the same
run. One for each family with milliseconds over length."""

import functools

from attn_bench import roofline
from attn_bench.host_table import timing_of

ROOF = {"color": "black", "linewidth": 1.0, "zorder": 1}


def points(cells, name):
    """Intensities and GFLOP/s; timed cells only."""
    timed = [(cell["case"], timing_of(cell, name)) for cell in cells
             if timing_of(cell, name) is not None]
    return ([roofline.intensity(case) for case, _ in timed],
            [roofline.gflops(case, t["median_ms"]) for case, t in timed])


def roof(machine, element, intensities):
    """Its corners: from the least intensity up to the peak, and along it."""
    peak = roofline.peak_gflops(machine, element)
    bandwidth = max(machine["copy_gbytes_per_s"],
                    machine["read_gbytes_per_s"])
    corner = peak / bandwidth
    ends = min([*intensities, corner / 2]), max([*intensities, corner * 2])
    xs = [ends[0], corner, ends[1]]
    return xs, [min(peak, bandwidth * x) for x in xs]


def label(axes, title, x, y):
    axes.set_title(title, fontsize=9)
    axes.set_xscale("log", base=2)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=6)


def draw_roofline(machine, axes, element, cells, ours, peers):
    if machine is not None:
        known = [roofline.intensity(cell["case"]) for cell in cells]
        axes.plot(*roof(machine, element, known), **ROOF)
    for name in ours + peers:
        xs, ys = points(cells, name)
        if xs:
            axes.plot(xs, ys, linestyle="", marker="o", label=name,
                      markersize=6 if name in ours else 3,
                      zorder=3 if name in ours else 2)
    axes.set_yscale("log", base=2)
    label(axes, f"roofline, {element}", "FLOP / byte", "GFLOP/s")


def curve(cells, name):
    """Lengths, milliseconds, and what is below and above them."""
    timed = [(cell["case"]["length"], timing_of(cell, name)) for cell in cells
             if timing_of(cell, name) is not None]
    return ([length for length, _ in timed], [t["median_ms"] for _, t in timed],
            ([t["median_ms"] - t["p10_ms"] for _, t in timed],
             [t["p90_ms"] - t["median_ms"] for _, t in timed]))


def draw_times(axes, family, cells, ours, peers):
    for name in ours + peers:
        lengths, milliseconds, errors = curve(cells, name)
        if lengths:
            axes.errorbar(lengths, milliseconds, errors, label=name, marker="o",
                          linewidth=2.4 if name in ours else 1.2, markersize=3,
                          capsize=2)
    axes.set_yscale("log", base=10)
    label(axes, family.title, "keys", "ms")


def panels(record, families):
    """As plot.draw() wants them: what draws one, and of what."""
    by_element = {}
    for family, cells in families.items():
        by_element.setdefault(family.element, []).extend(cells)
    draw = functools.partial(draw_roofline, record["machine"])
    return ([(draw, element, cells) for element, cells in by_element.items()]
            + [(draw_times, family, cells)
               for family, cells in families.items()])
