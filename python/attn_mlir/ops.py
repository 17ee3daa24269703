#===- ops.py - Attention as operations of PyTorch --------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""attn_mlir::attention(query, key, value, others, program) -> (output, lse), and
attn_mlir::attention_backward, with shapes for tracing and with gradients. Both are
what torch.compile, torch.export and transformations see. A call on plain tensors
goes round the dispatcher, by the same functions.
"""

import torch

from attn_mlir import library, operands, settings
from attn_mlir.failures import BAD_INPUT, of_status
from attn_mlir.packages import Plan
from attn_mlir.program import Program

_dispatch_modes = torch._C._len_torch_dispatch_stack
_function_modes = torch._C._is_torch_function_mode_enabled
_is_tracing = torch._C._is_tracing
_transforms = torch._C._functorch.peek_interpreter_stack
# Launches run on PyTorch's threads: two pools would take processors from each
# other.
library.native().use_openmp()

UNKNOWN = -1  # of Table.h
_PLAIN = {torch.Tensor, torch.nn.Parameter}


def is_plain(query, key, value, others):
    """Whether tensors are computed now, and by nobody but us."""
    if torch.compiler.is_compiling() or _is_tracing() or _dispatch_modes() or \
            _function_modes() or _transforms() is not None:
        return False
    if type(query) is type(key) is type(value) is torch.Tensor and not others:
        return True
    return all(type(each) in _PLAIN for each in (query, key, value, *others))


def empty_output(query, dim):
    """Of the query's layout in memory: what a model transposed before attention
    it transposes back for nothing."""
    batch, heads, length, query_dim = query.shape
    if query_dim == dim and query.is_contiguous():
        return torch.empty_like(query)
    if query.stride(1) < query.stride(2):
        return query.new_empty((batch, length, heads, dim)).transpose(1, 2)
    return query.new_empty((batch, heads, length, dim))


def empty_lse(query):
    batch, heads, length, _ = query.shape
    # Of all ways to make a tensor the one that takes least time.
    return torch.empty_strided((batch, heads, length),
                               (heads * length, length, 1),
                               dtype=torch.float32, device=query.device)


def plan_for(program, query, key, value, others):
    """The plan of these types, which are looked at closely."""
    operands.check_operands(query, key, value, enable_gqa=True)
    operands.check_others(program, query, key, others)
    types = operands.types_of(program, query, key, value, others)
    target = operands.target_of(query.device)
    plan = program.plans.get((types, target))
    if plan is None:
        plan = program.plans.setdefault((types, target),
                                        Plan(program, types, target))
    return plan


_ALIGNED = {"query", "key", "value", "output", "gradient of the output"}


def _compute(status, table, function, names, args, results):
    """Where a call did not find its function, or the function refused a tensor
    before it computed anything: a copy may help, else the caller is told."""
    if status == UNKNOWN:
        table.add(args, function)
        status = function(args, results)
    if status == BAD_INPUT:
        said = library.native().last_error()
        copies = [operands.conform(name, each, name in _ALIGNED)
                  for name, each in zip(names, args)]
        if all(a is b for a, b in zip(copies, args)):
            raise of_status(status, said)
        status = function(copies, results)
    if status != 0:
        raise of_status(status, library.native().last_error())


def forward(program, query, key, value, others, wants_lse=True):
    """Output and, where it is wanted, LSE."""
    output = empty_output(query, value.shape[3])
    lse = empty_lse(query) if wants_lse or query.is_cuda else None
    args = (query, key, value, *others)
    results = (output,) if lse is None else (output, lse)
    try:
        status = program.table(args, results, lse is not None)
    except (RuntimeError, BufferError):  # what has no descriptor
        operands.check_operands(query, key, value, enable_gqa=True)
        operands.check_others(program, query, key, others)
        raise
    if status != 0:
        plan = plan_for(program, query, key, value, others)
        function = plan.compile(with_gradients=False).forward
        if lse is None:
            lse = empty_lse(query)
        _compute(status, program.table, function,
                 ["query", "key", "value", *program.kinds], args, (output, lse))
    return output, lse


def backward(program, saved, output_grad, lse_grad):
    """Gradients of query, key, value and of those among the others that hold
    floats, in this order."""
    query, key, value, output, lse, *others = saved
    if output_grad is None:
        output_grad = torch.zeros_like(output)
    if lse_grad is None:
        lse_grad = torch.zeros_like(lse)
    grads = _empty_gradients(query, key, value, others)
    args = (query, key, value, *others, output, lse, output_grad, lse_grad)
    status = program.gradients(args, grads)
    if status != 0:
        plan = plan_for(program, query, key, value, others)
        function = plan.compile(with_gradients=True).backward
        names = ["query", "key", "value", *program.kinds, "output", "lse",
                 "gradient of the output", "gradient of the lse"]
        _compute(status, program.gradients, function, names, args, grads)
    return grads


def _empty_gradient(operand):
    if operand.is_contiguous():
        return torch.empty_like(operand)
    return empty_output(operand, operand.shape[3])


def _empty_gradients(query, key, value, others):
    return [*map(_empty_gradient, (query, key, value)),
            *(torch.empty_like(each, memory_format=torch.contiguous_format)
              for each in others if each.is_floating_point())]


def _among_others(grads, others):
    """The gradient of each of the others; None of what holds no floats."""
    rest = iter(grads[3:])
    return [next(rest) if each.is_floating_point() else None for each in others]


class _Attention(torch.autograd.Function):
    """For plain tensors, where autograd is all that is left of the dispatcher."""

    @staticmethod
    def forward(ctx, program, query, key, value, *others):
        output, lse = forward(program, query, key, value, others)
        ctx.program = program
        ctx.save_for_backward(query, key, value, output, lse, *others)
        ctx.set_materialize_grads(False)
        return output, lse

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, output_grad, lse_grad):
        saved = ctx.saved_tensors
        grads = backward(ctx.program, saved, output_grad, lse_grad)
        if len(saved) == 5:
            return (None, *grads)
        return (None, *grads[:3], *_among_others(grads, saved[5:]))


def _prepare_gradients(program, query, key, value, others):
    """So that what has no gradient is refused now, and not in the middle of a
    backward pass."""
    plan = plan_for(program, query, key, value, others)
    if plan.backward is None:
        plan.compile(with_gradients=True)
    program.is_prepared.add(query.dtype)


def attention(program, query, key, value, others=(), wants_lse=True):
    """Output and LSE, which may be None where it is not wanted."""
    if not is_plain(query, key, value, others):
        return torch.ops.attn_mlir.attention(query, key, value, list(others),
                                             program.text)
    if torch.is_grad_enabled() and (
            query.requires_grad or key.requires_grad or value.requires_grad or
            (others and any(each.requires_grad for each in others))):
        if query.dtype not in program.is_prepared:
            _prepare_gradients(program, query, key, value, others)
        return _Attention.apply(program, query, key, value, *others)
    return forward(program, query, key, value, others, wants_lse)


#===------------------------------------------------------------------------===#
# For the dispatcher
#===------------------------------------------------------------------------===#

@torch.library.custom_op("attn_mlir::attention", mutates_args=())
def _attention(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor,
               others: list[torch.Tensor],
               program: str,
               scale: float | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    return forward(Program.of(program).scaled(scale), query, key, value,
                   tuple(others))


@_attention.register_fake
def _(query, key, value, others, program, scale=None):
    return empty_output(query, value.shape[3]), empty_lse(query)


@torch.library.custom_op("attn_mlir::attention_backward", mutates_args=())
def _attention_backward(
        query: torch.Tensor, key: torch.Tensor, value: torch.Tensor,
        others: list[torch.Tensor], output: torch.Tensor, lse: torch.Tensor,
        output_grad: torch.Tensor | None, lse_grad: torch.Tensor | None,
        program: str, scale: float | None = None) -> list[torch.Tensor]:
    saved = (query, key, value, output, lse, *others)
    return backward(Program.of(program).scaled(scale), saved, output_grad,
                    lse_grad)


@_attention_backward.register_fake
def _(query, key, value, others, output, lse, output_grad, lse_grad, program,
      scale=None):
    return _empty_gradients(query, key, value, others)


def _save(ctx, inputs, output):
    query, key, value, others, ctx.program, ctx.scale = inputs
    ctx.save_for_backward(query, key, value, *output, *others)
    ctx.set_materialize_grads(False)


def _differentiate(ctx, output_grad, lse_grad):
    query, key, value, output, lse, *others = ctx.saved_tensors
    grads = torch.ops.attn_mlir.attention_backward(
        query, key, value, others, output, lse, output_grad, lse_grad,
        ctx.program, ctx.scale)
    return (*grads[:3], _among_others(grads, others), None, None)


torch.library.register_autograd("attn_mlir::attention", _differentiate,
                                setup_context=_save)
