#===- lit.cfg.py - How the lit tests run -----------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Features: ptxas, nvcc, nvdisasm (the tool was found), nvcc-13.0 and
clang-22.1 (and so on: its release), avx512 (code for x86-64-v4 runs here), cuda
(a GPU is there), recorded-vectors (what a GPU answered was recorded), aarch64
(packages for it can be run), qemu-x86_64 (other processors can be emulated), torch
and transformers (scripts/install-torch and scripts/build-python have made what
tests of the PyTorch door need).

Parameters: long=1 makes the random campaign long and draws many mutants;
campaign_seed, campaign_cases choose another campaign.
"""

import glob
import os
import platform
import re
import shutil
import subprocess
import sys

import lit.formats
from lit.llvm import llvm_config

config.name = "attn-mlir"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "CMakeLists.txt", "README.md"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.attn_obj_root, "test")
config.attn_tools_dir = os.path.join(config.attn_obj_root, "bin")
config.attn_lib_dir = os.path.join(config.attn_obj_root, "lib")

# The format of the random campaign is a module, since lit's workers load it.
support = os.path.join(config.test_source_root, "Support")
sys.path.insert(0, support)
# The runtime's Python interface, which tests and tools share.
interface = os.path.join(config.attn_src_root, "python")
sys.path.insert(0, interface)

is_long = lit_config.params.get("long", "0") not in ("0", "")

venv_python = os.path.join(config.attn_obj_root, "venv", "bin", "python")
config.python = venv_python if os.path.exists(venv_python) else sys.executable

llvm_config.with_system_environment(["HOME", "TMPDIR"])
# Empty it says that there is no ptxas.
if "ATTN_PTXAS" in os.environ:
    config.environment["ATTN_PTXAS"] = os.environ["ATTN_PTXAS"]
# The compiler looks for ld.lld and ptxas in PATH.
llvm_config.with_environment("PATH", config.llvm_tools_dir, append_path=True)
llvm_config.with_environment("PATH", config.attn_tools_dir, append_path=True)
llvm_config.with_environment("PYTHONPATH", os.pathsep.join([support, interface]))
llvm_config.with_environment("PYTHONDONTWRITEBYTECODE", "1")
# lit has a worker for each processor; threads of numpy's would wait by spinning.
llvm_config.with_environment("OPENBLAS_NUM_THREADS", "1")
# A GPU or a variable of the person's own must not change a result.
for name in list(config.environment):
    if name.startswith("ATTNRT_"):
        del config.environment[name]

llvm_config.add_tool_substitutions(
    ["attn-opt", "attn-compile", "attn-run", "ptx-run"], [config.attn_tools_dir])
llvm_config.add_tool_substitutions(
    ["FileCheck", "not", "count", "split-file", "mlir-opt", "mlir-runner",
     "mlir-translate", "clang", "llvm-readelf", "llvm-objdump", "llc",
     "opt"], [config.llvm_tools_dir])
config.substitutions += [
    # Before %python, which it has in it.
    ("%refused", f"%python {support}/refused.py"),
    ("%python", config.python),
    ("%attn_src_root", config.attn_src_root),
    ("%attn_obj_root", config.attn_obj_root),
    # Another seed, so that the long run tries something new.
    ("%mutant_count", "960" if is_long else "24"),
    ("%hopper_mutant_count", "480" if is_long else "24"),
    ("%mutant_seed", "2" if is_long else "3"),
    ("%mutant_quick", "" if is_long else "--quick"),
    ("%spill_sweep", "all" if is_long else "few/4"),
    ("%spill_gradients", "gradients,gradients-of-clauses" if is_long else "some-gradients/4"),
    ("%gradient_products", "64,80,96,128,192,192x128,256" if is_long else "64"),
    ("%graphs_sm80", "" if is_long else "layers"),
    ("%graphs_sm90a", "" if is_long else "uniform"),
    ("%gradient_dims", "64,80,96,128,192,192/128,256" if is_long else "64"),
    ("%spill_sizes", "groups,short" if is_long else "short/8"),
    ("%spill_language", "clauses,regions" if is_long else "some-clauses/4"),
    ("%drawn_values", "100" if is_long else "3"),
    ("%rotated_dims", "64,128,256" if is_long else "128"),
    ("%stepwise_dims", "64,80,128,192x128,192,256" if is_long else "128"),
    # Of the cases that each target has, these by default, so that together they
    # have all.
    ("%share_of", "1" if is_long else "3"),
    # The simulator runs PTX: machine code is made in a long run only.
    ("%without_ptxas", "" if is_long else "env ATTN_PTXAS="),
    ("%damage_seed", "2" if is_long else "1"),
    # A driver that runs nothing.
    ("%fake_cuda", "LD_LIBRARY_PATH=" + os.path.join(
        config.attn_obj_root, "runtime", "test", "cts", "fake-cuda")),
    ("%fuzz-", os.path.join(config.attn_tools_dir, "fuzz-")),
    ("%attn_plugin", os.path.join(config.attn_lib_dir, "libAttnPlugin.so")),
    ("%attnrt", os.path.join(config.attn_lib_dir, "libattnrt.so")),
    # Upstream's libraries for programs under mlir-runner.
    ("%mlir_libs", os.path.join(config.llvm_tools_dir, "..", "lib")),
]


def runs(tool):
    """False for a wrapper or link whose toolkit is gone."""
    return tool and subprocess.run(
        [tool, "--version"], capture_output=True).returncode == 0


def find_cuda_tool(name):
    for path in config.environment["PATH"], "/usr/local/cuda/bin":
        tool = shutil.which(name, path=path)
        if runs(tool):
            return tool
    return None


def release_of(tool):
    """The first two numbers of a compiler's release; None without it."""
    if not runs(tool):
        return None
    said = subprocess.run([tool, "--version"], capture_output=True,
                          text=True).stdout
    found = re.search(r"(?:release|clang version) (\d+\.\d+)", said)
    return found and found[1]


