//===- Decoder.cpp - A parsed module to a program -------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Decode/Draft.h"
#include "Ptx/Parser.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <map>

using namespace attnrt;
using namespace attnrt::sim;
using ptx::Operand;
using ptx::Type;

namespace {

/// Decodes one entry.
class EntryDecoder {
public:
  EntryDecoder(const ptx::Module &module, const ptx::Entry &entry,
               const Program &program, Binder bind)
      : module(module), entry(entry), program(program), bind(bind) {}

  Status run(Kernel &out);

private:
  struct Symbol {
    ptx::Space space;
    uint64_t address; // shared or local offset, param offset, variable index
  };
  struct Source {
    enum Kind { Register, Constant, SpecialReg } kind;
    uint32_t index;
  };

  bool fail(const std::string &message);
  bool layOutParams();
  bool layOutShared();
  void layOutLocal();
  bool decodeAll();
  bool decode(const ptx::Instruction &inst);
  bool decodeMov(const ptx::Instruction &inst, const Match &match);
  bool targetHas(Sem sem);
  bool decodeGuard(const ptx::Instruction &inst);
  bool kindsFit(const ptx::Instruction &inst, const Match &match) const;
  bool operands(const ptx::Instruction &inst, const Match &match);
  bool operand(const Operand &op, const OperandSpec &spec, const Match &match);
  bool vector(const Operand &op, const OperandSpec &spec, unsigned bytes,
              unsigned count);
  unsigned widthOf(const OperandSpec &spec, const Match &match) const;
  bool destination(const Operand &op, unsigned bytes, bool wider, Place place);
  bool source(const Operand &op, unsigned bytes, bool wider, Place place);
  bool constant(const Operand &op, unsigned bytes, uint64_t &bits);
  bool special(const std::string &name, unsigned bytes, Place place);
  bool predicate(const Operand &op, bool def, Place place);
  bool hint(const Operand &op);
  bool memory(const Operand &op);
  bool tensor(const Operand &op, unsigned rank);
  bool address(const Operand &op);
  void readDestinations();
  void pinAccumulators();
  void watchTensorRows(const std::vector<uint16_t> &where);
  bool symbol(const std::string &name, int64_t offset, unsigned bytes,
              Place place);
  bool pair(const Operand &op, const OperandSpec &spec, unsigned bytes);
  bool branchTarget(const Operand &op, Sem sem);
  bool seal();

  void useConstant(uint64_t bits, unsigned bytes, Place place,
                   int variable = -1);
  void put(Place place, uint32_t row);
  Place nextDst() { return {Place::Dst, dsts++}; }
  Place nextSrc() { return {Place::Src, srcs++}; }

  const ptx::Module &module;
  const ptx::Entry &entry;
  const Program &program;
  Binder bind;
  Kernel kernel;
  std::map<std::string, Symbol> symbols;
  std::vector<Draft> drafts;
  std::vector<bool> pinned; // registers that wgmmas have
  Draft *draft = nullptr;
  uint32_t dsts = 0, srcs = 0, memories = 0;
  int line = 0;
  Type constantType = Type::B32;
  Status error;

  struct ConstantKey {
    uint64_t bits;
    bool wide;
    int variable;
    bool operator<(const ConstantKey &o) const {
      return std::tie(bits, wide, variable) <
             std::tie(o.bits, o.wide, o.variable);
    }
  };
  std::map<ConstantKey, uint32_t> constants;
  std::map<Special, uint32_t> specials;
  /// Rows of constants and specials, known only after the registers have
  /// theirs: (draft, place, index).
  struct Later {
    uint32_t draft;
    Place place;
    bool isSpecial;
    uint32_t index;
  };
  std::vector<Later> later;
  std::vector<ConstantKey> constantList;
  std::vector<Special> specialList;
};

} // namespace

/// Far above what any target has; what one has is a matter of the launch.
static constexpr uint64_t kMaxShared = uint64_t(1) << 24;
static constexpr uint64_t kMaxLocal = uint64_t(1) << 24;
/// The ISA's limit for sm_70 and newer.
static constexpr uint64_t kMaxParams = 32764;

