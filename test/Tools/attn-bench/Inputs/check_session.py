#===- check_session.py - What a run does, and in which order ---------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Devices, contenders and clocks are stand-ins; the session, the judge and the
record are the driver's own."""

import json
import os
import tempfile

from attn_bench import device as device_of
from attn_bench import operands, record, session, table, timing
from attn_bench.cases import Case, Function
from attn_bench.contender import Contender
from attn_bench.failures import BadInput, Failure, Unsupported
from attn_bench.numpy_arrays import NumpyArrays, round_to_bf16

from stand_in_judge import StandInJudge, answer

SMALL = Function(2, 1, 16, True)
CASES = [Case("x", SMALL, 1, length) for length in (24, 16, 8)]
ROUNDS = timing.Settings(warm_up_rounds=2, least_rounds=4, most_rounds=9,
                         enough_ms=0)
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


class Clock:
    """Seconds that pass only when someone says so."""

    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


class Lap:
    def __init__(self, milliseconds):
        self.value = milliseconds

    def milliseconds(self):
        return self.value


class Device(device_of.Device):
    """Work takes the time that its contender says."""
    kind = "stand-in"
    measures_time = True

    def __init__(self, log, clock):
        self.log, self.clock = log, clock
        self.arrays = NumpyArrays()
        self.lost = False
        self.running = 0.0

    def describe(self):
        return {"kind": self.kind, "name": "an invented device"}

    def versions(self):
        return {"invented": "1"}

    def refuses(self, flops):
        return "too long" if flops > 1e6 else None

    def poison_free_memory(self, case):
        self.log.append(("poison", case.length))

    def synchronize(self):
        if self.lost:
            raise RuntimeError("an illegal address was read")

    def sampling(self, case, flops):
        return timing.sampling_on_gpu(flops)

    def measure_machine(self):
        self.log.append(("machine", len(self.log)))

    def lap(self, work):
        self.running = 0.0
        work()
        self.clock.seconds += self.running * 1e-3
        return Lap(self.running)

    def capture(self, works):
        self.log.append(("capture", len(works)))

        def replay():
            for work in works:
                work()
        return replay, [work() for work in works]

    def sensors(self):
        return {"sm_mhz": 1000 + len(self.log) % 7, "power_w": None}


class StandIn(Contender):
    """A right answer, after `milliseconds` of device time."""

    def __init__(self, name, kind="peer", milliseconds=1.0, spoil=None,
                 absent=None, compiles=False, unsupported=()):
        self.name, self.kind = name, kind
        self.milliseconds, self.spoil, self.absent = milliseconds, spoil, absent
        self.compiles_each_case = compiles
        self.unsupported = unsupported
        self.seen = []

    def absence(self):
        return self.absent

    def version(self):
        return "1.0"

    def prepare(self, case, given, device):
        device.log.append((self.name, "prepare", case.length))
        if case.length in self.unsupported:
            raise Unsupported("not this length")
        self.seen.append((case.length, given.q.copy()))
        o = operands.as_bhsd(
            lambda shape: device.arrays.poisoned(shape, "bf16"),
            case.shape("output"), "bshd")

        def run():
            device.log.append((self.name, "run", case.length))
            device.running += self.milliseconds
            exact = answer(case, given, True)["output"]
            o[...] = round_to_bf16(exact.astype("float32"))
            if self.spoil is not None:
                self.spoil(o, case, device)
            return {"output": o}
        return run


def run(contenders, limit=None, cases=CASES, rounds=ROUNDS, saved=None,
        device=None, judge=None):
    log, clock = [], Clock()
    device = device or Device(log, clock)
    device.log, device.clock = log, clock
    options = session.Options(
        seconds_limit=limit, rounds=rounds, now=clock,
        save=(lambda made: None) if saved is None else
        (lambda made: saved.append(json.dumps(made, allow_nan=False))))
    it = session.Session(device, contenders, cases, judge or StandInJudge(),
                         options)
    made = it.run()
    assert record.check(made) is None, record.check(made)
    return it, made, log


def statuses(made, contender):
    return [record.result_of(cell, contender)["status"]
            for cell in made["cells"]]


def timings(made, contender):
    return [record.result_of(cell, contender)["timing"]
            for cell in made["cells"]]


