//===- Operands.h - Operands of an instruction ---------------- -*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_DECODE_OPERANDS_H
#define ATTNRT_SIM_DECODE_OPERANDS_H

#include "Decode/FrameRows.h"
#include "Decode/Layout.h"
#include "Decode/UniformRows.h"

namespace attnrt::sim {

struct BodyDraft;

/// What operands refer to.
struct OperandContext {
  const ptx::Module &module;
  BodyDraft &body;
  Kernel &kernel;
  UniformRows &uniform;
  DecodeError &error;
};

/// Decodes the operands of one instruction into its draft.
class OperandDecoder {
public:
  OperandDecoder(const OperandContext &context, ptx::Type constantType);

  /// All that a form has; some may be left out.
  bool all(const ptx::Instruction &inst, const Match &match);
  /// mov also packs, unpacks and reads special registers that change.
  bool ofMov(const ptx::Instruction &inst, const Match &match);

private:
  bool fail(const std::string &message) { return context.error.fail(message); }
  bool operand(const ptx::Operand &op, const OperandSpec &spec,
               const Match &match);
  bool value(const ptx::Operand &op, const OperandSpec &spec,
             const Match &match);
  bool vector(const ptx::Operand &op, const OperandSpec &spec, unsigned bytes,
              unsigned count);
  bool destination(const ptx::Operand &op, unsigned bytes, bool wider,
                   Place place);
  bool source(const ptx::Operand &op, unsigned bytes, bool wider, Place place);
  bool registerSource(const ptx::Operand &op, unsigned bytes, bool wider,
                      Place place);
  bool constant(const ptx::Operand &op, unsigned bytes, uint64_t &bits);
  bool special(const std::string &name, unsigned bytes, Place place);
  bool predicate(const ptx::Operand &op, bool def, Place place);
  bool selector(const ptx::Operand &op, const OperandSpec &spec);
  bool immediate(const ptx::Operand &op, const Match &match);
  bool smallImmediate(const ptx::Operand &op);
  bool hint(const ptx::Operand &op);
  bool memory(const ptx::Operand &op);
  bool tensor(const ptx::Operand &op, unsigned rank);
  bool address(const ptx::Operand &op);
  bool addressRegister(const ptx::Operand &base, Place place);
  bool symbol(const std::string &name, int64_t offset, unsigned bytes,
              Place place);
  bool pair(const ptx::Operand &op, const OperandSpec &spec, unsigned bytes);
  bool branchTarget(const ptx::Operand &op, Sem sem);
  bool frameParts(const ptx::Operand &op);
  bool callee(const ptx::Operand &op);
  bool builtin(const std::string &name);
  bool sealCall();
  const ptx::Register &registerOf(const ptx::Operand &op) const;

  void useConstant(uint64_t bits, unsigned bytes, Place place,
                   int variable = -1);
  void put(Place place, uint16_t row) {
    putRow(draft.op, context.kernel.pool, place, row);
  }
  Place nextDst() { return {Place::Dst, dsts++}; }
  Place nextSrc() { return {Place::Src, srcs++}; }
  Place nextInPool();

  const OperandContext &context;
  Draft &draft;
  ptx::Type constantType;
  uint32_t dsts = 0, srcs = 0, memories = 0;
  CallSite call;
  bool hasCallee = false; // so that what follows are arguments
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_DECODE_OPERANDS_H
