#===- explaining.py - What runs, and why -----------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""attn_mlir.explain prints what a call of sdpa or flex_attention would run: the IR,
what the compiler's passes said, and the kernels that came of it."""

import json
import os
import tempfile

from attn_mlir import compiler, flex, ops, packages, scaled

_TRACED = {"score_mod", "block_mask", "mask_mod"}


class _Found(Exception):
    """Carries what a call would have computed."""


def _stop(program, query, key, value, others=(), wants_lse=True):
    raise _Found(program, query, key, value, others)


def _plan_of(query, key, value, options):
    """The plan of the call, which is stopped before it computes anything."""
    function = flex.flex_attention if _TRACED & set(options) else scaled.sdpa
    compute, ops.attention = ops.attention, _stop
    try:
        function(query, key, value, **options)
    except _Found as found:
        return ops.plan_for(*found.args)
    finally:
        ops.attention = compute
    raise RuntimeError("a call that is traced cannot be explained")


def _report(plan, flags):
    with tempfile.TemporaryDirectory() as folder:
        said, _ = compiler.run(plan.mlir, plan.target, [*flags, "--report=json"],
                               os.path.join(folder, "package.so"))
    return json.loads(said)


def _kernel_line(kernel):
    parts = [f"kernel   {kernel['name']}", f"block {kernel['block'][0]}"]
    if kernel["registers"] is not None:
        parts.append(f"registers {kernel['registers']}, spilled bytes "
                     f"{kernel['spill_bytes']}")
    if kernel["smem_bytes"]:
        parts.append(f"shared memory {kernel['smem_bytes'] / 1024:.1f} KiB")
    if kernel["scratch_bytes"]:
        parts.append(f"scratch {kernel['scratch_bytes'] / 1024:.1f} KiB")
    return "  ".join([*parts, f"[{kernel['schedule']}]"])


def _part(title, report):
    yield f"{title} ({sum(report['compile_seconds'].values()):.2f} s to compile)"
    for remark in report["remarks"]:
        word = "done" if remark["kind"] == "passed" else "not done"
        yield (f"{word:8} {remark['pass']}: {remark['name']}: "
               f"{remark['message']}")
    yield from map(_kernel_line, report["kernels"])


def explain(query, key, value, *, gradients=None, file=None, **options):
    """Prints, and returns as text, what `sdpa` or `flex_attention` with these
    tensors and options runs and why. Gradients are explained where a tensor
    requires them, or where `gradients` says so."""
    plan = _plan_of(query, key, value, options)
    if gradients is None:
        gradients = any(each.requires_grad for each in (query, key, value))
    lines = [f"target   {plan.target}", *plan.mlir.splitlines()]
    lines += _part("forward", _report(plan, packages.FORWARD))
    if gradients:
        lines += _part("gradients", _report(plan, packages.BACKWARD))
    text = "\n".join(lines)
    print(text, file=file)
    return text
