#===- iree.py - IREE's attention on the processor -------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""iree_linalg_ext.attention through IREE's compiler for this processor, run by
its task system. Heads of a group are one dimension beside them. Causal is a
mask of its own, an argument that is made outside of the time.

It takes seconds to compile and, as it tiles today, to run: larger cases than
these would take most of a run's time."""

import numpy

from attn_bench.failures import Unsupported
from attn_bench.peers.peer import HostPeer

MOST_FLOPS = 6e8  # as if nothing were masked

ATTENTION = """
func.func @attend({arguments}) -> {query} {{
  %scale = arith.constant {scale:.9e} : {element}
  %empty = tensor.empty() : {query}
  %output = iree_linalg_ext.attention <{{indexing_maps = [{maps}]}}>
      ins(%q, %k, %v, %scale{mask} : {query}, {key}, {key}, {element}{mask_type})
      outs(%empty : {query}) {{
  ^bb0(%score: f32):
    iree_linalg_ext.yield %score : f32
  }} -> {query}
  return %output : {query}
}}
"""


def mlir(case):
    """Dimensions: batch, key head, query head of the group, query, output
    dimension, dimension, key."""
    f = case.function
    group = f.query_heads // f.kv_heads
    query = (f"tensor<{case.batch}x{f.kv_heads}x{group}x{case.queries}x{f.dim}"
             f"x{f.element}>")
    key = (f"tensor<{case.batch}x{f.kv_heads}x{case.length}x{f.dim}x"
           f"{f.element}>")
    mask = f"tensor<{case.queries}x{case.length}xi1>"
    results = ["b, h, g, s, d", "b, h, l, d", "b, h, l, n", "",
               *(["s, l"] if f.causal else []), "b, h, g, s, n"]
    maps = ", ".join(f"affine_map<(b, h, g, s, n, d, l) -> ({x})>"
                     for x in results)
    arguments = f"%q: {query}, %k: {key}, %v: {key}"
    return ATTENTION.format(
        arguments=arguments + (f", %m: {mask}" if f.causal else ""),
        query=query, key=key, scale=f.dim ** -0.5, element=f.element,
        maps=maps, mask=", %m" if f.causal else "",
        mask_type=f", {mask}" if f.causal else "")


def to_device(array, element):
    if element == "bf16":
        import ml_dtypes
        return array.view(ml_dtypes.bfloat16)
    return array


class Iree(HostPeer):
    name = "iree"
    modules = ("ml_dtypes", "iree.compiler", "iree.runtime")
    distribution = "iree-base-compiler"
    compiles_each_case = True
    driver = None

    def open(self, threads):
        """Its flags count for all that is made later in the process."""
        import iree.runtime
        if self.driver is None:
            iree.runtime.flags.parse_flags(
                f"--task_topology_group_count={threads}")
            self.driver = iree.runtime.get_driver("local-task")
            self.device = self.driver.create_default_device()
        return iree.runtime.Config(device=self.device)

    def compile(self, case, device):
        import iree.compiler
        import iree.runtime
        config = self.open(device.threads)
        code = iree.compiler.compile_str(
            mlir(case), target_backends=["llvm-cpu"], extra_args=[
                "--iree-llvmcpu-target-cpu=host", "--iree-opt-level=O3"])
        context = iree.runtime.SystemContext(config=config)
        context.add_vm_module(iree.runtime.VmModule.copy_buffer(
            context.instance, code))
        return config, context.modules.module.attend

    def prepare(self, case, operands, device):
        f = case.function
        flops = (4.0 * case.batch * f.query_heads * case.queries * case.length
                 * f.dim)
        if flops > MOST_FLOPS:
            raise Unsupported(f"left out above {MOST_FLOPS * 1e-9:g} GFLOP, "
                              "which take it seconds")
        import iree.runtime
        config, attend = self.program(case, device)
        q, k, v = (to_device(numpy.ascontiguousarray(x), f.element)
                   for x in operands)
        given = [q.reshape(case.batch, f.kv_heads, -1, case.queries, f.dim),
                 k, v]
        if f.causal:
            given.append(numpy.tri(case.queries, case.length, dtype=bool))
        arguments = [iree.runtime.asdevicearray(config.device, x)
                     for x in given]
        shape = case.shape("output")
        return lambda: (attend(*arguments), shape, f.element)

    def outputs_of(self, made):
        output, shape, element = made
        array = numpy.array(output.to_host()).reshape(shape)
        return {"output": array.view(numpy.uint16) if element == "bf16"
                else array}
