#===- __main__.py - Attention kernels, ours and others', timed -------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Usage: python3 tools/attn-bench {build|run|table|plot|compare|code|predict|tune} …"""

import os
import sys

sys.path.insert(1, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "..", "..", "python"))

from attn_bench import command_line  # noqa: E402

sys.exit(command_line.main(sys.argv[1:]))
