#===- __init__.py - Others' attention --------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Peers by name. Those that are not installed say so and take no part."""

from attn_bench.failures import BadInput
from attn_bench.peers.flash_attention import (FlashAttention2, FlashAttention3,
                                              FlashAttention4)
from attn_bench.peers.flex import FlexAttention, HostFlexAttention
from attn_bench.peers.host_sdpa import HostSdpa
from attn_bench.peers.iree import Iree
from attn_bench.peers.onnx_runtime import (OnnxAttention, OnnxGroupedAttention,
                                           OnnxMultiHeadAttention)
from attn_bench.peers.openvino import OpenVino
from attn_bench.peers.sdpa import Sdpa
from attn_bench.peers.triton_tutorial import TritonTutorial


def on_host():
    return [HostSdpa("sdpa-flash", is_flash=True),
            HostSdpa("sdpa-math", is_flash=False), HostFlexAttention(),
            OnnxMultiHeadAttention(), OnnxGroupedAttention(), OnnxAttention(),
            OpenVino("openvino", "f32"), OpenVino("openvino-bf16", "bf16"),
            Iree()]


def on_gpu(triton_file=None):
    return [Sdpa("sdpa-flash", "FLASH_ATTENTION"),
            Sdpa("sdpa-cudnn", "CUDNN_ATTENTION"),
            Sdpa("sdpa-efficient", "EFFICIENT_ATTENTION"),
            FlashAttention2(), FlashAttention3(), FlashAttention4(),
            FlexAttention(), TritonTutorial(triton_file),
            TritonTutorial(triton_file, warp_specialize=True)]


def choose(names, device="cuda", triton_file=None):
    """`names` is "all", "none" or a list with commas."""
    those = on_host() if device == "host" else on_gpu(triton_file)
    known = {peer.name: peer for peer in those}
    if names == "all":
        return list(known.values())
    if names == "none":
        return []
    for name in names.split(","):
        if name not in known:
            raise BadInput(f"unknown peer '{name}': expected all, none, or "
                           f"some of {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names.split(","))]
