//===- Grid.cpp - How many CTAs a launch has ------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Grid.h"

#include "Checks.h"
#include "attn/Target/TargetRegistry.h"

using namespace mlir;
using namespace attn;

/// The largest x, and the largest y and z, of a grid.
static constexpr int64_t kMaxX = INT32_MAX, kMaxYZ = 65535;

//===----------------------------------------------------------------------===//
// One tile for each CTA
//===----------------------------------------------------------------------===//

bool attn::isFolded(const LaunchTiles &tiles) {
  return getConstantIntValue(tiles.heads).value_or(0) > kMaxYZ ||
         getConstantIntValue(tiles.batches).value_or(0) > kMaxYZ;
}

static Value emitTiles(HostBuilder &b, const LaunchTiles &tiles) {
  return b.mul(tiles.blocks, b.mul(tiles.heads, tiles.batches));
}

Grid attn::emitLineGrid(HostBuilder &b, const LaunchTiles &tiles) {
  Value one = b.constant(1);
  return {emitTiles(b, tiles), one, one};
}

TileGrid attn::emitTileGrid(HostBuilder &b, const LaunchTiles &tiles) {
  if (!isFolded(tiles))
    return {{tiles.blocks, tiles.heads, tiles.batches}, {}, {}};
  return {emitLineGrid(b, tiles), tiles.blocks, tiles.heads};
}

/// Factors are bounded before products, which therefore fit 64 bits.
void attn::emitGridChecks(HostBuilder &b, const LaunchTiles &tiles,
                          bool hasOneDimension, const Twine &tensor) {
  assertAtMost(b, tiles.blocks, kMaxX, "tiles of a head of " + tensor);
  if (!hasOneDimension) {
    assertAtMost(b, tiles.heads, kMaxYZ,
                 "heads of " + tensor + ", where its type leaves them open,");
    assertAtMost(b, tiles.batches, kMaxYZ,
                 "batch of " + tensor + ", where its type leaves it open,");
    return;
  }
  assertAtMost(b, tiles.heads, kMaxX, "heads of " + tensor);
  assertAtMost(b, tiles.batches, kMaxX, "batch of " + tensor);
  assertAtMost(b, b.mul(tiles.heads, tiles.batches), kMaxX,
               "heads of all batches of " + tensor);
  assertAtMost(b, emitTiles(b, tiles), kMaxX, "tiles of " + tensor);
}

//===----------------------------------------------------------------------===//
// Persistent CTAs
//===----------------------------------------------------------------------===//

Value attn::emitSection(HostBuilder &b, SdpaOp op, const LaunchTiles &tiles,
                        Value tilesPerKeyHead) {
  RankedTensorType key = op.getKey().getType();
  int64_t bytesOfRow =
      (op.getHeadDimQK() + op.getHeadDimV()) * key.getElementTypeBitWidth() / 8;
  int64_t rows = lookupTarget(targetOf(op))->cacheBytes / bytesOfRow;
  Value keyLength = b.dim(op.getKey(), op.lengthDim());
  Value keyHeadsInCache = b.div(b.constant(rows), b.atLeastOne(keyLength));
  Value section = b.mul(b.atLeastOne(keyHeadsInCache), tilesPerKeyHead);
  return b.atLeastOne(b.min(section, b.mul(tiles.heads, tiles.batches)));
}

Value attn::emitPairedSection(HostBuilder &b, SdpaOp op,
                              const LaunchTiles &tiles, Value tilesPerKeyHead) {
  Value most = emitSection(b, op, tiles, tilesPerKeyHead);
  Value allHeads = b.mul(tiles.heads, tiles.batches);
  Value pairs = b.ceilDiv(b.ceilDiv(allHeads, most), b.constant(2));
  Value sections = b.mul(b.atLeastOne(pairs), b.constant(2));
  Value groups =
      b.ceilDiv(b.ceilDiv(allHeads, sections), b.atLeastOne(tilesPerKeyHead));
  return b.atLeastOne(b.mul(groups, tilesPerKeyHead));
}

Grid attn::emitPersistentGrid(HostBuilder &b, const LaunchTiles &tiles) {
  Value ctas = b.min(emitTiles(b, tiles), tile::MultiprocessorsOp::create(b));
  return {ctas, b.constant(1), b.constant(1)};
}
