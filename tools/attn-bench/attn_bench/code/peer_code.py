#===- peer_code.py - Kernels of others in their wheels ---------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Finds the kernel of FlashAttention that computes what one of ours does, in the
library of an installed wheel, which is read and never loaded."""

import dataclasses
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
from typing import Callable, Pattern

from machinecode import cubin, disassembly

from attn_bench.code import kernels
from attn_bench.code.kernels import Facts, Kernel
from attn_bench.failures import BadInput, NoDevice

INSTALL = "scripts/install-code-peers"
#: Where that puts them, from this file's place in the tree.
_PLACE = os.path.join(os.path.dirname(os.path.realpath(__file__)), *[os.pardir] * 4,
                      "build", "code-peers", "lib", "python3*", "site-packages")


def _is_on(text):
    return [flag.strip() == "true" for flag in text.split(",")]


def _hopper_facts(match):
    """Plain kernels: no window, softcap, sequences of different lengths, pages,
    appended keys, second query, heads in one tile, splits."""
    causal, *extras = _is_on(match["flags"])
    extras = extras[:6] + extras[8:]  # without where P lies, and the overlap
    if any(extras) or match["cluster"] != "1":
        return None
    return Facts((int(match["dim"]), int(match["value"])), _ELEMENTS[match["element"]],
                 causal)


def _ampere_facts(match):
    dropout, causal, *extras = _is_on(match["flags"])
    window, alibi, even_lengths, even_dims, softcap = extras[:5]
    if dropout or window or alibi or softcap or even_lengths or not even_dims:
        return None
    dim = int(match["dim"])
    return Facts((dim, dim), _ELEMENTS[match["element"]], causal)


_ELEMENTS = {"bfloat16_t": "bf16", "half_t": "f16"}


@dataclasses.dataclass(frozen=True)
class Peer:
    library: str  # in the folder of installed packages
    chip: str
    mark: bytes  # of the names of its kernels, before they are demangled
    pattern: Pattern
    facts: Callable  # of a match: Facts, or None for kernels of other variants


PEERS = {
    "fa3": Peer(
        "fa3_fwd/_C*.so", "sm_90a", b"FlashAttnFwdSm90", re.compile(
            r"CollectiveMainloopFwdSm90<\d+, cute::tuple<cute::C<(?P<cluster>\d+)>, "
            r".*?> ?>, cute::tuple<cute::C<(?P<rows>\d+)>, cute::C<(?P<keys>\d+)>, "
            r"cute::C<(?P<dim>\d+)> ?"
            r">, (?P<value>\d+), cutlass::(?P<element>bfloat16_t|half_t), float, "
            r"cutlass::arch::Sm90, (?P<flags>[^>]*)>"), _hopper_facts),
    "fa2": Peer(
        "dew_flash_attn/libdew_flash_attn.so", "sm_80", b"flash_fwd_kernel", re.compile(
            r"flash_fwd_kernel<Flash_fwd_kernel_traits<(?P<dim>\d+), (?P<rows>\d+), "
            r"(?P<keys>\d+), (?P<warps>\d+), .*?"
            r"cutlass::(?P<element>bfloat16_t|half_t).*?>, (?P<flags>[\w, ]*)>"), _ampere_facts),
}


def _site_packages():
    return [*sys.path, *glob.glob(_PLACE)]


def _find(pattern, what):
    for directory in _site_packages():
        if found := glob.glob(os.path.join(directory, pattern)):
            return found[0]
    raise NoDevice(f"{what} is not installed; {INSTALL} does it")


def _tool(name, *others):
    for candidate in (name, *others):
        if path := shutil.which(candidate):
            return path
    if name == "cuobjdump":
        return _find("nvidia/*/bin/cuobjdump", "cuobjdump")
    raise NoDevice(f"names of others' kernels are read by {name}, and there is none")


def _run(*command, **options):
    run = subprocess.run(command, capture_output=True, check=False, **options)
    if run.returncode:
        said = run.stderr.decode().strip().splitlines() or ["no reason given"]
        raise BadInput(f"{os.path.basename(command[0])} failed: {said[-1]}")
    return run.stdout.decode()


def _demangled(names):
    text = _run(_tool("llvm-cxxfilt-22", "llvm-cxxfilt", "c++filt"),
                input="\n".join(names).encode())
    return text.splitlines()


def _candidates(peer, directory):
    """Path of the cubin, its bytes, and name of each kernel of the chip, with its facts
    and its tile."""
    for path in sorted(glob.glob(os.path.join(directory, f"*{peer.chip}.cubin"))):
        elf = kernels.read_file(path)
        if peer.mark not in elf:
            continue
        names = [name for name in cubin.resources(elf) if peer.mark.decode() in name]
        for name, readable in zip(names, _demangled(names)):
            match = peer.pattern.search(readable.replace("(int)", ""))
            if match and (facts := peer.facts(match)):
                yield path, elf, name, facts, _tile(match)


def _tile(match):
    """Query rows, keys and warps that compute."""
    rows = int(match["rows"])
    warps = int(match.groupdict().get("warps") or rows // 16)
    return rows, int(match["keys"]), warps


def _select(peer, facts, directory):
    for path, elf, name, offered, tile in _candidates(peer, directory):
        if offered == facts:
            return path, elf, name, tile
    raise BadInput(f"the peer's wheel has no kernel for {facts}")


def find(name, ours, nvdisasm):
    """The peer's kernel beside one of ours."""
    peer = PEERS[name]
    if ours.facts is None:
        raise BadInput(f"'{ours.file}' does not say what its kernels compute, and "
                       "--peer has to know; give the package")
    if ours.chip != peer.chip:
        raise BadInput(f"--peer={name} is for {peer.chip}, and '{ours.file}' is for "
                       f"{ours.chip}")
    return find_all(name, [ours.facts], nvdisasm)[ours.facts]


def find_all(name, wanted, nvdisasm):
    """The peer's kernels for each of the wanted facts, by these."""
    peer = PEERS[name]
    library = _find(peer.library, f"the wheel of --peer={name}")
    found = {}
    with tempfile.TemporaryDirectory() as directory:
        _run(_tool("cuobjdump"), "-xelf", "all", os.path.abspath(library),
             cwd=directory)
        for facts in wanted:
            path, elf, symbol, tile = _select(peer, facts, directory)
            listing = disassembly.disassemble(nvdisasm, path,
                                              cubin.symbol(elf, symbol))
            found[facts] = Kernel(
                name, library, listing.chip, cubin.resources(elf)[symbol], None, facts,
                kernels.steps_of(listing, symbol), listing.functions[symbol],
                tile=tile)
    return found
