#!/usr/bin/env python3
#===- draw_masks.py - Which tiles a mask leaves, as a picture --------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Draws the tiles of a function's attn.sdpa as SVG: empty, full, partial.

Usage: draw_masks.py FILE.mlir --lengths SQxSK --tile QxK [-o FILE.svg]
                     [--function NAME] [--arg K=FILE.npy …] [--batch N] [--head N]
                     [--opt FILE]

The masks are expanded by attn-opt, and what it prints is evaluated: the tiles are
those that `range` names or, where the remark says that they are listed, those that
`keep` has. --arg gives the values of a captured tensor that is the function's
argument K, as for attn-run; --batch and --head say for which entry and head (0).

A range that calls a tile empty or full against `keep` is an error.
"""

import argparse
import dataclasses
import pathlib
import re
import subprocess
import sys

import numpy as np

ROOT = pathlib.Path(__file__).absolute().parent.parent
sys.path.insert(0, str(ROOT / "test" / "Support"))

from attn_testing import regions

CATEGORY = "attn-expand-masks"


class BadInput(Exception):
    pass


#===------------------------------------------------------------------------===#
# What is kept
#===------------------------------------------------------------------------===#


@dataclasses.dataclass
class Picture:
    kept: np.ndarray  # [Sq, Sk]
    kinds: list  # of the tiles, by rows
    tile: tuple
    is_listed: bool


def expand(opt, path):
    """The functions of the file, and which of them have lists of tiles."""
    run = subprocess.run([opt, path, f"--{CATEGORY}",
                          f"--remarks-filter={CATEGORY}"],
                         capture_output=True, text=True, check=False)
    if run.returncode:
        raise BadInput(run.stderr.strip().splitlines()[0])
    found = [function for function in regions.functions(run.stdout, arrays=True)
             if function.keep]
    remarks = [line for line in run.stderr.splitlines() if "] Range |" in line]
    if len(found) != len(remarks):
        raise BadInput(f"'{path}' has a function with several attn.sdpa")
    return {function.name: (function, "listed" in remark)
            for function, remark in zip(found, remarks)}


def choose(functions, name):
    if name is None and len(functions) == 1:
        return next(iter(functions.values()))
    if name not in functions:
        known = ", ".join(functions) or "none"
        raise BadInput(f"--function says which function with a mask: {known}")
    return functions[name]


def load_captures(function, args):
    captures = {}
    for tensor in function.captures:
        if tensor not in function.arguments:
            raise BadInput(f"{tensor}: not an argument of @{function.name}")
        number = function.arguments.index(tensor)
        if number not in args:
            raise BadInput(f"--arg {number}=FILE.npy: expected, since the mask "
                           "reads it")
        values = np.load(args[number])
        # Integers of any size, as the evaluation of regions has them.
        captures[tensor] = (values.astype(np.int64) if values.dtype.kind in "iu"
                            else values)
    return captures


def kinds_by_range(bounds, tiles, keys):
    """What a range says of tiles of keys. One that reaches behind the last key is
    masked."""
    begin, full_begin, full_end, end, *gap = (int(value) for value in bounds)
    for j0, j1 in tiles:
        if j1 <= begin or j0 >= end or (gap and gap[0] <= j0 and j1 <= gap[1]):
            yield "empty"
        elif full_begin <= j0 and j1 <= full_end and j1 - j0 == keys:
            yield "full"
        else:
            yield "partial"


def kinds_by_pairs(pairs, tiles, keys):
    """The same of pairs of queries and keys."""
    for j0, j1 in tiles:
        kept = pairs[:, j0:j1]
        is_full = kept.all() and j1 - j0 == keys
        yield "full" if is_full else "partial" if kept.any() else "empty"


def cut(length, size):
    return [(begin, min(begin + size, length))
            for begin in range(0, length, size)]


def evaluate(function, is_listed, captures, options):
    sq, sk = options.lengths
    given = {"sq": sq, "sk": sk, "captures": captures}
    i, j = np.arange(sq)[:, None], np.arange(sk)[None, :]
    kept, = function.keep(options.batch, options.head, i, j, **given)
    kept = np.broadcast_to(np.asarray(kept, bool), (sq, sk))
    rows, keys = options.tile
    kinds, columns = [], cut(sk, keys)
    for i0, i1 in cut(sq, rows):
        bounds = function.range(options.batch, options.head, i0, i1, **given)
        claimed = list(kinds_by_range(bounds, columns, keys))
        exact = list(kinds_by_pairs(kept[i0:i1], columns, keys))
        for kind, found, (j0, _) in zip(claimed, exact, columns):
            if kind not in ("partial", found):
                raise BadInput(f"the tile at ({i0}, {j0}) is {found}, and the "
                               f"range calls it {kind}")
        kinds.append(exact if is_listed else claimed)
    return Picture(kept, kinds, options.tile, is_listed)


#===------------------------------------------------------------------------===#
# Drawing
#===------------------------------------------------------------------------===#

# Middle tones, which stand out from white and from black.
TEXT, LINE, FULL, PARTIAL = "#7d8590", "#8b949e", "#4184e4", "#d29922"
SIDE = 320  # of the longer side of the tiles
LEFT, TOP, RIGHT, LEGEND = 52, 34, 16, 78
MEANING = {"full": "full: no mask", "partial": "partial: masked",
           "empty": "empty: not visited"}


def rectangle(x, y, width, height, style):
    return (f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" '
            f"{style}/>")


def label(x, y, text, style=""):
    return f'<text x="{x:g}" y="{y:g}"{style}>{text}</text>'


def runs(flags):
    """The runs of true ones, as (begin, end)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags, [0]])))
    return list(zip(edges[::2], edges[1::2]))


