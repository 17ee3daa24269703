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

Value InFlight::wait(OpBuilder &builder, DotOp original,
                     ArrayRef<std::pair<Value, int64_t>> computed) {
  auto *product = llvm::find_if(products, [&](const Product &candidate) {
    return candidate.original == original;
  });
  product->isDone = true;
  int64_t behind = products.end() - product - 1;
  auto shares = llvm::to_vector(llvm::make_second_range(computed));
  bool areWhole =
      llvm::all_equal(shares) && (shares.empty() || shares[0] == 100);
  return WaitDotsOp::create(
      builder, product->started.getLoc(), product->started,
      llvm::to_vector(llvm::make_first_range(computed)), behind,
      areWhole ? DenseI64ArrayAttr() : builder.getDenseI64ArrayAttr(shares));
}

SmallVector<DotOp> InFlight::notWaitedFor() const {
  SmallVector<DotOp> originals;
  for (const Product &product : products)
    if (!product.isDone)
      originals.push_back(product.original);
  return originals;
}
