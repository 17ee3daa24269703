#===- contender.py - Who takes part ----------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""A contender computes a case from given arrays. Peers are in peers/, packages
of our own in compiled.py."""


class Contender:
    name = ""
    kind = "peer"  # or "ours"
    # Whether each case costs seconds of compilation: such ones are checked
    # after all others, since time may run out.
    compiles_each_case = False
    differentiates = False  # whether it computes gradients, too

    def knows(self, clause):
        """Whether it computes a clause beside causal masks."""
        return False

    def absence(self):
        """Why it cannot take part in this process; None where it can."""
        return None

    def version(self):
        """Of the program behind it, as text; None where it does not say."""
        return None

    def details(self):
        """More of it for the record."""
        return {}

    def prepare(self, case, operands, device):
        """A function without arguments that queues the work; outputs_of()
        understands what it gives. What may be left out of the time
        (descriptors, buffers, layouts) is done here. Unsupported says that the
        case is not for this contender."""
        raise NotImplementedError

    def outputs_of(self, made):
        """Arrays of the device, [batch, heads, length, dim], by their roles:
        "output", and "lse" where there is one."""
        return made
