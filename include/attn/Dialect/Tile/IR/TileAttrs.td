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
include "attn/Dialect/Tile/IR/TileInterfaces.td"
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
    Every kernel has it. `warps` compute, and share the rows of a tile; there are
    none where one thread of a processor computes the CTA. The
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

def Tile_ScheduleAttr : Tile_Attr<"Schedule", "schedule", [Tile_KernelSchedule]> {
  let summary = "Holds every performance choice of a kernel that computes attention.";
  let description = [{
    Written once, by `attn-select-schedule`. [ScheduleKeys](ScheduleKeys.md) lists
    the keys. A key that has its initial value is not written.

    ```mlir
    #tile.schedule<q = 128, kv = 64, warps = 8, stages = 2>
    ```
  }];
  let parameters = (ins "AttentionKeys":$keys);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    // A getter for each key.
#define ATTN_KEY_GETTER(name, Name, Type, Initial, Least, Most, Doc)           \
    Type get##Name() const { return getKeys().name; }
#define ATTN_KEY_OF_ATTENTION ATTN_KEY_GETTER
#define ATTN_KEY_OF_ALL ATTN_KEY_GETTER
#include "attn/Dialect/Tile/IR/ScheduleKeys.def"
#undef ATTN_KEY_GETTER

    ScheduleAttr withSplit(int64_t split) const;
    std::string toFlag() const { return attn::tile::toFlag(getKeys()); }
    llvm::SmallVector<std::pair<llvm::StringRef, int64_t>> getKeyValues() const {
      return attn::tile::keyValues(getKeys());
    }
    /// Whether a kernel takes its tiles from one number that counts all of them.
    bool countsTiles() const { return isPersistent() || getLongest(); }
    bool isPersistent() const {
      return getPersistent() != Persistence::OneTile;
    }
    int64_t getTileRows() const { return getQ(); }
    /// Queries of each head in a tile.
    int64_t getQueries() const { return getQ() / getHeads(); }
    int64_t getRowsPerTile() const { return getQueries(); }
  }];
}

def Tile_GradientScheduleAttr : Tile_Attr<"GradientSchedule", "gradient_schedule", [Tile_KernelSchedule]> {
  let summary = "Holds every performance choice of a kernel that computes gradients of attention.";
  let description = [{
    `rows` keys have a CTA that walks over queries, or `rows` queries one that
    walks over keys. `attn.sdpa_grad` has a schedule for each of both kinds.
    [ScheduleKeys](ScheduleKeys.md) lists the keys.

    ```mlir
    #tile.gradient_schedule<rows = 64, step = 64, warps = 4, stages = 2>
    ```
  }];
  let parameters = (ins "GradientKeys":$keys);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    // A getter for each key.
#define ATTN_KEY_GETTER(name, Name, Type, Initial, Least, Most, Doc)           \
    Type get##Name() const { return getKeys().name; }
#define ATTN_KEY_OF_GRADIENT ATTN_KEY_GETTER
#define ATTN_KEY_OF_ALL ATTN_KEY_GETTER
#include "attn/Dialect/Tile/IR/ScheduleKeys.def"
#undef ATTN_KEY_GETTER

    std::string toFlag() const { return attn::tile::toFlag(getKeys()); }
    llvm::SmallVector<std::pair<llvm::StringRef, int64_t>> getKeyValues() const {
      return attn::tile::keyValues(getKeys());
    }
    int64_t getTileRows() const { return getRows(); }
    int64_t getRowsPerTile() const { return getRows(); }
  }];
}

def Tile_RowScheduleAttr : Tile_Attr<"RowSchedule", "row_schedule", [Tile_KernelSchedule]> {
  let summary = "Says how a kernel that maps rows to rows distributes them.";
  let description = [{
    Kernels without keys and values have it: rotary positions, and the merging of
    partial results. [ScheduleKeys](ScheduleKeys.md) lists the keys.

    ```mlir
    #tile.row_schedule<rows = 64, warps = 4>
    ```
  }];
  let parameters = (ins "RowKeys":$keys);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    // A getter for each key.
#define ATTN_KEY_GETTER(name, Name, Type, Initial, Least, Most, Doc)           \
    Type get##Name() const { return getKeys().name; }
#define ATTN_KEY_OF_ROWS ATTN_KEY_GETTER
#define ATTN_KEY_OF_ALL ATTN_KEY_GETTER
#include "attn/Dialect/Tile/IR/ScheduleKeys.def"
#undef ATTN_KEY_GETTER

    std::string toFlag() const { return attn::tile::toFlag(getKeys()); }
    llvm::SmallVector<std::pair<llvm::StringRef, int64_t>> getKeyValues() const {
      return attn::tile::keyValues(getKeys());
    }
    int64_t getTileRows() const { return getRows(); }
    int64_t getRowsPerTile() const { return getRows(); }
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
  let summary = "Says which lane holds which element of an MMA's result.";
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

def Tile_OperandAAttr : Tile_Attr<"OperandA", "operand_a", [
    DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let summary = "Says which lane holds which element of an MMA's left operand.";
  let description = [{
    Strips are as in `accumulator`. Atoms have 16 rows of 32 bytes: 16 columns of
    16 bits, 8 of 32 bits or 32 of 8 bits. A register holds p columns that follow one
    another, and an atom has k: register r (0..3) of lane L holds row L/4 + 8(r%2)
    and columns p(L%4) + (k/2)(r/2) and following.

    With `ofResult`, the columns of an atom are counted in the order in which a
    lane of `accumulator` holds them: the 2p elements that a lane has of a row are
    those that it held there, which the conversion does not move. Products then
    take the rows of the right operand in that order, too. Of 16 bits both orders
    are one, and `ofResult` is false.

    ```mlir
    #tile.operand_a<warps = 4, ofResult = true>
    ```
  }];
  let parameters = (ins "int64_t":$warps,
                        DefaultValuedParameter<"bool", "false">:$ofResult);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Tile_BlockedAttr : Tile_Attr<"Blocked", "blocked", [
    DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let summary = "Says which thread holds which element of a tile that no MMA touches.";
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
    int64_t getThreads() const { return getWarps() * CtaAttr::kWarpSize; }
    /// Rows between two that a thread holds.
    int64_t getRowStep() const { return getThreads() / getColumns(); }
  }];
}

#endif // ATTN_DIALECT_TILE_IR_TILEATTRS_TD