bool EntryDecoder::fail(const std::string &message) {
  if (error.isOk())
    error = Status::badInput("PTX line " + std::to_string(line) + ": " +
                             message + " in " + program.quote(line));
  return false;
}

Status EntryDecoder::run(Kernel &out) {
  kernel.name = entry.name;
  kernel.maxThreads = entry.maxThreads;
  std::memcpy(kernel.requiredThreads, entry.requiredThreads,
              sizeof(kernel.requiredThreads));
  std::memcpy(kernel.requiredCluster, entry.requiredCluster,
              sizeof(kernel.requiredCluster));
  kernel.entryRegisters = entryRegisters(entry);
  line = entry.line;
  for (size_t v = 0; v < module.variables.size(); ++v)
    if (module.variables[v].space != ptx::Space::Shared)
      symbols[module.variables[v].name] = {module.variables[v].space, v};
  layOutLocal();
  if (!layOutParams() || !layOutShared() || !decodeAll() || !seal())
    return error;
  out = std::move(kernel);
  return Status::ok();
}

bool EntryDecoder::layOutParams() {
  for (const ptx::Variable &param : entry.params) {
    uint32_t at = (kernel.paramBytes + param.align - 1) & ~(param.align - 1);
    if (at + param.bytes > kMaxParams)
      return fail("expected at most " + std::to_string(kMaxParams) +
                  " bytes of parameters");
    kernel.paramOffsets.push_back(at);
    kernel.paramBytes = at + param.bytes;
    symbols[param.name] = {ptx::Space::Param, at};
  }
  kernel.params = entry.params;
  return true;
}

void EntryDecoder::layOutLocal() {
  for (const ptx::Variable &var : entry.variables) {
    if (var.space != ptx::Space::Local)
      continue;
    uint64_t at =
        (kernel.localBytes + var.align - 1) & ~uint64_t(var.align - 1);
    symbols[var.name] = {ptx::Space::Local, at};
    kernel.localBytes = std::min<uint64_t>(at + var.bytes, kMaxLocal + 1);
  }
}

/// An address that has the declared alignment and no more.
static uint32_t placeExactly(uint32_t from, uint32_t align) {
  uint32_t at = (from + align - 1) & ~(align - 1);
  return at & align ? at : at + align;
}

/// Only what the entry's own instructions name counts, as in ptxas.
static bool names(const ptx::Entry &entry, const std::string &name) {
  auto in = [&](const Operand &op, auto &self) -> bool {
    if (op.kind == Operand::Symbol && op.name == name)
      return true;
    for (const Operand &part : op.parts)
      if (self(part, self))
        return true;
    return false;
  };
  for (const ptx::Instruction &inst : entry.body)
    for (const Operand &op : inst.operands)
      if (in(op, in))
        return true;
  return false;
}

bool EntryDecoder::layOutShared() {
  std::vector<const ptx::Variable *> fixed, dynamic;
  auto sort = [&](const std::vector<ptx::Variable> &variables, bool all) {
    for (const ptx::Variable &var : variables)
      if (var.space == ptx::Space::Shared && (all || names(entry, var.name)))
        (var.isExtern ? dynamic : fixed).push_back(&var);
  };
  sort(module.variables, false);
  sort(entry.variables, true);
  uint64_t end = kSharedBase;
  for (const ptx::Variable *var : fixed) {
    line = var->line;
    uint32_t at = placeExactly(end, var->align);
    if (end + var->bytes > kMaxShared)
      return fail("too much shared memory");
    kernel.shared.push_back({var->name, at, static_cast<uint32_t>(var->bytes)});
    symbols[var->name] = {ptx::Space::Shared, at};
    kernel.staticSharedBytes += var->bytes;
    end = at + var->bytes + 16; // a red zone
  }
  kernel.dynamicAlign = dynamic.empty() ? 16 : 1;
  for (const ptx::Variable *var : dynamic)
    kernel.dynamicAlign = std::max(kernel.dynamicAlign, var->align);
  kernel.dynamicBase = placeExactly(end, kernel.dynamicAlign);
  kernel.sharedEnd = end;
  for (const ptx::Variable *var : dynamic)
    symbols[var->name] = {ptx::Space::Shared, kernel.dynamicBase};
  return true;
}

