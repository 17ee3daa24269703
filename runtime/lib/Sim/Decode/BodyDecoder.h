//===- BodyDecoder.h - A body to operations ---------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_DECODE_BODYDECODER_H
#define ATTNRT_SIM_DECODE_BODYDECODER_H

#include "Decode/Operands.h"

namespace attnrt::sim {

/// A body of a kernel, the entry's or that of a function that it may call,
/// before its operations stand among the kernel's. Branches count from its own
/// begin.
struct BodyDraft {
  const ptx::Entry *source = nullptr;
  bool isFunction = false;
  uint32_t begin = 0; // among the kernel's operations
  Symbols symbols;
  Frame frame;
  FrameRows frameRows;
  std::vector<Draft> drafts;
};

/// Decodes the instructions of one body.
class BodyDecoder {
public:
  BodyDecoder(const ptx::Module &module, Kernel &kernel, UniformRows &uniform,
              Binder bind, DecodeError &error)
      : module(module), kernel(kernel), uniform(uniform), bind(bind),
        error(error) {}

  bool decode(BodyDraft &into);

private:
  bool decode(const ptx::Instruction &inst);
  bool decodeAs(const ptx::Instruction &inst, const Match &match, Draft &draft);
  bool targetHas(Sem sem);
  void decodeGuard(const ptx::Instruction &inst, Draft &draft);
  bool kindsFit(const ptx::Instruction &inst, const Match &match) const;
  void noteCarry(const Match &match, Draft &draft);
  void noteEffects(const Match &match, Draft &draft);

  const ptx::Module &module;
  Kernel &kernel;
  UniformRows &uniform;
  Binder bind;
  DecodeError &error;
  BodyDraft *body = nullptr; // at hand
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_DECODE_BODYDECODER_H
