//===- Decoder.cpp - A parsed module to a program -------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Decode/Chips.h"
#include "Decode/Operands.h"
#include "Ptx/Parser.h"

#include <atomic>
#include <cstring>

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
      : module(module), entry(entry), bind(bind), error(program) {}

  Status run(Kernel &out);

private:
  bool decodeAll();
  bool decode(const ptx::Instruction &inst);
  bool decodeAs(const ptx::Instruction &inst, const Match &match, Draft &draft);
  bool targetHas(Sem sem);
  void decodeGuard(const ptx::Instruction &inst, Draft &draft);
  bool kindsFit(const ptx::Instruction &inst, const Match &match) const;
  void noteEffects(const Match &match, Draft &draft);
  void pinAccumulators();
  void watchWgmmaRows(const std::vector<uint16_t> &where);
  bool seal();

  const ptx::Module &module;
  const ptx::Entry &entry;
  Binder bind;
  DecodeError error;
  Kernel kernel;
  Symbols symbols;
  UniformRows uniform;
  std::vector<Draft> drafts;
  std::vector<bool> pinned; // registers that wgmmas have
};
} // namespace

Status EntryDecoder::run(Kernel &out) {
  kernel.name = entry.name;
  kernel.maxThreads = entry.maxThreads;
  std::memcpy(kernel.requiredThreads, entry.requiredThreads,
              sizeof(kernel.requiredThreads));
  std::memcpy(kernel.requiredCluster, entry.requiredCluster,
              sizeof(kernel.requiredCluster));
  kernel.entryRegisters = entryRegisters(entry);
  error.line = entry.line;
  if (!layOut(module, entry, kernel, symbols, error) || !decodeAll() || !seal())
    return error.status;
  out = std::move(kernel);
  return Status::ok();
}

bool EntryDecoder::decodeAll() {
  kernel.branchTables = entry.branchTables;
  for (const ptx::Instruction &inst : entry.body) {
    error.line = inst.line;
    drafts.emplace_back();
    if (!decode(inst))
      return false;
  }
  // A body may fall off its end, or branch there.
  drafts.emplace_back();
  ptx::Instruction ret;
  ret.line = error.line;
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
  Draft &draft = drafts.back();
  draft.op.line = inst.line;
  draft.op.list = kernel.pool.size();
  if (!isOpcode(inst.opcode))
    return error.fail("unknown opcode `" + inst.opcode + "`");
  decodeGuard(inst, draft);
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
    return decodeAs(inst, match, draft);
  }
  std::string spelling = inst.opcode;
  for (const std::string &modifier : inst.modifiers)
    spelling += "." + modifier;
  if (modifiersFit)
    return error.fail("wrong number of operands for `" + spelling + "`");
  return error.fail("unsupported form `" + spelling + "`");
}

bool EntryDecoder::decodeAs(const ptx::Instruction &inst, const Match &match,
                            Draft &draft) {
  if (!targetHas(match.sem()))
    return false;
  draft.facts = factsOf(match, inst.modifiers, kernel.products);
  OperandContext context{entry, symbols, kernel, uniform, error};
  bool isMov = match.sem() == Sem::Mov && match.type() != Type::Pred;
  Type constants = match.types.empty() ? Type::B32
                   : isMov             ? match.type()
                                       : match.types.back();
  OperandDecoder operands(context, drafts, constants);
  if (isMov ? !operands.ofMov(inst, match) : !operands.all(inst, match))
    return false;
  noteEffects(match, draft);
  return bind(match, draft.op) ||
         error.fail("unsupported form " + std::string(isMov ? "of " : "") +
                    "`" + inst.opcode + "`");
}

/// Accumulators are read and written.
static void readDestinations(Draft &draft) {
  for (size_t i = 0, count = draft.refs.size(); i < count; ++i) {
    Ref ref = draft.refs[i];
    if (!ref.def)
      continue;
    ref.def = false;
    draft.refs.push_back(ref);
  }
}

/// Notes where control goes, and what the kernel as a whole uses.
void EntryDecoder::noteEffects(const Match &match, Draft &draft) {
  switch (match.sem()) {
  case Sem::Bra:
    draft.flow = Flow::Branch;
    break;
  case Sem::Brx:
    draft.flow = Flow::Table;
    break;
  case Sem::Ret:
  case Sem::Exit:
    draft.flow = Flow::Stop;
    break;
  case Sem::Trap:
    draft.flow = Flow::Trap;
    break;
  case Sem::Wgmma:
    draft.isWgmma = kernel.hasWgmmas = true;
    readDestinations(draft);
    break;
  case Sem::Griddepcontrol:
    kernel.waitsForGrid |= match.has("wait");
    break;
  default:
    break;
  }
}

bool EntryDecoder::targetHas(Sem sem) {
  if (targetNumber(module.target) >= firstTarget(sem))
    return true;
  return error.fail("expected target sm_" + std::to_string(firstTarget(sem)) +
                    " or newer, got `" + module.target + "`,");
}

void EntryDecoder::decodeGuard(const ptx::Instruction &inst, Draft &draft) {
  if (!inst.guarded)
    return;
  draft.op.guard = 0;
  draft.op.guardNegated = inst.guardNegated;
  draft.refs.push_back({{Place::Guard, 0}, inst.guard, false});
}

/// Registers of a wgmma keep a row of their own for as long as the kernel runs:
/// they are in use until a wait that does not name them.
void EntryDecoder::pinAccumulators() {
  pinned.assign(entry.registers.size(), false);
  for (const Draft &d : drafts)
    if (d.isWgmma)
      for (const Ref &ref : d.refs)
        if (ref.place.kind == Place::Pool)
          pinned[ref.reg] = true;
}

/// Other operations that name such registers are watched.
void EntryDecoder::watchWgmmaRows(const std::vector<uint16_t> &where) {
  for (uint32_t i = 0; i < drafts.size(); ++i) {
    if (drafts[i].isWgmma)
      continue;
    for (const Ref &ref : drafts[i].refs)
      if (pinned[ref.reg])
        kernel.wgmmaRows[i].push_back({where[ref.reg], ref.def});
    drafts[i].op.watched = kernel.wgmmaRows.count(i);
  }
}

/// Gives every operand its row.
bool EntryDecoder::seal() {
  std::vector<Block> blocks = buildBlocks(drafts, kernel.branchTables);
  placeMeetings(drafts, blocks);
  pinAccumulators();
  RowAllocation rows = allocateRows(drafts, blocks, entry.registers, pinned);
  uint64_t total = rows.rows + uniform.size() + 1;
  if (rows.tooLarge || total > 60000)
    return error.fail("the kernel needs too many registers");
  for (Draft &d : drafts)
    for (const Ref &ref : d.refs)
      putRow(d.op, kernel.pool, ref.place, rows.where[ref.reg]);

  uint32_t next = uniform.seal((rows.rows + 1) & ~1u, kernel, drafts);
  for (uint32_t reg : rows.undefined) {
    bool pred = entry.registers[reg].type == Type::Pred;
    (pred ? kernel.undefinedPreds : kernel.undefinedRows)
        .push_back(rows.where[reg]);
  }
  kernel.rows = (next + 1) & ~1u;
  kernel.preds = rows.preds;
  watchWgmmaRows(rows.where);
  for (const Draft &d : drafts) {
    kernel.ops.push_back(d.op);
    kernel.facts.push_back(d.facts);
  }
  return true;
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
