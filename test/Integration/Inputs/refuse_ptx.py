#===- refuse_ptx.py - PTX that must be refused -----------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: refuse_ptx.py FUZZ-PTX DIRECTORY

One table of texts, each with what has to be said of it. They go through one
process.
"""

import os
import re
import subprocess
import sys

HEADER = ".version 7.8\n.target sm_80\n.address_size 64\n"
REGISTERS = """.reg .pred %p<4>; .reg .b16 %h<4>; .reg .b32 %r<8>;
.reg .f32 %f<8>; .reg .b64 %rd<8>;
"""


def kernel(body, signature=""):
    return f"{HEADER}.visible .entry k({signature})\n{{\n{REGISTERS}{body}\nret;\n}}\n"


WHOLE = [
    ("expected a directive", "hello"),
    ("expected .address_size 64", ".version 7.8\n.target sm_80\n"
     ".address_size 32\n"),
    ("expected an integer", ".version 7.8\n.target sm_80\n.address_size x\n"),
    ("alias `a` of `b`, which is no function", HEADER + ".alias a, b;\n"),
    ("unsupported external variable", HEADER + ".extern .global .u32 x;\n"),
    ("expected a size", HEADER + ".global .u32 x[];\n"),
    ("array `x` is too large", HEADER + ".global .b8 x[99999999999];\n"),
    ("array `x` is too large",
     HEADER + ".global .b64 x[65536][65536][65536];\n"),
    ("power of two", HEADER + ".global .align 3 .b8 x[4];\n"),
    ("power of two", HEADER + ".global .align 0 .b8 x[4];\n"),
    ("expected a type", HEADER + ".global x;\n"),
    ("cannot be a predicate", HEADER + ".global .pred x;\n"),
    ("more initial values", HEADER + ".global .u32 x[1] = {1, 2};\n"),
    ("expected 64 bits for the address", HEADER + ".global .u32 x = y;\n"),
    ("unknown symbol `y`", HEADER + ".global .u64 x = y;\n"),
    ("expected a number", HEADER + ".global .u32 x = [;\n"),
    ("cannot have an initial value", HEADER + ".shared .u32 x = 1;\n"),
    ("before the end", HEADER + ".visible .entry k()\n{\nret;\n"),
    ("before the end", HEADER + ".func f()\n{\n"),
    ("expected .param", HEADER + ".visible .entry k(.reg .u32 x)\n{ ret; }\n"),
    ("parameter `x` is too large",
     HEADER + ".visible .entry k(.param .b8 x[40000])\n{ ret; }\n"),
    ("expected a type", HEADER + ".visible .entry k(.param x)\n{ ret; }\n"),
    ("dimension between", HEADER + ".visible .entry k()\n.maxntid 0, 1, 1\n"
     "{ ret; }\n"),
    ("dimension between", HEADER + ".visible .entry k()\n.maxntid 99999\n"
     "{ ret; }\n"),
    ("three numbers", HEADER + ".visible .entry k()\n.maxntid 1, 1, 1, 1\n"
     "{ ret; }\n"),
    ("block of 1 to 1024", HEADER + ".visible .entry k()\n"
     ".reqntid 1024, 2, 1\n{ ret; }\n"),
    ("unsupported directive `.frob`", HEADER + ".visible .entry k()\n"
     ".frob 1\n{ ret; }\n"),
    ("nest too deeply", HEADER + ".visible .entry k()\n" + "{" * 300),
]

BODIES = [
    ("unknown opcode `frob`", "frob.u32 %r1, %r2;"),
    ("call to `f`, which is no function", "call f;"),
    ("expected .param variables", "call %rd1, (%r1);"),
    ("unsupported opcode `tex` .textures", "tex.1d.v4.f32.s32 "
     "{%f1, %f2, %f3, %f4}, [%rd1, {%r1}];"),
    ("unsupported form", "add.frob.u32 %r1, %r2, %r3;"),
    ("unsupported form", "mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f32 "
     "{%rd1, %rd2}, {%rd1}, {%rd1}, {%rd1, %rd2};"),
    ("unsupported form", "cp.async.cg.shared.global [%r1], [%rd1], 8;"),
    ("number of operands", "add.u32 %r1, %r2;"),
    ("number of operands", "mov.u32 %r1;"),
    ("64 bits", "add.u64 %rd1, %rd2, %r3;"),
    ("floating-point constant", "add.f32 %f1, %f2, 1;"),
    ("unknown label", "bra NOWHERE;"),
    ("unknown register", "mov.u32 %r1, %r99;"),
    ("unknown register|unknown symbol", "mov.u32 %r1, %q;"),
    ("unknown symbol", "mov.u64 %rd1, nothing;"),
    ("destination", "add.u32 7, %r1, %r2;"),
    ("predicate", "@%r1 bra L;\nL:"),
    ("predicate", "selp.b32 %r1, %r2, %r3, %r4;"),
    ("expected", "ld.global.u32 %r1, %rd1;"),
    ("expected", "ld.global.v4.u32 {%r1, %r2}, [%rd1];"),
    ("expected", "ld.global.u32 %r1, [%rd1;"),
    ("expected", "mov.u32 %r1, ;"),
    ("expected", "mov.u32 %r1 %r2;"),
    ("expected", ".reg .b32 %x<999999999999>; .reg %y;"),
    ("label `L` stands twice", "L: L: bra L;"),
    ("unknown label", "brx.idx %r1, NOTABLE;"),
    ("too much local memory", ".local .b8 big[999999999];"),
    ("too much shared memory", ".shared .b8 big[999999999];"),
    ("expected a predicate", "shfl.sync.bfly.b32 %f1|%f2, %f1, 1, 31, -1;"),
    ("expected a name", "mov.u32 %r1, \"text\";"),
    ("expected a name", "mov.u32 %r1, 18446744073709551616;"),
    ("expected a name", "mov.u32 %r1, 0x10000000000000000;"),
    ("expected a name", "mov.u32 %r1, 09;"),
    ("expected a name", "mov.u32 %r1, 0b12;"),
    ("expected a name", "mov.f32 %f1, 0f3F80000;"),
]


def main():
    fuzz_ptx, directory = sys.argv[1:]
    cases = WHOLE + [(regex, kernel(body)) for regex, body in BODIES]
    paths = []
    for number, (_, text) in enumerate(cases):
        paths.append(os.path.join(directory, f"{number}.ptx"))
        with open(paths[-1], "w", encoding="utf-8") as file:
            file.write(text)
    process = subprocess.run([fuzz_ptx, *paths], capture_output=True, text=True,
                             check=False)
    answers = process.stdout.splitlines()
    good = process.returncode == 0 and len(answers) == len(cases)
    for (regex, text), path, answer in zip(cases, paths, answers):
        said = answer.removeprefix(f"{path}: ")
        if said == "used" or not re.search(regex, said):
            print(f"expected `{regex}`, got: {said}\n{text}")
            good = False
    print(f"{len(answers)} of {len(cases)} answered")
    sys.exit(0 if good else f"{process.stdout}{process.stderr}")


main()