def find_ptxas():
    if "ATTN_PTXAS" in os.environ:
        return os.environ["ATTN_PTXAS"]
    return find_cuda_tool("ptxas")


def find_nvdisasm():
    pattern = os.path.join(config.attn_obj_root, "venv", "lib", "python3*",
                           "site-packages", "nvidia", "*", "bin", "nvdisasm")
    return find_cuda_tool("nvdisasm") or next(iter(glob.glob(pattern)), None)


def has_gpu():
    # `auto` takes a GPU where one works, and so does the default target.
    probe = os.path.join(config.attn_tools_dir, "attn-run")
    result = subprocess.run(
        [probe, os.path.join(config.attn_src_root, "examples", "01-causal-gqa",
                             "causal-gqa.mlir"),
         "--device=cuda", "--shape=0=0x32x0x128", "--shape=1=0x8x0x128",
         "--shape=2=0x8x0x128"], capture_output=True, check=False)
    return result.returncode == 0


for name, path in [("ptxas", find_ptxas()), ("nvcc", find_cuda_tool("nvcc")),
                   ("nvdisasm", find_nvdisasm())]:
    if path:
        config.available_features.add(name)
        config.substitutions.append((f"%{name}", path))
    else:
        lit_config.note(f"no {name}: tests that need it are skipped")
# Committed PTX can be made anew by the release that made it.
for name, path in [("nvcc", find_cuda_tool("nvcc")),
                   ("clang", os.path.join(config.llvm_tools_dir, "clang"))]:
    release = release_of(path)
    if release:
        config.available_features.add(f"{name}-{release}")
    if path and release not in ("13.0", "22.1"):
        lit_config.note(f"{name} is of release {release}: the test that makes "
                        "the PTX of kernels/*.cu anew is skipped")
def has_avx512():
    """Whether this machine runs code for x86-64-v4."""
    wanted = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return wanted <= set(file.read().split())
    except OSError:
        return False


if has_avx512():
    config.available_features.add("avx512")
else:
    lit_config.note("no AVX-512: code for x86-64-v4 is compiled and not run")
# Emulates processors that have less than this one.
if platform.machine() == "x86_64" and shutil.which("qemu-x86_64"):
    config.available_features.add("qemu-x86_64")
else:
    lit_config.note("no qemu-x86_64 (scripts/build-aarch64 installs it): what "
                    "other processors do with packages is not looked at")
# scripts/build-aarch64 makes it.
aarch64_run = os.path.join(config.attn_src_root, "build-aarch64", "bin",
                           "attn-run")
if os.path.exists(aarch64_run) and shutil.which("qemu-aarch64"):
    config.available_features.add("aarch64")
    config.substitutions.append(
        ("%aarch64_run",
         f"qemu-aarch64 -L /usr/aarch64-linux-gnu {aarch64_run}"))
else:
    lit_config.note("no qemu-aarch64 and build-aarch64 (scripts/build-aarch64):"
                    " code for 64-bit Arm is compiled and not run")
torch_python = os.path.join(config.attn_obj_root, "torch-venv", "bin", "python")
if os.path.exists(torch_python) and glob.glob(
        os.path.join(config.attn_lib_dir, "_native*.so")):
    config.available_features.add("torch")
    # Packages are kept from test to test, and nowhere else.
    config.substitutions.append(
        ("%torch_python", f"env ATTN_MLIR_BUILD={config.attn_obj_root} "
         f"ATTN_MLIR_CACHE={config.test_exec_root}/Python/cache {torch_python}"))
    config.substitutions.append(("%torch_calls", "320" if is_long else "64"))
    if glob.glob(os.path.join(config.attn_obj_root, "torch-venv", "lib", "*",
                              "site-packages", "transformers")):
        config.available_features.add("transformers")
else:
    lit_config.note("no torch (scripts/install-torch, scripts/build-python): the "
                    "PyTorch door is not tested")
if os.path.exists("/dev/nvidiactl") and has_gpu():
    config.available_features.add("cuda")
vectors = os.path.join(config.attn_src_root, "runtime", "test", "golden")
if glob.glob(os.path.join(vectors, "*.golden")):
    config.available_features.add("recorded-vectors")
else:
    lit_config.note("no recorded vectors: the simulator is not held against a "
                    "GPU's answers")
