//===- CompilableOps.cpp - What the compiler asks of operations -----------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/IR/Attn.h"
#include "attn/Dialect/Attn/Transforms/KeepConstraints.h"
#include "attn/Dialect/Attn/Transforms/TensorReads.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace attn;

/// MMA steps behind a sum over a head dimension: 16 elements of 16 bits, 8 of
/// f32. Results of f32 also show the steps of a tile of weights or of
/// gradients, of 64 at most, whose sum is then rounded.
static int64_t stepsOf(AttentionOp op, int64_t dim, bool chops) {
  constexpr int64_t kMmaStep = 16, kSingleStep = 8;
  bool isSingle = chops && op.getElementType().isF32();
  return llvm::divideCeil(dim, isSingle ? kSingleStep : kMmaStep);
}

static int64_t stepsOfTile(AttentionOp op, bool chops) {
  constexpr int64_t kSteps = 8;
  return chops && op.getElementType().isF32() ? kSteps : 0;
}

bool attn::isSupportedSource(const OpSource &source) {
  if (!source.value)
    return true;
  if (auto argument = dyn_cast<BlockArgument>(source.value))
    return argument.getOwner()->isEntryBlock();
  auto producer = source.value.getDefiningOp<CompilableOp>();
  if (!producer || !producer.mayFeedOthers())
    return false;
  if (isa<SdpaOp>(producer))
    return source.mayBeAttention;
  if (isa<SdpaGradOp, SumOp, NormGradOp>(producer))
    return source.mayBeGradient;
  return source.mayBeComputed;
}

SmallVector<RowOp, 2> attn::fusedRowOps(Value tensor) {
  SmallVector<RowOp, 2> ops;
  for (auto op = tensor.getDefiningOp<RowOp>(); op && op.getFused();
       op = op.getInput().getDefiningOp<RowOp>())
    ops.insert(ops.begin(), op);
  return ops;
}

//===----------------------------------------------------------------------===//
// attn.sdpa
//===----------------------------------------------------------------------===//

static void addClauseSources(AttentionOp op,
                             SmallVectorImpl<OpSource> &sources) {
  auto add = [&](StringRef name, Value tensor) {
    sources.push_back({name, tensor, /*mayBeComputed=*/false,
                       /*isReadByElement=*/true});
  };
  add("alibi", op.getAlibi());
  add("relative_bias", op.getRelativeBias());
  add("bias", op.getBias());
  add("sinks", op.getSinks());
  add("prefix", op.getPrefixLengths());
  add("query_documents", op.getQueryDocuments());
  add("key_documents", op.getKeyDocuments());
  add("mask", op.getMask());
  add("seed", op.getSeed());
  add("offset", op.getOffset());
  for (Value capture : op.getCaptures())
    add("capture", capture);
}

SmallVector<OpSource> SdpaOp::getSources() {
  SmallVector<OpSource> sources = {
      {"query", getQuery(), /*mayBeComputed=*/true},
      {"key", getKey(), /*mayBeComputed=*/true},
      {"value", getValue(), /*mayBeComputed=*/true}};
  for (OpSource &source : sources)
    source.mayBeAttention = true;
  addClauseSources(*this, sources);
  return sources;
}

Value SdpaOp::getMainSource() { return getQuery(); }

/// Whether kernels compute values of the type.
static bool isComputed(Type type) {
  return type.isIndex() || type.isF32() || type.isSignlessInteger(1) ||
         type.isSignlessInteger(8) || type.isSignlessInteger(16) ||
         type.isSignlessInteger(32);
}

static LogicalResult refuse(Operation &nested, const Twine &what,
                            StringRef nearest) {
  return nested.emitOpError() << what << " is not supported in regions of "
                              << "`attn.sdpa`; nearest " << nearest;
}

