#===- models.py - A small Llama, and masks of functions --------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Times, on this processor and in turns, a small Llama of transformers with
attn_implementation "attn_mlir" and "eager" (forward, and a step of training), and
flex_attention with masks beside torch.compile's."""

import statistics
import time

import torch
from torch.nn.attention.flex_attention import create_block_mask, flex_attention
from transformers import LlamaConfig, LlamaForCausalLM

import attn_mlir


def in_turns(functions, rounds=15):
    """Median milliseconds of each."""
    times = [[] for _ in functions]
    for turn in range(rounds + 2):
        for function, own in zip(functions, times):
            start = time.perf_counter()
            function()
            if turn >= 2:
                own.append((time.perf_counter() - start) * 1e3)
    return [statistics.median(own) for own in times]


def report(name, ours, theirs, who):
    print(f"{name:34} attn_mlir {ours:8.2f} ms  {who} {theirs:8.2f} ms  "
          f"{theirs / ours:.2f} x", flush=True)


def llamas():
    config = dict(vocab_size=1000, hidden_size=256, intermediate_size=704,
                  num_hidden_layers=4, num_attention_heads=8,
                  num_key_value_heads=2, max_position_embeddings=1024)
    torch.manual_seed(1)
    return [LlamaForCausalLM._from_config(LlamaConfig(**config),
                                          attn_implementation=name)
            for name in (attn_mlir.register_transformers(), "eager")]


def time_llama(length):
    models, tokens = llamas(), torch.randint(0, 1000, (1, length))

    def forward(model):
        with torch.no_grad():
            model(input_ids=tokens, use_cache=False)

    def step(model):
        model.zero_grad()
        model(input_ids=tokens, labels=tokens, use_cache=False).loss.backward()

    for name, work in ("forward", forward), ("training step", step):
        ours, theirs = in_turns([lambda m=model: work(m) for model in models])
        report(f"Llama, {length} tokens, {name}", ours, theirs, "eager")


def time_masks(length=1024):
    q, k, v = (torch.randn(1, 8, length, 64) for _ in range(3))
    documents = torch.arange(length) * 6 // length
    masks = {"causal": lambda b, h, i, j: i >= j,
             "window 128": lambda b, h, i, j: (i >= j) & (i - j < 128),
             "documents": lambda b, h, i, j: documents[i] == documents[j]}
    compiled = torch.compile(flex_attention, dynamic=False)
    for name, mask_mod in masks.items():
        block_mask = create_block_mask(mask_mod, None, None, length, length,
                                       device="cpu")
        with torch.no_grad():
            ours, theirs = in_turns([
                lambda: attn_mlir.flex_attention(q, k, v, block_mask=block_mask),
                lambda: compiled(q, k, v, block_mask=block_mask)])
        report(f"flex_attention, {length}, {name}", ours, theirs, "compiled")


def main():
    print(f"{torch.get_num_threads()} threads, float32")
    for length in 256, 1024:
        time_llama(length)
    time_masks()


if __name__ == "__main__":
    main()
