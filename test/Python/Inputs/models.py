#===- models.py - Models of transformers, beside eager attention -----------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Small models with random weights: logits, a training step and generated tokens
are those of attn_implementation="eager"."""

import copy
import unittest
from unittest import mock

import torch
from transformers import (BertConfig, BertForMaskedLM, Gemma2Config,
                          Gemma2ForCausalLM, GPT2Config, GPT2LMHeadModel,
                          LlamaConfig, LlamaForCausalLM)

import attn_mlir
from attn_mlir import huggingface

SMALL = dict(vocab_size=101, hidden_size=64, intermediate_size=96,
             num_hidden_layers=2, num_attention_heads=4)


def padding(batch, length, left=False):
    """Each entry of the batch is shorter than the one before."""
    mask = torch.ones(batch, length, dtype=torch.long)
    for entry in range(1, batch):
        if left:
            mask[entry, :7 * entry] = 0
        else:
            mask[entry, -7 * entry:] = 0
    return mask


class Models(unittest.TestCase):
    def setUp(self):
        self.name = attn_mlir.register_transformers()
        self.calls = 0
        original = huggingface.sdpa

        def counted(*args, **kwargs):
            self.calls += 1
            return original(*args, **kwargs)
        patch = mock.patch.object(huggingface, "sdpa", counted)
        patch.start()
        self.addCleanup(patch.stop)

    def pair(self, kind, config):
        torch.manual_seed(3)
        eager, ours = (
            kind._from_config(copy.deepcopy(config), attn_implementation=name)
            .eval() for name in ("eager", self.name))
        ours.load_state_dict(eager.state_dict())
        return ours, eager

    def compare(self, kind, config, mask=None, length=40):
        ours, eager = self.pair(kind, config)
        tokens = torch.randint(0, 101, (3, length))
        kept = slice(None) if mask is None else mask.bool()
        before = self.calls
        for model in ours, eager:
            model.train()
        a, b = (model(input_ids=tokens, attention_mask=mask, labels=tokens)
                for model in (ours, eager))
        self.assertEqual(self.calls - before, config.num_hidden_layers)
        torch.testing.assert_close(a.logits[kept], b.logits[kept], rtol=1e-4,
                                   atol=2e-5)
        # One step of training.
        for model in ours, eager:
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            logits = model(input_ids=tokens, attention_mask=mask).logits[kept]
            torch.logsumexp(logits, -1).mean().backward()
            optimizer.step()
        for (name, x), (_, y) in zip(ours.named_parameters(),
                                     eager.named_parameters()):
            torch.testing.assert_close(x, y, rtol=1e-4, atol=2e-5, msg=name)
            if y.grad is not None:
                torch.testing.assert_close(x.grad, y.grad, rtol=1e-3, atol=2e-5,
                                           msg=name)
        return ours, eager

    def test_llama(self):
        config = LlamaConfig(**SMALL, num_key_value_heads=2)
        self.compare(LlamaForCausalLM, config)
        self.compare(LlamaForCausalLM, config, padding(3, 40))

    def test_llama_generates(self):
        config = LlamaConfig(**SMALL, num_key_value_heads=2)
        ours, eager = self.pair(LlamaForCausalLM, config)
        tokens = torch.randint(0, 101, (3, 20))
        mask = padding(3, 20, left=True)
        a, b = (model.generate(tokens, attention_mask=mask, max_new_tokens=8,
                               do_sample=False, pad_token_id=0)
                for model in (ours, eager))
        self.assertTrue(torch.equal(a, b))

    def test_gpt2(self):
        self.compare(GPT2LMHeadModel, GPT2Config(
            vocab_size=101, n_embd=64, n_layer=2, n_head=4, n_positions=64,
            attn_pdrop=0, resid_pdrop=0, embd_pdrop=0))

    def test_bert(self):
        self.compare(BertForMaskedLM, BertConfig(
            **SMALL, max_position_embeddings=64, hidden_dropout_prob=0,
            attention_probs_dropout_prob=0), padding(3, 40))

    def test_gemma2(self):
        self.compare(Gemma2ForCausalLM, Gemma2Config(
            **SMALL, num_key_value_heads=2, head_dim=16, sliding_window=8,
            attn_logit_softcapping=2.0, query_pre_attn_scalar=16))

    def test_weights_are_refused(self):
        config = LlamaConfig(**SMALL, num_key_value_heads=2)
        ours, _ = self.pair(LlamaForCausalLM, config)
        with self.assertRaises((NotImplementedError, ValueError)):
            ours(input_ids=torch.zeros(1, 4, dtype=torch.long),
                 output_attentions=True)


if __name__ == "__main__":
    unittest.main()
