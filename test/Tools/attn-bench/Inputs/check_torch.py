#===- check_torch.py - Arrays and peers of PyTorch -------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""On the host: what needs a GPU is not tried here."""

import torch

from attn_bench import operands, peers, session, timing
from attn_bench.cases import Case, Function
from attn_bench.cuda_device import CudaDevice
from attn_bench.numpy_arrays import NumpyArrays
from attn_bench.torch_arrays import TorchArrays
from stand_in_judge import StandInJudge

CHECKS = []
CASES = [Case("x", Function(4, 4, 32, True), 2, 96),
         Case("x", Function(8, 2, 64, False), 1, 128)]


def check(function):
    CHECKS.append(function)
    return function


class Host(CudaDevice):
    """Times are the host's."""

    def __init__(self):
        torch.set_grad_enabled(False)
        self.arrays = TorchArrays("cpu")

    def describe(self):
        return {"kind": "host", "name": "this host"}

    def synchronize(self):
        pass

    def trim(self):
        pass

    def capture(self, works):
        outputs = [work() for work in works]

        def replay():
            for work, kept in zip(works, outputs):
                kept["output"].copy_(work()["output"])
        return replay, outputs

    def lap(self, work):
        work()

        class Lap:
            def milliseconds(self):
                return 1.0
        return Lap()


def to_numpy(tensor):
    """bf16 as uint16, with the same strides."""
    if tensor.dtype == torch.bfloat16:
        tensor = tensor.view(torch.uint16)
    return tensor.numpy()


@check
def descriptors_are_those_of_numpy():
    arrays, host = TorchArrays("cpu"), NumpyArrays()
    q = operands.draw(arrays, CASES[1], "bshd", 1).q
    one, other = arrays.describe(q, "bf16"), host.describe(to_numpy(q), "bf16")
    assert q.stride() == (128 * 8 * 64, 64, 8 * 64, 1)
    for field in ("data", "device_type", "ndim", "code", "bits", "lanes"):
        assert getattr(one, field) == getattr(other, field), field
    assert one.shape[:4] == other.shape[:4] == [1, 8, 128, 64]
    assert one.strides[:4] == other.strides[:4] == list(q.stride())


@check
def poison_is_seen():
    arrays, case = TorchArrays("cpu"), CASES[0]
    o = operands.as_bhsd(lambda shape: arrays.poisoned(shape, "bf16"),
                         case.shape("output"), "bshd")
    assert bool(arrays.is_poison(o).all())
    o[...] = 1
    assert not bool(arrays.is_poison(o).any())
    o[1, 2, 95, 31] = arrays.poisoned((1,), "bf16")[0]
    assert arrays.is_poison(o).nonzero().tolist() == [[1, 2, 95, 31]]


@check
def the_hosts_attention_takes_its_turns():
    others = peers.choose("sdpa-flash,sdpa-cudnn,triton-tutorial", "cuda")
    it = session.Session(Host(), others, CASES,
                         StandInJudge(to_numpy), session.Options(
        rounds=timing.Settings(1, 3, 3, 0)))
    made = it.run()
    absent = {c["name"]: c["absence"] for c in made["contenders"]}
    assert "--triton=FILE" in absent["triton-tutorial"]
    assert absent["sdpa-flash"] is None
    for cell in made["cells"]:
        flash, cudnn = cell["results"]
        assert flash["status"] == "right" and flash["timing"], flash
        assert cudnn["status"] == "unsupported", cudnn
        assert cell["sensors"] == {"sm_mhz": None, "power_w": None,
                                   "temperature_c": None}


@check
def names_are_checked():
    assert peers.choose("none") == []
    names = [peer.name for peer in peers.choose("flex,sdpa-flash,flex")]
    assert names == ["flex", "sdpa-flash"]
    try:
        peers.choose("sdpa")
    except Exception as error:
        assert "unknown peer 'sdpa'" in str(error) and error.status == 2
    else:
        assert False, "expected it to be refused"


def main():
    for function in CHECKS:
        function()
    print(f"{len(CHECKS)} checks")


if __name__ == "__main__":
    main()
