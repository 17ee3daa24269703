//===- TileOps.td - Operations on tiles --------------------*- tablegen -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_TILE_IR_TILEOPS_TD
#define ATTN_DIALECT_TILE_IR_TILEOPS_TD

include "attn/Dialect/Tile/IR/TileAttrs.td"
include "attn/Dialect/Tile/IR/TileTypes.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/CallInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Tile_Op<string opMnemonic, list<Trait> traits = []>
    : Op<Tile_Dialect, opMnemonic, traits>;

def Tile_GridDimAttr : I32EnumAttr<"GridDim", "a dimension of the grid", [
      I32EnumAttrCase<"x", 0>, I32EnumAttrCase<"y", 1>,
      I32EnumAttrCase<"z", 2>]> {
  let cppNamespace = "::attn::tile";
}

def Tile_CombinerAttr : I32EnumAttr<"Combiner", "how elements are combined", [
      I32EnumAttrCase<"add", 0>, I32EnumAttrCase<"max", 1>]> {
  let cppNamespace = "::attn::tile";
}

//===----------------------------------------------------------------------===//
// Resources that operations have effects on
//===----------------------------------------------------------------------===//

// Tiles in shared memory; effects name the tile.
def Tile_SharedMemory : Resource<"::attn::tile::SharedMemory">;
// Copies that were started: starting them is a write, and waiting for them a read.
def Tile_AsyncCopies : Resource<"::attn::tile::AsyncCopies">;
// Products that were started, as AsyncCopies.
def Tile_Products : Resource<"::attn::tile::Products">;
// Barriers of channels: arriving is a write, and waiting a read.
def Tile_ChannelBarriers : Resource<"::attn::tile::ChannelBarriers">;
// The turns that warpgroups take and pass.
def Tile_WarpgroupTurns : Resource<"::attn::tile::WarpgroupTurns">;

class Tile_Waits<Resource resource>
    : MemoryEffects<[MemRead<resource>, MemWrite<resource>]>;
def Tile_ReadMemory : Arg<AnyMemRef, "", [MemRead]>;
def Tile_WrittenMemory : Arg<AnyMemRef, "", [MemWrite]>;
def Tile_ReadShared : Arg<Tile_SharedType, "", [MemRead<Tile_SharedMemory>]>;
def Tile_WrittenShared : Arg<Tile_SharedType, "", [MemWrite<Tile_SharedMemory>]>;

def Tile_TileType : StaticShapeTensorOf<[AnyType]>;
def Tile_Operand : AnyTypeOf<[Tile_TileType, Tile_SharedType]>;

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

def Tile_OptionalSchedule : OptionalAttr<Tile_KernelSchedule> {
  let returnType = "::attn::tile::KernelSchedule";
  let convertFromStorage = "$_self";
}

