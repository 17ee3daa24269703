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

def Tile_TileType : StaticShapeTensorOf<[AnyType]>;
def Tile_Operand : AnyTypeOf<[Tile_TileType, Tile_SharedType]>;

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

def Tile_KernelOp : Tile_Op<"kernel", [
    IsolatedFromAbove, FunctionOpInterface, AutomaticAllocationScope]> {
  let summary = "is the program of one CTA";
  let description = [{
    Arguments are the tensors' memrefs (any strides but an innermost one of 1),
    maps of tensors, and scalars of type `index`. `schedule` says how, `target` for which chip.
    `shared_bytes` is written by `tile-allocate-shared`. Created by
    `convert-attn-to-tile`; `convert-tile-to-nvvm` makes it an `llvm.func`.

    ```mlir
    tile.kernel @scale(%in: memref<?x?x64xf32, strided<[?, ?, 1], offset: ?>>)
        attributes {schedule = #tile.schedule<q = 64, kv = 64, warps = 4, stages = 2>,
                    target = "sm_80"} {
      tile.return
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
      TypeAttrOf<FunctionType>:$function_type,
      Tile_KernelSchedule:$schedule, StrAttr:$target,
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
    /// True if no MMA decides on layouts: tiles are loaded, and none is
    /// multiplied.
    bool hasBlockedTiles();
    /// True if some warps only copy.
    bool isSpecialized() { return getSchedule().getProducers() != 0; }
    /// Null where the kernel computes no attention.
    ScheduleAttr getAttentionSchedule() {
      return ::llvm::dyn_cast<ScheduleAttr>(getSchedule());
    }
  }];
  let hasVerifier = 1;
}

def Tile_ReturnOp : Tile_Op<"return", [
    Pure, HasParent<"KernelOp">, Terminator, ReturnLike]> {
  let summary = "ends a kernel";
  let assemblyFormat = "attr-dict";
}

def Tile_LaunchOp : Tile_Op<"launch", [
    DestinationStyleOpInterface, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>, Pure]> {
  let summary = "runs a kernel over a grid";
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
  let summary = "is the CTA's index along a dimension of the grid";
  let arguments = (ins Tile_GridDimAttr:$dim);
  let results = (outs Index:$result);
  let assemblyFormat = "$dim attr-dict";
}

def Tile_GridDimOp : Tile_Op<"grid_dim", [Pure]> {
  let summary = "is the number of CTAs along a dimension of the grid";
  let arguments = (ins Tile_GridDimAttr:$dim);
  let results = (outs Index:$result);
  let assemblyFormat = "$dim attr-dict";
}

def Tile_MultiprocessorsOp : Tile_Op<"multiprocessors", [Pure]> {
  let summary = "is how many multiprocessors the device has";
  let description = [{ In the host function; asked when it is called. }];
  let results = (outs Index:$result);
  let assemblyFormat = "attr-dict";
}

//===----------------------------------------------------------------------===//
// Global memory
//===----------------------------------------------------------------------===//

def Tile_LoadOp : Tile_Op<"load", [
    MemoryEffects<[MemRead]>]> {
  let summary = "reads a tile from global memory";
  let description = [{
    The indices name the first row; the last dimension is read from its start. A
    row vector `tensor<Mx1xT>` is read from a memref whose last dimension is the
    rows.
    Rows follow one another in the last index, or in all that `box` says: as
    many of each index, the last one fastest.
    Elements outside the memref, rows and columns alike, are zero and are not
    read: that is how ragged edges and head dimensions that are no multiple of
    an MMA step are met. `tile-stage-operands` sends operands of `tile.dot`
    through shared memory.

    ```mlir
    %k = tile.load %K[%b, %h, %j] : memref<?x?x?x80xbf16, strided<[?, ?, ?, 1], offset: ?>>
        -> tensor<64x80xbf16>
    // Row r is that of query i + r / 8 in head g + r % 8 of a group.
    %q = tile.load %Q[%b, %h, %i, %g] box = [1, 1, 8, 8] : memref<?x?x?x?x80xbf16, …>
        -> tensor<64x80xbf16>
    ```
  }];
  let arguments = (ins AnyMemRef:$source,
                       Variadic<Index>:$indices,
                       OptionalAttr<DenseI64ArrayAttr>:$box);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = [{
    $source `[` $indices `]` (`box` `=` $box^)? attr-dict `:` type($source) `->`
    type($result)
  }];
  let builders = [OpBuilder<(ins "::mlir::Type":$result, "::mlir::Value":$source,
                                 "::mlir::ValueRange":$indices), [{
    build($_builder, $_state, result, source, indices,
          ::mlir::DenseI64ArrayAttr());
  }]>];
  let hasVerifier = 1;
}

def Tile_StoreOp : Tile_Op<"store", [
    MemoryEffects<[MemWrite]>]> {
  let summary = "writes a tile to global memory";
  let description = [{
    The indices name the first row. Elements outside the memref are dropped. A
    row vector `tensor<Mx1xT>` is written to a memref whose last dimension is
    the rows. `box` is as in `tile.load`.
  }];
  let arguments = (ins Tile_TileType:$value, AnyMemRef:$dest,
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
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Arithmetic that arith and math lack
//===----------------------------------------------------------------------===//

def Tile_DotOp : Tile_Op<"dot", [
    AllTypesMatch<["acc", "result"]>,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "multiplies two tiles and adds a third";
  let description = [{
    `result = a * b + acc`, or `a * b^T + acc` with `transpose_b`, in the
    accumulator's type. The inner dimension is a multiple of 16. Operands are
    values or tiles in shared memory, which it then reads. With `async`, the
    product is only started: the result may be used by `tile.wait_dots` alone,
    and until then operands in shared memory must not change.

    ```mlir
    %s = tile.dot %q, %k, %zero transpose_b
        : tensor<64x128xbf16>, tensor<64x128xbf16>, tensor<64x64xf32>
    ```
  }];
  let arguments = (ins Tile_Operand:$a, Tile_Operand:$b, Tile_TileType:$acc,
                       UnitAttr:$transpose_b, UnitAttr:$async);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = [{
    $a `,` $b `,` $acc (`transpose_b` $transpose_b^)? (`async` $async^)?
    attr-dict `:` type($a) `,` type($b) `,` type($acc)
  }];
  let hasVerifier = 1;
}

def Tile_WaitDotsOp : Tile_Op<"wait_dots", [
    AllTypesMatch<["started", "result"]>,
    MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "is the result of a product that was started";
  let description = [{
    Waits until at most `pending` products are in flight, of those started so
    far; the one that is named must be among the others. `computed` is what has
    to be computed before the wait, while the product is, and not behind it.

    ```mlir
    %started = tile.dot %q, %k, %zero transpose_b async : …
    %s = tile.wait_dots %started pending = 0 : tensor<128x128xf32>
    ```
  }];
  let arguments = (ins Tile_TileType:$started,
                       Variadic<Tile_TileType>:$computed,
                       ConfinedAttr<I64Attr, [IntNonNegative]>:$pending);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = [{
    $started `pending` `=` $pending
    (`computed` `(` $computed^ `:` type($computed) `)`)? attr-dict `:`
    type($started)
  }];
}

def Tile_ReduceOp : Tile_Op<"reduce", [Pure]> {
  let summary = "combines the columns of each row";
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
  let summary = "combines the columns of each row to four";
  let description = [{
    `tensor<MxNxT>` to `tensor<Mx4xT>`, N a multiple of 8: column c of the
    result combines columns 2c and 2c + 1 of every block of eight. Those are
    what one lane of a quad holds of an MMA atom, so no element changes its
    thread, which is how row sums stay partial inside a loop and are reduced
    across lanes once after it.

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

def Tile_BroadcastOp : Tile_Op<"broadcast", [Pure]> {
  let summary = "repeats a row or column vector";
  let description = [{
    `tensor<Mx1xT>` or `tensor<1xNxT>` to `tensor<MxNxT>`.
  }];
  let arguments = (ins Tile_TileType:$input);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def Tile_IotaOp : Tile_Op<"iota", [Pure]> {
  let summary = "counts along a vector";
  let description = [{
    `tensor<Mx1xi32>` or `tensor<1xNxi32>` whose k-th element is k, or k /
    `repeat`, so that each number stands so many times.
  }];
  let arguments = (ins DefaultValuedOptionalAttr<
      ConfinedAttr<I64Attr, [IntPositive]>, "1">:$repeat);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = [{
    (`repeat` `=` $repeat^)? attr-dict `:` type($result)
  }];
  let hasVerifier = 1;
}

def Tile_DeinterleaveOp : Tile_Op<"deinterleave", [
    Pure, AllTypesMatch<["even", "odd"]>]> {
  let summary = "parts even from odd columns";
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
  let summary = "takes columns from two tiles in turn";
  let description = [{ The inverse of `tile.deinterleave`. }];
  let arguments = (ins Tile_TileType:$even, Tile_TileType:$odd);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = [{
    $even `,` $odd attr-dict `:` type($even) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Tile_ConvertLayoutOp : Tile_Op<"convert_layout", [
    Pure, SameOperandsAndResultShape, SameOperandsAndResultElementType]> {
  let summary = "gives elements to other threads";
  let description = [{
    Inserted by `tile-assign-layouts` where an operation needs its operand in a
    layout of its own.
  }];
  let arguments = (ins Tile_TileType:$input);
  let results = (outs Tile_TileType:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
}

//===----------------------------------------------------------------------===//
// Shared memory, asynchronous copies, synchronisation
//===----------------------------------------------------------------------===//

def Tile_AllocOp : Tile_Op<"alloc", [
    MemoryEffects<[MemAlloc]>]> {
  let summary = "reserves shared memory";
  let description = [{
    Created by `tile-stage-operands` and `tile-stage-stores`.
    `tile-allocate-shared` writes `offset`, in bytes from the start of the
    CTA's dynamic shared memory; buffers that are not used at the same time may
    share a place.
  }];
  let arguments = (ins OptionalAttr<I64Attr>:$offset);
  let results = (outs Tile_SharedType:$result);
  let assemblyFormat = "(`at` $offset^)? attr-dict `:` type($result)";
}

def Tile_SlotOp : Tile_Op<"slot", [
    Pure, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "is one tile of a ring";
  let description = [{
    The index must be less than the ring's number of slots.
  }];
  let arguments = (ins Tile_SharedType:$ring, Index:$index);
  let results = (outs Tile_SharedType:$result);
  let assemblyFormat = "$ring `[` $index `]` attr-dict `:` type($ring)";
  let hasVerifier = 1;
}

def Tile_CopyAsyncOp : Tile_Op<"copy_async", [
    MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "starts copying a tile from global to shared memory";
  let description = [{
    What is read, and what is zero, is as for `tile.load`. All threads take
    part. The data is there, for the thread that copied it, after a
    `tile.wait_copies` that covers the group of its `tile.commit_copies`; for
    the other threads after a `tile.barrier` behind that wait.
  }];
  let arguments = (ins AnyMemRef:$source, Variadic<Index>:$indices,
                       Tile_SharedType:$dest,
                       OptionalAttr<DenseI64ArrayAttr>:$box);
  let assemblyFormat = [{
    $source `[` $indices `]` (`box` `=` $box^)? `to` $dest attr-dict `:`
    type($source) `to` type($dest)
  }];
  let hasVerifier = 1;
}

def Tile_PutOp : Tile_Op<"put", [
    MemoryEffects<[MemWrite]>]> {
  let summary = "writes a tile to shared memory";
  let description = [{
    Each thread writes what it holds. The other threads see it after a
    `tile.barrier`. Created by `tile-stage-stores`.
  }];
  let arguments = (ins Tile_TileType:$value, Tile_SharedType:$dest);
  let assemblyFormat = [{
    $value `to` $dest attr-dict `:` type($value) `to` type($dest)
  }];
  let hasVerifier = 1;
}

def Tile_CopyOutOp : Tile_Op<"copy_out", [
    MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "copies a tile from shared to global memory";
  let description = [{
    What is dropped is as for `tile.store`. All threads take part. Created by
    `tile-stage-stores`.
  }];
  let arguments = (ins Tile_SharedType:$source, AnyMemRef:$dest,
                       Variadic<Index>:$indices,
                       OptionalAttr<DenseI64ArrayAttr>:$box);
  let assemblyFormat = [{
    $source `to` $dest `[` $indices `]` (`box` `=` $box^)? attr-dict `:`
    type($source) `to` type($dest)
  }];
  let hasVerifier = 1;
}

def Tile_CommitCopiesOp : Tile_Op<"commit_copies", [
    MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "closes a group of copies";
  let description = [{
    Every thread's copies since the last commit, possibly none, are one group.
  }];
  let assemblyFormat = "attr-dict";
}

def Tile_WaitCopiesOp : Tile_Op<"wait_copies", [
    MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "waits until at most `pending` groups are in flight";
  let arguments = (ins ConfinedAttr<I64Attr, [IntNonNegative]>:$pending);
  let assemblyFormat = "`pending` `=` $pending attr-dict";
}

def Tile_BarrierOp : Tile_Op<"barrier", [
    MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "is where all threads of the CTA meet";
  let description = [{
    Shared memory written before it is visible to all after it. Inserted by
    `tile-insert-barriers`.
  }];
  let assemblyFormat = "attr-dict";
}

def Tile_FragmentOp : Tile_Op<"fragment", [
    MemoryEffects<[MemRead]>]> {
  let summary = "reads an operand of `tile.dot` from shared memory";
  let description = [{
    Placed before a loop by `tile-stage-operands` where registers hold the
    operand for the whole loop.
  }];
  let arguments = (ins Tile_SharedType:$source);
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
  let summary = "gives warps different programs";
  let description = [{
    One thread of the schedule's producer warps runs the first region, all other
    warps the second. Before either, all threads meet, and barriers are
    there. Created by `tile-specialize-warps`; nothing follows it but the
    kernel's end.

    ```mlir
    tile.roles produce {
      tile.acquire %empty[%n] : !tile.barriers<2>
      tile.fetch %K[%b, %h, %j] to %slot signals %full[%n] : …
    } consume {
      tile.await %full[%n] : !tile.barriers<2>
      …
      tile.release %empty[%n] : !tile.barriers<2>
    }
    ```
  }];
  let regions = (region SizedRegion<1>:$producer, SizedRegion<1>:$consumer);
  let assemblyFormat = "`produce` $producer `consume` $consumer attr-dict";
}

def Tile_AllocBarriersOp : Tile_Op<"alloc_barriers", [
    MemoryEffects<[MemAlloc]>]> {
  let summary = "makes barriers in shared memory";
  let description = [{
    A phase ends when `arrivals` have come, and all bytes that a `tile.fetch` in
    it copies. `tile-allocate-shared` writes `offset`, in bytes.
  }];
  let arguments = (ins ConfinedAttr<I64Attr, [IntPositive]>:$arrivals,
                       OptionalAttr<I64Attr>:$offset);
  let results = (outs Tile_BarriersType:$result);
  let assemblyFormat = [{
    `arrivals` `=` $arrivals (`at` $offset^)? attr-dict `:` type($result)
  }];
}

class Tile_BarrierUseOp<string opMnemonic>
    : Tile_Op<opMnemonic, [MemoryEffects<[MemRead, MemWrite]>]> {
  let arguments = (ins Tile_BarriersType:$barriers, Index:$use);
  let assemblyFormat = "$barriers `[` $use `]` attr-dict `:` type($barriers)";
}

def Tile_AwaitOp : Tile_BarrierUseOp<"await"> {
  let summary = "waits until a use of a ring's slot is complete";
  let description = [{
    What came before the arrivals of that phase is visible behind it, and so is
    what was fetched.
  }];
}

def Tile_AcquireOp : Tile_BarrierUseOp<"acquire"> {
  let summary = "waits until the use before is complete";
  let description = [{
    As `tile.await` of use n - slots; the first use of each slot has nothing to
    wait for.
  }];
}

def Tile_ReleaseOp : Tile_BarrierUseOp<"release"> {
  let summary = "says that a warp is done with a use";
  let description = [{ Each warp arrives once. }];
}

def Tile_FetchOp : Tile_Op<"fetch", [
    MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "has a tile copied to shared memory, and a barrier told";
  let description = [{
    What is read, and what is zero, is as for `tile.load`. One thread starts it
    and arrives at use `use` of `barriers`, whose phase ends when the tile is
    there.
  }];
  let arguments = (ins Tile_Memory:$source, Variadic<Index>:$indices,
                       Tile_SharedType:$dest, Tile_BarriersType:$barriers,
                       Index:$use, OptionalAttr<DenseI64ArrayAttr>:$box);
  let assemblyFormat = [{
    $source `[` $indices `]` (`box` `=` $box^)? `to` $dest `signals` $barriers
    `[` $use `]` attr-dict `:` type($source) `to` type($dest) `,` type($barriers)
  }];
  let hasVerifier = 1;
}

def Tile_SendOp : Tile_Op<"send", [
    MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "has each warp's rows of a tile copied to global memory";
  let description = [{
    A warp sends the rows that it wrote with `tile.put`, and goes on when they
    have been read. What is dropped is as for `tile.store`.
  }];
  let arguments = (ins Tile_SharedType:$source, Tile_Memory:$dest,
                       Variadic<Index>:$indices,
                       OptionalAttr<DenseI64ArrayAttr>:$box);
  let assemblyFormat = [{
    $source `to` $dest `[` $indices `]` (`box` `=` $box^)? attr-dict `:`
    type($source) `to` type($dest)
  }];
  let hasVerifier = 1;
}

def Tile_ReuseOp : Tile_Op<"reuse", [Pure]> {
  let summary = "is another tile in the place of one";
  let description = [{
    Both have panels of one width and as many rows, so that a row of the one lies
    in the place of the same row of the other. Created by
    `tile-specialize-warps` where results go where the query was.
  }];
  let arguments = (ins Tile_SharedType:$source);
  let results = (outs Tile_SharedType:$result);
  let assemblyFormat = "$source attr-dict `:` type($source) `to` type($result)";
  let hasVerifier = 1;
}

def Tile_WarpgroupIdOp : Tile_Op<"warpgroup_id", [Pure]> {
  let summary = "is the index of the warpgroup among those that compute";
  let results = (outs Index:$result);
  let assemblyFormat = "attr-dict";
}

def Tile_TakeTurnOp : Tile_Op<"take_turn", [
    MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "waits until the warpgroup before this one passes the turn";
  let description = [{
    Of a CTA's warpgroups, one at a time is between this and `tile.pass_turn`, in
    the order of their numbers, around and around. Inserted by `tile-take-turns`.
  }];
  let assemblyFormat = "attr-dict";
}

def Tile_PassTurnOp : Tile_Op<"pass_turn", [
    MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "lets the next warpgroup take its turn, after the last the first";
  let description = [{
    `computed` is what has to be computed before.
  }];
  let arguments = (ins Variadic<Tile_TileType>:$computed);
  let assemblyFormat = [{
    (`computed` `(` $computed^ `:` type($computed) `)`)? attr-dict
  }];
}

def Tile_TensorMapOp : Tile_Op<"tensor_map", [Pure]> {
  let summary = "describes a tensor to copy engines";
  let description = [{
    In the host function, an operand of `tile.launch`. Addresses and strides
    must be multiples of 16 bytes, which is checked when the function is called.
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
