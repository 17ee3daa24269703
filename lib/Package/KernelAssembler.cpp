//===- KernelAssembler.cpp - From LLVM IR to PTX to machine code ----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "attn/Package/KernelAssembler.h"

#include "LineInfo.h"

#include "mlir/Dialect/GPU/IR/CompilationInterfaces.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace attn;

//===----------------------------------------------------------------------===//
// PTX
//===----------------------------------------------------------------------===//

/// LLVM duplicates inline assembly into divergent branches unless it is
/// convergent, which the LLVM dialect cannot say.
static void markInlineAsmConvergent(llvm::Module &module) {
  for (llvm::Function &function : module)
    for (llvm::Instruction &instruction : llvm::instructions(function))
      if (auto *call = llvm::dyn_cast<llvm::CallBase>(&instruction))
        if (call->isInlineAsm())
          call->setConvergent();
}

FailureOr<std::string> attn::emitPtx(gpu::GPUModuleOp kernels) {
  if (!kernels.getTargetsAttr() || kernels.getTargetsAttr().size() != 1)
    return kernels.emitOpError("expected one target");
  auto target = dyn_cast<gpu::TargetAttrInterface>(kernels.getTargetsAttr()[0]);
  if (!target)
    return kernels.emitOpError("expected a target that compiles");
  gpu::TargetOptions options(
      /*toolkitPath=*/{}, /*librariesToLink=*/{}, /*cmdOptions=*/{},
      /*elfSection=*/{}, gpu::CompilationTarget::Assembly,
      /*getSymbolTableCallback=*/{}, markInlineAsmConvergent);
  // A copy gets the line information, since later messages about the kernels
  // point to the user's file.
  OwningOpRef<gpu::GPUModuleOp> copy = kernels.clone();
  OriginTexts origins = attachLineInfo(*copy);
  auto object = target.serializeToObject(*copy, options);
  if (!object)
    return kernels.emitError("could not be compiled to PTX");
  std::string ptx(object->begin(), object->end());
  // The serializer's text ends with its terminating zero.
  while (!ptx.empty() && ptx.back() == '\0')
    ptx.pop_back();
  return annotateLines(ptx, origins);
}

//===----------------------------------------------------------------------===//
// ptxas
//===----------------------------------------------------------------------===//

/// Returns false for a wrapper or a link whose toolkit is gone.
static bool runs(StringRef program) {
  std::optional<StringRef> nowhere[] = {StringRef(), StringRef(), StringRef()};
  return llvm::sys::ExecuteAndWait(program, {program, "--version"},
                                   std::nullopt, nowhere) == 0;
}

std::optional<std::string> attn::findPtxas() {
  if (const char *path = std::getenv("ATTN_PTXAS"))
    return *path ? std::optional<std::string>(path) : std::nullopt;
  if (auto found = llvm::sys::findProgramByName("ptxas"); found && runs(*found))
    return *found;
  if (auto found =
          llvm::sys::findProgramByName("ptxas", {"/usr/local/cuda/bin"});
      found && runs(*found))
    return *found;
  return std::nullopt;
}

/// The integer in front of `unit`, or 0: "184 bytes spill stores".
static int64_t numberBefore(StringRef line, StringRef unit) {
  size_t at = line.find(unit);
  if (at == StringRef::npos)
    return 0;
  StringRef digits = line.take_front(at).rtrim();
  digits = digits.take_back(digits.size() -
                            (digits.find_last_not_of("0123456789") + 1));
  int64_t value = 0;
  return digits.getAsInteger(10, value) ? 0 : value;
}

/// The name between single quotes, or empty.
static StringRef quoted(StringRef line) {
  return line.split('\'').second.split('\'').first;
}

llvm::StringMap<KernelResources> attn::parsePtxasLog(StringRef log) {
  llvm::StringMap<KernelResources> resources;
  KernelResources *current = nullptr;
  std::vector<std::string> early; // before any kernel is named
  SmallVector<StringRef> lines;
  log.split(lines, '\n');
  for (StringRef line : lines) {
    line = line.trim();
    if (line.contains("Compiling entry function"))
      current = &resources[quoted(line)];
    bool hasCode =
        line.contains("(C7") || line.contains("Potential Performance");
    if (line.contains("warning") || hasCode)
      (current ? current->warnings : early).push_back(line.str());
    if (!current)
      continue;
    if (line.contains("spill stores"))
      current->spillBytes += numberBefore(line, "bytes spill stores") +
                             numberBefore(line, "bytes spill loads");
    if (line.contains(" registers"))
      current->registers = numberBefore(line, "registers");
  }
  for (auto &entry : resources)
    entry.second.warnings.insert(entry.second.warnings.begin(), early.begin(),
                                 early.end());
  return resources;
}

std::unique_ptr<PtxasRun> PtxasRun::start(Location loc, StringRef chip,
                                          StringRef ptx, StringRef ptxas) {
  std::unique_ptr<PtxasRun> run(new PtxasRun);
  if (!run->source.create("ptx", ptx) || !run->cubin.create("cubin") ||
      !run->log.create("log")) {
    emitError(loc, "no temporary file for ptxas could be made");
    return nullptr;
  }
  std::string arch = ("-arch=" + chip).str(), message;
  StringRef log = run->log.getPath();
  std::optional<StringRef> redirects[] = {StringRef(), log, log};
  run->process = llvm::sys::ExecuteNoWait(
      ptxas,
      {ptxas, "-v", arch, run->source.getPath(), "-o", run->cubin.getPath()},
      std::nullopt, redirects, /*MemoryLimit=*/0, &message);
  if (run->process.Pid != llvm::sys::ProcessInfo::InvalidPid)
    return run;
  emitError(loc, "ptxas failed: ") << message;
  return nullptr;
}

PtxasRun::~PtxasRun() {
  if (process.Pid != llvm::sys::ProcessInfo::InvalidPid)
    llvm::sys::Wait(process, /*SecondsToWait=*/std::nullopt);
}

FailureOr<AssembledKernels> PtxasRun::finish(Location loc, StringRef ptx) {
  std::string message;
  int status =
      llvm::sys::Wait(process, /*SecondsToWait=*/std::nullopt, &message)
          .ReturnCode;
  process = {};
  auto text = llvm::MemoryBuffer::getFile(log.getPath());
  std::string said = text ? nameLines((*text)->getBuffer(), ptx) : "";
  if (status != 0)
    return emitError(loc, "ptxas failed: ")
           << (said.empty() ? StringRef(message)
                            : StringRef(said).split('\n').first);
  auto binary = llvm::MemoryBuffer::getFile(cubin.getPath());
  if (!binary)
    return emitError(loc, "ptxas left no cubin");
  return AssembledKernels{(*binary)->getBuffer().str(), parsePtxasLog(said)};
}
