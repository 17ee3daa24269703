//===- Outline.cpp - Moves attention into functions of its own ------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   func.func @f(…) {                   func.func @f(…) {
//     scf.for … {                         scf.for … {
//       %q = linalg.…                       %q = linalg.…
//       %o = attn.sdpa %q, %k, %v   =>      %o = call @f_attention_0(%q, %k,
//       %v) linalg.… %o                         linalg.… %o
//     }                                   }
//   }                                   }
//                                       func.func @f_attention_0(…) {
//                                         %o = attn.sdpa …
//                                         return %o
//                                       }
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Attn/Transforms/Passes.h"
#include "attn/Dialect/Attn/Transforms/SupportedForm.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

namespace attn {
#define GEN_PASS_DEF_OUTLINE
#include "attn/Dialect/Attn/Transforms/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;

namespace {

/// Operations that become one function: one whose results the surroundings
/// read, and those that it alone absorbs.
struct Group {
  CompilableOp root;
  llvm::SetVector<Operation *> members; // in the order of their block

  SmallVector<Value> arguments() const;
  SmallVector<Value> results() const;
};

class Outliner {
public:
  explicit Outliner(ModuleOp module) : module(module), symbols(module) {}
  void outline(Operation *around);

private:
  void outline(const Group &group, Operation *around);
  func::FuncOp build(const Group &group, ValueRange arguments,
                     ValueRange results, Operation *around);
  func::FuncOp insert(func::FuncOp function, StringRef stem, Operation *around);

