#===- host_table.py - Times on a processor --------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""What table.py has for other devices, in GFLOP/s and shares of what the machine
can do, and the last lines of a run."""

from attn_bench import record as records
from attn_bench import roofline
from attn_bench.comparison import best_of, families, names_of, ratio, tflops
from attn_bench.markdown import NOTHING, number, rows_of, why_untimed
from attn_bench.statistics import geometric_mean

KINDS = ("f32", "bf16", "f16", "decode",
         *(f"{element} {work}" for work in ("backward", "both")
           for element in ("f32", "bf16", "f16")))


def timing_of(cell, name):
    result = name and records.result_of(cell, name)
    return result["timing"] if result else None


#===-- The machine ---------------------------------------------------------===#

def machine_section(record):
    machine = record["machine"]
    if machine is None:
        return
    products = [f"{element} {machine[f'{element}_gflops']:.0f} GFLOP/s "
                f"({machine[f'{element}_instructions']})"
                for element in ("f32", "bf16")
                if machine[f"{element}_gflops"] is not None]
    yield "## The machine"
    yield ""
    yield (f"The most that {machine['threads']} threads did in "
           f"{len(machine['readings'])} readings: products in "
           f"{', '.join(products)}; memory "
           f"{machine['copy_gbytes_per_s']:.1f} GB/s copied, "
           f"{machine['read_gbytes_per_s']:.1f} GB/s read.")
    yield ""
    yield ("GFLOP/s count 4·d for each pair that the mask keeps, 10·d for its gradients, and so do the "
           "shares of the peak: bf16 of its own, f16 of that of f32. Where few "
           "queries decode, GB/s count keys and values once, and shares are of "
           "reading. A copy counts what it reads and what it writes. Speeds and "
           "ratios are those of medians.")
    yield ""


#===-- Times ---------------------------------------------------------------===#

def time_of(timing):
    if timing is None:
        return NOTHING
    return f"{timing['min_ms']:.3g}, {timing['median_ms']:.3g}"


def speed(cell, name):
    """As the family counts it, or a word on why there is none."""
    result = records.result_of(cell, name)
    if word := why_untimed(result):
        return word
    median = result["timing"]["median_ms"]
    if roofline.is_decoding(cell["case"]):
        return f"{roofline.gbytes_per_s(cell['case'], median):.1f}"
    return f"{roofline.gflops(cell['case'], median):.0f}"


def share(cell, name, machine):
    timing = timing_of(cell, name)
    if timing is None:
        return NOTHING
    part = roofline.share(cell["case"], timing["median_ms"], machine)
    return NOTHING if part is None else f"{100 * part:.0f} %"


def times(cells, ours, peers, machine):
    decodes = roofline.is_decoding(cells[0]["case"])
    header = (["keys", "ours: min, median, ms", "best peer",
               "its min, median, ms", f"{ours[0]} / best peer",
               "of reading" if decodes else "of peak"] + ours + peers)
    rows = []
    for cell in cells:
        best = best_of(cell, peers)
        rows.append([str(cell["case"]["length"]),
                     time_of(timing_of(cell, ours[0])), best or NOTHING,
                     time_of(timing_of(cell, best)),
                     number(ratio(cell, ours[0], peers), "{:.2f}"),
                     share(cell, ours[0], machine)]
                    + [speed(cell, name) for name in ours + peers])
    return rows_of(header, rows)


def sections(record):
    ours, peers = names_of(record, "ours"), names_of(record, "peer")
    yield from machine_section(record)
    for family, cells in families(record["cells"]).items():
        timed = [cell for cell in cells
                 if any(tflops(cell, name) is not None
                        for name in ours + peers)]
        if timed:
            unit = "GB/s" if family.queries else "GFLOP/s"
            yield f"## {family.title}, {unit}"
            yield ""
            yield from times(timed, ours, peers, record["machine"])
            yield ""


#===-- In one number -------------------------------------------------------===#

def ratios(record):
    """(ratio, case) of each cell that has one, of the first of ours."""
    ours, peers = names_of(record, "ours"), names_of(record, "peer")
    found = [(ratio(cell, name, peers), cell["case"])
             for cell in record["cells"] for name in ours[:1]]
    return [(value, case) for value, case in found if value is not None]


def summary(record):
    """By kind, and the line that a run ends with."""
    found = ratios(record)
    rows = []
    for kind in (*KINDS, "all"):
        those = [(value, case["name"]) for value, case in found
                 if kind in (roofline.kind(case), "all")]
        if those:
            worst, name = min(those)
            mean = geometric_mean(value for value, _ in those)
            rows.append([kind, f"{mean:.3f}", str(len(those)), f"{worst:.3f}",
                         name])
    if rows:
        yield "## Ours / best peer"
        yield ""
        yield from rows_of(["", "geometric mean", "cases", "worst", "where"],
                           rows)
        yield ""
    mean = geometric_mean(value for value, _ in found)
    yield (f"geometric mean of ours / best peer: {number(mean, '{:.3f}')} over "
           f"{len(found)} cases")
