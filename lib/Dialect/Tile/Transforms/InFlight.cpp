//===- InFlight.cpp - Products that run -----------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "InFlight.h"

using namespace mlir;
using namespace attn::tile;

bool InFlight::isWaitedFor(DotOp original) const {
  return llvm::all_of(products, [&](const Product &product) {
    return product.original != original || product.isDone;
  });
}

Value InFlight::wait(OpBuilder &builder, DotOp original, ValueRange computed) {
  auto *product = llvm::find_if(products, [&](const Product &candidate) {
    return candidate.original == original;
  });
  product->isDone = true;
  int64_t behind = products.end() - product - 1;
  return WaitDotsOp::create(builder, product->started.getLoc(),
                            product->started, computed, behind);
}

SmallVector<DotOp> InFlight::notWaitedFor() const {
  SmallVector<DotOp> originals;
  for (const Product &product : products)
    if (!product.isDone)
      originals.push_back(product.original);
  return originals;
}