bool EntryDecoder::decodeAll() {
  if (kernel.localBytes > kMaxLocal)
    return fail("too much local memory");
  kernel.branchTables = entry.branchTables;
  for (const ptx::Instruction &inst : entry.body) {
    line = inst.line;
    drafts.emplace_back();
    if (!decode(inst))
      return false;
  }
  // A body may fall off its end, or branch there.
  drafts.emplace_back();
  ptx::Instruction ret;
  ret.line = line;
  ret.opcode = "ret";
  return decode(ret);
}

/// Tells `cp.async …, bytes` from `cp.async …, ignoreSource`, and a wgmma with
/// registers from one with a descriptor.
bool EntryDecoder::kindsFit(const ptx::Instruction &inst,
                            const Match &match) const {
  if (inst.operands.size() != match.specs.size() || match.specs.empty())
    return true;
  for (size_t i = 0; i < inst.operands.size(); ++i) {
    const Operand &op = inst.operands[i];
    const OperandSpec &spec = match.specs[i];
    bool isPred =
        op.kind == Operand::Reg && entry.registers[op.reg].type == Type::Pred;
    if (spec.kind == 's' && isPred)
      return false;
    if (match.sem() == Sem::Wgmma && spec.kind == 's' &&
        (spec.vector != 0) != (op.kind == Operand::Vector))
      return false;
  }
  return true;
}

bool EntryDecoder::decode(const ptx::Instruction &inst) {
  draft = &drafts.back();
  dsts = srcs = memories = 0;
  draft->op.line = inst.line;
  draft->op.list = kernel.pool.size();
  if (!isOpcode(inst.opcode))
    return fail("unknown opcode `" + inst.opcode + "`");
  if (!decodeGuard(inst))
    return false;
  bool modifiersFit = false;
  for (const Form &form : allForms()) {
    Match match;
    if (form.opcode != inst.opcode ||
        !matchModifiers(form, inst.modifiers, match))
      continue;
    modifiersFit = true;
    size_t least = 0;
    for (const OperandSpec &spec : match.specs)
      least += !spec.optional;
    if (inst.operands.size() < least ||
        inst.operands.size() > match.specs.size() || !kindsFit(inst, match))
      continue;
    if (!targetHas(match.sem()))
      return false;
    draft->facts = factsOf(match, inst.modifiers, kernel.products);
    if (match.sem() == Sem::Mov && match.type() != Type::Pred)
      return decodeMov(inst, match);
    return operands(inst, match);
  }
  std::string spelling = inst.opcode;
  for (const std::string &modifier : inst.modifiers)
    spelling += "." + modifier;
  if (modifiersFit)
    return fail("wrong number of operands for `" + spelling + "`");
  return fail("unsupported form `" + spelling + "`");
}

bool EntryDecoder::targetHas(Sem sem) {
  // "sm_90a" and "sm_90" have the same number.
  unsigned target = 0;
  if (module.target.rfind("sm_", 0) == 0)
    target = std::strtoul(module.target.c_str() + 3, nullptr, 10);
  if (target >= firstTarget(sem))
    return true;
  return fail("expected target sm_" + std::to_string(firstTarget(sem)) +
              " or newer, got `" + module.target + "`,");
}

bool EntryDecoder::decodeGuard(const ptx::Instruction &inst) {
  if (!inst.guarded)
    return true;
  draft->op.guard = 0;
  draft->op.guardNegated = inst.guardNegated;
  draft->refs.push_back({{Place::Guard, 0}, inst.guard, false});
  return true;
}

