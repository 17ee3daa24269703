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
  let summary = "sends operands of dots through shared memory";
  let description = [{
    Input: kernels whose `tile.load`s feed `tile.dot` as values. Output: each
    such load is a `tile.alloc`, a `tile.copy_async` where the load stood, a
    commit and a wait for all copies; the dot reads the tile in shared memory.
    A left operand that is loaded outside the loop of its dot and that takes at
    most 32 registers of a thread, and 144 with the largest result of a dot, with
    one strip of 16 rows a warp, is read once, by a `tile.fragment` before the
    loop; a larger one is read in every step.

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
  let summary = "keeps copies of the next KV tiles in flight";
  let description = [{
    Input: kernels after `tile-stage-operands`. The consecutive `scf.for` loops
    that copy tiles (each begins where the one before it ends) are one walk
    over KV tiles. Output: their buffers are rings of `stages` slots; the first
    `stages - 1` tiles are copied before the walk; step t waits for tile t,
    starts copying tile t + stages - 1 if the walk gets there, and reads slot
    `(t - first) mod stages`. With one stage nothing changes.
  }];
  let dependentDialects = ["::attn::tile::TileDialect"];
}

def AlternateLoads : Pass<"tile-alternate-loads", "::attn::tile::KernelOp"> {
  let summary = "copies one tile of a step while the other is used";
  let description = [{
    Input: kernels after `tile-stage-operands` with one stage. Output: in a
    walk over KV tiles whose steps copy two tiles, the first tile of a step is
    copied while the step before it uses its second one, and the second while
    its own step uses the first one. With more stages, or other loops, nothing
    changes.
  }];
  let dependentDialects = ["::attn::tile::TileDialect"];
}

def StageStores : Pass<"tile-stage-stores", "::attn::tile::KernelOp"> {
  let summary = "sends stored tiles through shared memory";
  let description = [{
    Output: a `tile.store` of a matrix of 16-bit elements is a `tile.put` and a
    `tile.copy_out`. A thread holds pairs of columns; from shared memory it
    writes 16 bytes at a time, and its neighbours the bytes behind them. Row
    vectors, wider elements and blocked tiles are stored as they are.

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
  let summary = "has some warps copy and the others compute";
  let description = [{
    Input: kernels after `tile-stage-operands` and `tile-stage-stores` whose
    schedule has producers; others stay as they are. Output: a `tile.roles`. The
    producers' program fetches the query and, one after the other, the tiles of
    the walk over KV tiles; the consumers' is the kernel without its copies.
    Each buffer is a ring (of `stages` slots; of one, or two with `prefetch`, for
    the query) with two barriers a slot:
    `full`, at which a fetch arrives, and `empty`, at which each consuming warp
    arrives behind its last `tile.dot` that reads the slot. What is put into
    shared memory before it is sent has the query's place where it fits.

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
  let summary = "Lets products of two steps of a walk run together.";
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

    Declines, with a remark, where warps have no roles, a stage is above 1, or the
    result of a product of stage 1 is not just carried to the next step.

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
  let summary = "Lets warpgroups take turns.";
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
  let summary = "Makes loops of walks.";
  let description = [{
    Output: each segment of a `tile.walk` is an `scf.for`, one behind the other.
    Annotations that passes on walks read are gone.
  }];
  let dependentDialects = ["::attn::tile::TileDialect", "::mlir::scf::SCFDialect"];
}

def MakeTensorMaps : Pass<"tile-make-tensor-maps", "::mlir::ModuleOp"> {
  let summary = "describes tensors to copy engines";
  let description = [{
    Input: kernels with `tile.fetch` and `tile.send` of memrefs, and their
    launches. Output: these name maps, arguments of the kernel in front of the
    others, which a `tile.tensor_map` before the launch makes. A box is as wide
    as a panel in shared memory, and as high as a fetched tile or as the rows of
    the warp that sends.
  }];
  let dependentDialects = ["::attn::tile::TileDialect"];
}

def InsertBarriers : Pass<"tile-insert-barriers", "::attn::tile::KernelOp"> {
  let summary = "places barriers between threads that share a buffer";
  let description = [{
    Input: kernels with asynchronous copies. Output: a `tile.barrier` before
    the first read of a buffer behind the `tile.wait_copies` that completed its
    copy, or behind a `tile.put`; before a copy into a buffer that may have been
    read since the last barrier; and before a `tile.put` where any buffer may
    have been used since, as it may get that buffer's place. Loops are followed
    around their back edge. No other barrier is inserted.
  }];
  let dependentDialects = ["::attn::tile::TileDialect"];
}

def AssignLayouts : Pass<"tile-assign-layouts", "::attn::tile::KernelOp"> {
  let summary = "decides which thread holds which element";
  let description = [{
    Input: kernels whose dots read B, and possibly A, from shared memory.
    Output: every tile carries a layout: operands A of dots that are values
    `#tile.operand_a`, all others `#tile.accumulator`, with a
    `tile.convert_layout` where the two meet.
  }];
  let dependentDialects = ["::attn::tile::TileDialect"];
}

def AllocateShared : Pass<"tile-allocate-shared", "::attn::tile::KernelOp"> {
  let summary = "gives each buffer its place in shared memory";
  let description = [{
    Output: every `tile.alloc` has an `at` offset (multiples of 1024 bytes, the
    period of the widest swizzle) and the kernel `shared_bytes`. What a
    `tile.put` fills has the place of buffers that are not used any more. Fails
    when the target has less, saying by how much.
  }];
  let dependentDialects = ["::attn::tile::TileDialect"];
}

#endif // ATTN_DIALECT_TILE_TRANSFORMS_PASSES_TD