// - Values are index, f32, or integers of up to 32 bits; floats of 16 bits that
//   are read are extended first.
// - Nothing asks for the bits of a float, or gives several results.
static LogicalResult checkOperation(Operation &nested) {
  if (nested.hasTrait<OpTrait::IsTerminator>())
    return success();
  if (isa<arith::BitcastOp>(nested))
    return refuse(nested, "the bits of a float", "is arithmetic");
  if (isa<math::ClampFOp, math::IsInfOp, math::IsNormalOp, math::IPowIOp,
          math::FPowIOp>(nested))
    return refuse(nested, "the operation", "are `arith` and `math.powf`");
  if (nested.getNumResults() != 1)
    return refuse(nested, "an operation of several results",
                  "are operations of one");
  bool isRead = isa<CaptureOp>(nested);
  auto isKnown = [](Type type) { return isComputed(type); };
  Type type = nested.getResult(0).getType();
  if (!isRead && !isComputed(type))
    return refuse(nested, llvm::formatv("a value of '{0}'", type).str(),
                  "are f32, i32 and index");
  if (!isRead && !isa<arith::ExtFOp>(nested) &&
      !llvm::all_of(nested.getOperandTypes(), isKnown))
    return refuse(nested, "a float of 16 bits as an operand",
                  "is `arith.extf` of it");
  return success();
}

// - No range of the user's, which nothing checks.
// - Regions compute what kernels can.
static LogicalResult checkRegions(AttentionOp op) {
  for (Region *region : {&op.getScore(), &op.getKeep()})
    for (Operation &nested : region->getOps())
      if (failed(checkOperation(nested)))
        return failure();
  if (!op.getRange().empty())
    return op.emitOpError() << "`range` is not supported yet; nearest is "
                               "`keep`, from which it is derived";
  return success();
}

LogicalResult SdpaOp::checkSupport() { return checkRegions(*this); }

bool SdpaOp::mayFeedOthers() { return true; }

SmallVector<int64_t> SdpaOp::getRowDims(OpResult result) {
  if (result == getOutput())
    return {batchDim(), headDim(), lengthDim()};
  return {0, 1, 2};
}

StringRef SdpaOp::getResultRole(OpResult result) {
  return result == getOutput() ? "output" : "lse";
}

int64_t SdpaOp::getChainLength(OpResult, bool chops) {
  return stepsOf(*this, getHeadDimQK(), chops) + stepsOfTile(*this, chops);
}

/// The query index at which the constraint starts or stops to bind, for the key
/// at one end of the keys.
static EdgeRow edgeRow(AttentionOp op, const KeepConstraint &constraint,
                       bool atEnd) {
  // j * J + i * I + … + constant = 0 at J = 0 or J = Sk - 1, solved for I.
  int64_t sign = -constraint.i;
  int64_t constant = constraint.constant - (atEnd ? constraint.j : 0);
  int64_t keyLength = constraint.keyLength + (atEnd ? constraint.j : 0);
  EdgeRow row;
  row.constant = constant * sign;
  if (constraint.queryLength)
    row.terms.push_back(
        {op.getQuery(), op.lengthDim(), constraint.queryLength * sign});
  if (keyLength)
    row.terms.push_back({op.getKey(), op.lengthDim(), keyLength * sign});
  return row;
}

static SmallVector<EdgeRow> edgeRows(AttentionOp op) {
  if (op.getKeep().empty())
    return {};
  auto constraints = deriveKeepConstraints(op.getKeep());
  if (failed(constraints))
    return {};
  SmallVector<EdgeRow> rows;
  for (const KeepConstraint &constraint : *constraints)
    if (std::abs(constraint.i) == 1)
      for (bool atEnd : {false, true})
        rows.push_back(edgeRow(op, constraint, atEnd));
  return rows;
}

SmallVector<EdgeRow> SdpaOp::getEdgeRows() { return edgeRows(*this); }

//===----------------------------------------------------------------------===//
// attn.sdpa_grad
//===----------------------------------------------------------------------===//

