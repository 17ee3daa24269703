"""Compares the functions of attn-to-reference-run.mlir with numpy.

Usage: check_reference.py LIBRARY

The masks are written here as predicates of (i, j, Sq, Sk), independently of the
clauses. Exits 1 and names the case when a value differs.
"""

import ctypes
import itertools
import sys

import numpy as np

BF16 = "bf16"
F16 = "f16"
POISON = 12345.0


class Sdpa:
    """What one attn.sdpa of the test file means."""

    def __init__(self, keep=lambda i, j, sq, sk: True, policy="zero",
                 scale=None, operands=(0, 1, 2), results=("o", "lse")):
        self.keep, self.policy, self.scale = keep, policy, scale
        self.operands, self.results = operands, results


class Case:
    def __init__(self, name, dtype, dqk, dv, heads, ops, layout="bhsd",
                 sizes=None, unused=None):
        self.name, self.dtype, self.dqk, self.dv = name, dtype, dqk, dv
        self.heads, self.ops, self.layout = heads, ops, layout
        self.sizes = sizes or list(
            itertools.product([1, 2], [0, 1, 3, 7], [0, 1, 4, 9]))
        self.unused = unused  # Position of an i32 argument.


CASES = [
    Case("plain", BF16, 8, 16, (4, 2), [Sdpa()]),
    Case("top_left", F16, 16, 8, (6, 3),
         [Sdpa(lambda i, j, sq, sk: j <= i, scale=-0.5)]),
    Case("bottom_right", BF16, 8, 16, (4, 2),
         [Sdpa(lambda i, j, sq, sk: j - sk <= i - sq)]),
    Case("offset_nan", BF16, 8, 16, (4, 2),
         [Sdpa(lambda i, j, sq, sk: j + 3 <= i, "nan",
               results=("lse", "o"))]),
    Case("window_uniform", F16, 8, 16, (4, 2),
         [Sdpa(lambda i, j, sq, sk: i + 2 <= j <= i + 4, "uniform")]),
    Case("bshd", BF16, 8, 16, (4, 1),
         [Sdpa(lambda i, j, sq, sk: -1 <= j - i <= 2)], layout="bshd"),
    Case("only_lse", BF16, 8, 16, (4, 2),
         [Sdpa(lambda i, j, sq, sk: j <= i, results=("lse",))]),
    Case("two", BF16, 8, 16, (4, 2),
         [Sdpa(results=("o",)),
          Sdpa(lambda i, j, sq, sk: j <= i, operands=(0, 1, 1),
               results=("o",))], unused=1),
    Case("static", BF16, 64, 64, (6, 2),
         [Sdpa(lambda i, j, sq, sk: i + 1 <= j <= i + 4)],
         sizes=[(2, 5, 9)]),
]


def round_to(dtype, x):
    """x as f32, rounded to nearest even to the type, as f32."""
    x = np.asarray(x, np.float32)
    if dtype == F16:
        with np.errstate(over="ignore"):
            return x.astype(np.float16).astype(np.float32)
    # Through exact scaling: frexp gives 0.5 <= |m| < 1 and 8 bits are kept.
    mantissa, exponent = np.frexp(x.astype(np.float64))
    return np.ldexp(np.rint(mantissa * 256) / 256, exponent).astype(np.float32)


def to_storage(dtype, x):
    x = round_to(dtype, x)
    if dtype == F16:
        return x.astype(np.float16)
    return (x.view(np.uint32) >> 16).astype(np.uint16)


