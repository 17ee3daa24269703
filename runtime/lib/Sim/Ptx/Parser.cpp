//===- Parser.cpp - PTX text to a Module ----------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Recursive descent over one token of look-ahead. Registers are numbered when
// they are first used, so `.reg .b32 %r<1000000>` costs nothing. Labels belong
// to the scope of their braces and may be used before they stand.
//
//===----------------------------------------------------------------------===//

#include "Ptx/Parser.h"
#include "Ptx/Lexer.h"

#include <cstring>
#include <map>
#include <unordered_map>

using namespace attnrt;
using namespace attnrt::sim::ptx;

namespace {

/// One `{ }` of a body: its own registers and labels.
struct Scope {
  int parent = -1;
  std::unordered_map<std::string, Type> names;
  struct Range {
    Type type;
    uint64_t count;
  };
  std::unordered_map<std::string, Range> ranges;
  std::unordered_map<std::string, uint32_t> registers; // used so far
  std::unordered_map<std::string, uint32_t> labels;
  std::unordered_map<std::string, uint32_t> tables;
};

class Parser {
public:
  explicit Parser(std::string_view text) : lexer(text) { advance(); }
  Expected<Module> run();

private:
  // Tokens.
  void advance() { token = lexer.next(); }
  bool fail(const std::string &message);
  bool expect(char c);
  bool accept(char c);
  bool skipUntil(char c);
  bool skipBraces();
  bool integer(uint64_t &value);
  bool word(std::string &name);

  // Module level.
  bool moduleItem();
  bool variable(Space space, bool isExtern, std::vector<Variable> &into);
  bool declarator(Space space, bool isExtern, uint32_t align, unsigned unit,
                  unsigned unitCount, std::vector<Variable> &into);
  bool initialiser(unsigned unit, Variable &var);
  bool entry();
  bool function();
  bool params();
  bool entryDirective();
  bool smallNumber(uint32_t &out);
  bool threeNumbers(uint32_t (&out)[3]);

  // Bodies.
  bool body();
  bool statement(int &depth);
  bool directive(std::string_view name);
  bool registerDeclaration();
  bool label(const std::string &name);
  bool instruction(std::string opcode);
  bool operand(Operand &out);
  bool primary(Operand &out);
  bool memory(Operand &out);
  bool vector(Operand &out);
  bool named(Operand &out);
  bool offset(int64_t &value);
  bool lookup(const std::string &name, uint32_t &reg);
  bool resolveLabels();

