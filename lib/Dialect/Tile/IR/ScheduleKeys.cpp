//===- ScheduleKeys.cpp - The tables of keys ------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "attn/Dialect/Tile/IR/ScheduleKeys.h"

using namespace attn::tile;

#define ATTN_KEY_ROW(name, Name, Type, Initial, Least, Most, Doc)              \
  {#name,                                                                      \
   Initial,                                                                    \
   Least,                                                                      \
   Most,                                                                       \
   Doc,                                                                        \
   [](const Keys &keys) { return static_cast<int64_t>(keys.name); },           \
   [](Keys &keys, int64_t value) { keys.name = static_cast<Type>(value); }},

template <>
llvm::ArrayRef<KeyInfo<AttentionKeys>> attn::tile::keyTable() {
  using Keys = AttentionKeys;
  static const KeyInfo<Keys> table[] = {
#define ATTN_KEY_OF_ATTENTION ATTN_KEY_ROW
#define ATTN_KEY_OF_ALL ATTN_KEY_ROW
#include "attn/Dialect/Tile/IR/ScheduleKeys.def"
  };
  return table;
}

template <>
llvm::ArrayRef<KeyInfo<GradientKeys>> attn::tile::keyTable() {
  using Keys = GradientKeys;
  static const KeyInfo<Keys> table[] = {
#define ATTN_KEY_OF_GRADIENT ATTN_KEY_ROW
#define ATTN_KEY_OF_ALL ATTN_KEY_ROW
#include "attn/Dialect/Tile/IR/ScheduleKeys.def"
  };
  return table;
}

template <>
llvm::ArrayRef<KeyInfo<RowKeys>> attn::tile::keyTable() {
  using Keys = RowKeys;
  static const KeyInfo<Keys> table[] = {
#define ATTN_KEY_OF_ROWS ATTN_KEY_ROW
#define ATTN_KEY_OF_ALL ATTN_KEY_ROW
#include "attn/Dialect/Tile/IR/ScheduleKeys.def"
  };
  return table;
}
