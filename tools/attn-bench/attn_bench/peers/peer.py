#===- peer.py - What peers have in common ----------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Peers are Python modules that may be missing."""

import importlib
import importlib.metadata

from attn_bench.contender import Contender


class Peer(Contender):
    modules = ("torch",)  # the last one is the peer
    distribution = None  # where the module does not say its version

    def absence(self):
        for name in self.modules:
            try:
                importlib.import_module(name)
            except ImportError as error:
                return f"cannot import {name}: {error}"
            except Exception as error:  # modules for other chips refuse so
                return f"{name} does not load: {error}"
        return None

    def version(self):
        module = importlib.import_module(self.modules[-1])
        said = getattr(module, "__version__", None)
        if said is not None or self.distribution is None:
            return said
        try:
            return importlib.metadata.version(self.distribution)
        except importlib.metadata.PackageNotFoundError:
            return None


class HostPeer(Peer):
    """Makes a program of a case, which is used for all sets of its operands.
    Its pool has as many threads as the device has, all else in it is as its
    makers set it."""
    latest = None, None

    def program(self, case, device):
        made_for, program = self.latest
        if made_for != case:
            self.latest = None, None  # before there are two
            program = self.compile(case, device)
            self.latest = case, program
        return program

    def compile(self, case, device):
        raise NotImplementedError


def is_grouped(case):
    return case.function.query_heads != case.function.kv_heads
