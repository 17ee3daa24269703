#===- openvino.py - OpenVINO's attention ----------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""A model of one operation on OpenVINO's CPU plugin, on the arrays themselves
where they lie as it wants them. The operation has no grouped heads: without a
mask, the query heads of a group are rows of one head, which costs nothing;
causal, keys and values are repeated by the model."""

import numpy

from attn_bench.failures import Unsupported
from attn_bench.peers.peer import HostPeer, is_grouped


class OpenVino(HostPeer):
    modules = ("openvino",)

    def __init__(self, name, precision):
        self.name = name
        self.precision = precision  # that it may compute in

    def details(self):
        return {"precision": self.precision}

    def shapes(self, case):
        """Of query and output, of key and value."""
        f = case.function
        query, key = case.shape("query"), case.shape("key")
        if is_grouped(case) and not f.causal:
            group = f.query_heads // f.kv_heads
            query = (case.batch, f.kv_heads, group * case.queries, f.dim)
        return query, key

    def repeat(self, value, case):
        from openvino import opset13 as op
        f = case.function
        group = f.query_heads // f.kv_heads
        apart = op.unsqueeze(value, op.constant(numpy.array([2])))
        all_of_them = op.broadcast(apart, op.constant(numpy.array(
            [case.batch, f.kv_heads, group, case.length, f.dim])))
        return op.reshape(all_of_them, op.constant(numpy.array(
            [case.batch, f.query_heads, case.length, f.dim])), False)

    def model(self, case):
        import openvino
        from openvino import opset13 as op
        f = case.function
        element = getattr(openvino.Type, f.element)
        query_shape, key_shape = self.shapes(case)
        query, key, value = given = [
            op.parameter(list(shape), element)
            for shape in (query_shape, key_shape, key_shape)]
        if is_grouped(case) and f.causal:
            key, value = self.repeat(key, case), self.repeat(value, case)
        output = op.scaled_dot_product_attention(query, key, value,
                                                 causal=f.causal)
        return openvino.Model([op.result(output)], given)

    def compile(self, case, device):
        import openvino
        return openvino.Core().compile_model(self.model(case), "CPU", {
            "INFERENCE_PRECISION_HINT": self.precision,
            "INFERENCE_NUM_THREADS": device.threads, "NUM_STREAMS": 1,
            # Others share its processors.
            "ENABLE_CPU_PINNING": False})

    def prepare(self, case, operands, device):
        import openvino
        element = case.function.element
        if self.precision == "bf16" and element != "bf16":
            raise Unsupported(f"it would round {element} to bf16")
        request = self.program(case, device).create_infer_request()
        kind = getattr(openvino.Type, element)
        shapes = self.shapes(case)
        keep = [numpy.ascontiguousarray(x) for x in operands]
        for i, array in enumerate(keep):
            request.set_input_tensor(i, openvino.Tensor(
                array, list(shapes[min(i, 1)]), kind))
        output = device.arrays.poisoned(case.shape("output"), element)
        request.set_output_tensor(openvino.Tensor(output, list(shapes[0]), kind))

        def run(keep=keep):  # the arrays live as long as it does
            request.infer(share_inputs=True, share_outputs=True)
            return {"output": output}
        return run
