//===- MmaAtom.h - What one matrix instruction multiplies -------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An atom is a row of facts about an instruction. Fragments are what the
// threads of one warp hold of its operands and result. They depend on the width
// of an element alone, for warps that multiply alone as for those that do so
// together:
//
//   result    (T32,V4) -> (M16,N8)   lane L, value v: row L/4 + 8(v/2),
//                                    column 2(L%4) + v%2
//   left      (T32,R4) -> (M16,Kk)   lane L, register r: row L/4 + 8(r%2),
//                                    columns p(L%4) + k/2(r/2) and the p - 1
//                                    that follow; a register holds p of k
//   right     (T32,R2) -> (Kk,N8)    lane L, register r: column L/4, rows as
//                                    the columns of a left one at register 2r
//
// The inner index may be counted in any order that both operands share. Results
// become left operands in the registers where they are if the right operand's
// rows are taken in the order in which lanes hold a result's columns.
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_TARGET_MMAATOM_H
#define ATTN_TARGET_MMAATOM_H

#include <cstdint>

namespace attn {

/// Types that matrix instructions multiply; they add in f32.
enum class MmaType { F16, BF16, TF32, E4M3, E5M2 };

/// Bits of an element in registers and in memory.
constexpr int64_t bitsOf(MmaType type) {
  return type == MmaType::TF32                           ? 32
         : type == MmaType::F16 || type == MmaType::BF16 ? 16
                                                         : 8;
}

/// The set of places where an operand or a result may lie.
enum Place : unsigned { kInRegisters = 1, kInShared = 2 };

/// One kind of matrix instruction: (m x k) * (k x n), of a type.
struct MmaAtom {
  MmaType type;
  int64_t warps; // that multiply together
  int64_t m, n, k;
  int64_t mostColumns;          // n is any multiple of `n` up to this
  unsigned left, right, result; // sets of places

  constexpr int64_t rowsPerWarp() const { return m / warps; }
};

/// The part of an atom that one warp holds, on any target.
struct WarpFragment {
  static constexpr int64_t kRows = 16;   // of the left operand and the result
  static constexpr int64_t kColumns = 8; // of the result
  /// Rows from one register of a thread to the next: the fragment is made of
  /// 8x8 matrices.
  static constexpr int64_t kRowStep = 8;
  /// Bytes of a row of an operand in one k-step, whatever the type.
  static constexpr int64_t kStepBytes = 32;
  static constexpr int64_t kRegisterBits = 32;
  /// Registers that hold a thread's part of a left operand, and of a result.
  static constexpr int64_t kLeftRegisters = 4, kResultRegisters = 4;
  /// … of a right operand.
  static constexpr int64_t kRightRegisters = 2;

  /// Elements of a k-step.
  static constexpr int64_t depth(int64_t elementBits) {
    return 8 * kStepBytes / elementBits;
  }
  /// Elements in one register.
  static constexpr int64_t packing(int64_t elementBits) {
    return kRegisterBits / elementBits;
  }
};

/// A place in a matrix.
struct MatrixPlace {
  int64_t row, column;
  constexpr bool operator==(const MatrixPlace &other) const {
    return row == other.row && column == other.column;
  }
};

/// Place of value `value` (0..3) of `lane` in a 16 x 8 result.
constexpr MatrixPlace placeInResult(int64_t lane, int64_t value) {
  return {lane / 4 + WarpFragment::kRowStep * (value / 2),
          2 * (lane % 4) + value % 2};
}

/// The order in which the inner index of a k-step is counted.
enum class InnerOrder {
  Plain,   ///< that of memory
  OfResult ///< that in which a lane holds the columns of results
};

/// An inner index: `ofLane` * (lane % 4) + `fixed`.
struct InnerIndex {
  int64_t ofLane, fixed;
  constexpr int64_t at(int64_t lane) const {
    return ofLane * (lane % 4) + fixed;
  }
};

/// The inner index of element `element` of a lane's first or second register.
constexpr InnerIndex innerIndex(InnerOrder order, int64_t elementBits,
                                int64_t half, int64_t element) {
  int64_t packing = WarpFragment::packing(elementBits);
  if (order == InnerOrder::Plain)
    return {packing, WarpFragment::depth(elementBits) / 2 * half + element};
  // Two of each eight columns are a lane's.
  int64_t held = packing * half + element;
  return {2, WarpFragment::kColumns * (held / 2) + held % 2};
}

/// Whether both orders are one, as for 16 bits.
constexpr bool areOrdersEqual(int64_t elementBits) {
  return WarpFragment::packing(elementBits) == 2;
}

/// Place of element `element` of register `index` (0..3) of `lane` in a left
/// operand of one k-step.
constexpr MatrixPlace placeInLeft(int64_t elementBits, int64_t lane,
                                  int64_t index, int64_t element,
                                  InnerOrder order = InnerOrder::Plain) {
  return {lane / 4 + WarpFragment::kRowStep * (index % 2),
          innerIndex(order, elementBits, index / 2, element).at(lane)};
}

/// Place of element `element` of register `index` (0, 1) of `lane` in a right
/// operand of one k-step.
constexpr MatrixPlace placeInRight(int64_t elementBits, int64_t lane,
                                   int64_t index, int64_t element,
                                   InnerOrder order = InnerOrder::Plain) {
  return {innerIndex(order, elementBits, index, element).at(lane), lane / 4};
}

} // namespace attn

#endif // ATTN_TARGET_MMAATOM_H
