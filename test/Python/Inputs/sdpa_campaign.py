#===- sdpa_campaign.py - Random calls of sdpa ------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: sdpa_campaign.py [--cases N] [--seed N] [--kinds N]

Draws calls of attn_mlir.sdpa with every keyword and holds output, LSE and
gradients against attention in f64, no further off than PyTorch's own is. Kinds of
calls, which are compiled, are fewer than calls; lengths, batches, strides and
contents of masks change from call to call.
"""

import argparse
import collections
import random
import sys

import torch
import torch.nn.functional as F

import attn_mlir
from attn_mlir import settings
from judging import attention, fault

NOT_YET = collections.Counter()


def draw_kind(random):
    on_gpu = settings.cpu_device == "sim"
    kind = dict(
        dtype=random.choice([torch.bfloat16, torch.float16] +
                            [torch.float32] * (0 if on_gpu else 3)),
        heads=random.choice([(1, 1), (2, 2), (4, 2), (6, 1)]),
        dims=random.choice([(64, 64), (32, 32), (16, 16), (80, 80), (128, 128),
                            (96, 64), (40, 40), (20, 12)]),
        causal=random.choice([None, None, "is_causal", "top_left",
                              "bottom_right", 3, -2]),
        window=random.choice([None, None, None, (7, 0), (None, 3), (5, 5)]),
        softcap=random.choice([None, None, None, 20.0]),
        scale=random.choice([None, None, 0.3, -0.1]),
        mask=random.choice([None, None, torch.bool, float]),
        slopes=random.random() < 0.15, sinks=random.random() < 0.15,
        broadcast=[random.random() < 0.4 for _ in range(4)])
    if kind["causal"] == "is_causal" and kind["mask"] is not None:
        kind["causal"] = "top_left"
    return kind


def draw_layout(random, tensor):
    """The same values, elsewhere in memory."""
    how = random.choice(["plain", "transposed", "sliced", "offset"])
    if how == "transposed":
        return tensor.transpose(1, 2).contiguous().transpose(1, 2)
    if how == "sliced":
        b, h, s, d = tensor.shape
        wide = torch.full((b, h, s + 3, 2 * (d + 8)), float("nan"),
                          dtype=tensor.dtype)
        wide[:, :, 1:s + 1, :d] = tensor
        return wide[:, :, 1:s + 1, :d]
    if how == "offset":
        flat = torch.empty(tensor.numel() + 1, dtype=tensor.dtype)
        flat[1:] = tensor.flatten()
        return flat[1:].view(tensor.shape)
    return tensor


def draw_mask(random, kind, shape):
    size = [1 if one else n for one, n in zip(kind["broadcast"], shape)]
    if kind["mask"] == torch.bool:
        mask = torch.rand(size) < 0.7
    else:
        mask = torch.randn(size).to(kind["dtype"])
        mask[torch.rand(size) < 0.1] = -torch.inf
    if random.random() < 0.3 and size[:2] == [1, 1]:
        mask = mask[0, 0]
    return mask.expand(shape) if random.random() < 0.2 else mask


def draw_call(random, kind):
    batch = random.choice([1, 1, 2, 3])
    queries = random.choice([1, 3, 17, 64, 65, 130])
    keys = random.choice([queries, queries, 1, 16, 33, 128, 150])
    heads, key_heads = kind["heads"]
    dim, value_dim = kind["dims"]
    shapes = [(batch, heads, queries, dim), (batch, key_heads, keys, dim),
              (batch, key_heads, keys, value_dim)]
    tensors = [draw_layout(random, torch.randn(s).to(kind["dtype"]))
               for s in shapes]
    options = {name: kind[name] for name in ("window", "softcap", "scale")}
    if kind["mask"] is not None:
        options["attn_mask"] = draw_mask(random, kind,
                                         (batch, heads, queries, keys))
    if kind["slopes"]:
        options["alibi_slopes"] = torch.rand(heads)
    if kind["sinks"]:
        options["sinks"] = torch.randn(heads)
    return tensors, options


FLOATS = "attn_mask", "alibi_slopes", "sinks"  # options that have gradients


def with_gradients(function, tensors, options, weights):
    """Output, LSE, and gradients of the tensors and of options that hold
    floats."""
    copies = [each.detach().clone(memory_format=torch.preserve_format)
              .requires_grad_() for each in tensors]
    options = dict(options)
    for name in FLOATS:
        tensor = options.get(name)
        if tensor is not None and tensor.is_floating_point():
            options[name] = tensor.detach().clone().requires_grad_()
            copies.append(options[name])
    output, lse = function(*copies[:3], options)
    loss = (output.double() * weights[0]).sum()
    if lse is not None:
        loss = loss + (lse.double().nan_to_num(0, 0, 0) * weights[1]).sum()
    loss.backward()
    return output.detach(), lse.detach(), [each.grad for each in copies]


def torch_can(kind):
    return not (kind["window"] or kind["softcap"] or kind["slopes"] or
                kind["sinks"] or kind["causal"] not in (None, "is_causal"))


def check(random, kind):
    """Faults, one line each; nothing where all is well."""
    tensors, options = draw_call(random, kind)
    causal = None if kind["causal"] == "is_causal" else kind["causal"]
    theirs_causal = "top_left" if kind["causal"] == "is_causal" else causal
    weights = (torch.randn(*tensors[0].shape[:3], tensors[2].shape[3]).double(),
               torch.randn(tensors[0].shape[:3]).double())

    def ours(q, k, v, options):
        return attn_mlir.sdpa(q, k, v, is_causal=kind["causal"] == "is_causal",
                              causal=causal, enable_gqa=True, return_lse=True,
                              **options)

    def naive(dtype):
        return lambda q, k, v, options: attention(
            q, k, v, dtype=dtype, causal=theirs_causal, **options)

    def torchs(q, k, v, options):
        output = F.scaled_dot_product_attention(
            q, k, v, attn_mask=options.get("attn_mask"), scale=kind["scale"],
            is_causal=kind["causal"] == "is_causal", enable_gqa=True)
        return output, naive(torch.float32)(q, k, v, options)[1]

    baseline = torchs if torch_can(kind) else naive(torch.float32)
    try:
        got = with_gradients(ours, tensors, options, weights)
        usual = with_gradients(baseline, tensors, options, weights)
    except NotImplementedError as error:
        # Forward all the same.
        NOT_YET[str(error)] += 1
        with torch.no_grad():
            got, usual = ((*f(*tensors, options), [])
                          for f in (ours, baseline))
    exact = with_gradients(naive(torch.float64),
                           [each.double() for each in tensors], options, weights)
    names = ["output", "lse", "query's gradient", "key's gradient",
             "value's gradient", *(f"gradient of {name}" for name in FLOATS
                                   if options.get(name) is not None
                                   and options[name].is_floating_point())]
    results = zip(names, [*got[:2], *got[2]], [*usual[:2], *usual[2]],
                  [*exact[:2], *exact[2]])
    for name, a, b, c in results:
        if b.dtype == torch.float32:
            b = b.float()
        # With operands of 16 bits, the rounding of each row's output is a part of
        # sums over all rows, and in none of the baseline's.
        if "gradient of" in name and kind["dtype"] != torch.float32:
            continue
        wrong = fault(a, b, c)
        if wrong:
            yield f"{name} {wrong}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--kinds", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    line = parser.parse_args()
    source = random.Random(line.seed)
    kinds = [draw_kind(source) for _ in range(line.kinds)]
    bad = 0
    for case in range(line.cases):
        kind = kinds[case % len(kinds)]
        torch.manual_seed(line.seed * 100000 + case)
        for wrong in check(source, kind):
            bad += 1
            print(f"case {case}: {wrong}\n  {kind}")
    for text, count in NOT_YET.items():
        print(f"{count} calls without gradients: {text}")
    print(f"{line.cases} calls, {bad} faults")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
