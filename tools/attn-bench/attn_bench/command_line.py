#===- command_line.py - Flags and exit statuses ----------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""attn-bench build|run|table|plot|compare|code|predict|tune. Errors are one line, with
the statuses of all tools: 1 wrong, 2 bad input, 3 device."""

import argparse
import sys

from attn_bench import grids, operands
from attn_bench.failures import BadInput, Failure


class Parser(argparse.ArgumentParser):
    def __init__(self, **kwargs):
        super().__init__(allow_abbrev=False, **kwargs)

    def error(self, message):
        raise BadInput(message)


def positive(kind):
    def parse(text):
        try:
            value = kind(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(
                f"expected a number, got '{text}'") from error
        if not 0 < value < float("inf"):
            raise argparse.ArgumentTypeError(
                f"expected a positive number, got '{text}'")
        return value
    return parse


def add_grid(parser, default):
    parser.add_argument("--grid", default=default,
                        help=f"some of {', '.join(grids.GRIDS)} (default: "
                        f"{default or 'full, on sim tiny, on host host'})")
    parser.add_argument("--only", default="", metavar="REGEX",
                        help="of these, the cases whose names have it")
    parser.add_argument("--vjp", action="store_true",
                        help="also the gradients of each case: backward alone, "
                        "and forward and backward")


def add_compiler(parser):
    parser.add_argument("--compiler", metavar="PROGRAM",
                        help="attn-compile (default: of this tree, else PATH)")
    parser.add_argument("--target", help="as attn-compile has it")
    parser.add_argument("--schedule", help="as attn-compile has it")


def add_build(subparsers):
    parser = subparsers.add_parser(
        "build", help="compile the packages that a grid needs")
    parser.add_argument("--out", required=True, metavar="DIR")
    parser.add_argument("--label", help="what the packages are called in "
                        "records (default: target and schedule)")
    add_grid(parser, "full")
    add_compiler(parser)
    parser.set_defaults(command="build_packages")


def add_run(subparsers):
    parser = subparsers.add_parser(
        "run", help="check everyone, then time those who are right")
    parser.add_argument("--packages", action="append", metavar="DIR",
                        help="made by build; more than one is compared "
                        "(default: compile some)")
    parser.add_argument("--device", default="cuda",
                        choices=("cuda", "sim", "host"))
    parser.add_argument("--threads", type=int, metavar="N",
                        help="of everyone, on host (default: one for each "
                        "processor)")
    add_grid(parser, None)
    add_compiler(parser)
    parser.add_argument("--peers", default="all",
                        help="all, none, or names with commas")
    parser.add_argument("--triton", metavar="FILE",
                        help="Triton's tutorial 06-fused-attention.py")
    parser.add_argument("--layout", choices=operands.LAYOUTS,
                        help="of the arrays in memory (default: bshd, on host "
                        "bhsd)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeats", type=positive(int),
                        help="turns at least (default: 30, on host 7)")
    parser.add_argument("--seconds-limit", type=positive(float), metavar="S",
                        help="end with what there is by then")
    parser.add_argument("--json", metavar="FILE", help="the record")
    parser.add_argument("--table", metavar="FILE",
                        help="Markdown (default: standard output)")
    parser.add_argument("--plot", metavar="FILE", help="SVG, PNG or PDF")
    parser.add_argument("--validation", metavar="FILE", help="append our times on "
                        "cuda to a table for predict --validate")
    parser.set_defaults(command="run")


def add_views(subparsers):
    table = subparsers.add_parser("table", help="a record as Markdown")
    table.add_argument("record")
    table.add_argument("-o", "--output", metavar="FILE")
    table.set_defaults(command="show_table")
    plot = subparsers.add_parser("plot", help="a record as a picture")
    plot.add_argument("record")
    plot.add_argument("-o", "--output", metavar="FILE", required=True)
    plot.set_defaults(command="draw_plot")
    compare = subparsers.add_parser("compare", help="two records")
    compare.add_argument("old")
    compare.add_argument("new")
    compare.add_argument("--fail-above", type=positive(float),
                         metavar="PERCENT", help="exit with 1 where ours "
                         "became clearly slower by more than this")
    compare.set_defaults(command="compare")


def add_code(subparsers):
    parser = subparsers.add_parser(
        "code", help="what the loops of kernels are made of")
    parser.add_argument("files", nargs="+", metavar="PACKAGE|CUBIN")
    parser.add_argument("--peer", choices=("fa3", "fa2"),
                        help="FlashAttention's kernel beside ours: 3 for sm_90a, "
                        "2 for sm_80")
    parser.add_argument("--json", metavar="FILE", help="the counts")
    parser.add_argument("--plot", metavar="FILE", help="SVG, PNG or PDF: one step "
                        "of each kernel, pipe by pipe")
    parser.set_defaults(command="show_code")


def mask(text):
    if text in ("none", "causal"):
        return text
    keys = text.removeprefix("window=")
    if keys == text or not keys.isdigit():
        raise argparse.ArgumentTypeError(
            f"expected none, causal or window=N, got '{text}'")
    return text


def add_sizes(parser):
    """What types of a package may leave open."""
    parser.add_argument("--batch", type=positive(int), default=1, metavar="N")
    parser.add_argument("--heads", type=positive(int), metavar="N")
    parser.add_argument("--length", type=positive(int), metavar="N",
                        help="queries, and keys unless --keys says otherwise")
    parser.add_argument("--keys", type=positive(int), metavar="N")
    parser.add_argument("--mask", type=mask, help="none, causal or window=N (default: "
                        "causal where the package has a mask)")
    parser.add_argument("--clock", type=positive(float), metavar="MHZ",
                        help="of the multiprocessors (default: 1500 for sm_90a, 1410 "
                        "for sm_80)")


def add_predict(subparsers):
    parser = subparsers.add_parser(
        "predict", help="how long kernels would take, by a model of the chip")
    parser.add_argument("files", nargs="*", metavar="PACKAGE")
    add_sizes(parser)
    parser.add_argument("--peer", choices=("fa3", "fa2"),
                        help="FlashAttention's kernel beside ours")
    parser.add_argument("--validate", action="store_true",
                        help="predict what was measured, and print the errors")
    parser.add_argument("--table", metavar="FILE",
                        help="measured times (default: those published of "
                        "FlashAttention-3)")
    parser.add_argument("--json", metavar="FILE", help="the predictions")
    parser.set_defaults(command="predict")


def several(kind):
    def parse(text):
        return [kind(part) for part in text.split(",")]
    return parse


def head_dims(text):
    for part in text.split(","):
        if not all(dim.isdigit() for dim in part.split("/")):
            raise argparse.ArgumentTypeError(
                f"expected head dimensions such as 64,192/128, got '{text}'")
    return text


def add_tune(subparsers):
    parser = subparsers.add_parser(
        "tune", help="which schedules would be faster, by the same model")
    parser.add_argument("--dims", type=head_dims, required=True, metavar="D[/DV],…")
    parser.add_argument("--masks", type=several(mask), default=["causal"],
                        metavar="MASK,…", help="none, causal, window=N")
    parser.add_argument("--lengths", type=several(positive(int)), default=[512, 8192],
                        metavar="N,…")
    parser.add_argument("--tokens", type=positive(int), default=16384, metavar="N",
                        help="of a batch: it has this many for each length")
    parser.add_argument("--heads", type=positive(int), default=16, metavar="N")
    parser.add_argument("--kv-heads", type=positive(int), metavar="N")
    parser.add_argument("--target", default="sm_90a")
    parser.add_argument("--compiler", metavar="PROGRAM",
                        help="attn-compile (default: of this tree, else PATH)")
    parser.add_argument("--clock", type=positive(float), metavar="MHZ")
    parser.add_argument("--budget", type=positive(int), default=40, metavar="N",
                        help="schedules of a case that are compiled at most")
    parser.add_argument("--top", type=positive(int), default=3, metavar="N",
                        help="that are printed")
    parser.add_argument("--json", metavar="FILE", help="all predictions")
    parser.set_defaults(command="tune")


def parse(arguments):
    parser = Parser(prog="attn-bench", description="Times attention kernels, "
                    "ours and others', after judging them.")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND",
                                       parser_class=Parser)
    add_build(subparsers)
    add_run(subparsers)
    add_views(subparsers)
    add_code(subparsers)
    add_predict(subparsers)
    add_tune(subparsers)
    return parser.parse_args(arguments)


def main(arguments):
    try:
        flags = parse(arguments)
        # What it imports takes longer than to find a wrong flag.
        from attn_bench import commands
        return getattr(commands, flags.command)(flags)
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        return failure.status
