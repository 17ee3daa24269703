#===- packages.py - What was compiled, in memory ---------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""A Plan is a program for given types on a given device: the function that computes
it and, from when a gradient is first asked for, the one of its gradients."""

import concurrent.futures
import threading

from attn_mlir import compiler, library
from attn_mlir.failures import of_status
from attn_mlir.program import FUNCTION

FORWARD, BACKWARD = (), ("--vjp=saved",)
GRADIENTS = FUNCTION + "_vjp"

_compilations = concurrent.futures.ThreadPoolExecutor(
    4, thread_name_prefix="attn-compile")


def open_function(path, name, target):
    function = library.native().Function(path, name, target.startswith("sm_"))
    if function.status != 0:
        raise of_status(function.status, library.native().last_error())
    return function


class Plan:
    def __init__(self, program, types, target):
        self.mlir, self.target = program.mlir(types), target
        self.forward = self.backward = None
        self.lock = threading.Lock()

    def path(self, flags):
        return compiler.package(self.mlir, self.target, flags)

    def compile(self, with_gradients):
        """Both at the same time, so that what has no gradient is refused
        before anything is computed."""
        with self.lock:
            wanted = [] if self.forward else [FORWARD]
            if with_gradients and not self.backward:
                wanted.append(BACKWARD)
            made = [_compilations.submit(self.path, flags) for flags in wanted]
            concurrent.futures.wait(made)
            paths = dict(zip(wanted, (each.result() for each in made)))
            if FORWARD in paths:
                self.forward = open_function(paths[FORWARD], FUNCTION,
                                             self.target)
            if BACKWARD in paths:
                self.backward = open_function(paths[BACKWARD], GRADIENTS,
                                              self.target)
        return self
