#===- flex.py - Drop-in for flex_attention ---------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""torch.nn.attention.flex_attention: scores and masks are functions of Python's."""

import collections
import math
import weakref

import torch

from attn_mlir import fingerprint, operands, ops, trace
from attn_mlir.program import Program

_MOST_TRACES = 256
_traces = collections.OrderedDict()


class Trace:
    """A program, and the tensors that it reads."""

    def __init__(self, score_mod, mask_mod):
        self.captures, clauses = [], []
        with trace.Watcher() as watcher:
            if score_mod is not None:
                clauses.append(trace.score_region(score_mod, self.captures))
            if mask_mod is not None:
                clauses.append(trace.keep_region(mask_mod, self.captures))
        # What a function computed of tensors may be different next time.
        self.is_lasting = not watcher.has_computed
        count = len(self.captures)
        if count:
            names = ", ".join(f"%e{i}" for i in range(count))
            types = ", ".join(f"!e{i}" for i in range(count))
            clauses.insert(0, f"captures({names} : {types})")
        self.program = Program.make(clauses, ["capture"] * count)

    def keep_weakly(self):
        self.captures = [weakref.ref(each) for each in self.captures]


def _trace(score_mod, mask_mod):
    """Program and captures; of functions that did not change, from before."""
    key, tensors = fingerprint.of((score_mod, mask_mod))
    if key is not None:
        known = _traces.get(key)
        if known is not None:
            captures = [each() for each in known.captures]
            if all(each is not None for each in captures):
                _traces.move_to_end(key)
                return known.program, captures
    made = Trace(score_mod, mask_mod)
    captures = made.captures
    if key is not None and made.is_lasting and all(
            any(each is tensor for tensor in tensors) for each in captures):
        made.keep_weakly()
        _traces[key] = made
        if len(_traces) > _MOST_TRACES:
            _traces.popitem(last=False)
    return made.program, captures


def _blocks_alone(block_mask):
    """A mask that has no function, but a list of blocks."""
    blocks = block_mask.to_dense().to(torch.bool)
    query_block, key_block = block_mask.BLOCK_SIZE
    batches, heads = blocks.shape[:2]

    def mask_mod(b, h, q_idx, kv_idx):
        return blocks[b if batches > 1 else 0, h if heads > 1 else 0,
                      q_idx // query_block, kv_idx // key_block]
    return mask_mod


def _mask_of(block_mask, query, key):
    """The function of a BlockMask of PyTorch's; which blocks it leaves is derived
    anew, by the compiler."""
    mask_mod = getattr(block_mask, "mask_mod", None)
    if mask_mod is None:
        raise TypeError("block_mask: expected a BlockMask of torch.nn.attention, "
                        f"got {type(block_mask).__name__}")
    lengths = tuple(getattr(block_mask, "seq_lengths", ()))
    here = (query.shape[2], key.shape[2])
    if lengths and lengths != here:
        raise ValueError(f"block_mask: expected one for lengths {here}, got one "
                         f"for {lengths}")
    if mask_mod.__name__ == "noop_mask":
        kept = getattr(block_mask, "_attn_mlir_mask", None)
        if kept is None:
            kept = block_mask._attn_mlir_mask = _blocks_alone(block_mask)
        return kept
    return mask_mod


def _integers(tensor):
    """Kernels read integers of 32 bits."""
    if tensor.dtype != torch.int64:
        return tensor
    narrow = tensor.to(torch.int32)
    if not torch.equal(narrow.to(torch.int64), tensor):
        raise ValueError("a tensor of int64 that score_mod or mask_mod reads has "
                         "values beyond 32 bits")
    return narrow


def flex_attention(query, key, value, score_mod=None, block_mask=None,
                   scale=None, enable_gqa=False, return_lse=False, *,
                   mask_mod=None):
    """Attention with `score_mod(score, b, h, q_idx, kv_idx)` and
    `mask_mod(b, h, q_idx, kv_idx)`, as torch.nn.attention.flex_attention has them.
    The mask is mask_mod, or that of a BlockMask. Functions may read tensors,
    element by element: what a tensor holds may change without compiling anew.

    docs/PyTorch.md has all rules.
    """
    options = score_mod, block_mask, scale, enable_gqa, return_lse, mask_mod
    if torch.compiler.is_compiling():
        return _outside_of_graphs(query, key, value, *options)
    return _attend(query, key, value, *options)


def _outside_of_graphs(*args):
    """A graph ends here: functions of Python's are traced by us."""
    return torch.compiler.disable(_attend)(*args)


# As torch.compiler.disable does, which imports all of dynamo.
_outside_of_graphs._torchdynamo_disable = True


def _attend(query, key, value, score_mod, block_mask, scale, enable_gqa,
            return_lse, mask_mod):
    operands.check_operands(query, key, value, enable_gqa)
    if block_mask is not None:
        if mask_mod is not None:
            raise ValueError("mask_mod: expected none beside block_mask")
        mask_mod = _mask_of(block_mask, query, key)
    program, captures = _trace(score_mod, mask_mod)
    others = tuple(_integers(each) for each in captures)
    dim, value_dim = query.shape[3], value.shape[3]
    if dim & 7 or value_dim & 7:
        query, key, value = operands.padded(query, key, value)
        if dim & 7 and scale is None:
            scale = 1 / math.sqrt(dim)
    output, lse = ops.attention(program.scaled(scale), query, key, value, others,
                                return_lse)
    if value_dim & 7:
        output = output[..., :value_dim]
    return (output, lse) if return_lse else output
