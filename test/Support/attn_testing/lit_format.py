#===- lit_format.py - A lit test for each configuration --------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""lit's view of the random campaign: each configuration is a test of its own."""

import os
import subprocess

import lit.formats.base
import lit.Test


# Exit status of a script whose configuration this machine cannot run.
NOT_HERE = 77
# The simulator runs PTX. ptxas takes as long as everything else does, so that
# outside of a long run it sees one configuration in so many.
CONFIGURATIONS_OF_PTXAS = 4


class CampaignFormat(lit.formats.base.TestFormat):
    def __init__(self, script, seed, counts, options=()):
        """`counts`: how many of each target."""
        self.script, self.seed, self.counts = script, seed, counts
        self.options = list(options)

    def getTestsInDirectory(self, testSuite, path_in_suite, litConfig,
                            localConfig):
        for target, count in self.counts.items():
            for number in range(count):
                name = f"{target}-seed-{self.seed}-case-{number:03}"
                yield lit.Test.Test(testSuite, path_in_suite + (name,),
                                    localConfig)

    @staticmethod
    def environment(test, number, is_long):
        if is_long or number % CONFIGURATIONS_OF_PTXAS == 0:
            return test.config.environment
        return {**test.config.environment, "ATTN_PTXAS": ""}

    def execute(self, test, litConfig):
        name = test.path_in_suite[-1]
        number = name.split("-")[-1]
        is_long = litConfig.params.get("long", "0") not in ("0", "")
        output = os.path.join(os.path.dirname(test.getExecPath()), "Output",
                              name)
        command = [test.config.python, self.script,
                   "--bin", test.config.attn_tools_dir, "--output", output,
                   "--seed", str(self.seed), "--case", number,
                   *self.options]
        if name.split("-")[0] != "processor":
            command += ["--target", name.split("-")[0]]
        process = subprocess.run(
            command, env=self.environment(test, int(number), is_long),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False)
        if process.returncode == 0:
            return lit.Test.PASS, ""
        if process.returncode == NOT_HERE:
            return lit.Test.UNSUPPORTED, ""
        return lit.Test.FAIL, f"{' '.join(command)}\n{process.stdout}"
