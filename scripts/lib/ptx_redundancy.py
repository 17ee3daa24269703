#===- ptx_redundancy.py - Waits that nothing waits for -----------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Proves that a cp.async.wait_group or commit_group can be dropped, a wait weakened, or
a wgmma.fence dropped, without any thread being able to tell: for all inputs, from the
text.

Let the mutation stand at place P. A wait_group N covers the groups that at least N
commits follow, so the newest copy that the wait at P covers has N commits behind
it at P, and a copy whose own commit is dropped has -1. After c more commits a
wait_group M covers that copy, and all older ones that the mutation delays, as
soon as M <= N + c. Therefore, if on every path from P

  - a wait with M <= N + c comes, before any barrier or other signal to threads
    that run elsewhere,
  - then a barrier of the block,
  - and between the mutation's first effect and that barrier nothing touches shared
    memory and no copy is issued,

then whoever reads or overwrites what the copies brought comes after that barrier,
in the original as in the mutant. The first effect is at P for a wait; a dropped
commit has none until a wait comes. What is guarded by a predicate may be executed
or not; it never helps the proof.

A wgmma.fence can be dropped where on every path to it another one comes before, and
between them nothing touches a register of the wgmmas behind it: the fence before has
ordered all that did. Wgmmas themselves may, if they are of the same shape: those are in
order.
"""

import re

# More commits than any wait counts to; less is only more careful.
MOST_COMMITS = 16

HARMLESS_SPACES = re.compile(r"\.(global|param|const|local)\b")
MEMORY = re.compile(r"(ld|st|ldu|atom|red|ldmatrix|stmatrix|cp)\b")
SIGNAL = re.compile(r"(bar|barrier|fence|membar|mbarrier|atom|red)\b|"
                    r"\S*\.(volatile|relaxed|release|acq_rel)\b")
BARRIER = re.compile(r"(bar|barrier)(\.cta)?\.sync(\.aligned)?\s+0;")


class Instruction:
    def __init__(self, text):
        guard, self.text = re.match(r"(@!?%\w+\s+)?(.*)", text).groups()
        self.is_guarded = guard is not None

    def touches_shared(self):
        """Also copies, and generic addresses, which may point there."""
        if not MEMORY.match(self.text):
            return False
        return (self.text.startswith("cp.async.c") and "_" not in
                self.text.split()[0]) or not (
                    self.text.startswith("cp.async") or
                    HARMLESS_SPACES.search(self.text.split()[0]))

    def wait(self):
        """How many groups may be left; -1 where not even open ones may."""
        if self.text.startswith("cp.async.wait_all"):
            return -1
        found = re.match(r"cp\.async\.wait_group\s+(\d+)", self.text)
        return int(found[1]) if found else None

    def is_commit(self):
        return self.text.startswith("cp.async.commit_group")

    def is_barrier(self):
        return bool(BARRIER.match(self.text))

    def is_wgmma_fence(self):
        return self.text.startswith("wgmma.fence") and not self.is_guarded

    def signals(self):
        return bool(SIGNAL.match(self.text))

    def target(self):
        found = re.match(r"bra(?:\.uni)?\s+(\S+);", self.text)
        return found[1] if found else None

    def ends(self):
        return re.match(r"(ret|exit|trap)\b", self.text)


class Text:
    """The instructions of a PTX text by line, and where labels stand."""

    def __init__(self, ptx):
        self.lines, self.labels = {}, {}
        for number, line in enumerate(ptx.split("\n"), 1):
            line = line.split("//")[0].strip()
            label = re.match(r"([$\w]+):$", line)
            if label:
                self.labels[label[1]] = number
            elif re.match(r"(@|[a-z])", line) and line.endswith(";"):
                self.lines[number] = Instruction(line)
        self.last = max(self.lines)

    def successors(self, number):
        """None where the text holds a jump whose target is not known."""
        here = self.lines.get(number)
        if here is None:
            return [number + 1]
        if here.text.startswith(("brx", "call")):
            return None
        out = [number + 1] if here.is_guarded or not (
            here.target() or here.ends()) else []
        if here.target():
            if here.target() not in self.labels:
                return None
            out.append(self.labels[here.target()])
        return out


BEFORE, DELAYED, LANDED = range(3)


def step(here, phase, commits, behind):
    """The phase and the commits after an instruction; None where the mutation
    could be noticed, and phase None where it no longer can."""
    if here.touches_shared():
        return (phase, commits) if phase == BEFORE else None
    if here.signals() and phase == DELAYED:
        return None
    waits = here.wait()
    if waits is not None and phase != LANDED:
        covers = waits <= behind + commits and not here.is_guarded
        return (LANDED if covers else DELAYED), commits
    if here.is_commit() and not here.is_guarded:
        return phase, min(commits + 1, MOST_COMMITS)
    if here.is_barrier() and not here.is_guarded and phase == LANDED:
        return None, commits
    return phase, commits


def is_redundant(ptx, line):
    """Whether dropping the wait or commit at a line, or having the wait leave one
    group more, is without consequence."""
    text = Text(ptx)
    mutated = text.lines[line]
    if mutated.is_guarded:
        return False
    behind = mutated.wait()
    if behind is None and not mutated.is_commit():
        return False
    phase = BEFORE if mutated.is_commit() else DELAYED
    open_states = [(line + 1, phase, 0)]
    seen = set(open_states)
    while open_states:
        number, phase, commits = open_states.pop()
        if number > text.last:
            continue
        after = (phase, commits)
        if number in text.lines:
            after = step(text.lines[number], phase, commits,
                         -1 if behind is None else behind)
        successors = text.successors(number)
        if after is None or successors is None:
            return False
        if after[0] is None:
            continue
        for successor in successors:
            state = (successor, *after)
            if state not in seen:
                seen.add(state)
                open_states.append(state)
    return True


class Wgmma:
    """The shape and the registers of a wgmma.mma_async."""

    def __init__(self, text):
        self.shape = text.split()[0]
        self.registers = {register for fragment in re.findall(r"\{.*?\}", text)
                          for register in re.findall(r"%\w+", fragment)}


def wgmmas_behind(text, line):
    """Those that the fence at a line is for; None where they are not known."""
    found, seen, open_lines = [], set(), [line + 1]
    while open_lines:
        number = open_lines.pop()
        if number in seen or number > text.last:
            continue
        seen.add(number)
        here = text.lines.get(number)
        if here and here.is_wgmma_fence():
            continue
        if here and here.text.startswith("wgmma.mma_async"):
            found.append(Wgmma(here.text))
        successors = text.successors(number)
        if successors is None:
            return None
        open_lines += successors
    return found


def predecessors(text):
    """By line; None where a jump leads anywhere."""
    out = {}
    for number in range(1, text.last + 1):
        successors = text.successors(number)
        if successors is None:
            return None
        for successor in successors:
            out.setdefault(successor, []).append(number)
    return out


def disturbs(here, wgmmas):
    """Whether an instruction touches a register that the wgmmas need in order."""
    if here.text.startswith("wgmma.mma_async"):
        other = Wgmma(here.text)
        return any(other.shape != wgmma.shape and
                   other.registers & wgmma.registers for wgmma in wgmmas)
    touched = set(re.findall(r"%\w+", here.text))
    return any(touched & wgmma.registers for wgmma in wgmmas)


def is_fence_redundant(ptx, line):
    """Whether nobody can tell that the wgmma.fence at a line is missing."""
    text = Text(ptx)
    wgmmas, before = wgmmas_behind(text, line), predecessors(text)
    if wgmmas is None or before is None:
        return False
    seen, open_lines = set(), list(before.get(line, []))
    while open_lines:
        number = open_lines.pop()
        if number in seen:
            continue
        seen.add(number)
        here = text.lines.get(number)
        if here and here.is_wgmma_fence() and number != line:
            continue
        if here and disturbs(here, wgmmas):
            return False
        if not before.get(number):
            return False  # where the function begins
        open_lines += before[number]
    return True


# By the rule of lib/ptx_mutations.py.
PROOFS = {"commit dropped": is_redundant, "wait dropped": is_redundant,
          "wait weakened": is_redundant,
          "wgmma.fence dropped": is_fence_redundant}
