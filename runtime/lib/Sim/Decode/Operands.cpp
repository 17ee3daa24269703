//===- Operands.cpp - Operands of an instruction --------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Decode/BodyDecoder.h"
#include "Decode/WordRules.h"

#include <cstring>
#include <optional>

using namespace attnrt::sim;
using ptx::Operand;
using ptx::Type;

OperandDecoder::OperandDecoder(const OperandContext &context, Type constantType)
    : context(context), draft(context.body.drafts.back()),
      constantType(constantType) {}

const ptx::Register &OperandDecoder::registerOf(const Operand &op) const {
  return context.body.source->registers[op.reg];
}

/// Constants and special registers count operations of the whole kernel.
static uint32_t indexIn(const BodyDraft &body) {
  return body.begin + static_cast<uint32_t>(body.drafts.size()) - 1;
}

void OperandDecoder::useConstant(uint64_t bits, unsigned bytes, Place place,
                                 int variable) {
  context.uniform.useConstant(indexIn(context.body), place, bits, bytes == 8,
                              variable);
}

bool OperandDecoder::all(const ptx::Instruction &inst, const Match &match) {
  Op &op = draft.op;
  const std::vector<OperandSpec> &specs = match.specs;
  size_t next = 0;
  // Optional operands are left out from the left: `bar.red d, a, q`.
  size_t spare = specs.size() - inst.operands.size();
  for (const OperandSpec &spec : specs) {
    if (spec.optional && spare) {
      --spare;
      continue;
    }
    if (!operand(inst.operands[next++], spec, match))
      return false;
  }
  if (!op.count)
    op.count = srcs;
  return match.sem() != Sem::Call || sealCall();
}

/// Special registers that change are read by the instruction itself.
static bool isClock(const Operand &op) {
  static constexpr std::string_view kClocks[] = {
      "%clock", "%clock64", "%clock_hi", "%globaltimer", "%globaltimer_lo"};
  for (std::string_view clock : kClocks)
    if (op.kind == Operand::Special && op.name == clock)
      return true;
  return false;
}

bool OperandDecoder::ofMov(const ptx::Instruction &inst, const Match &match) {
  const Operand &to = inst.operands[0], &from = inst.operands[1];
  unsigned bytes = ptx::bytesOf(match.type());
  Op &op = draft.op;
  bool unpack = to.kind == Operand::Vector, pack = from.kind == Operand::Vector;
  if (pack && unpack)
    return fail("expected at most one vector");
  if (unpack || pack) {
    const Operand &list = unpack ? to : from;
    size_t parts = list.parts.size();
    if ((parts != 2 && parts != 4) || bytes / parts < 2)
      return fail("expected two or four elements that fill the other operand");
    OperandSpec spec;
    spec.kind = unpack ? 'd' : 's';
    if (!vector(list, spec, bytes / parts, parts))
      return false;
    op.imm2 = unpack ? 2 : 1;
    if (unpack ? !source(from, bytes, false, nextSrc())
               : !destination(to, bytes, false, nextDst()))
      return false;
  } else {
    if (!destination(to, bytes, false, nextDst()))
      return false;
    if (isClock(from))
      op.imm2 = 3;
    else if (!source(from, bytes, false, nextSrc()))
      return false;
  }
  return true;
}

Place OperandDecoder::nextInPool() {
  Place place{Place::Pool, static_cast<uint32_t>(context.kernel.pool.size())};
  context.kernel.pool.push_back(0);
  return place;
}

static unsigned widthOf(const OperandSpec &spec, const Match &match) {
  if (spec.bytes)
    return spec.bytes;
  unsigned bytes = ptx::bytesOf(match.type(spec.type < 0 ? 0 : spec.type));
  return spec.wide ? bytes * 2 : bytes;
}

/// Registers of a wgmma's result in a thread.
static unsigned accumulators(const Match &match) {
  for (std::string_view modifier : match.modifiers)
    if (unsigned columns = wgmmaColumns(modifier))
      return match.type() == Type::F16 ? columns / 4 : columns / 2;
  return 0;
}