@check
def everything_is_checked_before_anything_is_timed():
    ours, peer = StandIn("a", "ours"), StandIn("b")
    slow = StandIn("c", compiles=True)
    it, made, log = run([slow, ours, peer])
    assert it.status() == 0 and made["ended"] is None
    runs = [(entry[0], entry[2]) for entry in log if entry[1] == "run"]
    # In the order of the cases; those that compile come after all others.
    quick = [(name, n) for n in (24, 16, 8) for name in "ab"]
    assert runs[:9] == quick + [("c", n) for n in (24, 16, 8)], runs[:9]
    first_capture = log.index(("capture", timing.MOST_SETS))
    assert [e for e in log[:first_capture] if e[1] == "run"][:9] == [
        (name, "run", n) for name, n in runs[:9]]
    for name in "abc":
        assert statuses(made, name) == ["right"] * 3
        assert all(timings(made, name))


@check
def everyone_has_the_same_arrays():
    ours, peer = StandIn("a", "ours"), StandIn("b")
    run([ours, peer])
    assert len(ours.seen) == len(peer.seen) == 3 * (1 + timing.MOST_SETS)
    for (length, mine), (other, theirs) in zip(ours.seen, peer.seen):
        assert length == other and (mine == theirs).all()


@check
def turns_have_everyone_once_and_the_warm_up_does_not_count():
    ours, peer = StandIn("a", "ours", 2.0), StandIn("b", milliseconds=3.0)
    _, made, log = run([ours, peer], cases=CASES[:1])
    sets = timing.MOST_SETS
    last_capture = max(i for i, e in enumerate(log) if e[0] == "capture")
    later = [e[0] for e in log[last_capture + 1:] if e[1] == "run"][::sets]
    captured, replayed, *turns = later
    assert captured == replayed == "b"
    turns = ["".join(turns[i:i + 2]) for i in range(0, len(turns), 2)]
    assert len(turns) == ROUNDS.warm_up_rounds + ROUNDS.least_rounds
    assert set(turns) == {"ab", "ba"}, turns
    timing_, = timings(made, "a")
    assert timing_["repeats"] == ROUNDS.least_rounds
    # A sample is of all sets; what is recorded is of one.
    assert timing_["median_ms"] == 2.0 and timing_["samples_ms"][0] == 2.0
    assert abs(timing_["tflops"] - StandInJudge().flops(CASES[0]) / 2.0
               * 1e-9) < 1e-15
    sensors = made["cells"][0]["sensors"]
    assert 1000 <= sensors["sm_mhz"]["min"] <= sensors["sm_mhz"]["max"]
    assert sensors["power_w"] is None


@check
def who_follows_whom_changes():
    orders = [timing.order(list("abcd"), turn) for turn in range(30)]
    assert all(sorted(one) == list("abcd") for one in orders)
    followers = {pair for one in orders for pair in zip(one, one[1:])}
    assert len(followers) == 4 * 3, followers
    assert orders == [timing.order(list("abcd"), turn) for turn in range(30)]


@check
def slow_ones_take_part_in_few_turns():
    rounds = timing.Settings(2, 6, 6, 0, slow_factor=4, slow_rounds=3)
    group = [StandIn("a", "ours", 1.0), StandIn("b", milliseconds=4.0),
             StandIn("c", milliseconds=5.0)]
    _, made, _ = run(group, cases=CASES[:1], rounds=rounds)
    repeats = [timings(made, name)[0]["repeats"] for name in "abc"]
    assert repeats == [6, 6, 3], repeats


@check
def the_machine_is_measured_at_start_half_way_and_end():
    _, _, log = run([StandIn("a", "ours")], cases=CASES)
    events = [e[0] for e in log if e[0] in ("capture", "machine")]
    assert events == ["machine", "capture", "machine", "capture", "capture",
                      "machine"], events


@check
def outputs_may_be_made_out_of_what_a_run_gives():
    class Wrapped(StandIn):
        def prepare(self, case, given, device):
            run_it = super().prepare(case, given, device)
            return lambda: ["wrapped", run_it()]

        def outputs_of(self, made):
            return made[1]

    class Host(Device):
        def sampling(self, case, flops):
            return timing.Sampling("calls", sets=2, times=3)
    _, made, log = run([Wrapped("a", "ours", 0.5)], device=Host([], Clock()))
    assert statuses(made, "a") == ["right"] * 3
    for one in timings(made, "a"):
        assert (one["method"], one["runs_per_sample"]) == ("calls", 6)
        assert one["median_ms"] == one["min_ms"] == 0.5
    assert not any(e[0] == "capture" for e in log)


