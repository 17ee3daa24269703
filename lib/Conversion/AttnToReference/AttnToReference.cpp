//===- AttnToReference.cpp - Adds the functions that judge another --------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   func.func @f(%q, %k, %v) -> tensor<…>
// becomes that and
//   func.func @f__reference(%q, %k, %v, %o, %begin, %end)   in f64
//   func.func @f__baseline(%q, %k, %v, %o, %begin, %end)    with f's roundings
//   func.func @f__flops(%q, %k, %v) -> f64
//
//===----------------------------------------------------------------------===//

#include "JudgeBuffers.h"
#include "RegionCode.h"
#include "attn/Conversion/AttnToReference/Passes.h"
#include "attnrt/PackageFormat.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/STLExtras.h"

namespace attn {
#define GEN_PASS_DEF_CONVERTATTNTOREFERENCE
#include "attn/Conversion/AttnToReference/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;
using attnrt::kBaselineSuffix, attnrt::kFlopsSuffix, attnrt::kReferenceSuffix;

//===----------------------------------------------------------------------===//
// Signatures
//===----------------------------------------------------------------------===//

/// memref<…, strided<[?, …, 1], offset: ?>> of the tensor's shape: whatever
/// strides the caller has, as long as the last dimension is contiguous.
static MemRefType getBufferType(RankedTensorType tensor, Type elementType) {
  SmallVector<int64_t> strides(tensor.getRank(), ShapedType::kDynamic);
  if (!strides.empty())
    strides.back() = 1;
  auto layout = StridedLayoutAttr::get(tensor.getContext(),
                                       ShapedType::kDynamic, strides);
  return MemRefType::get(tensor.getShape(), elementType, layout);
}

/// The types of the arguments, with memrefs for tensors. Unused arguments of
/// other types stay as they are.
static SmallVector<Type> getArgumentTypes(func::FuncOp function) {
  SmallVector<Type> types;
  for (Type type : function.getArgumentTypes()) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    bool isBuffer =
        tensor && BaseMemRefType::isValidElementType(tensor.getElementType());
    types.push_back(
        isBuffer ? Type(getBufferType(tensor, tensor.getElementType())) : type);
  }
  return types;
}

