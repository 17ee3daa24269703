#===- philox.py - Random bits of dropout -----------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Philox4x32-10, and which weights dropout leaves, from docs/AttnSpec.md alone.

    left = philox.left(rate, seed, offset, b, h, queries, keys)   # [Sq, Sk]

    python -m attn_testing.philox AttnSpec.md

holds the generator against the known answers of its authors, and the page's
Python against it.
"""

import pathlib
import re
import sys

import numpy as np

# J. K. Salmon et al., Random123: counter, key, words.
KNOWN = [
    ([0] * 4, [0] * 2, [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]),
    ([0xffffffff] * 4, [0xffffffff] * 2,
     [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]),
    ([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
     [0xa4093822, 0x299f31d0],
     [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]),
]


def words(counter, key):
    """Four arrays of uint64 below 2**32; the arguments broadcast."""
    c0, c1, c2, c3, k0, k1 = np.broadcast_arrays(
        *[np.asarray(x, np.uint64) for x in (*counter, *key)])
    low = np.uint64(0xffffffff)
    for n in range(10):
        a, b = c0 * np.uint64(0xD2511F53), c2 * np.uint64(0xCD9E8D57)
        k0n = k0 + np.uint64(n * 0x9E3779B9) & low
        k1n = k1 + np.uint64(n * 0xBB67AE85) & low
        c0, c1, c2, c3 = ((b >> np.uint64(32)) ^ c1 ^ k0n, b & low,
                          (a >> np.uint64(32)) ^ c3 ^ k1n, a & low)
    return c0, c1, c2, c3


def halves(number):
    """Of an integer of 64 bits, signed or not."""
    number = int(number) % 2**64
    return number % 2**32, number // 2**32


def threshold(rate):
    return min(int(rate * 65536 + 0.5), 65535)


def factor(rate):
    return 65536 / (65536 - threshold(rate))


def bits(seed, offset, b, h, queries, keys):
    """The 16 bits of each weight of a head, [queries, keys]."""
    key = words((*halves(offset), 0, 0), halves(seed))[:2]
    i, j = np.ogrid[:queries, :keys]
    drawn = words((j // 32 * 4 + j % 8 // 2, i, h, b), key)
    word = np.choose(j % 32 // 8, drawn)
    return (word >> (j % 2 * 16).astype(np.uint64)) & np.uint64(0xffff)


def left(rate, seed, offset, b, h, queries, keys):
    return bits(seed, offset, b, h, queries, keys) >= threshold(rate)


def main():
    for counter, key, expected in KNOWN:
        if [int(word) for word in words(counter, key)] != expected:
            sys.exit(f"{counter} under {key} is not {expected}")
    print(f"{len(KNOWN)} known answers")
    page = {}
    exec(re.search(r"```python\n(def philox.*?)```",
                   pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"),
                   re.DOTALL)[1], page)
    arguments = (0.4, -5, 2**33 + 7, 3, 2)
    drawn = left(*arguments, 4, 70)
    for i, j in np.ndindex(*drawn.shape):
        if page["is_left"](*arguments, i, j) != drawn[i, j]:
            sys.exit(f"the page has another bit for query {i}, key {j}")
    print(f"{drawn.size} bits of the page")


if __name__ == "__main__":
    main()