@check
def rounds_go_on_until_there_is_enough():
    enough = timing.Settings(1, 4, 9, 10.0)
    for milliseconds, repeats in ((1 / 16, 9), (2 / 16, 5), (9 / 16, 4)):
        ours = StandIn("a", "ours", milliseconds)
        _, made, _ = run([ours], cases=CASES[:1], rounds=enough)
        got = timings(made, "a")[0]["repeats"]
        assert got == repeats, (milliseconds, got)


def off_by_one(o, case, device):
    o[:, :, 3] = o[:, :, 2]


def leave_a_hole(o, case, device):
    o[0, 1, 5, 7] = 0xffff


@check
def a_wrong_peer_is_reported_and_not_timed():
    ours, peer = StandIn("a", "ours"), StandIn("b", spoil=off_by_one)
    it, made, log = run([ours, peer])
    assert it.status() == 0, "a peer's mistake is not ours"
    assert statuses(made, "b") == ["wrong"] * 3
    assert timings(made, "b") == [None] * 3 and all(timings(made, "a"))
    assert sum(e[:2] == ("b", "run") for e in log) == 3
    assert "exceeds tolerance" in made["cells"][0]["results"][1]["reason"]
    assert "| b | wrong | output: max error" in table.render(made)


@check
def a_wrong_result_of_ours_is_status_1():
    it, made, _ = run([StandIn("a", "ours", spoil=leave_a_hole), StandIn("b")])
    assert it.status() == 1
    assert statuses(made, "a") == ["wrong"] * 3
    assert (made["cells"][2]["results"][0]["reason"]
            == "output: value was never written")
    assert all(timings(made, "b"))


def run_into_an_error(error, at=None):
    def spoil(o, case, device):
        if at is None or case.length == at:
            raise error
    return spoil


@check
def what_a_peer_cannot_do_is_said():
    it, made, _ = run([
        StandIn("a", "ours"), StandIn("b", unsupported=(24, 8)),
        StandIn("c", absent="not installed"),
        StandIn("d", spoil=run_into_an_error(RuntimeError("no\nmemory"), 16))])
    assert it.status() == 0
    assert statuses(made, "b") == ["unsupported", "right", "unsupported"]
    assert statuses(made, "d") == ["right", "failed", "right"]
    assert made["cells"][1]["results"][2]["reason"] == "no"
    assert [c["absence"] for c in made["contenders"]] == [
        None, None, "not installed", None]
    assert record.result_of(made["cells"][0], "c") is None
    assert "| c | peer | not installed |" in table.render(made)


@check
def failures_of_ours_have_their_status():
    for error, status, word in ((Failure("out of memory", 3), 3, "failed"),
                                (Failure("no such shape", 2), 2, "failed"),
                                (RuntimeError("whatever"), 3, "failed"),
                                (Failure("a hazard", 1), 1, "wrong")):
        it, made, _ = run([StandIn("a", "ours",
                                   spoil=run_into_an_error(error, 16))])
        assert it.status() == status, (error, it.status())
        assert statuses(made, "a") == ["right", word, "right"]
        assert made["cells"][1]["results"][0]["reason"] == str(error)


@check
def bad_packages_end_the_run():
    spoil = run_into_an_error(BadInput("damaged"))
    try:
        run([StandIn("a", "ours", spoil=spoil)])
    except BadInput as error:
        assert str(error) == "damaged"
    else:
        assert False, "expected the run to end"


@check
def a_lost_device_ends_the_run_with_what_there_is():
    def lose(o, case, device):
        if case.length == 16:
            device.lost = True
            raise RuntimeError("launch failed")
    saved = []
    it, made, _ = run([StandIn("a", "ours"), StandIn("b", spoil=lose)],
                      saved=saved)
    assert it.status() == 3
    assert made["ended"] == "device lost: an illegal address was read"
    assert statuses(made, "b") == ["right", "failed", "not run"]
    assert made["cells"][2]["results"][0]["reason"] == "device lost"
    assert timings(made, "a") == [None] * 3
    assert json.loads(saved[-1])["ended"] == made["ended"]


