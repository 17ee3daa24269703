//===- MmaTypes.cpp - Element types as products take them -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "attn/Dialect/Tile/IR/MmaTypes.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

std::optional<attn::MmaType> attn::tile::mmaTypeOf(Type element) {
  return llvm::TypeSwitch<Type, std::optional<MmaType>>(element)
      .Case([](Float16Type) { return MmaType::F16; })
      .Case([](BFloat16Type) { return MmaType::BF16; })
      .Case([](Float32Type) { return MmaType::TF32; })
      .Case([](Float8E4M3FNType) { return MmaType::E4M3; })
      .Case([](Float8E5M2Type) { return MmaType::E5M2; })
      .Default([](Type) { return std::nullopt; });
}
