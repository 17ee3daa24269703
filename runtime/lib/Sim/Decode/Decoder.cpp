//===- Decoder.cpp - A parsed module to a program -------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Decode/BodyDecoder.h"
#include "Decode/CallGraph.h"
#include "Ptx/Parser.h"

#include <atomic>
#include <cstring>

using namespace attnrt;
using namespace attnrt::sim;
using ptx::Type;

namespace {
/// Decodes one entry with the functions that it may call.
class EntryDecoder {
public:
  EntryDecoder(const ptx::Module &module, const ptx::Entry &entry,
               const Program &program, Binder bind)
      : module(module), entry(entry), bind(bind), error(program) {}

  Status run(Kernel &out);

private:
  bool layOutAll();
  bool decodeAll();
  void pinAccumulators(const BodyDraft &body);
  void watchWgmmaRows(const BodyDraft &body,
                      const std::vector<uint16_t> &where);
  bool seal();
  bool sealBody(BodyDraft &body, Callee *callee, uint32_t &rows,
                uint32_t &preds);
  void noteUndefined(const BodyDraft &body, const RowAllocation &rows,
                     Callee *callee);
  void append(BodyDraft &body, std::vector<Draft> &all);

  const ptx::Module &module;
  const ptx::Entry &entry;
  Binder bind;
  DecodeError error;
  Kernel kernel;
  UniformRows uniform;
  std::vector<BodyDraft> bodies; // the entry's is the first
  std::vector<bool> pinned;      // registers of a body that wgmmas have
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
  if (!layOutAll() || !decodeAll() || !seal())
    kernel.refusal = error.status;
  out = std::move(kernel);
  return out.refusal;
}

bool EntryDecoder::layOutAll() {
  Symbols symbols = symbolsOf(module), params;
  if (!layOutParams(entry, kernel, params, error))
    return false;
  std::vector<const ptx::Entry *> sources = {&entry};
  kernel.calleeOf.assign(module.functions.size(), -1);
  for (int function : functionsOf(module, entry)) {
    kernel.calleeOf[function] = static_cast<int>(sources.size()) - 1;
    sources.push_back(&module.functions[function]);
  }
  if (!layOutShared(module, sources, kernel, symbols, error))
    return false;
  for (const ptx::Entry *source : sources) {
    if (!source->refusal.isOk()) {
      error.status = source->refusal;
      return false;
    }
    BodyDraft body;
    body.source = source;
    body.isFunction = source != &entry;
    body.symbols = symbols;
    if (!body.isFunction)
      for (const auto &[name, symbol] : params)
        body.symbols[name] = symbol;
    error.line = source->line;
    if (!layOutFrame(*source, body.isFunction, body.frame, body.symbols, error))
      return false;
    bodies.push_back(std::move(body));
  }
  kernel.localBytes = bodies[0].frame.bytes;
  for (size_t b = 1; b < bodies.size(); ++b) {
    Callee callee;
    callee.name = sources[b]->name;
    callee.frameBytes = bodies[b].frame.bytes;
    callee.params = bodies[b].frame.params;
    callee.results = bodies[b].frame.results;
    kernel.callees.push_back(std::move(callee));
  }
  return true;
}

bool EntryDecoder::decodeAll() {
  BodyDecoder decoder(module, kernel, uniform, bind, error);
  uint32_t begin = 0;
  for (BodyDraft &body : bodies) {
    body.begin = begin;
    if (!decoder.decode(body))
      return false;
    begin += static_cast<uint32_t>(body.drafts.size());
  }
  return true;
}

/// Registers of a wgmma keep a row of their own for as long as the kernel runs:
/// they are in use until a wait that does not name them.
void EntryDecoder::pinAccumulators(const BodyDraft &body) {
  pinned.assign(body.source->registers.size(), false);
  for (const Draft &d : body.drafts)
    if (d.isWgmma)
      for (const Ref &ref : d.refs)
        if (ref.place.kind == Place::Pool)
          pinned[ref.reg] = true;
}

/// Other operations that name such registers are watched.
void EntryDecoder::watchWgmmaRows(const BodyDraft &body,
                                  const std::vector<uint16_t> &where) {
  for (uint32_t i = 0; i < body.drafts.size(); ++i) {
    const Draft &draft = body.drafts[i];
    if (draft.isWgmma)
      continue;
    for (const Ref &ref : draft.refs)
      if (pinned[ref.reg])
        kernel.wgmmaRows[body.begin + i].push_back({where[ref.reg], ref.def});
  }
}

/// Registers that a body reads before it has written them.
void EntryDecoder::noteUndefined(const BodyDraft &body,
                                 const RowAllocation &rows, Callee *callee) {
  for (uint32_t reg : rows.undefined) {
    bool pred = body.source->registers[reg].type == Type::Pred;
    auto &into = callee
                     ? (pred ? callee->undefinedPreds : callee->undefinedRows)
                     : (pred ? kernel.undefinedPreds : kernel.undefinedRows);
    into.push_back(rows.where[reg]);
  }
}

/// Moves a body's operations behind those of the others.
void EntryDecoder::append(BodyDraft &body, std::vector<Draft> &all) {
  uint32_t tables = static_cast<uint32_t>(kernel.branchTables.size());
  for (std::vector<uint32_t> table : body.source->branchTables) {
    for (uint32_t &target : table)
      target += body.begin;
    kernel.branchTables.push_back(std::move(table));
  }
  for (uint32_t i = 0; i < body.drafts.size(); ++i) {
    Op &op = body.drafts[i].op;
    if (op.target != kNoTarget)
      op.target += body.begin;
    if (op.reconverge != kNoTarget)
      op.reconverge += body.begin;
    if (body.drafts[i].flow == Flow::Table)
      op.aux += tables;
    op.watched = kernel.wgmmaRows.count(body.begin + i);
    all.push_back(std::move(body.drafts[i]));
  }
}

/// Gives the registers of one body their rows, behind `rows` and `preds` that
/// others have.
bool EntryDecoder::sealBody(BodyDraft &body, Callee *callee, uint32_t &rows,
                            uint32_t &preds) {
  std::vector<Block> blocks =
      buildBlocks(body.drafts, body.source->branchTables);
  placeMeetings(body.drafts, blocks);
  pinAccumulators(body);
  RowAllocation own =
      allocateRows(body.drafts, blocks, body.source->registers, pinned);
  uint64_t total =
      uint64_t(rows) + own.rows + body.frameRows.size() + uniform.size() + 1;
  if (own.tooLarge || total > 60000 || preds + own.preds > 60000)
    return error.fail("the kernel needs too many registers");
  uint32_t rowShift = rows - kFirstRow, predShift = preds - kFirstPred;
  for (size_t r = 0; r < own.where.size(); ++r)
    own.where[r] +=
        body.source->registers[r].type == Type::Pred ? predShift : rowShift;
  for (Draft &d : body.drafts)
    for (const Ref &ref : d.refs)
      putRow(d.op, kernel.pool, ref.place, own.where[ref.reg]);
  noteUndefined(body, own, callee);
  watchWgmmaRows(body, own.where);
  uint32_t end = (own.rows + rowShift + 1) & ~1u;
  if (callee) {
    callee->begin = body.begin;
    callee->narrowBegin = rows;
    callee->narrowEnd = callee->wideBegin = own.wideBegin + rowShift;
    end = body.frameRows.seal(end, body.drafts, kernel.pool, callee->addresses);
    callee->wideEnd = end;
    callee->predBegin = preds;
    callee->predEnd = own.preds + predShift;
  }
  rows = (end + 1) & ~1u;
  preds = own.preds + predShift;
  return true;
}

/// Gives every operand its row.
bool EntryDecoder::seal() {
  uint32_t rows = kFirstRow, preds = kFirstPred;
  std::vector<Draft> all;
  for (size_t b = 0; b < bodies.size(); ++b) {
    Callee *callee = b ? &kernel.callees[b - 1] : nullptr;
    if (!sealBody(bodies[b], callee, rows, preds))
      return false;
    append(bodies[b], all);
  }
  uint32_t next = uniform.seal(rows, kernel, all);
  kernel.rows = (next + 1) & ~1u;
  kernel.preds = preds;
  for (const Draft &d : all) {
    kernel.ops.push_back(d.op);
    kernel.facts.push_back(d.facts);
  }
  return true;
}

/// Aliases, and initial values that are addresses, name what the module has.
static Status checkNames(const ptx::Module &module) {
  for (const auto &[alias, name] : module.aliases)
    if (functionNamed(module, alias) < 0)
      return Status::badInput("alias `" + alias + "` of `" + name +
                              "`, which is no function");
  Symbols symbols = symbolsOf(module);
  for (const ptx::Variable &var : module.variables)
    for (const ptx::Relocation &address : var.relocations)
      if (!symbols.count(address.symbol))
        return Status::badInput("PTX line " + std::to_string(var.line) +
                                ": unknown symbol `" + address.symbol +
                                "` in the initial value of `" + var.name + "`");
  return Status::ok();
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
  Status status = checkNames(*module);
  if (!status.isOk())
    return status;
  program->target = module->target;
  program->variables = module->variables;
  for (const ptx::Entry &function : module->functions)
    program->functions.push_back(function.name);
  Status refusal; // of the first that cannot run
  bool anyRuns = module->entries.empty();
  for (const ptx::Entry &entry : module->entries) {
    Kernel kernel;
    status = EntryDecoder(*module, entry, *program, bind).run(kernel);
    anyRuns |= status.isOk();
    if (refusal.isOk())
      refusal = status;
    program->kernels.push_back(std::move(kernel));
  }
  if (!anyRuns)
    return refusal;
  return std::shared_ptr<const Program>(std::move(program));
}