/// How many elements a vector has.
static unsigned countOf(const OperandSpec &spec, const Match &match) {
  if (spec.vector == -1)
    return match.has("v4") ? 4 : match.has("v2") ? 2 : 1;
  if (spec.vector == -2)
    return accumulators(match);
  return spec.vector > 0 ? spec.vector : 1;
}

bool OperandDecoder::operand(const Operand &op, const OperandSpec &spec,
                             const Match &match) {
  if (!selector(op, spec))
    return false;
  switch (spec.kind) {
  case 'd':
  case 's':
    return value(op, spec, match);
  case 'p':
    return spec.secondPred ? pair(op, spec, 0) : predicate(op, true, nextDst());
  case 'q':
    return predicate(op, false, nextSrc());
  case 'i':
    return immediate(op, match);
  case 'k':
    return smallImmediate(op);
  case 'm':
    return memory(op);
  case 't':
    return tensor(op, countOf(spec, match));
  case 'h':
    return hint(op);
  case 'a':
    return frameParts(op);
  case 'f':
    return callee(op);
  default:
    return branchTarget(op, match.sem());
  }
}

bool OperandDecoder::value(const Operand &op, const OperandSpec &spec,
                           const Match &match) {
  unsigned bytes = widthOf(spec, match);
  if (spec.vector)
    return vector(op, spec, bytes, countOf(spec, match));
  if (spec.kind == 's')
    return source(op, bytes, spec.wider, nextSrc());
  return spec.secondPred ? pair(op, spec, bytes)
                         : destination(op, bytes, spec.wider, nextDst());
}

bool OperandDecoder::immediate(const Operand &op, const Match &match) {
  if (op.kind != Operand::Integer)
    return fail("expected a constant");
  draft.op.imm2 = memories == 2 ? draft.op.imm2 : op.value;
  draft.op.aux = static_cast<uint32_t>(op.value);
  if (op.value < 0 || op.value > INT32_MAX || !constantFits(match, op.value))
    return fail("constant is out of range");
  return true;
}

bool OperandDecoder::smallImmediate(const Operand &op) {
  if (op.kind != Operand::Integer || op.value < -128 || op.value > 127)
    return fail("expected a small constant");
  draft.op.aux = draft.op.aux << 8 | static_cast<uint8_t>(op.value);
  return true;
}

bool OperandDecoder::vector(const Operand &op, const OperandSpec &spec,
                            unsigned bytes, unsigned count) {
  bool isVector = op.kind == Operand::Vector;
  if (isVector ? op.parts.size() != count : count != 1)
    return fail("expected a vector of " + std::to_string(count));
  draft.op.count += count;
  for (unsigned i = 0; i < count; ++i) {
    const Operand &part = isVector ? op.parts[i] : op;
    Place place = nextInPool();
    bool ok = spec.kind == 'd' ? destination(part, bytes, spec.wider, place)
                               : source(part, bytes, spec.wider, place);
    if (!ok)
      return false;
  }
  return true;
}

bool OperandDecoder::pair(const Operand &op, const OperandSpec &spec,
                          unsigned bytes) {
  auto first = [&](const Operand &part) {
    return spec.kind == 'p' ? predicate(part, true, nextDst())
                            : destination(part, bytes, spec.wider, nextDst());
  };
  if (op.kind == Operand::Pair)
    return first(op.parts[0]) && predicate(op.parts[1], true, nextDst());
  draft.op.dst[1] = kSinkPred;
  return first(op);
}

static bool fits(unsigned registerBytes, unsigned bytes, bool wider) {
  return registerBytes == bytes || (wider && registerBytes > bytes);
}

bool OperandDecoder::destination(const Operand &op, unsigned bytes, bool wider,
                                 Place place) {
  if (op.kind == Operand::Sink) {
    put(place, kSinkRow);
    return true;
  }
  if (op.kind != Operand::Reg)
    return fail("expected a register as destination");
  const ptx::Register &reg = registerOf(op);
  unsigned held = ptx::bytesOf(reg.type);
  if (!fits(held, bytes, wider))
    return fail("expected a register of " + std::to_string(bytes * 8) +
                " bits, got `" + reg.name + "`");
  // Loads and conversions extend to the register's width.
  if (wider)
    draft.op.dstBytes = held;
  draft.refs.push_back({place, op.reg, true});
  return true;
}

