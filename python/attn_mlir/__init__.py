#===- __init__.py - Attention for PyTorch, compiled ------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""attn_mlir.sdpa and attn_mlir.flex_attention compute what torch's functions of
these names compute, by kernels that are compiled for the types and masks at hand.
docs/PyTorch.md is the manual."""

import importlib

__version__ = "0.1.0"

_PLACES = {
    "sdpa": "scaled", "flex_attention": "flex", "explain": "explaining",
    "load": "arrays", "Package": "arrays",
    "register_transformers": "huggingface",
    "Error": "failures", "CompileError": "failures", "HazardError": "failures",
    "DeviceError": "failures", "CacheError": "failures",
}
__all__ = list(_PLACES)


def __getattr__(name):
    """What is not used is not imported: numpy users need no torch."""
    if name not in _PLACES:
        raise AttributeError(f"module 'attn_mlir' has no attribute '{name}'")
    module = importlib.import_module(f"attn_mlir.{_PLACES[name]}")
    globals()[name] = found = getattr(module, name)
    return found


def __dir__():
    return sorted([*globals(), *__all__])
