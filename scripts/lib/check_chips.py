#===- check_chips.py - Chips are named by their rows alone -----------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: check_chips.py [ROOT]

Fails if code of the compiler outside lib/Target names a chip (`sm_…`, `compute_…`).
Comments, and examples in TableGen's descriptions, may.
"""

import pathlib
import re
import sys

SEARCHED = ("include/attn", "lib", "tools/attn-compile", "tools/attn-opt",
            "tools/attn-plugin")
OWNER = pathlib.Path("lib/Target")
SUFFIXES = {".h", ".cpp", ".td", ".def", ".inc"}
CHIP = re.compile(r"\b(?:sm|compute)_\d+\w*")


def without_prose(path, text):
    """The text with comments and descriptions blanked, line by line as before."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())

    text = re.sub(r"//[^\n]*|/\*.*?\*/", blank, text, flags=re.S)
    if path.suffix == ".td":
        text = re.sub(r"(?<=description = )\[\{.*?\}\]", blank, text, flags=re.S)
    return text


def faults(root):
    for folder in SEARCHED:
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root)
            if path.suffix not in SUFFIXES or OWNER in name.parents:
                continue
            text = without_prose(path, path.read_text())
            for number, line in enumerate(text.splitlines(), 1):
                for chip in CHIP.findall(line):
                    yield f"{name}:{number} names {chip}; only {OWNER} may"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    found = list(faults(root))
    for fault in found:
        print(f"error: {fault}", file=sys.stderr)
    return 1 if found else 0


sys.exit(main())
