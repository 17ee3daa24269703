#===- changes.py - Two records, cell by cell -------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""What changed from one record to another, by contender and case. A change is
*clear* where the spans from the tenth to the ninetieth percentile lie apart."""

import dataclasses

from attn_bench.markdown import rows_of
from attn_bench.statistics import geometric_mean


@dataclasses.dataclass
class Change:
    case: str
    contender: str
    kind: str
    old: dict  # timing of the record
    new: dict

    @property
    def factor(self):
        """Of the speed."""
        return self.old["median_ms"] / self.new["median_ms"]

    @property
    def is_clear(self):
        return (self.old["p90_ms"] < self.new["p10_ms"]
                or self.new["p90_ms"] < self.old["p10_ms"])

    def is_worse_than(self, percent):
        return self.is_clear and self.factor < 1 - percent / 100


def timings(record):
    """{(case, contender): timing}."""
    return {(cell["case"]["name"], result["contender"]): result["timing"]
            for cell in record["cells"] for result in cell["results"]
            if result["timing"] is not None}


def changes(old, new):
    """Of what has a time in both, in the order of the new one."""
    kinds = {c["name"]: c["kind"] for c in new["contenders"]}
    before = timings(old)
    return [Change(*key, kinds[key[1]], before[key], timing)
            for key, timing in timings(new).items() if key in before]


def row(change):
    old, new = change.old, change.new
    return [change.case, change.contender, f"{old['tflops']:.4g}",
            f"{new['tflops']:.4g}", f"{100 * (change.factor - 1):+.1f} %",
            "clear" if change.is_clear else "within the spread"]


def render(old, new):
    found = changes(old, new)
    only = timings(old).keys() ^ timings(new).keys()
    lines = [f"- old: {old['date']}, {old['device']['name']}",
             f"- new: {new['date']}, {new['device']['name']}"]
    if old["device"]["name"] != new["device"]["name"]:
        lines.append("- **these are not the same device**")
    lines += [f"- {len(found)} times in both, {len(only)} in one of them", ""]
    for contender in dict.fromkeys(change.contender for change in found):
        mean = geometric_mean(c.factor for c in found
                              if c.contender == contender)
        lines.append(f"- {contender}: {100 * (mean - 1):+.1f} % in the "
                     "geometric mean")
    lines += ["", *rows_of(["case", "contender", "old TFLOP/s", "new TFLOP/s",
                            "change", ""], map(row, found)), ""]
    return "\n".join(lines)


def regressions(old, new, percent):
    """Of ours."""
    return [change for change in changes(old, new)
            if change.kind == "ours" and change.is_worse_than(percent)]
