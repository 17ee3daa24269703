#===- huggingface.py - Attention of transformers' models -------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""After attn_mlir.register_transformers(), models of Hugging Face's transformers
take attn_implementation="attn_mlir"."""

import torch

from attn_mlir.scaled import sdpa

NAME = "attn_mlir"


def _with_bias(mask, bias):
    """Both of them as one tensor that is added to scores."""
    if mask is None:
        return bias
    if mask.dtype == torch.bool:
        return torch.where(mask, bias, -torch.inf)
    return mask + bias


def attend(module, query, key, value, attention_mask, dropout=0.0, scaling=None,
           is_causal=None, softcap=None, s_aux=None, position_bias=None,
           **kwargs):
    """As transformers' attention interface has it: (batch, heads, length, head
    dim) in, (batch, length, heads, head dim) out, and no weights."""
    if kwargs.get("output_attentions"):
        raise NotImplementedError("attn_mlir never has the weights of attention; "
                                  "output_attentions needs 'eager'")
    if is_causal is None:
        is_causal = getattr(module, "is_causal", True)
    # A single query, as in decoding, sees all keys.
    is_causal = is_causal and attention_mask is None and query.shape[2] > 1
    if position_bias is not None:
        attention_mask = _with_bias(attention_mask, position_bias)
    output = sdpa(query, key, value, attn_mask=attention_mask,
                  dropout_p=dropout, causal="top_left" if is_causal else None,
                  scale=scaling, enable_gqa=True, softcap=softcap, sinks=s_aux)
    return output.transpose(1, 2).contiguous(), None


def register_transformers():
    """Returns the name for attn_implementation."""
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface, sdpa_mask
    AttentionInterface.register(NAME, attend)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    return NAME
