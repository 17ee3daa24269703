//===- AttnToCalls.cpp - Makes functions with attention call a package ----===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   func.func @f(%q, %k, %v) {        func.func @f(%q, %k, %v) {
//     %o = attn.sdpa %q, %k, %v         %m = memref.alloc(…)
//     return %o                         %call = call @attnrtBeginCall(…)
//   }                                   call @attnrtPassF32(%call, %q) …
//                               =>      call @attnrtPassF32(%call, %m)
//                                       call @attnrtEndCall(%call)
//                                       %o = bufferization.to_tensor %m
//                                       return %o
//                                     }
//
//===----------------------------------------------------------------------===//

#include "attn/Conversion/AttnToCalls/Passes.h"

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Attn/Transforms/SupportedForm.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace attn {
#define GEN_PASS_DEF_CONVERTATTNTOCALLS
#include "attn/Conversion/AttnToCalls/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;

/// As the kernels of every target and vectors of every processor like it.
static constexpr int64_t kAlignment = 64;

namespace {

/// Writes one function anew.
class CallWriter {
public:
  CallWriter(func::FuncOp function, StringRef package, SymbolTable &symbols)
      : function(function), package(package), symbols(symbols),
        builder(function.front().getTerminator()), loc(function.getLoc()) {}
  LogicalResult write();

private:
  Value emitString(StringRef symbol, StringRef text);
  func::CallOp emitCall(StringRef callee, TypeRange results, ValueRange args);
  Value allocate(Value result);
  Value readOnly(Value argument);
  LogicalResult pass(Value call, Value array);

  func::FuncOp function;
  StringRef package;
  SymbolTable &symbols;
  OpBuilder builder;
  Location loc;
};

struct ConvertAttnToCalls
    : public attn::impl::ConvertAttnToCallsBase<ConvertAttnToCalls> {
  using ConvertAttnToCallsBase::ConvertAttnToCallsBase;
  void runOnOperation() override;
};

} // namespace

//===----------------------------------------------------------------------===//
// The interface of the runtime
//===----------------------------------------------------------------------===//

/// How attnrt/MemRefCalls.h spells the type; empty where it has none.
static StringRef suffixOf(Type element) {
  if (element.isF16())
    return "F16";
  if (element.isBF16())
    return "BF16";
  if (element.isF32())
    return "F32";
  if (element.isSignlessInteger(1))
    return "I1";
  if (element.isSignlessInteger(8))
    return "I8";
  if (element.isSignlessInteger(32))
    return "I32";
  if (element.isSignlessInteger(64))
    return "I64";
  return "";
}

/// The address of a text, which the module holds once.
Value CallWriter::emitString(StringRef symbol, StringRef text) {
  auto terminated = builder.getStringAttr(text + Twine('\0'));
  auto global = symbols.lookup<LLVM::GlobalOp>(symbol);
  if (!global || global.getValueOrNull() != terminated) {
    Type bytes =
        LLVM::LLVMArrayType::get(builder.getI8Type(), terminated.size());
    OpBuilder detached(builder.getContext());
    global = LLVM::GlobalOp::create(detached, loc, bytes, /*isConstant=*/true,
                                    LLVM::Linkage::Private, symbol, terminated);
    symbols.insert(global); // which finds another name where it is taken
  }
  return LLVM::AddressOfOp::create(builder, loc, global);
}

func::CallOp CallWriter::emitCall(StringRef callee, TypeRange results,
                                  ValueRange args) {
  if (!symbols.lookup(callee)) {
    auto type = builder.getFunctionType(args.getTypes(), results);
    auto declaration = func::FuncOp::create(loc, callee, type);
    declaration.setPrivate();
    symbols.insert(declaration);
  }
  return func::CallOp::create(builder, loc, callee, results, args);
}

//===----------------------------------------------------------------------===//
// Arrays
//===----------------------------------------------------------------------===//

/// Memory for what the function returns.
Value CallWriter::allocate(Value result) {
  auto type = cast<RankedTensorType>(result.getType());
  SmallVector<Value> sizes;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.isDynamicDim(dim))
      sizes.push_back(tensor::DimOp::create(builder, loc, result, dim));
  auto memref = MemRefType::get(type.getShape(), type.getElementType());
  return memref::AllocOp::create(builder, loc, memref, sizes,
                                 builder.getI64IntegerAttr(kAlignment));
}

