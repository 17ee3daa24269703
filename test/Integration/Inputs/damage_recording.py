#===- damage_recording.py - Changes one bit of golden vectors --------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: damage_recording.py IN PROBE answer|ptx|bit OUT

Changes a bit of what a probe answered or of the hash of its PTX and makes the
checksum right again; or a bit of the answer, with the old checksum. Reads the
format as runtime/test/golden/Recording.h describes it.
"""

import pathlib
import struct
import sys

MAGIC, HASH_BYTES = b"attngold", 8


def fnv(data):
    value = 0xcbf29ce484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001b3 & (1 << 64) - 1
    return struct.pack("<Q", value)


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self, size):
        self.at += size
        return int.from_bytes(self.data[self.at - size:self.at], "little")

    def string(self):
        size = self.number(4)
        self.at += size
        return self.data[self.at - size:self.at]


def places(data, wanted):
    """Offsets of the PTX's hash and of the middle of the packed words."""
    reader = Reader(data)
    reader.at = len(MAGIC)
    assert data[:reader.at] == MAGIC and reader.number(4) == 1
    _ = [reader.string() for _ in ("kind", "name", "driver")]
    _ = reader.number(4), reader.string(), reader.number(8), reader.number(1)
    for _ in range(reader.number(4)):
        probe, ptx = reader.string().decode(), reader.at
        _ = [reader.number(size) for size in (8, 8, 1)], reader.string()
        reader.number(8)
        packed = reader.string()
        if probe == wanted:
            return {"ptx": ptx, "answer": reader.at - len(packed) // 2}
    sys.exit(f"error: no answer to {wanted}")


def main():
    source, probe, what, target = sys.argv[1:]
    data = bytearray(pathlib.Path(source).read_bytes())
    assert fnv(data[:-HASH_BYTES]) == data[-HASH_BYTES:]
    data[places(data, probe)["ptx" if what == "ptx" else "answer"]] ^= 1
    if what != "bit":
        data[-HASH_BYTES:] = fnv(data[:-HASH_BYTES])
    pathlib.Path(target).write_bytes(data)


if __name__ == "__main__":
    main()
