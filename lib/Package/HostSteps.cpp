//===- HostSteps.cpp - What operations do in an entry ---------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "HostEntry.h"

#include "LaunchStep.h"

#include "attn/Dialect/Tile/IR/Tile.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace attn;

#include "attn/Package/HostSteps.cpp.inc"

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

namespace {

/// Arithmetic on numbers runs on the host as it is.
template <typename Op>
struct ScalarStep : HostStep::ExternalModel<ScalarStep<Op>, Op> {
  LogicalResult emitStep(Operation *op, HostEntry &entry) const {
    entry.cloneScalar(op);
    return success();
  }
};

struct DimStep : HostStep::ExternalModel<DimStep, tensor::DimOp> {
  LogicalResult emitStep(Operation *op, HostEntry &entry) const {
    auto dim = cast<tensor::DimOp>(op);
    std::optional<int64_t> index = dim.getConstantIndex();
    if (!index)
      return dim.emitOpError("expected a constant dimension");
    if (dim.getSource().getDefiningOp<HostView>())
      return dim.emitOpError("expected a tensor that is not reshaped");
    entry.setScalar(dim.getResult(),
                    entry.getWriter().toIndex(
                        entry.getMemory().dimOf(dim.getSource(), *index)));
    return success();
  }
};

struct AssertStep : HostStep::ExternalModel<AssertStep, cf::AssertOp> {
  LogicalResult emitStep(Operation *op, HostEntry &entry) const {
    auto assertion = cast<cf::AssertOp>(op);
    entry.getWriter().failUnless(entry.scalarOf(assertion.getArg()),
                                 assertion.getMsg());
    return success();
  }
};

/// The device is asked only for launches: shapes of results do not depend on
/// it.
struct MultiprocessorsStep
    : HostStep::ExternalModel<MultiprocessorsStep, tile::MultiprocessorsOp> {
  LogicalResult emitStep(Operation *op, HostEntry &entry) const {
    EntryWriter &writer = entry.getWriter();
    Value count = writer.constant(64, 1);
    if (entry.isLaunching()) {
      Type i64 = writer.getBuilder().getI64Type();
      Value slot = writer.emitSlot(i64);
      writer.callRuntime("attnrtMultiprocessors", {entry.getDevice(), slot});
      count = writer.load(i64, slot);
    }
    entry.setScalar(op->getResult(0), writer.toIndex(count));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

/// The operation emits nothing: it is described with the work that uses it.
template <typename Op>
struct SilentStep : HostStep::ExternalModel<SilentStep<Op>, Op> {
  LogicalResult emitStep(Operation *, HostEntry &) const { return success(); }
};

struct CastView : HostView::ExternalModel<CastView, tensor::CastOp> {
  TensorParts emitView(Operation *, HostEntry &, TensorParts from) const {
    return from;
  }
};

/// The last of the dimensions that one dimension is split into has the stride
/// of that one.
struct ExpandView : HostView::ExternalModel<ExpandView, tensor::ExpandShapeOp> {
  TensorParts emitView(Operation *op, HostEntry &entry,
                       TensorParts from) const {
    auto expand = cast<tensor::ExpandShapeOp>(op);
    EntryWriter &writer = entry.getWriter();
    TensorParts parts;
    parts.data = from.data;
    for (OpFoldResult size : expand.getMixedOutputShape()) {
      std::optional<int64_t> known = getConstantIntValue(size);
      parts.dims.push_back(
          known ? writer.constant(64, *known)
                : writer.toI64(entry.scalarOf(cast<Value>(size))));
    }
    from.strides.push_back(writer.constant(64, 1));
    parts.strides.resize(parts.dims.size());
    for (auto [stride, dims] :
         llvm::zip(from.strides, expand.getReassociationIndices()))
      for (int64_t dim : llvm::reverse(dims)) {
        parts.strides[dim] = stride;
        if (dim != dims.front())
          stride = writer.multiply(stride, parts.dims[dim]);
      }
    parts.strides.pop_back();
    return parts;
  }
};

/// Only dimensions that one dimension was split into are merged.
struct CollapseView
    : HostView::ExternalModel<CollapseView, tensor::CollapseShapeOp> {
  TensorParts emitView(Operation *op, HostEntry &entry,
                       TensorParts from) const {
    EntryWriter &writer = entry.getWriter();
    TensorParts parts;
    parts.data = from.data;
    from.strides.push_back(writer.constant(64, 1));
    for (ArrayRef<int64_t> dims :
         cast<tensor::CollapseShapeOp>(op).getReassociationIndices()) {
      Value size = from.dims[dims.front()];
      for (int64_t dim : dims.drop_front())
        size = writer.multiply(size, from.dims[dim]);
      parts.dims.push_back(size);
      parts.strides.push_back(from.strides[dims.back()]);
    }
    if (!parts.strides.empty())
      parts.strides.pop_back();
    return parts;
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// Registration
//===----------------------------------------------------------------------===//

template <typename... Ops>
static void attachScalarSteps(MLIRContext *context) {
  (Ops::template attachInterface<ScalarStep<Ops>>(*context), ...);
}

template <typename Op, typename View>
static void attachView(MLIRContext *context) {
  Op::template attachInterface<SilentStep<Op>, View>(*context);
}

void attn::registerHostSteps(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, arith::ArithDialect *) {
    attachScalarSteps<
#define GET_OP_LIST
#include "mlir/Dialect/Arith/IR/ArithOps.cpp.inc"
        >(context);
  });
  registry.addExtension(+[](MLIRContext *context, math::MathDialect *) {
    attachScalarSteps<
#define GET_OP_LIST
#include "mlir/Dialect/Math/IR/MathOps.cpp.inc"
        >(context);
  });
  registry.addExtension(+[](MLIRContext *context, cf::ControlFlowDialect *) {
    cf::AssertOp::attachInterface<AssertStep>(*context);
  });
  registry.addExtension(+[](MLIRContext *context, tensor::TensorDialect *) {
    tensor::DimOp::attachInterface<DimStep>(*context);
    tensor::EmptyOp::attachInterface<SilentStep<tensor::EmptyOp>>(*context);
    attachView<tensor::CastOp, CastView>(context);
    attachView<tensor::ExpandShapeOp, ExpandView>(context);
    attachView<tensor::CollapseShapeOp, CollapseView>(context);
  });
  registry.addExtension(+[](MLIRContext *context, tile::TileDialect *) {
    tile::MultiprocessorsOp::attachInterface<MultiprocessorsStep>(*context);
    tile::TensorMapOp::attachInterface<SilentStep<tile::TensorMapOp>>(*context);
    attachLaunchStep(context);
  });
}
