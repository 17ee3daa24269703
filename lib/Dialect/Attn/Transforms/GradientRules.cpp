//===- GradientRules.cpp - What gradients of operations are ---------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   %o, %lse = attn.sdpa %q, %k, %v
//     =>  %dq, %dk, %dv = attn.sdpa_grad %q, %k, %v, %o, %lse, %do, %dlse
//   %r = attn.rope %x
//     =>  %dx = attn.rope %dr inverse
//   %n = attn.norm rms %x weight(%w)
//     =>  %dx, %dw = attn.norm_grad rms %x, %dn weight(%w)
//
//===----------------------------------------------------------------------===//

#include "ScoreSlope.h"
#include "attn/Dialect/Attn/IR/Attn.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace attn;

//===----------------------------------------------------------------------===//
// attn.sdpa
//===----------------------------------------------------------------------===//

LogicalResult SdpaOp::checkDifferentiable() {
  return attn::checkDifferentiable(*this);
}

bool SdpaOp::isSaved() { return true; }

static void addRegions(Operation *op, OperationState &state) {
  for (Region &region : op->getRegions()) {
    IRMapping mapping;
    region.cloneInto(state.addRegion(), mapping);
  }
}

/// With its LSE.
Operation *SdpaOp::completeForGradients(OpBuilder &builder) {
  if (getLse())
    return *this;
  OperationState state(getLoc(), getOperationName());
  state.addOperands(getOperands());
  state.addTypes(
      {getOutput().getType(), inferLseType(getQuery().getType(), getLayout())});
  state.addAttributes((*this)->getDiscardableAttrDictionary().getValue());
  state.getOrAddProperties<Properties>() = getProperties();
  addRegions(*this, state);
  Operation *complete = builder.create(state);
  getOutput().replaceAllUsesWith(complete->getResult(0));
  erase();
  return complete;
}

/// The tensors of floats that scores depend on, each once.
static llvm::SmallSetVector<Value, 4> tensorsOfScores(SdpaOp op) {
  llvm::SmallSetVector<Value, 4> tensors;
  for (auto capture : op.getScore().getOps<CaptureOp>())
    if (isa<FloatType>(capture.getSource().getType().getElementType()))
      tensors.insert(capture.getSource());
  for (Value tensor : {Value(op.getAlibi()), Value(op.getRelativeBias()),
                       Value(op.getBias()), Value(op.getSinks())})
    if (tensor)
      tensors.insert(tensor);
  return tensors;
}

/// The clauses of an attention for its gradient.
static void copyClauses(SdpaOp op, SdpaGradOp::Properties &to, bool hasLseGrad,
                        int32_t differentiated) {
  const SdpaOp::Properties &from = op.getProperties();
  to.scale = from.scale;
  to.softcap = from.softcap;
  to.dropout = from.dropout;
  to.max_distance = from.max_distance;
  to.bidirectional = from.bidirectional;
  to.causal = from.causal;
  to.window = from.window;
  to.prefix = from.prefix;
  to.chunked = from.chunked;
  to.layout = from.layout;
  to.masked_row = from.masked_row;
  to.precision = from.precision;
  SmallVector<int32_t> sizes(6, 1);
  sizes.push_back(hasLseGrad);
  llvm::append_range(sizes, ArrayRef(from.operandSegmentSizes).drop_front(3));
  sizes.push_back(differentiated);
  llvm::copy(sizes, to.operandSegmentSizes.begin());
}

SmallVector<Value> SdpaOp::buildGradients(OpBuilder &builder,
                                          ValueRange results,
                                          ValueRange cotangents) {
  constexpr unsigned kTensors = 3; // query, key and value
  Value outputGrad = cotangents[0], lseGrad = cotangents[1];
  if (!outputGrad)
    outputGrad = SumOp::create(builder, getLoc(), results[0].getType(),
                               ValueRange(), results[0]);
  OperationState state(getLoc(), SdpaGradOp::getOperationName());
  state.addOperands(getOperands().take_front(kTensors));
  state.addOperands(results);
  state.addOperands(outputGrad);
  if (lseGrad)
    state.addOperands(lseGrad);
  state.addOperands(getOperands().drop_front(kTensors));
  auto ofScores = tensorsOfScores(*this);
  state.addOperands(ofScores.getArrayRef());
  state.addTypes(getOperands().take_front(kTensors).getTypes());
  state.addTypes(TypeRange(ValueRange(ofScores.getArrayRef())));
  copyClauses(*this, state.getOrAddProperties<SdpaGradOp::Properties>(),
              bool(lseGrad), ofScores.size());
  addRegions(*this, state);
  for (int derived = 0; derived < 2; ++derived)
    state.addRegion(); // query_range and slope
  Operation *grad = builder.create(state);
  SmallVector<Value> gradients(grad->getResults().take_front(kTensors));
  gradients.resize(getNumOperands());
  ValueRange clauses = getOperands().drop_front(kTensors);
  for (auto [tensor, gradient] :
       llvm::zip_equal(ofScores, grad->getResults().drop_front(kTensors)))
    gradients[kTensors + (llvm::find(clauses, tensor) - clauses.begin())] =
        gradient;
  return gradients;
}

//===----------------------------------------------------------------------===//
// attn.rope
//===----------------------------------------------------------------------===//

/// The type of the input is that of its gradient.
SmallVector<Value> RopeOp::buildGradients(OpBuilder &builder, ValueRange,
                                          ValueRange cotangents) {
  IRMapping mapping;
  mapping.map(getInput(), cotangents[0]);
  auto turned = cast<RopeOp>(builder.clone(**this, mapping));
  turned.setInverse(!getInverse());
  turned.getOutput().setType(getInput().getType());
  SmallVector<Value> gradients(getNumOperands());
  gradients[0] = turned.getOutput();
  return gradients;
}

//===----------------------------------------------------------------------===//
// attn.norm
//===----------------------------------------------------------------------===//

SmallVector<Value> NormOp::buildGradients(OpBuilder &builder, ValueRange,
                                          ValueRange cotangents) {
  OperationState state(getLoc(), NormGradOp::getOperationName());
  state.addOperands({getInput(), cotangents[0]});
  if (getWeight())
    state.addOperands(getWeight());
  state.addTypes(getOperandTypes()); // of input, weight and bias
  auto &properties = state.getOrAddProperties<NormGradOp::Properties>();
  properties.kind = getKindAttr();
  properties.eps = getEpsAttr();
  properties.scale = getScaleAttr();
  properties.layout = getLayoutAttr();
  properties.resultSegmentSizes = {1, bool(getWeight()), bool(getBias())};
  return SmallVector<Value>(builder.create(state)->getResults());
}
