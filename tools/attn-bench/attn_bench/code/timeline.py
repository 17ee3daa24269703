#===- timeline.py - A step as a picture ------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""One unmasked step of a warp: a row for each pipe, an instruction where its issue
falls if nothing but the encoded stall counts delays it. Scoreboards, other warps and
the tensor cores' own time are not in the picture."""

from machinecode import kinds

from attn_bench import plot
from attn_bench.code import measure

ROWS = ["issue", "mufu", "fma", "alu", "uniform", "tensor"]
#: Clocks that an instruction of a warp keeps its pipe busy; 2 for the others.
BUSY = {"mufu": 8, "tensor": 4}
ROW_INCHES = 0.32


def spans_of(step):
    """(start, length) of each pipe's instructions, and the waits' clocks."""
    spans = {row: [] for row in ROWS}
    waits, clock = [], 0
    for instruction in step.instructions:
        if measure.wait_of(instruction) is not None:
            waits.append(clock)
        stall = instruction.control.stall if instruction.control else 1
        spans["issue"].append((clock, 1))
        if row := kinds.pipe(instruction):
            spans[row].append((clock, BUSY.get(row, 2)))
        clock += stall
    return spans, waits, clock


def _unmasked(kernel):
    return next((step for step in kernel.steps if step.kind == "unmasked"),
                kernel.steps[-1])


def _draw_step(axes, title, step):
    spans, waits, end = spans_of(step)
    for place, row in enumerate(ROWS):
        axes.broken_barh(spans[row], (place - 0.4, 0.8), linewidth=0,
                         color=f"C{place}")
    for clock in waits:
        axes.axvline(clock, color="0.3", linewidth=0.6)
    axes.set_yticks(range(len(ROWS)), ROWS)
    axes.invert_yaxis()
    axes.set_title(title, fontsize=9)
    return end


def draw(pairs, path):
    """Of (ours, peer's or None)."""
    pyplot = plot.import_pyplot()
    drawn = [(f"{who}: {kernel.name}", _unmasked(kernel)) for pair in pairs
             for who, kernel in zip(("ours", "peer"), pair) if kernel]
    height = len(drawn) * (len(ROWS) * ROW_INCHES + 0.6)
    figure, panels = pyplot.subplots(len(drawn), 1, squeeze=False, sharex=True,
                                     figsize=(12, height))
    ends = [_draw_step(axes, title, step)
            for axes, (title, step) in zip(panels[:, 0], drawn)]
    panels[-1, 0].set_xlim(0, max(ends))
    panels[-1, 0].set_xlabel("clocks of encoded stall counts; lines are waits")
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)
