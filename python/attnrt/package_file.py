#===- package_file.py - A package before it is loaded ----------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Reads the description in a package's section `.attn.package`, whose layout
is in attnrt/PackageFormat.h. Loading a package runs its code, so the file is
checked first; what is wrong with it is a BadInput."""

import json
import struct

from attnrt.failures import BadInput

SECTION = b".attn.package"
HEADER = struct.Struct("<4sIQQ")  # magic, schema, JSON bytes, checksum
MAGIC, SCHEMA = b"ATTN", 3
ELF_IDENT = b"\x7fELF\x02\x01"  # 64 bits, little-endian
SECTION_TABLE = struct.Struct("<40xQ10xHHH")  # in the ELF header
SECTION_HEADER = struct.Struct("<II16xQQ24x")  # name, type, offset, size


def fnv1a(data):
    value = 0xcbf29ce484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001b3 & 0xffffffffffffffff
    return value


def part(file, offset, size, what):
    if offset + size > len(file):
        raise BadInput(f"truncated in {what}")
    return file[offset:offset + size]


def find_section(file):
    if not file.startswith(ELF_IDENT):
        raise BadInput("no ELF file of 64 bits")
    table, size, count, names_index = SECTION_TABLE.unpack(
        part(file, 0, SECTION_TABLE.size, "its ELF header"))
    if size != SECTION_HEADER.size or names_index >= count:
        raise BadInput("its table of sections is damaged")
    headers = [SECTION_HEADER.unpack(
        part(file, table + i * size, size, "its table of sections"))
        for i in range(count)]
    names = part(file, *headers[names_index][2:], "its names of sections")
    for name, _, offset, length in headers:
        if names[name:].split(b"\0")[0] == SECTION:
            return part(file, offset, length, "its description")
    raise BadInput("not an attn-mlir package")


def parse(section):
    magic, schema, size, checksum = HEADER.unpack(
        part(section, 0, HEADER.size, "its package header"))
    if magic != MAGIC:
        raise BadInput("not an attn-mlir package")
    if schema != SCHEMA:
        raise BadInput(f"expected package schema {SCHEMA}, got {schema}")
    text = part(section, HEADER.size, size, "its description")
    if fnv1a(text) != checksum:
        raise BadInput("the description's checksum does not match")
    return json.loads(text)


def read_description(path):
    """The JSON object of PackageFormat.h."""
    try:
        with open(path, "rb") as file:
            return parse(find_section(file.read()))
    except OSError as error:
        raise BadInput(f"cannot read '{path}': {error.strerror}") from error
    except BadInput as error:
        raise BadInput(f"cannot use package '{path}': {error}") from error
