#===- assemble_forms.py - ptxas takes what the simulator runs --------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Assembles texts until each form in them, and each word of one, was in a text that
assembles.

Usage: assemble_forms.py PTXAS DIRECTORY

A text ends with a comment `// form: …` for each. Tests give the simulator wrong
texts, too, so one that does not assemble proves nothing. Each is assembled as PTX
9.0 for sm_90a, since tests name the oldest release and target that will do.
"""

import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile


def read(path):
    """The text for the newest target, and its forms."""
    with open(path, encoding="utf-8", errors="replace") as file:
        text = file.read()
    newest = re.sub(r"^\.version .*", ".version 9.0", text, flags=re.M)
    newest = re.sub(r"^\.target .*", ".target sm_90a", newest, flags=re.M)
    return newest, set(re.findall(r"^// form: (.*)$", text, re.M))


def assembles(ptxas, text):
    with tempfile.NamedTemporaryFile("w", suffix=".ptx") as file:
        file.write(text)
        file.flush()
        return subprocess.run(
            [ptxas, "-arch=sm_90a", "-O0", "-o", os.devnull, file.name],
            capture_output=True, check=False).returncode == 0


def main():
    ptxas, directory = sys.argv[1:]
    texts = {path: read(path) for path in sorted(
        os.path.join(directory, name) for name in os.listdir(directory))}
    missing = set().union(*(forms for _, forms in texts.values()))
    total, asked = len(missing), 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        while missing and texts:
            # Those with the most that is still missing, a few at a time.
            best = sorted(texts, key=lambda p: -len(texts[p][1] & missing))[:8]
            best = [path for path in best if texts[path][1] & missing]
            if not best:
                break
            good = pool.map(lambda p: assembles(ptxas, texts[p][0]), best)
            for path, fine in zip(best, list(good)):
                asked += 1
                if fine:
                    missing -= texts[path][1]
                del texts[path]
    print(f"{total - len(missing)} of {total} assemble, in {asked} texts")
    for form in sorted(missing):
        print("does not assemble:", form)
    sys.exit(1 if missing or not total else 0)


main()
