#===- markdown.py - Tables of text ----------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""What the tables have in common."""

NOTHING = "—"


def number(value, form="{:.3g}"):
    return NOTHING if value is None else form.format(value)


def why_untimed(result):
    """Empty for a result that has a time."""
    if result is None:
        return NOTHING
    if result["timing"] is None:
        return NOTHING if result["status"] == "right" else result["status"]
    return ""


def rows_of(header, rows):
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for row in rows:
        yield "| " + " | ".join(x.replace("|", r"\|") for x in row) + " |"
