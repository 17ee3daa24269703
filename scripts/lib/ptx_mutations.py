#===- ptx_mutations.py - One small mistake in PTX ----------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Finds the places of a PTX text where one instruction can be dropped, weakened
or shifted, and makes the change.

Usage: ptx_mutations.py FILE              lists the sites
       ptx_mutations.py FILE INDEX        prints the text with that one changed
"""

import re
import sys
from typing import NamedTuple

import hopper_mutations

# What keeps accesses in order; the rest are mistakes of data.
SYNCHRONISATION = hopper_mutations.SYNCHRONISATION | {
    "barrier dropped", "barrier weakened", "commit dropped", "wait dropped",
    "wait weakened"}

RELATIONS = {"lt": "le", "le": "lt", "gt": "ge", "ge": "gt", "eq": "ne",
             "ne": "eq"}


class Site(NamedTuple):
    rule: str
    line: int  # 1-based
    before: str
    after: str


def relax(match):
    return f"setp.{RELATIONS[match[1]]}."


def add(amount):
    return lambda match: match[1] + str(int(match[2]) + amount) + match[3]


def flip(bit):
    return lambda match: match[1] + str(int(match[2]) ^ bit) + match[3]


SHARED = r"(?:ldmatrix|ld\.shared|st\.shared|cp\.async\.c)"
GLOBAL = r"(?:ld\.global|st\.global)"

# Rule, what a line must contain, what stands there instead.
RULES = [
    ("barrier dropped", r"\b(?:bar|barrier)\.(?:cta\.)?sync\s+0;", ""),
    ("barrier weakened", r"\b(?:bar|barrier)\.(?:cta\.)?sync\s+0;",
     "bar.warp.sync -1;"),
    ("commit dropped", r"\bcp\.async\.commit_group;", ""),
    ("wait dropped", r"\bcp\.async\.wait_(?:group\s+\d+|all);", ""),
    ("wait weakened", r"(\bcp\.async\.wait_group\s+)(\d+)(;)", add(1)),
    ("copy dropped", r"\bcp\.async\.c[ag]\b[^;]*;", ""),
    ("address shifted", rf"(\b{SHARED}[^;\[]*\[%\w+)()(\])",
     lambda match: match[1] + "+16" + match[3]),
    ("address shifted", rf"(\b{SHARED}[^;\[]*\[%\w+\+)(\d+)(\])", add(16)),
    ("address shifted", rf"(\b{GLOBAL}[^;\[]*\[%\w+)()(\])",
     lambda match: match[1] + "+16" + match[3]),
    ("address shifted", rf"(\b{GLOBAL}[^;\[]*\[%\w+\+)(\d+)(\])", add(16)),
    ("lane offset shifted",
     r"(\bsh[lr]\.[bu]32\s+%\w+, %\w+, )(\d+)(;)", add(1)),
    ("lane offset shifted",
     r"(\band\.b32\s+%\w+, %\w+, )(\d+)(;)", flip(16)),
    ("predicate flipped", r"@%", lambda match: "@!%"),
    ("predicate flipped", r"@!%", lambda match: "@%"),
    ("bound changed", r"\bsetp\.(lt|le|gt|ge|eq|ne)\.(?=[bsu]\d)", relax),
    ("bound changed", r"(\bsetp\.\w+\.[bsu]\d+\s+%\w+, %\w+, )(-?\d+)(;)",
     add(1)),
    ("bound changed", r"(\bsetp\.\w+\.[bsu]\d+\s+%\w+, %\w+, )(-?\d+)(;)",
     add(-1)),
    ("swizzle changed", r"(\bxor\.b32\s+%\w+, %\w+, )(\d+)(;)", flip(16)),
    ("swizzle changed", r"\bxor\.b32(?=\s+%\w+, %\w+, %)",
     lambda match: "or.b32"),
    ("not transposed", r"(?<=m8n8\.x[124])\.trans\b", ""),
] + hopper_mutations.RULES


def sites_of(ptx):
    """Every change that can be made, in the order of the text."""
    out = []
    for number, line in enumerate(ptx.split("\n"), 1):
        if line.lstrip().startswith(("//", ".")):
            continue
        for rule, pattern, replacement in RULES:
            after, count = re.subn(pattern, replacement, line, count=1)
            if count and after != line:
                out.append(Site(rule, number, line, after))
    return out


def apply(ptx, site):
    lines = ptx.split("\n")
    assert lines[site.line - 1] == site.before
    lines[site.line - 1] = site.after
    return "\n".join(lines)


def probe(ptx, site):
    """Text that traps where the mistake could be noticed: where the instruction
    is executed at all, or, if it computes a value, where the value differs."""
    lines = ptx.split("\n")
    before, after = site.before.strip(), site.after.strip()
    if site.rule not in SYNCHRONISATION and after.startswith("setp.") and \
            " p, " not in after:
        name, kind, differs = "%probe", "pred", "xor.pred %probe, %probe, {};"
    elif re.match(r"(and|or|xor|shl|shr)\.[bu]32", after):
        name, kind = "%probed", "b32"
        differs = "setp.ne.b32 %probe, %probed, {};"
    else:
        guard = re.match(r"(@!?%\w+)?", before)[1] or ""
        if site.rule == "predicate flipped":
            guard = ""
        lines.insert(site.line - 1, f"{guard} trap;")
        return "\n".join(lines)
    result = re.search(r"%\w+", after)[0]
    lines[site.line - 1:site.line] = [
        after.replace(result, name, 1), site.before, differs.format(result),
        "@%probe trap;"]
    kernel = max(i for i, line in enumerate(lines[:site.line])
                 if ".entry" in line)
    first = next(i for i, line in enumerate(lines[kernel:], kernel)
                 if line.lstrip().startswith(".reg"))
    lines.insert(first, ".reg .pred %probe; .reg .b32 %probed;")
    return "\n".join(lines)


def main(arguments):
    with open(arguments[0], encoding="utf-8") as file:
        ptx = file.read()
    sites = sites_of(ptx)
    if len(arguments) > 1:
        sys.stdout.write(apply(ptx, sites[int(arguments[1])]))
        return 0
    for index, site in enumerate(sites):
        print(f"{index}\t{site.rule}\tline {site.line}\t{site.before.strip()}"
              f"\t->\t{site.after.strip() or '(nothing)'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
