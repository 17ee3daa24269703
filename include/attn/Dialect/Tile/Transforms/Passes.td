//===- Passes.td - Passes on tile kernels ------------------*- tablegen -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_TILE_TRANSFORMS_PASSES_TD
#define ATTN_DIALECT_TILE_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def StageOperands : Pass<"tile-stage-operands", "::attn::tile::KernelOp"> {
  let summary = "Moves operands of products through shared memory.";
  let description = [{
    Input: kernels whose `tile.load`s feed `tile.dot` as values. Output: each
    such load is a `tile.alloc`, a `tile.copy_async` where the load stood, a
    commit and a wait for all copies; the dot reads the tile in shared memory.
    Copies keep the `slots` and `role` of their loads. A left operand that is
    loaded outside the loop of its dot, and whose load says `held`, is read once,
    by a `tile.fragment` before the loop; others are read in every step. A tile that
    begins within a row stays a value.

    Declines to hold an operand, with a remark, where some warps only copy:
    warpgroups read it from shared memory at the same rate.

    Before:
    ```mlir
    %k = tile.load %K[%b, %h, %j] : memref<…> -> tensor<64x128xbf16>
    %s = tile.dot %q, %k, %zero transpose_b : …
    ```
    After:
    ```mlir
    tile.copy_async %K[%b, %h, %j] to %buffer : memref<…> to !tile.shared<64x128xbf16, swizzle = 128>
    tile.commit_copies
    tile.wait_copies pending = 0
    %s = tile.dot %q, %buffer, %zero transpose_b : …
    ```
  }];
  let dependentDialects = ["::attn::tile::TileDialect"];
}

def PipelineLoads : Pass<"tile-pipeline-loads", "::attn::tile::KernelOp"> {
  let summary = "Keeps copies of the next tiles in flight.";
  let description = [{
    Input: kernels after `tile-stage-operands`. Output: the buffers that a
    `tile.walk` with several `stages` copies into are rings of so many slots; the
    first `stages - 1` tiles are copied before the walk, together with what is
    loaded before it; step t waits for tile t, starts copying tile t + stages - 1
    if the walk gets there, and reads the slot of use t - first. Walks that copy
    into one buffer use one ring.

    Declines, with a remark, where segments of a walk copy different tiles, or a
    copy does not fill a whole buffer.
  }];
  let dependentDialects = ["::attn::tile::TileDialect"];
}

def AlternateLoads : Pass<"tile-alternate-loads", "::attn::tile::KernelOp"> {
  let summary = "Copies one tile of a step while another is used.";
  let description = [{
    Input: kernels after `tile-stage-operands`. Output: in a `tile.walk` with one
    stage, the tile that a step copies first is copied while the step before it
    uses its last one, and each other one while its own step uses the one before.

    Declines, with a remark, where a step copies one tile only, two to one buffer,
    or reads a tile again when it has read the next one, and where segments copy
    different tiles.
  }];
  let dependentDialects = ["::attn::tile::TileDialect"];
}

def StageStores : Pass<"tile-stage-stores", "::attn::tile::KernelOp"> {
  let summary = "Moves stored tiles through shared memory.";
  let description = [{
    Output: a `tile.store` of a matrix of 16-bit elements is a `tile.put` and a
    `tile.copy_out`. A thread holds pairs of columns; from shared memory it
    writes 16 bytes at a time, and its neighbours the bytes behind them. Row
    vectors, wider elements, and tiles that are computed from loaded ones without
    any product are stored as they are. Where some warps only copy, a `tile.send`
    takes the place of the `tile.copy_out`.

    Before:
    ```mlir
    tile.store %o, %O[%b, %h, %i] : tensor<64x128xbf16>, memref<…>
    ```
    After:
    ```mlir
    tile.put %o to %buffer : tensor<64x128xbf16> to !tile.shared<64x128xbf16, swizzle = 128>
    tile.copy_out %buffer to %O[%b, %h, %i] : !tile.shared<…> to memref<…>
    ```
  }];
  let dependentDialects = ["::attn::tile::TileDialect"];
}

def SpecializeWarps : Pass<"tile-specialize-warps", "::attn::tile::KernelOp"> {
  let summary = "Divides warps into those that copy and those that compute.";
  let description = [{
    Input: kernels after `tile-stage-operands` and `tile-stage-stores` with warps that
    only copy (`producers`); others stay as they are. Output: a `tile.roles`. The
    consumers' program is the kernel without its copies. The copies of each `role`
    become a program of their own, which fetches the tiles in the kernel's order, in
    the loops and walks that the copies stand in.

    Each buffer is a `tile.channel`, a ring of as many slots as its copies say, or
    its walk has `stages`. Consumers wait for a use where the kernel waits for the
    copy, and release it behind the last operation of the step that reads the slot,
    or, of a tile that is copied before a walk, at the end of the block. Uses are
    counted through loops and over walks. A stored tile takes the place of a tile
    that is copied before a walk if only products read that one, as their left
    operand: each warp then overwrites only rows that no other warp reads.

    Fails where a copy stands in a branch, or its address depends on computed
    values. A kernel that copies nothing stays as it is, with a remark.

    Before:
    ```mlir
    tile.copy_async %K[%b, %h, %j] to %buffer : memref<…> to !tile.shared<128x128xbf16, swizzle = 128>
    tile.commit_copies
    tile.wait_copies pending = 0
    %s = tile.dot %q, %buffer, %zero transpose_b : …
    ```
    After, among the consumers:
    ```mlir
    tile.await %full[%n] : !tile.barriers<2>
    %s = tile.dot %q, %slot, %zero transpose_b : …
    tile.release %empty[%n] : !tile.barriers<2>
    ```
  }];
  let dependentDialects = ["::attn::tile::TileDialect"];
}

