//===- MmaAtomTest.cpp - Fragments of matrix instructions ---------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The expected places are written as the PTX ISA has them, by groupID = lane /
// 4 and threadID_in_group = lane % 4, and share nothing with the formulas under
// test. The 8-bit types are rows that no target has yet.
//
//===----------------------------------------------------------------------===//
#include "attn/Target/MmaAtom.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>

using namespace attn;

namespace {

/// Rows for types of every width, as a target would have them.
constexpr MmaAtom atomOf(MmaType type, int64_t k) {
  return {type,        /*warps=*/1,       /*m=*/16,     /*n=*/8,
          k,           /*mostColumns=*/8, kInRegisters, kInRegisters,
          kInRegisters};
}
constexpr MmaAtom kAtoms[] = {
    atomOf(MmaType::TF32, 8),  atomOf(MmaType::F16, 16),
    atomOf(MmaType::BF16, 16), atomOf(MmaType::E4M3, 32),
    atomOf(MmaType::E5M2, 32),
};

void expectPlace(MatrixPlace place, int64_t row, int64_t column) {
  EXPECT_EQ(place.row, row);
  EXPECT_EQ(place.column, column);
}

TEST(MmaAtom, StepsFollowFromTheWidthOfAnElement) {
  for (const MmaAtom &atom : kAtoms) {
    EXPECT_EQ(atom.k, WarpFragment::depth(bitsOf(atom.type)));
    EXPECT_EQ(atom.rowsPerWarp(), WarpFragment::kRows);
  }
}

TEST(MmaAtom, ResultOfM16N8) {
  for (int64_t lane = 0; lane < 32; ++lane) {
    int64_t group = lane >> 2, inGroup = lane & 3;
    expectPlace(placeInResult(lane, 0), group, inGroup * 2);
    expectPlace(placeInResult(lane, 1), group, inGroup * 2 + 1);
    expectPlace(placeInResult(lane, 2), group + 8, inGroup * 2);
    expectPlace(placeInResult(lane, 3), group + 8, inGroup * 2 + 1);
  }
}

TEST(MmaAtom, LeftOperandOfK16) {
  for (int64_t lane = 0; lane < 32; ++lane) {
    int64_t group = lane >> 2, inGroup = lane & 3;
    for (int64_t element = 0; element < 2; ++element) {
      int64_t column = inGroup * 2 + element;
      expectPlace(placeInLeft(16, lane, 0, element), group, column);
      expectPlace(placeInLeft(16, lane, 1, element), group + 8, column);
      expectPlace(placeInLeft(16, lane, 2, element), group, column + 8);
      expectPlace(placeInLeft(16, lane, 3, element), group + 8, column + 8);
    }
  }
}

TEST(MmaAtom, LeftOperandOfTf32) {
  for (int64_t lane = 0; lane < 32; ++lane) {
    int64_t group = lane >> 2, inGroup = lane & 3;
    expectPlace(placeInLeft(32, lane, 0, 0), group, inGroup);
    expectPlace(placeInLeft(32, lane, 1, 0), group + 8, inGroup);
    expectPlace(placeInLeft(32, lane, 2, 0), group, inGroup + 4);
    expectPlace(placeInLeft(32, lane, 3, 0), group + 8, inGroup + 4);
  }
}

TEST(MmaAtom, LeftOperandOf8Bits) {
  for (int64_t lane = 0; lane < 32; ++lane) {
    int64_t group = lane >> 2, inGroup = lane & 3;
    for (int64_t element = 0; element < 4; ++element) {
      int64_t column = inGroup * 4 + element;
      expectPlace(placeInLeft(8, lane, 0, element), group, column);
      expectPlace(placeInLeft(8, lane, 1, element), group + 8, column);
      expectPlace(placeInLeft(8, lane, 2, element), group, column + 16);
      expectPlace(placeInLeft(8, lane, 3, element), group + 8, column + 16);
    }
  }
}

TEST(MmaAtom, RightOperands) {
  for (int64_t lane = 0; lane < 32; ++lane) {
    int64_t group = lane >> 2, inGroup = lane & 3;
    for (int64_t i = 0; i < WarpFragment::kRightRegisters; ++i) {
      expectPlace(placeInRight(32, lane, i, 0), inGroup + 4 * i, group);
      for (int64_t e = 0; e < 2; ++e)
        expectPlace(placeInRight(16, lane, i, e), inGroup * 2 + e + 8 * i,
                    group);
      for (int64_t e = 0; e < 4; ++e)
        expectPlace(placeInRight(8, lane, i, e), inGroup * 4 + e + 16 * i,
                    group);
    }
  }
}

/// What a lane has of a left operand in the order of results is what it had of
/// the results: of any width, without exchanges.
TEST(MmaAtom, ResultsBecomeLeftOperands) {
  for (int64_t bits : {8, 16, 32}) {
    int64_t depth = WarpFragment::depth(bits);
    for (int64_t lane = 0; lane < 32; ++lane) {
      std::set<std::pair<int64_t, int64_t>> held, asLeft;
      for (int64_t value = 0; value < WarpFragment::kResultRegisters; ++value)
        for (int64_t first = 0; first < depth; first += 8) {
          MatrixPlace place = placeInResult(lane, value);
          held.insert({place.row, first + place.column});
        }
      for (int64_t i = 0; i < WarpFragment::kLeftRegisters; ++i)
        for (int64_t e = 0; e < WarpFragment::packing(bits); ++e) {
          MatrixPlace place =
              placeInLeft(bits, lane, i, e, InnerOrder::OfResult);
          asLeft.insert({place.row, place.column});
        }
      EXPECT_EQ(held, asLeft) << bits << " bits, lane " << lane;
    }
  }
}

/// Both operands count the inner index in the same order: what meets in the
/// instruction is one index.
TEST(MmaAtom, OrdersAreThoseOfBothOperands) {
  for (InnerOrder order : {InnerOrder::Plain, InnerOrder::OfResult})
    for (int64_t bits : {8, 16, 32})
      for (int64_t inGroup = 0; inGroup < 4; ++inGroup)
        for (int64_t half = 0; half < 2; ++half)
          for (int64_t e = 0; e < WarpFragment::packing(bits); ++e)
            EXPECT_EQ(placeInLeft(bits, inGroup, 2 * half, e, order).column,
                      placeInRight(bits, inGroup, half, e, order).row);
}

TEST(MmaAtom, OrdersAreEqualFor16BitsAlone) {
  for (int64_t bits : {8, 16, 32}) {
    bool areEqual = true;
    for (int64_t lane = 0; lane < 32; ++lane)
      for (int64_t i = 0; i < WarpFragment::kLeftRegisters; ++i)
        for (int64_t e = 0; e < WarpFragment::packing(bits); ++e)
          areEqual &= placeInLeft(bits, lane, i, e) ==
                      placeInLeft(bits, lane, i, e, InnerOrder::OfResult);
    EXPECT_EQ(areEqual, areOrdersEqual(bits)) << bits;
  }
}

/// Each element of the operand is held once, in either order.
TEST(MmaAtom, LeftOperandsAreCovered) {
  for (const MmaAtom &atom : kAtoms) {
    int64_t bits = bitsOf(atom.type);
    for (InnerOrder order : {InnerOrder::Plain, InnerOrder::OfResult}) {
      std::set<std::pair<int64_t, int64_t>> held;
      for (int64_t lane = 0; lane < 32; ++lane)
        for (int64_t i = 0; i < WarpFragment::kLeftRegisters; ++i)
          for (int64_t e = 0; e < WarpFragment::packing(bits); ++e) {
            MatrixPlace place = placeInLeft(bits, lane, i, e, order);
            EXPECT_LT(place.row, atom.m);
            EXPECT_LT(place.column, atom.k);
            EXPECT_TRUE(held.insert({place.row, place.column}).second);
          }
      EXPECT_EQ(held.size(), size_t(atom.m * atom.k));
    }
  }
}

} // namespace