def kept_path(picture):
    """The kept pairs of partial tiles, rows that are alike together."""
    rows, keys = picture.tile
    shown = np.repeat(np.array(picture.kinds) == "partial", rows, axis=0)
    shown = np.repeat(shown, keys, axis=1)
    height, width = picture.kept.shape
    pairs = (picture.kept & shown[:height, :width]).astype(np.int8)
    parts, begin = [], 0
    for end in range(1, height + 1):
        if end < height and (pairs[end] == pairs[begin]).all():
            continue
        parts += [f"M{x0} {begin}h{x1 - x0}v{end - begin}h{x0 - x1}z"
                  for x0, x1 in runs(pairs[begin])]
        begin = end
    return "".join(parts)


def draw_tiles(picture):
    rows, keys = picture.tile
    height, width = picture.kept.shape
    for y, kinds in zip(range(0, height, rows), picture.kinds):
        for x, kind in zip(range(0, width, keys), kinds):
            if kind != "empty":
                yield rectangle(x, y, min(keys, width - x), min(rows, height - y),
                                f'class="{kind}"')
    if path := kept_path(picture):
        yield f'<path class="kept" d="{path}"/>'
    edges = "".join([f"M{x} 0v{height}" for x in [*range(0, width, keys), width]]
                    + [f"M0 {y}h{width}" for y in [*range(0, height, rows),
                                                   height]])
    yield f'<path class="grid" d="{edges}"/>'


def draw_axes(picture, scale):
    """Numbers at the edges of tiles, as many as there is room for."""
    height, width = picture.kept.shape
    for length, size, is_row in ((width, picture.tile[1], False),
                                 (height, picture.tile[0], True)):
        step = size
        while step * scale < (18 if is_row else 30):
            step *= 2
        for place in range(0, length, step):
            at = place * scale
            yield (label(LEFT - 6, TOP + at + 4, place, ' text-anchor="end"')
                   if is_row else
                   label(LEFT + at, TOP - 6, place, ' text-anchor="middle"'))
    yield label(LEFT, TOP - 20, "key j")
    y = TOP + height * scale / 2
    yield label(12, y, "query i", f' text-anchor="middle" transform="rotate(-90 '
                f'12 {y:g})"')


