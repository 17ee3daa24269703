#===- schedules.py - Schedules beside one ------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Which schedules are like a given one but in a key: the steps of a search."""

#: Values of each key, in the order of their sizes, for kernels with producers and for
#: those whose warps copy. Rows and warps change together.
_ROWS = {True: [(64, 4), (128, 8), (192, 12)], False: [(64, 4), (128, 4), (128, 8)]}
_KEYS = {
    True: {"wait": [25, 40, 50, 60, 80, 100], "turns": [0, 1, 2], "prefetch": [0, 1],
           "persistent": [0, 1, 2], "overlap": [0, 1], "stages": [1, 2, 3]},
    False: {"stages": [1, 2, 3]}}
_DEFAULTS = {"persistent": 0, "prefetch": 0, "turns": 0, "overlap": 0, "wait": 100}
_KEY_STEPS = (-16, 16, -32, 32)


def parse(text):
    """Keys of a schedule as the compiler reports it."""
    return {key: int(value) for key, _, value in
            (part.partition("=") for part in text.split(","))}


def text_of(keys):
    return ",".join(f"{key}={value}" for key, value in keys.items())


def neighbours(keys):
    """Schedules that differ in one key, and in the rows' size; the compiler refuses
    those that it cannot compile."""
    has_producers = bool(keys.get("producers"))
    for key, values in _KEYS[has_producers].items():
        now = keys.get(key, _DEFAULTS.get(key))
        nearest = sorted((value for value in values if value != now),
                         key=lambda value: abs(value - now))
        yield from ({**keys, key: value} for value in nearest)
    for step in _KEY_STEPS:
        if 32 <= keys["kv"] + step <= 256:
            yield {**keys, "kv": keys["kv"] + step}
    for rows, warps in _ROWS[has_producers]:
        if (rows, warps) != (keys["q"], keys["warps"]):
            yield {**keys, "q": rows, "warps": warps}
