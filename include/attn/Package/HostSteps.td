//===- HostSteps.td - What an operation is in an entry --------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_PACKAGE_HOSTSTEPS_TD
#define ATTN_PACKAGE_HOSTSTEPS_TD

include "mlir/IR/OpBase.td"

def HostStep : OpInterface<"HostStep"> {
  let description = [{
    An operation that a function which launches kernels may consist of. The entry
    is written operation by operation: each emits what it does on the host. Operations of
    any dialect take part with an external model; see HostSteps.cpp.
  }];
  let cppNamespace = "::attn";
  let methods = [
    InterfaceMethod<[{
      Emits the operation into the entry, or fails with an error on it.
    }], "::mlir::LogicalResult", "emitStep", (ins "::attn::HostEntry &":$entry)>
  ];
}

def HostView : OpInterface<"HostView"> {
  let description = [{
    An operation whose result is the memory of its first operand with other
    dimensions: nothing is copied and nothing is written.
  }];
  let cppNamespace = "::attn";
  let methods = [
    InterfaceMethod<[{
      Address, dimensions and strides of the result, where those of the operand
      are `from`.
    }], "::attn::TensorParts", "emitView",
      (ins "::attn::HostEntry &":$entry, "::attn::TensorParts":$from)>
  ];
}

def HostWork : OpInterface<"HostWork"> {
  let description = [{
    An operation that queues work on the caller's stream: a launch, and later a
    call of a library. Each result is the memory of one destination operand,
    filled. The entry allocates or checks that memory before `emitWork`.
  }];
  let cppNamespace = "::attn";
  let methods = [
    InterfaceMethod<[{
      The operand that the result fills.
    }], "::mlir::Value", "getDestination", (ins "unsigned":$result)>,
    InterfaceMethod<[{
      Bytes that the address and every stride of this destination must be a
      multiple of.
    }], "uint32_t", "getDestinationAlignment", (ins "unsigned":$result)>,
    InterfaceMethod<[{
      Emits the call that queues the work.
    }], "::mlir::LogicalResult", "emitWork", (ins "::attn::HostEntry &":$entry)>
  ];
}

#endif // ATTN_PACKAGE_HOSTSTEPS_TD