@check
def a_device_lost_while_timing_keeps_earlier_times():
    class Failing(Device):
        def lap(self, work):
            if sum(e[0] == "capture" for e in self.log) == 2:
                raise RuntimeError("launch failed")
            return super().lap(work)
    it, made, _ = run([StandIn("a", "ours")], device=Failing([], Clock()))
    assert it.status() == 3 and "launch failed" in made["ended"]
    first, second, third = timings(made, "a")
    assert first and second is None and third is None


@check
def a_graph_without_the_work_is_no_time():
    class Empty(Device):
        def capture(self, works):
            *most, last = works
            _, outputs = super().capture(works)
            return (lambda: [work() for work in most]), outputs
    it, made, _ = run([StandIn("a", "ours"), StandIn("b")],
                      device=Empty([], Clock()))
    for name in "ab":
        assert statuses(made, name) == ["failed"] * 3
        assert timings(made, name) == [None] * 3
    assert it.status() == 3
    assert (made["cells"][0]["results"][0]["reason"]
            == "a graph of its work does not give its result")


def slow_check(seconds):
    def spoil(o, case, device):
        if device.log[-2][0] == "poison":  # as before the judge, not the clock
            device.clock.seconds += seconds
    return spoil


@check
def the_time_limit_cuts_off_the_last_cases():
    # Checking may take 0.6 of 10 s: the third case begins after 8 s.
    it, made, _ = run([StandIn("a", "ours", spoil=slow_check(4))], limit=10)
    assert made["ended"] == "time limit" and it.status() == 0
    assert statuses(made, "a") == ["right", "right", "not run"]
    assert made["cells"][2]["results"][0]["reason"] == "time limit"
    assert timings(made, "a")[2] is None and timings(made, "a")[0]


@check
def times_that_are_cut_off_are_none():
    # A turn takes 16 x 50 ms: six of them for the first case, three for the
    # second until the limit, which is less than there must be.
    it, made, _ = run([StandIn("a", "ours", 50.0)], limit=7,
                      rounds=timing.Settings(2, 4, 4, 0))
    assert made["ended"] == "time limit" and it.status() == 0
    first, second, third = timings(made, "a")
    assert first["repeats"] == 4 and second is None and third is None
    assert made["cells"][1]["results"][0]["reason"] == "not timed: time limit"
    assert statuses(made, "a") == ["right"] * 3


@check
def what_the_device_refuses_is_no_failure():
    long = Case("x", SMALL, 1, 256)
    it, made, _ = run([StandIn("a", "ours")], cases=[long, CASES[0]])
    assert it.status() == 0 and made["ended"] is None
    assert statuses(made, "a") == ["not run", "right"]
    assert made["cells"][0]["results"][0]["reason"] == "too long"


@check
def a_case_without_operands_is_left_out():
    class Scarce(NumpyArrays):
        def normal(self, shape, element, seed):
            if 16 in shape[:3]:
                raise MemoryError("not this much")
            return super().normal(shape, element, seed)
    device = Device([], Clock())
    device.arrays = Scarce()
    it, made, _ = run([StandIn("a", "ours")], cases=CASES[1:], device=device)
    assert it.status() == 0
    assert statuses(made, "a") == ["not run", "right"]
    assert (made["cells"][0]["results"][0]["reason"]
            == "no operands: not this much")


@check
def a_case_that_nobody_can_judge_is_left_out():
    class Picky(StandInJudge):
        def flops(self, case):
            if case.length == 16:
                raise Unsupported("no package of x")
            return super().flops(case)
    it, made, _ = run([StandIn("a", "ours"), StandIn("b")], judge=Picky())
    assert it.status() == 0
    for name in "ab":
        assert statuses(made, name) == ["right", "not run", "right"]
    cell = made["cells"][1]
    assert cell["results"][1]["reason"] == "no package of x"
    assert cell["case"]["flops"] is None


@check
def records_are_saved_after_every_cell_and_read_again():
    saved = []
    _, made, _ = run([StandIn("a", "ours"), StandIn("b")], saved=saved)
    assert len(saved) == 3 + 3 + 1
    assert sum(result["status"] == "right"
               for cell in json.loads(saved[0])["cells"]
               for result in cell["results"]) == 2
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "record.json")
        record.write(path, made)
        assert os.listdir(directory) == ["record.json"]
        assert record.read(path) == json.loads(json.dumps(made))
        assert "| all |" in table.render(record.read(path))


def main():
    for function in CHECKS:
        function()
    print(f"{len(CHECKS)} checks")


if __name__ == "__main__":
    main()
