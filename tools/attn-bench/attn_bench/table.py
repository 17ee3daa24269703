#===- table.py - A record as Markdown --------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Tables of a record: times where there are any, else what was checked."""

from attn_bench import host_table
from attn_bench import record as records
from attn_bench.comparison import (best_of, families, mean_ratio,
                                   names_of, ratio, tflops)
from attn_bench.markdown import NOTHING, number, rows_of, why_untimed
from attn_bench.statistics import spread


#===-- What was measured where ---------------------------------------------===#

def context(record):
    device = record["device"]
    facts = [device["name"]]
    for key, unit in (("driver", ""), ("power_limit_w", " W at most"),
                      ("max_sm_mhz", " MHz at most")):
        if device.get(key) is not None:
            facts.append(f"{'driver ' if key == 'driver' else ''}"
                         f"{device[key]}{unit}")
    versions = [f"{name} {version}"
                for name, version in record["versions"].items() if version]
    settings = record["settings"]
    yield f"- {record['date']}: {', '.join(facts)}"
    yield f"- {', '.join(versions)}"
    yield (f"- arrays in {settings['layout']}, seed {settings['seed']}, at "
           f"least {settings['least_rounds']} turns")
    if record["ended"] is not None:
        yield f"- **ended early: {record['ended']}**"


def contenders(record):
    rows = []
    for contender in record["contenders"]:
        details = contender["details"]
        what = [contender["version"] or "no version"]
        what += [f"{key} {details[key]}" for key in ("target", "schedule")
                 if details.get(key)]
        rows.append([contender["name"], contender["kind"],
                     contender["absence"] or ", ".join(what)])
    return rows_of(["contender", "", "version, or why it took no part"], rows)


#===-- Times ---------------------------------------------------------------===#

def speed(cell, name):
    """TFLOP/s with the spread, or a word on why there is none."""
    result = records.result_of(cell, name)
    if word := why_untimed(result):
        return word
    timing = result["timing"]
    return f"{timing['tflops']:.4g} ±{100 * spread(timing):.1f} %"


def clock(cell):
    clocks = (cell["sensors"] or {}).get("sm_mhz")
    return NOTHING if clocks is None else f"{clocks['median']:.0f}"


def times(cells, ours, peers):
    header = (["batch", "length", "ours, ms"] + ours + peers
              + [f"{name} / best peer" for name in ours]
              + ["best peer", "SM MHz"])
    rows = []
    for cell in cells:
        case = cell["case"]
        mine = best_of(cell, ours)
        median = (None if mine is None else
                  records.result_of(cell, mine)["timing"]["median_ms"])
        rows.append([str(case["batch"]), str(case["length"]), number(median)]
                    + [speed(cell, name) for name in ours + peers]
                    + [number(ratio(cell, name, peers), "{:.2f}")
                       for name in ours]
                    + [best_of(cell, peers) or NOTHING, clock(cell)])
    return rows_of(header, rows)


def means(record, ours, peers):
    grouped = families(record["cells"])
    rows = []
    for key, cells in [*grouped.items(),
                       (("all", "", "", "", ""), record["cells"])]:
        for name in ours:
            mean, count = mean_ratio(cells, name, peers)
            if count:
                rows.append([*map(str, key[:5]), name, f"{mean:.2f}",
                             f"{count} of {len(cells)}"])
    if rows:
        yield "## Geometric means of the ratio to the best peer"
        yield ""
        yield from rows_of(["group", "heads", "dim", "mask", "element", "ours",
                            "mean", "cells"], rows)
        yield ""


def time_sections(record):
    ours, peers = names_of(record, "ours"), names_of(record, "peer")
    for family, cells in families(record["cells"]).items():
        timed = [cell for cell in cells
                 if any(tflops(cell, n) is not None for n in ours + peers)]
        if timed:
            yield f"## {family.title}, TFLOP/s"
            yield ""
            yield from times(timed, ours, peers)
            yield ""
    yield from means(record, ours, peers)


#===-- Verdicts ------------------------------------------------------------===#

def margin(result):
    """The largest share of its tolerance that an output needs."""
    outputs = (result["verify"] or {"outputs": []})["outputs"]
    shares = [entry["max_abs_error"] / entry["tolerance"] for entry in outputs
              if entry["tolerance"]]
    return max(shares, default=None)


def counts(result):
    sim = result["sim"]
    if sim is None:
        return [NOTHING] * 5
    return [str(sim["warp_instructions"]), str(sim["mma_instructions"]),
            str(sim["wgmma_instructions"]), str(sim["bank_conflicts"]),
            str(len(sim["hazards"]))]


def verdict_section(record):
    rows = []
    for cell in record["cells"]:
        for result in cell["results"]:
            rows.append([cell["case"]["name"], result["contender"],
                         result["status"], number(margin(result), "{:.2f}")]
                        + counts(result))
    yield "## Verdicts"
    yield ""
    yield from rows_of(["case", "contender", "status", "error / tolerance",
                        "warp instructions", "mma", "wgmma", "bank conflicts",
                        "hazards"], rows)
    yield ""


def shortfalls(record):
    """What has no time, or no verdict, by its reason."""
    grouped = {}
    for cell in record["cells"]:
        for result in cell["results"]:
            if result["reason"] is not None:
                key = result["contender"], result["status"], result["reason"]
                grouped.setdefault(key, []).append(cell["case"]["name"])
    if grouped:
        yield "## Not measured"
        yield ""
        yield from rows_of(
            ["contender", "status", "reason", "cells", "first"],
            [[*key, str(len(names)), names[0]]
             for key, names in grouped.items()])
        yield ""


def has_times(record):
    return any(result["timing"] for cell in record["cells"]
               for result in cell["results"])


def render(record):
    lines = ["# attn-bench", "", *context(record), "", *contenders(record), ""]
    on_host = record["device"]["kind"] == "host"
    if not has_times(record):
        lines += verdict_section(record)
    elif on_host:
        lines += host_table.sections(record)
    else:
        lines += time_sections(record)
    lines += shortfalls(record)
    if on_host:
        lines += host_table.summary(record)
    return "\n".join(lines)
