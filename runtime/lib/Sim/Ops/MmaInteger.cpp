//===- MmaInteger.cpp - mma of integers, bits and f64 ---------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ops/Collective.h"
#include "Ops/Fragments.h"

#include <cmath>

namespace attnrt::sim::ATTNRT_SIM_ISA {

namespace {

/// What op.imm2 says of an instruction.
struct Form {
  MatrixShape shape;
  Element a, b;
  bool saturates;
  uint8_t how;
};

int64_t packed(const Form &form) {
  return form.shape.m | form.shape.n << 8 | int64_t(form.shape.k) << 16 |
         int64_t(form.a) << 32 | int64_t(form.b) << 36 |
         int64_t(form.saturates) << 40 | int64_t(form.how) << 41;
}

Form formOf(const Op &op) {
  uint64_t bits = static_cast<uint64_t>(op.imm2);
  return {{unsigned(bits & 0xff), unsigned(bits >> 8 & 0xff),
           unsigned(bits >> 16 & 0xffff)},
          Element(bits >> 32 & 0xf),
          Element(bits >> 36 & 0xf),
          (bits >> 40 & 1) != 0,
          uint8_t(bits >> 41 & 3)};
}

/// A thread's registers hold elements that lie side by side along K; groups of
/// four threads share a row of A and a column of B. Every second register of A
/// is eight rows below, the next two are behind along K.
template <typename Read>
void readOperands(const Form &form, unsigned perRegister, unsigned registersA,
                  unsigned registersB, Read read) {
  unsigned tall = form.shape.m / 8;
  for (unsigned lane = 0; lane < 32; ++lane) {
    unsigned group = lane / 4, depth = lane % 4 * perRegister;
    for (unsigned r = 0; r < registersA; ++r)
      for (unsigned e = 0; e < perRegister; ++e)
        read(false, r, lane, e, group + r % tall * 8,
             depth + e + r / tall * 4 * perRegister);
    for (unsigned r = 0; r < registersB; ++r)
      for (unsigned e = 0; e < perRegister; ++e)
        read(true, r, lane, e, depth + e + r * 4 * perRegister, group);
  }
}

/// Row and column of a thread's accumulator.
unsigned rowOf(unsigned lane, unsigned r) { return lane / 4 + r / 2 * 8; }
unsigned columnOf(unsigned lane, unsigned r) { return lane % 4 * 2 + r % 2; }

Step mmaInteger(Warp &warp, const Op &op, uint32_t mask) {
  if (!gatherWarp(warp, op, mask))
    return Step::Moved;
  static thread_local IntegerProduct product;
  const uint16_t *list = &warp.cta.launch.kernel.pool[op.list];
  Form form = formOf(op);
  const MatrixShape &shape = form.shape;
  unsigned perRegister = 32 / bitsOf(form.a);
  unsigned sums = shape.m * shape.n / 32;
  unsigned inA = shape.m * shape.k / perRegister / 32;
  unsigned inB = shape.n * shape.k / perRegister / 32;
  demandOperands(warp, op, mask, sums);
  product.shape = shape;
  product.saturates = form.saturates;
  product.how = decltype(product.how)(form.how);
  readOperands(form, perRegister, inA, inB,
               [&](bool isB, unsigned r, unsigned lane, unsigned e,
                   unsigned row, unsigned column) {
                 uint32_t word =
                     warp.row(list[sums + (isB ? inA : 0) + r])[lane];
                 int32_t value = integerAt(isB ? form.b : form.a, word, e);
                 (isB ? product.b[row][column] : product.a[row][column]) =
                     value;
               });
  for (unsigned r = 0; r < sums; ++r)
    for (unsigned lane = 0; lane < 32; ++lane)
      product.c[rowOf(lane, r)][columnOf(lane, r)] =
          static_cast<int32_t>(warp.row(list[sums + inA + inB + r])[lane]);
  product.run();
  for (unsigned r = 0; r < sums; ++r) {
    for (uint32_t rest = mask; rest; rest &= rest - 1) {
      unsigned lane = __builtin_ctz(rest);
      warp.row(list[r])[lane] =
          static_cast<uint32_t>(product.c[rowOf(lane, r)][columnOf(lane, r)]);
    }
    warp.setPoison(list[r], mask, 0);
  }
  return Step::Next;
}

/// Fused multiply-adds in the order of K.
Step mmaDouble(Warp &warp, const Op &op, uint32_t mask) {
  if (!gatherWarp(warp, op, mask))
    return Step::Moved;
  const uint16_t *list = &warp.cta.launch.kernel.pool[op.list];
  Form form = formOf(op);
  const MatrixShape &shape = form.shape;
  unsigned sums = shape.m * shape.n / 32, inA = shape.m * shape.k / 32,
           inB = shape.n * shape.k / 32;
  demandOperands(warp, op, mask, sums);
  double a[16][16], b[16][8];
  auto at = [&](unsigned i, unsigned lane) {
    return bitCast<double>(warp.row64(list[i])[lane]);
  };
  readOperands(form, 1, inA, inB,
               [&](bool isB, unsigned r, unsigned lane, unsigned, unsigned row,
                   unsigned column) {
                 double value = at(sums + (isB ? inA : 0) + r, lane);
                 (isB ? b[row][column] : a[row][column]) = value;
               });
  double out[4][32];
  for (unsigned r = 0; r < sums; ++r)
    for (unsigned lane = 0; lane < 32; ++lane) {
      double sum = at(sums + inA + inB + r, lane);
      for (unsigned k = 0; k < shape.k; ++k)
        sum = std::fma(a[rowOf(lane, r)][k], b[k][columnOf(lane, r)], sum);
      out[r][lane] = sum;
    }
  for (unsigned r = 0; r < sums; ++r) {
    for (uint32_t rest = mask; rest; rest &= rest - 1) {
      unsigned lane = __builtin_ctz(rest);
      warp.row64(list[r])[lane] = bitCast<uint64_t>(out[r][lane]);
    }
    warp.setPoison(list[r], mask, 0);
  }
  return Step::Next;
}

/// The types of A and B.
bool readElements(const Match &match, Form &form) {
  static constexpr std::pair<std::string_view, Element> kNames[] = {
      {"s4", Element::S4}, {"u4", Element::U4}, {"b1", Element::B1}};
  std::vector<Element> found;
  for (std::string_view word : match.modifiers)
    for (auto [name, element] : kNames)
      if (word == name)
        found.push_back(element);
  for (Type type : match.types)
    if (type == Type::S8 || type == Type::U8)
      found.push_back(type == Type::S8 ? Element::S8 : Element::U8);
  if (found.size() != 2)
    return false;
  form.a = found[0];
  form.b = found[1];
  return true;
}

} // namespace

bool bindMmaInteger(const Match &match, Op &op) {
  Form form{};
  form.shape = shapeOf(match);
  if (match.type() == Type::F64) {
    form.a = form.b = Element::F64;
    op.imm2 = packed(form);
    return setHandler(op, mmaDouble);
  }
  if (!readElements(match, form))
    return false;
  form.saturates = match.has("satfinite");
  form.how = match.has("xor")   ? IntegerProduct::Xor
             : match.has("and") ? IntegerProduct::And
                                : IntegerProduct::Times;
  op.imm2 = packed(form);
  return setHandler(op, mmaInteger);
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