SmallVector<OpSource> SdpaGradOp::getSources() {
  SmallVector<OpSource> sources = {
      {"query", getQuery(), /*mayBeComputed=*/true},
      {"key", getKey(), /*mayBeComputed=*/true},
      {"value", getValue(), /*mayBeComputed=*/true},
      {"output", getOutput()},
      {"lse", getLse()},
      {"output_grad", getOutputGrad()},
      {"lse_grad", getLseGrad()}};
  for (OpSource &source : sources) {
    bool isGrad = source.name.ends_with("grad");
    source.mayBeAttention = !isGrad;
    source.mayBeGradient = isGrad;
    source.isReadByElement = source.name.starts_with("lse");
  }
  addClauseSources(*this, sources);
  return sources;
}

Value SdpaGradOp::getMainSource() { return getQuery(); }

// - `query_range` and `slope` are derived, too.
LogicalResult SdpaGradOp::checkSupport() {
  if (failed(checkRegions(*this)))
    return failure();
  if (!getQueryRange().empty())
    return emitOpError() << "`query_range` is not supported yet; nearest is "
                            "`keep`, from which it is derived";
  if (!getSlope().empty())
    return emitOpError() << "`slope` is not supported yet; nearest is "
                            "`score`, from which it is derived";
  for (Value tensor : getDifferentiated())
    if (failed(checkTensorReads(*this, tensor)))
      return failure();
  return success();
}

bool SdpaGradOp::mayFeedOthers() { return true; }

/// Dimensions of a tensor that pairs read at their batch entry, head or query.
static SmallVector<int64_t> rowDimsOfTensor(SdpaGradOp op, Value tensor) {
  using Dim = TensorReads::Dim;
  SmallVector<int64_t> rows;
  for (auto [number, dim] : llvm::enumerate(TensorReads::of(op, tensor).dims))
    if (dim == Dim::Batch || dim == Dim::Head || dim == Dim::Query)
      rows.push_back(number);
  return rows;
}

SmallVector<int64_t> SdpaGradOp::getRowDims(OpResult result) {
  if (Value tensor = getTensorOf(result))
    return rowDimsOfTensor(*this, tensor);
  return {batchDim(), headDim(), lengthDim()};
}

StringRef SdpaGradOp::getResultRole(OpResult result) {
  return result == getQueryGrad()   ? "query_grad"
         : result == getKeyGrad()   ? "key_grad"
         : result == getValueGrad() ? "value_grad"
                                    : "tensor_grad";
}

/// Steps of a score, and those of the product with the cotangent.
int64_t SdpaGradOp::getChainLength(OpResult, bool chops) {
  return stepsOf(*this, getHeadDimQK(), chops) +
         stepsOf(*this, getHeadDimV(), chops) + stepsOfTile(*this, chops);
}

/// Rows of the query at which the mask starts or stops to bind; those of key
/// and value are drawn.
SmallVector<EdgeRow> SdpaGradOp::getEdgeRows() { return edgeRows(*this); }

//===----------------------------------------------------------------------===//
// attn.rope
//===----------------------------------------------------------------------===//

SmallVector<OpSource> RopeOp::getSources() {
  OpSource input = {"input", getInput(), /*mayBeComputed=*/true};
  input.mayBeAttention = input.mayBeGradient = true;
  return {input, {"positions", getPositions()}, {"offsets", getOffsets()}};
}

Value RopeOp::getMainSource() { return getInput(); }

bool RopeOp::mayFeedOthers() { return true; }

// - A scaling that grows with the length knows it.
LogicalResult RopeOp::checkSupport() {
  if (isa_and_nonnull<RopeDynamicNtkAttr>(getScalingAttr()) &&
      getInput().getType().isDynamicDim(lengthDim()))
    return emitOpError() << "`rope_dynamic_ntk` is supported only with a "
                            "static length; nearest is `rope_ntk`";
  return success();
}

SmallVector<int64_t> RopeOp::getRowDims(OpResult) {
  return {batchDim(), headDim(), lengthDim()};
}

StringRef RopeOp::getResultRole(OpResult) { return "rotated"; }