/// The memory of an argument, wherever it lies in a larger one.
Value CallWriter::readOnly(Value argument) {
  auto type = cast<RankedTensorType>(argument.getType());
  SmallVector<int64_t> strides(type.getRank(), ShapedType::kDynamic);
  auto layout = StridedLayoutAttr::get(builder.getContext(),
                                       ShapedType::kDynamic, strides);
  auto memref = MemRefType::get(type.getShape(), type.getElementType(), layout);
  return bufferization::ToBufferOp::create(builder, loc, memref, argument,
                                           /*read_only=*/true);
}

LogicalResult CallWriter::pass(Value call, Value array) {
  Type element = cast<MemRefType>(array.getType()).getElementType();
  StringRef suffix = suffixOf(element);
  if (suffix.empty())
    return function.emitOpError()
           << "expected arrays of f16, bf16, f32, i1, i8, i32 or i64, got "
           << element;
  Type unranked = UnrankedMemRefType::get(element, /*memorySpace=*/nullptr);
  Value any = memref::CastOp::create(builder, loc, unranked, array);
  emitCall(("attnrtPass" + suffix).str(), {}, {call, any});
  return success();
}

//===----------------------------------------------------------------------===//
// The function
//===----------------------------------------------------------------------===//

LogicalResult CallWriter::write() {
  Operation *terminator = function.front().getTerminator();
  SmallVector<Value> results = llvm::map_to_vector(
      terminator->getOperands(), [&](Value value) { return allocate(value); });
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext());
  StringRef name = function.getSymName();
  Value call = emitCall("attnrtBeginCall", pointer,
                        {emitString("attnrt.package", package),
                         emitString(("attnrt.name." + name).str(), name)})
                   .getResult(0);
  for (Value argument : function.getArguments())
    if (failed(pass(call, readOnly(argument))))
      return failure();
  for (Value result : results)
    if (failed(pass(call, result)))
      return failure();
  emitCall("attnrtEndCall", {}, call);
  for (auto [operand, memory] :
       llvm::zip_equal(terminator->getOpOperands(), results))
    operand.set(bufferization::ToTensorOp::create(
        builder, loc, operand.get().getType(), memory, /*restrict=*/true,
        /*writable=*/true));
  function.setNoInline(true);

  // Sizes of results become those of arguments; attention is dead then.
  RewritePatternSet patterns(builder.getContext());
  memref::populateResolveRankedShapedTypeResultDimsPatterns(patterns);
  tensor::DimOp::getCanonicalizationPatterns(patterns, builder.getContext());
  if (failed(applyPatternsGreedily(function, std::move(patterns))))
    return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// The module
//===----------------------------------------------------------------------===//

/// The functions that hold attention, each of attention alone.
static FailureOr<SmallVector<func::FuncOp>> findFunctions(ModuleOp module) {
  llvm::SetVector<func::FuncOp> functions;
  WalkResult result = module.walk([&](CompilableOp op) {
    auto function = op->getParentOfType<func::FuncOp>();
    if (!function || !hasSupportedForm(function, module)) {
      op.emitOpError("expected to stand in a function of attention alone; run "
                     "attn-outline first");
      return WalkResult::interrupt();
    }
    functions.insert(function);
    return WalkResult::advance();
  });
  if (result.wasInterrupted())
    return failure();
  return SmallVector<func::FuncOp>(functions.begin(), functions.end());
}

void ConvertAttnToCalls::runOnOperation() {
  ModuleOp module = getOperation();
  if (package.empty() || StringRef(package).contains('\0')) {
    module.emitError("convert-attn-to-calls expects the option `package`, the "
                     "file that attn-compile makes");
    return signalPassFailure();
  }
  auto functions = findFunctions(module);
  if (failed(functions))
    return signalPassFailure();
  SymbolTable symbols(module);
  for (func::FuncOp function : *functions)
    if (failed(CallWriter(function, package, symbols).write()))
      return signalPassFailure();
}
