#===- judging.py - Attention in f64, and the rule for results --------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Attention as the textbook has it, in any precision, and the rule of
docs/Numerics.md that holds a result against it."""

import math

import torch


def grouped(tensor, heads):
    return tensor.repeat_interleave(heads // tensor.shape[1], dim=1)


def positions(queries, keys, causal):
    offset = {"bottom_right": keys - queries}.get(
        causal, causal if type(causal) is int else 0)
    return torch.arange(queries)[:, None] + offset, torch.arange(keys)[None, :]


def attention(q, k, v, *, dtype, scale=None, attn_mask=None, causal=None,
              window=None, softcap=None, alibi_slopes=None, sinks=None,
              left=None, score=None, keep=None):
    """Output and LSE, computed in `dtype`. Where that is float32, weights, and
    gradients of scores, are rounded to the operands' type before they are
    multiplied by operands, as kernels do."""
    heads, element = q.shape[1], q.dtype
    q, k, v = (each.to(dtype) for each in (q, grouped(k, heads),
                                           grouped(v, heads)))
    s = q @ k.mT * (scale if scale is not None else 1 / math.sqrt(q.shape[-1]))
    if dtype == torch.float32 and element != dtype and s.requires_grad:
        s.register_hook(lambda grad: grad.to(element).to(dtype))
    p, j = positions(q.shape[2], k.shape[2], causal)
    if softcap is not None:
        s = softcap * torch.tanh(s / softcap)
    if alibi_slopes is not None:
        s = s - alibi_slopes.to(dtype)[:, None, None] * (p - j).abs()
    kept = torch.ones(s.shape, dtype=torch.bool)
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        kept = kept & attn_mask
    elif attn_mask is not None:
        s = s + attn_mask.to(dtype)
    if score is not None:
        s = score(s)
    if keep is not None:
        kept = kept & keep
    if causal is not None and causal is not False:
        kept = kept & (j <= p)
    if window is not None:
        before, after = (math.inf if n is None else n for n in window)
        kept = kept & (j >= p - before) & (j <= p + after)
    s = s.masked_fill(~kept, -math.inf)
    every = s if sinks is None else torch.cat(
        [s, sinks.to(dtype)[None, :, None, None].expand(*s.shape[:3], 1)], -1)
    # Rows without a key have weights, and gradients, of 0.
    shift = every.amax(-1).detach()
    shift = torch.where(shift == -math.inf, 0, shift)
    total = torch.exp(every - shift[..., None]).sum(-1)
    some = torch.where(total > 0, total, 1)
    lse = torch.where(total > 0, torch.log(some) + shift, -math.inf)
    weights = torch.exp(s - shift[..., None]) / some[..., None]
    if left is not None:
        weights = weights * left
    if dtype == torch.float32:
        weights = weights.to(element).to(dtype)
    return (weights @ v).to(torch.float64 if dtype == torch.float64
                            else element), lse


def fault(ours, theirs, exact, chain=40):
    """None, or what is wrong with our result; theirs says what precision is
    usual. `chain` is of products of 8 that are added up one behind the other."""
    if ours.dtype != theirs.dtype:
        return f"is {ours.dtype}, and {theirs.dtype} was expected"
    if ours.shape != exact.shape:
        return f"has shape {tuple(ours.shape)}, not {tuple(exact.shape)}"
    ours64, theirs64, exact = ours.double(), theirs.double(), exact.double()
    finite = torch.isfinite(exact)
    if not torch.equal(torch.isfinite(ours64), finite) or not torch.equal(
            ours64[~finite].nan_to_num(7), exact[~finite].nan_to_num(7)):
        return "has infinities or NaN where there are none, or none where they are"
    if not finite.any():
        return None
    error = (ours64 - exact)[finite].abs().max().item()
    usual = (theirs64 - exact)[finite].abs().max().item()
    largest = exact[finite].abs().max().item()
    mantissa = {torch.float32: 23, torch.float16: 10, torch.bfloat16: 7}[ours.dtype]
    ulp = 2.0 ** (math.floor(math.log2(max(largest, 1e-30))) - mantissa)
    allowed = 2 * usual + ulp
    if ours.dtype == torch.float32:
        allowed += 2.0 ** -23 * chain * max(1, largest)
    if error <= allowed:
        return None
    return f"is off by {error:.3g}, and {allowed:.3g} is allowed"
