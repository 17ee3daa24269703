//===- BodyDecoder.cpp - A body to operations -----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Decode/BodyDecoder.h"
#include "Decode/Chips.h"
#include "Decode/WordRules.h"

using namespace attnrt::sim;
using ptx::Operand;
using ptx::Type;

bool BodyDecoder::decode(BodyDraft &into) {
  body = &into;
  for (const ptx::Instruction &inst : body->source->body) {
    error.line = inst.line;
    body->drafts.emplace_back();
    if (!decode(inst))
      return false;
  }
  // A body may fall off its end, or branch there.
  body->drafts.emplace_back();
  ptx::Instruction ret;
  ret.line = error.line;
  ret.opcode = "ret";
  return decode(ret);
}

/// Tells `cp.async …, bytes` from `cp.async …, ignoreSource`, and a wgmma with
/// registers from one with a descriptor.
bool BodyDecoder::kindsFit(const ptx::Instruction &inst,
                           const Match &match) const {
  if (inst.operands.size() != match.specs.size() || match.specs.empty())
    return true;
  for (size_t i = 0; i < inst.operands.size(); ++i) {
    const Operand &op = inst.operands[i];
    const OperandSpec &spec = match.specs[i];
    bool isPred = op.kind == Operand::Reg &&
                  body->source->registers[op.reg].type == Type::Pred;
    if (spec.kind == 's' && isPred)
      return false;
    if (match.sem() == Sem::Wgmma && spec.kind == 's' &&
        (spec.vector != 0) != (op.kind == Operand::Vector))
      return false;
  }
  return true;
}

static std::string describeUnknown(const std::string &opcode) {
#define REFUSED(name, what)                                                    \
  if (opcode == name)                                                          \
    return "unsupported opcode `" + opcode + "` (" what ")";
#include "Decode/Refused.def"
  return "unknown opcode `" + opcode + "`";
}

bool BodyDecoder::decode(const ptx::Instruction &inst) {
  Draft &draft = body->drafts.back();
  draft.op.line = inst.line;
  draft.op.list = kernel.pool.size();
  if (!isOpcode(inst.opcode))
    return error.fail(describeUnknown(inst.opcode));
  decodeGuard(inst, draft);
  bool modifiersFit = false;
  for (const Form &form : allForms()) {
    Match match;
    if (form.opcode != inst.opcode ||
        !matchModifiers(form, inst.modifiers, match) || !wordsAgree(match))
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

bool BodyDecoder::decodeAs(const ptx::Instruction &inst, const Match &match,
                           Draft &draft) {
  if (!targetHas(match.sem()))
    return false;
  draft.facts = factsOf(match, inst.modifiers, kernel.products);
  OperandContext context{module, *body, kernel, uniform, error};
  bool isMov = match.sem() == Sem::Mov && match.type() != Type::Pred;
  bool isStride = match.sem() == Sem::Wmma;
  Type constants = match.types.empty() || isStride ? Type::B32
                   : isMov                         ? match.type()
                                                   : match.types.back();
  OperandDecoder operands(context, constants);
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

/// CC.CF is read by whatever has a carry in, and written with `.cc`.
void BodyDecoder::noteCarry(const Match &match, Draft &draft) {
  uint32_t carry = static_cast<uint32_t>(body->source->carry);
  Sem sem = match.sem();
  if (sem == Sem::Addc || sem == Sem::Subc || sem == Sem::Madc)
    draft.refs.push_back({{Place::Src, 3}, carry, false});
  else
    draft.op.src[3] = kFalsePred;
  if (match.has("cc"))
    draft.refs.push_back({{Place::Dst, 1}, carry, true});
  else
    draft.op.dst[1] = kSinkPred;
}

/// Notes where control goes, and what the kernel as a whole uses.
void BodyDecoder::noteEffects(const Match &match, Draft &draft) {
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
  case Sem::AddCc:
  case Sem::Addc:
  case Sem::SubCc:
  case Sem::Subc:
  case Sem::MadCc:
  case Sem::Madc:
    noteCarry(match, draft);
    break;
  case Sem::Call:
  case Sem::Alloca:
  case Sem::Stacksave:
  case Sem::Stackrestore:
    kernel.usesStack = true;
    break;
  case Sem::Griddepcontrol:
    kernel.waitsForGrid |= match.has("wait");
    break;
  default:
    break;
  }
}

bool BodyDecoder::targetHas(Sem sem) {
  if (targetNumber(module.target) >= firstTarget(sem))
    return true;
  return error.fail("expected target sm_" + std::to_string(firstTarget(sem)) +
                    " or newer, got `" + module.target + "`,");
}

void BodyDecoder::decodeGuard(const ptx::Instruction &inst, Draft &draft) {
  if (!inst.guarded)
    return;
  draft.op.guard = 0;
  draft.op.guardNegated = inst.guardNegated;
  draft.refs.push_back({{Place::Guard, 0}, inst.guard, false});
}