def SkewProducts : Pass<"tile-skew-products", "::attn::tile::KernelOp"> {
  let summary = "Overlaps products of one step of a walk with those of the next.";
  let description = [{
    Input: kernels after `tile-specialize-warps` with walks whose `tile.dot`s have
    `stage`s. Output: products of stage 1 run one step later: a step starts its
    own products of stage 0 that wait for no other, then those of stage 1 of the
    step before it, and waits for each where it is needed; for those of stage 1 at
    the end, behind what `tile.computed_first` names. The walk carries the operands
    that are tiles; slots and uses are computed anew. What computes such operands
    and nothing else stands behind the waits, waits for full slots belong to the
    first stage that reads them and releases to the last. The walk's first tile is
    taken before it, and the last products of stage 1 follow it.

    Declines, with a remark, where warps have no roles, a stage is above 1, the
    result of a product of stage 1 is not just carried to the next step, or a tile
    that such a product reads has one slot, which the next step waits for.

    Before:
    ```mlir
    %o = tile.walk from %first init(%zero : …) to %last (%t, %acc) {
      %s = tile.dot %q, %k, %zeros transpose_b : …
      %p = …
      %r = tile.dot %p, %v, %acc stage = 1 : …
      tile.yield %r : …
    }
    ```
    After, for the steps behind the first:
    ```mlir
    %w:2 = tile.walk from %first init(…) skip = 1 to %last (%t, %acc, %before) {
      %started = tile.dot %q, %k, %zeros transpose_b async : …
      %values = tile.dot %before, %v, %acc async : …
      %s = tile.wait_dots %started pending = 1 : …
      %p = …
      %r = tile.wait_dots %values pending = 0 : …
      tile.yield %r, %p : …
    }
    ```
  }];
  let dependentDialects = ["::attn::tile::TileDialect"];
}

def TakeTurns : Pass<"tile-take-turns", "::attn::tile::KernelOp"> {
  let summary = "Makes warpgroups take turns.";
  let description = [{
    Input: kernels after `tile-skew-products`, with `#tile.turns` on walks. Output:
    each step takes its turn before it waits for products of these groups, and
    passes it before it waits for anything else (`results`), or before it starts
    them, and passes it behind that (`products`). What `tile.computed_first` names
    is computed before a turn of the first kind is passed.

    Declines, with a remark, where fewer than two warpgroups compute, or a step has
    no product of the groups.
  }];
  let dependentDialects = ["::attn::tile::TileDialect"];
}

def ExpandWalks : Pass<"tile-expand-walks", "::attn::tile::KernelOp"> {
  let summary = "Turns walks into loops.";
  let description = [{
    Output: each segment of a `tile.walk` is an `scf.for`, one behind the other.
    Annotations that passes on walks read are gone.
  }];
  let dependentDialects = ["::attn::tile::TileDialect", "::mlir::scf::SCFDialect"];
}

def MakeTensorMaps : Pass<"tile-make-tensor-maps", "::mlir::ModuleOp"> {
  let summary = "Describes tensors to copy engines.";
  let description = [{
    Input: kernels with `tile.fetch` and `tile.send` of memrefs, and their
    launches. Output: they name maps of the tensors. A map is an argument of the
    kernel in front of the others, and is made by a `tile.tensor_map` before the
    launch. A box is as wide as a panel in shared memory, and has as many rows as
    a fetched tile, or as a warp stores.
  }];
  let dependentDialects = ["::attn::tile::TileDialect"];
}

def InsertBarriers : Pass<"tile-insert-barriers", "::attn::tile::KernelOp"> {
  let summary = "Places barriers between threads that share a buffer.";
  let description = [{
    Input: kernels after `tile-expand-walks`. Output: a `tile.barrier` before the
    first read of a buffer behind the `tile.wait_copies` that completed its copy, or
    behind a write of the threads themselves; before a copy or write into a buffer
    that may have been read since the last barrier; and before a write in the kernel's
    own block where any buffer may have been used since, as it may get that buffer's
    place. What an
    operation does to buffers is what its effects say. Loops are followed around
    their back edge; for what happens in a branch, all threads meet in front of it.
    Tiles of channels need no barrier. Among the consumers of `tile.roles` a barrier
    is theirs. No other barrier is inserted.
  }];
  let dependentDialects = ["::attn::tile::TileDialect"];
}

def AssignLayouts : Pass<"tile-assign-layouts", "::attn::tile::KernelOp"> {
  let summary = "Decides which thread holds which element.";
  let description = [{
    Input: kernels whose dots read B, and possibly A, from shared memory.
    Output: every tile carries a layout. What is computed from one another is laid
    out alike: with any product, as `#tile.accumulator`; from loaded tiles and
    without any, as `#tile.blocked`, as wide as memory can be read at once. Operands
    A of dots that are values are `#tile.operand_a`, with a `tile.convert_layout`
    where that differs.
  }];
  let dependentDialects = ["::attn::tile::TileDialect"];
}

def AllocateShared : Pass<"tile-allocate-shared", "::attn::tile::KernelOp"> {
  let summary = "Gives each buffer its place in shared memory.";
  let description = [{
    Output: every `tile.alloc` and `tile.channel` has `at` offsets (tiles at
    multiples of 1024 bytes, the period of the widest swizzle, and barriers behind
    all tiles), and the kernel has `shared_bytes`. A buffer that threads fill takes
    the place of buffers that are no longer used. Fails when the target has less
    shared memory; the error says how much less.
  }];
  let dependentDialects = ["::attn::tile::TileDialect"];
}

#endif // ATTN_DIALECT_TILE_TRANSFORMS_PASSES_TD
