#===- commands.py - attn-bench predict -------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Predictions as text and JSON. None of them is a time that anyone measured, and each
line that has one says so."""

import argparse
import dataclasses
import json

from machinecode import disassembly

from attn_bench import output
from attn_bench.code import kernels, peer_code
from attn_bench.failures import BadInput
from attn_bench.predict import launch, subjects, validation


def _case(workload):
    mask = "causal" if workload.is_causal else "no mask"
    if workload.window is not None:
        mask = f"window {workload.window}"
    heads = f"{workload.query_heads}"
    if workload.kv_heads != workload.query_heads:
        heads += f" on {workload.kv_heads}"
    keys = f", {workload.keys} keys" if workload.keys != workload.queries else ""
    return (f"batch {workload.batch}, {heads} heads, {workload.queries} queries{keys}, "
            f"{mask}")


def line(who, made):
    return (f"  {who}: predicted {made.microseconds:.1f} us, {made.tflops:.0f} TFLOP/s, "
            f"{100 * made.tensor_share:.0f} % of the tensor cores' time, "
            f"{made.waves:.2f} waves, {100 * made.busy:.0f} % busy, "
            f"at {made.clock_hz * 1e-6:.0f} MHz")


def _object(kernel, workload, made):
    return {"kernel": kernel.name, "file": kernel.file, "chip": kernel.chip,
            "workload": dataclasses.asdict(workload),
            "predicted": dataclasses.asdict(made)}


def _predict_one(kernel, flags, nvdisasm):
    """Prints a case, and gives its objects."""
    subject = subjects.ours(kernel)
    workload = subjects.workload_of(kernel, flags)
    clock_hz = flags.clock * 1e6 if flags.clock else None
    predicted = {"ours": (kernel, launch.predict(subject, workload, clock_hz))}
    if flags.peer:
        other = peer_code.find(flags.peer, kernel, nvdisasm)
        predicted[flags.peer] = other, launch.predict(subjects.peer(other), workload,
                                                      clock_hz)
    print(f"{kernel.name}, {kernel.chip}: {_case(workload)}")
    for who, (_, made) in predicted.items():
        print(line(who, made))
    return [_object(one, workload, made) for one, made in predicted.values()]


def _validate(flags, nvdisasm):
    results = []
    cells = validation.read(flags.table or validation.PUBLISHED)
    for result in validation.run(cells, nvdisasm):
        results.append(result)
        print(validation.line(result))
    print(validation.summary(results))
    return [{"cell": result.cell.name, "measured_us": result.cell.microseconds,
             "predicted_us": result.predicted, "is_fitted": result.cell.is_fitted}
            for result in results]


def run(flags):
    if bool(flags.files) == flags.validate:
        raise BadInput("predict takes packages, or --validate")
    output.check_places(flags.json)
    nvdisasm = disassembly.find_nvdisasm()
    if flags.validate:
        objects = _validate(flags, nvdisasm)
    else:
        objects = [one for path in flags.files
                   for kernel in kernels.read(path, nvdisasm)
                   for one in _predict_one(kernel, flags, nvdisasm)]
    if flags.json is not None:
        output.put(json.dumps({"schema": 1, "predictions": objects}, indent=1),
                   flags.json)
    return 0


#: Of a kernel whose types leave sizes open, beside its counts.
_USUAL = argparse.Namespace(batch=4, heads=16, length=4096, keys=None, mask=None)


def beside_counts(kernel):
    """A line, or None of what the model doesn't know."""
    try:
        subject = subjects.ours(kernel)
        workload = subjects.workload_of(kernel, _USUAL)
        made = launch.predict(subject, workload)
    except BadInput:
        return None
    return f"{kernel.name}: {_case(workload)}\n" + line("ours", made)
