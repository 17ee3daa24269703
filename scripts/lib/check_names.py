#===- check_names.py - Names that passes agree on are spelled once ---------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: check_names.py [ROOT]

Fails if an attribute's name ("tile.schedule"), a symbol of a package
("attnpkg.module") or what is appended to one ("__reference") is a string literal
in two places of the compiler or the runtime. A constant in one header says it.
"""

import collections
import pathlib
import re
import sys

SUFFIXES = {".h", ".cpp", ".td", ".def"}
SEARCHED = ("include", "lib", "runtime/include", "runtime/lib", "tools")
NAME = re.compile(r'"((?:attn|tile|attnpkg)[._][a-z_.]+|__[a-z_]+)"')


def without_comments(text):
    """With as many lines as before."""
    def blank(match):
        return "\n" * match.group().count("\n")
    # A line's comment ends with the line.
    text = re.sub(r"//[^\n]*", "", text)
    return re.sub(r"/\*.*?\*/", blank, text, flags=re.S)


def literals(root):
    """Each name, with the places where it is quoted."""
    places = collections.defaultdict(list)
    for folder in SEARCHED:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in SUFFIXES:
                continue
            text = without_comments(path.read_text(encoding="utf-8"))
            for number, line in enumerate(text.split("\n"), 1):
                for name in NAME.findall(line):
                    places[name].append(f"{path.relative_to(root)}:{number}")
    return places


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    places = literals(root)
    twice = {name: at for name, at in places.items() if len(at) > 1}
    for name, at in sorted(twice.items()):
        print(f'error: "{name}" is quoted in {", ".join(at)}: a constant says it '
              "once", file=sys.stderr)
    # Nothing found is nothing checked.
    return 1 if twice or not places else 0


sys.exit(main())
