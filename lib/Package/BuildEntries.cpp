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

#include "attn/Dialect/Tile/IR/AttributeNames.h"
#include "attn/Dialect/Tile/IR/Tile.h"
#include "attn/Package/Passes.h"
#include "attnrt/PackageFormat.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

namespace attn {
#define GEN_PASS_DEF_BUILDENTRIES
#include "attn/Package/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

struct BuildEntries : public attn::impl::BuildEntriesBase<BuildEntries> {
  void getDependentDialects(DialectRegistry &registry) const override {
    BuildEntriesBase::getDependentDialects(registry);
    registerHostSteps(registry);
  }
  void runOnOperation() override;

private:
  LogicalResult buildFor(func::FuncOp function);
  LogicalResult buildJudges(func::FuncOp function);
  void describe(func::FuncOp function, LLVM::LLVMFuncOp entry);
  LogicalResult emitKernelDescriptor(LaunchOp launch);
};

} // namespace

/// The schedule as text and key by key.
static DictionaryAttr describeSchedule(Builder &builder,
                                       ScheduleAttr schedule) {
  std::string text = schedule.toFlag();
  SmallVector<NamedAttribute> keys;
  SmallVector<StringRef> choices;
  StringRef(text).split(choices, ',');
  for (StringRef choice : choices) {
    auto [key, number] = choice.split('=');
    int64_t value = 0;
    number.getAsInteger(10, value);
    keys.push_back(builder.getNamedAttr(key, builder.getI64IntegerAttr(value)));
  }
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("text", builder.getStringAttr(text)),
       builder.getNamedAttr("keys", builder.getDictionaryAttr(keys))});
}

/// The facts of a kernel that are known before it is assembled.
static DictionaryAttr describeKernel(LLVM::LLVMFuncOp kernel) {
  Builder builder(kernel.getContext());
  auto threads = kernel->getAttrOfType<DenseI32ArrayAttr>(
      NVVM::NVVMDialect::getMaxntidAttrName());
  auto module = kernel->getParentOfType<gpu::GPUModuleOp>();
  auto chip = cast<NVVM::NVVMTargetAttr>(module.getTargetsAttr()[0]).getChip();
  auto schedule = kernel->getAttrOfType<ScheduleAttr>(kScheduleAttr);
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("name", kernel.getSymNameAttr()),
       builder.getNamedAttr("target", builder.getStringAttr(chip)),
       builder.getNamedAttr(
           "threads", builder.getI64IntegerAttr(threads.asArrayRef().front())),
       builder.getNamedAttr("smem_bytes", kernel->getAttr(kSharedBytesAttr)),
       builder.getNamedAttr("rows_per_tile",
                            builder.getI64IntegerAttr(schedule.getQueries())),
       builder.getNamedAttr("schedule", describeSchedule(builder, schedule))});
}

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
  descriptor->setAttr(abi::kKernelAttr, describeKernel(kernel));
  return success();
}

/// The facts of the package's JSON, kept on the entry until it is written.
void BuildEntries::describe(func::FuncOp function, LLVM::LLVMFuncOp entry) {
  Builder builder(&getContext());
  SmallVector<StringRef> kernels;
  function.walk([&](LaunchOp launch) {
    kernels.push_back(launch.getKernel().getLeafReference().getValue());
  });
  entry->setAttr(
      abi::kFunctionAttr,
      builder.getDictionaryAttr(
          {builder.getNamedAttr("name", function.getSymNameAttr()),
           builder.getNamedAttr("type",
                                TypeAttr::get(function.getFunctionType())),
           builder.getNamedAttr("args", function->getAttr(kArgsAttr)),
           builder.getNamedAttr("results", function->getAttr(kResultsAttr)),
           builder.getNamedAttr("kernels", builder.getStrArrayAttr(kernels))}));
}

