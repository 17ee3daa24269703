//===- Interfaces.td - What becomes launches ---------------*- tablegen -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_CONVERSION_ATTNTOTILE_INTERFACES_TD
#define ATTN_CONVERSION_ATTNTOTILE_INTERFACES_TD

include "mlir/IR/Interfaces.td"

def AttnToTile_LaunchableOp : OpInterface<"LaunchableOp"> {
  let cppNamespace = "::attn";
  let description = [{
    An operation that becomes kernels and launches of them. Operations of the attn
    dialect implement it by external models, since only this conversion knows
    kernels.
  }];
  let methods = [
    InterfaceMethod<[{
      Makes the kernels, and launches before the operation that take its place in
      the function. The operation has a schedule and a target, and its results are
      not used when the method returns.
    }], "void", "launch", (ins "::attn::FunctionLowering &":$lowering)>
  ];
}

#endif // ATTN_CONVERSION_ATTNTOTILE_INTERFACES_TD
