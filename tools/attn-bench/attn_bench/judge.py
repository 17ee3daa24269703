#===- judge.py - Whether a result is right ---------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""The judge is the runtime's: attnrtJudge holds arrays against the reference and
the baseline in a package of the case's function, whoever computed them. The
package counts the work, too.
"""

from attnrt import dlpack

from attn_bench import operands as operands_of
from attn_bench.failures import Unsupported
from attn_bench.numpy_arrays import NumpyArrays


# What gradients take beside query, key and value.
GRADIENT_ROLES = ("output", "lse", "output_grad", "lse_grad")


class Judge:
    """Asks the first of our contenders that has a package of the function."""

    def __init__(self, contenders, seed=1):
        self.contenders = contenders
        self.seed = seed

    def function_of(self, case):
        reason = Unsupported(f"no package of {case.function.name}")
        for contender in self.contenders:
            try:
                return contender.load(case.function)
            except Unsupported as error:
                reason = error
        raise reason

    def flops(self, case):
        """Of query, key and value the shapes suffice; what a mask reads says
        which pairs are kept."""
        if case.function.work == "both":
            return sum(self.flops(case.doing(work))
                       for work in ("forward", "backward"))
        function = self.function_of(case)
        host = NumpyArrays()
        read = operands_of.tensors_of(host, case)
        shapes = {role: dlpack.describe_shape(
                      case.shape(role), "f32" if role.startswith("lse")
                      else case.function.element)
                  for role in (*operands_of.ROLES, *GRADIENT_ROLES)}
        return function.flops(operands_of.in_order(
            function.roles(), shapes,
            [host.describe(read[tensor.name], tensor.element)
             for tensor in case.function.tensors()]))

    def complete(self, device, case, operands, layout, seed):
        """Adds what gradients take: what our attention returns, and
        cotangents."""
        forward = case.doing("forward")
        self.function_of(forward)  # says which package is missing
        contender = next(c for c in self.contenders
                         if forward.function.name in c.manifest["functions"])
        made = contender.prepare(forward, operands, device)()
        device.synchronize()
        operands.saved = {**made, **operands_of.cotangents(
            device.arrays, case, layout, seed)}
        return operands

    def judge(self, arrays, case, operands, outputs):
        """"verify" of the record, for what a contender gave: arrays by the roles
        of results; what it does not give is not judged."""
        function = self.function_of(case)
        shapes = dict(zip(function.result_roles(),
                          function.shapes(shapes_of(function, operands))))
        entries = [wrong_shape(role, array, shapes[role])
                   for role, array in outputs.items()
                   if tuple(array.shape) != shapes[role]]
        right = {role: array for role, array in outputs.items()
                 if tuple(array.shape) == shapes[role]}
        entries += self.compare(arrays, case, function, operands, right)
        return {"passed": all(entry["reason"] is None for entry in entries),
                "outputs": entries}

    def compare(self, arrays, case, function, operands, outputs):
        roles = function.result_roles()
        args = [arrays.describe(array, element)
                for array, element in arguments_of(function, operands)]
        types = [r["type"] for r in function.description["results"]]
        results = [arrays.describe(outputs[role], element)
                   if role in outputs else None
                   for role, element in zip(roles, types)]
        verdicts = function.judge(args, results, self.seed)
        return [{"name": role, **verdict.to_json()}
                for role, verdict in zip(roles, verdicts)
                if verdict is not None]


def arguments_of(function, operands):
    """Of a package's function, each with its element type."""
    types = [arg["type"] for arg in function.description["args"]]
    return zip(operands.in_order(function.roles()), types)


def shapes_of(function, operands):
    """The arguments without data."""
    return [dlpack.describe_shape(tuple(array.shape), element)
            for array, element in arguments_of(function, operands)]


def wrong_shape(role, array, expected):
    return {"name": role, "passed": False, "max_abs_error": None,
            "baseline_max_abs_error": None, "tolerance": None,
            "worst_index": None, "rows_judged": 0, "rows_total": 0,
            "reason": f"expected shape {list(expected)}, got "
                      f"{list(array.shape)}"}
