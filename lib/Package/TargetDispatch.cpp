//===- TargetDispatch.cpp - Entries for several kinds of processors -------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   i32 @attnpkg_f(ptr, ptr, ptr)    =>   i32 @attnpkg_f(…) {
//   of each module                          switch attnrtChooseTarget(targets)
//                                             0: return @target0.attnpkg_f(…)
//                                             1: return @target1.attnpkg_f(…)
//                                           return 3
//                                         }
//
//===----------------------------------------------------------------------===//
#include "TargetDispatch.h"

#include "attnrt/Abi.h"
#include "attnrt/PackageFormat.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/Linker/Linker.h"

using namespace attn;
using namespace llvm;

std::string attn::displayNameOf(const TargetDesc &target) {
  StringRef tuning = target.processor->tuning;
  return tuning.empty() ? target.name.str()
                        : (target.name + " (" + tuning + ")").str();
}

std::string attn::featureListOf(const TargetDesc &target) {
  return join(target.processor->required, " ");
}

static std::string ownNameOf(StringRef entry, size_t target) {
  return ("target" + Twine(target) + "." + entry).str();
}

/// Nothing of it is visible outside but its entries, under names of their own.
static void prepare(Module &module, size_t index,
                    ArrayRef<std::string> entries) {
  for (const std::string &entry : entries)
    module.getFunction(entry)->setName(ownNameOf(entry, index));
  if (index == 0)
    return;
  for (Function &function : module)
    if (!function.isDeclaration() &&
        function.getName().starts_with(attnrt::kSymbolPrefix))
      function.setLinkage(GlobalValue::InternalLinkage);
}

namespace {

class DispatchWriter {
public:
  DispatchWriter(Module &module, ArrayRef<const TargetDesc *> targets)
      : module(module), context(module.getContext()), targets(targets) {}

  /// AttnrtTargets.
  void writeTargets();
  void writeEntry(StringRef name);

private:
  Constant *text(StringRef of);

  Module &module;
  LLVMContext &context;
  ArrayRef<const TargetDesc *> targets;
  GlobalVariable *table = nullptr;
};

} // namespace

static GlobalVariable *addGlobal(Module &module, Constant *value,
                                 bool isConstant, const Twine &name) {
  return new GlobalVariable(module, value->getType(), isConstant,
                            GlobalValue::PrivateLinkage, value, name);
}

Constant *DispatchWriter::text(StringRef of) {
  return addGlobal(module, ConstantDataArray::getString(context, of),
                   /*isConstant=*/true, "attnpkg.text");
}

void DispatchWriter::writeTargets() {
  auto *pointer = PointerType::get(context, 0);
  auto *i32 = Type::getInt32Ty(context);
  auto *targetType = StructType::get(pointer, pointer);
  SmallVector<Constant *> rows;
  for (const TargetDesc *target : targets)
    rows.push_back(
        ConstantStruct::get(targetType, {text(displayNameOf(*target)),
                                         text(featureListOf(*target))}));
  GlobalVariable *list = addGlobal(
      module, ConstantArray::get(ArrayType::get(targetType, rows.size()), rows),
      /*isConstant=*/true, "attnpkg.targetlist");
  table =
      addGlobal(module,
                ConstantStruct::get(StructType::get(pointer, i32, i32),
                                    {list, ConstantInt::get(i32, rows.size()),
                                     ConstantInt::get(i32, 0)}),
                /*isConstant=*/false, "attnpkg.targets");
}

void DispatchWriter::writeEntry(StringRef name) {
  Function *first = module.getFunction(ownNameOf(name, 0));
  auto *entry = Function::Create(first->getFunctionType(),
                                 GlobalValue::ExternalLinkage, name, module);
  auto *i32 = Type::getInt32Ty(context);
  IRBuilder<> builder(BasicBlock::Create(context, "", entry));
  FunctionCallee choose = module.getOrInsertFunction(
      "attnrtChooseTarget", i32, PointerType::get(context, 0));
  Value *chosen = builder.CreateCall(choose, {table});
  auto *none = BasicBlock::Create(context, "none", entry);
  SwitchInst *which = builder.CreateSwitch(chosen, none, targets.size());
  builder.SetInsertPoint(none);
  builder.CreateRet(ConstantInt::get(i32, ATTNRT_DEVICE));
  for (size_t i = 0; i < targets.size(); ++i) {
    Function *own = module.getFunction(ownNameOf(name, i));
    own->setLinkage(GlobalValue::InternalLinkage);
    auto *block = BasicBlock::Create(context, "", entry);
    which->addCase(builder.getInt32(i), block);
    builder.SetInsertPoint(block);
    SmallVector<Value *> arguments(make_pointer_range(entry->args()));
    builder.CreateRet(builder.CreateCall(own, arguments));
  }
}

std::unique_ptr<Module> attn::mergeTargets(std::vector<TargetModule> modules,
                                           ArrayRef<std::string> entries) {
  SmallVector<const TargetDesc *> targets;
  for (auto [i, each] : enumerate(modules)) {
    prepare(*each.module, i, entries);
    targets.push_back(each.target);
  }
  std::unique_ptr<Module> merged = std::move(modules.front().module);
  for (TargetModule &other : drop_begin(modules))
    if (Linker::linkModules(*merged, std::move(other.module)))
      return nullptr;
  DispatchWriter writer(*merged, targets);
  writer.writeTargets();
  for (const std::string &entry : entries)
    writer.writeEntry(entry);
  return merged;
}
