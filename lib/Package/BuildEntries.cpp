//===- BuildEntries.cpp - The C entries of each function ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   func.func @f(%q, …) {                 llvm.func @attnpkg_f(%stream, %args,
//     cf.assert …                             %results) -> i32 {
//     %e = tensor.empty(…)                  check every tensor and rule
//     %o = tile.launch @kernels::@f_0  =>   attnrtLaunch(…)
//     return %o                             return 0
//   }                                     }
//                                         llvm.func @attnpkg_f__shapes(…) …
//
// Kernels are launched by a call of the runtime and not by gpu.launch_func:
// that operation has no way to say that a launch failed.
//
//===----------------------------------------------------------------------===//

#include "HostEntry.h"
#include "JudgeEntry.h"

#include "attn/Package/Passes.h"

namespace attn {
#define GEN_PASS_DEF_BUILDENTRIES
#include "attn/Package/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

struct BuildEntries : public attn::impl::BuildEntriesBase<BuildEntries> {
  void runOnOperation() override;

private:
  LogicalResult buildFor(func::FuncOp function);
  void describe(func::FuncOp function, LLVM::LLVMFuncOp entry);
  LogicalResult emitKernelDescriptor(LaunchOp launch);
};

} // namespace

/// AttnrtKernel of a launched kernel, and what the package says of it.
LogicalResult BuildEntries::emitKernelDescriptor(LaunchOp launch) {
  auto kernel = dyn_cast_or_null<LLVM::LLVMFuncOp>(
      SymbolTable::lookupNearestSymbolFrom(launch, launch.getKernelAttr()));
  if (!kernel)
    return launch.emitOpError("expected a lowered kernel; run "
                              "convert-tile-to-nvvm first");
  std::string symbol = abi::kernelSymbol(kernel.getSymName());
  if (getOperation().lookupSymbol(symbol))
    return success();
  Location loc = launch.getLoc();
  Type pointer = abi::pointerType(&getContext());
  auto atModule = OpBuilder::atBlockBegin(getOperation().getBody());
  if (!getOperation().lookupSymbol(abi::kModuleSymbol))
    LLVM::GlobalOp::create(atModule, loc, abi::moduleType(&getContext()),
                           /*isConstant=*/false, LLVM::Linkage::External,
                           abi::kModuleSymbol, Attribute());
  auto descriptor = abi::emitStruct(
      atModule, loc, getOperation(), symbol, abi::kernelType(&getContext()),
      /*isConstant=*/false, [&](OpBuilder &body) -> SmallVector<Value> {
        return {LLVM::AddressOfOp::create(body, loc, pointer,
                                          abi::kModuleSymbol),
                abi::emitString(body, loc, getOperation(), kernel.getSymName()),
                LLVM::ZeroOp::create(body, loc, pointer)};
      });
  Builder builder(&getContext());
  auto threads = kernel->getAttrOfType<DenseI32ArrayAttr>(
      NVVM::NVVMDialect::getMaxntidAttrName());
  auto module = kernel->getParentOfType<gpu::GPUModuleOp>();
  auto chip = cast<NVVM::NVVMTargetAttr>(module.getTargetsAttr()[0]).getChip();
  descriptor->setAttr(
      abi::kKernelAttr,
      builder.getDictionaryAttr(
          {builder.getNamedAttr("name", kernel.getSymNameAttr()),
           builder.getNamedAttr("target", builder.getStringAttr(chip)),
           builder.getNamedAttr(
               "threads",
               builder.getI64IntegerAttr(threads.asArrayRef().front())),
           builder.getNamedAttr("smem_bytes",
                                kernel->getAttr("tile.shared_bytes")),
           builder.getNamedAttr(
               "schedule",
               builder.getStringAttr(
                   kernel->getAttrOfType<ScheduleAttr>("tile.schedule")
                       .toFlag()))}));
  return success();
}

