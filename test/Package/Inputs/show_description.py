#===- show_description.py - What a package says of itself ------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: show_description.py PACKAGE.so

A line for each argument, result and kernel.
"""

import json
import sys

from attnrt import package_file


def show(kind, value):
    print(kind, json.dumps(value, sort_keys=True))


def main():
    description = package_file.read_description(sys.argv[1])
    print("schema", description["schema"])
    for function in description["functions"]:
        print("function", function["name"])
        for arg in function["args"]:
            show("arg", arg)
        for result in function["results"]:
            show("result", result)
    for kernel in description["kernels"]:
        show("kernel", {key: kernel[key] for key in
                        ("name", "rows_per_tile", "schedule")})


main()
