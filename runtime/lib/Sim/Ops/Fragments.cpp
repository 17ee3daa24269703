//===- Fragments.cpp - Matrices in the registers of a warp ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ops/Fragments.h"

#include <algorithm>
#include <cstdio>

namespace attnrt::sim::ATTNRT_SIM_ISA {

unsigned bitsOf(Element element) {
  switch (element) {
  case Element::U8:
  case Element::S8:
    return 8;
  case Element::U4:
  case Element::S4:
    return 4;
  case Element::B1:
    return 1;
  case Element::F16:
  case Element::BF16:
    return 16;
  case Element::F64:
    return 64;
  default:
    return 32;
  }
}

MatrixShape shapeOf(const Match &match) {
  MatrixShape shape;
  for (std::string_view word : match.modifiers)
    if (std::sscanf(std::string(word).c_str(), "m%un%uk%u", &shape.m, &shape.n,
                    &shape.k) == 3)
      break;
  return shape;
}

int32_t integerAt(Element element, uint32_t word, unsigned e) {
  switch (element) {
  case Element::U8:
    return word >> (8 * e) & 0xff;
  case Element::S8:
    return static_cast<int8_t>(word >> (8 * e));
  case Element::U4:
    return word >> (4 * e) & 0xf;
  case Element::S4:
    return int32_t(word << (28 - 4 * e)) >> 28;
  default:
    return word >> e & 1;
  }
}

void IntegerProduct::run() {
  for (unsigned i = 0; i < shape.m; ++i)
    for (unsigned j = 0; j < shape.n; ++j) {
      int64_t sum = c[i][j];
      for (unsigned k = 0; k < shape.k; ++k)
        sum += how == Times ? int64_t(a[i][k]) * b[k][j]
               : how == Xor ? a[i][k] ^ b[k][j]
                            : a[i][k] & b[k][j];
      if (saturates)
        sum = std::clamp<int64_t>(sum, INT32_MIN, INT32_MAX);
      c[i][j] = static_cast<int32_t>(static_cast<uint32_t>(sum));
    }
}

void demandOperands(Warp &warp, const Op &op, uint32_t mask, unsigned first) {
  const uint16_t *list = &warp.cta.launch.kernel.pool[op.list];
  uint32_t poison = 0;
  for (unsigned i = first; i < op.count; ++i)
    poison |= warp.poison[list[i]];
  if (!(poison & mask))
    return;
  demandDefined(warp, op, mask, poison, "mma operand");
  for (unsigned i = 0; i < op.count; ++i)
    warp.setPoison(list[i], mask, 0);
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
