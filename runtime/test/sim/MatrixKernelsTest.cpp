//===- MatrixKernelsTest.cpp - kernels/{matrices,stmatrix,mma}.cu ---------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which lane holds what is written down here as the ISA's figures have it: for
// each lane of an 8x8 matrix a row and a pair of columns. Products are compared
// with f64.
//
//===----------------------------------------------------------------------===//

#include "Formats.h"
#include "Kernels.h"

using namespace attnrt;
using namespace attnrt::sim;

namespace {

/// Element (row, column) of the matrix of one register a lane: the register's
/// lane and half. Lanes 0-3 hold row 0, lanes 4-7 row 1, …, two columns each.
struct Holder {
  int lane, half;
};
Holder holderOf(int row, int column, bool transposed) {
  if (transposed)
    std::swap(row, column);
  return {4 * row + column / 2, column % 2};
}

uint16_t half(uint32_t word, int which) { return word >> (16 * which); }

/// Word w holds elements 2w and 2w + 1, which differ everywhere.
std::vector<uint32_t> numbered() {
  std::vector<uint32_t> words(128);
  for (uint32_t w = 0; w < 128; ++w)
    words[w] = (2 * w + 1) << 16 | 2 * w;
  return words;
}

/// Where the kernels put row r of matrix j: in place of row 7 - r.
int rowInMemory(int matrix, int row) { return 8 * matrix + 7 - row; }

} // namespace

TEST(MatrixKernels, Ldmatrix) {
  for (int count : {1, 2, 4})
    for (bool transposed : {false, true}) {
      Kernels k("matrices.nvcc");
      uint64_t out = k.room<uint32_t>(128);
      std::string name = "load" + std::to_string(count);
      k.launch(name + (transposed ? "Trans" : ""), {1}, {32}, k.put(numbered()),
               out);
      std::vector<uint32_t> words = k.get<uint32_t>(out, 128);
      for (int j = 0; j < 4; ++j)
        for (int row = 0; row < 8; ++row)
          for (int column = 0; column < 8; ++column) {
            Holder at = holderOf(row, column, transposed);
            ASSERT_EQ(half(words[4 * at.lane + j], at.half),
                      j < count ? 8 * rowInMemory(j, row) + column : 0)
                << name << transposed << j << row << column;
          }
    }
}

TEST(MatrixKernels, Stmatrix) {
  for (int count : {1, 2, 4})
    for (bool transposed : {false, true}) {
      Kernels k("stmatrix.nvcc");
      uint64_t out = k.room<uint32_t>(128);
      std::string name = "store" + std::to_string(count);
      std::vector<uint32_t> in = numbered();
      k.launch(name + (transposed ? "Trans" : ""), {1}, {32}, k.put(in), out);
      std::vector<uint16_t> tile = k.get<uint16_t>(out, 256);
      for (int j = 0; j < 4; ++j)
        for (int row = 0; row < 8; ++row)
          for (int column = 0; column < 8; ++column) {
            Holder at = holderOf(row, column, transposed);
            ASSERT_EQ(tile[8 * rowInMemory(j, row) + column],
                      j < count ? half(in[4 * at.lane + j], at.half) : 0xffff)
                << name << transposed << j << row << column;
          }
    }
}

TEST(MatrixKernels, Movmatrix) {
  Kernels k("matrices.nvcc");
  std::vector<uint32_t> in = numbered();
  in.resize(32);
  uint64_t out = k.room<uint32_t>(32);
  k.launch("move", {1}, {32}, k.put(in), out);
  std::vector<uint32_t> words = k.get<uint32_t>(out, 32);
  for (int row = 0; row < 8; ++row)
    for (int column = 0; column < 8; ++column) {
      Holder from = holderOf(row, column, false),
             to = holderOf(column, row, false);
      EXPECT_EQ(half(words[to.lane], to.half), half(in[from.lane], from.half));
    }
}

namespace {

/// D = A B + C of random values in a format; sums are f32 or of the format.
template <typename Element, typename Sum>
void checkProduct(Kernels &k, const std::string &name, int depth,
                  const Format &format, double bound) {
  auto value = [&](auto &draw) {
    std::normal_distribution<double> normal;
    return Element(format.round(normal(draw), Rounding::NearestEven));
  };
  auto a = drawn(16 * depth, 1, value), b = drawn(8 * depth, 2, value);
  bool halves = sizeof(Sum) == 2;
  const Format &sums = halves ? kHalf : kSingle;
  auto c = drawn(128, 3, [&](auto &draw) {
    std::normal_distribution<double> normal;
    return Sum(sums.round(normal(draw), Rounding::NearestEven));
  });
  uint64_t out = k.room<Sum>(128);
  k.launch(name, {1}, {32}, k.put(a), k.put(b), k.put(c), out);
  std::vector<Sum> d = k.get<Sum>(out, 128);
  EXPECT_EQ(k.report.mmaInstructions, 1u);
  for (int row = 0; row < 16; ++row)
    for (int n = 0; n < 8; ++n) {
      double exact = sums.value(c[8 * row + n]), size = std::abs(exact);
      for (int i = 0; i < depth; ++i) {
        double product =
            format.value(a[depth * row + i]) * format.value(b[8 * i + n]);
        exact += product;
        size += std::abs(product);
      }
      EXPECT_NEAR(sums.value(d[8 * row + n]), exact, bound * size)
          << name << " " << row << " " << n;
    }
}

} // namespace

TEST(MatrixKernels, Products) {
  // Bounds in units of the sum of absolute products: a few roundings of f32.
  constexpr double kBound = 0x1p-21, kHalfBound = 0x1p-10;
  forEach({"mma.nvcc", "mma.clang"}, [](Kernels &k) {
    checkProduct<uint16_t, uint32_t>(k, "bf16K16", 16, kBrain, kBound);
    checkProduct<uint16_t, uint32_t>(k, "bf16K8", 8, kBrain, kBound);
    checkProduct<uint16_t, uint32_t>(k, "f16K16", 16, kHalf, kBound);
    checkProduct<uint16_t, uint32_t>(k, "f16K8", 8, kHalf, kBound);
    checkProduct<uint16_t, uint16_t>(k, "halfK16", 16, kHalf, kHalfBound);
    checkProduct<uint32_t, uint32_t>(k, "tf32K8", 8, kTensor, kBound);
  });
}