  ModuleOp module;
  SymbolTable symbols;
  SmallVector<func::FuncOp> made;
  Operation *last = nullptr; // of those made from the same function
  unsigned count = 0;        // of those, too
};

struct Outline : public attn::impl::OutlineBase<Outline> {
  void runOnOperation() override;
};

} // namespace

//===----------------------------------------------------------------------===//
// What belongs together
//===----------------------------------------------------------------------===//

/// Whether `reader` takes the value only where it may be computed.
static bool mayTakeComputed(CompilableOp reader, Value value) {
  auto sources = llvm::count_if(reader.getSources(), [&](const OpSource &it) {
    return it.value == value && isSupportedSource(it);
  });
  return llvm::count(reader->getOperands(), value) == sources;
}

/// Whether all that reads the results of `op` are members, which may take them.
static bool isAbsorbed(CompilableOp op, const Group &group) {
  return op.mayFeedOthers() && op->getBlock() == group.root->getBlock() &&
         llvm::all_of(op->getUses(), [&](OpOperand &use) {
           // A reader within a region is no member.
           Operation *user = use.getOwner();
           return group.members.contains(user) &&
                  mayTakeComputed(cast<CompilableOp>(user), use.get());
         });
}

static Group groupOf(CompilableOp root) {
  Group group;
  group.root = root;
  group.members.insert(root);
  // Members are looked at as they come; each brings those that feed it.
  SmallVector<CompilableOp> open{root};
  while (!open.empty()) {
    CompilableOp op = open.pop_back_val();
    for (Value operand : op->getOperands()) {
      auto producer = operand.getDefiningOp<CompilableOp>();
      if (producer && isAbsorbed(producer, group) &&
          group.members.insert(producer))
        open.push_back(producer);
    }
  }
  SmallVector<Operation *> ordered = group.members.takeVector();
  llvm::sort(ordered,
             [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  group.members.insert_range(ordered);
  return group;
}

static bool isConstant(Value value) {
  Operation *op = value.getDefiningOp();
  return op && op->hasTrait<OpTrait::ConstantLike>();
}

/// Values from outside, in the order of their first use; constants that regions
/// read are no arguments.
SmallVector<Value> Group::arguments() const {
  llvm::SetVector<Value> values;
  auto add = [&](Value value) {
    if (!members.contains(value.getDefiningOp()))
      values.insert(value);
  };
  for (Operation *op : members) {
    llvm::for_each(op->getOperands(), add);
    llvm::SetVector<Value> above;
    getUsedValuesDefinedAbove(op->getRegions(), above);
    for (Value value : above)
      if (!isConstant(value))
        add(value);
  }
  return values.takeVector();
}

/// What is read, or all that there is.
SmallVector<Value> Group::results() const {
  Operation *op = root;
  auto read = llvm::filter_to_vector(
      op->getResults(), [](Value value) { return !value.use_empty(); });
  if (read.empty())
    return SmallVector<Value>(op->getResults());
  return SmallVector<Value>(read.begin(), read.end());
}

//===----------------------------------------------------------------------===//
// The function
//===----------------------------------------------------------------------===//

/// Gives each region constants of its own; one that is an operand as well is an
/// argument.
static void sinkConstants(Operation *op) {
  for (Region &region : op->getRegions()) {
    llvm::SetVector<Value> above;
    getUsedValuesDefinedAbove(region, region, above);
    for (Value value : above)
      if (isConstant(value) && !llvm::is_contained(op->getOperands(), value)) {
        auto builder = OpBuilder::atBlockBegin(&region.front());
        Operation *copy = builder.clone(*value.getDefiningOp());
        unsigned number = cast<OpResult>(value).getResultNumber();
        replaceAllUsesInRegionWith(value, copy->getResult(number), region);
      }
  }
}

static std::string stemOf(Operation *around) {
  std::string stem = SymbolTable::getSymbolName(around).str();
  for (char &c : stem)
    if (!llvm::isAlnum(c) && !StringRef("_$.").contains(c))
      c = '_';
  return stem + "_attention_";
}

func::FuncOp Outliner::build(const Group &group, ValueRange arguments,
                             ValueRange results, Operation *around) {
  OpBuilder builder(module.getContext());
  Location loc = group.root->getLoc();
  auto type = builder.getFunctionType(arguments.getTypes(), results.getTypes());
  auto function = func::FuncOp::create(loc, stemOf(around), type);
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToStart(body);
  IRMapping mapping;
  mapping.map(arguments, body->getArguments());
  for (Operation *op : group.members)
    builder.clone(*op, mapping);
  SmallVector<Value> returned = llvm::map_to_vector(
      results, [&](Value value) { return mapping.lookup(value); });
  func::ReturnOp::create(builder, loc, returned);
  return function;
}

/// Into the module, behind those of the same function; an equal one that is
/// there serves as well.
func::FuncOp Outliner::insert(func::FuncOp function, StringRef stem,
                              Operation *around) {
  for (func::FuncOp known : made)
    if (known.getFunctionType() == function.getFunctionType() &&
        OperationEquivalence::isRegionEquivalentTo(
            &known.getBody(), &function.getBody(),
            OperationEquivalence::IgnoreLocations)) {
      function.erase();
      return known;
    }
  std::string name;
  do
    name = (stem + Twine(count++)).str();
  while (symbols.lookup(name));
  function.setSymName(name);
  symbols.insert(function, std::next((last ? last : around)->getIterator()));
  last = function;
  made.push_back(function);
  return function;
}

void Outliner::outline(const Group &group, Operation *around) {
  for (Operation *op : group.members)
    sinkConstants(op);
  SmallVector<Value> arguments = group.arguments(), results = group.results();
  func::FuncOp function =
      insert(build(group, arguments, results, around), stemOf(around), around);
  OpBuilder builder(group.root);
  auto call =
      func::CallOp::create(builder, group.root->getLoc(), function, arguments);
  for (auto [result, replacement] : llvm::zip_equal(results, call.getResults()))
    result.replaceAllUsesWith(replacement);
  for (Operation *op : llvm::reverse(group.members.getArrayRef()))
    op->erase();
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

static RankedTensorType inTensor(Type number) {
  return RankedTensorType::get({}, number);
}

/// The number as a tensor: the one that it was read from, or a new one.
static Value asTensor(OpBuilder &builder, Location loc, Value number) {
  auto read = number.getDefiningOp<tensor::ExtractOp>();
  if (read && read.getIndices().empty())
    return read.getTensor();
  return tensor::FromElementsOp::create(
      builder, loc, inTensor(number.getType()), ValueRange(number));
}

/// Gives attention its numbers as tensors, which is what functions of packages
/// take.
static void passTensors(AttentionOp op) {
  OpBuilder builder(op);
  for (Value number : {op.getSeed(), op.getOffset()})
    if (number && !isa<TensorType>(number.getType()))
      op->replaceUsesOfWith(number, asTensor(builder, op.getLoc(), number));
}

/// Whether attention alone reads the argument, as a seed or an offset.
static bool isNumberOfAttention(BlockArgument argument) {
  return argument.getType().isSignlessInteger(64) &&
         llvm::all_of(argument.getUsers(), llvm::IsaPred<AttentionOp>);
}

/// The calls of a function; fails where something else refers to it.
static FailureOr<SmallVector<func::CallOp>> callsOf(func::FuncOp function,
                                                    ModuleOp module) {
  SmallVector<func::CallOp> calls;
  auto uses = SymbolTable::getSymbolUses(function, module);
  for (SymbolTable::SymbolUse use : uses ? *uses : SymbolTable::UseRange({})) {
    auto call = dyn_cast<func::CallOp>(use.getUser());
    if (!call)
      return failure();
    calls.push_back(call);
  }
  return calls;
}

/// A function of attention alone, but for arguments that are numbers, takes
/// these as tensors, too.
static void takeTensors(func::FuncOp function, ModuleOp module) {
  auto numbers =
      llvm::filter_to_vector(function.getArguments(), isNumberOfAttention);
  bool areRead = llvm::any_of(
      numbers, [](BlockArgument number) { return !number.use_empty(); });
  auto calls = callsOf(function, module);
  if (!areRead || failed(calls))
    return;
  FunctionType before = function.getFunctionType();
  auto types = llvm::to_vector(before.getInputs());
  for (BlockArgument number : numbers) {
    types[number.getArgNumber()] = inTensor(number.getType());
    number.setType(types[number.getArgNumber()]);
  }
  function.setType(before.clone(types, before.getResults()));
  if (!hasSupportedForm(function, module)) {
    for (BlockArgument number : numbers)
      number.setType(before.getInput(number.getArgNumber()));
    return function.setType(before);
  }
  for (func::CallOp call : *calls)
    for (BlockArgument number : numbers) {
      OpBuilder builder(call);
      OpOperand &passed = call->getOpOperand(number.getArgNumber());
      passed.set(asTensor(builder, call.getLoc(), passed.get()));
    }
}

//===----------------------------------------------------------------------===//
// The module
//===----------------------------------------------------------------------===//

/// Whether calls from there reach functions of the module.
static bool canCall(Operation *op, ModuleOp module) {
  return SymbolTable::getNearestSymbolTable(op) == module;
}

void Outliner::outline(Operation *around) {
  last = nullptr;
  count = 0;
  SmallVector<CompilableOp> ops;
  around->walk([&](CompilableOp op) {
    if (canCall(op, module))
      ops.push_back(op);
  });
  // What reads others stands behind them, and absorbs them first.
  llvm::SmallPtrSet<Operation *, 8> absorbed;
  llvm::DenseMap<Operation *, Group> groups;
  for (CompilableOp op : llvm::reverse(ops)) {
    if (absorbed.contains(op))
      continue;
    Group group = groupOf(op);
    absorbed.insert_range(group.members);
    groups.try_emplace(op, std::move(group));
  }
  for (CompilableOp op : ops)
    if (auto group = groups.find(op); group != groups.end())
      outline(group->second, around);
}

static bool hasAttention(Operation &op) {
  return op.walk([](CompilableOp) { return WalkResult::interrupt(); })
      .wasInterrupted();
}

void Outline::runOnOperation() {
  ModuleOp module = getOperation();
  for (auto function : module.getOps<func::FuncOp>())
    if (!function.isExternal() && hasAttention(*function))
      takeTensors(function, module);
  module.walk(passTensors);
  Outliner outliner(module);
  for (Operation &op : llvm::make_early_inc_range(*module.getBody())) {
    auto function = dyn_cast<func::FuncOp>(op);
    if (!isa<SymbolOpInterface>(op) || !hasAttention(op) ||
        (function && hasSupportedForm(function, module)))
      continue;
    outliner.outline(&op);
  }
}