/// An angle of up to half a turn is rounded twice, by 2^-23 at most each time:
/// as a number of turns, and in radians.
int64_t RopeOp::getChainLength(OpResult, bool) {
  constexpr int64_t kRoundings = 2;
  return kRoundings;
}

//===----------------------------------------------------------------------===//
// attn.norm
//===----------------------------------------------------------------------===//

SmallVector<OpSource> NormOp::getSources() {
  OpSource input = {"input", getInput(), /*mayBeComputed=*/true};
  input.mayBeAttention = true;
  return {input,
          {"weight", getWeight(), /*mayBeComputed=*/false,
           /*isReadByElement=*/true},
          {"bias", getBias(), /*mayBeComputed=*/false,
           /*isReadByElement=*/true}};
}

Value NormOp::getMainSource() { return getInput(); }

bool NormOp::mayFeedOthers() { return true; }

LogicalResult NormOp::checkSupport() { return success(); }

SmallVector<int64_t> NormOp::getRowDims(OpResult) {
  return {batchDim(), headDim(), lengthDim()};
}

StringRef NormOp::getResultRole(OpResult) { return "normalised"; }

/// The root of the sum and the factor that it becomes are rounded, and sums are
/// taken in another order.
int64_t NormOp::getChainLength(OpResult, bool) {
  constexpr int64_t kRoundings = 4;
  return kRoundings;
}

//===----------------------------------------------------------------------===//
// attn.norm_grad
//===----------------------------------------------------------------------===//

SmallVector<OpSource> NormGradOp::getSources() {
  OpSource input = {"input", getInput(), /*mayBeComputed=*/true};
  input.mayBeAttention = true;
  OpSource grad = {"output_grad", getOutputGrad(), /*mayBeComputed=*/true};
  grad.mayBeGradient = true;
  return {input,
          grad,
          {"weight", getWeight(), /*mayBeComputed=*/false,
           /*isReadByElement=*/true}};
}

Value NormGradOp::getMainSource() { return getInput(); }

bool NormGradOp::mayFeedOthers() { return true; }

/// Those of weights are sums over rows, and judged whole.
SmallVector<int64_t> NormGradOp::getRowDims(OpResult result) {
  if (result != getInputGrad())
    return {};
  return {batchDim(), headDim(), lengthDim()};
}

StringRef NormGradOp::getResultRole(OpResult result) {
  return result == getInputGrad() ? "input_grad" : "tensor_grad";
}

/// As of the norm, twice: the root, and the sum of products.
int64_t NormGradOp::getChainLength(OpResult, bool) {
  constexpr int64_t kRoundings = 8;
  return kRoundings;
}

//===----------------------------------------------------------------------===//
// attn.sum
//===----------------------------------------------------------------------===//

SmallVector<OpSource> SumOp::getSources() {
  SmallVector<OpSource> sources;
  for (Value operand : getOperands()) {
    OpSource source = {getLike() ? "like" : "addend", operand,
                       /*mayBeComputed=*/true,
                       /*isReadByElement=*/!hasRows()};
    source.mayBeAttention = source.mayBeGradient = true;
    sources.push_back(source);
  }
  return sources;
}

Value SumOp::getMainSource() { return getShaped(); }

bool SumOp::mayFeedOthers() { return true; }

/// All but the last: elements are added without regard to what they are.
SmallVector<int64_t> SumOp::getRowDims(OpResult) {
  int64_t rank = getSumType().getRank();
  return llvm::to_vector(llvm::seq<int64_t>(0, std::max<int64_t>(rank - 1, 0)));
}

StringRef SumOp::getResultRole(OpResult) { return "sum"; }

/// Those of its addends.
int64_t SumOp::getChainLength(OpResult, bool chops) {
  int64_t length = 0;
  for (Value addend : getAddends())
    if (auto op = addend.getDefiningOp<CompilableOp>())
      length =
          std::max(length, op.getChainLength(cast<OpResult>(addend), chops));
  return length;
}