def attention(op, dtype, q, k, v, rounds):
    """o and lse in bhsd. `rounds` adds the op's own roundings."""
    real = np.float32 if rounds else np.float64
    cast = (lambda x: round_to(dtype, x)) if rounds else (lambda x: x)
    batch, heads, sq, dqk = q.shape
    sk, dv = v.shape[2], v.shape[3]
    group = heads // k.shape[1]
    scale = real(np.float32(op.scale if op.scale is not None
                            else 1 / np.sqrt(dqk)))
    o = np.zeros((batch, heads, sq, dv))
    lse = np.full((batch, heads, sq), -np.inf)
    pairs = 0
    for b, h, i in np.ndindex(batch, heads, sq):
        kept = [j for j in range(sk) if op.keep(i, j, sq, sk)]
        pairs += len(kept)
        keys, values = k[b, h // group], v[b, h // group]
        if kept:
            s = (keys[kept].astype(real) @ q[b, h, i].astype(real)) * scale
            p = np.exp(s - s.max())
            total = p.sum(dtype=real)
            acc = cast(p).astype(real) @ values[kept].astype(real)
            o[b, h, i] = cast(acc * (real(1) / total))
            lse[b, h, i] = np.log(total) + s.max()
        elif op.policy == "nan":
            o[b, h, i] = np.nan
        elif op.policy == "uniform" and sk:
            mean = values.astype(real).sum(0) * (real(1) / real(sk))
            o[b, h, i] = cast(mean)
    return {"o": o, "lse": lse}, pairs


def descriptor(array):
    """A memref descriptor whose pointer lies before the data, so that the
    offset is not 0."""
    class Descriptor(ctypes.Structure):
        _fields_ = [("allocated", ctypes.c_void_p),
                    ("aligned", ctypes.c_void_p),
                    ("offset", ctypes.c_int64),
                    ("sizes", ctypes.c_int64 * array.ndim),
                    ("strides", ctypes.c_int64 * array.ndim)]
    offset = 5
    base = array.ctypes.data - offset * array.itemsize
    return Descriptor(
        base, base, offset, (ctypes.c_int64 * array.ndim)(*array.shape),
        (ctypes.c_int64 * array.ndim)(
            *[s // array.itemsize for s in array.strides]))


def padded(array):
    """The same values with strides that are not those of the shape."""
    room = np.zeros([n + 1 + d for d, n in enumerate(array.shape)],
                    array.dtype)
    view = room[tuple(slice(0, n) for n in array.shape)]
    view[...] = array
    return view


def same(actual, expected, tolerance):
    with np.errstate(invalid="ignore"):
        close = np.abs(actual - expected) <= tolerance * np.maximum(
            1, np.abs(expected))
    return np.all(close | (actual == expected)
                  | (np.isnan(actual) & np.isnan(expected)))


def check(library, case, sizes, rng, equal):
    """Adds to `equal` how many outputs of the baseline are bit-equal to those
    of numpy, and how many there are."""
    batch, sq, sk = sizes
    hq, hkv = case.heads
    shapes = [(batch, hq, sq, case.dqk), (batch, hkv, sk, case.dqk),
              (batch, hkv, sk, case.dv)]
    values = [round_to(case.dtype, rng.standard_normal(s)) for s in shapes]
    lay = ((lambda x: x) if case.layout == "bhsd"
           else (lambda x: x.transpose(0, 2, 1, 3)))
    stored = [padded(np.ascontiguousarray(to_storage(case.dtype, lay(x))))
              for x in values]
    arguments = [ctypes.byref(descriptor(x)) for x in stored]
    if case.unused is not None:
        arguments.insert(case.unused, ctypes.c_int32(7))

    exact = [attention(op, case.dtype, *[values[n] for n in op.operands],
                       rounds=False) for op in case.ops]
    rounded = [attention(op, case.dtype, *[values[n] for n in op.operands],
                         rounds=True)[0] for op in case.ops]
    rows = batch * hq * sq
    ulp = 2.0 ** (-7 if case.dtype == BF16 else -10)
    for kind, begin, end in [("reference", 0, rows),
                             ("reference", rows // 3, rows // 2),
                             ("baseline", 0, rows + 100)]:
        buffers, expected, names = [], [], []
        for op, answers in zip(case.ops,
                               rounded if kind == "baseline"
                               else [e[0] for e in exact]):
            for name in op.results:
                answer = answers[name].copy()
                flat = answer.reshape(rows, -1) if rows else None
                if rows:
                    flat[:begin] = POISON
                    flat[end:] = POISON
                answer = lay(answer) if name == "o" else answer
                buffers.append(padded(np.full(answer.shape, POISON)))
                expected.append(answer)
                names.append(name)
        function = getattr(library, f"_mlir_ciface_{case.name}__{kind}")
        function.restype = None
        function(*arguments, *[ctypes.byref(descriptor(x)) for x in buffers],
                 ctypes.c_int64(begin), ctypes.c_int64(end))
        for actual, wanted, name in zip(buffers, expected, names):
            # Sums in another order may move P, and so O, by one rounding.
            tolerance = 1e-12 if kind == "reference" else (
                ulp if name == "o" else 1e-5)
            where = f"{case.name}__{kind} {sizes} [{begin}, {end}) {name}"
            if not same(actual, wanted, tolerance):
                sys.exit(f"{where}: expected\n{wanted}\ngot\n{actual}")
            finite = actual[np.isfinite(actual) & (actual != POISON)]
            if kind == "baseline" and name == "o":
                if not np.array_equal(finite, round_to(case.dtype, finite)):
                    sys.exit(f"{where}: values are not of the element type")
                equal[0] += np.count_nonzero(actual == wanted)
                equal[1] += np.count_nonzero(np.isfinite(wanted))

    function = getattr(library, f"_mlir_ciface_{case.name}__flops")
    function.restype = ctypes.c_double
    flops = function(*arguments)
    wanted = sum(2 * (values[op.operands[0]].shape[3]
                      + values[op.operands[2]].shape[3]) * pairs
                 for op, (_, pairs) in zip(case.ops, exact))
    if flops != wanted:
        sys.exit(f"{case.name}__flops {sizes}: expected {wanted}, got {flops}")


def main():
    library = ctypes.CDLL(sys.argv[1])
    rng = np.random.default_rng(0)
    for case in CASES:
        equal = [0, 0]
        for sizes in case.sizes:
            check(library, case, sizes, rng, equal)
        # A rounding too many or too few shows here: it moves one in five.
        if equal[0] < 0.97 * equal[1]:
            sys.exit(f"{case.name}__baseline: only {equal[0]} of {equal[1]} "
                     "outputs are bit-equal")


main()