/// * what the package says of arguments and results, one entry each.
static LogicalResult checkDescription(func::FuncOp function) {
  auto hasEntries = [&](StringRef name, unsigned count) {
    auto entries = function->getAttrOfType<ArrayAttr>(name);
    return entries && entries.size() == count &&
           llvm::all_of(entries, llvm::IsaPred<DictionaryAttr>);
  };
  if (!hasEntries(kArgsAttr, function.getNumArguments()))
    return emitError(function.getLoc())
           << "expected `" << kArgsAttr << "` of `" << function.getSymName()
           << "` to describe each argument; run convert-attn-to-tile first";
  if (!hasEntries(kResultsAttr, function.getNumResults()))
    return emitError(function.getLoc())
           << "expected `" << kResultsAttr << "` of `" << function.getSymName()
           << "` to describe each result; run convert-attn-to-tile first";
  return success();
}

/// * all work fills `tensor.empty`s, results that the caller allocates or what
///   only later work reads, or results that earlier work may have filled;
/// * results of work are returned, and nothing else is.
/// Views may stand between.
static LogicalResult checkFunction(func::FuncOp function) {
  llvm::SmallPtrSet<Value, 4> returned;
  for (Value value : function.front().getTerminator()->getOperands()) {
    if (!withoutViews(value).getDefiningOp<HostWork>())
      return emitError(function.getLoc())
             << "expected `" << function.getSymName()
             << "` to return results of launches only";
    returned.insert(memoryOf(value));
  }
  for (Operation &op : function.front()) {
    if (!isa<HostWork>(op))
      continue;
    for (OpResult result : op.getResults()) {
      Value filled = withoutViews(destinationOf(result));
      bool isFilledAgain = filled.getDefiningOp<HostWork>() &&
                           returned.contains(memoryOf(filled));
      if (!filled.getDefiningOp<tensor::EmptyOp>() && !isFilledAgain)
        return op.emitOpError("expected destinations made by tensor.empty, or "
                              "results that are filled again");
    }
  }
  return success();
}

/// The wrappers of what convert-attn-to-reference made.
LogicalResult BuildEntries::buildJudges(func::FuncOp function) {
  Type pointer = abi::pointerType(&getContext());
  Type i64 = IntegerType::get(&getContext(), 64);
  for (StringRef suffix : {attnrt::kReferenceSuffix, attnrt::kBaselineSuffix,
                           attnrt::kFlopsSuffix}) {
    std::string name = (function.getSymName() + suffix).str();
    auto judge = getOperation().lookupSymbol<func::FuncOp>(name);
    if (!judge)
      return emitError(function.getLoc())
             << "expected `" << name << "` beside `" << function.getSymName()
             << "`; run convert-attn-to-reference first";
    judge.setPrivate();
    if (suffix == attnrt::kFlopsSuffix)
      JudgeWriter(function, judge, suffix, {pointer}).writeFlops();
    else
      JudgeWriter(function, judge, suffix, {pointer, i64, i64}).writeRows();
  }
  return success();
}

LogicalResult BuildEntries::buildFor(func::FuncOp function) {
  if (failed(checkFunction(function)))
    return failure();
  WalkResult result = function.walk([&](LaunchOp launch) {
    return WalkResult(emitKernelDescriptor(launch));
  });
  if (result.wasInterrupted() || failed(checkDescription(function)))
    return failure();

  HostEntry entry(function, HostEntry::Purpose::Launch);
  HostEntry shapes(function, HostEntry::Purpose::Shapes);
  if (failed(entry.write()) || failed(shapes.write()) ||
      failed(buildJudges(function)))
    return failure();
  describe(function, entry.getEntry());
  function.erase();
  return success();
}

void BuildEntries::runOnOperation() {
  SmallVector<func::FuncOp> functions;
  for (auto function : getOperation().getOps<func::FuncOp>())
    if (!function.isExternal() &&
        llvm::any_of(function.getOps(), llvm::IsaPred<HostWork>))
      functions.push_back(function);
  for (func::FuncOp function : functions)
    if (failed(buildFor(function)))
      return signalPassFailure();
}
