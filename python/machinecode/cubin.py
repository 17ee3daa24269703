#===- cubin.py - Kernels in ELF files of GPUs ------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Finds cubins in files, and what they say of their kernels' resources."""

import collections
import dataclasses
import struct

from attnrt.failures import BadInput

_IDENT = b"\x7fELF\x02\x01"  # 64 bits, little-endian
_CUDA = 190  # EM_CUDA
_HEADER = struct.Struct("<16x2xH12xQQ6xHHHHH")
_Header = collections.namedtuple(
    "_Header", "machine programs sections program_bytes program_count section_bytes "
    "section_count names")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_SYMBOL_TABLE = 2

#: Attributes of `.nv.info` that are pairs of a symbol's number and a value.
_REGISTERS, _FRAME = 0x2f, 0x11
_PAIR_FORMAT = 0x04


@dataclasses.dataclass
class Resources:
    registers: int = 0
    stack_bytes: int = 0
    static_smem_bytes: int = 0


def _read_header(file, start=0):
    return _Header(*_HEADER.unpack_from(file, start))


def _sections(elf):
    """Name and header of each."""
    header = _read_header(elf)
    end = header.sections + _SECTION.size * header.section_count
    if header.section_bytes != _SECTION.size or end > len(elf):
        raise BadInput("a cubin whose table of sections is damaged")
    headers = [_SECTION.unpack_from(elf, header.sections + i * _SECTION.size)
               for i in range(header.section_count)]
    names = headers[header.names][4]
    for fields in headers:
        end = elf.index(b"\0", names + fields[0])
        yield elf[names + fields[0]:end].decode(), fields


def _length(file, start):
    """Of the ELF file that starts there: its tables stand at its end."""
    header = _read_header(file, start)
    return max(header.sections + header.section_bytes * header.section_count,
               header.programs + header.program_bytes * header.program_count)


def find(file):
    """The cubins in a file's bytes: the file itself, or those that a package holds as
    they are."""
    start = file.find(_IDENT)
    while start >= 0:
        is_whole = start + _HEADER.size <= len(file)
        if is_whole and _read_header(file, start).machine == _CUDA:
            yield file[start:start + _length(file, start)]
        start = file.find(_IDENT, start + 1)


def _symbol_names(elf, sections):
    for _, fields in sections:
        if fields[1] != _SYMBOL_TABLE:
            continue
        strings = sections[fields[6]][1][4]
        for at in range(fields[4], fields[4] + fields[5], _SYMBOL.size):
            name = strings + _SYMBOL.unpack_from(elf, at)[0]
            yield elf[name:elf.index(b"\0", name)].decode()


def symbol(elf, name):
    """The number of a function's symbol, as nvdisasm takes it."""
    return list(_symbol_names(elf, list(_sections(elf)))).index(name)


def _pairs(info):
    """Attribute, symbol and value of each entry that is a pair."""
    at = 0
    while at + 4 <= len(info):
        form, attribute, size = struct.unpack_from("<BBH", info, at)
        at += 4
        if form != _PAIR_FORMAT:
            continue
        if size == 8:
            yield (attribute, *struct.unpack_from("<II", info, at))
        at += size


def resources(elf):
    """Those of each kernel, by its name."""
    sections = list(_sections(elf))
    found = {name[len(".text."):]: Resources() for name, _ in sections
             if name.startswith(".text.")}
    symbols = list(_symbol_names(elf, sections))
    for name, fields in sections:
        if name.startswith(".nv.shared.") and name[11:] in found:
            found[name[11:]].static_smem_bytes = fields[5]
        if name != ".nv.info":
            continue
        for attribute, symbol, value in _pairs(elf[fields[4]:fields[4] + fields[5]]):
            kernel = symbol < len(symbols) and found.get(symbols[symbol])
            if kernel and attribute == _REGISTERS:
                kernel.registers = value
            if kernel and attribute == _FRAME:
                kernel.stack_bytes = value
    return found
