#===- refused.py - Input that tools must refuse ----------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Runs a command that must fail well.

Usage: refused.py STATUS REGEX COMMAND…
       refused.py --each FILE COMMAND…

The exit status is STATUS; stderr has exactly one `error:`, on whose line REGEX
is found; stdout is empty; and nothing is written: the command runs in an empty
directory, with an empty TMPDIR, and both stay empty.

--each runs the command on every part of a FILE that is split by `// -----`, and
expects status 2 and any message. The part stands for `{}` in the command.
"""

import os
import re
import subprocess
import sys
import tempfile


def complaint(status, regex, command):
    """What is wrong, or an empty string."""
    with tempfile.TemporaryDirectory() as directory, \
            tempfile.TemporaryDirectory() as temporaries:
        process = subprocess.run(
            command, cwd=directory, env=dict(os.environ, TMPDIR=temporaries),
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="backslashreplace", check=False)
        left = os.listdir(directory) + os.listdir(temporaries)
    errors = [line for line in process.stderr.splitlines() if "error:" in line]
    if process.returncode != status:
        return f"expected exit status {status}, got {process.returncode}", process
    if len(errors) != 1 or errors[0].count("error:") != 1:
        return "expected one `error:`", process
    if not re.search(regex, errors[0]):
        return f"expected `{regex}`", process
    if process.stdout:
        return "expected nothing on stdout", process
    if left:
        return f"expected nothing to be written, got {left}", process
    return "", process


def check(status, regex, command):
    wrong, process = complaint(status, regex, command)
    if wrong:
        print(f"{' '.join(command)}\n{wrong}\nstdout: {process.stdout}\n"
              f"stderr: {process.stderr}")
    return not wrong


def check_each(path, command):
    with open(path, encoding="utf-8") as file:
        parts = file.read().split("// -----")
    good = True
    with tempfile.TemporaryDirectory() as directory:
        for number, text in enumerate(parts):
            part = os.path.join(directory, f"{number}.mlir")
            with open(part, "w", encoding="utf-8") as file:
                file.write(text)
            words = [word.replace("{}", part) for word in command]
            if not check(2, "", words):
                print(text)
                good = False
    print(f"{len(parts)} parts")
    return good


def main():
    if sys.argv[1] == "--each":
        good = check_each(sys.argv[2], sys.argv[3:])
    else:
        good = check(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
