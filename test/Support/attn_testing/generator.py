#===- generator.py - Seeded random configurations --------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""The random campaign's configurations.

Every choice is dealt from a shuffled deck, and a deck is shuffled anew when it
is empty: so a run of cases as long as a deck has each of its cards. The first
48 cases have every head dim, as dqk and as dv, and every value of every clause;
test/Integration/campaign-coverage.test says so.
"""

import dataclasses

import numpy as np

from attn_testing.case import Case, with_keys

HEAD_DIMS = list(range(8, 257, 8))
PLAIN = "persistent=0,prefetch=0,turns=0,overlap=0"
RANDOM = object()
LENGTHS = [0, 1, 2, 8, 15, 16, 17, 31, 63, 64, 65, 100, 127, 128, 129, 192, 200,
           255, 256, 257, 300] + [RANDOM] * 6

DECKS = {
    "element": ["f16", "bf16"],
    "batch": [1, 1, 1, 2, 2, 3, 1, 1, 2, 0],
    "heads": [(1, 1), (2, 2), (5, 5), (4, 2), (6, 3), (8, 2), (3, 1), (8, 1)],
    "dqk": HEAD_DIMS,
    "dv": HEAD_DIMS,
    "equal_dims": [True, False, False],
    "sq": LENGTHS,
    "sk": LENGTHS,
    "equal_lengths": [True, False, False],
    "layout": ["bhsd", "bshd"],
    "scale": [None, None, None, -0.5, 0.0, 1e-4, 0.125, 2.0],
    "causal": [None, None, "top_left", "bottom_right", "bottom_right", "near",
               "before", "beyond"],
    "window": [None, None, None, "some", "some", (0, 0), (None, 0), (0, None),
               (None, None), "wide"],
    "masked_row": ["zero", "nan", "uniform"],
    "results": [("o", "lse"), ("o", "lse"), ("o",), ("lse", "o"), ("lse",)],
    "dynamic": ["none", "lengths", "all", "mixed"],
    "inputs": ["arrays", "arrays", "seeded"],
    "values": ["normal", "normal", "normal", "large", "small", "constant",
               "tail"],
    "sim_seed": list(range(8)),
}

# What a target may be asked to do instead of its default, and what it takes
# besides.
TARGET_DECKS = {
    "sm_80": {"schedule": [None] * 3 + [
        "q=16,kv=16,warps=1,stages=1", "q=32,kv=32,warps=2", "stages=1",
        "kv=32,heads=2", "kv=48,stages=2", "kv=16,stages=3",
        "q=64,warps=4,kv=32,heads=8", "q=32,kv=32,warps=2,longest=1", "q=64,warps=2,kv=16,stages=2"]},
    "sm_90a": {"schedule": [None] * 3 + [with_keys(PLAIN, keys) for keys in [
        "kv=64", "stages=1", "q=64,warps=4,kv=48,heads=8", "kv=32,stages=3",
        "persistent=1,heads=2", "persistent=2,prefetch=1,turns=1",
        "turns=1,kv=80", "overlap=1", "overlap=1,turns=2,kv=48",
        "persistent=2,prefetch=1,overlap=1,turns=2", "split=3",
        "split=2,longest=1",
        "split=2,persistent=2,overlap=1,heads=4"]]},
    # f32 by warps of either GPU. Beyond 128, ptxas spills for some masks; what is
    # large takes long to compile.
    "single": {
        "element": ["f32"],
        "dqk": list(range(8, 73, 8)) + [88, 104, 128],
        "dv": list(range(8, 73, 8)) + [80, 112, 128],
        "precision": [None, "tf32x3", "tf32", None, "tf32"],
        "schedule": [None] * 3 + [
            "q=16,kv=16,warps=1,stages=1", "q=32,kv=32,warps=2", "stages=1",
            "kv=16,heads=2", "kv=48,stages=1", "kv=16,stages=3",
            "q=64,warps=4,kv=32,heads=8", "q=32,kv=32,warps=2,longest=1",
            "q=64,warps=2,kv=16,stages=2", "split=3", "split=2,heads=4"]},
    "processor": {
        "element": ["f32", "f16", "bf16"],
        "schedule": [None] * 4 + [
            "q=1,kv=16", "q=3,kv=48", "q=16,kv=16", "q=40,kv=80", "q=200,kv=32",
            "kv=256", "q=64,kv=64,heads=4", "q=8,heads=8", "split=0", "split=3",
            "split=2,q=24,heads=2"]},
}

# What one case may cost: the simulator runs some 10^7 warp instructions a
# second, of which a tensor core instruction is 4096 FLOP. On a processor it is
# the judges that take the time.
MAX_FLOPS = {"sm_80": 3e8, "sm_90a": 3e8, "single": 5e7, "processor": 4e7}


@dataclasses.dataclass
class Configuration:
    case: Case
    inputs: str  # "arrays": made here and judged here, too; "seeded"
    values: str
    seed: int
    sim_seed: int
    program: object = None  # of the case, with scores and masks (language.py)


class Dealer:
    def __init__(self, rng, target):
        self.rng, self.target = rng, target
        self.decks = {**DECKS, **TARGET_DECKS[target]}
        self.hands = {name: [] for name in self.decks}

    def deal(self, name):
        if not self.hands[name]:
            deck = self.decks[name]
            self.hands[name] = [deck[n] for n in self.rng.permutation(len(deck))]
        return self.hands[name].pop()


def draw_length(rng, card):
    return int(rng.integers(0, 301)) if card is RANDOM else card


def draw_causal(rng, card, lengths):
    sq, sk = lengths
    if card == "near":
        return int(rng.integers(-sq - 1, sk + 2))
    if card == "before":
        return [-sq, -sq - 1, -(2**40), -2][rng.integers(4)]
    if card == "beyond":
        return [sk, sk + 7, 2**40, sk - 1][rng.integers(4)]
    return card


def draw_window(rng, card):
    if card == "some":
        return (int(rng.integers(0, 90)), int(rng.integers(0, 90)))
    if card == "wide":
        return [(2**40, 3), (1000, 1000), (None, 5), (17, None)][rng.integers(4)]
    return card


def draw_dynamic(rng, card):
    dims = [operand + dim for operand in "qkv" for dim in "bhs"]
    if card == "mixed":
        return frozenset(d for d in dims if rng.integers(2))
    return frozenset(d for d in dims
                     if card == "all" or (card == "lengths" and d[1] in "bs"))


def shrink(most, batch, heads, lengths, dims):
    """Fewer of everything until one run takes no more than `most` FLOP."""
    while True:
        cost = 2 * batch * heads[0] * lengths[0] * lengths[1] * sum(dims)
        if cost <= most:
            return batch, heads
        if batch > 1:
            batch -= 1
        elif heads[1] > 1:
            heads = (heads[0] // heads[1] * (heads[1] - 1), heads[1] - 1)
        elif heads[0] > 1:
            heads = (heads[0] - 1, 1)
        else:
            return batch, heads


def takes_overrides(target, dims):
    """Whether every schedule of the deck fits: with large head dims, shared
    memory and registers of GPUs are tight."""
    return target == "processor" or sum(dims) <= 192


def draw(dealer):
    """The next configuration. Cards that it has no use for stay in the deck."""
    rng = dealer.rng
    card = {name: dealer.deal(name) for name in DECKS
            if name not in ("dv", "sk")}
    dqk, sq = card["dqk"], draw_length(rng, card["sq"])
    dims = (dqk, dqk if card["equal_dims"] else dealer.deal("dv"))
    lengths = (sq, sq if card["equal_lengths"] else
               draw_length(rng, dealer.deal("sk")))
    batch, heads = shrink(MAX_FLOPS[dealer.target], card["batch"],
                          card["heads"], lengths, dims)
    case = Case(
        element=card["element"], batch=batch, heads=heads, lengths=lengths,
        dims=dims, layout=card["layout"], scale=card["scale"],
        causal=draw_causal(rng, card["causal"], lengths),
        window=draw_window(rng, card["window"]),
        masked_row=card["masked_row"], results=card["results"],
        dynamic=draw_dynamic(rng, card["dynamic"]),
        schedule=(dealer.deal("schedule")
                  if takes_overrides(dealer.target, dims) else None),
        precision=(dealer.deal("precision") if "precision" in dealer.decks
                   else None))
    return Configuration(case, card["inputs"], card["values"],
                         int(rng.integers(2**31)), card["sim_seed"])


def configuration(seed, number, target="sm_80"):
    dealer = Dealer(np.random.default_rng(seed), target)
    for _ in range(number):
        draw(dealer)
    return draw(dealer)


def make_values(kind, rng, shape):
    """An operand, float32, that is not of the element type yet."""
    values = rng.standard_normal(shape).astype(np.float32)
    if kind == "large":
        values *= 8
    elif kind == "small":
        values *= np.float32(1e-3)
    elif kind == "constant":
        values[...] = values.flat[0] if values.size else 0
    elif kind == "tail":
        values **= 3
    return values
