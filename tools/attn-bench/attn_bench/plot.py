#===- plot.py - A record as a picture --------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""TFLOP/s over length, one panel for each family of cases; of a processor what
host_plot.py draws. Needs matplotlib; the file's suffix is its format."""

import math
import os

from attn_bench import host_plot
from attn_bench import record as records
from attn_bench.comparison import families, names_of, tflops
from attn_bench.failures import BadInput

FORMATS = (".svg", ".png", ".pdf")
COLUMNS = 3
PANEL_INCHES = (4.4, 3.2)


def import_pyplot():
    try:
        import matplotlib
    except ImportError as error:
        raise BadInput("plots need matplotlib, which is not installed") \
            from error
    matplotlib.use("agg")
    matplotlib.rcParams["svg.hashsalt"] = "attn-bench"  # equal runs, equal file
    from matplotlib import pyplot
    return pyplot


def check_path(path):
    """Before there is anything to draw."""
    if os.path.splitext(path)[1] not in FORMATS:
        raise BadInput(f"'{path}': expected a name that ends in "
                       f"{', '.join(FORMATS)}")
    import_pyplot()


def curve(cells, name):
    """Lengths, TFLOP/s, and what is below and above them; timed cells only."""
    timed = [(cell, records.result_of(cell, name)["timing"]) for cell in cells
             if tflops(cell, name) is not None]
    lengths = [cell["case"]["length"] for cell, _ in timed]
    speeds = [timing["tflops"] for _, timing in timed]
    scale = [timing["tflops"] * timing["median_ms"] for _, timing in timed]
    below = [s - k / t["p90_ms"] for s, k, (_, t) in zip(speeds, scale, timed)]
    above = [k / t["p10_ms"] - s for s, k, (_, t) in zip(speeds, scale, timed)]
    return lengths, speeds, (below, above)


def draw_panel(axes, family, cells, ours, peers):
    for name in ours + peers:
        lengths, speeds, errors = curve(cells, name)
        if lengths:
            width = 2.4 if name in ours else 1.2
            axes.errorbar(lengths, speeds, errors, label=name, linewidth=width,
                          marker="o", markersize=3, capsize=2)
    axes.set_title(family.title, fontsize=9)
    axes.set_xscale("log", base=2)
    axes.set_xlabel("length")
    axes.set_ylabel("TFLOP/s")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=6)


def draw(record, path):
    pyplot = import_pyplot()
    ours, peers = names_of(record, "ours"), names_of(record, "peer")
    grouped = {key: cells for key, cells in families(record["cells"]).items()
               if any(tflops(cell, name) is not None
                      for cell in cells for name in ours + peers)}
    if not grouped:
        raise BadInput("the record has no times to plot")
    # What draws each panel, and of what.
    panels_of = [(draw_panel, family, cells)
                 for family, cells in grouped.items()]
    if record["device"]["kind"] == "host":
        panels_of = host_plot.panels(record, grouped)
    rows = math.ceil(len(panels_of) / COLUMNS)
    figure, panels = pyplot.subplots(
        rows, COLUMNS, squeeze=False,
        figsize=(COLUMNS * PANEL_INCHES[0], rows * PANEL_INCHES[1]))
    flat = list(panels.flat)
    for axes, (draw_one, *what) in zip(flat, panels_of):
        draw_one(axes, *what, ours, peers)
    for axes in flat[len(panels_of):]:
        axes.set_visible(False)
    figure.suptitle(f"{record['device']['name']}, {record['date']}",
                    fontsize=10)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None} if path.endswith(".svg")
                   else None)
    pyplot.close(figure)
