//===- Forms.h - The table of forms, and matching against it ----*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_DECODE_FORMS_H
#define ATTNRT_SIM_DECODE_FORMS_H

#include "Ptx/Module.h"

#include <string>
#include <string_view>
#include <vector>

namespace attnrt::sim {

/// What an opcode does; several forms share one.
enum class Sem : uint8_t {
#define OPCODE(sem, name, rule) sem,
#include "Decode/Opcodes.def"
};

/// One operand of a form; Opcodes.def explains the spelling.
struct OperandSpec {
  char kind = 's'; // d s p q i k m t l x h
  bool optional = false;
  bool wider = false;      // +
  bool secondPred = false; // |p
  int type = -1;           // which type gives the width
  unsigned bytes = 0;      // fixed width
  bool wide = false;       // w
  bool selects = false;    // .
  int vector = 0;          // *n; -1 for *v, -2 for *a
};

struct Form {
  Sem sem;
  std::string_view opcode;
  std::string_view modifiers;
  std::string_view operands;
  std::vector<std::vector<std::string_view>> words; // alternatives
  std::vector<bool> optional;
  std::vector<OperandSpec> specs;
};

const std::vector<Form> &allForms();

/// An instruction with its form and the modifiers it chose.
struct Match {
  const Form *form = nullptr;
  std::vector<ptx::Type> types;
  std::vector<std::string_view> modifiers; // all but types
  std::vector<OperandSpec> specs;          // those that these modifiers leave

  Sem sem() const { return form->sem; }
  bool has(std::string_view name) const {
    for (std::string_view m : modifiers)
      if (m == name)
        return true;
    return false;
  }
  ptx::Type type(size_t index = 0) const { return types[index]; }
};

/// The forms of an opcode whose modifiers fit; empty `form` when none.
bool matchModifiers(const Form &form, const std::vector<std::string> &modifiers,
                    Match &match);
/// N of `m64nNk…`; 0 when it is no such shape.
unsigned wgmmaColumns(std::string_view shape);
bool isOpcode(std::string_view name);
/// The first sm_… that has the opcode; 0 where all targets do.
unsigned firstTarget(Sem sem);

/// The list of forms as docs/Simulator.md prints it.
std::string describeForms();

} // namespace attnrt::sim

#endif // ATTNRT_SIM_DECODE_FORMS_H
