//===- BodyParser.h - Reading a body ----------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_PTX_BODYPARSER_H
#define ATTNRT_SIM_PTX_BODYPARSER_H

#include "Ptx/Scopes.h"
#include "Ptx/Tokens.h"

namespace attnrt::sim::ptx {

inline constexpr int kMaxNesting = 256;
inline constexpr size_t kMaxVector = 256;

/// Statements in Body.cpp, operands in BodyOperands.cpp.
class BodyParser {
public:
  BodyParser(Tokens &in, Entry &entry) : in(in), entry(entry) {}
  bool run();

private:
  bool statement();
  bool skipRest();
  bool directive(std::string_view name);
  bool location();
  bool registerDeclaration();
  bool variables(Space space);
  bool label(const std::string &name);
  bool branchTargets(const std::string &name);
  bool instruction(std::string opcode);
  bool callOperands(Instruction &inst);
  bool list(Operand &out);
  bool guard(Instruction &inst, std::string &opcode);
  bool operand(Operand &out);
  bool primary(Operand &out);
  bool number(Operand &out);
  bool memory(Operand &out);
  bool vector(Operand &out);
  bool named(Operand &out);
  bool resolveLabels();

  Tokens &in;
  Entry &entry;
  Scopes scopes;
  int nesting = 0;
  int depth = 0; // of braces
  struct PendingLabel {
    size_t instruction, operand;
    int scope;
  };
  std::vector<PendingLabel> pendingLabels;
  struct PendingTable {
    uint32_t table;
    std::vector<std::string> names;
    int scope, line;
  };
  std::vector<PendingTable> pendingTables;
};

} // namespace attnrt::sim::ptx

#endif // ATTNRT_SIM_PTX_BODYPARSER_H
