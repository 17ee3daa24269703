//===- Module.h - PTX as a tree ---------------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the parser makes of the text: variables, entries, functions and
// instructions with resolved registers and labels. Nothing here knows what an
// opcode means.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_PTX_MODULE_H
#define ATTNRT_SIM_PTX_MODULE_H

#include "Ptx/Types.h"
#include "attnrt/Status.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace attnrt::sim::ptx {

/// Code is that of functions.
enum class Space : uint8_t { Global, Const, Shared, Local, Param, Code };

/// An initial value that is the address of a variable or function.
struct Relocation {
  uint64_t offset = 0; // in the variable
  std::string symbol;
  int64_t addend = 0;
  unsigned bytes = 8;
};

struct Variable {
  std::string name;
  Space space = Space::Global;
  uint32_t align = 1;
  uint64_t bytes = 0;
  bool isExtern = false; // `extern .shared x[]`: the launch gives its size
  std::vector<uint8_t> initial;
  std::vector<Relocation> relocations;
  /// Of a .param of a body, in the room for them: scopes side by side share it.
  uint32_t offset = 0;
  int line = 0;
};

struct Register {
  std::string name;
  Type type;
};

struct Operand {
  enum Kind : uint8_t {
    Reg,     // name is a selector: "b0" of `%r1.b0`
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

/// An entry or a function.
struct Entry {
  std::string name;
  int line = 0;
  /// Why it cannot be read, where that is a matter of its own text alone.
  Status refusal;
  std::vector<Variable> params;
  std::vector<Variable> results; // of a function
  std::vector<Variable> variables;
  std::vector<Register> registers;
  uint32_t paramRoom = 0; // bytes for the .param variables of the body
  int carry = -1;         // the register for CC.CF, where the body uses it
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
  std::vector<Entry> functions;
  std::map<std::string, int> functionNumbers; // by name
  /// Functions that have a declaration and may have no body.
  std::set<std::string> declared;
  std::map<std::string, std::string> aliases;
};

} // namespace attnrt::sim::ptx

#endif // ATTNRT_SIM_PTX_MODULE_H
