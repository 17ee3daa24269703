//===- GradientKernel.cpp - What kernels of gradients share ---------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GradientKernel.h"

#include "../Index/HeadGroups.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

GradientKernel::GradientKernel(KernelOp kernel, SdpaGradOp op,
                               const GradientSignature &signature)
    : b(kernel), op(op), arguments(signature.bind(kernel)),
      schedule(kernel.getGradientSchedule()), types(op),
      rows(schedule.getRows()), step(schedule.getStep()) {}

TileIndex GradientKernel::begin() {
  TileIndex tile =
      tileOfGrid(b, arguments[Argument::Blocks], arguments[Argument::Heads]);
  for (Argument name :
       {Argument::Query, Argument::Key, Argument::Value, Argument::OutputGrad,
        Argument::QueryGrad, Argument::KeyGrad, Argument::ValueGrad})
    if (Value tensor = arguments[name])
      views.set(name, viewAsBHSD(b, tensor, op.getLayout()));
  constexpr int64_t kLength = 2;
  queryLength = b.dim(views[Argument::Query], kLength);
  keyLength = b.dim(views[Argument::Key], kLength);
  SmallVector<Value> captures;
  for (size_t i = 0; i < op.getCaptures().size(); ++i)
    captures.push_back(arguments[Argument(size_t(Argument::FirstCapture) + i)]);
  scores.emplace(b, op, captures, arguments[Argument::Seed],
                 arguments[Argument::Offset], rows, step);
  return tile;
}

void GradientKernel::clampToCaptures(ScoreIndices &indices) {
  if (op.getCaptures().empty())
    return;
  indices.query = b.clampBelow(indices.query, queryLength);
  indices.key = b.clampBelow(indices.key, keyLength);
}
