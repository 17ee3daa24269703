#===- operands.py - What kernels take of tensors ---------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Looks at tensors where something is new or went wrong: the usual call does not
come here. A tensor that kernels cannot take as it lies is copied, and a warning
says so once for each argument."""

import warnings

import torch
from torch.nn.functional import pad

from attn_mlir import settings
from attn_mlir.program import BROADCAST, RANKS, type_of

ELEMENTS = {torch.float16: "f16", torch.bfloat16: "bf16", torch.float32: "f32",
            torch.bool: "i1", torch.int8: "i8", torch.int32: "i32",
            torch.int64: "i64"}
FLOATS = (torch.float16, torch.bfloat16, torch.float32)
ALIGNMENT = 16  # bytes; of addresses and of strides
MOST_HEAD_DIM = 256

_warned = set()


def name_of(dtype):
    return str(dtype).removeprefix("torch.")


def target_of(device):
    """What the compiler is asked for where tensors are on the device."""
    if device.type == "cpu":
        return settings.sim_target if settings.cpu_device == "sim" else "host"
    if device.type != "cuda":
        raise ValueError(f"expected tensors on cpu or cuda, got {device}")
    major, minor = torch.cuda.get_device_capability(device)
    if major < 8:
        raise NotImplementedError(
            f"{device} is of compute capability {major}.{minor}, which no target "
            "is for; nearest are GPUs of 8.0 and later")
    return "sm_90a" if (major, minor) == (9, 0) else "sm_80"


def check_tensor(name, tensor, kinds=FLOATS):
    if not isinstance(tensor, torch.Tensor):
        raise TypeError(f"{name}: expected a tensor, got {type(tensor).__name__}")
    if tensor.layout != torch.strided:
        raise TypeError(f"{name}: expected a strided tensor, got one of layout "
                        f"{tensor.layout}")
    if tensor.is_quantized or tensor.dtype not in kinds:
        raise TypeError(f"{name}: expected {', '.join(map(name_of, kinds))}, got "
                        f"{name_of(tensor.dtype)}")


def check_operands(query, key, value, enable_gqa):
    """Raises where no kernel could take them."""
    for name, tensor in ("query", query), ("key", key), ("value", value):
        check_tensor(name, tensor)
        if tensor.dim() != 4:
            raise ValueError(f"{name}: expected rank 4 (batch, heads, length, "
                             f"head dim), got shape {tuple(tensor.shape)}")
        if tensor.dtype != query.dtype:
            raise TypeError(f"{name}: expected {name_of(query.dtype)} as query "
                            f"is, got {name_of(tensor.dtype)}")
        if tensor.device != query.device:
            raise ValueError(f"{name}: expected it on {query.device} as query is,"
                             f" got {tensor.device}")
        if not 1 <= tensor.shape[3] <= MOST_HEAD_DIM:
            raise NotImplementedError(
                f"{name}: head dim {tensor.shape[3]} is not supported; nearest "
                f"are 1 to {MOST_HEAD_DIM}")
    batch, heads, _, dim = query.shape
    if key.shape[0] != batch or value.shape[0] != batch:
        raise ValueError(f"expected one batch size, got {batch}, {key.shape[0]} "
                         f"and {value.shape[0]}")
    if key.shape[1:3] != value.shape[1:3]:
        raise ValueError(
            "value: expected heads and length of key "
            f"{tuple(key.shape[1:3])}, got {tuple(value.shape[1:3])}")
    if key.shape[3] != dim:
        raise ValueError(f"key: expected the head dim of query, {dim}, got "
                         f"{key.shape[3]}")
    if key.shape[1] != heads and not enable_gqa:
        raise ValueError(f"key: expected {heads} heads as query has, got "
                         f"{key.shape[1]}; enable_gqa=True shares key heads")
    if key.shape[1] == 0 or heads % key.shape[1]:
        raise ValueError(f"query: expected a multiple of the {key.shape[1]} heads"
                         f" of key, got {heads}")
    if query.device.type == "cuda" or settings.cpu_device == "sim":
        if query.dtype == torch.float32:
            raise NotImplementedError("float32 is not supported on GPUs; nearest "
                                      "are bfloat16 and float16")


def check_broadcast(name, tensor, shape):
    """Of a tensor that stands for all batch entries, heads, rows or keys where
    its size is 1."""
    if any(size not in (1, want) for size, want in zip(tensor.shape, shape)):
        raise ValueError(f"{name}: expected a shape that broadcasts to "
                         f"{tuple(shape)}, got {tuple(tensor.shape)}")


def to_rank_4(name, tensor):
    if tensor.dim() > 4:
        raise ValueError(f"{name}: expected rank 4 at most, got shape "
                         f"{tuple(tensor.shape)}")
    return tensor[(None,) * (4 - tensor.dim())]


def unexpanded(tensor):
    """Dimensions along which nothing changes get a size of 1."""
    for dim, (size, stride) in enumerate(zip(tensor.shape, tensor.stride())):
        if size > 1 and stride == 0:
            tensor = tensor.narrow(dim, 0, 1)
    return tensor


def types_of(program, query, key, value, others):
    """As program.py has them."""
    element = ELEMENTS[query.dtype]
    return (element, query.shape[1], key.shape[1], query.shape[3],
            value.shape[3],
            tuple(type_of(kind, ELEMENTS[each.dtype], each.shape)
                  for kind, each in zip(program.kinds, others)))


def _reason_to_copy(tensor, is_operand):
    size = tensor.element_size()
    dims = [(n, s) for n, s in zip(tensor.shape, tensor.stride())]
    if not dims or 0 in tensor.shape:
        return None
    if dims[-1][0] > 1 and dims[-1][1] != 1:
        return f"its innermost stride is {dims[-1][1]}"
    if not is_operand:
        return None
    if any(n > 1 and s * size % ALIGNMENT for n, s in dims[:-1]):
        return f"its strides {tensor.stride()} are no multiples of " \
               f"{ALIGNMENT} bytes"
    if tensor.data_ptr() % ALIGNMENT:
        return f"its address is no multiple of {ALIGNMENT} bytes"
    return None


def conform(name, tensor, is_operand=True):
    """The tensor, or a copy that kernels can take."""
    reason = _reason_to_copy(tensor, is_operand)
    if reason is None:
        return tensor
    if name not in _warned:
        _warned.add(name)
        warnings.warn(f"attn_mlir copies {name}, since {reason} (said once)",
                      stacklevel=4)
    return tensor.clone(memory_format=torch.contiguous_format)


def padded(query, key, value):
    """Head dims to multiples of 8, by zeros, which change no score."""
    def widen(tensor):
        missing = -tensor.shape[3] % 8
        return pad(tensor, (0, missing)) if missing else tensor
    return widen(query), widen(key), widen(value)


def check_others(program, query, key, others):
    shape = (query.shape[0], query.shape[1], query.shape[2], key.shape[2])
    for kind, tensor in zip(program.kinds, others):
        if tensor.device != query.device:
            raise ValueError(f"{kind}: expected it on {query.device} as query is,"
                             f" got {tensor.device}")
        if kind in BROADCAST:
            check_broadcast("attn_mask", tensor, shape)
        elif kind in RANKS and tensor.dim() != RANKS[kind]:
            raise ValueError(f"{kind}: expected rank {RANKS[kind]}, got shape "
                             f"{tuple(tensor.shape)}")
        if kind in ("slopes", "sinks") and tensor.shape[0] != query.shape[1]:
            raise ValueError(f"{kind}: expected {query.shape[1]} values, one for "
                             f"each head of query, got {tensor.shape[0]}")
