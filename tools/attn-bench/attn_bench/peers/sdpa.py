#===- sdpa.py - PyTorch's own attention ------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""scaled_dot_product_attention, held to one of its back ends."""

import warnings

from attn_bench.failures import Unsupported
from attn_bench.peers import autograd
from attn_bench.peers.peer import Peer, is_grouped


# What PyTorch says where its only back end cannot, here or anywhere.
REFUSALS = ("No available kernel", "No viable backend")


def first_refusal(caught, error):
    """PyTorch warns why a back end is not taken, where it knows."""
    said = [str(warning.message) for warning in caught]
    reasons = [text for text in said if "not used because" not in text]
    return (reasons or said or [str(error)])[0].split("\n")[0]


class Sdpa(Peer):
    differentiates = True

    def __init__(self, name, backend):
        self.name = name
        self.backend = backend

    def prepare(self, case, operands, device):
        import torch
        from torch.nn.attention import SDPBackend, sdpa_kernel
        backend = getattr(SDPBackend, self.backend)
        attend = torch.nn.functional.scaled_dot_product_attention
        grouped = is_grouped(case)

        def compute():
            with sdpa_kernel(backend):
                return attend(*operands, is_causal=case.function.causal,
                              enable_gqa=grouped)

        def run():
            return {"output": compute()}

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                run()
            except RuntimeError as error:
                if not any(text in str(error) for text in REFUSALS):
                    raise
                raise Unsupported(first_refusal(caught, error)) from error
        if case.function.work == "forward":
            return run
        gradients = autograd.differentiated(
            case.function.work, compute, list(operands),
            operands.saved["output_grad"])
        return lambda: dict(zip(autograd.ROLES, gradients()))
