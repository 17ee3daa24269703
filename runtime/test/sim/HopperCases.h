//===- HopperCases.h - What kernels/hopper.cu computes ----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Elements are small integers, so every sum is exact in any order.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_TEST_SIM_HOPPERCASES_H
#define ATTNRT_TEST_SIM_HOPPERCASES_H

#include "Kernels.h"

#include <functional>

namespace attnrt::sim::hopper {

/// As the kernel's parameter.
struct alignas(64) Map {
  uint8_t bytes[128];
};

inline constexpr int kBf16 = 9, kF32 = 7; // the driver's numbers

/// A box of a row-major matrix; `swizzle` in bytes.
inline Map mapOf(uint64_t address, int type, int rows, int columns, int boxRows,
                 int boxColumns, int swizzle) {
  TensorMap map;
  map.type = type;
  map.rank = 2;
  map.address = reinterpret_cast<void *>(address);
  map.sizes[0] = columns;
  map.sizes[1] = rows;
  map.strides[0] = columns * (type == kF32 ? 4 : 2);
  map.box[0] = boxColumns;
  map.box[1] = boxRows;
  map.elementStrides[0] = map.elementStrides[1] = 1;
  map.swizzle = swizzle == 128 ? 3 : swizzle == 64 ? 2 : swizzle == 32 ? 1 : 0;
  Map out;
  Status status = encode(map, &out);
  EXPECT_TRUE(status.isOk()) << status.message();
  return out;
}

/// Integers from -2 to 2, row by row.
struct Matrix {
  int rows, columns;
  std::vector<int> values;
  int at(int row, int column) const { return values[row * columns + column]; }
};

inline Matrix matrixOf(int rows, int columns, unsigned seed) {
  return {rows, columns, drawn(rows * columns, seed, [](auto &engine) {
            return static_cast<int>(engine() % 5) - 2;
          })};
}

inline uint16_t bf16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

inline uint64_t putBf16(Kernels &k, const Matrix &matrix) {
  std::vector<uint16_t> halves;
  for (int value : matrix.values)
    halves.push_back(bf16(static_cast<float>(value)));
  return k.put(halves);
}

/// a · b, where row j of `b` is column j of the product unless it is mnMajor.
inline std::vector<float> product(const Matrix &a, const Matrix &b,
                                  bool mnMajor) {
  int columns = mnMajor ? b.columns : b.rows;
  std::vector<float> out;
  for (int i = 0; i < a.rows; ++i)
    for (int j = 0; j < columns; ++j) {
      int sum = 0;
      for (int k = 0; k < a.columns; ++k)
        sum += a.at(i, k) * (mnMajor ? b.at(k, j) : b.at(j, k));
      out.push_back(static_cast<float>(sum));
    }
  return out;
}

/// A kernel, what it runs on, and whether the result is right.
struct Case {
  std::string name;
  std::string kernel;
  std::function<bool(Kernels &)> isRight;
};

inline std::vector<uint16_t> toBf16(const std::vector<float> &values) {
  std::vector<uint16_t> out;
  for (float value : values)
    out.push_back(bf16(value));
  return out;
}

/// Boxes are `span` bytes wide.
inline Case gemm(const std::string &kernel, int span, bool mnMajor) {
  constexpr int kDepth = 192;
  Matrix a = matrixOf(64, kDepth, 1);
  Matrix b = mnMajor ? matrixOf(kDepth, 64, 2) : matrixOf(64, kDepth, 2);
  std::vector<float> expected = product(a, b, mnMajor);
  return {kernel, kernel, [=](Kernels &k) {
            uint64_t aAt = putBf16(k, a), bAt = putBf16(k, b);
            uint64_t out = k.room<float>(64 * 64);
            int wide = span / 2;
            Map aMap = mapOf(aAt, kBf16, 64, kDepth, 64, wide, span);
            Map bMap = mapOf(bAt, kBf16, b.rows, b.columns, mnMajor ? wide : 64,
                             wide, span);
            k.dynamicShared = 4 * 64 * span;
            k.launch(kernel, {1}, {128}, aMap, bMap, aAt, kDepth, out);
            return k.get<float>(out, 64 * 64) == expected;
          }};
}

/// A result of `rows` and `columns`, of 256 and 64 that the tiles have. What is
/// outside is zero where it is loaded, and not stored.
inline Case pipeline(int rows, int columns, int depth) {
  Matrix a = matrixOf(rows, depth, 3), b = matrixOf(columns, depth, 4);
  std::vector<uint16_t> expected = toBf16(product(a, b, false));
  std::string name = "pipeline " + std::to_string(rows) + "x" +
                     std::to_string(columns) + "x" + std::to_string(depth);
  return {name, "pipeline", [=](Kernels &k) {
            Map aMap = mapOf(putBf16(k, a), kBf16, rows, depth, 64, 64, 128);
            Map bMap = mapOf(putBf16(k, b), kBf16, columns, depth, 64, 64, 128);
            uint64_t out = k.room<uint16_t>(rows * columns);
            Map outMap = mapOf(out, kBf16, rows, columns, 64, 64, 128);
            k.dynamicShared = 9 * 64 * 128;
            k.launch("pipeline", {2}, {384}, aMap, bMap, outMap,
                     (depth + 63) / 64 * 64);
            return k.get<uint16_t>(out, rows * columns) == expected;
          }};
}

inline Case multicast(int depth) {
  Matrix a = matrixOf(128, depth, 7), b = matrixOf(64, depth, 8);
  std::vector<float> expected = product(a, b, false);
  return {"multicast " + std::to_string(depth), "multicast", [=](Kernels &k) {
            Map aMap = mapOf(putBf16(k, a), kBf16, 128, depth, 64, 64, 128);
            Map bMap = mapOf(putBf16(k, b), kBf16, 64, depth, 32, 64, 128);
            uint64_t out = k.room<float>(128 * 64);
            k.launch("multicast", {2}, {128}, aMap, bMap, depth, out);
            return k.get<float>(out, 128 * 64) == expected;
          }};
}

inline Case split(int parts) {
  Matrix a = matrixOf(64, 64 * parts, 9), b = matrixOf(64, 64 * parts, 10);
  std::vector<float> expected = product(a, b, false);
  return {"split", "split", [=](Kernels &k) {
            Map aMap = mapOf(putBf16(k, a), kBf16, 64, 64 * parts, 64, 64, 128);
            Map bMap = mapOf(putBf16(k, b), kBf16, 64, 64 * parts, 64, 64, 128);
            uint64_t out = k.put(std::vector<float>(64 * 64, 0.0f));
            Map outMap = mapOf(out, kF32, 64, 64, 64, 32, 0);
            k.launch("split", {static_cast<uint32_t>(parts)}, {128}, aMap, bMap,
                     outMap);
            return k.get<float>(out, 64 * 64) == expected;
          }};
}

inline std::vector<Case> allCases() {
  return {gemm("gemm_128", 128, false),
          gemm("gemm_64", 64, false),
          gemm("gemm_32", 32, false),
          gemm("gemm_128_mn", 128, true),
          gemm("gemm_64_mn", 64, true),
          gemm("gemm_32_mn", 32, true),
          gemm("gemm_128_rs", 128, false),
          gemm("gemm_64_rs_mn", 64, true),
          pipeline(256, 64, 448),
          pipeline(256, 64, 64),
          pipeline(200, 40, 72),
          multicast(64),
          multicast(192),
          split(5)};
}

} // namespace attnrt::sim::hopper

#endif // ATTNRT_TEST_SIM_HOPPERCASES_H
