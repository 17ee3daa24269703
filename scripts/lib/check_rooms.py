#===- check_rooms.py - Includes follow the arrows of the architecture ------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: check_rooms.py [ROOT]

Reads the table of components in docs/Architecture.md and fails if a file includes
a component that its own has no arrow to, if a library links one, if an arrow is
used by no include, or if a source file belongs to no component.
"""

import collections
import os
import pathlib
import re
import sys

SUFFIXES = {".h", ".cpp", ".td", ".def", ".inc"}
SEARCHED = ("include", "lib", "python", "runtime/include", "runtime/lib", "tools")
# Where a quoted include is looked for, besides the folder of the file itself.
PATHS = ("include", "runtime/include", "runtime/lib", "runtime/lib/Sim")
INCLUDE = re.compile(r'^\s*#?include\s+"([^"]+)"', re.M)
LIBRARY = re.compile(r"attn_add_room\((\w+)(.*?)\)", re.S)


class Rooms:
    """The components, by name, and the folders they own."""

    def __init__(self, page):
        self.folders, self.arrows = {}, {}
        table = page[page.index("## Components"):]
        for row in re.findall(r"^\| (.+) \|$", table, re.M):
            cells = [cell.strip() for cell in row.split("|")]
            if len(cells) != 4 or not cells[1].startswith("`"):
                continue
            name, folders, includes, _ = cells
            for folder in re.findall(r"`([^`]+)`", folders):
                self.folders[folder] = name
            self.arrows[name] = [each.strip() for each in includes.split(",")
                                 if each.strip()]

    def of(self, path):
        """The component of the longest folder that the path lies in."""
        parents = [str(path), *map(str, path.parents)]
        return next((self.folders[p] for p in parents if p in self.folders), None)

    def faults(self):
        for name, includes in self.arrows.items():
            for other in includes:
                if other not in self.arrows:
                    yield f"docs/Architecture.md: {name} includes {other}, which is no component"


def resolve(root, path, text):
    """The file of the tree that an include names; None if it is no file of ours."""
    for folder in (path.parent, *PATHS):
        candidate = os.path.normpath(os.path.join(folder, text))
        if (root / candidate).is_file():
            return pathlib.Path(candidate)
    # A generated header belongs to the component it is generated in.
    return pathlib.Path("include", text) if text.startswith("attn/") else None


def sources(root):
    for folder in SEARCHED:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in SUFFIXES and "attn-bench" not in path.parts:
                yield path.relative_to(root)


def check_includes(root, rooms, used):
    for path in sources(root):
        room = rooms.of(path)
        if room is None:
            yield f"{path} belongs to no component of docs/Architecture.md"
            continue
        for text in INCLUDE.findall((root / path).read_text(encoding="utf-8")):
            target = resolve(root, path, text)
            other = target and rooms.of(target)
            if other is None or other == room:
                continue
            used[room].add(other)
            if other not in rooms.arrows[room]:
                yield (f"{path} includes {text}: docs/Architecture.md has no arrow "
                       f"from {room} to {other}")


def libraries(root, rooms):
    """The component of each library, and the libraries it links."""
    owners, links = {}, {}
    for path in (root / "lib").rglob("CMakeLists.txt"):
        for name, body in LIBRARY.findall(path.read_text(encoding="utf-8")):
            owners[name] = rooms.of(path.relative_to(root).parent)
            words = body.split()
            links[name] = words[words.index("LINKS") + 1:] if "LINKS" in words else []
    return owners, links


def check_links(root, rooms):
    owners, links = libraries(root, rooms)
    for name, linked in links.items():
        for other in linked:
            if other not in owners:
                yield f"{name} links {other}, which is no component's library"
            elif owners[other] not in (owners[name], *rooms.arrows[owners[name]]):
                yield (f"{name} links {other}: docs/Architecture.md has no arrow from "
                       f"{owners[name]} to {owners[other]}")


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    rooms = Rooms((root / "docs" / "Architecture.md").read_text(encoding="utf-8"))
    used = collections.defaultdict(set)
    faults = [*rooms.faults(), *check_includes(root, rooms, used),
              *check_links(root, rooms)]
    for room, includes in rooms.arrows.items():
        faults += [f"docs/Architecture.md: no file of {room} includes {other}"
                   for other in includes if other not in used[room]]
    for fault in faults:
        print(f"error: {fault}", file=sys.stderr)
    return 1 if faults or not rooms.arrows else 0


sys.exit(main())
