//===- TargetTest.cpp - Rows of targets ---------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "attn/Target/TargetRegistry.h"

#include <gtest/gtest.h>

using namespace attn;

namespace {

TEST(Target, AtomsAgreeWithFragments) {
  for (const TargetDesc &target : knownTargets()) {
    EXPECT_FALSE(target.atoms.empty()) << target.name.str();
    for (const MmaAtom &atom : target.atoms) {
      EXPECT_EQ(atom.rowsPerWarp(), WarpFragment::kRows);
      EXPECT_EQ(atom.k, WarpFragment::depth(bitsOf(atom.type)));
      EXPECT_EQ(atom.n, WarpFragment::kColumns);
      EXPECT_EQ(atom.mostColumns % atom.n, 0);
      EXPECT_EQ(target.atomOf(atom.type), &atom);
    }
  }
}

TEST(Target, FeaturesAreAskedByName) {
  const TargetDesc *ampere = lookupTarget("sm_80");
  const TargetDesc *hopper = lookupTarget("sm_90a");
  ASSERT_TRUE(ampere && hopper);
  for (Feature feature :
       {Feature::WarpgroupProducts, Feature::TensorMaps, Feature::ByteBarriers,
        Feature::StoreMatrix, Feature::RegisterHandover}) {
    EXPECT_FALSE(ampere->has(feature)) << wordsOf(feature).str();
    EXPECT_TRUE(hopper->has(feature)) << wordsOf(feature).str();
  }
  EXPECT_TRUE(ampere->has(Feature::CopyAsync));
  EXPECT_TRUE(ampere->has(Feature::WarpProducts));
}

/// Warpgroups multiply from shared memory exactly where the feature says so.
TEST(Target, AtomsAgreeWithFeatures) {
  for (const TargetDesc &target : knownTargets())
    for (const MmaAtom &atom : target.atoms)
      EXPECT_EQ(atom.warps == 4, target.has(Feature::WarpgroupProducts));
}

TEST(Target, NoAtomWhereTheTableHasNone) {
  EXPECT_EQ(lookupTarget("sm_80")->atomOf(MmaType::E4M3), nullptr);
}

TEST(Target, RegistersAreHandedOverWhereWarpsCan) {
  EXPECT_EQ(splitRegisters(*lookupTarget("sm_80"), 8).consumer, 0);
  RegisterSplit two = splitRegisters(*lookupTarget("sm_90a"), 8);
  EXPECT_EQ(two.consumer, 240);
  EXPECT_EQ(two.producer, 24);
  EXPECT_EQ(splitRegisters(*lookupTarget("sm_90a"), 12).consumer, 160);
}

TEST(Target, TheDefaultRunsOnTheMostChips) {
  EXPECT_FALSE(defaultTarget().isArchitectureSpecific);
  for (const TargetDesc &target : knownTargets())
    EXPECT_GE(std::make_pair(target.computeMajor, target.computeMinor),
              std::make_pair(defaultTarget().computeMajor,
                             defaultTarget().computeMinor));
}

} // namespace
