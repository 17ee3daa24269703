//===- Kernels.cpp - Lowered kernels --------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Kernels.h"

#include "attn/Dialect/Tile/IR/AttributeNames.h"
#include "attn/Dialect/Tile/IR/Symbols.h"
#include "attn/Dialect/Tile/IR/Tile.h"
#include "attn/Package/PackageWriter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

const TargetDesc *attn::processorOf(Operation *kernel) {
  auto name = kernel->getAttrOfType<StringAttr>(kTargetAttr);
  if (!name || !isa<func::FuncOp, LLVM::LLVMFuncOp>(kernel))
    return nullptr;
  const TargetDesc *target = lookupTarget(name);
  return target && target->isProcessor() ? target : nullptr;
}

static bool isForGpu(Operation *kernel) {
  return isa<LLVM::LLVMFuncOp>(kernel) &&
         kernel->getParentOfType<gpu::GPUModuleOp>();
}

bool attn::isLoweredKernel(Operation *kernel) {
  return processorOf(kernel) || isForGpu(kernel);
}

LaunchNeeds attn::launchNeedsOf(Operation *kernel) {
  if (!isForGpu(kernel))
    return {};
  auto threads = kernel->getAttrOfType<DenseI32ArrayAttr>(
      NVVM::NVVMDialect::getMaxntidAttrName());
  auto shared = kernel->getAttrOfType<IntegerAttr>(kSharedBytesAttr);
  return {threads.asArrayRef().front(), shared.getInt()};
}

/// The schedule as text and key by key; both are empty for a kernel without
/// one.
static DictionaryAttr describeSchedule(Builder &builder,
                                       KernelSchedule schedule) {
  SmallVector<NamedAttribute> keys;
  if (schedule)
    for (auto [key, value] : schedule.getKeyValues())
      keys.push_back(
          builder.getNamedAttr(key, builder.getI64IntegerAttr(value)));
  std::string text = schedule ? schedule.toFlag() : "";
  return builder.getDictionaryAttr(
      {builder.getNamedAttr("text", builder.getStringAttr(text)),
       builder.getNamedAttr("keys", builder.getDictionaryAttr(keys))});
}

static StringRef targetNameOf(Operation *kernel) {
  if (const TargetDesc *target = processorOf(kernel))
    return target->name;
  auto module = kernel->getParentOfType<gpu::GPUModuleOp>();
  return cast<NVVM::NVVMTargetAttr>(module.getTargetsAttr()[0]).getChip();
}

DictionaryAttr attn::describeKernel(Operation *kernel) {
  Builder builder(kernel->getContext());
  LaunchNeeds needs = launchNeedsOf(kernel);
  auto schedule = kernel->getAttrOfType<KernelSchedule>(kScheduleAttr);
  // Without a schedule, nobody knows which rows share a tile.
  int64_t rowsPerTile = schedule ? schedule.getRowsPerTile() : 1;
  NamedAttrList facts;
  facts.set("name", SymbolTable::getSymbolName(kernel));
  facts.set("target", builder.getStringAttr(targetNameOf(kernel)));
  facts.set("threads", builder.getI64IntegerAttr(needs.threads));
  facts.set("smem_bytes", builder.getI64IntegerAttr(needs.sharedBytes));
  if (Attribute scratch = kernel->getAttr(kScratchBytesAttr))
    facts.set("scratch_bytes", scratch);
  facts.set("rows_per_tile", builder.getI64IntegerAttr(rowsPerTile));
  facts.set("schedule", describeSchedule(builder, schedule));
  return facts.getDictionary(kernel->getContext());
}

void attn::nameKernelsAfterTargets(ModuleOp module) {
  for (auto function :
       llvm::make_early_inc_range(module.getOps<func::FuncOp>())) {
    const TargetDesc *target = processorOf(function);
    if (!target)
      continue;
    std::string name =
        (function.getSymName() + "__" + makeIdentifier(target->name)).str();
    auto renamed = StringAttr::get(module.getContext(), name);
    if (succeeded(SymbolTable::replaceAllSymbolUses(function, renamed, module)))
      function.setSymNameAttr(renamed);
  }
}
