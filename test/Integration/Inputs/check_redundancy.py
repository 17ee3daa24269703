#===- check_redundancy.py - Which waits are redundant ----------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Judges small texts with ptx_redundancy.

Usage: check_redundancy.py DIRECTORY-OF-THE-MODULE

A text is instructions in short; `*` marks the one that is dropped.
"""

import sys

sys.path.insert(0, sys.argv[1])
import ptx_redundancy  # noqa: E402

SHORT = {
    "copy": "cp.async.cg.shared.global [%r1], [%rd1], 16;",
    "commit": "cp.async.commit_group;",
    "all": "cp.async.wait_all;",
    "bar": "bar.sync 0;",
    "part": "bar.sync 1, 64;",
    "warp": "bar.warp.sync -1;",
    "read": "ld.shared.b32 %r2, [%r1];",
    "generic": "ld.b32 %r2, [%rd1];",
    "matrix": "ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r2}, [%r1];",
    "store": "st.shared.b32 [%r1], %r2;",
    "flag": "st.release.gpu.global.b32 [%rd1], %r2;",
    "param": "ld.param.b64 %rd1, [p];",
    "add": "add.s32 %r1, %r1, 1;",
    "ret": "ret;",
}


def spell(word):
    if word.startswith("@"):
        return "@%p1 " + spell(word[1:])
    if word.startswith("wait"):
        return f"cp.async.wait_group \t{word[4:]};"
    if word.endswith(":"):
        return word
    return f"bra {word[1:]};" if word.startswith(">") else SHORT[word]


REDUNDANT = [
    "copy commit *wait0 wait0 bar read ret",
    "copy commit *wait0 param add wait0 bar read ret",
    "copy commit *wait0 all bar matrix ret",
    # One more commit, so that the later wait may leave one group.
    "copy commit *wait0 commit wait1 bar read ret",
    "copy commit *wait0 ret",
    # On both ways, and around a loop.
    "copy commit *wait0 @>L wait0 bar read ret L: wait0 bar read ret",
    "copy commit *wait0 L: wait0 bar read @>L ret",
    # The copy comes with the next group, which the first wait covers too.
    "copy *commit copy commit wait0 bar read ret",
    "copy *commit copy commit wait1 wait0 bar read ret",
]

NEEDED = [
    "copy commit *wait0 bar read ret",
    "copy commit *wait0 read wait0 bar ret",
    "copy commit *wait0 generic wait0 bar ret",
    "copy commit *wait0 store wait0 bar read ret",
    "copy commit *wait0 copy wait0 bar read ret",
    # The later wait leaves what this one does not.
    "copy commit *wait0 wait1 bar read ret",
    "copy commit *wait1 commit wait3 bar read ret",
    "copy commit *all commit wait1 bar read ret",
    # What a guard may leave out does not help.
    "copy commit *wait0 @wait0 bar read ret",
    "copy commit *wait0 @commit wait1 bar read ret",
    "copy commit *wait0 wait0 @bar read ret",
    # No barrier of the block, or one before the wait that others rely on.
    "copy commit *wait0 wait0 read ret",
    "copy commit *wait0 wait0 warp read ret",
    "copy commit *wait0 wait0 part read ret",
    "copy commit *wait0 bar wait0 bar read ret",
    "copy commit *wait0 flag wait0 bar read ret",
    # One of two ways, and a loop that comes back.
    "copy commit *wait0 @>L wait0 bar read ret L: bar read ret",
    "L: copy commit *wait0 @>L wait0 bar read ret",
    # The only group, and one that the wait leaves then.
    "copy *commit wait0 bar read ret",
    "copy *commit copy commit wait1 bar read ret",
    "@*wait0 wait0 bar read ret",
]


def judge(text):
    lines = text.split()
    line = next(n for n, word in enumerate(lines, 1) if "*" in word)
    return ptx_redundancy.is_redundant(
        "\n".join(spell(word.replace("*", "")) for word in lines), line)


def main():
    wrong = [text for text in REDUNDANT if not judge(text)]
    wrong += [text for text in NEEDED if judge(text)]
    for text in wrong:
        print(f"judged wrongly: {text}")
    if wrong:
        return 1
    print(f"{len(REDUNDANT) + len(NEEDED)} texts judged as expected")
    return 0


sys.exit(main())