def Tile_KernelOp : Tile_Op<"kernel", [
    IsolatedFromAbove, FunctionOpInterface, AutomaticAllocationScope]> {
  let summary = "Defines the program of one CTA.";
  let description = [{
    Arguments are the tensors' memrefs (any strides but an innermost one of 1),
    maps of tensors, and scalars of type `index`. `cta` says how many warps there
    are, `target` for which chip the kernel is. `schedule` is what the kernel was
    made from, for reports and messages; no pass decides by it.
    `shared_bytes` is written by `tile-allocate-shared`. Created by
    `convert-attn-to-tile`; `convert-tile-to-nvvm` makes it an `llvm.func`.

    ```mlir
    tile.kernel @scale(%in: memref<?x?x64xf32, strided<[?, ?, 1], offset: ?>>)
        attributes {cta = #tile.cta<warps = 4>, target = "sm_80"} {
      tile.return
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
      TypeAttrOf<FunctionType>:$function_type,
      Tile_CtaAttr:$cta, Tile_OptionalSchedule:$schedule, StrAttr:$target,
      OptionalAttr<I64Attr>:$shared_bytes,
      OptionalAttr<DictArrayAttr>:$arg_attrs,
      OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region MinSizedRegion<1>:$body);
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name,
      "::mlir::FunctionType":$type, "KernelSchedule":$schedule,
      "::llvm::StringRef":$target)>];
  let skipDefaultBuilders = 1;
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() {
      return getFunctionType().getInputs();
    }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() {
      return getFunctionType().getResults();
    }
    ::mlir::Region *getCallableRegion() { return &getBody(); }
    /// True if some warps only copy.
    bool isSpecialized() { return getCta().isSpecialized(); }
    /// Null where the kernel computes no attention, or does not say how.
    /// The schedule of a kernel that computes gradients of attention.
    GradientScheduleAttr getGradientSchedule() {
      return ::llvm::cast<GradientScheduleAttr>(getSchedule());
    }
    ScheduleAttr getAttentionSchedule() {
      return ::llvm::dyn_cast_if_present<ScheduleAttr>(getSchedule());
    }
  }];
  let hasVerifier = 1;
}

def Tile_ReturnOp : Tile_Op<"return", [
    Pure, HasParent<"KernelOp">, Terminator, ReturnLike]> {
  let summary = "Ends a kernel.";
  let assemblyFormat = "attr-dict";
}

def Tile_LaunchOp : Tile_Op<"launch", [
    DestinationStyleOpInterface, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>, Pure]> {
  let summary = "Runs a kernel over a grid.";
  let description = [{
    Kernel arguments are `ins`, then `outs`; the results are the filled `outs`.
    Created by `convert-attn-to-tile` in the host function.
    `convert-tile-to-nvvm` makes it name the lowered kernel, and
    `package-build-entries` turns it into a launch on the caller's stream.

    ```mlir
    %out = tile.launch @scale grid(%n, %c1, %c1) ins(%in : tensor<?x?x64xf32>)
        outs(%empty : tensor<?x?x64xf32>) -> tensor<?x?x64xf32>
    ```
  }];
  let arguments = (ins SymbolRefAttr:$kernel, Index:$gridX, Index:$gridY,
      Index:$gridZ, Variadic<AnyType>:$inputs,
      Variadic<AnyRankedTensor>:$outputs);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    $kernel `grid` `(` $gridX `,` $gridY `,` $gridZ `)`
    `ins` `(` ($inputs^ `:` type($inputs))? `)`
    `outs` `(` ($outputs^ `:` type($outputs))? `)` attr-dict
    (`->` type($results)^)?
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return getOutputsMutable();
    }
  }];
}

def Tile_BlockIdOp : Tile_Op<"block_id", [Pure]> {
  let summary = "Returns the CTA's index along a dimension of the grid.";
  let arguments = (ins Tile_GridDimAttr:$dim);
  let results = (outs Index:$result);
  let assemblyFormat = "$dim attr-dict";
}

def Tile_GridDimOp : Tile_Op<"grid_dim", [Pure]> {
  let summary = "Returns the number of CTAs along a dimension of the grid.";
  let arguments = (ins Tile_GridDimAttr:$dim);
  let results = (outs Index:$result);
  let assemblyFormat = "$dim attr-dict";
}

def Tile_MultiprocessorsOp : Tile_Op<"multiprocessors", [Pure]> {
  let summary = "Returns how many multiprocessors the device has.";
  let description = [{
    It stands in the host function, which asks the device when it is called.
  }];
  let results = (outs Index:$result);
  let assemblyFormat = "attr-dict";
}

//===----------------------------------------------------------------------===//
// Global memory
//===----------------------------------------------------------------------===//

def Tile_Slots : ConfinedAttr<I64Attr, [IntPositive]>;

def Tile_LoadOp : Tile_Op<"load"> {
  let summary = "Reads a tile from global memory.";
  let description = [{
    The indices name the first row. The last dimension is read from its start, or
    from one more index, the first column. A row vector `tensor<Mx1xT>` is read
    from a memref whose last dimension is the rows.
    Rows follow one another in the last index, or in all that `box` says: as
    many of each index but that of the column, the last one fastest.
    Elements outside the memref, rows and columns alike, are zero and are not
    read: that is how ragged edges and head dimensions that are no multiple of
    an MMA step are met. `tile-stage-operands` sends operands of `tile.dot`
    through shared memory. These attributes say more about such loads:

    * `slots`: where other warps copy, the number of tiles that shared memory has
      room for, so that the next one can be copied while one is used. It is 1 by
      default, and the `stages` of a `tile.walk` within one;
    * `role`: which of the warps that only copy fetch it; loads of one name are
      fetched by one program, in their order;
    * `held`: where every warp copies, a left operand is read into registers once,
      before the walk that uses it.

    ```mlir
    %k = tile.load %K[%b, %h, %j] : memref<?x?x?x80xbf16, strided<[?, ?, ?, 1], offset: ?>>
        -> tensor<64x80xbf16>
    // Row r is that of query i + r / 8 in head g + r % 8 of a group.
    %q = tile.load %Q[%b, %h, %i, %g] box = [1, 1, 8, 8] : memref<?x?x?x?x80xbf16, …>
        -> tensor<64x80xbf16>
    ```
  }];
  let arguments = (ins Tile_ReadMemory:$source,
                       Variadic<Index>:$indices,
                       OptionalAttr<DenseI64ArrayAttr>:$box,
                       OptionalAttr<Tile_Slots>:$slots,
                       OptionalAttr<StrAttr>:$role, UnitAttr:$held);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = [{
    $source `[` $indices `]` (`box` `=` $box^)? (`slots` `=` $slots^)?
    (`role` `=` $role^)? (`held` $held^)? attr-dict `:` type($source) `->`
    type($result)
  }];
  let builders = [OpBuilder<(ins "::mlir::Type":$result, "::mlir::Value":$source,
                                 "::mlir::ValueRange":$indices,
                                 CArg<"::mlir::DenseI64ArrayAttr", "{}">:$box), [{
    build($_builder, $_state, result, source, indices, box,
          /*slots=*/::mlir::IntegerAttr(), /*role=*/::mlir::StringAttr(),
          /*held=*/::mlir::UnitAttr());
  }]>];
  let extraClassDeclaration = [{
    /// True if the last index is a column.
    bool hasColumnIndex();
  }];
  let hasVerifier = 1;
}

def Tile_StoreOp : Tile_Op<"store"> {
  let summary = "Writes a tile to global memory.";
  let description = [{
    The indices name the first row, and may name the first column, as those of
    `tile.load` do. Elements outside the memref are dropped. A row vector
    `tensor<Mx1xT>` is written to a memref whose last dimension is the rows.
    `box` is as in `tile.load`. A tile with a column index is written element by
    element.
  }];
  let arguments = (ins Tile_TileType:$value, Tile_WrittenMemory:$dest,
                       Variadic<Index>:$indices,
                       OptionalAttr<DenseI64ArrayAttr>:$box);
  let assemblyFormat = [{
    $value `,` $dest `[` $indices `]` (`box` `=` $box^)? attr-dict `:`
    type($value) `,` type($dest)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$value, "::mlir::Value":$dest,
                                 "::mlir::ValueRange":$indices), [{
    build($_builder, $_state, value, dest, indices,
          ::mlir::DenseI64ArrayAttr());
  }]>];
  let extraClassDeclaration = [{
    /// True if the last index is a column.
    bool hasColumnIndex();
  }];
  let hasVerifier = 1;
}

def Tile_GatherOp : Tile_Op<"gather", [Pure]> {
  let summary = "Reads an element of global memory for each place of a tile.";
  let description = [{
    Each index is one number, or a tile of i32: a row vector, a column vector or
    one of the result's shape. The element of the result at (r, c) is the one at
    the indices that these have at (r, c), all of which are inside the memref. It
    has the memref's type, but for floats of 16 bits, which become f32. Nobody
    writes the memory while the kernel runs, so that a gather may stand anywhere
    and be repeated.

    ```mlir
    %bias = tile.gather %B[%b, %h, %rows, %columns]
        : memref<?x?x?x?xf16, …>, (i32, i32, tensor<64x1xi32>, tensor<1x64xi32>)
        -> tensor<64x64xf32>
    ```
  }];
  let arguments = (ins AnyMemRef:$source,
      Variadic<AnyTypeOf<[I32, StaticShapeTensorOf<[I32]>]>>:$indices);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = [{
    $source `[` $indices `]` attr-dict `:` type($source) `,`
    `(` type($indices) `)` `->` type($result)
  }];
  let extraClassDeclaration = [{
    /// Where the last index counts columns, the number that it begins with; null
    /// elsewhere.
    ::mlir::Value getFirstColumn();
  }];
  let hasVerifier = 1;
}

def Tile_ElementOp : Tile_Op<"element", [Pure,
    TypesMatchWith<"the result has the type of the memory's elements", "source",
                   "result",
                   "::llvm::cast<::mlir::MemRefType>($_self).getElementType()">]> {
  let summary = "Reads an element of global memory for all threads.";
  let description = [{
    The indices are inside the memref. Nobody writes the memory while the kernel
    runs, so that an element may be read anywhere, and again, unlike by
    `memref.load`.

    ```mlir
    %tile = tile.element %list[%b, %h, %q, %t] : memref<?x?x?x?xi32, …>
    ```
  }];
  let arguments = (ins AnyMemRef:$source, Variadic<Index>:$indices);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$source `[` $indices `]` attr-dict `:` type($source)";
}

//===----------------------------------------------------------------------===//
// Arithmetic that arith and math lack
//===----------------------------------------------------------------------===//

def Tile_Number : ConfinedAttr<I64Attr, [IntNonNegative]>;

def Tile_DotOp : Tile_Op<"dot", [
    AllTypesMatch<["acc", "result"]>, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Multiplies two tiles and adds a third.";
  let description = [{
    `result = a * b + acc`, or `a * b^T + acc` with `transpose_b`, in the
    accumulator's type. The inner dimension is a multiple of a k-step, 16 columns
    of 16 bits or 8 of 32. Operands are
    values or tiles in shared memory, which it then reads. With `async`, the
    product is only started: the result may be used by `tile.wait_dots` alone,
    and until then operands in shared memory must not change.

    `stage` says in which step of its `tile.walk` the product runs: one of stage
    1 runs in the step behind its own, while that one's products of stage 0 do
    (`tile-skew-products`). `group` gives products a name for `#tile.turns`.

    `parts` says what matrix instructions, whose operands have 11 bits, multiply of
    f32: with 1, operands rounded to 11 bits; with 2, each operand is the sum of
    two such numbers, and of their four products only that of the smaller ones is
    left out. Processors multiply f32 as it is.

    `within` promises for each row that the columns of the result outside of
    [first, end) are not needed, which leaves them undefined; with `inner`, that
    the row of `a` is zero outside of them. Bounds that lie outside of the tile
    are cut. Processors do less for it.

    ```mlir
    %s = tile.dot %q, %k, %zero transpose_b
        : tensor<64x128xbf16>, tensor<64x128xbf16>, tensor<64x64xf32>
    %o = tile.dot %p, %v, %acc inner
        within(%first : tensor<64x1xi32>, %end : tensor<64x1xi32>)
        : tensor<64x64xf32>, tensor<64x128xf32>, tensor<64x128xf32>
    ```
  }];
  let arguments = (ins Tile_Operand:$a, Tile_Operand:$b, Tile_TileType:$acc,
                       Optional<StaticShapeTensorOf<[I32]>>:$first,
                       Optional<StaticShapeTensorOf<[I32]>>:$end,
                       UnitAttr:$inner, UnitAttr:$transpose_b, UnitAttr:$async,
                       DefaultValuedOptionalAttr<Tile_Number, "0">:$stage,
                       DefaultValuedOptionalAttr<Tile_Number, "0">:$group,
                       DefaultValuedOptionalAttr<Tile_Number, "1">:$parts);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = [{
    $a `,` $b `,` $acc (`transpose_b` $transpose_b^)? (`async` $async^)?
    (`stage` `=` $stage^)? (`group` `=` $group^)? (`parts` `=` $parts^)?
    (`inner` $inner^)?
    (`within` `(` $first^ `:` type($first) `,` $end `:` type($end) `)`)?
    attr-dict `:` type($a) `,` type($b) `,` type($acc)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$a, "::mlir::Value":$b,
                                 "::mlir::Value":$acc, "bool":$transposeB,
                                 CArg<"bool", "false">:$async,
                                 CArg<"int64_t", "0">:$stage,
                                 CArg<"int64_t", "0">:$group), [{
    build($_builder, $_state, acc.getType(), a, b, acc, ::mlir::Value(),
          ::mlir::Value(), /*inner=*/false, transposeB, async, stage, group,
          /*parts=*/1);
  }]>];
  let extraClassDeclaration = [{
    /// Sets the bounds of `within`.
    void bound(::mlir::Value first, ::mlir::Value end, bool inner) {
      getFirstMutable().assign(first);
      getEndMutable().assign(end);
      setInner(inner);
    }
  }];
  let hasVerifier = 1;
}

