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
  let extraSharedClassDeclaration = [{
    /// Threads of one warp.
    static constexpr int64_t kWarpSize = 32;
    /// Warps that multiply together on chips where more than one does.
    static constexpr int64_t kWarpgroup = 4;
    /// Threads of the warps that compute.
    int64_t getThreads() const { return $_attr.getWarps() * kWarpSize; }
    /// Threads of the CTA.
    int64_t getAllThreads() const {
      return ($_attr.getWarps() + $_attr.getProducers()) * kWarpSize;
    }
    int64_t getWarpgroups() const { return $_attr.getWarps() / kWarpgroup; }
    int64_t getRowsPerWarp() const {
      return $_attr.getTileRows() / $_attr.getWarps();
    }
  }];
}

#endif // ATTN_DIALECT_TILE_IR_TILEINTERFACES_TD
