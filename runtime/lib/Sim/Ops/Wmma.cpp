//===- Wmma.cpp - Products of fragments of wmma ---------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ops/Wmma.h"

#include "Ops/Collective.h"
#include "Ops/Definedness.h"
#include "Ops/Fragments.h"
#include "Ops/Numbers.h"
#include "Ops/Product.h"
#include "Ops/Resolve.h"

#include <cmath>

namespace attnrt::sim::ATTNRT_SIM_ISA {

using namespace wmma;

namespace {

/// Calls `put(row, column, register, lane, element of the register)` for every
/// element of the matrix, the registers counted from 0.
template <typename Put>
void forElements(const Form &form, Part part, Element element, unsigned count,
                 Put put) {
  Layout layout(form, part, element);
  unsigned each = layout.perRegister();
  for (unsigned slot = 0; slot < count * each; ++slot)
    for (unsigned lane = 0; lane < 32; ++lane) {
      unsigned unit = layout.unitAt(slot, lane);
      unsigned row = unit / layout.columns;
      unsigned column = unit % layout.columns * layout.perUnit;
      for (unsigned e = 0; e < layout.perUnit; ++e) {
        unsigned at = slot % each * layout.perUnit + e;
        if (layout.transposed)
          put(column + e, row, slot / each, lane, at);
        else
          put(row, column + e, slot / each, lane, at);
      }
    }
}

/// How many of an instruction's registers a part has.
unsigned registersOf(const Form &form, Part part, Element element) {
  if (element == Element::F16)
    return part == Part::C ? 4 : 8;
  const MatrixShape &s = form.shape;
  unsigned elements = part == Part::A   ? s.m * s.k
                      : part == Part::B ? s.k * s.n
                                        : s.m * s.n;
  unsigned bits = bitsOf(element);
  return bits == 64 ? elements / 32 : elements * bits / 32 / 32;
}

/// The registers of a product.
struct Registers {
  unsigned d, a, b, c;
  explicit Registers(const Form &f)
      : d(registersOf(f, Part::C, f.typeD)), a(registersOf(f, Part::A, f.type)),
        b(registersOf(f, Part::B, f.typeB)),
        c(registersOf(f, Part::C, f.typeC)) {}
};

Step multiplyIntegers(Warp &warp, const Op &op, uint32_t mask) {
  if (!gatherWarp(warp, op, mask))
    return Step::Moved;
  static thread_local IntegerProduct product;
  Form form = formOf(op);
  Registers count(form);
  const uint16_t *list = &warp.cta.launch.kernel.pool[op.list];
  demandOperands(warp, op, mask, count.d);
  auto word = [&](unsigned i, unsigned lane) {
    return warp.row(list[i])[lane];
  };
  forElements(
      form, Part::A, form.type, count.a,
      [&](unsigned i, unsigned j, unsigned r, unsigned lane, unsigned e) {
        product.a[i][j] = integerAt(form.type, word(count.d + r, lane), e);
      });
  forElements(
      form, Part::B, form.typeB, count.b,
      [&](unsigned i, unsigned j, unsigned r, unsigned lane, unsigned e) {
        product.b[i][j] =
            integerAt(form.typeB, word(count.d + count.a + r, lane), e);
      });
  forElements(form, Part::C, Element::S32, count.c,
              [&](unsigned i, unsigned j, unsigned r, unsigned lane, unsigned) {
                product.c[i][j] = static_cast<int32_t>(
                    word(count.d + count.a + count.b + r, lane));
              });
  product.shape = form.shape;
  product.saturates = form.saturates;
  product.how = decltype(product.how)(form.how);
  product.run();
  forElements(form, Part::C, Element::S32, count.d,
              [&](unsigned i, unsigned j, unsigned r, unsigned lane, unsigned) {
                if (mask >> lane & 1)
                  warp.row(list[r])[lane] =
                      static_cast<uint32_t>(product.c[i][j]);
              });
  for (unsigned r = 0; r < count.d; ++r)
    warp.setPoison(list[r], mask, 0);
  return Step::Next;
}

Step multiplyDoubles(Warp &warp, const Op &op, uint32_t mask) {
  if (!gatherWarp(warp, op, mask))
    return Step::Moved;
  Form form = formOf(op);
  Registers count(form);
  const uint16_t *list = &warp.cta.launch.kernel.pool[op.list];
  demandOperands(warp, op, mask, count.d);
  double a[8][4], b[4][8], c[8][8];
  auto value = [&](unsigned i, unsigned lane) {
    return bitCast<double>(warp.row64(list[i])[lane]);
  };
  forElements(form, Part::A, Element::F64, count.a,
              [&](unsigned i, unsigned j, unsigned r, unsigned lane, unsigned) {
                a[i][j] = value(count.d + r, lane);
              });
  forElements(form, Part::B, Element::F64, count.b,
              [&](unsigned i, unsigned j, unsigned r, unsigned lane, unsigned) {
                b[i][j] = value(count.d + count.a + r, lane);
              });
  forElements(form, Part::C, Element::F64, count.c,
              [&](unsigned i, unsigned j, unsigned r, unsigned lane, unsigned) {
                c[i][j] = value(count.d + count.a + count.b + r, lane);
              });
  for (unsigned i = 0; i < 8; ++i)
    for (unsigned j = 0; j < 8; ++j)
      for (unsigned k = 0; k < 4; ++k)
        c[i][j] = std::fma(a[i][k], b[k][j], c[i][j]);
  forElements(form, Part::C, Element::F64, count.d,
              [&](unsigned i, unsigned j, unsigned r, unsigned lane, unsigned) {
                if (mask >> lane & 1)
                  warp.row64(list[r])[lane] = bitCast<uint64_t>(c[i][j]);
              });
  for (unsigned r = 0; r < count.d; ++r)
    warp.setPoison(list[r], mask, 0);
  return Step::Next;
}

float singleAt(Element element, uint32_t word, unsigned e) {
  switch (element) {
  case Element::F16:
    return Half::widen(static_cast<uint16_t>(word >> (16 * e)));
  case Element::BF16:
    return Bhalf::widen(static_cast<uint16_t>(word >> (16 * e)));
  case Element::TF32:
    return bitCast<float>(word & ~0x1fffu);
  default:
    return bitCast<float>(word);
  }
}

Widened widenedOf(Element element) {
  switch (element) {
  case Element::F16:
    return Widened::Half;
  case Element::BF16:
    return Widened::Bhalf;
  case Element::TF32:
    return Widened::Tf32;
  default:
    return Widened::Single;
  }
}

/// Operands of floats as matrices.
struct FloatTiles {
  float a[32 * 16], b[16 * 32], c[32 * 32];
};

/// Products in four partial sums, then their sum, then the accumulator.
void multiplyFast(const MatrixShape &s, FloatTiles &t) {
  for (unsigned i = 0; i < s.m; ++i)
    for (unsigned j = 0; j < s.n; ++j) {
      float sum[4] = {};
      for (unsigned k = 0; k < s.k; ++k)
        sum[k % 4] = std::fmaf(t.a[i * s.k + k], t.b[k * s.n + j], sum[k % 4]);
      t.c[i * s.n + j] += (sum[0] + sum[1]) + (sum[2] + sum[3]);
    }
}

void writeFloats(Warp &warp, const Op &op, uint32_t mask, const Form &form,
                 unsigned count, const FloatTiles &tiles) {
  const uint16_t *list = &warp.cta.launch.kernel.pool[op.list];
  forElements(
      form, Part::C, form.typeD, count,
      [&](unsigned i, unsigned j, unsigned r, unsigned lane, unsigned e) {
        if (!(mask >> lane & 1))
          return;
        float value = tiles.c[i * form.shape.n + j];
        uint32_t &word = warp.row(list[r])[lane];
        if (form.typeD == Element::F32)
          word = bitCast<uint32_t>(value);
        else
          word = (word & ~(0xffffu << (16 * e))) | uint32_t(floatToHalf(value))
                                                       << (16 * e);
      });
  for (unsigned r = 0; r < count; ++r)
    warp.setPoison(list[r], mask, 0);
}

Step multiplyFloats(Warp &warp, const Op &op, uint32_t mask) {
  if (!gatherWarp(warp, op, mask))
    return Step::Moved;
  static thread_local FloatTiles tiles;
  Form form = formOf(op);
  Registers count(form);
  const MatrixShape &s = form.shape;
  const uint16_t *list = &warp.cta.launch.kernel.pool[op.list];
  demandOperands(warp, op, mask, count.d);
  auto word = [&](unsigned i, unsigned lane) {
    return warp.row(list[i])[lane];
  };
  forElements(
      form, Part::A, form.type, count.a,
      [&](unsigned i, unsigned j, unsigned r, unsigned lane, unsigned e) {
        tiles.a[i * s.k + j] = singleAt(form.type, word(count.d + r, lane), e);
      });
  forElements(
      form, Part::B, form.typeB, count.b,
      [&](unsigned i, unsigned j, unsigned r, unsigned lane, unsigned e) {
        tiles.b[i * s.n + j] =
            singleAt(form.typeB, word(count.d + count.a + r, lane), e);
      });
  forElements(
      form, Part::C, form.typeC, count.c,
      [&](unsigned i, unsigned j, unsigned r, unsigned lane, unsigned e) {
        tiles.c[i * s.n + j] = singleAt(
            form.typeC, word(count.d + count.a + count.b + r, lane), e);
      });
  if (warp.cta.launch.arithmetic == Arithmetic::Exact)
    multiplyExact({tiles.a, s.k, 1, tiles.b, s.n, tiles.c, s.n, s.m, s.n, s.k},
                  coreOfMma(warp.cta.launch.program.target,
                            widenedOf(form.type), widenedOf(form.typeD), s.k));
  else
    multiplyFast(s, tiles);
  writeFloats(warp, op, mask, form, count.d, tiles);
  return Step::Next;
}

/// The types as they are written, in their order.
std::vector<Element> elementsOf(const Match &match) {
  static constexpr std::pair<std::string_view, Element> kNames[] = {
      {"s4", Element::S4}, {"u4", Element::U4}, {"b1", Element::B1}};
  std::vector<Element> small, out;
  for (std::string_view word : match.modifiers)
    for (auto [name, element] : kNames)
      if (word == name)
        small.push_back(element);
  for (Type type : match.types)
    out.push_back(type == Type::U8     ? Element::U8
                  : type == Type::S8   ? Element::S8
                  : type == Type::F16  ? Element::F16
                  : type == Type::BF16 ? Element::BF16
                  : type == Type::TF32 ? Element::TF32
                  : type == Type::F64  ? Element::F64
                  : type == Type::F32  ? Element::F32
                                       : Element::S32);
  // s32.s4.s4.s32
  out.insert(out.begin() + (out.empty() ? 0 : 1), small.begin(), small.end());
  return out;
}

bool bindProduct(const Match &match, Op &op, Form &form) {
  std::vector<Element> types = elementsOf(match);
  // D and C of f16 products, all four of others.
  if (types.size() == 2)
    types = {types[0], Element::F16, Element::F16, types[1]};
  if (types.size() != 4)
    return false;
  form.typeD = types[0];
  form.type = types[1];
  form.typeB = types[2];
  form.typeC = types[3];
  form.saturates = match.has("satfinite");
  form.how = match.has("xor")   ? IntegerProduct::Xor
             : match.has("and") ? IntegerProduct::And
                                : IntegerProduct::Times;
  op.imm2 = packed(form);
  return setHandler(op, form.typeD == Element::S32   ? multiplyIntegers
                        : form.typeD == Element::F64 ? multiplyDoubles
                                                     : multiplyFloats);
}

} // namespace

bool bindWmma(const Match &match, Op &op) {
  Form form{};
  form.shape = shapeOf(match);
  if (match.has("mma"))
    return bindProduct(match, op, form);
  form.type = elementsOf(match)[0];
  form.part = match.has("a") ? Part::A : match.has("b") ? Part::B : Part::C;
  form.byColumn = match.has("col");
  form.target = static_cast<uint8_t>(targetOf(match));
  op.imm2 = packed(form);
  return setHandler(op, match.has("load") ? loadFragment : storeFragment);
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
