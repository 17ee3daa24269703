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

from attn_bench.failures import Unsupported


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
        return self.function_of(case).flops(shapes_of(self.function_of(case),
                                                      case))

    def judge(self, arrays, case, operands, outputs):
        """"verify" of the record, for what a contender gave: arrays by the roles
        of results; what it does not give is not judged."""
        function = self.function_of(case)
        shapes = dict(zip(function.result_roles(),
                          function.shapes(shapes_of(function, case))))
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
        args = [arrays.describe(operands.with_role(names),
                                case.function.element)
                for names in function.roles()]
        types = [r["type"] for r in function.description["results"]]
        results = [arrays.describe(outputs[role], element)
                   if role in outputs else None
                   for role, element in zip(roles, types)]
        verdicts = function.judge(args, results, self.seed)
        return [{"name": role, **verdict.to_json()}
                for role, verdict in zip(roles, verdicts)
                if verdict is not None]


def shapes_of(function, case):
    """The function's arguments for a case, without data."""
    return [dlpack.describe_shape(case.shape(names[0]), arg["type"])
            for names, arg in zip(function.roles(),
                                  function.description["args"])]


def wrong_shape(role, array, expected):
    return {"name": role, "passed": False, "max_abs_error": None,
            "baseline_max_abs_error": None, "tolerance": None,
            "worst_index": None, "rows_judged": 0, "rows_total": 0,
            "reason": f"expected shape {list(expected)}, got "
                      f"{list(array.shape)}"}
