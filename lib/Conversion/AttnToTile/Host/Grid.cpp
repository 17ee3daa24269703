//===- Grid.cpp - How many CTAs a launch has ------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Grid.h"

#include "attn/Target/TargetRegistry.h"

using namespace mlir;
using namespace attn;

Value attn::emitSection(HostBuilder &b, SdpaOp op, Value tilesPerKeyHead) {
  RankedTensorType key = op.getKey().getType();
  int64_t bytesOfRow =
      (op.getHeadDimQK() + op.getHeadDimV()) * key.getElementTypeBitWidth() / 8;
  int64_t rows = lookupTarget(targetOf(op))->cacheBytes / bytesOfRow;
  Value keyLength = b.dim(op.getKey(), op.lengthDim());
  Value keyHeadsInCache = b.div(b.constant(rows), b.atLeastOne(keyLength));
  Value section = b.mul(b.atLeastOne(keyHeadsInCache), tilesPerKeyHead);
  return b.atLeastOne(section);
}

Value attn::emitPersistentCtas(HostBuilder &b, Value tiles) {
  return b.min(tiles, tile::MultiprocessorsOp::create(b));
}