/// mov also packs, unpacks and reads special registers that change.
bool EntryDecoder::decodeMov(const ptx::Instruction &inst, const Match &match) {
  const Operand &to = inst.operands[0], &from = inst.operands[1];
  unsigned bytes = ptx::bytesOf(match.type());
  constantType = match.type();
  Op &op = draft->op;
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
    bool clock = from.kind == Operand::Special &&
                 (from.name == "%clock" || from.name == "%clock64" ||
                  from.name == "%globaltimer" || from.name == "%clock_hi" ||
                  from.name == "%globaltimer_lo");
    if (clock)
      op.imm2 = 3;
    else if (!source(from, bytes, false, nextSrc()))
      return false;
  }
  return bind(match, op) || fail("unsupported form of `mov`");
}

bool EntryDecoder::operands(const ptx::Instruction &inst, const Match &match) {
  Op &op = draft->op;
  constantType = match.types.empty() ? Type::B32 : match.types.back();
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
  switch (match.sem()) {
  case Sem::Bra:
    draft->flow = Flow::Branch;
    break;
  case Sem::Brx:
    draft->flow = Flow::Table;
    break;
  case Sem::Ret:
  case Sem::Exit:
    draft->flow = Flow::Stop;
    break;
  case Sem::Trap:
    draft->flow = Flow::Trap;
    break;
  case Sem::Wgmma:
    draft->isTensor = kernel.hasTensorOps = true;
    readDestinations();
    break;
  case Sem::Griddepcontrol:
    kernel.waitsForGrid |= match.has("wait");
    break;
  default:
    break;
  }
  if (!bind(match, op))
    return fail("unsupported form `" + inst.opcode + "`");
  return true;
}

/// Accumulators are read and written.
void EntryDecoder::readDestinations() {
  for (size_t i = 0, count = draft->refs.size(); i < count; ++i) {
    Ref ref = draft->refs[i];
    if (!ref.def)
      continue;
    ref.def = false;
    draft->refs.push_back(ref);
  }
}

