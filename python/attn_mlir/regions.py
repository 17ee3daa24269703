#===- regions.py - What functions of PyTorch are in regions ----------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""A rule for each function that a Symbol may be given to: it emits operations of
`arith`, `math` and attn.capture, and returns the Symbol of the result. Integers are
of type index where they follow from indices and i32 where they were read; floats
are f32. Rules prefer operations that have a derivative.
"""

import math
import operator

import torch

from attn_mlir.trace import BOOL, FLOAT, INDEX, INTEGER, Symbol, refusal

RULES = {}


def rule(*functions):
    def add(emit):
        for function in functions:
            RULES[function] = emit
        return emit
    return add


def _of_tensor(*names):
    """Functions of torch, of torch.Tensor, and their operators."""
    found = []
    for name in names:
        for place in torch, torch.Tensor, torch.nn.functional:
            function = getattr(place, name, None)
            if function is not None:
                found.append(function)
    return found


def first_symbol(args, kwargs):
    for each in (*args, *kwargs.values()):
        if isinstance(each, Symbol):
            return each
        if isinstance(each, (tuple, list)):
            found = first_symbol(each, {})
            if found is not None:
                return found
    return None


#===------------------------------------------------------------------------===#
# Values
#===------------------------------------------------------------------------===#

def lift(region, value):
    """A Symbol of a number, of a tensor of rank 0, or of itself."""
    if isinstance(value, Symbol):
        return value
    if isinstance(value, bool):
        return region.constant(value, BOOL)
    if isinstance(value, int):
        return region.constant(value, INDEX)
    if isinstance(value, float):
        return region.constant(value, FLOAT)
    if isinstance(value, torch.Tensor):
        if value.dim() == 0:
            return read(region, value, ())
        raise refusal(f"a whole tensor of shape {tuple(value.shape)} is computed "
                      "with; nearest is an element, tensor[b, h, q_idx, kv_idx]")
    raise TypeError(type(value).__name__)


def convert(region, value, kind):
    value = lift(region, value)
    if value.kind == kind:
        return value
    emit, name = region.emit, value.name
    step = value.kind, kind
    if step == (INDEX, INTEGER) or step == (INTEGER, INDEX):
        return emit(f"arith.index_cast {name} : {value.kind} to {kind}", kind)
    if step == (INTEGER, FLOAT):
        return emit(f"arith.sitofp {name} : i32 to f32", kind)
    if step == (INDEX, FLOAT):
        return convert(region, convert(region, value, INTEGER), FLOAT)
    if step == (FLOAT, INTEGER):
        return emit(f"arith.fptosi {name} : f32 to i32", kind)
    if step == (FLOAT, INDEX):
        return convert(region, convert(region, value, INTEGER), INDEX)
    if value.kind == BOOL:
        one, zero = region.constant(1, kind), region.constant(0, kind)
        return select(region, value, one, zero)
    zero = region.constant(0, value.kind)
    return compare(region, "ne", value, zero)


_ORDER = BOOL, INTEGER, INDEX, FLOAT


def promoted(region, *values):
    values = [lift(region, each) for each in values]
    kind = max((each.kind for each in values), key=_ORDER.index)
    # A constant of Python's beside an integer that was read stays an i32.
    return [convert(region, each, kind) for each in values], kind


def select(region, condition, a, b):
    (a, b), kind = promoted(region, a, b)
    condition = convert(region, condition, BOOL)
    return region.emit(
        f"arith.select {condition.name}, {a.name}, {b.name} : {kind}", kind,
        is_natural=a.is_natural and b.is_natural)


def compare(region, predicate, a, b):
    (a, b), kind = promoted(region, a, b)
    if kind == FLOAT:
        word = "cmpf " + ("une" if predicate == "ne" else "o" + predicate)
    else:
        signed = kind != BOOL and predicate not in ("eq", "ne")
        word = "cmpi " + ("s" if signed else "") + predicate
    return region.emit(f"arith.{word}, {a.name}, {b.name} : {kind}", BOOL)


#===------------------------------------------------------------------------===#
# Arithmetic
#===------------------------------------------------------------------------===#

def _binary(region, word, a, b):
    (a, b), kind = promoted(region, a, b)
    if kind == BOOL:
        a, b, kind = convert(region, a, INDEX), convert(region, b, INDEX), INDEX
    suffix = "f" if kind == FLOAT else "i"
    natural = word in ("add", "mul") and a.is_natural and b.is_natural
    return region.emit(f"arith.{word}{suffix} {a.name}, {b.name} : {kind}", kind,
                       is_natural=natural)


for _word in "add", "sub", "mul":
    @rule(*_of_tensor(_word, f"__{_word}__"))
    def _(region, a, b, *, alpha=1, word=_word):
        if alpha != 1:
            b = _binary(region, "mul", b, alpha)
        return _binary(region, word, a, b)

    @rule(*_of_tensor(f"__r{_word}__"))
    def _(region, a, b, word=_word):
        return _binary(region, word, b, a)


@rule(*_of_tensor("div", "true_divide", "divide", "__truediv__", "__div__"))
def divide(region, a, b, rounding_mode=None):
    if rounding_mode == "floor":
        return floor_divide(region, a, b)
    if rounding_mode is not None:
        raise refusal(f"division with rounding_mode='{rounding_mode}' is not "
                      "supported; nearest is 'floor'")
    a, b = convert(region, a, FLOAT), convert(region, b, FLOAT)
    return region.emit(f"arith.divf {a.name}, {b.name} : f32", FLOAT)


@rule(*_of_tensor("__rtruediv__", "__rdiv__"))
def _(region, a, b):
    return divide(region, b, a)


def _whole(region, a, b, what):
    (a, b), kind = promoted(region, a, b)
    if kind == FLOAT:
        raise refusal(f"{what} of floats is not supported; nearest is that of "
                      "integers")
    return a, b, kind


@rule(*_of_tensor("floor_divide", "__floordiv__"))
def floor_divide(region, a, b):
    a, b, kind = _whole(region, a, b, "floor division")
    return region.emit(f"arith.floordivsi {a.name}, {b.name} : {kind}", kind,
                       is_natural=a.is_natural and b.is_positive)


@rule(*_of_tensor("__rfloordiv__"))
def _(region, a, b):
    return floor_divide(region, b, a)


@rule(*_of_tensor("remainder", "__mod__"))
def remainder(region, a, b):
    """With the sign of b, as Python has it."""
    a, b, kind = _whole(region, a, b, "a remainder")
    rest = region.emit(f"arith.remsi {a.name}, {b.name} : {kind}", kind,
                       is_natural=a.is_natural)
    if a.is_natural and b.is_positive:
        return rest
    zero = region.constant(0, kind)
    differs = region.emit(
        f"arith.xori {compare(region, 'lt', rest, zero).name}, "
        f"{compare(region, 'lt', b, zero).name} : i1", BOOL)
    is_there = compare(region, "ne", rest, zero)
    wrong = region.emit(f"arith.andi {differs.name}, {is_there.name} : i1", BOOL)
    return select(region, wrong, _binary(region, "add", rest, b), rest)


@rule(*_of_tensor("__rmod__"))
def _(region, a, b):
    return remainder(region, b, a)


@rule(*_of_tensor("neg", "negative", "__neg__"))
def negate(region, a):
    a = lift(region, a)
    if a.kind == FLOAT:
        return region.emit(f"arith.negf {a.name} : f32", FLOAT)
    return _binary(region, "sub", 0, a)


@rule(*_of_tensor("abs", "absolute", "__abs__"))
def absolute(region, a):
    a = lift(region, a)
    if a.kind == FLOAT:
        return region.emit(f"math.absf {a.name} : f32", FLOAT)
    return region.emit(
        f"arith.maxsi {a.name}, {negate(region, a).name} : {a.kind}", a.kind,
        is_natural=True)


@rule(*_of_tensor("pow", "__pow__"))
def power(region, a, b):
    if isinstance(b, (int, float)) and b == int(b) and 1 <= b <= 8:
        result = lift(region, a)
        for _ in range(int(b) - 1):
            result = _binary(region, "mul", result, a)
        return result
    if b == 0.5:
        return _FLOAT_RULES["sqrt"](region, a)
    a, b = convert(region, a, FLOAT), convert(region, b, FLOAT)
    return region.emit(f"math.powf {a.name}, {b.name} : f32", FLOAT)


@rule(*_of_tensor("__rpow__"))
def _(region, a, b):
    if b == 2:
        return _FLOAT_RULES["exp2"](region, a)
    return power(region, b, a)


def _least(region, a, b, word, predicate):
    (a, b), kind = promoted(region, a, b)
    if kind == FLOAT:  # a selection has a derivative
        return select(region, compare(region, predicate, a, b), a, b)
    return region.emit(f"arith.{word}si {a.name}, {b.name} : {kind}", kind,
                       is_natural=a.is_natural and b.is_natural)


@rule(*_of_tensor("minimum"), torch.min)
def minimum(region, a, b):
    return _least(region, a, b, "min", "le")


@rule(*_of_tensor("maximum"), torch.max)
def maximum(region, a, b):
    return _least(region, a, b, "max", "ge")


@rule(*_of_tensor("clamp", "clip"))
def clamp(region, a, min=None, max=None):
    if min is not None:
        a = maximum(region, a, min)
    return a if max is None else minimum(region, a, max)


@rule(*_of_tensor("relu"))
def _(region, a, inplace=False):
    return maximum(region, a, 0.0)


#===------------------------------------------------------------------------===#
# Functions of floats
#===------------------------------------------------------------------------===#

_FLOAT_RULES = {}


def _float_rule(name, word):
    def emit(region, a):
        a = convert(region, a, FLOAT)
        return region.emit(f"math.{word} {a.name} : f32", FLOAT)
    _FLOAT_RULES[name] = emit
    rule(*_of_tensor(name))(emit)


for _name in "tanh exp exp2 log sqrt sin cos erf floor ceil expm1 log1p".split():
    _float_rule(_name, _name)


@rule(*_of_tensor("log2"))
def _(region, a):
    return _binary(region, "mul", _FLOAT_RULES["log"](region, a),
                   1 / math.log(2))


@rule(*_of_tensor("rsqrt"))
def _(region, a):
    return divide(region, 1.0, _FLOAT_RULES["sqrt"](region, a))


@rule(*_of_tensor("reciprocal"))
def _(region, a):
    return divide(region, 1.0, a)


@rule(*_of_tensor("sigmoid"))
def _(region, a):
    power_ = _FLOAT_RULES["exp"](region, negate(region, convert(region, a, FLOAT)))
    return divide(region, 1.0, _binary(region, "add", 1.0, power_))


#===------------------------------------------------------------------------===#
# Comparisons, choices, conversions
#===------------------------------------------------------------------------===#

for _predicate, _names in {
        "lt": ["lt", "less", "__lt__"], "le": ["le", "less_equal", "__le__"],
        "gt": ["gt", "greater", "__gt__"],
        "ge": ["ge", "greater_equal", "__ge__"], "eq": ["eq", "__eq__"],
        "ne": ["ne", "not_equal", "__ne__"]}.items():
    @rule(*_of_tensor(*_names))
    def _(region, a, b, predicate=_predicate):
        return compare(region, predicate, a, b)

for _word, _names, _of_bits in [
        ("andi", ["logical_and", "bitwise_and", "__and__", "__rand__"], operator.and_),
        ("ori", ["logical_or", "bitwise_or", "__or__", "__ror__"], operator.or_),
        ("xori", ["logical_xor", "bitwise_xor", "__xor__", "__rxor__"], operator.xor)]:
    @rule(*_of_tensor(*_names))
    def _(region, a, b, word=_word):
        (a, b), kind = promoted(region, a, b)
        if kind == FLOAT:
            raise refusal("bits of a float are not supported; nearest are those "
                          "of integers")
        return region.emit(f"arith.{word} {a.name}, {b.name} : {kind}", kind)


@rule(*_of_tensor("logical_not", "bitwise_not", "__invert__"))
def _(region, a):
    a = lift(region, a)
    ones = region.constant(True, BOOL) if a.kind == BOOL else \
        region.constant(-1, a.kind)
    return region.emit(f"arith.xori {a.name}, {ones.name} : {a.kind}", a.kind)


@rule(torch.where, torch.Tensor.where)
def _(region, condition, a, b):
    if isinstance(condition, Symbol) or isinstance(condition, (bool, torch.Tensor)):
        return select(region, condition, a, b)
    raise refusal("`where` needs a condition of type bool")


@rule(torch.Tensor.masked_fill, torch.masked_fill)
def _(region, a, mask, value):
    return select(region, mask, value, a)


def _kind_of(dtype):
    if dtype == torch.bool:
        return BOOL
    if dtype in (torch.int32, torch.int64, torch.int16, torch.int8):
        return INDEX
    if dtype in (torch.float32, torch.float64):
        return FLOAT
    raise refusal(f"values of {dtype} are not computed with; nearest are float32 "
                  "and int32")


@rule(torch.Tensor.to, torch.Tensor.type)
def _(region, a, *args, **kwargs):
    dtype = kwargs.get("dtype", next(
        (each for each in args if isinstance(each, torch.dtype)), None))
    if dtype is None:
        return a
    kind = _kind_of(dtype)
    if kind == INDEX and a.kind == INTEGER:
        return a
    return convert(region, a, kind)


for _name, _kind in ("float", FLOAT), ("int", INDEX), ("long", INDEX), ("bool", BOOL):
    @rule(getattr(torch.Tensor, _name))
    def _(region, a, kind=_kind):
        return convert(region, a, kind)


@rule(*_of_tensor("clone", "detach", "contiguous"))
def _(region, a):
    return a


@rule(torch.zeros_like, torch.ones_like, torch.full_like)
def _(region, a, value=None, **kwargs):
    raise refusal("tensors like a score are not made; nearest are numbers")


#===------------------------------------------------------------------------===#
# Elements of tensors
#===------------------------------------------------------------------------===#

_READ = {torch.float16: "f16", torch.bfloat16: "bf16", torch.float32: FLOAT,
         torch.bool: BOOL, torch.int8: "i8", torch.int32: INTEGER,
         torch.int64: INTEGER}


def read(region, tensor, indices):
    element = _READ.get(tensor.dtype)
    if element is None:
        raise refusal(f"tensors of {tensor.dtype} are not read; nearest are "
                      "float32 and int32")
    place = region.place_of(tensor)
    names = ", ".join(index.name for index in indices)
    value = region.emit(f"attn.capture %e{place}[{names}] : !e{place}", element)
    if element in ("f16", "bf16"):
        return region.emit(f"arith.extf {value.name} : {element} to f32", FLOAT)
    if element == "i8":
        return region.emit(f"arith.extsi {value.name} : i8 to i32", INTEGER)
    return value


@rule(torch.Tensor.__getitem__)
def _(region, tensor, index):
    if isinstance(tensor, Symbol):
        raise refusal("a score or an index has no elements")
    index = index if isinstance(index, tuple) else (index,)
    if len(index) != tensor.dim():
        raise refusal(f"{len(index)} indices of a tensor of rank {tensor.dim()} "
                      "leave more than an element")
    places = []
    for each, size in zip(index, tensor.shape):
        if isinstance(each, (slice, type(None), type(...))):
            raise refusal("slices leave more than an element")
        if type(each) is int and each < 0:
            each += size
        places.append(convert(region, each, INDEX))
    return read(region, tensor, places)
