#===- product_spills.py - Products keep their sums in registers ------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: product_spills.py DIRECTORY TARGET [LLC]

Compiles attention of head dims 64 and 128, of each type, with a causal mask and
without one, to assembly, and finds the innermost loops of products: those that
multiply and add but do not round, as powers of two do. In none of them may a vector
register be loaded from or stored to the stack. With LLC, registers of one
function are allocated in haste, which shows that spills are seen.
"""

import itertools
import pathlib
import re
import subprocess
import sys

from attn_testing.case import Case

ALL = frozenset(operand + dim for operand in "qkv" for dim in "bhs")
ELEMENTS, DIMS, MASKS = ["f32", "bf16", "f16"], [64, 128], [None, "bottom_right"]
# Scores, and the values that they weigh.
PRODUCTS = 2

LABEL = re.compile(r"(\.?\w+):")
JUMP = re.compile(r"\tj\w+\t(\.L\w+)")
MULTIPLIES = re.compile(r"\t(vfmadd|vdpbf16ps)")
ROUNDS = re.compile(r"\t(vround|vrndscale)")
VECTOR = re.compile(r"%[xyz]mm")


def functions(text):
    """The name and lines of each."""
    for match in re.finditer(r"^(\w+):[^\n]*\n(.*?)^\.Lfunc_end", text,
                             re.M | re.S):
        yield match[1], match[2].splitlines()


def innermost_loops(lines):
    """From the target of a jump backwards to the jump, where none is inside."""
    labels = {match[1]: number for number, line in enumerate(lines)
              if (match := LABEL.match(line))}
    loops = {}
    for number, line in enumerate(lines):
        match = JUMP.match(line)
        if match and labels.get(match[1], number) < number:
            loops[labels[match[1]]] = number  # the last jump there
    for begin, end in loops.items():
        if not any(begin <= b and e <= end and (b, e) != (begin, end)
                   for b, e in loops.items()):
            yield lines[begin:end + 1]


def product_loops(lines):
    for loop in innermost_loops(lines):
        if (any(MULTIPLIES.match(line) for line in loop)
                and not any(ROUNDS.match(line) for line in loop)):
            yield loop


def spills_of(lines, loop):
    """Elsewhere %rbp is a register like others."""
    has_frame = any(re.match(r"\tmovq\t%rsp, %rbp", line) for line in lines)
    stack = re.compile(r"\(%r[sb]p\b" if has_frame else r"\(%rsp\b")
    return [line for line in loop if VECTOR.search(line) and stack.search(line)]


def cases():
    for element, dim, mask in itertools.product(ELEMENTS, DIMS, MASKS):
        yield (f"{element}_{dim}_{'causal' if mask else 'all'}",
               Case(element=element, dims=(dim, dim), causal=mask, dynamic=ALL,
                    results=("o",)))


def compiled(source, target, emit):
    path = source.with_suffix(f".{emit}")
    subprocess.run(["attn-compile", source, f"--target={target}",
                    f"--emit={emit}", "-o", path], check=True)
    return path


def allocated_in_haste(source, target, llc):
    """By an allocator that keeps nothing in registers from block to block."""
    path = compiled(source, target, "llvm")
    assembly = source.with_suffix(".s")
    subprocess.run([llc, "--optimize-regalloc=false", "--regalloc=fast", path,
                    "-o", assembly], check=True)
    return assembly


def main():
    directory, target, *other = sys.argv[1:]
    source = pathlib.Path(directory) / f"{target}.mlir"
    source.parent.mkdir(parents=True, exist_ok=True)
    chosen = list(cases())[:1 if other else None]
    names = [name for name, _ in chosen]
    source.write_text("".join(case.mlir(name) for name, case in chosen))
    assembly = (allocated_in_haste(source, target, *other) if other else
                compiled(source, target, "asm"))
    found, count = 0, {name: 0 for name in names}
    for name, lines in functions(assembly.read_text()):
        for loop in product_loops(lines):
            count[name.rsplit("_", 1)[0]] += 1  # kernels are numbered
            spills = spills_of(lines, loop)
            found += bool(spills)
            if spills:
                print(name, *spills, sep="\n")
    few = [name for name in names if count[name] < PRODUCTS]
    if few:
        sys.exit(f"no products were found in {few}")
    print(f"{sum(count.values())} loops of products, {found} spill")
    sys.exit(bool(found))


main()
