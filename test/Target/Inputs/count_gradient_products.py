#===- count_gradient_products.py - MMAs of kernels of gradients -----------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: count_gradient_products.py NVDISASM DIRECTORY TARGET DIMS[,DIMS…]

Compiles gradients of attention without a mask and counts the matrix instructions
of each loop that has some. Scores and dP are products over head dims, the sums of
gradients products over a step. With head dims padded to 16, a step of N rows, and a
warp of 16 rows on sm_80, a warpgroup of 64 on sm_90a:

  HGMMA   of scores dqk/16, of dP dv/16, of each gradient N/16
  HMMA    of scores N/8 * dqk/16, of dP N/8 * dv/16, of a gradient of d columns
          d/8 * N/16
"""

import json
import pathlib
import sys

from attn_testing.case import Case
from attn_testing.instruction_counts import (ALL, parse_dims, parse_schedule,
                                             run_compiler)
from machinecode import disassembly, flow, kinds


def products_of(kernel, dqk, dv):
    """(features of scores and dP, columns of the sums)."""
    return {"keys": ([dqk, dv], [dqk, dv]), "values": ([dqk], [dv]),
            "keys_alone": ([dqk, dv], [dqk]),
            "queries": ([dqk, dv], [dqk])}[kernel]


def expected(kernel, dims, schedule, target):
    dqk, dv = (-(-dim // 16) * 16 for dim in dims)
    step = schedule["step"]
    over, sums = products_of(kernel, dqk, dv)
    if target == "sm_90a":
        return sum(dim // 16 for dim in over) + len(sums) * step // 16
    strips = schedule["rows"] // schedule["warps"] // 16
    return strips * (sum(step // 8 * dim // 16 for dim in over)
                     + sum(dim // 8 * step // 16 for dim in sums))


def loops_of(blocks):
    bodies = [flow.instructions_of(blocks, sorted(loop.blocks))
              for loop in flow.loops(blocks)]
    counts = [sum(map(kinds.is_product, body)) for body in bodies]
    return [count for count in counts if count]


def main():
    nvdisasm, directory, target, dims = sys.argv[1:]
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    source, cubin = directory / "f.mlir", directory / f"{target}.cubin"
    cases = {f"d{number}": Case(dims=pair, dynamic=ALL)
             for number, pair in enumerate(parse_dims(dims))}
    source.write_text("".join(c.mlir(name) for name, c in cases.items()),
                      encoding="utf-8")
    report = run_compiler(source, target, None, "--vjp=saved", "--emit=cubin",
                          "--report=json", "-o", cubin)
    code = disassembly.disassemble(nvdisasm, cubin).functions
    found = 0
    for entry in json.loads(report)["kernels"]:
        case, _, suffix = entry["name"].partition("_vjp_0_")
        if suffix not in ("keys", "values", "queries"):
            continue
        schedule = parse_schedule(entry["schedule"])
        kernel = ("keys_alone" if suffix == "keys" and schedule.get("parted")
                  else suffix)
        wanted = expected(kernel, cases[case].dims, schedule, target)
        loops = loops_of(flow.make_blocks(code[entry["name"]]))
        if not loops or any(count != wanted for count in loops):
            sys.exit(f"{entry['name']} of {cases[case].dims}, "
                     f"{entry['schedule']}: expected {wanted} matrix "
                     f"instructions in each loop, got {loops}")
        found += 1
    print(f"{target}: {found} kernels have no product too many")


main()
