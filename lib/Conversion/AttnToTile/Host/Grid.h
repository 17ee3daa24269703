//===- Grid.h - How many CTAs a launch has ----------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_CONVERSION_ATTNTOTILE_HOST_GRID_H
#define ATTN_LIB_CONVERSION_ATTNTOTILE_HOST_GRID_H

#include "../FunctionLowering.h"
#include "HostBuilder.h"

namespace attn {

/// The grid of a launch.
struct Grid {
  mlir::Value x, y, z;
};

/// The tiles of a kernel along each dimension.
struct LaunchTiles {
  mlir::Value blocks, heads, batches;
};

/// Whether types show more heads or batch entries than a grid has room for
/// along y and z. The kernel then finds its tile from x alone.
bool isFolded(const LaunchTiles &tiles);

/// The grid of a kernel whose CTAs have one tile each. `blocks` and `heads` are
/// what the kernel takes to find its tile; null unless the grid is folded.
struct TileGrid {
  Grid grid;
  mlir::Value blocks, heads;
};
TileGrid emitTileGrid(HostBuilder &b, const LaunchTiles &tiles);

/// Asserts that a grid holds the tiles: (L1) of docs/AttnSpec.md for a grid of
/// one dimension, and (L2) for one of three. `tensor` names what has the
/// dimensions.
void emitGridChecks(HostBuilder &b, const LaunchTiles &tiles,
                    bool hasOneDimension, const llvm::Twine &tensor);

/// The grid that counts all tiles along x.
Grid emitLineGrid(HostBuilder &b, const LaunchTiles &tiles);

/// Returns how many tiles of heads have keys and values that fit the cache
/// together, in whole groups of `tilesPerKeyHead`: at least one, and at most
/// all.
mlir::Value emitSection(HostBuilder &b, SdpaOp op, const LaunchTiles &tiles,
                        mlir::Value tilesPerKeyHead);
/// The same, so that sections make pairs: there is an even number of them, and
/// all have one size as far as whole groups allow.
mlir::Value emitPairedSection(HostBuilder &b, SdpaOp op,
                              const LaunchTiles &tiles,
                              mlir::Value tilesPerKeyHead);

/// Makes a grid of as many persistent CTAs as there are multiprocessors, and of
/// no more than there are tiles.
Grid emitPersistentGrid(HostBuilder &b, const LaunchTiles &tiles);

} // namespace attn

#endif // ATTN_LIB_CONVERSION_ATTNTOTILE_HOST_GRID_H