/// The facts of the package's JSON, kept on the entry until it is written.
void BuildEntries::describe(func::FuncOp function, LLVM::LLVMFuncOp entry) {
  Builder builder(&getContext());
  SmallVector<StringRef> kernels;
  function.walk([&](LaunchOp launch) {
    kernels.push_back(launch.getKernel().getLeafReference().getValue());
  });
  auto orEmpty = [&](StringRef name) -> Attribute {
    Attribute attr = function->getAttr(name);
    return attr ? attr : builder.getArrayAttr({});
  };
  entry->setAttr(
      abi::kFunctionAttr,
      builder.getDictionaryAttr(
          {builder.getNamedAttr("name", function.getSymNameAttr()),
           builder.getNamedAttr("type",
                                TypeAttr::get(function.getFunctionType())),
           builder.getNamedAttr("results", orEmpty("attn.results")),
           builder.getNamedAttr("edge_rows", orEmpty("attn.edge_rows")),
           builder.getNamedAttr("kernels", builder.getStrArrayAttr(kernels))}));
}

/// * every launch fills `tensor.empty`s, results that the caller allocates or
///   what only later launches read, or results that an earlier launch may have
///   filled;
/// * results of launches are returned, and nothing else is.
/// Reshapes may stand between.
static LogicalResult checkFunction(func::FuncOp function) {
  llvm::SmallPtrSet<Value, 4> returned;
  for (Value value : function.front().getTerminator()->getOperands()) {
    if (!withoutReshapes(value).getDefiningOp<LaunchOp>())
      return emitError(function.getLoc())
             << "expected `" << function.getSymName()
             << "` to return results of launches only";
    returned.insert(memoryOf(value));
  }
  for (LaunchOp launch : function.front().getOps<LaunchOp>())
    for (Value output : launch.getOutputs()) {
      Value filled = withoutReshapes(output);
      bool isFilledAgain =
          filled.getDefiningOp<LaunchOp>() && returned.contains(memoryOf(filled));
      if (!filled.getDefiningOp<tensor::EmptyOp>() && !isFilledAgain)
        return launch.emitOpError("expected destinations made by tensor.empty, "
                                  "or results that are filled again");
    }
  return success();
}

LogicalResult BuildEntries::buildFor(func::FuncOp function) {
  if (failed(checkFunction(function)))
    return failure();
  WalkResult result = function.walk([&](LaunchOp launch) {
    return WalkResult(emitKernelDescriptor(launch));
  });
  if (result.wasInterrupted())
    return failure();

  HostWriter entry(function, HostWriter::Purpose::Launch);
  HostWriter shapes(function, HostWriter::Purpose::Shapes);
  if (failed(entry.write()) || failed(shapes.write()))
    return failure();

  Type pointer = abi::pointerType(&getContext()), i64 = IntegerType::get(&getContext(), 64);
  for (StringRef suffix : {"__reference", "__baseline", "__flops"}) {
    std::string name = (function.getSymName() + suffix).str();
    auto judge = getOperation().lookupSymbol<func::FuncOp>(name);
    if (!judge)
      return emitError(function.getLoc())
             << "expected `" << name << "` beside `" << function.getSymName()
             << "`; run convert-attn-to-reference first";
    judge.setPrivate();
    if (suffix == "__flops")
      JudgeWriter(function, judge, suffix, {pointer}).writeFlops();
    else
      JudgeWriter(function, judge, suffix, {pointer, i64, i64}).writeRows();
  }
  describe(function, entry.getEntry());
  function.erase();
  return success();
}

void BuildEntries::runOnOperation() {
  SmallVector<func::FuncOp> functions;
  for (auto function : getOperation().getOps<func::FuncOp>())
    if (!function.isExternal() &&
        !function.getBody().getOps<LaunchOp>().empty())
      functions.push_back(function);
  for (func::FuncOp function : functions)
    if (failed(buildFor(function)))
      return signalPassFailure();
}
