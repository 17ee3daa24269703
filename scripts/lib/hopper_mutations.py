#===- hopper_mutations.py - Mistakes with what sm_90a has --------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Rules for wgmma, mbarriers, bulk copies and warp roles; see ptx_mutations.py.

There is none for fence.mbarrier_init and bar.warp.sync: the simulator has no state
that the one orders, and runs lanes of a warp together. There is none that drops a
setmaxnreg.inc: registers of PTX are virtual, and the program without is right.
"""


def changed(operator, amount):
    """The operand of the second group, computed in a scope of its own."""
    return lambda match: (f"{{ .reg .b32 other; {operator} other, {match[2]}, "
                          f"{amount}; {match[1]}other{match[3]} }}")


def number(change):
    return lambda match: match[1] + str(change(int(match[2]))) + match[3]


def add(amount):
    return number(lambda value: value + amount)


def flip(bits):
    """Of a signed number of 64 bits."""
    def change(value):
        value = (value % 2**64) ^ bits
        return value - 2**64 if value >= 2**63 else value
    return number(change)


# A coordinate of a bulk copy, behind so many others.
def coordinate(position):
    before = r"[^,}]+, " * position
    return rf"(\bcp\.async\.bulk\.tensor\S+ [^{{;]*\{{{before})(%r\d+)([,}}].*;)"


WAIT = r"\bmbarrier\.try_wait\S*\s+"
ARRIVE = r"\bmbarrier\.arrive\.(?:release\S*|shared\S*)"
EXPECT = r"(\bmbarrier\.arrive\.expect_tx\S*\s+%\w+, \[[^\]]+\], )(%r\d+)(;)"
INIT = r"(\bmbarrier\.init\S*\s+\[[^\]]+\], )(%r\d+)(;)"
BAR = r"\bbar(?:rier)?(?:\.cta)?"
DESCRIPTOR = r"(\bor\.b64\s+%rd\d+, %rd\d+, )(-?\d{10,})(;)"

SYNCHRONISATION_RULES = [
    ("wgmma.fence dropped", r"\bwgmma\.fence\b[^;]*;", ""),
    ("wgmma commit dropped", r"\bwgmma\.commit_group\b[^;]*;", ""),
    ("wgmma wait dropped", r"\bwgmma\.wait_group\b[^;]*;", ""),
    ("wgmma wait weakened", r"(\bwgmma\.wait_group\S*\s+)(\d+)(;)", add(1)),
    ("mbarrier wait dropped", WAIT + r"(%p\d+),[^;]*;",
     lambda match: f"setp.eq.u32 {match[1]}, 0, 0;"),
    ("parity flipped", rf"({WAIT}%p\d+, \[[^\]]+\], )(%r\d+)(;)",
     changed("xor.b32", 1)),
    ("arrival dropped", ARRIVE + r"[^;]*;", ""),
    ("arrival doubled", rf"({ARRIVE}[^;]*;)",
     lambda match: f"{match[1]} {match[1]}"),
    ("expected bytes dropped",
     r"(\bmbarrier\.arrive)\.expect_tx(\S*\s+%\w+, \[[^\]]+\]), %r\d+;",
     lambda match: match[1] + match[2] + ";"),
    ("expected bytes changed", EXPECT, changed("add.s32", 16)),
    ("expected bytes changed", EXPECT, changed("sub.s32", 16)),
    ("count of arrivals changed", INIT, changed("add.s32", 1)),
    ("count of arrivals changed", INIT, changed("sub.s32", 1)),
    ("init dropped", r"\bmbarrier\.init\b[^;]*;", ""),
    ("proxy fence dropped", r"\bfence\.proxy\.async\b[^;]*;", ""),
    ("turn not awaited", BAR + r"\.sync\b\s+%r\d+, \d+;", ""),
    ("turn not passed", BAR + r"\.arrive\b[^;]*;", ""),
    ("turn of another number", rf"({BAR}\.(?:sync|arrive)\s+)(%r\d+)(, \d+;)",
     changed("add.s32", 2)),
    ("turn of other threads", rf"({BAR}\.(?:sync|arrive)\s+%r\d+, )(\d+)(;)",
     add(-128)),
    ("turn of other threads", rf"({BAR}\.(?:sync|arrive)\s+%r\d+, )(\d+)(;)",
     add(32)),
    ("bulk commit dropped", r"\bcp\.async\.bulk\.commit_group;", ""),
    ("bulk wait dropped", r"\bcp\.async\.bulk\.wait_group\b[^;]*;", ""),
    ("bulk wait weakened", r"(\bcp\.async\.bulk\.wait_group\S*\s+)(\d+)(;)",
     add(1)),
    ("registers not given away", r"\bsetmaxnreg\.dec\b[^;]*;", ""),
    ("registers changed", r"(\bsetmaxnreg\.dec\S*\s+)(\d+)(;)", add(16)),
    ("registers changed", r"(\bsetmaxnreg\.inc\S*\s+)(\d+)(;)", add(8)),
]

SYNCHRONISATION = {rule for rule, _, _ in SYNCHRONISATION_RULES}

# That all lanes store the same is slow and no mistake; those bits are the same.
DATA_RULES = [
    ("everybody elected", r"\belect\.sync\s+%\w+\|(%p\d+),[^;]*;",
     lambda match: f"setp.eq.u32 {match[1]}, 0, 0;"),
    ("nobody elected", r"\belect\.sync\s+%\w+\|(%p\d+),[^;]*;",
     lambda match: f"setp.ne.u32 {match[1]}, 0, 0;"),
    ("bulk copy dropped", r"\bcp\.async\.bulk\.tensor\b[^;]*;", ""),
    ("innermost coordinate changed", coordinate(0), changed("add.s32", 8)),
    ("coordinate changed", coordinate(1), changed("add.s32", 1)),
    ("coordinate changed", coordinate(2), changed("xor.b32", 1)),
    ("coordinate changed", coordinate(3), changed("xor.b32", 1)),
    ("place in shared memory changed",
     r"(\bcp\.async\.bulk\.tensor\S+shared::cluster\.\S+ \[%\w+)()(\])",
     lambda match: f"{match[1]}+128{match[3]}"),
    ("place in shared memory changed",
     r"(\bcp\.async\.bulk\.tensor\S+shared::cluster\.\S+ \[%\w+\+)(\d+)(\])",
     add(128)),
    ("place in shared memory changed",
     r"(\bcp\.async\.bulk\.tensor\S+\.global\.shared::cta\S* .*\[%\w+)()(\];)",
     lambda match: f"{match[1]}+128{match[3]}"),
    ("place in shared memory changed",
     r"(\bstmatrix\b[^;\[]*\[%\w+\+)(\d+)(\])", add(16)),
    ("descriptor: start", DESCRIPTOR, flip(1)),
    ("descriptor: leading", DESCRIPTOR, flip(1 << 16)),
    ("descriptor: stride", DESCRIPTOR, flip(1 << 35)),
    ("descriptor: swizzle", DESCRIPTOR, flip(3 << 62)),
    ("descriptor: step", r"(\badd\.s64\s+[ab], %rd\d+, )(\d+)(;)", add(2)),
    ("operand transposed", r"(\bwgmma\.mma_async\b.*, )(0)(;)", add(1)),
    ("operand not transposed", r"(\bwgmma\.mma_async\b.*, )(1)(;)", add(-1)),
    ("sign of a factor changed", r"(\bwgmma\.mma_async\b.*, p, )(1)(, )",
     add(-2)),
    ("accumulators kept or dropped",
     r"(\bsetp\.ne\.b32\s+p, )([01])(, 0;)", number(lambda value: 1 - value)),
    ("registers of an operand swapped",
     r"(\bwgmma\.mma_async\b.*\}, \{)(%r\d+), (%r\d+)",
     lambda match: f"{match[1]}{match[3]}, {match[2]}"),
    ("slot or phase changed", r"(\band\.b32\s+%r\d+, %r\d+, )(1)(;)", add(-1)),
    ("slot or phase changed", r"(\bbfe\.u32\s+%r\d+, %r\d+, )(1)(, 1;)",
     add(1)),
]

RULES = SYNCHRONISATION_RULES + DATA_RULES
