#===- commands.py - What each command does ---------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Each takes the flags of command_line.py and gives the exit status."""

import dataclasses
import json
import os
import tempfile

from attnrt.runtime import Runtime
from machinecode import disassembly

from attn_bench import (build, changes, grids, host_table, manifest, peers,
                        plot, record, session, table, timing)
from attn_bench.code import kernels, peer_code, report, timeline
from attn_bench.compiled import Compiled
from attn_bench.failures import BadInput, Failure, NoDevice
from attn_bench.host_device import HostDevice
from attn_bench.judge import Judge
from attn_bench.output import check_places, put
from attn_bench.predict import commands as prediction, measured, tune as tuning
from attn_bench.sim_device import SimDevice


#===-- build ---------------------------------------------------------------===#

def functions_of(cases):
    return list(dict.fromkeys(part for case in cases
                              for part in case.function.parts()))


def build_packages(flags):
    cases = grids.choose(flags.grid, flags.only, flags.vjp)
    made = build.build(functions_of(cases), flags.out,
                       build.find_compiler(flags.compiler), flags.target,
                       flags.schedule, flags.label)
    print(f"{len(made['functions'])} packages for {made['target']} in "
          f"{flags.out}")
    return 0


#===-- run -----------------------------------------------------------------===#

def open_device(flags, runtime):
    if flags.device == "sim":
        return SimDevice(runtime)
    if flags.device == "host":
        return HostDevice(runtime, flags.threads)
    try:
        from attn_bench.cuda_device import CudaDevice
    except ImportError as error:
        raise NoDevice(f"device cuda needs PyTorch: {error}") from error
    return CudaDevice(runtime)


def open_packages(directories, layout):
    """The contenders, and the runtime, which is that of the first."""
    runtime = Runtime(os.path.join(
        directories[0], manifest.read(directories[0])["runtime"]))
    ours = [Compiled(directory, runtime, layout) for directory in directories]
    names = [contender.name for contender in ours]
    for name in names:
        if names.count(name) > 1:
            raise BadInput(f"two directories of packages are called '{name}'; "
                           "build --label gives another name")
    return ours, runtime


# A turn of everyone may take seconds on a processor.
SETTINGS = {"host": timing.Settings(warm_up_rounds=1, least_rounds=7,
                                    most_rounds=20, enough_ms=1000,
                                    slow_factor=4)}


def options_of(flags):
    def save(made):
        if flags.json is not None:
            record.write(flags.json, made)

    settings = SETTINGS.get(flags.device, timing.Settings())
    if flags.repeats is not None:
        settings = dataclasses.replace(
            settings, least_rounds=flags.repeats,
            most_rounds=max(flags.repeats, settings.most_rounds))
    return session.Options(layout=flags.layout, seed=flags.seed,
                           seconds_limit=flags.seconds_limit, rounds=settings,
                           save=save)


def first_failure(made):
    """One line on what is wrong."""
    bad = [f"{cell['case']['name']}: {result['contender']}: {result['reason']}"
           for cell in made["cells"] for result in cell["results"]
           if result["status"] in ("wrong", "failed")]
    if not bad:
        return made["ended"]
    return bad[0] + (f" (and {len(bad) - 1} more)" if len(bad) > 1 else "")


def measure(flags, cases, others, directories):
    ours, runtime = open_packages(directories, flags.layout)
    device = open_device(flags, runtime)
    if not device.measures_time:
        others = []
    run = session.Session(device, [*ours, *others], cases,
                          Judge(ours, flags.seed), options_of(flags))
    made = run.run()
    put(table.render(made), flags.table)
    if flags.plot is not None and table.has_times(made):
        plot.draw(made, flags.plot)
    if device.kind == "cuda":
        measured.show(made, directories, flags.validation)
    if device.kind == "host" and flags.table is not None:
        put("\n".join(host_table.summary(made)), None)
    if run.status() != 0:
        raise Failure(first_failure(made), run.status())
    return 0


def fill_in(flags):
    """What depends on the device where the flags leave it open."""
    if flags.threads is not None and flags.device != "host":
        raise BadInput(f"--threads is for --device=host, got "
                       f"--device={flags.device}")
    on_host = flags.device == "host"
    if flags.layout is None:
        flags.layout = "bhsd" if on_host else "bshd"
    if flags.target is None and on_host:
        flags.target = "host"


def run(flags):
    fill_in(flags)
    if flags.plot is not None:
        plot.check_path(flags.plot)
    check_places(flags.json, flags.table, flags.plot, flags.validation)
    others = peers.choose(flags.peers, flags.device, flags.triton)
    cases = grids.choose(flags.grid or grids.DEFAULTS[flags.device],
                         flags.only, flags.vjp)
    if flags.packages:
        return measure(flags, cases, others, flags.packages)
    compiler = build.find_compiler(flags.compiler)
    with tempfile.TemporaryDirectory() as directory:
        build.build(functions_of(cases), directory, compiler, flags.target,
                    flags.schedule)
        return measure(flags, cases, others, [directory])


#===-- table, plot, compare ------------------------------------------------===#

def show_table(flags):
    put(table.render(record.read(flags.record)), flags.output)
    return 0


def draw_plot(flags):
    plot.check_path(flags.output)
    plot.draw(record.read(flags.record), flags.output)
    return 0


def compare(flags):
    old, new = record.read(flags.old), record.read(flags.new)
    print(changes.render(old, new))
    if flags.fail_above is None:
        return 0
    worse = changes.regressions(old, new, flags.fail_above)
    if worse:
        lost = 100 * (1 - worse[0].factor)
        raise Failure(f"{len(worse)} times of ours are clearly worse, the "
                      f"first: {worse[0].case} by {lost:.1f} %", 1)
    return 0


#===-- code ----------------------------------------------------------------===#

def show_code(flags):
    if flags.plot is not None:
        plot.check_path(flags.plot)
    check_places(flags.json, flags.plot)
    nvdisasm = disassembly.find_nvdisasm()
    ours = [kernel for path in flags.files for kernel in kernels.read(path, nvdisasm)]
    pairs = [(kernel, peer_code.find(flags.peer, kernel, nvdisasm)
              if flags.peer else None) for kernel in ours]
    made = report.objects(pairs)
    print(report.render(made))
    for said in filter(None, map(prediction.beside_counts, ours)):
        print("\n" + said)
    if flags.json is not None:
        put(json.dumps(made, indent=1), flags.json)
    if flags.plot is not None:
        timeline.draw(pairs, flags.plot)
    return 0


#===-- predict, tune -------------------------------------------------------===#

def predict(flags):
    return prediction.run(flags)


def tune(flags):
    return tuning.run(flags)