bool OperandDecoder::registerSource(const Operand &op, unsigned bytes,
                                    bool wider, Place place) {
  const ptx::Register &reg = registerOf(op);
  if (reg.type == Type::Pred || !fits(ptx::bytesOf(reg.type), bytes, wider))
    return fail("expected an operand of " + std::to_string(bytes * 8) +
                " bits, got `" + reg.name + "`");
  if (op.negated)
    return fail("`!` needs a predicate");
  if (wider)
    draft.op.srcBytes = static_cast<uint8_t>(ptx::bytesOf(reg.type));
  draft.refs.push_back({place, op.reg, false});
  return true;
}

bool OperandDecoder::source(const Operand &op, unsigned bytes, bool wider,
                            Place place) {
  uint64_t bits = 0;
  switch (op.kind) {
  case Operand::Reg:
    return registerSource(op, bytes, wider, place);
  case Operand::Special:
    return special(op.name, bytes, place);
  case Operand::Symbol:
    return symbol(op.name, op.value, bytes, place);
  default:
    if (!constant(op, bytes, bits))
      return false;
    useConstant(bits, bytes, place);
    if (wider && !draft.op.srcBytes)
      draft.op.srcBytes = static_cast<uint8_t>(bytes);
    return true;
  }
}

/// A floating-point constant in the width of the operand.
static uint64_t bitsOfFloat(float x, unsigned bytes) {
  uint64_t bits = 0;
  double wide = x;
  std::memcpy(&bits, bytes == 8 ? static_cast<void *>(&wide) : &x, bytes);
  return bits;
}

bool OperandDecoder::constant(const Operand &op, unsigned bytes,
                              uint64_t &bits) {
  uint64_t value = static_cast<uint64_t>(op.value);
  bool isPair = constantType == Type::F16x2 || constantType == Type::BF16x2;
  bool isInteger = op.kind == Operand::Integer;
  bool isSingle = op.kind == Operand::Float32;
  if (!isInteger && !isSingle && op.kind != Operand::Float64)
    return fail("expected a register or a constant");
  if (isInteger && ptx::isFloat(constantType) && bytes >= 4 && !isPair)
    return fail("expected a floating-point constant");
  if (!isInteger && bytes < 4)
    return fail("expected a 16-bit constant");
  bits = value;
  if (isSingle && bytes == 8) {
    float single;
    uint32_t word = static_cast<uint32_t>(value);
    std::memcpy(&single, &word, sizeof(single));
    bits = bitsOfFloat(single, 8);
  } else if (op.kind == Operand::Float64 && bytes == 4) {
    double wide;
    std::memcpy(&wide, &value, sizeof(wide));
    bits = bitsOfFloat(static_cast<float>(wide), 4);
  }
  if (bytes < 8)
    bits &= (uint64_t(1) << (8 * bytes)) - 1;
  return true;
}

bool OperandDecoder::special(const std::string &name, unsigned bytes,
                             Place place) {
  std::optional<Special> what = specialNamed(name);
  if (!what)
    return fail("unknown register `" + name + "`");
  if (bytes != 4)
    return fail("expected `" + name + "` in a 32-bit instruction");
  context.uniform.useSpecial(indexIn(context.body), place, *what);
  return true;
}

bool OperandDecoder::predicate(const Operand &op, bool def, Place place) {
  if (op.kind == Operand::Sink && def) {
    put(place, kSinkPred);
    return true;
  }
  if (op.kind == Operand::Integer && !def) {
    put(place, op.value ? kTruePred : kFalsePred);
    return true;
  }
  if (op.kind != Operand::Reg || registerOf(op).type != Type::Pred ||
      (def && op.negated))
    return fail("expected a predicate");
  if (op.negated && place.index == 1)
    draft.op.negated2 = true;
  else if (op.negated)
    draft.op.negated = true;
  draft.refs.push_back({place, op.reg, def});
  return true;
}

