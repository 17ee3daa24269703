#===- scarce_memory.py - Launches without memory for their scratch ---------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: scarce_memory.py ATTN_RUN FLAG…

Runs attn-run under limits of its address space that rise until it passes. Right
below, it must be the scratch that there is no room for: status 3, and one line.
"""

import resource
import subprocess
import sys

STEP, MOST = 2 << 20, 1 << 30


def run(command, limit):
    return subprocess.run(
        command, capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS,
                                              (limit, limit)))


def main():
    command = sys.argv[1:]
    before = None
    for limit in range(STEP, MOST, STEP):
        made = run(command, limit)
        if made.returncode == 0:
            break
        before = made
    else:
        sys.exit(f"does not pass under a limit of {MOST} bytes")
    print(f"status {before.returncode}: {before.stderr.strip()}")


main()