static SmallVector<Type> getResultBufferTypes(func::FuncOp function) {
  SmallVector<Type> types;
  for (Type type : function.getResultTypes())
    types.push_back(getBufferType(cast<RankedTensorType>(type),
                                  Float64Type::get(function.getContext())));
  return types;
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

namespace {

/// Makes the judges of one function.
class JudgeBuilder : JudgeBuffers {
public:
  explicit JudgeBuilder(func::FuncOp function) : JudgeBuffers(function) {}

  void build() {
    buildRows(kReferenceSuffix, Numerics::Reference);
    buildRows(kBaselineSuffix, Numerics::Baseline);
    buildFlops();
  }

private:
  void buildRows(StringRef suffix, Numerics numerics) {
    SmallVector<Type> types = getArgumentTypes(function);
    llvm::append_range(types, getResultBufferTypes(function));
    types.append(2, builder.getIndexType());
    func::FuncOp judge = start(suffix, types, /*results=*/{});
    ValueRange arguments = judge.getArguments();
    Value begin = arguments.drop_back().back(), end = arguments.back();
    Value first = arith::ConstantIndexOp::create(builder, loc, 0);
    Value all = arith::ConstantIndexOp::create(builder, loc, int64_t(1) << 62);
    for (auto op : function.getOps<CompilableOp>()) {
      isForReaders = true;
      if (llvm::any_of(op->getResults(), isComputedFirst))
        buildOp(op, arguments, numerics, first, all);
      isForReaders = false;
      buildOp(op, arguments, numerics, begin, end);
    }
    finish(judge, /*results=*/{});
  }

  /// Computes rows of the results that have buffers.
  void buildOp(CompilableOp op, ValueRange arguments, Numerics numerics,
               Value begin, Value end) {
    if (auto rows = dyn_cast<RowOp>(op.getOperation())) {
      Value output = getBuffer(rows.getOutput(), arguments);
      if (!output || rotationOf(rows.getInput()) == op.getOperation())
        return;
      RowChain chain = getChainOf(rows, arguments);
      ChainRows(builder, chain, numerics).buildAll(output, begin, end);
    } else if (auto sdpa = dyn_cast<SdpaOp>(op.getOperation())) {
      SdpaBuffers buffers = getBuffers(sdpa, arguments);
      if (buffers.output || buffers.lse)
        buildNaiveRows(builder, buffers, numerics, begin, end);
    } else if (auto grad = dyn_cast<SdpaGradOp>(op.getOperation())) {
      SdpaGradBuffers buffers = getBuffers(grad, arguments);
      buildNaiveGradients(builder, buffers, numerics, begin, end);
      buildNaiveTensorGradients(builder, buffers, numerics, begin, end);
    } else if (auto norm = dyn_cast<NormGradOp>(op.getOperation())) {
      buildNaiveNormGrad(builder, norm, getBuffers(norm, arguments), numerics,
                         begin, end);
    } else if (auto sum = dyn_cast<SumOp>(op.getOperation())) {
      if (Value output = getBuffer(sum.getOutput(), arguments))
        buildNaiveSum(builder, sum, getValues(sum.getAddends(), arguments),
                      output, numerics, begin, end);
    }
  }

  void buildFlops() {
    Type f64 = builder.getF64Type();
    func::FuncOp judge = start(kFlopsSuffix, getArgumentTypes(function), f64);
    auto number = [&](double value) -> Value {
      return arith::ConstantOp::create(builder, loc,
                                       builder.getFloatAttr(f64, value));
    };
    Value total = number(0.0);
    auto add = [&](Value flops) {
      total = arith::AddFOp::create(builder, loc, total, flops);
    };
    for (RowOp op : function.getOps<RowOp>())
      add(buildRowFlops(builder, getChainOf(op, judge.getArguments())));
    // Multiplications and additions of the products that have both head dims.
    auto addPairs = [&](const SdpaBuffers &buffers, int64_t ofQK, int64_t ofV) {
      AttentionOp op = buffers.op;
      Value pairs = buildKeptPairs(builder, buffers);
      Value each =
          number(2.0 * (ofQK * op.getHeadDimQK() + ofV * op.getHeadDimV()));
      add(arith::MulFOp::create(builder, loc, pairs, each));
    };
    for (SdpaOp op : function.getOps<SdpaOp>())
      addPairs(getBuffers(op, judge.getArguments()), 1, 1);
    for (SdpaGradOp op : function.getOps<SdpaGradOp>())
      addPairs(getBuffers(op, judge.getArguments()), 3, 2);
    finish(judge, total);
  }

  func::FuncOp start(StringRef suffix, TypeRange arguments, TypeRange results) {
    auto judge =
        func::FuncOp::create(builder, loc, (function.getName() + suffix).str(),
                             builder.getFunctionType(arguments, results));
    builder.setInsertionPointToStart(judge.addEntryBlock());
    computed.clear();
    return judge;
  }

  void finish(func::FuncOp judge, ValueRange results) {
    for (auto [value, buffer] : computed)
      memref::DeallocOp::create(builder, loc, buffer);
    func::ReturnOp::create(builder, loc, results);
    builder.setInsertionPointAfter(judge);
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

// - attn-check-support passed: operands are arguments or rows made of
// arguments,
//   and what is returned comes from attn ops.
// - attn-expand-scores and attn-expand-masks ran.
static LogicalResult checkInput(func::FuncOp function) {
  if (!function.getBody().hasOneBlock())
    return function.emitOpError() << "expected one block, as "
                                     "attn-check-support leaves it";
  for (auto op : function.getOps<CompilableOp>()) {
    auto sdpa = dyn_cast<AttentionOp>(op.getOperation());
    if (sdpa && sdpa.hasMaskClause())
      return op->emitOpError() << "expected the clauses of masks as a `keep` "
                                  "region, as attn-expand-masks leaves them";
    if (sdpa && sdpa.hasScoreClause())
      return op->emitOpError() << "expected the clauses of scores as a `score` "
                                  "region, as attn-expand-scores leaves them";
    if (!llvm::all_of(op.getSources(), isSupportedSource))
      return op->emitOpError() << "expected arguments of the function as "
                                  "operands, as attn-check-support leaves them";
    if (sdpa && failed(checkRegions(sdpa)))
      return failure();
  }
  Operation *terminator = function.getBody().front().getTerminator();
  for (Value operand : terminator->getOperands())
    if (!operand.getDefiningOp<CompilableOp>())
      return terminator->emitOpError()
             << "expected results of attn operations, as attn-check-support "
                "leaves them";
  return success();
}

// - The three names are free.
static LogicalResult checkNames(func::FuncOp function,
                                SymbolTable &symbolTable) {
  for (StringRef suffix : {kReferenceSuffix, kBaselineSuffix, kFlopsSuffix}) {
    std::string name = (function.getName() + suffix).str();
    if (Operation *taken = symbolTable.lookup(name)) {
      InFlightDiagnostic diag = function.emitOpError()
                                << "expected the name `" << name
                                << "` to be free";
      diag.attachNote(taken->getLoc()) << "it is taken here";
      return diag;
    }
  }
  return success();
}

namespace {

struct ConvertAttnToReference
    : public attn::impl::ConvertAttnToReferenceBase<ConvertAttnToReference> {
  void runOnOperation() override {
    SymbolTable symbolTable(getOperation());
    auto functions = llvm::filter_to_vector(
        getOperation().getOps<func::FuncOp>(), [](func::FuncOp function) {
          return function.isPublic() && !function.isExternal() &&
                 llvm::any_of(function.getOps(), [](Operation &op) {
                   return isa<CompilableOp>(op);
                 });
        });
    for (func::FuncOp function : functions) {
      if (failed(checkInput(function)) ||
          failed(checkNames(function, symbolTable)))
        return signalPassFailure();
      JudgeBuilder(function).build();
    }
  }
};

} // namespace
