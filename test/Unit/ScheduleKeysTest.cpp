//===- ScheduleKeysTest.cpp - Tables of keys ----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "attn/Dialect/Tile/IR/ScheduleKeys.h"

#include <gtest/gtest.h>

#include <set>

using namespace attn::tile;

namespace {

template <typename Keys>
class KeyTable : public testing::Test {};
using Kinds = testing::Types<AttentionKeys, GradientKeys, RowKeys>;
TYPED_TEST_SUITE(KeyTable, Kinds);

TYPED_TEST(KeyTable, RowsAreConsistent) {
  std::set<llvm::StringRef> names;
  for (const KeyInfo<TypeParam> &key : keyTable<TypeParam>()) {
    EXPECT_TRUE(names.insert(key.name).second) << key.name.str();
    EXPECT_LE(key.least, key.most) << key.name.str();
    EXPECT_FALSE(key.doc.empty()) << key.name.str();
    if (!key.isRequired()) {
      EXPECT_GE(key.initial, key.least) << key.name.str();
      EXPECT_LE(key.initial, key.most) << key.name.str();
      EXPECT_EQ(key.get(TypeParam()), key.initial) << key.name.str();
    }
    EXPECT_EQ(lookupKey<TypeParam>(key.name), &key);
  }
  EXPECT_EQ(lookupKey<TypeParam>("nothing"), nullptr);
}

/// A field is read and written through its own row only, over its whole range.
TYPED_TEST(KeyTable, RowsReachTheirFields) {
  for (const KeyInfo<TypeParam> &key : keyTable<TypeParam>())
    for (int64_t value : {key.least, key.most}) {
      TypeParam keys, other;
      key.set(keys, value);
      EXPECT_EQ(key.get(keys), value) << key.name.str();
      for (const KeyInfo<TypeParam> &another : keyTable<TypeParam>())
        if (&another != &key)
          EXPECT_EQ(another.get(keys), another.get(other))
              << key.name.str() << " writes " << another.name.str();
    }
}

TYPED_TEST(KeyTable, EqualKeysHashAlike) {
  for (const KeyInfo<TypeParam> &key : keyTable<TypeParam>()) {
    TypeParam a, b;
    key.set(a, key.most);
    EXPECT_EQ(a == b, key.get(b) == key.most) << key.name.str();
    key.set(b, key.most);
    EXPECT_TRUE(a == b) << key.name.str();
    EXPECT_EQ(hash_value(a), hash_value(b)) << key.name.str();
  }
}

TEST(ScheduleKeys, TextIsThatOfReports) {
  AttentionKeys keys;
  keys.q = 128;
  keys.kv = 64;
  keys.warps = 8;
  keys.stages = 2;
  EXPECT_EQ(toFlag(keys), "q=128,kv=64,warps=8,stages=2");
  keys.heads = 4;
  EXPECT_EQ(toFlag(keys), "q=128,kv=64,warps=8,stages=2,heads=4");
  keys.split = 0;
  keys.producers = 4;
  keys.persistent = Persistence::LongestFirst;
  keys.prefetch = true;
  keys.turns = Turns::Products;
  keys.overlap = true;
  EXPECT_EQ(toFlag(keys), "q=128,kv=64,warps=8,stages=2,heads=4,split=0,"
                          "producers=4,persistent=2,prefetch=1,turns=2,"
                          "overlap=1");
}

TEST(ScheduleKeys, TextOfRows) {
  RowKeys keys;
  keys.rows = 64;
  keys.warps = 4;
  EXPECT_EQ(toFlag(keys), "rows=64,warps=4");
}

} // namespace