  Lexer lexer;
  Token token;
  Status error;
  Module module;
  Entry *current = nullptr;
  std::vector<Scope> scopes;
  int scope = -1;
  int nesting = 0;
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

} // namespace

static constexpr int kMaxNesting = 256;
static constexpr uint64_t kMaxVariableBytes = uint64_t(1) << 30;

bool Parser::fail(const std::string &message) {
  if (error.isOk())
    error = Status::badInput("PTX line " + std::to_string(token.line) + ": " +
                             message);
  return false;
}

bool Parser::expect(char c) {
  if (accept(c))
    return true;
  return fail(std::string("expected `") + c + "`, got `" +
              std::string(token.text) + "`");
}

bool Parser::accept(char c) {
  if (!token.is(c))
    return false;
  advance();
  return true;
}

bool Parser::skipUntil(char c) {
  while (!token.is(c)) {
    if (token.kind == TokenKind::End)
      return fail(std::string("expected `") + c + "` before the end");
    advance();
  }
  advance();
  return true;
}

bool Parser::skipBraces() {
  if (!expect('{'))
    return false;
  for (int depth = 1; depth;) {
    if (token.kind == TokenKind::End)
      return fail("expected `}` before the end");
    depth += token.is('{') - token.is('}');
    advance();
  }
  return true;
}

bool Parser::integer(uint64_t &value) {
  bool minus = accept('-');
  if (token.kind != TokenKind::Integer)
    return fail("expected an integer, got `" + std::string(token.text) + "`");
  value = minus ? 0 - token.value : token.value;
  advance();
  return true;
}

bool Parser::word(std::string &name) {
  if (token.kind != TokenKind::Word)
    return fail("expected a name, got `" + std::string(token.text) + "`");
  name = token.text;
  advance();
  return true;
}

Expected<Module> Parser::run() {
  while (token.kind != TokenKind::End)
    if (!moduleItem())
      return error;
  return std::move(module);
}

bool Parser::moduleItem() {
  if (token.kind != TokenKind::Modifier)
    return accept(';') ||
           fail("expected a directive, got `" + std::string(token.text) + "`");
  std::string name(token.text);
  advance();
  if (name == "version") {
    if (token.kind != TokenKind::Float64 && token.kind != TokenKind::Integer)
      return fail("expected a version number");
    advance();
    return true;
  }
  if (name == "target") {
    if (!word(module.target))
      return false;
    std::string more;
    while (accept(','))
      if (!word(more))
        return false;
    return true;
  }
  if (name == "address_size") {
    uint64_t bits = 0;
    if (!integer(bits))
      return false;
    return bits == 64 || fail("expected .address_size 64");
  }
  if (name == "file") {
    uint64_t ignored;
    if (!integer(ignored))
      return false;
    if (token.kind != TokenKind::String)
      return fail("expected a file name");
    advance();
    while (accept(','))
      if (!integer(ignored))
        return false;
    return true;
  }
  if (name == "section") {
    while (!token.is('{')) {
      if (token.kind == TokenKind::End)
        return fail("expected `{` after .section");
      advance();
    }
    return skipBraces();
  }
  if (name == "pragma")
    return skipUntil(';');
  bool isExtern = false;
  while (name == "visible" || name == "extern" || name == "weak" ||
         name == "common") {
    isExtern |= name == "extern";
    if (token.kind != TokenKind::Modifier)
      return fail("expected a directive after ." + name);
    name = token.text;
    advance();
  }
  if (name == "entry")
    return entry();
  if (name == "func")
    return function();
  if (name == "global")
    return variable(Space::Global, isExtern, module.variables);
  if (name == "const")
    return variable(Space::Const, isExtern, module.variables);
  if (name == "shared")
    return variable(Space::Shared, isExtern, module.variables);
  return fail("unsupported directive `." + name + "`");
}

bool Parser::variable(Space space, bool isExtern, std::vector<Variable> &into) {
  uint32_t align = 0;
  unsigned unit = 0, unitCount = 1;
  while (token.kind == TokenKind::Modifier) {
    std::string name(token.text);
    advance();
    if (name == "align") {
      uint64_t value;
      if (!integer(value))
        return false;
      if (value == 0 || value > 65536 || (value & (value - 1)))
        return fail("expected .align to be a power of two up to 65536");
      align = value;
    } else if (name == "v2" || name == "v4") {
      unitCount = name[1] - '0';
    } else if (name == "ptr" || name == "attribute") {
      // `.ptr .global .align 16` tells about the pointee; the last .align in
      // it is not the parameter's.
      return fail("unsupported `." + name + "` here");
    } else if (std::optional<Type> type = typeNamed(name)) {
      unit = bytesOf(*type);
      if (!unit)
        return fail("a variable cannot be a predicate");
    } else {
      return fail("unsupported `." + name + "` in a declaration");
    }
  }
  if (!unit)
    return fail("expected a type in the declaration");
  do {
    if (!declarator(space, isExtern, align, unit, unitCount, into))
      return false;
  } while (accept(','));
  return expect(';');
}

bool Parser::declarator(Space space, bool isExtern, uint32_t align,
                        unsigned unit, unsigned unitCount,
                        std::vector<Variable> &into) {
  Variable var;
  var.line = token.line;
  var.space = space;
  if (!word(var.name))
    return false;
  uint64_t count = unitCount;
  bool unsized = false;
  while (accept('[')) {
    uint64_t extent = 0;
    if (token.is(']'))
      unsized = true;
    else if (!integer(extent))
      return false;
    if (!unsized && extent > kMaxVariableBytes)
      return fail("array `" + var.name + "` is too large");
    count *= unsized ? 0 : extent;
    if (count > kMaxVariableBytes)
      return fail("array `" + var.name + "` is too large");
    if (!expect(']'))
      return false;
  }
  var.align = align ? align : unit * unitCount;
  var.bytes = count * unit;
  if (var.bytes > kMaxVariableBytes)
    return fail("array `" + var.name + "` is too large");
  var.isExtern = unsized;
  if (unsized && space != Space::Shared && !token.is('='))
    return fail("expected a size for `" + var.name + "`");
  if (isExtern && space != Space::Shared)
    return fail("unsupported external variable `" + var.name + "`");
  if (accept('=') && !initialiser(unit, var))
    return false;
  into.push_back(std::move(var));
  return true;
}

bool Parser::initialiser(unsigned unit, Variable &var) {
  if (var.space != Space::Global && var.space != Space::Const)
    return fail("`" + var.name + "` cannot have an initial value");
  int depth = 0;
  do {
    while (accept('{'))
      ++depth;
    bool minus = accept('-');
    uint64_t value = token.value;
    if (token.kind == TokenKind::Float64 && unit == 4) {
      double wide;
      std::memcpy(&wide, &value, sizeof(wide));
      float narrow = static_cast<float>(wide);
      value = 0;
      std::memcpy(&value, &narrow, sizeof(narrow));
    } else if (token.kind != TokenKind::Integer &&
               token.kind != TokenKind::Float32 &&
               token.kind != TokenKind::Float64) {
      return fail("expected a number in the initial value, got `" +
                  std::string(token.text) + "`");
    } else if (minus) {
      value = 0 - value;
    }
    advance();
    for (unsigned i = 0; i < unit; ++i)
      var.initial.push_back(value >> (8 * i));
    while (depth && accept('}'))
      --depth;
  } while (accept(','));
  if (depth)
    return fail("expected `}` after the initial value");
  if (var.bytes == 0) {
    var.bytes = var.initial.size();
    var.isExtern = false;
  }
  if (var.initial.size() > var.bytes)
    return fail("more initial values than elements in `" + var.name + "`");
  return true;
}

/// Functions are not executed: one that nobody calls is skipped, and `call` is
/// no opcode.
bool Parser::function() {
  while (!token.is('{') && !token.is(';')) {
    if (token.kind == TokenKind::End)
      return fail("expected a body after .func");
    advance();
  }
  return accept(';') || skipBraces();
}

bool Parser::params() {
  if (!accept('('))
    return true;
  if (accept(')'))
    return true;
  do {
    if (!token.isModifier("param"))
      return fail("expected .param, got `" + std::string(token.text) + "`");
    advance();
    Variable var;
    var.space = Space::Param;
    var.line = token.line;
    unsigned unit = 0;
    bool pointer = false;
    uint32_t align = 0;
    while (token.kind == TokenKind::Modifier) {
      std::string name(token.text);
      advance();
      if (name == "align") {
        uint64_t value;
        if (!integer(value))
          return false;
        if (value == 0 || value > 65536 || (value & (value - 1)))
          return fail("expected .align to be a power of two up to 65536");
        if (!pointer)
          align = value;
      } else if (name == "ptr") {
        pointer = true;
      } else if (pointer && (name == "global" || name == "shared" ||
                             name == "const" || name == "local")) {
        continue;
      } else if (std::optional<Type> type = typeNamed(name)) {
        unit = bytesOf(*type);
      } else {
        return fail("unsupported `." + name + "` in a parameter");
      }
    }
    if (!unit)
      return fail("expected a type in the parameter");
    uint64_t count = 1;
    if (!word(var.name))
      return false;
    if (accept('[')) {
      if (!integer(count) || !expect(']'))
        return false;
      if (count > 32768)
        return fail("parameter `" + var.name + "` is too large");
    }
    var.bytes = unit * count;
    var.align = align ? align : unit;
    current->params.push_back(std::move(var));
  } while (accept(','));
  return expect(')');
}

bool Parser::threeNumbers(uint32_t (&out)[3]) {
  out[0] = out[1] = out[2] = 1;
  int index = 0;
  do {
    uint64_t value;
    if (index == 3 || !integer(value))
      return fail("expected at most three numbers");
    if (value == 0 || value > 65535)
      return fail("expected a dimension between 1 and 65535");
    out[index++] = value;
  } while (accept(','));
  return true;
}

bool Parser::smallNumber(uint32_t &out) {
  uint64_t value;
  if (!integer(value))
    return false;
  if (value == 0 || value > 65535)
    return fail("expected a number between 1 and 65535");
  out = static_cast<uint32_t>(value);
  return true;
}

bool Parser::entryDirective() {
  std::string name(token.text);
  advance();
  uint32_t dims[3];
  uint64_t ignored;
  if (name == "maxntid") {
    if (!threeNumbers(dims))
      return false;
    uint64_t threads = uint64_t(dims[0]) * dims[1] * dims[2];
    current->maxThreads = threads > UINT32_MAX ? UINT32_MAX : threads;
    return true;
  }
  if (name == "reqntid") {
    if (!threeNumbers(dims))
      return false;
    std::memcpy(current->requiredThreads, dims, sizeof(dims));
    return true;
  }
  if (name == "reqnctapercluster") {
    if (!threeNumbers(dims))
      return false;
    std::memcpy(current->requiredCluster, dims, sizeof(dims));
    return true;
  }
  if (name == "explicitcluster")
    return true;
  if (name == "minnctapersm")
    return smallNumber(current->minBlocks);
  if (name == "maxnreg")
    return smallNumber(current->maxRegisters);
  if (name == "maxnctapersm" || name == "maxclusterrank")
    return integer(ignored);
  if (name == "pragma")
    return skipUntil(';');
  return fail("unsupported directive `." + name + "` of an entry");
}

bool Parser::entry() {
  module.entries.emplace_back();
  current = &module.entries.back();
  current->line = token.line;
  if (!word(current->name) || !params())
    return false;
  while (token.kind == TokenKind::Modifier)
    if (!entryDirective())
      return false;
  if (accept(';')) {
    module.entries.pop_back();
    return true;
  }
  return body();
}

bool Parser::body() {
  scopes.clear();
  pendingLabels.clear();
  pendingTables.clear();
  scope = -1;
  nesting = 0;
  if (!token.is('{'))
    return fail("expected `{` before the body, got `" +
                std::string(token.text) + "`");
  int depth = 0;
  do {
    if (token.kind == TokenKind::End)
      return fail("expected `}` before the end");
    if (!statement(depth))
      return false;
  } while (depth);
  return resolveLabels();
}

bool Parser::statement(int &depth) {
  if (accept('{')) {
    if (++depth > kMaxNesting)
      return fail("scopes nest too deeply");
    scopes.emplace_back();
    scopes.back().parent = scope;
    scope = static_cast<int>(scopes.size()) - 1;
    return true;
  }
  if (accept('}')) {
    --depth;
    scope = scopes[scope].parent;
    return true;
  }
  if (accept(';'))
    return true;
  if (token.kind == TokenKind::Modifier) {
    std::string name(token.text);
    advance();
    return directive(name);
  }
  if (token.is('@'))
    return instruction("");
  std::string name;
  if (!word(name))
    return false;
  if (accept(':'))
    return label(name);
  return instruction(name);
}

bool Parser::directive(std::string_view name) {
  if (name == "reg")
    return registerDeclaration();
  if (name == "shared")
    return variable(Space::Shared, false, current->variables);
  if (name == "local")
    return variable(Space::Local, false, current->variables);
  if (name == "pragma")
    return skipUntil(';');
  if (name != "loc")
    return fail("unsupported directive `." + std::string(name) + "` in a body");
  // .loc file line column [, function_name label[+n], inlined_at f l c]
  uint64_t ignored;
  if (!integer(ignored) || !integer(ignored) || !integer(ignored))
    return false;
  while (accept(',')) {
    std::string key;
    if (!word(key))
      return false;
    while (token.kind == TokenKind::Integer || token.is('+') ||
           (key == "function_name" && token.kind == TokenKind::Word)) {
      bool label = token.kind == TokenKind::Word;
      advance();
      if (label)
        key.clear();
    }
  }
  return true;
}

bool Parser::registerDeclaration() {
  if (token.kind != TokenKind::Modifier)
    return fail("expected a type after .reg");
  std::optional<Type> type = typeNamed(token.text);
  if (!type)
    return fail("unsupported register type `." + std::string(token.text) + "`");
  advance();
  do {
    std::string name;
    if (!word(name))
      return false;
    if (accept('<')) {
      uint64_t count;
      if (!integer(count) || !expect('>'))
        return false;
      scopes[scope].ranges[name] = {*type, count};
    } else {
      scopes[scope].names[name] = *type;
    }
  } while (accept(','));
  return expect(';');
}

bool Parser::label(const std::string &name) {
  if (token.isModifier("branchtargets")) {
    advance();
    PendingTable table;
    table.table = current->branchTables.size();
    table.scope = scope;
    table.line = token.line;
    do {
      std::string target;
      if (!word(target))
        return false;
      table.names.push_back(target);
    } while (accept(','));
    scopes[scope].tables[name] = table.table;
    current->branchTables.emplace_back();
    pendingTables.push_back(std::move(table));
    return expect(';');
  }
  uint32_t index = current->body.size();
  if (!scopes[scope].labels.emplace(name, index).second)
    return fail("label `" + name + "` stands twice");
  return true;
}

bool Parser::instruction(std::string opcode) {
  Instruction inst;
  inst.line = token.line;
  if (opcode.empty()) {
    advance(); // the @
    inst.guarded = true;
    inst.guardNegated = accept('!');
    std::string name;
    if (!word(name) || !lookup(name, inst.guard))
      return false;
    if (current->registers[inst.guard].type != Type::Pred)
      return fail("expected a predicate after `@`, got `" + name + "`");
    inst.line = token.line;
    if (!word(opcode))
      return false;
  }
  inst.opcode = std::move(opcode);
  while (token.kind == TokenKind::Modifier) {
    inst.modifiers.emplace_back(token.text);
    advance();
  }
  if (!token.is(';')) {
    do {
      inst.operands.emplace_back();
      if (!operand(inst.operands.back()))
        return false;
    } while (accept(','));
  }
  if (!expect(';'))
    return false;
  for (size_t i = 0; i < inst.operands.size(); ++i)
    if (inst.operands[i].kind == Operand::Symbol)
      pendingLabels.push_back({current->body.size(), i, scope});
  current->body.push_back(std::move(inst));
  return true;
}

bool Parser::operand(Operand &out) {
  if (!primary(out))
    return false;
  if (!accept('|'))
    return true;
  Operand pair;
  pair.kind = Operand::Pair;
  pair.parts.resize(2);
  pair.parts[0] = std::move(out);
  if (!primary(pair.parts[1]))
    return false;
  out = std::move(pair);
  return true;
}

bool Parser::primary(Operand &out) {
  if (accept('[')) {
    out.kind = Operand::Memory;
    return memory(out);
  }
  if (accept('{'))
    return vector(out);
  if (accept('!')) {
    out.negated = true;
    return named(out);
  }
  bool minus = accept('-');
  bool complement = !minus && accept('~');
  switch (token.kind) {
  case TokenKind::Integer:
    out.kind = Operand::Integer;
    out.value = token.value;
    if (minus)
      out.value = static_cast<int64_t>(0 - token.value);
    if (complement)
      out.value = static_cast<int64_t>(~token.value);
    break;
  case TokenKind::Float32:
    out.kind = Operand::Float32;
    out.value = token.value ^ (minus ? 0x80000000u : 0u);
    break;
  case TokenKind::Float64:
    out.kind = Operand::Float64;
    out.value = token.value ^ (minus ? uint64_t(1) << 63 : 0);
    break;
  default:
    if (minus || complement)
      return fail("expected a number after the sign");
    return named(out);
  }
  advance();
  return true;
}

bool Parser::named(Operand &out) {
  std::string name;
  if (!word(name))
    return false;
  if (name == "_") {
    out.kind = Operand::Sink;
    return true;
  }
  if (name[0] == '%' && token.kind == TokenKind::Modifier &&
      token.text.size() == 1 && std::strchr("xyzw", token.text[0])) {
    out.kind = Operand::Special;
    out.name = name + "." + std::string(token.text);
    advance();
    return true;
  }
  bool known = error.isOk();
  if (lookup(name, out.reg)) {
    out.kind = Operand::Reg;
    return true;
  }
  if (known)
    error = Status(); // not a register, so something else
  out.kind = name[0] == '%' ? Operand::Special : Operand::Symbol;
  out.name = name;
  if (out.kind == Operand::Symbol && (token.is('+') || token.is('-')))
    return offset(out.value);
  return true;
}

bool Parser::offset(int64_t &value) {
  while (token.is('+') || token.is('-')) {
    bool minus = token.is('-');
    uint64_t part;
    advance();
    if (!integer(part))
      return false;
    value = static_cast<int64_t>(static_cast<uint64_t>(value) +
                                 (minus ? 0 - part : part));
  }
  return true;
}

bool Parser::memory(Operand &out) {
  out.parts.emplace_back();
  if (!primary(out.parts[0]))
    return false;
  Operand &base = out.parts[0];
  if (base.kind == Operand::Symbol) {
    out.value = base.value;
    base.value = 0;
  } else if (base.kind != Operand::Reg && base.kind != Operand::Integer) {
    return fail("expected a register, a symbol or a number as address");
  }
  if (!offset(out.value))
    return false;
  if (accept(',')) { // a tensor map and coordinates
    out.parts.emplace_back();
    if (!expect('{') || !vector(out.parts.back()))
      return false;
  }
  return expect(']');
}

bool Parser::vector(Operand &out) {
  out.kind = Operand::Vector;
  if (++nesting > kMaxNesting)
    return fail("vectors nest too deeply");
  do {
    out.parts.emplace_back();
    if (!primary(out.parts.back()))
      return false;
    if (out.parts.size() > 256)
      return fail("vector is too long");
  } while (accept(','));
  --nesting;
  return expect('}');
}

bool Parser::lookup(const std::string &name, uint32_t &reg) {
  size_t digits = name.size();
  while (digits && name[digits - 1] >= '0' && name[digits - 1] <= '9')
    --digits;
  std::string stem = name.substr(0, digits);
  uint64_t number = UINT64_MAX;
  bool canonical = digits < name.size() &&
                   (name[digits] != '0' || digits + 1 == name.size());
  if (canonical && name.size() - digits < 19)
    number = std::strtoull(name.c_str() + digits, nullptr, 10);
  for (int s = scope; s >= 0; s = scopes[s].parent) {
    Scope &here = scopes[s];
    auto used = here.registers.find(name);
    if (used != here.registers.end()) {
      reg = used->second;
      return true;
    }
    std::optional<Type> type;
    auto single = here.names.find(name);
    auto range = here.ranges.find(stem);
    if (single != here.names.end())
      type = single->second;
    else if (range != here.ranges.end() && number < range->second.count)
      type = range->second.type;
    if (!type)
      continue;
    reg = current->registers.size();
    current->registers.push_back({name, *type});
    here.registers.emplace(name, reg);
    return true;
  }
  return fail("unknown register `" + name + "`");
}

bool Parser::resolveLabels() {
  auto find = [&](const std::string &name, int from, auto member,
                  int64_t &value) {
    for (int s = from; s >= 0; s = scopes[s].parent) {
      auto &map = scopes[s].*member;
      auto it = map.find(name);
      if (it == map.end())
        continue;
      value = it->second;
      return true;
    }
    return false;
  };
  for (const PendingLabel &use : pendingLabels) {
    Operand &op = current->body[use.instruction].operands[use.operand];
    bool table = current->body[use.instruction].opcode == "brx";
    int64_t value;
    bool found = table ? find(op.name, use.scope, &Scope::tables, value)
                       : find(op.name, use.scope, &Scope::labels, value);
    if (!found)
      continue; // a variable
    op.kind = Operand::Label;
    op.value = value;
  }
  for (const PendingTable &table : pendingTables) {
    for (const std::string &name : table.names) {
      int64_t value;
      if (!find(name, table.scope, &Scope::labels, value)) {
        token.line = table.line;
        return fail("unknown label `" + name + "`");
      }
      current->branchTables[table.table].push_back(value);
    }
  }
  return true;
}

Expected<Module> attnrt::sim::ptx::parse(std::string_view text) {
  return Parser(text).run();
}
