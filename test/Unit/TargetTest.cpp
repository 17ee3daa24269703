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
    EXPECT_EQ(target.atoms.empty(), target.isProcessor()) << target.name.str();
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

/// Warpgroups multiply 16 bits from shared memory exactly where the feature
/// says so, and warps f32 everywhere. Schedules follow from the atom.
TEST(Target, AtomsAgreeWithFeatures) {
  for (const TargetDesc &target : knownTargets()) {
    if (target.isProcessor()) {
      EXPECT_EQ(target.schedulesOf(MmaType::TF32), ScheduleFamily::Processor);
      continue;
    }
    for (const MmaAtom &atom : target.atoms) {
      bool areGroups =
          bitsOf(atom.type) == 16 && target.has(Feature::WarpgroupProducts);
      EXPECT_EQ(atom.warps, areGroups ? 4 : 1);
      EXPECT_EQ(target.schedulesOf(atom.type),
                areGroups ? ScheduleFamily::Warpgroups : ScheduleFamily::Warps);
    }
    EXPECT_NE(target.atomOf(MmaType::TF32), nullptr) << target.name.str();
  }
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
  EXPECT_FALSE(defaultTarget().isProcessor());
  for (const TargetDesc &target : knownTargets())
    if (!target.isProcessor())
      EXPECT_GE(std::make_pair(target.computeMajor, target.computeMinor),
                std::make_pair(defaultTarget().computeMajor,
                               defaultTarget().computeMinor));
}

/// A block of a product, a row of its right operand and a word of the left one
/// fit the vector registers that all processors of the kind have.
TEST(Target, BlocksFitRegisters) {
  for (const TargetDesc &target : knownTargets()) {
    if (!target.isProcessor())
      continue;
    const ProcessorDesc &processor = *target.processor;
    int64_t registers = target.name == "x86-64-v3" ? 16 : 32;
    int64_t block = processor.blockRows * processor.blockVectors;
    EXPECT_LE(block + processor.blockVectors + 1, registers)
        << target.name.str();
    EXPECT_EQ(processor.lanes() * 32, processor.vectorBits);
  }
}

} // namespace
