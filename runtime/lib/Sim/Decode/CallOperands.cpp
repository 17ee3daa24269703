//===- CallOperands.cpp - What a call calls, gives and takes --------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Decode/BodyDecoder.h"
#include "Decode/CallGraph.h"

using namespace attnrt::sim;
using ptx::Operand;

namespace {
struct BuiltinRow {
  std::string_view name;
  Builtin what;
  std::vector<uint32_t> params, results; // bytes
};
} // namespace

static const std::vector<BuiltinRow> &builtins() {
  static const std::vector<BuiltinRow> rows = {
      {"vprintf", Builtin::Printf, {8, 8}, {4}},
      {"__assertfail", Builtin::AssertFail, {8, 8, 4, 8, 8}, {}},
      {"malloc", Builtin::Malloc, {8}, {8}},
      {"free", Builtin::Free, {8}, {}},
  };
  return rows;
}

/// The .param variables in parentheses before or behind the function.
bool OperandDecoder::frameParts(const Operand &op) {
  std::vector<FramePart> &parts = hasCallee ? call.args : call.results;
  for (const Operand &part : op.parts) {
    auto known = context.body.symbols.find(part.name);
    if (part.kind != Operand::Symbol || known == context.body.symbols.end() ||
        !known->second.inFrame)
      return fail("expected .param variables in the parentheses of a call");
    const Symbol &symbol = known->second;
    parts.push_back({static_cast<uint32_t>(symbol.address), symbol.bytes});
  }
  return true;
}

bool OperandDecoder::callee(const Operand &op) {
  hasCallee = true;
  if (op.kind == Operand::Reg)
    return source(op, 8, false, nextSrc());
  if (op.kind != Operand::Symbol)
    return fail("expected a function or a register with its address");
  int function = functionNamed(context.module, op.name);
  if (function < 0)
    return builtin(op.name);
  call.callee = context.kernel.calleeOf[function];
  return true;
}

/// A function that is declared, and defined in no module.
bool OperandDecoder::builtin(const std::string &name) {
  for (const BuiltinRow &row : builtins()) {
    if (row.name != name)
      continue;
    call.builtin = row.what;
    context.kernel.usesHeap |= row.what == Builtin::Malloc;
    return true;
  }
  return fail(context.module.declared.count(name)
                  ? "unsupported call to `" + name + "`, which has no body"
                  : "call to `" + name + "`, which is no function");
}

static bool fit(const std::vector<FramePart> &given,
                const std::vector<uint32_t> &declared) {
  bool same = given.size() == declared.size();
  for (size_t i = 0; same && i < given.size(); ++i)
    same = given[i].bytes == declared[i];
  return same;
}

static std::vector<uint32_t> sizesOf(const std::vector<FramePart> &parts) {
  std::vector<uint32_t> out;
  for (const FramePart &part : parts)
    out.push_back(part.bytes);
  return out;
}

/// Arguments and results have the sizes that the function declares.
bool OperandDecoder::sealCall() {
  std::vector<uint32_t> params, results;
  if (call.callee >= 0) {
    const Callee &callee = context.kernel.callees[call.callee];
    params = sizesOf(callee.params);
    results = sizesOf(callee.results);
  }
  for (const BuiltinRow &row : builtins())
    if (call.builtin == row.what) {
      params = row.params;
      results = row.results;
    }
  bool isKnown = call.callee >= 0 || call.builtin != Builtin::None;
  if (isKnown && (!fit(call.args, params) || !fit(call.results, results)))
    return fail("the arguments or results of the call are not those of the "
                "function");
  draft.op.aux = static_cast<uint32_t>(context.kernel.calls.size());
  context.kernel.calls.push_back(std::move(call));
  return true;
}
