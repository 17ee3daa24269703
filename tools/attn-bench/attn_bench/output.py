#===- output.py - Where results go -----------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Files that a user names."""

import os

from attn_bench.failures import BadInput


def put(text, path):
    if path is None:
        print(text)
        return
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    except OSError as error:
        raise BadInput(f"cannot write '{path}': {error.strerror}") from error


def check_places(*paths):
    """Before an hour of measuring, not after it."""
    for path in paths:
        if path is None:
            continue
        directory = os.path.dirname(os.path.abspath(path))
        if not os.access(directory, os.W_OK):
            raise BadInput(f"cannot write '{path}': no directory "
                           f"'{directory}' to write to")
