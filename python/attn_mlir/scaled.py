#===- scaled.py - Drop-in for scaled_dot_product_attention ----------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""torch.nn.functional.scaled_dot_product_attention with more clauses."""

import functools
import math

import torch

from attn_mlir import operands, ops
from attn_mlir.program import Program, number


def _causal(causal):
    if causal in ("top_left", "bottom_right"):
        return f"causal({causal})"
    if causal is True:
        return "causal(top_left)"
    if isinstance(causal, int):
        return f"causal(offset = {causal})"
    raise ValueError("causal: expected 'top_left', 'bottom_right', True or an "
                     f"offset, got {causal!r}")


def _window(window):
    if not isinstance(window, (tuple, list)) or len(window) != 2:
        raise ValueError("window: expected (left, right), counts of keys or "
                         f"None, got {window!r}")
    counts = []
    for count in window:
        if count is not None and not (isinstance(count, int) and count >= 0):
            raise ValueError("window: expected counts of at least 0, or None for "
                             f"no bound, got {window!r}")
        counts.append("inf" if count is None else str(count))
    return f"window({', '.join(counts)})"


@functools.lru_cache(maxsize=4096)
def program_of(scale, causal, window, softcap, dropout, kinds):
    """`kinds` are those of the other tensors, in their order."""
    clauses = []
    if causal is not None and causal is not False:
        clauses.append(_causal(causal))
    if window is not None:
        clauses.append(_window(window))
    if softcap is not None:
        clauses.append(f"softcap({number('softcap', softcap)})")
    spellings = {"slopes": "alibi", "sinks": "sinks", "bias": "bias",
                 "mask": "mask"}
    for i, kind in enumerate(kinds):
        if kind in spellings:
            clauses.append(f"{spellings[kind]}(%e{i} : !e{i})")
    if dropout:
        seed, offset = kinds.index("seed"), kinds.index("offset")
        clauses.append(f"dropout({float(dropout)!r}, %e{seed}, %e{offset} : "
                       f"!e{seed}, !e{offset})")
    return Program.make(clauses, kinds).scaled(scale)


def _text_of(*clauses):
    """For graphs, which have the program as a constant, but for the scale."""
    return program_of(None, *clauses).text


# As torch.compiler.assume_constant_result does, which imports all of dynamo.
_text_of._dynamo_marked_constant = True


def _autocast(tensors, device_type):
    """As autocast does with torch's own function."""
    dtype = torch.get_autocast_dtype(device_type)
    with torch.autocast(device_type, enabled=False):
        return [each.to(dtype) if each is not None and each.is_floating_point()
                and each.dtype != torch.float64 else each for each in tensors]


def _random(device):
    """Seed and offset from the device's generator, which manual_seed sets."""
    numbers = torch.randint(-2**63, 2**63 - 1, (2,), dtype=torch.int64,
                            device=device)
    return numbers[0], numbers[1]


def _add_mask(mask, query, kinds, others):
    kinds.append("mask" if mask.dtype == torch.bool else "bias")
    if mask.dtype != torch.bool:
        operands.check_tensor("attn_mask", mask, (torch.bool, *operands.FLOATS))
    mask = operands.unexpanded(operands.to_rank_4("attn_mask", mask))
    others.append(mask)


def _collect(query, attn_mask, dropout_p, alibi_slopes, sinks):
    """Kinds and tensors beside query, key and value."""
    kinds, others = [], []
    if attn_mask is not None:
        operands.check_tensor("attn_mask", attn_mask,
                              (torch.bool, *operands.FLOATS))
        _add_mask(attn_mask, query, kinds, others)
    for kind, tensor in ("slopes", alibi_slopes), ("sinks", sinks):
        if tensor is not None:
            operands.check_tensor(kind, tensor)
            kinds.append(kind)
            others.append(tensor)
    if dropout_p:
        kinds += ["seed", "offset"]
        others += _random(query.device)
    return tuple(kinds), tuple(others)


def _top_left(causal):
    """What is_causal=True stands for."""
    if causal not in (None, True, "top_left"):
        raise ValueError("causal: expected none beside is_causal=True, which is "
                         f"'top_left', got {causal!r}")
    return "top_left"


def _check(query, key, value, attn_mask, dropout_p, is_causal, enable_gqa):
    operands.check_operands(query, key, value, enable_gqa)
    if attn_mask is not None and is_causal:
        raise ValueError("attn_mask: expected none beside is_causal=True")
    if not 0 <= dropout_p < 1:
        raise ValueError(f"dropout_p: expected at least 0 and below 1, got "
                         f"{dropout_p}")


def sdpa(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False,
         scale=None, enable_gqa=False, *, causal=None, window=None, softcap=None,
         alibi_slopes=None, sinks=None, return_lse=False, deterministic=False):
    """Attention of query (B, H, Sq, D) to key (B, Hkv, Sk, D) and value
    (B, Hkv, Sk, Dv), as torch's function of the long name computes it.

    causal: 'top_left' (as is_causal), 'bottom_right', or an offset; window:
    (left, right) counts of keys beside the row's position, None for no bound;
    softcap: c * tanh(score / c); alibi_slopes: (H,), sinks: (H,). With
    return_lse, the natural logarithm of each row's sum, (B, H, Sq) of float32,
    is the second result. `deterministic` asks for what is the case anyway:
    neither kernels nor their gradients add up in an order that changes.

    docs/PyTorch.md has all rules.
    """
    if is_causal:
        causal = _top_left(causal)
    try:
        _, heads, _, dim = query.shape
        _, key_heads, _, value_dim = value.shape
    except (AttributeError, ValueError):
        operands.check_operands(query, key, value, enable_gqa)
        raise
    is_padded = dim & 7 or value_dim & 7
    if is_padded or attn_mask is not None or dropout_p or (
            heads != key_heads and not enable_gqa):
        _check(query, key, value, attn_mask, dropout_p, is_causal, enable_gqa)
    if torch.is_autocast_enabled("cuda" if query.is_cuda else "cpu"):
        query, key, value, attn_mask = _autocast(
            (query, key, value, attn_mask), query.device.type)
    if is_padded:
        query, key, value = operands.padded(query, key, value)
        if dim & 7 and scale is None:
            scale = 1 / math.sqrt(dim)
    kinds, others = (), ()
    if attn_mask is not None or dropout_p or alibi_slopes is not None \
            or sinks is not None:
        kinds, others = _collect(query, attn_mask, dropout_p, alibi_slopes, sinks)
    if type(window) is list:
        window = tuple(window)
    clauses = causal, window, softcap, dropout_p or 0.0, kinds
    if torch.compiler.is_compiling():
        output, lse = torch.ops.attn_mlir.attention(
            query, key, value, list(others), _text_of(*clauses), scale)
    else:
        output, lse = ops.attention(program_of(scale, *clauses), query, key,
                                    value, others, return_lse)
    if is_padded:
        output = output[..., :value_dim]
    return (output, lse) if return_lse else output