def draw_legend(picture, y):
    counts = [kind for row in picture.kinds for kind in row]
    for number, (kind, meaning) in enumerate(MEANING.items()):
        at = y + 18 * number
        yield rectangle(LEFT, at, 12, 12, f'class="{kind}"')
        if kind == "partial":
            yield f'<path class="kept" d="M{LEFT} {at:g}v12h12z"/>'
        yield rectangle(LEFT, at, 12, 12, 'class="grid"')
        yield label(LEFT + 18, at + 10, f"{meaning} ({counts.count(kind)})")
    rows, keys = picture.tile
    how = "listed when called" if picture.is_listed else "by range"
    yield label(LEFT, y + 18 * len(MEANING) + 10,
                f"tiles of {rows} x {keys}, {how}")


def to_svg(picture):
    height, width = picture.kept.shape
    scale = SIDE / max(height, width)
    wide = LEFT + max(width * scale, 190) + RIGHT
    below = TOP + height * scale
    tall = below + 14 + LEGEND
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:g}" '
        f'height="{tall:g}" viewBox="0 0 {wide:g} {tall:g}">',
        "<style>",
        f"text {{ font: 12px sans-serif; fill: {TEXT}; }}",
        f".full, .kept {{ fill: {FULL}; stroke: none; }}",
        f".kept {{ fill: {PARTIAL}; }}",
        f".partial {{ fill: {PARTIAL}; fill-opacity: 0.25; }}",
        ".empty { fill: none; }",
        f".grid {{ fill: none; stroke: {LINE}; stroke-width: 1;",
        "  vector-effect: non-scaling-stroke; }",
        "</style>",
        *draw_axes(picture, scale),
        f'<g transform="translate({LEFT} {TOP}) scale({scale:.5g})">',
        *draw_tiles(picture),
        "</g>",
        *draw_legend(picture, below + 14),
        "</svg>"]
    return "\n".join(lines) + "\n"


#===------------------------------------------------------------------------===#
# The command line
#===------------------------------------------------------------------------===#


def pair(text):
    found = re.fullmatch(r"(\d+)x(\d+)", text)
    if not found or "0" in found.groups():
        raise argparse.ArgumentTypeError("expected two numbers, such as 128x64")
    return tuple(map(int, found.groups()))


def argument(text):
    number, _, path = text.partition("=")
    if not number.isdigit() or not path:
        raise argparse.ArgumentTypeError("expected K=FILE.npy")
    return int(number), path


def parse():
    parser = argparse.ArgumentParser(description="Draws which tiles a mask "
                                     "leaves of attention, as SVG.")
    parser.add_argument("file")
    parser.add_argument("--lengths", type=pair, required=True,
                        metavar="SQxSK", help="of queries and keys")
    parser.add_argument("--tile", type=pair, required=True, metavar="QxK")
    parser.add_argument("--function")
    parser.add_argument("--arg", type=argument, action="append", default=[],
                        metavar="K=FILE.npy", help="values of argument K")
    parser.add_argument("--batch", type=int, default=0)
    parser.add_argument("--head", type=int, default=0)
    parser.add_argument("--opt", default=str(ROOT / "build" / "bin" / "attn-opt"))
    parser.add_argument("-o", "--output", default="-")
    return parser.parse_args()


def main():
    options = parse()
    try:
        function, is_listed = choose(expand(options.opt, options.file),
                                     options.function)
        captures = load_captures(function, dict(options.arg))
        svg = to_svg(evaluate(function, is_listed, captures, options))
        if options.output == "-":
            sys.stdout.write(svg)
        else:
            pathlib.Path(options.output).write_text(svg, encoding="utf-8")
    except (BadInput, regions.Unreadable, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