def Tile_WaitDotsOp : Tile_Op<"wait_dots", [
    AllTypesMatch<["started", "result"]>, Tile_Waits<Tile_Products>]> {
  let summary = "Waits for a product and returns its result.";
  let description = [{
    Waits until at most `pending` products are in flight, of those started so
    far; the one that is named must be among the others. `computed` names the
    tiles that must be computed before the wait, while the product runs;
    `shares`, how many percent of each one's columns, if not all.

    ```mlir
    %started = tile.dot %q, %k, %zero transpose_b async : …
    %s = tile.wait_dots %started pending = 0 : tensor<128x128xf32>
    ```
  }];
  let arguments = (ins Tile_TileType:$started,
                       Variadic<Tile_TileType>:$computed,
                       ConfinedAttr<I64Attr, [IntNonNegative]>:$pending,
                       OptionalAttr<DenseI64ArrayAttr>:$shares);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = [{
    $started `pending` `=` $pending
    (`computed` `(` $computed^ `:` type($computed) `)`)?
    (`shares` `=` $shares^)? attr-dict `:` type($started)
  }];
  let extraClassDeclaration = [{
    /// How many percent of a computed tile's columns are waited for.
    int64_t shareOf(size_t computed) {
      return getShares() ? (*getShares())[computed] : 100;
    }
  }];
  let hasVerifier = 1;
}

