#===- check_exp2.py - The exp2 of processors -------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: check_exp2.py KERNEL.mlir COMPILER PACKAGE TARGET -- ATTN_RUN…

Compiles the kernel for the target, which replaces TARGET in it, and holds what it
computes against numpy's long double. The package's judge is empty, so attn-run
finds the results wrong, and writes them; a machine that cannot run the code says so
with status 3, which passes.
"""

import pathlib
import subprocess
import sys

import numpy as np

from run_kernel import described, judges

COLUMNS = 64
MANTISSAS = 1024
MOST_ULP = 2
DEVICE = 3
LEAST_EXPONENT, FRACTION_BITS = -126, 23


def inputs():
    """Each sign and exponent, with mantissas at even distances and the first and
    last ones; the whole range of exp2, densely; and each integer and middle between
    two, with its neighbours."""
    fractions = np.unique(np.concatenate([
        np.linspace(0, 2**FRACTION_BITS - 1, MANTISSAS).astype(np.uint32),
        np.arange(4, dtype=np.uint32)]))
    upper = np.arange(512, dtype=np.uint32) << FRACTION_BITS
    every = (upper[:, None] | fractions).ravel().view(np.float32)
    dense = np.linspace(-152, 130, 1 << 19).astype(np.float32)
    edges = np.arange(-2 * 152, 2 * 130 + 1).astype(np.float32) / 2
    near = [edges]
    for direction in -np.inf, np.inf:
        beside = edges
        for _ in range(3):
            beside = np.nextafter(beside, np.float32(direction))
            near.append(beside)
    special = np.array([np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0], np.float32)
    values = np.concatenate([every, dense, *near, special])
    return np.resize(values, (-(-values.size // COLUMNS), COLUMNS))


def complaint(x, y):
    """What is wrong, or an empty string."""
    with np.errstate(all="ignore"):
        exact = np.exp2(x.astype(np.longdouble))
        rounded = exact.astype(np.float32)
        exponent = np.maximum(np.frexp(exact)[1] - 1, LEAST_EXPONENT)
        ulp = np.ldexp(np.longdouble(1), exponent - FRACTION_BITS)
        error = np.abs(y.astype(np.longdouble) - exact) / ulp
    is_exact = (np.isnan(x) & np.isnan(y)) | (np.isinf(x) & (y == exact))
    # Beyond the largest number infinity is right, and there alone, except where
    # the exact value is not 2 ulp below it.
    limit = np.ldexp(np.longdouble(1), 128)
    is_infinite = np.isinf(y) & (y > 0) & (
        exact >= limit - MOST_ULP * np.ldexp(np.longdouble(1), 127 - FRACTION_BITS))
    is_close = np.isfinite(y) & (error <= MOST_ULP) & np.isfinite(exact)
    wrong = ~(is_exact | is_infinite | is_close)
    if not wrong.any():
        return ""
    at = np.argwhere(wrong)[0]
    i = tuple(at)
    return (f"{wrong.sum()} values are wrong; exp2({x[i]!r}) is {y[i]!r}, "
            f"expected {rounded[i]!r}: {error[i]} ulp")


def main():
    source, compiler, path, target, _, *attn_run = sys.argv[1:]
    path = pathlib.Path(path)
    text = pathlib.Path(source).read_text().replace("TARGET", target)
    whole = path.with_suffix(".mlir")
    # What rows are matters to judges alone, but must be among the dimensions.
    told = described(text).replace("rows = [0, 1, 2]", "rows = [0]")
    whole.write_text(told + judges(text, "exp2"))
    subprocess.run([compiler, whole, f"--target={target}", "-o", path],
                   check=True)
    x = inputs()
    # Each row's first value: all of them in turn need another arrangement.
    r = np.ascontiguousarray(x.ravel()[:: COLUMNS - 1][:len(x)])
    names = [path.with_suffix(f".{name}.npy") for name in "xrys"]
    for name, values in zip(names, [x, r]):
        np.save(name, values)
    flags = [f"--arg={i}={name}" for i, name in enumerate(names[:2])]
    flags += [f"--result={i}={name}" for i, name in enumerate(names[2:])]
    for name in names[2:]:
        name.unlink(missing_ok=True)
    run = subprocess.run([*attn_run, path, *flags], capture_output=True,
                         text=True, check=False)
    if run.returncode not in (0, 1):
        print(run.stdout, run.stderr)
        sys.exit(run.returncode)
    for values, name in zip([x, r], names[2:]):
        wrong = complaint(values, np.load(name))
        if wrong:
            sys.exit(f"{target}: {wrong}")
    print(f"{x.size} values of a tile and {r.size} of a row vector")


main()
