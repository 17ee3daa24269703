#===- trace.py - Python functions as regions -------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Runs a function of a user's on symbols instead of numbers, and writes down what
it does: `score_mod(score, b, h, q_idx, kv_idx)` and `mask_mod(b, h, q_idx, kv_idx)`
become regions of attn.sdpa. Tensors of its own that it reads become captures. What
regions do not have is refused, with the line of the user's that asked for it.
"""

import linecache
import os
import sys

import torch
from torch.overrides import TorchFunctionMode

INDEX, INTEGER, FLOAT, BOOL = "index", "i32", "f32", "i1"
_PYTHON = {INDEX: int, INTEGER: int, FLOAT: float, BOOL: bool}
DTYPES = {INDEX: torch.int32, INTEGER: torch.int32, FLOAT: torch.float32,
          BOOL: torch.bool}
_OURS = os.path.dirname(os.path.abspath(__file__))
_TORCHS = os.path.dirname(os.path.abspath(torch.__file__))


def refusal(what):
    """Names the innermost line that is neither ours nor PyTorch's."""
    frame = sys._getframe(1)
    while frame and frame.f_code.co_filename.startswith((_OURS, _TORCHS)):
        frame = frame.f_back
    if frame is None:
        return NotImplementedError(what)
    name, line = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(name, line).strip()
    return NotImplementedError(f"{name}:{line}: {what}, in `{text}`")


class Region:
    """Operations of a region in the making; `captures` is shared by all regions
    of an attention."""

    def __init__(self, captures):
        self.captures, self.lines = captures, []
        self.count = 0

    def emit(self, text, kind, **facts):
        name = f"%{self.count}"
        self.count += 1
        self.lines.append(f"{name} = {text}")
        return Symbol(self, name, kind, **facts)

    def constant(self, value, kind):
        if kind == FLOAT:
            text = _float_text(float(value))
        elif kind == BOOL:
            return self.emit(f"arith.constant {'true' if value else 'false'}",
                             kind)
        else:
            text = str(int(value))
        return self.emit(f"arith.constant {text} : {kind}", kind,
                         is_positive=kind == INDEX and value > 0,
                         is_natural=kind == INDEX and value >= 0)

    def place_of(self, tensor):
        """Of the capture; the same for the same tensor."""
        for place, known in enumerate(self.captures):
            if known is tensor:
                return place
        self.captures.append(tensor)
        return len(self.captures) - 1


def _float_text(value):
    if value != value:
        return "0x7FC00000"
    if value in (float("inf"), float("-inf")):
        return "0x7F800000" if value > 0 else "0xFF800000"
    return f"{value:.9e}"


class Symbol:
    """A value that is known when a kernel runs. Behaves as a tensor of rank 0
    would, as far as regions go."""

    def __init__(self, region, name, kind, is_natural=False, is_positive=False):
        self.region, self.name, self.kind = region, name, kind
        self.is_natural, self.is_positive = is_natural, is_positive

    dtype = property(lambda self: DTYPES[self.kind])
    shape = property(lambda self: torch.Size())
    ndim = property(lambda self: 0)
    device = property(lambda self: torch.device("cpu"))

    def dim(self):
        return 0

    def size(self):
        return torch.Size()

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return apply(function, args, kwargs or {})

    def __bool__(self):
        raise refusal("what a branch depends on is not known before the kernel "
                      "runs; nearest is torch.where")

    def _number(self, *_):
        raise refusal("the number behind an index or a score is not known before "
                      "the kernel runs")

    __int__ = __float__ = __index__ = __iter__ = __len__ = item = _number

    def __hash__(self):
        return id(self)

    def __getattr__(self, name):
        function = getattr(torch.Tensor, name, None)
        if function is None or name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: apply(function, (self, *args), kwargs)


def _operator(name):
    function = getattr(torch.Tensor, name)

    def method(self, *args):
        return apply(function, (self, *args), {})
    return method


for _name in ("add sub mul truediv floordiv mod pow radd rsub rmul rtruediv "
              "rfloordiv rmod rpow neg abs lt le gt ge eq ne and or xor rand ror "
              "rxor invert").split():
    setattr(Symbol, f"__{_name}__", _operator(f"__{_name}__"))


# What tells nothing of what a tensor holds.
_FACTS = {torch.Tensor.dim, torch.Tensor.size, torch.Tensor.numel,
          torch.Tensor.stride, torch.Tensor.__len__, torch.Tensor.is_floating_point}


class Watcher(TorchFunctionMode):
    """Sees what plain tensors are asked, as a tensor does not know of a Symbol
    among its indices, and whether anything was computed of them."""

    has_computed = False

    def __torch_function__(self, function, types, args=(), kwargs=None):
        from attn_mlir import regions
        kwargs = kwargs or {}
        if regions.first_symbol(args, kwargs) is None:
            if function not in _FACTS and getattr(
                    function, "__name__", "") != "__get__":
                self.has_computed = True
            return function(*args, **kwargs)
        return apply(function, args, kwargs)


def apply(function, args, kwargs):
    """What the call becomes in the region, where a Symbol is part of it."""
    from attn_mlir import regions
    symbol = regions.first_symbol(args, kwargs)
    if symbol is None:
        return function(*args, **kwargs)
    rule = regions.RULES.get(function)
    if rule is None:
        name = getattr(function, "__name__", str(function)).strip("_")
        raise refusal(f"`{name}` is not supported of scores and indices")
    return rule(symbol.region, *args, **kwargs)


def _arguments(region, names):
    kinds = {"s": FLOAT}
    return [Symbol(region, f"%{name}", kinds.get(name, INDEX),
                   is_natural=name != "s") for name in names]


def _region(word, function, names, result, captures):
    from attn_mlir import regions
    region = Region(captures)
    value = function(*_arguments(region, names))
    try:
        value = regions.convert(region, value, result)
    except TypeError as error:
        raise TypeError(f"{word}: expected a function that returns "
                        f"{DTYPES[result]}, got {error}") from error
    types = {"s": FLOAT}
    header = ", ".join(f"%{n}: {types.get(n, INDEX)}" for n in names)
    body = "\n".join(f"  {line}" for line in region.lines)
    return (f"{word} {{\n^bb0({header}):\n{body}\n"
            f"  attn.yield {value.name} : {result}\n}}")


def score_region(function, captures):
    """Inside of a Watcher, as the next one."""
    return _region("score", function, "sbhij", FLOAT, captures)


def keep_region(function, captures):
    return _region("keep", function, "bhij", BOOL, captures)
