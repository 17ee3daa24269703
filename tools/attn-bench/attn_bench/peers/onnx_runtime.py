#===- onnx_runtime.py - ONNX Runtime's attention --------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""A model of one node on ONNX Runtime's CPU provider. Arrays are bound, so that
a run copies nothing; what an operator wants in another layout is copied before.
Which element types it has shows when the session is made."""

import numpy

from attn_bench.failures import Unsupported
from attn_bench.peers.peer import HostPeer, is_grouped

OPSET, CONTRIB_OPSET, IR_VERSION = 23, 1, 10
REFUSALS = ("NOT_IMPLEMENTED", "Could not find an implementation",
            "bound to different types", "INVALID_GRAPH", "Type Error")


def onnx_type(element):
    from onnx import TensorProto
    return {"f32": TensorProto.FLOAT, "f16": TensorProto.FLOAT16,
            "bf16": TensorProto.BFLOAT16, "i32": TensorProto.INT32}[element]


def rows_of(array):
    """[batch, heads, length, dim] as [batch, length, heads * dim]."""
    batch, _, length, _ = array.shape
    return numpy.ascontiguousarray(array.swapaxes(1, 2)).reshape(
        batch, length, -1)


class OnnxPeer(HostPeer):
    modules = ("onnx", "onnxruntime")
    operator, domain = "", ""

    def refuse(self, case):
        """Raises Unsupported where the operator has no such attention."""

    def attributes(self, case):
        raise NotImplementedError

    def inputs(self, case):
        """(name, element, shape) of each, in their order; None is left out."""
        raise NotImplementedError

    def outputs(self, case):
        raise NotImplementedError

    def feeds(self, case, operands):
        """Arrays by the names of inputs."""
        raise NotImplementedError

    def model(self, case):
        from onnx import helper

        def values(described):
            return [helper.make_tensor_value_info(
                name, onnx_type(element), shape)
                for name, element, shape in filter(None, described)]

        def names(described):
            return [one[0] if one else "" for one in described]
        inputs, outputs = self.inputs(case), self.outputs(case)
        node = helper.make_node(self.operator, names(inputs), names(outputs),
                                domain=self.domain, **self.attributes(case))
        graph = helper.make_graph([node], "attention", values(inputs),
                                  values(outputs))
        return helper.make_model(graph, ir_version=IR_VERSION, opset_imports=[
            helper.make_opsetid("", OPSET),
            helper.make_opsetid("com.microsoft", CONTRIB_OPSET)])

    def compile(self, case, device):
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = device.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            return onnxruntime.InferenceSession(
                self.model(case).SerializeToString(), options,
                providers=["CPUExecutionProvider"])
        except Exception as error:
            if any(text in str(error) for text in REFUSALS):
                raise Unsupported(f"no {self.operator} in "
                                  f"{case.function.element}") from error
            raise

    def bind(self, binding, case, operands):
        """Binds all inputs, and results that go into inputs."""
        import onnxruntime
        feeds = self.feeds(case, operands)
        for name, element, _ in filter(None, self.inputs(case)):
            value = onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(
                feeds[name], onnx_type(element))
            binding.bind_ortvalue_input(name, value)
            if name.startswith("past_"):
                binding.bind_ortvalue_output(
                    name.replace("past", "present"), value)
        return feeds

    def prepare(self, case, operands, device):
        import onnxruntime
        self.refuse(case)
        session = self.program(case, device)
        binding = session.io_binding()
        keep = self.bind(binding, case, operands)
        name, element, shape = self.outputs(case)[0]
        output = device.arrays.poisoned(shape, element)
        binding.bind_ortvalue_output(
            name, onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(
                output, onnx_type(element)))
        for other, _, _ in self.outputs(case)[1:]:
            if other.replace("present", "past") not in keep:
                binding.bind_output(other)

        given = {"output": self.as_bhsd(case, output)}

        def run(keep=keep):  # the arrays live as long as it does
            session.run_with_iobinding(binding)
            return given
        return run

    def as_bhsd(self, case, output):
        return output


class RowsPeer(OnnxPeer):
    """With operands and results as [batch, length, heads * dim]."""
    domain = "com.microsoft"

    def rows(self, name, case, heads, length):
        f = case.function
        return (name, f.element, (case.batch, length, heads * f.dim))

    def as_bhsd(self, case, output):
        f = case.function
        return output.reshape(case.batch, case.queries, f.query_heads,
                              f.dim).swapaxes(1, 2)


class OnnxMultiHeadAttention(RowsPeer):
    name = "ort-mha"
    operator = "MultiHeadAttention"

    def refuse(self, case):
        if is_grouped(case):
            raise Unsupported("no grouped-query attention")

    def attributes(self, case):
        return {"num_heads": case.function.query_heads,
                "unidirectional": int(case.function.causal)}

    def inputs(self, case):
        heads = case.function.query_heads
        return [self.rows("query", case, heads, case.queries),
                self.rows("key", case, heads, case.length),
                self.rows("value", case, heads, case.length)]

    def outputs(self, case):
        return [self.rows("output", case, case.function.query_heads,
                          case.queries)]

    def feeds(self, case, operands):
        return dict(zip(("query", "key", "value"), map(rows_of, operands)))


class OnnxGroupedAttention(RowsPeer):
    """Always causal, so one query sees every key. Of decoding, the last key
    comes with the query and is written where it already is, in the cache that
    the others are in."""
    name = "ort-gqa"
    operator = "GroupQueryAttention"

    def refuse(self, case):
        if not case.function.causal and case.queries != 1:
            raise Unsupported("causal attention only")

    def attributes(self, case):
        return {"num_heads": case.function.query_heads,
                "kv_num_heads": case.function.kv_heads}

    def cache(self, name, case):
        f = case.function
        return (name, f.element,
                (case.batch, f.kv_heads, case.length, f.dim))

    def inputs(self, case):
        f = case.function
        decodes = case.queries != case.length
        return [self.rows("query", case, f.query_heads, case.queries),
                self.rows("key", case, f.kv_heads, case.queries),
                self.rows("value", case, f.kv_heads, case.queries),
                self.cache("past_key", case) if decodes else None,
                self.cache("past_value", case) if decodes else None,
                ("last_key", "i32", (case.batch,)), ("keys", "i32", (1,))]

    def outputs(self, case):
        return [self.rows("output", case, case.function.query_heads,
                          case.queries),
                self.cache("present_key", case),
                self.cache("present_value", case)]

    def feeds(self, case, operands):
        last = slice(case.length - case.queries, None)
        given = {"query": rows_of(operands.q),
                 "key": rows_of(operands.k[:, :, last]),
                 "value": rows_of(operands.v[:, :, last]),
                 "last_key": numpy.full(case.batch, case.length - 1,
                                        numpy.int32),
                 "keys": numpy.array([case.length], numpy.int32)}
        if case.queries != case.length:
            # Not the operands themselves: it writes into them.
            given.update(past_key=numpy.array(operands.k, order="C"),
                         past_value=numpy.array(operands.v, order="C"))
        return given


class OnnxAttention(OnnxPeer):
    """The operator of ONNX itself."""
    name = "ort-attention"
    operator = "Attention"

    def attributes(self, case):
        return {"is_causal": int(case.function.causal)}

    def inputs(self, case):
        return [(role, case.function.element, case.shape(role))
                for role in ("query", "key", "value")]

    def outputs(self, case):
        return [("output", case.function.element, case.shape("output"))]

    def feeds(self, case, operands):
        return dict(zip(("query", "key", "value"),
                        map(numpy.ascontiguousarray, operands)))
