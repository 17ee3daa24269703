//===- Module.h - PTX as a tree ---------------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the parser makes of the text: variables, entries and instructions with
// resolved registers and labels. Nothing here knows what an opcode means.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_PTX_MODULE_H
#define ATTNRT_SIM_PTX_MODULE_H

#include "Ptx/Types.h"

#include <string>
#include <vector>

namespace attnrt::sim::ptx {

enum class Space : uint8_t { Global, Const, Shared, Local, Param };

struct Variable {
  std::string name;
  Space space = Space::Global;
  uint32_t align = 1;
  uint64_t bytes = 0;
  bool isExtern = false; // `extern .shared x[]`: the launch gives its size
  std::vector<uint8_t> initial;
  int line = 0;
};

struct Register {
  std::string name;
  Type type;
};

struct Operand {
  enum Kind : uint8_t {
    Reg,
    Special, // %tid.x
    Integer, // value
    Float32, // value holds the bits
    Float64,
    Symbol, // name, value is the offset
    Label,  // value is the instruction index, after parsing
    Memory, // parts[0] is the base, value the offset, parts[1] coordinates
    Vector, // parts
    Pair,   // parts[0]|parts[1]
    Sink,   // _
  };
  Kind kind = Sink;
  bool negated = false; // !%p
  uint32_t reg = 0;
  int64_t value = 0;
  std::string name;
  std::vector<Operand> parts;
};

struct Instruction {
  int line = 0;
  bool guarded = false, guardNegated = false;
  uint32_t guard = 0; // register
  std::string opcode;
  std::vector<std::string> modifiers;
  std::vector<Operand> operands;
};

struct Entry {
  std::string name;
  int line = 0;
  std::vector<Variable> params;
  std::vector<Variable> variables;
  std::vector<Register> registers;
  std::vector<Instruction> body;
  /// Targets of `.branchtargets`, by table; brx.idx names one in its label.
  std::vector<std::vector<uint32_t>> branchTables;
  uint32_t maxThreads = 0;
  uint32_t requiredThreads[3] = {0, 0, 0};
  uint32_t requiredCluster[3] = {0, 0, 0};
  uint32_t minBlocks = 0;    // .minnctapersm
  uint32_t maxRegisters = 0; // .maxnreg, of a thread
};

struct Module {
  std::string target;
  std::vector<Variable> variables;
  std::vector<Entry> entries;
};

} // namespace attnrt::sim::ptx

#endif // ATTNRT_SIM_PTX_MODULE_H
