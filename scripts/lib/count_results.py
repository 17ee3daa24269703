#===- count_results.py - The last line of scripts/test ---------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Adds up what ctest and lit ran.

Usage: count_results.py CTEST.xml LIT.json

Names the failures and prints `N passed, N failed[, N skipped]`. Exits 1 when a
test failed, or when one of the two ran nothing.
"""

import json
import sys
import xml.etree.ElementTree as ElementTree

LIT_PASSED = {"PASS", "FLAKYPASS", "XFAIL"}
LIT_SKIPPED = {"UNSUPPORTED", "SKIPPED"}
# Not asked for: neither run nor skipped.
LIT_ABSENT = {"EXCLUDED"}


def read_ctest(path):
    """(name, "passed" | "failed" | "skipped") of each test."""
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        status = case.get("status")
        kind = ("passed" if status == "run" else
                "skipped" if status in ("notrun", "disabled")
                and case.find("skipped") is not None else "failed")
        yield case.get("name"), kind


def read_lit(path):
    with open(path, encoding="utf-8") as file:
        tests = json.load(file)["tests"]
    for test in tests:
        code = test["code"]
        if code in LIT_ABSENT:
            continue
        yield test["name"], ("passed" if code in LIT_PASSED else
                             "skipped" if code in LIT_SKIPPED else "failed")


def read(reader, path):
    try:
        return list(reader(path))
    except (OSError, ValueError, KeyError, ElementTree.ParseError) as error:
        print(f"error: no results in {path}: {error}")
        return []


def main():
    runs = [read(read_ctest, sys.argv[1]), read(read_lit, sys.argv[2])]
    count = {"passed": 0, "failed": 0, "skipped": 0}
    for name, kind in (test for run in runs for test in run):
        count[kind] += 1
        if kind != "passed":
            print(f"{kind}: {name}")
    # A runner that ran nothing has not shown that anything works.
    empty = [run for run in runs
             if not any(kind != "skipped" for _, kind in run)]
    if empty and not count["failed"]:
        count["failed"] += len(empty)
    line = f"{count['passed']} passed, {count['failed']} failed"
    if count["skipped"]:
        line += f", {count['skipped']} skipped"
    print(line)
    return 1 if count["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