bool OperandDecoder::symbol(const std::string &name, int64_t offset,
                            unsigned bytes, Place place) {
  if (name == "WARP_SZ") {
    useConstant(32, bytes, place);
    return true;
  }
  const BodyDraft &body = context.body;
  auto it = body.symbols.find(name);
  if (it == body.symbols.end())
    return fail("unknown symbol `" + name + "`");
  if (bytes < 4)
    return fail("expected 32 or 64 bits for an address");
  const Symbol &sym = it->second;
  if (sym.space == ptx::Space::Global || sym.space == ptx::Space::Const) {
    if (bytes != 8)
      return fail("expected 64 bits for an address");
    useConstant(offset, bytes, place, static_cast<int>(sym.address));
    return true;
  }
  uint64_t address = sym.address + offset;
  if (sym.space == ptx::Space::Code) {
    if (bytes != 8)
      return fail("expected 64 bits for an address");
    address |= kCodeWindow;
  }
  if (sym.inFrame && body.isFunction) {
    context.body.frameRows.use(static_cast<uint32_t>(body.drafts.size()) - 1,
                               place, address, bytes == 8);
    return true;
  }
  useConstant(bytes == 4 ? uint32_t(address) : address, bytes, place);
  return true;
}

/// The address of a tensor map, and coordinates.
bool OperandDecoder::tensor(const Operand &op, unsigned rank) {
  if (op.kind != Operand::Memory || op.parts.size() != 2)
    return fail("expected the address of a tensor map and coordinates");
  OperandSpec spec;
  return address(op) && vector(op.parts[1], spec, 4, rank);
}

/// A policy is used where it stands, and by nobody.
bool OperandDecoder::hint(const Operand &op) {
  return source(op, 8, false, nextInPool());
}

bool OperandDecoder::memory(const Operand &op) {
  if (op.kind != Operand::Memory || op.parts.size() != 1)
    return fail("expected an address in brackets");
  return address(op);
}

bool OperandDecoder::address(const Operand &op) {
  const Operand &base = op.parts[0];
  if (memories == 3)
    return fail("too many addresses");
  if (op.value != static_cast<int32_t>(op.value) && memories == 2)
    return fail("offset is out of range");
  switch (memories++) {
  case 0:
    draft.op.imm = op.value;
    break;
  case 1:
    draft.op.imm2 = op.value;
    break;
  default:
    draft.op.imm3 = static_cast<int32_t>(op.value);
    break;
  }
  Place place = nextSrc();
  // Parameters of a function, and of what it calls, are in its frame.
  draft.op.framed = context.body.isFunction;
  if (base.kind == Operand::Reg)
    return addressRegister(base, place);
  if (base.kind == Operand::Symbol) {
    auto known = context.body.symbols.find(base.name);
    draft.op.framed |=
        known != context.body.symbols.end() && known->second.inFrame;
    return symbol(base.name, 0, 8, place);
  }
  useConstant(base.value, 8, place);
  return true;
}

bool OperandDecoder::addressRegister(const Operand &base, Place place) {
  const ptx::Register &reg = registerOf(base);
  if (reg.type == Type::Pred || ptx::bytesOf(reg.type) < 4)
    return fail("expected an address of 32 or 64 bits, got `" + reg.name + "`");
  bool narrow = bankOf(reg.type) == Bank::Narrow;
  draft.op.narrow |= narrow && memories == 1;
  draft.op.narrow2 |= narrow && memories == 2;
  draft.op.narrow3 |= narrow && memories == 3;
  draft.refs.push_back({place, base.reg, false});
  return true;
}

bool OperandDecoder::branchTarget(const Operand &op, Sem sem) {
  if (op.kind != Operand::Label)
    return fail("unknown label");
  if (sem == Sem::Brx) {
    draft.table = static_cast<uint32_t>(op.value);
    draft.op.aux = draft.table;
    if (context.body.source->branchTables[draft.table].empty())
      return fail("empty branch table");
    return true;
  }
  draft.op.target = static_cast<uint32_t>(op.value);
  return true;
}
