#===- subjects.py - Kernels, ours and others', to predict ------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""From what a package says of its kernels, or what is known of a peer's: the tile, how
many CTAs a multiprocessor holds, and in which order tiles run."""

from attn_bench.cases import ELEMENT_BYTES
from attn_bench.failures import BadInput
from attn_bench.predict import constants
from attn_bench.predict.launch import Order, Subject
from attn_bench.predict.tiles import Kernel, Shape
from attn_bench.predict.workload import Workload

#: Second-level cache that our kernels count on, for keys that are read again.
_OUR_SECTION = {"sm_90a": 32 << 20, "sm_80": 24 << 20}
_SMEM_OF_CTA = 1024  # that a CTA has beside its own


def chip_of(kernel):
    if kernel.chip not in constants.CHIPS:
        raise BadInput(f"'{kernel.file}' is for {kernel.chip}, and the model knows "
                       f"{' and '.join(constants.CHIPS)}; compile for one of them")
    return constants.CHIPS[kernel.chip]


def _ctas(chip, registers, threads, smem_bytes):
    """As many as fit; registers are given out by 8 a thread."""
    of_threads = -(-registers // 8) * 8 * threads
    return max(1, min(chip.cta_registers // max(of_threads, 1),
                      chip.threads // threads,
                      chip.smem_bytes // (smem_bytes + _SMEM_OF_CTA)))


def ours(kernel):
    """Of a kernel that a package describes."""
    chip = chip_of(kernel)
    if kernel.description is None:
        raise BadInput(f"'{kernel.file}' does not say how its kernels are launched; "
                       "give the package instead of the cubin")
    keys = kernel.description["schedule"]["keys"]
    if kernel.facts is None or "kv" not in keys:
        raise BadInput(f"'{kernel.name}' is no forward attention, and the model knows "
                       "no other kernel")
    if keys.get("split", 1) != 1:
        raise BadInput(f"CTAs of '{kernel.name}' share the keys of a query tile, which "
                       "the model does not know; compile with --schedule=split=1")
    warps, producers = keys["warps"], keys.get("producers", 0)
    shape = Shape(
        rows=keys["q"], keys=keys["kv"], dims=kernel.facts.dims,
        element_bytes=ELEMENT_BYTES[kernel.facts.element], threads=32 * warps,
        stages=keys["stages"], query_stages=1 + keys.get("prefetch", 0),
        output="queries" if producers else None,
        ctas=_ctas(chip, kernel.resources.registers, 32 * (warps + producers),
                   kernel.smem_bytes))
    persistent = keys.get("persistent", 0)
    in_sections = persistent == 2 or keys.get("longest", 0)
    order = Order(persistent > 0, _OUR_SECTION[kernel.chip] if in_sections else None,
                  alternates=persistent == 2)
    return Subject(Kernel(kernel.lines, chip, shape), order, keys.get("heads", 1))


def peer(kernel):
    """Of FlashAttention-3's, which runs masked tiles longest first in sections, or of
    FlashAttention-2's, with a CTA for each tile."""
    chip = chip_of(kernel)
    rows, keys, warps = kernel.tile
    is_hopper = chip is constants.H100
    element_bytes = ELEMENT_BYTES[kernel.facts.element]
    smem_bytes = (rows + 2 * keys) * kernel.facts.dims[0] * element_bytes
    shape = Shape(
        rows=rows, keys=keys, dims=kernel.facts.dims, element_bytes=element_bytes,
        threads=32 * warps, stages=2, query_stages=1,
        output="values" if is_hopper else None,
        ctas=1 if is_hopper else _ctas(chip, kernel.resources.registers, 32 * warps,
                                       smem_bytes))
    order = Order(is_static=is_hopper and not kernel.facts.is_masked)
    if is_hopper and kernel.facts.is_masked:
        order = Order(False, chip.section_bytes, is_power_of_two=True)
    return Subject(Kernel(kernel.lines, chip, shape), order)


def workload_of(kernel, flags):
    """From the types of the package's function, and from flags where these leave
    something open."""
    by_role = {role: argument["shape"] for argument in kernel.function["args"]
               for role in argument["roles"]}
    query, key = by_role["query"], by_role["key"]

    def size(number, flag, what):
        if number is None and getattr(flags, flag) is None:
            raise BadInput(f"the {what} of '{kernel.name}' is open in its types; "
                           f"give --{flag}")
        return getattr(flags, flag) if number is None else number

    queries = size(query[2], "length", "length")
    keys = key[2] if key[2] is not None else flags.keys or queries
    if flags.mask is None:
        _check_mask(kernel)
    is_causal, window = mask_of(flags.mask, kernel.facts.is_masked)
    return Workload(size(query[0], "batch", "batch"),
                    size(query[1], "heads", "number of query heads"),
                    size(key[1], "heads", "number of key heads"), queries, keys,
                    is_causal, window)


def _check_mask(kernel):
    """Refuses what is more than a causal mask: its edges are two for each, and what
    clauses read decides at run time."""
    edges = kernel.function["results"][0]["judge"].get("edges") or []
    captures = any("capture" in argument["roles"]
                   for argument in kernel.function["args"])
    if captures or len(edges) > 2:
        raise BadInput(f"which keys '{kernel.name}' leaves out is not known; give "
                       "--mask")


def mask_of(text, is_masked):
    """Causal or not, and the window's keys; where no flag says it, as the package has
    masks or none."""
    if text is None:
        return is_masked, None
    if text.startswith("window="):
        return True, int(text.removeprefix("window="))
    return text == "causal", None