def Tile_ReduceOp : Tile_Op<"reduce", [Pure]> {
  let summary = "Reduces each row to one value.";
  let description = [{
    `tensor<MxNxT>` to `tensor<Mx1xT>`. `max` ignores NaN as `arith.maxnumf`.
  }];
  let arguments = (ins Tile_CombinerAttr:$kind, Tile_TileType:$input);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = [{
    $kind $input attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Tile_FoldOp : Tile_Op<"fold", [Pure]> {
  let summary = "Reduces each row to partial values.";
  let description = [{
    `tensor<MxNxT>` to `tensor<MxPxT>`, N a multiple of P. On GPUs P is 4 and N a
    multiple of 8: column c of the result combines columns 2c and 2c + 1 of every
    block of eight. Those are what one lane of a quad holds of an MMA atom, so no
    element changes its thread. On processors P is a multiple of a vector's
    elements, or divides them: column c combines columns c, c + P, …. That is how row sums stay
    partial inside a loop and are reduced across lanes once after it.

    ```mlir
    %sums = tile.fold add %p : tensor<64x64xf32> -> tensor<64x4xf32>
    ```
  }];
  let arguments = (ins Tile_CombinerAttr:$kind, Tile_TileType:$input);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = [{
    $kind $input attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Tile_AnyOp : Tile_Op<"any", [Pure]> {
  let summary = "Returns true if any element of a tile is.";
  let description = [{
    Each warp asks about the rows that it has, so warps may differ. What stands
    under the condition computes rows of this warp, and neither waits for others
    nor touches shared memory.

    ```mlir
    %redo = tile.any %is_nan : tensor<64x1xi1>
    ```
  }];
  let arguments = (ins StaticShapeTensorOf<[I1]>:$input);
  let results = (outs I1:$result);
  let assemblyFormat = "$input attr-dict `:` type($input)";
}

def Tile_BroadcastOp : Tile_Op<"broadcast", [Pure]> {
  let summary = "Repeats a row or column vector.";
  let description = [{
    `tensor<Mx1xT>` or `tensor<1xNxT>` to `tensor<MxNxT>`.
  }];
  let arguments = (ins Tile_TileType:$input);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def Tile_IotaOp : Tile_Op<"iota", [Pure]> {
  let summary = "Counts along a vector.";
  let description = [{
    `tensor<Mx1xi32>` or `tensor<1xNxi32>` whose k-th element is k, or k /
    `repeat`, so that each number stands so many times. Columns may be counted in
    f32, too, without conversions. `recomputed` keeps what is
    computed from it out of registers that stay occupied through loops.
  }];
  let arguments = (ins DefaultValuedOptionalAttr<
      ConfinedAttr<I64Attr, [IntPositive]>, "1">:$repeat, UnitAttr:$recomputed);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = [{
    (`repeat` `=` $repeat^)? (`recomputed` $recomputed^)? attr-dict `:`
    type($result)
  }];
  let hasVerifier = 1;
}

def Tile_RandomOp : Tile_Op<"random", [Pure]> {
  let summary = "Draws 16 random bits for each place of a tile.";
  let description = [{
    The element of the result at (r, c) is the number of 16 bits that
    Philox4x32-10 under `key` has for the place (batch, head, query, key) that
    the indices have at (r, c): it depends on these alone, so that any kernel
    can draw the bits again. `docs/AttnSpec.md` says which bits they are. Each
    index is one number, or a tile of i32: a row vector, a column vector or one
    of the result's shape.

    `counted` promises that the last index counts along the columns from a
    multiple of this number. One call of Philox then has the bits of all that a
    thread holds of a row's 32 columns in an accumulator, if it is a multiple of
    32.

    ```mlir
    %bits = tile.random key(%k0, %k1) at[%b, %h, %queries, %keys] counted = 32
        : (i32, i32, tensor<64x1xi32>, tensor<1x64xi32>) -> tensor<64x64xi32>
    ```
  }];
  let arguments = (ins I32:$key0, I32:$key1,
      Variadic<AnyTypeOf<[I32, StaticShapeTensorOf<[I32]>]>>:$indices,
      DefaultValuedOptionalAttr<
          ConfinedAttr<I64Attr, [IntPositive]>, "1">:$counted);
  let results = (outs StaticShapeTensorOf<[I32]>:$result);
  let assemblyFormat = [{
    `key` `(` $key0 `,` $key1 `)` `at` `[` $indices `]`
    (`counted` `=` $counted^)? attr-dict `:` `(` type($indices) `)` `->`
    type($result)
  }];
  let hasVerifier = 1;
}

def Tile_DeinterleaveOp : Tile_Op<"deinterleave", [
    Pure, AllTypesMatch<["even", "odd"]>]> {
  let summary = "Separates even from odd columns.";
  let description = [{
    `tensor<MxNxT>` to two `tensor<MxN/2xT>`. In `blocked` layouts with at least
    two columns a thread no element changes its thread.
  }];
  let arguments = (ins Tile_TileType:$input);
  let results = (outs Tile_TileType:$even, Tile_TileType:$odd);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($even)";
  let hasVerifier = 1;
}

def Tile_InterleaveOp : Tile_Op<"interleave", [
    Pure, AllTypesMatch<["even", "odd"]>]> {
  let summary = "Takes columns from two tiles in turn.";
  let description = [{ The inverse of `tile.deinterleave`. }];
  let arguments = (ins Tile_TileType:$even, Tile_TileType:$odd);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = [{
    $even `,` $odd attr-dict `:` type($even) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Tile_InsertOp : Tile_Op<"insert", [
    Pure, AllTypesMatch<["tile", "result"]>]> {
  let summary = "Replaces columns of a tile.";
  let description = [{
    The columns of `tile` from `column` on are those of `part`. `column` is a
    multiple of the columns of `part`, and so are the columns of `tile`. Code
    that computes a few columns at a time stands once, in a loop over columns.
    No element changes its thread. Processors have no form of it.

    ```mlir
    %o = tile.insert %part, %acc[%column] : tensor<64x16xf32> to tensor<64x128xf32>
    ```
  }];
  let arguments = (ins Tile_TileType:$part, Tile_TileType:$tile, Index:$column);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = [{
    $part `,` $tile `[` $column `]` attr-dict `:` type($part) `to` type($tile)
  }];
  let hasVerifier = 1;
}

def Tile_ConvertLayoutOp : Tile_Op<"convert_layout", [
    Pure, SameOperandsAndResultShape, SameOperandsAndResultElementType]> {
  let summary = "Moves elements to other threads.";
  let description = [{
    Inserted by `tile-assign-layouts` where an operation needs its operand in a
    layout of its own.
  }];
  let arguments = (ins Tile_TileType:$input);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
}

//===----------------------------------------------------------------------===//
// Walks
//===----------------------------------------------------------------------===//

def Tile_WalkOp : Tile_Op<"walk", [
    AttrSizedOperandSegments, SingleBlockImplicitTerminator<"YieldOp">,
    RecursiveMemoryEffects]> {
  let summary = "Runs a step for each of a range of tiles.";
  let description = [{
    Tiles are counted from `first` to the last bound. They are walked in segments,
    each with steps of its own: from one bound (the first time, from `first`) to
    the next; none where that is not greater. A step is given the tile's number
    and what the step before it yielded, at first `init`, and the results are what
    the last step yielded.

    The steps of the last segment are right for any tile: the segments before it
    leave out what their tiles don't need, such as masks.

    * `stages`: the number of tiles of each operand that shared memory has room
      for; copies of all but one are in flight (`tile-pipeline-loads`,
      `tile-specialize-warps`). With 1, `tile-alternate-loads` may let one operand
      be copied while another is used;
    * `skip`: the number of tiles at the beginning that were computed before the
      walk. Uses of rings are counted from `first` even so;
    * `turns`: what warpgroups take turns in.

    A kernel may have any number of walks, one behind the other and in loops.
    Created by `convert-attn-to-tile`; `tile-expand-walks` makes loops of it when
    no pass needs it any more.

    ```mlir
    %acc, %max = tile.walk from %first init(%zero, %low : tensor<64x64xf32>, tensor<64x1xf32>) stages = 2
        to %full (%t, %a, %m) {
      …
      tile.yield %a1, %m1 : tensor<64x64xf32>, tensor<64x1xf32>
    } to %last (%t, %a, %m) {
      …
      tile.yield %a2, %m2 : tensor<64x64xf32>, tensor<64x1xf32>
    }
    ```
  }];
  let arguments = (ins Index:$first, Variadic<Index>:$bounds,
                       Variadic<AnyType>:$inits,
                       DefaultValuedOptionalAttr<Tile_Slots, "1">:$stages,
                       DefaultValuedOptionalAttr<Tile_Number, "0">:$skip,
                       OptionalAttr<Tile_TurnsAttr>:$turns);
  let results = (outs Variadic<AnyType>:$results);
  let regions = (region VariadicRegion<SizedRegion<1>>:$segments);
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins
      "::mlir::Value":$first, "::mlir::ValueRange":$bounds,
      "::mlir::ValueRange":$inits, CArg<"int64_t", "1">:$stages)>];
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The number of the tile that a segment's step is for.
    ::mlir::BlockArgument getTile(unsigned segment) {
      return getSegments()[segment].getArgument(0);
    }
    /// The values that a segment's step is given by the step before it.
    ::mlir::Block::BlockArgListType getCarried(unsigned segment) {
      return getSegments()[segment].getArguments().drop_front();
    }
    ::mlir::Block *getStep(unsigned segment) {
      return &getSegments()[segment].front();
    }
    /// The first tile of a segment, and the one behind its last.
    ::mlir::Value getLower(unsigned segment) {
      return segment == 0 ? getFirst() : getBounds()[segment - 1];
    }
    ::mlir::Value getUpper(unsigned segment) { return getBounds()[segment]; }
    ::mlir::Value getLast() { return getBounds().back(); }
    unsigned getNumSegments() { return getSegments().size(); }
    /// The segment whose steps `block` is; none where it is not one's.
    std::optional<unsigned> getSegmentOf(::mlir::Block *block);
  }];
}

def Tile_YieldOp : Tile_Op<"yield", [
    Pure, HasParent<"WalkOp">, Terminator]> {
  let summary = "Ends a step of a walk with what the next one is given.";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
  let builders = [OpBuilder<(ins), [{
    build($_builder, $_state, ::mlir::ValueRange());
  }]>];
}

//===----------------------------------------------------------------------===//
// Shared memory, asynchronous copies, synchronisation
//===----------------------------------------------------------------------===//

def Tile_AllocOp : Tile_Op<"alloc"> {
  let summary = "Reserves shared memory.";
  let description = [{
    Created by `tile-stage-operands` and `tile-stage-stores`.
    `tile-allocate-shared` writes `offset`, in bytes from the start of the
    CTA's dynamic shared memory; buffers that are not used at the same time may
    share a place.
  }];
  let arguments = (ins OptionalAttr<I64Attr>:$offset);
  let results = (outs Res<Tile_SharedType, "",
                          [MemAlloc<Tile_SharedMemory>]>:$result);
  let assemblyFormat = "(`at` $offset^)? attr-dict `:` type($result)";
}

def Tile_SlotOp : Tile_Op<"slot", [
    Pure, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "Returns the tile of a ring that a use fills and empties.";
  let description = [{
    Uses of a ring are counted from 0: use n is of slot n mod slots.
  }];
  let arguments = (ins Tile_SharedType:$ring, Index:$use);
  let results = (outs Tile_SharedType:$result);
  let assemblyFormat = "$ring `[` $use `]` attr-dict `:` type($ring)";
  let hasVerifier = 1;
}

def Tile_CopyAsyncOp : Tile_Op<"copy_async", [
    MemoryEffects<[MemWrite<Tile_AsyncCopies>]>]> {
  let summary = "Starts copying a tile from global to shared memory.";
  let description = [{
    Elements are read, or are zero, as for `tile.load`; `slots` and `role` are
    those of `tile.load`, too. All threads take part. A thread may read what it
    copied after a `tile.wait_copies` that covers the group of its
    `tile.commit_copies`; other threads may read it after a `tile.barrier` behind
    that wait.
  }];
  let arguments = (ins Tile_ReadMemory:$source, Variadic<Index>:$indices,
                       Tile_WrittenShared:$dest,
                       OptionalAttr<DenseI64ArrayAttr>:$box,
                       OptionalAttr<Tile_Slots>:$slots,
                       OptionalAttr<StrAttr>:$role);
  let assemblyFormat = [{
    $source `[` $indices `]` (`box` `=` $box^)? `to` $dest
    (`slots` `=` $slots^)? (`role` `=` $role^)? attr-dict `:` type($source)
    `to` type($dest)
  }];
  let hasVerifier = 1;
}

def Tile_PutOp : Tile_Op<"put"> {
  let summary = "Writes a tile to shared memory.";
  let description = [{
    Each thread writes what it holds. The other threads see it after a
    `tile.barrier`. `columns = [first, count]` writes the first `count` columns of
    the value to those of the tile from `first` on, and no others, and the value's
    rows to those from `row` on; values of memory's layout alone have that form.
    Created by `tile-stage-stores`, and by
    `convert-attn-to-tile` for operands that a kernel computes.

    ```mlir
    tile.put %x to %q[%row] columns = [0, 64]
        : tensor<64x64xbf16> to !tile.shared<128x128xbf16, swizzle = 128>
    ```
  }];
  let arguments = (ins Tile_TileType:$value, Tile_WrittenShared:$dest,
                       Optional<Index>:$row,
                       OptionalAttr<DenseI64ArrayAttr>:$columns);
  let assemblyFormat = [{
    $value `to` $dest (`[` $row^ `]`)? (`columns` `=` $columns^)? attr-dict `:` type($value) `to`
    type($dest)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$value, "::mlir::Value":$dest), [{
    build($_builder, $_state, value, dest, /*row=*/::mlir::Value(),
          ::mlir::DenseI64ArrayAttr());
  }]>];
  let hasVerifier = 1;
}

def Tile_GetOp : Tile_Op<"get"> {
  let summary = "Reads columns of a tile from shared memory.";
  let description = [{
    Each thread reads what it holds of the columns from `column` on, a multiple of
    8. What others have put there is visible behind a `tile.barrier`. Created by
    `convert-attn-to-tile`.

    ```mlir
    %q = tile.get %query[%column]
        : !tile.shared<128x128xbf16, swizzle = 128> -> tensor<128x16xbf16>
    ```
  }];
  let arguments = (ins Tile_ReadShared:$source, Index:$column);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = [{
    $source `[` $column `]` attr-dict `:` type($source) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Tile_CopyOutOp : Tile_Op<"copy_out"> {
  let summary = "Copies a tile from shared to global memory.";
  let description = [{
    Elements are dropped as for `tile.store`. All threads take part. Created by
    `tile-stage-stores`.
  }];
  let arguments = (ins Tile_ReadShared:$source, Tile_WrittenMemory:$dest,
                       Variadic<Index>:$indices,
                       OptionalAttr<DenseI64ArrayAttr>:$box);
  let assemblyFormat = [{
    $source `to` $dest `[` $indices `]` (`box` `=` $box^)? attr-dict `:`
    type($source) `to` type($dest)
  }];
  let hasVerifier = 1;
}

def Tile_CommitCopiesOp : Tile_Op<"commit_copies", [
    MemoryEffects<[MemWrite<Tile_AsyncCopies>]>]> {
  let summary = "Closes a group of copies.";
  let description = [{
    Every thread's copies since the last commit, possibly none, are one group.
  }];
  let assemblyFormat = "attr-dict";
}

def Tile_WaitCopiesOp : Tile_Op<"wait_copies", [
    Tile_Waits<Tile_AsyncCopies>]> {
  let summary = "Waits until at most `pending` groups of copies are in flight.";
  let arguments = (ins ConfinedAttr<I64Attr, [IntNonNegative]>:$pending);
  let assemblyFormat = "`pending` `=` $pending attr-dict";
}

def Tile_BarrierOp : Tile_Op<"barrier", [
    Tile_Waits<Tile_SharedMemory>]> {
  let summary = "Waits until all threads that run the program have arrived.";
  let description = [{
    Shared memory written before it is visible to all after it, and to products
    that they start. Among the consumers of `tile.roles` only they meet. Inserted
    by `tile-insert-barriers`.
  }];
  let assemblyFormat = "attr-dict";
}

def Tile_FragmentOp : Tile_Op<"fragment"> {
  let summary = "Reads an operand of `tile.dot` from shared memory.";
  let description = [{
    Placed before a loop by `tile-stage-operands` where registers hold the
    operand for the whole loop.
  }];
  let arguments = (ins Tile_ReadShared:$source);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = "$source attr-dict `:` type($source) `->` type($result)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Warps with roles
//===----------------------------------------------------------------------===//

def Tile_Memory : AnyTypeOf<[AnyMemRef, Tile_TensorMapType]>;

def Tile_RolesOp : Tile_Op<"roles", [
    SingleBlock, NoTerminator, RecursiveMemoryEffects]> {
  let summary = "Gives warps different programs.";
  let description = [{
    All warps that compute run the consumers' program. Each other program has the
    name of its role and is run by one thread: program k by a thread of warp k of
    those that only copy. Before the programs start, all threads meet, so that
    every barrier has been set up. Created by `tile-specialize-warps`; nothing follows it but the
    kernel's end.

    ```mlir
    tile.roles produce("keys") {
      tile.acquire %ke[%n] : !tile.barriers<2>
      tile.fetch %K[%b, %h, %j] to %key signals %kf[%n] : …
    } produce("values") {
      tile.acquire %ve[%n] : !tile.barriers<2>
      tile.fetch %V[%b, %h, %j] to %value signals %vf[%n] : …
    } consume {
      tile.await %kf[%n] : !tile.barriers<2>
      …
      tile.release %ke[%n] : !tile.barriers<2>
    }
    ```
  }];
  let arguments = (ins StrArrayAttr:$names);
  let regions = (region VariadicRegion<SizedRegion<1>>:$programs);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::mlir::ArrayAttr":$names)>];
  let extraClassDeclaration = [{
    ::mlir::MutableArrayRef<::mlir::Region> getProducers() {
      return getPrograms().drop_back();
    }
    ::mlir::Region &getConsumer() { return getPrograms().back(); }
  }];
}

class Tile_BarrierForEachSlot<string barriers>
    : TypesMatchWith<"a barrier for each slot", "ring", barriers,
                     "BarriersType::get($_self.getContext(), "
                     "::llvm::cast<SharedType>($_self).getSlots())">;

def Tile_ChannelOp : Tile_Op<"channel", [
    Tile_BarrierForEachSlot<"full">, Tile_BarrierForEachSlot<"empty">]> {
  let summary = "Makes a ring of tiles with barriers between its two sides.";
  let description = [{
    Producers fill slots of the ring with `tile.fetch`, which arrives at `full`;
    each of the `consumers` warps arrives at `empty` when it is done with a slot.
    The barriers have phases: use n of the ring is of slot n mod slots, and of
    phase n / slots of that slot's barriers. Created by `tile-specialize-warps`.
    `tile-allocate-shared` writes the offsets of ring, full and empty.

    ```mlir
    %ring, %full, %empty = tile.channel consumers = 8 : !tile.shared<2x64x128xbf16, swizzle = 128>
    ```
  }];
  let arguments = (ins ConfinedAttr<I64Attr, [IntPositive]>:$consumers,
                       OptionalAttr<DenseI64ArrayAttr>:$offsets);
  let results = (outs
      Res<Tile_SharedType, "", [MemAlloc<Tile_SharedMemory>]>:$ring,
      Res<Tile_BarriersType, "", [MemAlloc<Tile_ChannelBarriers>]>:$full,
      Res<Tile_BarriersType, "", [MemAlloc<Tile_ChannelBarriers>]>:$empty);
  let assemblyFormat = [{
    `consumers` `=` $consumers (`at` $offsets^)? attr-dict `:` type($ring)
  }];
  let hasVerifier = 1;
}

class Tile_BarrierUseOp<string opMnemonic, list<SideEffect> effects>
    : Tile_Op<opMnemonic> {
  let arguments = (ins Arg<Tile_BarriersType, "", effects>:$barriers, Index:$use);
  let assemblyFormat = "$barriers `[` $use `]` attr-dict `:` type($barriers)";
}

class Tile_BarrierWaitOp<string opMnemonic>
    : Tile_BarrierUseOp<opMnemonic, [MemRead<Tile_ChannelBarriers>,
                                     MemWrite<Tile_ChannelBarriers>]>;

def Tile_AwaitOp : Tile_BarrierWaitOp<"await"> {
  let summary = "Waits until a use of a ring's slot is complete.";
  let description = [{
    Everything that came before the arrivals of that phase is visible after it,
    and so is everything that was fetched.
  }];
}

def Tile_AcquireOp : Tile_BarrierWaitOp<"acquire"> {
  let summary = "Waits until the slot's use before this one is complete.";
  let description = [{
    It waits as `tile.await` of use n - slots does; the first use of each slot has
    nothing to wait for.
  }];
}

def Tile_ReleaseOp : Tile_BarrierUseOp<"release",
                                       [MemWrite<Tile_ChannelBarriers>]> {
  let summary = "Signals that a warp is done with a use.";
  let description = [{ Each warp arrives once. }];
}

def Tile_FetchOp : Tile_Op<"fetch"> {
  let summary = "Starts an engine copy that signals a barrier.";
  let description = [{
    Elements are read, or are zero, as for `tile.load`. One thread starts the copy
    and arrives at use `use` of `barriers`, whose phase ends when the tile is
    complete.
  }];
  let arguments = (ins Arg<Tile_Memory, "", [MemRead]>:$source,
                       Variadic<Index>:$indices, Tile_WrittenShared:$dest,
                       Arg<Tile_BarriersType, "",
                           [MemWrite<Tile_ChannelBarriers>]>:$barriers,
                       Index:$use, OptionalAttr<DenseI64ArrayAttr>:$box);
  let assemblyFormat = [{
    $source `[` $indices `]` (`box` `=` $box^)? `to` $dest `signals` $barriers
    `[` $use `]` attr-dict `:` type($source) `to` type($dest) `,` type($barriers)
  }];
  let hasVerifier = 1;
}

def Tile_SendOp : Tile_Op<"send"> {
  let summary = "Copies each warp's rows of a tile to global memory by an engine.";
  let description = [{
    A warp copies the rows that it wrote with `tile.put`, and goes on when they
    have been read. Elements are dropped as for `tile.store`.
  }];
  let arguments = (ins Tile_ReadShared:$source,
                       Arg<Tile_Memory, "", [MemWrite]>:$dest,
                       Variadic<Index>:$indices,
                       OptionalAttr<DenseI64ArrayAttr>:$box);
  let assemblyFormat = [{
    $source `to` $dest `[` $indices `]` (`box` `=` $box^)? attr-dict `:`
    type($source) `to` type($dest)
  }];
  let hasVerifier = 1;
}

def Tile_ReuseOp : Tile_Op<"reuse", [Pure]> {
  let summary = "Views a shared tile as another tile type.";
  let description = [{
    Both types have panels of the same width and the same number of rows, so that
    a row of one lies in the place of the same row of the other. Created by
    `tile-specialize-warps` where results go where the query was.
  }];
  let arguments = (ins Tile_SharedType:$source);
  let results = (outs Tile_SharedType:$result);
  let assemblyFormat = "$source attr-dict `:` type($source) `to` type($result)";
  let hasVerifier = 1;
}

def Tile_WarpgroupIdOp : Tile_Op<"warpgroup_id", [Pure]> {
  let summary = "Returns the index of the warpgroup among those that compute.";
  let results = (outs Index:$result);
  let assemblyFormat = "attr-dict";
}

def Tile_TakeTurnOp : Tile_Op<"take_turn", [
    Tile_Waits<Tile_WarpgroupTurns>]> {
  let summary = "Waits until the warpgroup before this one passes the turn.";
  let description = [{
    One of a CTA's warpgroups at a time is between this and `tile.pass_turn`, in
    the order of their numbers; the first one follows the last. Inserted by
    `tile-take-turns`.
  }];
  let assemblyFormat = "attr-dict";
}

def Tile_PassTurnOp : Tile_Op<"pass_turn", [
    MemoryEffects<[MemWrite<Tile_WarpgroupTurns>]>]> {
  let summary = "Passes the turn to the next warpgroup.";
  let description = [{
    `computed` names the tiles that must be computed before the turn is passed.
  }];
  let arguments = (ins Variadic<Tile_TileType>:$computed);
  let assemblyFormat = [{
    (`computed` `(` $computed^ `:` type($computed) `)`)? attr-dict
  }];
}

def Tile_TensorMapOp : Tile_Op<"tensor_map", [Pure]> {
  let summary = "Describes a tensor to copy engines.";
  let description = [{
    It stands in the host function and is an operand of `tile.launch`. Addresses
    and strides must be multiples of 16 bytes, which is checked when the function is called.
    Dimension i of the map is dimension `permutation[i]` of the tensor, the last
    one the last. Created by `tile-make-tensor-maps`.

    ```mlir
    %map = tile.tensor_map %k permutation = [0, 2, 1, 3] : tensor<?x?x?x128xbf16>
        -> !tile.tensor_map<1x1x128x64xbf16, swizzle = 128>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$tensor,
                       OptionalAttr<DenseI64ArrayAttr>:$permutation);
  let results = (outs Tile_TensorMapType:$result);
  let assemblyFormat = [{
    $tensor (`permutation` `=` $permutation^)? attr-dict `:` type($tensor) `->`
    type($result)
  }];
  let hasVerifier = 1;
}

#endif // ATTN_DIALECT_TILE_IR_TILEOPS_TD
