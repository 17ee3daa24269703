#===- validation.py - Predictions beside published times -------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""A table of measured times, one row a launch:

    kernel,dims,element,mask,batch,query_heads,kv_heads,queries,keys,clock_mhz,
    microseconds,is_fitted,source

`kernel` is a peer of `attn-bench code`, or a package's path. `dims` is of query and
key, and of value where that differs ("192/128"); `mask` none, causal or window=N.
Constants were chosen by the rows whose is_fitted is 1, which no total counts."""

import csv
import dataclasses
import itertools
import os

from attn_bench.code import kernels, peer_code
from attn_bench.failures import BadInput, Failure
from attn_bench.predict import launch, subjects
from attn_bench.predict.workload import Workload

PUBLISHED = os.path.join(os.path.dirname(__file__), "published.csv")


@dataclasses.dataclass(frozen=True)
class Cell:
    kernel: str
    dims: tuple
    element: str
    mask: str
    workload: Workload
    clock_hz: float
    microseconds: float
    is_fitted: bool

    @property
    def name(self):
        dims = "/".join(map(str, dict.fromkeys(self.dims)))
        return (f"{os.path.basename(self.kernel)} d {dims} {self.mask} "
                f"{self.workload.queries}")


COLUMNS = ["kernel", "dims", "element", "mask", "batch", "query_heads", "kv_heads",
           "queries", "keys", "clock_mhz", "microseconds", "is_fitted", "source"]


def cell_of(row):
    """Of a row by column, whose values may be text."""
    dims = tuple(int(dim) for dim in str(row["dims"]).split("/"))
    is_causal, window = subjects.mask_of(row["mask"], False)
    sizes = [int(row[key]) for key in COLUMNS[4:9]]
    return Cell(row["kernel"], (dims[0], dims[-1]), row["element"], row["mask"],
                Workload(*sizes, is_causal, window), float(row["clock_mhz"]) * 1e6,
                float(row["microseconds"]), str(row["is_fitted"]) == "1")


def read(path):
    try:
        with open(path, encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if reader.fieldnames != COLUMNS:
                raise BadInput(f"'{path}' is no table of measured times; expected the "
                               f"columns {','.join(COLUMNS)}")
            return [cell_of(row) for row in reader]
    except OSError as error:
        raise BadInput(f"cannot read '{path}': {error.strerror}") from error
    except (TypeError, ValueError) as error:
        raise BadInput(f"'{path}' is damaged: {error}") from error


def append(path, rows):
    """Rows are dictionaries by column."""
    is_new = not os.path.exists(path)
    try:
        with open(path, "a", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            if is_new:
                writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise BadInput(f"cannot write '{path}': {error.strerror}") from error


def _facts(cell):
    return kernels.Facts(cell.dims, cell.element, cell.mask != "none")


def _subjects(cells, nvdisasm):
    """By kernel and facts."""
    found = {}
    for name in dict.fromkeys(cell.kernel for cell in cells):
        wanted = list(dict.fromkeys(_facts(c) for c in cells if c.kernel == name))
        if name in peer_code.PEERS:
            made = peer_code.find_all(name, wanted, nvdisasm)
            found |= {(name, facts): subjects.peer(kernel)
                      for facts, kernel in made.items()}
            continue
        for kernel in kernels.read(name, nvdisasm):
            found[name, kernel.facts] = subjects.ours(kernel)
    return found


@dataclasses.dataclass(frozen=True)
class Result:
    cell: Cell
    predicted: float  # microseconds

    @property
    def error(self):
        """In percent."""
        return 100 * (self.predicted / self.cell.microseconds - 1)


def line(result):
    fitted = "  fitted" if result.cell.is_fitted else ""
    return (f"{result.cell.name:28} measured {result.cell.microseconds:8.1f} us  "
            f"predicted {result.predicted:8.1f} us  {result.error:+6.1f} %{fitted}")


def _predict(found, cell):
    subject = found.get((cell.kernel, _facts(cell)))
    if subject is None:
        raise BadInput(f"'{cell.kernel}' has no kernel for {_facts(cell)}")
    return Result(cell, launch.predict(subject, cell.workload,
                                       cell.clock_hz).microseconds)


def run(cells, nvdisasm):
    """A Result of each cell."""
    cells = list(cells)
    found = _subjects(cells, nvdisasm)
    for cell in cells:
        yield _predict(found, cell)


def lines(cells, nvdisasm):
    """Of each cell, or why there is no prediction: nothing ends the program."""
    found = {}
    for cell in cells:
        try:
            if (cell.kernel, _facts(cell)) not in found:
                found |= _subjects([cell], nvdisasm)
            yield line(_predict(found, cell))
        except Failure as failure:
            yield f"{cell.name:28} not predicted: {failure}"


def ranked_rightly(results):
    """Percent of pairs of cells of which the faster one is predicted to be that, as
    text: one cell has no pair."""
    pairs = [(a, b) for a, b in itertools.combinations(results, 2)
             if a.cell.microseconds != b.cell.microseconds]
    right = sum((a.predicted < b.predicted) == (a.cell.microseconds
                                                < b.cell.microseconds)
                for a, b in pairs)
    return f"{100 * right / len(pairs):.1f} %" if pairs else "none"


def summary(results):
    """The line that scripts read."""
    tested = [result for result in results if not result.cell.is_fitted]
    errors = [abs(result.error) for result in tested] or [0.0]
    return (f"mean error {sum(errors) / len(errors):.1f} % worst {max(errors):.1f} % "
            f"over {len(tested)} cells; pairs {ranked_rightly(tested)}")
