#===- fingerprint.py - Whether a function is still the same ----------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""A function of Python's is what its code, its closure and the globals that it
names are. `of` looks at all of them, so that a trace of the function can be used
again as long as nothing changed; it gives None for a function that depends on what
it cannot see through.
"""

import functools
import types

import torch

_VALUES = (type(None), bool, int, float, complex, str, bytes, torch.dtype,
           torch.device)
_FIXED = (types.ModuleType, types.BuiltinFunctionType, types.MethodDescriptorType,
          type)


class Opaque(Exception):
    pass


def of(function):
    """(fingerprint, tensors that it names); (None, ()) without one."""
    tensors = []
    try:
        return _of(function, tensors, ()), tensors
    except Opaque:
        return None, ()


def _of(value, tensors, outer):
    if isinstance(value, _VALUES):
        return type(value), value
    if isinstance(value, torch.Tensor):
        tensors.append(value)
        return "tensor", id(value), value.dtype, value.dim()
    if isinstance(value, types.FunctionType):
        return _of_function(value, tensors, outer)
    if isinstance(value, functools.partial):
        return tuple(_of(each, tensors, outer) for each in (
            value.func, value.args, tuple(sorted(value.keywords.items()))))
    if isinstance(value, (tuple, list)):
        return type(value), tuple(_of(each, tensors, outer) for each in value)
    if isinstance(value, _FIXED) or type(value).__module__.startswith("torch._ops"):
        return "fixed", id(value)
    raise Opaque


def _of_function(function, tensors, outer):
    code = function.__code__
    if code in outer:
        return "again", code
    outer += (code,)
    cells = []
    for cell in function.__closure__ or ():
        try:
            cells.append(_of(cell.cell_contents, tensors, outer))
        except ValueError as error:  # an empty cell
            raise Opaque from error
    defaults = tuple(_of(each, tensors, outer)
                     for each in function.__defaults__ or ())
    if function.__kwdefaults__:
        raise Opaque
    used = tuple(_of(function.__globals__[name], tensors, outer)
                 for name in _names(code) if name in function.__globals__)
    return code, tuple(cells), defaults, used


@functools.lru_cache(maxsize=1024)
def _names(code):
    """Of globals, and of attributes beside them."""
    names = list(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names += _names(constant)
    return tuple(dict.fromkeys(names))
