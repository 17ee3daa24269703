#===- check_host.py - Parts of a race on a processor ----------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Samples, idleness, counts, and what peers are asked for; none of them has to
be installed."""

import hashlib
import threading

import numpy

from attn_bench import grids, host_device, operands, peers, roofline
from attn_bench.cases import Case, Function
from attn_bench.failures import BadInput, Unsupported
from attn_bench.host_device import HostDevice
from attn_bench.language import Alibi, Bias, Documents, Prefix, Softcap, Window
from attn_bench.numpy_arrays import NumpyArrays
from attn_bench.peers import iree, onnx_runtime
from attn_bench.timing import Runs, Sampling

CHECKS = []
GROUPED = Case("x", Function(4, 2, 16, False, "f32"), 1, 24)
CAUSAL = Case("x", Function(4, 2, 16, True, "f32"), 1, 24)
ONE_QUERY = Case("x", Function(4, 2, 16, False, "f32", queries=1), 1, 24)


def check(function):
    CHECKS.append(function)
    return function


class Runtime:
    """A machine that does more each time, and has no bf16."""

    def __init__(self):
        self.count = 2
        self.readings = 0

    def set_threads(self, count):
        self.count = count

    def threads(self):
        return self.count

    def measure_peaks(self):
        self.readings += 1
        return {"threads": self.count, "f32_instructions": "avx2 fma",
                "bf16_instructions": None, "bf16_gflops": None,
                "f32_gflops": 100.0 * self.readings,
                "read_gbytes_per_s": 30.0 / self.readings,
                "copy_gbytes_per_s": 20.0}


def refusal(function, *arguments):
    try:
        function(*arguments)
    except (BadInput, Unsupported) as error:
        return str(error)
    return None


#===-- The device ----------------------------------------------------------===#

@check
def short_cases_have_samples_of_many_runs():
    device = HostDevice(Runtime(), 3)
    assert device.threads == 3
    for flops, times in ((1e6, 64), (1e8, 2), (1.5e8, 2), (2e8, 1), (1e12, 1)):
        assert device.sampling(CAUSAL, flops) == Sampling("calls",
                                                          times=times)


@check
def decoding_finds_its_operands_cold():
    device = HostDevice(Runtime())
    device.cold_bytes = 10 * ONE_QUERY.operand_bytes - 1
    assert device.sampling(ONE_QUERY, 1e3) == Sampling("calls", sets=10)
    device.cold_bytes = ONE_QUERY.operand_bytes
    assert device.sampling(ONE_QUERY, 1e3) == Sampling("calls", sets=1)
    device.cold_bytes = 1 << 40
    assert device.sampling(ONE_QUERY, 1e3).sets == host_device.MOST_RUNS


@check
def samples_run_what_they_say():
    log = []
    runs = Runs([lambda i=i: log.append(i) for i in range(2)],
                Sampling("calls", sets=2, times=3))
    device = HostDevice(Runtime())
    lap = device.lap(runs)
    # A first run wakes whoever sleeps, and is not of the sample.
    assert log == [1] + [0, 1] * 3 and len(runs) == 6, log
    assert lap.milliseconds() > 0
    log.clear()
    device.lap(Runs([lambda: log.append(0)], Sampling("calls")))
    assert log == [0]


@check
def threads_that_run_are_seen():
    assert host_device.others_sleep()
    stop = threading.Event()

    def spin():
        while not stop.is_set():
            hashlib.pbkdf2_hmac("sha256", b"x", b"y", 1000)  # without the GIL
    spinning = threading.Thread(target=spin)
    spinning.start()
    # Whether it runs or waits for a lock shows at one moment only.
    seen = any(not host_device.others_sleep() for _ in range(1000))
    stop.set()
    spinning.join()
    assert seen
    HostDevice(Runtime()).settle()
    assert host_device.others_sleep()


@check
def the_machine_is_the_best_of_its_readings():
    device = HostDevice(Runtime())
    assert device.machine() is None
    for _ in range(3):
        device.measure_machine()
    machine = device.machine()
    assert machine["f32_gflops"] == 300 and machine["read_gbytes_per_s"] == 30
    assert machine["bf16_gflops"] is None and machine["threads"] == 2
    assert [r["f32_gflops"] for r in machine["readings"]] == [100, 200, 300]
    assert roofline.peak_gflops(machine, "bf16") == 300
    assert roofline.peak_gflops(None, "f32") is None


#===-- Cases ---------------------------------------------------------------===#

@check
def the_grid_is_what_it_says():
    cases = grids.choose("host")
    assert len({case.name for case in cases}) == len(cases) > 100
    assert {case.function.element for case in cases} == {"f32", "bf16", "f16"}
    assert {case.function.heads for case in cases} == {"8", "32/8"}
    whole = [case for case in cases if case.group == "host"]
    assert {case.length for case in whole} == {128, 512, 1024, 2048, 4096}
    assert {(case.function.dim, case.function.causal) for case in whole} == {
        (64, False), (64, True), (128, False), (128, True)}
    few = [case for case in cases if case.group == "host-decode"]
    assert {(case.queries, case.length) for case in few} == {
        (q, n) for q in (1, 8) for n in (1024, 4096, 32768)}
    quick = grids.choose("host-quick")
    assert cases[:len(quick)] == quick and len(quick) == 12


@check
def the_grid_of_the_language_is_what_it_says():
    cases = grids.choose("language")
    assert len({case.name for case in cases}) == len(cases) == 40
    masks = {case.function.mask for case in cases}
    assert masks == {"causal", "causal_window128", "causal_prefix256",
                     "documents4", "softcap50", "causal_alibi", "bias",
                     "causal_softcap50_documents4"}
    assert {case.length for case in cases[:20]} == {1024}
    assert {case.function.dim for case in cases[:16]} == {64}
    for case in cases:
        pairs = case.length ** 2
        assert 4 * 8 * case.function.dim * pairs <= 2 * grids.HOST_MOST_FLOPS


@check
def bytes_are_counted_once():
    case = dict(ONE_QUERY.to_json(), flops=4 * 4 * 24 * 16)
    assert roofline.is_decoding(case) and roofline.kind(case) == "decode"
    assert roofline.cache_bytes(case) == 2 * 2 * 24 * 16 * 4
    assert roofline.least_bytes(case) == 4 * 16 * (2 * 2 * 24 + 2 * 4)
    machine = {"read_gbytes_per_s": 2.0, "copy_gbytes_per_s": 4.0}
    half = roofline.cache_bytes(case) * 1e-6  # at 1 GB/s
    assert abs(roofline.share(case, half, machine) - 0.5) < 1e-12
    assert roofline.kind(CAUSAL.to_json()) == "f32"


#===-- Peers ---------------------------------------------------------------===#

@check
def peers_are_those_of_the_device():
    names = [peer.name for peer in peers.choose("all", "host")]
    assert names[:2] == ["sdpa-flash", "sdpa-math"] and "iree" in names
    assert "flash-attn-3" in [p.name for p in peers.choose("all", "cuda")]
    assert "flash-attn-3" not in names


@check
def operands_of_onnx_runtime_are_the_cases():
    given = operands.draw(NumpyArrays(), ONE_QUERY, "bhsd", 1)
    peer = onnx_runtime.OnnxGroupedAttention()
    assert peer.refuse(ONE_QUERY) is None and peer.refuse(CAUSAL) is None
    assert refusal(peer.refuse, GROUPED) == "causal attention only"
    feeds = peer.feeds(ONE_QUERY, given)
    assert feeds["query"].shape == (1, 1, 4 * 16)
    assert numpy.array_equal(feeds["query"][0, 0, 32:48], given.q[0, 2, 0])
    # The last key comes with the query and is in the cache, too.
    assert numpy.array_equal(feeds["key"][0, 0, 16:], given.k[0, 1, 23])
    assert numpy.array_equal(feeds["past_key"], given.k)
    assert feeds["past_key"] is not given.k
    assert not numpy.shares_memory(feeds["past_key"], given.k)
    assert feeds["last_key"] == [23] and feeds["keys"] == [24]
    assert "past_key" not in peer.feeds(CAUSAL, operands.draw(
        NumpyArrays(), CAUSAL, "bhsd", 1))
    assert (refusal(onnx_runtime.OnnxMultiHeadAttention().refuse, GROUPED)
            == "no grouped-query attention")


@check
def peers_are_asked_for_clauses_that_they_know():
    known = {peer.name: {clause.name for clause in (
        Window(1), Prefix(1), Documents(2), Softcap(1.0), Alibi(), Bias())
        if peer.knows(clause)} for peer in peers.choose("all", "host")}
    assert len(known["flex"]) == 6
    assert known["sdpa-flash"] == known["sdpa-math"] == {
        "window1", "prefix1", "documents2", "alibi", "bias"}
    assert not any(known[name] for name in known
                   if not name.startswith(("flex", "sdpa")))


@check
def iree_is_given_groups_and_masks():
    text = iree.mlir(CAUSAL)
    assert "%q: tensor<1x2x2x24x16xf32>" in text
    assert "%m: tensor<24x24xi1>" in text and "-> (s, l)>" in text
    assert "%m" not in iree.mlir(GROUPED)
    long = Case("x", Function(8, 8, 128, False, "f32"), 1, 4096)
    given = operands.Operands(None, None, None)
    assert "left out above" in refusal(iree.Iree().prepare, long, given, None)


@check
def programs_are_made_once_for_each_case():
    class Counting(peers.peer.HostPeer):
        made = []

        def compile(self, case, device):
            self.made.append(case)
            return len(self.made)
    peer = Counting()
    got = [peer.program(case, None) for case in (CAUSAL, CAUSAL, GROUPED,
                                                 GROUPED, CAUSAL)]
    assert got == [1, 1, 2, 2, 3], got


def main():
    for function in CHECKS:
        function()
    print(f"{len(CHECKS)} checks")


if __name__ == "__main__":
    main()
