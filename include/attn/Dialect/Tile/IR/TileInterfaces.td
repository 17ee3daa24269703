//===- TileInterfaces.td - What schedules have in common ---*- tablegen -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_TILE_IR_TILEINTERFACES_TD
#define ATTN_DIALECT_TILE_IR_TILEINTERFACES_TD

include "mlir/IR/Interfaces.td"

def Tile_KernelSchedule : AttrInterface<"KernelSchedule"> {
  let cppNamespace = "::attn::tile";
  let description = [{
    What the schedule of every kernel says, whatever the kernel computes.
  }];
  let methods = [
    InterfaceMethod<"Returns how many warps compute.",
                    "int64_t", "getWarps">,
    InterfaceMethod<"Returns how many warps only copy.",
                    "int64_t", "getProducers">,
    InterfaceMethod<"Returns how many rows one CTA computes.",
                    "int64_t", "getTileRows">,
    InterfaceMethod<"Returns how many rows of a result a tile has along the last "
                    "dimension that counts rows: the rows of one head.",
                    "int64_t", "getRowsPerTile">,
    InterfaceMethod<"Returns the keys that the text shows, with their values.",
                    "::llvm::SmallVector<std::pair<::llvm::StringRef, int64_t>>",
                    "getKeyValues">,
    InterfaceMethod<"Returns the text of packages and reports: \"q=128,kv=64,…\".",
                    "std::string", "toFlag">,
  ];
}

#endif // ATTN_DIALECT_TILE_IR_TILEINTERFACES_TD
