//===- TileAttrs.td - Schedules and layouts ----------------*- tablegen -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_TILE_IR_TILEATTRS_TD
#define ATTN_DIALECT_TILE_IR_TILEATTRS_TD

include "attn/Dialect/Tile/IR/TileDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/TensorEncoding.td"

class Tile_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<Tile_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

def Tile_CtaAttr : Tile_Attr<"Cta", "cta"> {
  let summary = "Says how many warps of a CTA compute, and how many only copy.";
  let description = [{
    Every kernel has it. `warps` compute, and share the rows of a tile. The
    `producers` follow them, are whole warpgroups and only copy; without any,
    every warp does both.

    ```mlir
    #tile.cta<warps = 8, producers = 4>
    ```
  }];
  let parameters = (ins "int64_t":$warps,
                        DefaultValuedParameter<"int64_t", "0">:$producers);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Threads of a warp.
    static constexpr int64_t kWarpSize = 32;
    /// Warps of a warpgroup.
    static constexpr int64_t kWarpgroup = 4;
    /// Most warps of a CTA.
    static constexpr int64_t kMostWarps = 32;
    bool isSpecialized() const { return getProducers() != 0; }
    /// Threads of the warps that compute.
    int64_t getThreads() const { return getWarps() * kWarpSize; }
    /// Threads of the CTA.
    int64_t getAllThreads() const {
      return (getWarps() + getProducers()) * kWarpSize;
    }
    /// Warpgroups that compute.
    int64_t getWarpgroups() const { return getWarps() / kWarpgroup; }
  }];
}

def Tile_TurnKindAttr : I32EnumAttr<"TurnKind", "what warpgroups take turns in", [
      I32EnumAttrCase<"products", 0>, I32EnumAttrCase<"results", 1>]> {
  let cppNamespace = "::attn::tile";
  let genSpecializedAttr = 0;
}

def Tile_TurnsAttr : Tile_Attr<"Turns", "turns"> {
  let summary = "Says what the warpgroups of a CTA take turns in.";
  let description = [{
    `products`: a warpgroup has the turn while it starts the products of these
    groups. `results`: from when it waits for the products of these groups to when
    it waits for anything else. Written on a `tile.walk`, and carried out by
    `tile-take-turns`.

    ```mlir
    #tile.turns<results, groups = [0]>
    ```
  }];
  let parameters = (ins EnumParameter<Tile_TurnKindAttr>:$kind,
                        ArrayRefParameter<"int64_t">:$groups);
  let assemblyFormat = "`<` $kind `,` `groups` `=` `[` $groups `]` `>`";
  let extraClassDeclaration = [{
    bool hasGroup(int64_t group) const {
      return ::llvm::is_contained(getGroups(), group);
    }
  }];
}

