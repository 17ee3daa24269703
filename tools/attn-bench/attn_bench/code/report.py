#===- report.py - Steps of kernels as text ---------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Ours and, where there is one, the peer's beside it, with the ratio."""

from attn_bench.code.measure import kernel_object


def _count(value):
    return f"{value:.0f}" if value == round(value) else f"{value:.1f}"


def _ratio(ours, theirs):
    return f"{ours / theirs:.2f}" if ours and theirs else "-"


def _row(name, ours, theirs, has_peer):
    cells = [name, _count(ours)]
    if has_peer:
        cells += [_count(theirs), _ratio(ours, theirs)]
    return cells


def _aligned(rows):
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        first, *rest = [cell.ljust(width) if i == 0 else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(row, widths))]
        yield "  " + "  ".join([first, *rest]).rstrip()


def _by_row(step):
    """Value of each row of the table, by its name. Steps differ in size, so all but the
    first two rows are of a tile."""
    tiles = step["tiles"] or 1
    rows = {"instructions a step": step["instructions"],
            "stall counts a step": step["stall_clocks"],
            "instructions": step["instructions"] / tiles,
            "stall counts": step["stall_clocks"] / tiles}
    for group in ("products", "classes", "pipes"):
        for name, count in step[group].items():
            rows[f"{group}: {name}"] = count / tiles
    return rows


def _step_rows(ours, theirs):
    yield ["", "ours"] + (["peer", "ratio"] if theirs else [])
    mine, others = _by_row(ours), _by_row(theirs) if theirs else {}
    for name in sorted({**mine, **others}, key=_place):
        yield _row(name, mine.get(name, 0), others.get(name, 0), theirs)


_GROUPS = ["instructions a step", "stall counts a step", "instructions", "stall counts",
           "products", "classes", "pipes"]


def _place(row):
    return _GROUPS.index(row.split(":")[0])


def _wait_lines(step):
    for part in step["waits"]:
        reason = f"after the wait for {part['for']}" if part["for"] else "first"
        yield (f"  {reason}: {part['instructions']} instructions, "
               f"{part['stall_clocks']} clk, {part['exponentials']} exponentials, "
               f"{part['conversions']} conversions, "
               f"{part['multiplications']} multiplications")
    for board in step["scoreboards"]:
        setters = ", ".join(f"{number} {name}"
                            for name, number in board["set_by"].items())
        yield (f"  scoreboard {board['number']}: set by {setters or 'nothing here'}; "
               f"waited for by {board['waits']}")


def _same_kind(step, others):
    return next((other for other in others if other["kind"] == step["kind"]), None)


def _title(kernel, who):
    smem = kernel["smem_bytes"]
    return (f"{who}: {kernel['kernel']}, {kernel['chip']}: {kernel['registers']} "
            f"registers, {kernel['stack_bytes']} bytes of stack"
            + (f", {smem} bytes of shared memory" if smem is not None else ""))


def _sizes(ours, theirs):
    if not ours["tiles"]:
        return ""
    peers = f", the peer's of {theirs['tiles']:.2f}" if theirs else ""
    return f" of {ours['tiles']:.2f} tiles{peers}; counts are of a tile"


def _lines(ours, theirs):
    yield _title(ours, "ours")
    if theirs:
        yield _title(theirs, "peer")
    for step in ours["steps"]:
        other = _same_kind(step, theirs["steps"]) if theirs else None
        yield ""
        yield f"{step['kind']} step" + _sizes(step, other)
        yield from _aligned(list(_step_rows(step, other)))
        for who, measured in (("ours", step), ("peer", other)):
            if measured and measured["kind"] != "first":
                yield f"  {who}"
                yield from ("  " + line for line in _wait_lines(measured))


def objects(pairs):
    """Of (ours, peer's or None): the record."""
    return {"schema": 1, "kernels": [
        {**kernel_object(ours), "peer": kernel_object(theirs) if theirs else None}
        for ours, theirs in pairs]}


def render(record):
    return "\n\n".join("\n".join(_lines(kernel, kernel["peer"]))
                       for kernel in record["kernels"])