unsigned EntryDecoder::widthOf(const OperandSpec &spec,
                               const Match &match) const {
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

bool EntryDecoder::operand(const Operand &op, const OperandSpec &spec,
                           const Match &match) {
  unsigned count = spec.vector > 0 ? spec.vector : 1;
  if (spec.vector == -1)
    count = match.has("v4") ? 4 : match.has("v2") ? 2 : 1;
  if (spec.vector == -2)
    count = accumulators(match);
  switch (spec.kind) {
  case 'd':
  case 's': {
    unsigned bytes = widthOf(spec, match);
    if (spec.vector)
      return vector(op, spec, bytes, count);
    if (spec.secondPred && spec.kind == 'd')
      return pair(op, spec, bytes);
    return spec.kind == 'd' ? destination(op, bytes, spec.wider, nextDst())
                            : source(op, bytes, spec.wider, nextSrc());
  }
  case 'p':
    if (spec.secondPred)
      return pair(op, spec, 0);
    return predicate(op, true, nextDst());
  case 'q':
    return predicate(op, false, nextSrc());
  case 'i':
    if (op.kind != Operand::Integer)
      return fail("expected a constant");
    draft->op.imm2 = memories == 2 ? draft->op.imm2 : op.value;
    draft->op.aux = static_cast<uint32_t>(op.value);
    if (op.value < 0 || op.value > INT32_MAX)
      return fail("constant is out of range");
    return true;
  case 'k':
    if (op.kind != Operand::Integer || op.value < -128 || op.value > 127)
      return fail("expected a small constant");
    draft->op.aux = draft->op.aux << 8 | static_cast<uint8_t>(op.value);
    return true;
  case 'm':
    return memory(op);
  case 't':
    return tensor(op, count);
  case 'h':
    return hint(op);
  default:
    return branchTarget(op, match.sem());
  }
}

bool EntryDecoder::vector(const Operand &op, const OperandSpec &spec,
                          unsigned bytes, unsigned count) {
  bool isVector = op.kind == Operand::Vector;
  if (isVector ? op.parts.size() != count : count != 1)
    return fail("expected a vector of " + std::to_string(count));
  draft->op.count += count;
  for (unsigned i = 0; i < count; ++i) {
    const Operand &part = isVector ? op.parts[i] : op;
    Place place{Place::Pool, static_cast<uint32_t>(kernel.pool.size())};
    kernel.pool.push_back(0);
    bool ok = spec.kind == 'd' ? destination(part, bytes, spec.wider, place)
                               : source(part, bytes, spec.wider, place);
    if (!ok)
      return false;
  }
  return true;
}

bool EntryDecoder::pair(const Operand &op, const OperandSpec &spec,
                        unsigned bytes) {
  auto first = [&](const Operand &part) {
    return spec.kind == 'p' ? predicate(part, true, nextDst())
                            : destination(part, bytes, spec.wider, nextDst());
  };
  if (op.kind == Operand::Pair)
    return first(op.parts[0]) && predicate(op.parts[1], true, nextDst());
  draft->op.dst[1] = kSinkPred;
  return first(op);
}

static bool fits(unsigned registerBytes, unsigned bytes, bool wider) {
  return registerBytes == bytes || (wider && registerBytes > bytes);
}

bool EntryDecoder::destination(const Operand &op, unsigned bytes, bool wider,
                               Place place) {
  if (op.kind == Operand::Sink) {
    put(place, kSinkRow);
    return true;
  }
  if (op.kind != Operand::Reg)
    return fail("expected a register as destination");
  const ptx::Register &reg = entry.registers[op.reg];
  unsigned held = ptx::bytesOf(reg.type);
  if (!fits(held, bytes, wider))
    return fail("expected a register of " + std::to_string(bytes * 8) +
                " bits, got `" + reg.name + "`");
  // Loads and conversions extend to the register's width.
  if (wider)
    draft->op.dstBytes = held;
  draft->refs.push_back({place, op.reg, true});
  return true;
}

bool EntryDecoder::source(const Operand &op, unsigned bytes, bool wider,
                          Place place) {
  uint64_t bits = 0;
  switch (op.kind) {
  case Operand::Reg: {
    const ptx::Register &reg = entry.registers[op.reg];
    if (reg.type == Type::Pred || !fits(ptx::bytesOf(reg.type), bytes, wider))
      return fail("expected an operand of " + std::to_string(bytes * 8) +
                  " bits, got `" + reg.name + "`");
    if (op.negated)
      return fail("`!` needs a predicate");
    if (wider)
      draft->op.srcBytes = ptx::bytesOf(reg.type);
    draft->refs.push_back({place, op.reg, false});
    return true;
  }
  case Operand::Special:
    return special(op.name, bytes, place);
  case Operand::Symbol:
    return symbol(op.name, op.value, bytes, place);
  default:
    if (!constant(op, bytes, bits))
      return false;
    useConstant(bits, bytes, place);
    if (wider && !draft->op.srcBytes)
      draft->op.srcBytes = bytes;
    return true;
  }
}

bool EntryDecoder::constant(const Operand &op, unsigned bytes, uint64_t &bits) {
  uint64_t value = static_cast<uint64_t>(op.value);
  bool floating = ptx::isFloat(constantType);
  switch (op.kind) {
  case Operand::Integer:
    if (floating && bytes >= 4 && constantType != Type::F16x2 &&
        constantType != Type::BF16x2)
      return fail("expected a floating-point constant");
    bits = value;
    break;
  case Operand::Float32:
    if (bytes == 8) {
      float narrow;
      uint32_t word = static_cast<uint32_t>(value);
      std::memcpy(&narrow, &word, 4);
      double wide = narrow;
      std::memcpy(&bits, &wide, 8);
    } else if (bytes == 4) {
      bits = value;
    } else {
      return fail("expected a 16-bit constant");
    }
    break;
  case Operand::Float64:
    if (bytes == 8) {
      bits = value;
    } else if (bytes == 4) {
      double wide;
      std::memcpy(&wide, &value, 8);
      float narrow = static_cast<float>(wide);
      uint32_t word;
      std::memcpy(&word, &narrow, 4);
      bits = word;
    } else {
      return fail("expected a 16-bit constant");
    }
    break;
  default:
    return fail("expected a register or a constant");
  }
  if (bytes < 8)
    bits &= (uint64_t(1) << (8 * bytes)) - 1;
  return true;
}

void EntryDecoder::useConstant(uint64_t bits, unsigned bytes, Place place,
                               int variable) {
  ConstantKey key{bits, bytes == 8, variable};
  auto [it, added] = constants.emplace(key, constantList.size());
  if (added)
    constantList.push_back(key);
  uint32_t at = static_cast<uint32_t>(drafts.size()) - 1;
  later.push_back({at, place, false, it->second});
}

namespace {
struct SpecialName {
  std::string_view name;
  Special what;
};
} // namespace

static constexpr SpecialName kSpecials[] = {
    {"%tid.x", Special::TidX},
    {"%tid.y", Special::TidY},
    {"%tid.z", Special::TidZ},
    {"%ntid.x", Special::NTidX},
    {"%ntid.y", Special::NTidY},
    {"%ntid.z", Special::NTidZ},
    {"%ctaid.x", Special::CtaIdX},
    {"%ctaid.y", Special::CtaIdY},
    {"%ctaid.z", Special::CtaIdZ},
    {"%nctaid.x", Special::NCtaIdX},
    {"%nctaid.y", Special::NCtaIdY},
    {"%nctaid.z", Special::NCtaIdZ},
    {"%cluster_ctarank", Special::ClusterRank},
    {"%cluster_nctarank", Special::ClusterSize},
    {"%cluster_ctaid.x", Special::ClusterCtaIdX},
    {"%cluster_ctaid.y", Special::ClusterCtaIdY},
    {"%cluster_ctaid.z", Special::ClusterCtaIdZ},
    {"%cluster_nctaid.x", Special::ClusterNCtaIdX},
    {"%cluster_nctaid.y", Special::ClusterNCtaIdY},
    {"%cluster_nctaid.z", Special::ClusterNCtaIdZ},
    {"%clusterid.x", Special::ClusterIdX},
    {"%clusterid.y", Special::ClusterIdY},
    {"%clusterid.z", Special::ClusterIdZ},
    {"%nclusterid.x", Special::NClusterIdX},
    {"%nclusterid.y", Special::NClusterIdY},
    {"%nclusterid.z", Special::NClusterIdZ},
    {"%laneid", Special::LaneId},
    {"%warpid", Special::WarpId},
    {"%nwarpid", Special::NWarpId},
    {"%smid", Special::SmId},
    {"%nsmid", Special::NSmId},
    {"%gridid", Special::GridId},
    {"%lanemask_eq", Special::LaneMaskEq},
    {"%lanemask_lt", Special::LaneMaskLt},
    {"%lanemask_le", Special::LaneMaskLe},
    {"%lanemask_gt", Special::LaneMaskGt},
    {"%lanemask_ge", Special::LaneMaskGe},
    {"%dynamic_smem_size", Special::DynamicSmemSize},
    {"%total_smem_size", Special::TotalSmemSize},
};

bool EntryDecoder::special(const std::string &name, unsigned bytes,
                           Place place) {
  for (const SpecialName &row : kSpecials) {
    if (row.name != name)
      continue;
    if (bytes != 4)
      return fail("expected `" + name + "` in a 32-bit instruction");
    auto [it, added] = specials.emplace(row.what, specialList.size());
    if (added)
      specialList.push_back(row.what);
    uint32_t at = static_cast<uint32_t>(drafts.size()) - 1;
    later.push_back({at, place, true, it->second});
    return true;
  }
  return fail("unknown register `" + name + "`");
}

bool EntryDecoder::predicate(const Operand &op, bool def, Place place) {
  if (op.kind == Operand::Sink && def) {
    put(place, kSinkPred);
    return true;
  }
  if (op.kind == Operand::Integer && !def) {
    put(place, op.value ? kTruePred : kFalsePred);
    return true;
  }
  if (op.kind != Operand::Reg || entry.registers[op.reg].type != Type::Pred ||
      (def && op.negated))
    return fail("expected a predicate");
  if (op.negated && place.index == 1)
    draft->op.negated2 = true;
  else if (op.negated)
    draft->op.negated = true;
  draft->refs.push_back({place, op.reg, def});
  return true;
}

bool EntryDecoder::symbol(const std::string &name, int64_t offset,
                          unsigned bytes, Place place) {
  if (name == "WARP_SZ") {
    useConstant(32, bytes, place);
    return true;
  }
  auto it = symbols.find(name);
  if (it == symbols.end())
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
  useConstant(bytes == 4 ? uint32_t(address) : address, bytes, place);
  return true;
}

/// The address of a tensor map, and coordinates.
bool EntryDecoder::tensor(const Operand &op, unsigned rank) {
  if (op.kind != Operand::Memory || op.parts.size() != 2)
    return fail("expected the address of a tensor map and coordinates");
  OperandSpec spec;
  return address(op) && vector(op.parts[1], spec, 4, rank);
}

/// A policy is used where it stands, and by nobody.
bool EntryDecoder::hint(const Operand &op) {
  Place place{Place::Pool, static_cast<uint32_t>(kernel.pool.size())};
  kernel.pool.push_back(0);
  return source(op, 8, false, place);
}

bool EntryDecoder::memory(const Operand &op) {
  if (op.kind != Operand::Memory || op.parts.size() != 1)
    return fail("expected an address in brackets");
  return address(op);
}

bool EntryDecoder::address(const Operand &op) {
  const Operand &base = op.parts[0];
  if (memories == 3)
    return fail("too many addresses");
  if (op.value != static_cast<int32_t>(op.value) && memories == 2)
    return fail("offset is out of range");
  switch (memories++) {
  case 0:
    draft->op.imm = op.value;
    break;
  case 1:
    draft->op.imm2 = op.value;
    break;
  default:
    draft->op.imm3 = static_cast<int32_t>(op.value);
    break;
  }
  Place place = nextSrc();
  if (base.kind == Operand::Reg) {
    const ptx::Register &reg = entry.registers[base.reg];
    Bank bank = bankOf(reg.type);
    if (reg.type == Type::Pred || ptx::bytesOf(reg.type) < 4)
      return fail("expected an address of 32 or 64 bits, got `" + reg.name +
                  "`");
    bool narrow = bank == Bank::Narrow;
    draft->op.narrow |= narrow && memories == 1;
    draft->op.narrow2 |= narrow && memories == 2;
    draft->op.narrow3 |= narrow && memories == 3;
    draft->refs.push_back({place, base.reg, false});
    return true;
  }
  if (base.kind == Operand::Symbol)
    return symbol(base.name, 0, 8, place);
  useConstant(base.value, 8, place);
  return true;
}

bool EntryDecoder::branchTarget(const Operand &op, Sem sem) {
  if (op.kind != Operand::Label)
    return fail("unknown label");
  if (sem == Sem::Brx) {
    draft->table = static_cast<uint32_t>(op.value);
    draft->op.aux = draft->table;
    if (kernel.branchTables[draft->table].empty())
      return fail("empty branch table");
    return true;
  }
  draft->op.target = static_cast<uint32_t>(op.value);
  return true;
}

static void putRow(Op &op, std::vector<uint16_t> &pool, Place place,
                   uint16_t row) {
  switch (place.kind) {
  case Place::Dst:
    op.dst[place.index] = row;
    break;
  case Place::Src:
    op.src[place.index] = row;
    break;
  case Place::Pool:
    pool[place.index] = row;
    break;
  case Place::Guard:
    op.guard = row;
    break;
  }
}

void EntryDecoder::put(Place place, uint32_t row) {
  putRow(draft->op, kernel.pool, place, row);
}

/// What a wgmma computes with has a row of its own for as long as the kernel
/// runs: it is in use until a wait that does not name it.
void EntryDecoder::pinAccumulators() {
  pinned.assign(entry.registers.size(), false);
  for (const Draft &d : drafts)
    if (d.isTensor)
      for (const Ref &ref : d.refs)
        if (ref.place.kind == Place::Pool)
          pinned[ref.reg] = true;
}

/// Other operations that name such registers are watched.
void EntryDecoder::watchTensorRows(const std::vector<uint16_t> &where) {
  for (uint32_t i = 0; i < drafts.size(); ++i) {
    if (drafts[i].isTensor)
      continue;
    for (const Ref &ref : drafts[i].refs)
      if (pinned[ref.reg])
        kernel.tensorRows[i].push_back({where[ref.reg], ref.def});
    drafts[i].op.watched = kernel.tensorRows.count(i);
  }
}

/// Gives every operand its row.
bool EntryDecoder::seal() {
  std::vector<Block> blocks = buildBlocks(drafts, kernel.branchTables);
  placeMeetings(drafts, blocks);
  pinAccumulators();
  RowAllocation rows = allocateRows(drafts, blocks, entry.registers, pinned);
  uint64_t total = rows.rows + 2 * constantList.size() + specialList.size() + 2;
  if (rows.tooLarge || total > 60000)
    return fail("the kernel needs too many registers");
  for (Draft &d : drafts)
    for (const Ref &ref : d.refs)
      putRow(d.op, kernel.pool, ref.place, rows.where[ref.reg]);

  uint32_t next = (rows.rows + 1) & ~1u;
  std::vector<uint32_t> constantRows, specialRows;
  for (const ConstantKey &key : constantList) {
    if (key.wide)
      next = (next + 1) & ~1u;
    constantRows.push_back(next);
    kernel.constants.push_back(
        {static_cast<uint16_t>(next), key.wide, key.bits, key.variable});
    next += key.wide ? 2 : 1;
  }
  for (Special what : specialList) {
    specialRows.push_back(next);
    kernel.specials.push_back({static_cast<uint16_t>(next++), what});
  }
  for (const Later &use : later)
    putRow(drafts[use.draft].op, kernel.pool, use.place,
           use.isSpecial ? specialRows[use.index] : constantRows[use.index]);
  for (uint32_t reg : rows.undefined) {
    bool pred = entry.registers[reg].type == Type::Pred;
    (pred ? kernel.undefinedPreds : kernel.undefinedRows)
        .push_back(rows.where[reg]);
  }
  kernel.rows = (next + 1) & ~1u;
  kernel.preds = rows.preds;
  watchTensorRows(rows.where);
  for (const Draft &d : drafts) {
    kernel.ops.push_back(d.op);
    kernel.facts.push_back(d.facts);
  }
  return true;
}

const Kernel *Program::find(std::string_view name) const {
  for (const Kernel &kernel : kernels)
    if (kernel.name == name)
      return &kernel;
  return nullptr;
}

std::string Program::line(int number) const {
  if (number < 1 || size_t(number) > lineStarts.size())
    return "";
  size_t begin = lineStarts[number - 1];
  size_t end = text.find('\n', begin);
  std::string out = text.substr(begin, end == text.npos ? end : end - begin);
  for (char &c : out)
    if (c == '\t' || c == '\r')
      c = ' ';
  size_t first = out.find_first_not_of(' ');
  size_t last = out.find_last_not_of(' ');
  if (first == out.npos)
    return "";
  out = out.substr(first, last - first + 1);
  return out.size() > 120 ? out.substr(0, 117) + "..." : out;
}

Expected<std::shared_ptr<const Program>>
attnrt::sim::decodeProgram(std::string_view text, Binder bind) {
  static std::atomic<uint64_t> ids{1};
  auto program = std::make_shared<Program>();
  program->id = ids++;
  program->text = text;
  program->lineStarts.push_back(0);
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\n')
      program->lineStarts.push_back(i + 1);
  Expected<ptx::Module> module = ptx::parse(text);
  if (!module)
    return module.status();
  program->target = module->target;
  program->variables = module->variables;
  for (const ptx::Entry &entry : module->entries) {
    Kernel kernel;
    Status status = EntryDecoder(*module, entry, *program, bind).run(kernel);
    if (!status.isOk())
      return status;
    program->kernels.push_back(std::move(kernel));
  }
  return std::shared_ptr<const Program>(std::move(program));
}
