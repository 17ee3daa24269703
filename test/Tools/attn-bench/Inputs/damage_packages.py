#===- damage_packages.py - Directories that must be refused ----------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: damage_packages.py GOOD DIRECTORY

Copies of a directory with one package, each wrong in one way. The manifest
names the damaged file's checksum, except in `altered`.
"""

import os
import shutil
import struct
import sys

from attn_bench import manifest
from attnrt import package_file


def damages(good):
    """{name: content of the package}."""
    at = good.index(b"ATTN" + struct.pack("<I", package_file.SCHEMA))

    def replaced(offset, data):
        return good[:offset] + data + good[offset + len(data):]

    return {"junk": bytes(range(256)) * 64,
            "half": good[:len(good) // 2],
            "schema": replaced(at + 4, struct.pack("<I", 999)),
            "old": replaced(at + 4, struct.pack("<I", 1)),
            "checksum": replaced(at + 30, b"#")}


def renamed(good, old, new):
    """With another name in the description, and its checksum made right."""
    text = good.replace(old.encode(), new.encode())
    at = text.index(b"ATTN" + struct.pack("<I", package_file.SCHEMA))
    size = struct.unpack_from("<Q", text, at + 8)[0]
    checksum = package_file.fnv1a(text[at + 24:at + 24 + size])
    return text[:at + 16] + struct.pack("<Q", checksum) + text[at + 24:]


def copy(source, to):
    shutil.copytree(source, to)
    made = manifest.read(to)
    (name, entry), = made["functions"].items()
    return made, name, entry


def main():
    source, directory = sys.argv[1:]
    _, _, entry = copy(source, os.path.join(directory, "gone"))
    os.remove(os.path.join(directory, "gone", entry["file"]))
    copy(source, os.path.join(directory, "altered"))
    with open(os.path.join(source, entry["file"]), "rb") as file:
        good = file.read()
    with open(os.path.join(directory, "altered", entry["file"]), "ab") as file:
        file.write(b"x")

    for name, content in damages(good).items():
        place = os.path.join(directory, name)
        made, function, entry = copy(source, place)
        path = os.path.join(place, entry["file"])
        with open(path, "wb") as file:
            file.write(content)
        entry["sha256"] = manifest.digest(path)
        manifest.write(place, made)

    # The package of another function under this one's name.
    place = os.path.join(directory, "other")
    made, function, entry = copy(source, place)
    path = os.path.join(place, entry["file"])
    with open(path, "wb") as file:
        file.write(renamed(good, function, function.replace("h1", "h2")))
    entry["sha256"] = manifest.digest(path)
    manifest.write(place, made)


if __name__ == "__main__":
    main()
