//===- TensorReads.cpp - How scores read a tensor -------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/Transforms/TensorReads.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace attn;

using Dim = TensorReads::Dim;
using Form = TensorReads::Form;

/// What indexes the dimension in one read.
static Dim dimOf(CaptureOp read, int64_t dim) {
  Value index = read.getIndices()[dim];
  if (matchPattern(index, m_Zero()) &&
      read.getSource().getType().getDimSize(dim) == 1)
    return Dim::One;
  auto argument = dyn_cast<BlockArgument>(index);
  if (!argument)
    return Dim::Entry;
  constexpr Dim kArguments[] = {Dim::Batch, Dim::Head, Dim::Query, Dim::Key};
  return kArguments[argument.getArgNumber() - 1]; // behind the score
}

/// An argument counts where all reads have it in one dimension.
TensorReads TensorReads::of(SdpaGradOp op, Value tensor) {
  TensorReads result;
  if (tensor == op.getSinks()) {
    result.dims.push_back(Dim::Head);
    return result;
  }
  SmallVector<CaptureOp> reads = op.getReadsOf(tensor);
  int64_t rank = cast<RankedTensorType>(tensor.getType()).getRank();
  for (int64_t dim = 0; dim < rank; ++dim) {
    Dim kind = reads.empty() ? Dim::Entry : dimOf(reads.front(), dim);
    bool isAlike = llvm::all_of(
        reads, [&](CaptureOp read) { return dimOf(read, dim) == kind; });
    if (!isAlike || (kind != Dim::One && result.has(kind)))
      kind = Dim::Entry;
    result.dims.push_back(kind);
  }
  if (!result.has(Dim::Entry))
    return result;
  for (Dim &kind : result.dims)
    if (kind == Dim::Query || kind == Dim::Key)
      kind = Dim::Entry;
  return result;
}

Form TensorReads::form() const {
  if (has(Dim::Entry))
    return Form::Entries;
  if (!has(Dim::Key))
    return Form::Queries;
  return has(Dim::Query) ? Form::Pairs : Form::Keys;
}

/// Whether the index is computed from query or key, and not from what was read
/// at them.
static bool dependsOnPair(Value index) {
  if (auto argument = dyn_cast<BlockArgument>(index))
    return argument.getArgNumber() >= 3;
  Operation *op = index.getDefiningOp();
  if (isa<CaptureOp>(op))
    return false;
  return llvm::any_of(op->getOperands(), dependsOnPair);
}

static InFlightDiagnostic refuse(SdpaGradOp op, Value tensor,
                                 const Twine &what) {
  return op.emitOpError() << "with the gradient of a " << tensor.getType()
                          << what;
}

// - The score reads it, and has a dimension for what it reads.
// - Tensors of queries and keys have both last, and one index of both.
LogicalResult attn::checkTensorReads(SdpaGradOp op, Value tensor) {
  bool isClause = tensor == op.getAlibi() || tensor == op.getRelativeBias() ||
                  tensor == op.getBias();
  SmallVector<CaptureOp> reads = op.getReadsOf(tensor);
  bool isRead = isClause || !reads.empty();
  if (tensor == op.getSinks() && isRead)
    return refuse(op, tensor,
                  " that is `sinks` and something else is not supported yet; "
                  "nearest are two tensors");
  if (tensor == op.getSinks())
    return success();
  if (!isRead)
    return refuse(op, tensor,
                  " that no score reads is not supported yet; "
                  "nearest is one that `score` reads");
  if (isClause && reads.empty())
    return success();
  TensorReads how = TensorReads::of(op, tensor);
  if (how.dims.empty())
    return success();
  bool isPair = how.form() == Form::Pairs;
  if (isPair && how.dims.back() != Dim::Query && how.dims.back() != Dim::Key)
    return refuse(op, tensor,
                  " whose last dimension is neither of queries nor of keys is "
                  "not supported yet; nearest has the keys last");
  for (CaptureOp read : reads)
    if (how.form() == Form::Entries &&
        llvm::count_if(read.getIndices(), dependsOnPair) > 1)
      return refuse(op, tensor,
                    " that has several indices of query and key is not "
                    "supported yet; nearest is one index of both");
  return success();
}