def Tile_ScheduleAttr : Tile_Attr<"Schedule", "schedule"> {
  let summary = "every performance choice of one kernel";
  let description = [{
    Written once, by `attn-select-schedule`, and read by every later pass:

    * `q`: query rows of one CTA, a multiple of 16 times `warps`;
    * `heads`: query heads that share these rows, all with the same key head: a
      power of two that divides `q`. Row r is of head r % heads;
    * `kv`: keys of one loop step, a multiple of 16; 0 where the kernel has no
      keys, and then `q` is any number of rows;
    * `warps`: warps that share the query rows;
    * `stages`: K/V tiles in shared memory at a time; with 1, K is copied
      while V is used and V while K is;
    * `split`: CTAs that share the keys of a query tile, whose results another
      kernel merges; 0: as many as fill the chip, counted when the shapes are
      known;
    * `producers`: warps that only copy, a whole warpgroup behind the other
      warps; 0: every warp copies;
    * `persistent`: 1 where a CTA takes one query tile after the other, those of
      a head in order; 2 where it takes the last rows of many heads first, which
      have most keys under a causal mask;
    * `prefetch`: 1 where the next query tile is copied while one is computed;
    * `turns`: what warpgroups take turns in: 0 nothing, 1 the exponentials, 2
      the multiplications;
    * `overlap`: 1 where the scores of a step are multiplied while the values of
      the step before it are.

    ```mlir
    #tile.schedule<q = 128, kv = 64, warps = 8, stages = 2>
    ```
  }];
  let parameters = (ins "int64_t":$q, "int64_t":$kv, "int64_t":$warps,
                        "int64_t":$stages,
                        DefaultValuedParameter<"int64_t", "1">:$split,
                        DefaultValuedParameter<"int64_t", "0">:$producers,
                        DefaultValuedParameter<"int64_t", "0">:$persistent,
                        DefaultValuedParameter<"int64_t", "0">:$prefetch,
                        DefaultValuedParameter<"int64_t", "0">:$turns,
                        DefaultValuedParameter<"int64_t", "0">:$overlap,
                        DefaultValuedParameter<"int64_t", "1">:$heads);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  // Warps that all do the same.
  let builders = [AttrBuilder<(ins "int64_t":$q, "int64_t":$kv,
                                   "int64_t":$warps, "int64_t":$stages), [{
    return $_get($_ctxt, q, kv, warps, stages, /*split=*/1, /*producers=*/0,
                 /*persistent=*/0, /*prefetch=*/0, /*turns=*/0, /*overlap=*/0,
                 /*heads=*/1);
  }]>];
  let extraClassDeclaration = [{
    /// Threads of one warp.
    static constexpr int64_t kWarpSize = 32;
    /// Warps that multiply together on chips where more than one does.
    static constexpr int64_t kWarpgroup = 4;
    /// Of `persistent`.
    static constexpr int64_t kLongestFirst = 2;
    ScheduleAttr withSplit(int64_t split) const;
    /// As the command line and the package write it: "q=128,kv=64,…".
    std::string toFlag() const;
    /// Of each head.
    int64_t getQueries() const { return getQ() / getHeads(); }
    int64_t getRowsPerWarp() const { return getQ() / getWarps(); }
    /// Of the warps that compute.
    int64_t getThreads() const { return getWarps() * kWarpSize; }
    /// Of the CTA.
    int64_t getAllThreads() const {
      return (getWarps() + getProducers()) * kWarpSize;
    }
    int64_t getWarpgroups() const { return getWarps() / kWarpgroup; }
  }];
}

class Tile_LayoutAttr<string name, string attrMnemonic>
    : Tile_Attr<name, attrMnemonic, [
        DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let parameters = (ins "int64_t":$warps);
  let assemblyFormat = "`<` `warps` `=` $warps `>`";
  let genVerifyDecl = 1;
}

def Tile_AccumulatorAttr : Tile_LayoutAttr<"Accumulator", "accumulator"> {
  let summary = "who holds which element of an MMA result";
  let description = [{
    The M rows are split into `warps` contiguous strips. Within a strip, atoms
    of 16 x 8 elements are held as `(T32,V4) -> (M16,N8)`: lane L holds rows
    L/4 and L/4+8, columns 2(L%4) and 2(L%4)+1. Atoms are ordered by row strip,
    then by column. A dimension of size 1 is replicated: `tensor<Mx1>` is a row
    vector that each lane of a quad holds, `tensor<1xN>` a column vector that
    every row holds. Of the columns of `tensor<Mx4>`, what `tile.fold` makes,
    lane L holds L%4. 16-bit elements are held in pairs of neighbouring columns.
  }];
}

def Tile_OperandAAttr : Tile_LayoutAttr<"OperandA", "operand_a"> {
  let summary = "who holds which element of an MMA's left operand";
  let description = [{
    Strips as in `accumulator`; atoms of 16 x 16 elements of 16 bits, held as
    `(T32,V8) -> (M16,K16)`: register r of lane L holds row L/4 + 8(r%2) and
    columns 2(L%4) + 8(r/2), + 1. Two neighbouring accumulator atoms, rounded
    to 16 bits and packed, are one such atom: that conversion moves nothing.
  }];
}

def Tile_BlockedAttr : Tile_Attr<"Blocked", "blocked", [
    DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let summary = "who holds which element of a tile that is only copied and mapped";
  let description = [{
    `columns` threads share a row, each with a run of neighbouring columns: of
    MxN, thread t holds columns (t % columns) * N / columns and following of the
    rows t / columns + p * R for p = 0, 1, … where R = 32 * warps / columns. A
    dimension of size 1 is replicated, as in `accumulator`.

    ```mlir
    #tile.blocked<columns = 8, warps = 4>
    ```
  }];
  let parameters = (ins "int64_t":$columns, "int64_t":$warps);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t getThreads() const { return getWarps() * ScheduleAttr::kWarpSize; }
    /// Rows between two that a thread holds.
    int64_t getRowStep() const { return getThreads() / getColumns(); }
  }];
}

#endif // ATTN_DIALECT_TILE_IR_TILEATTRS_TD
