//===- ScheduleKeys.h - Schedules as plain data -----------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `ScheduleKeys.def` lists the keys. Here each kind of kernel gets a struct
// with its keys as fields, and a table of the same keys for code that treats
// them alike.
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_DIALECT_TILE_IR_SCHEDULEKEYS_H
#define ATTN_DIALECT_TILE_IR_SCHEDULEKEYS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <string>
#include <utility>

namespace attn::tile {

/// Says which query tiles a CTA computes.
enum class Persistence { OneTile = 0, InOrder = 1, LongestFirst = 2 };
/// Says what warpgroups take turns in.
enum class Turns { Nothing = 0, Exponentials = 1, Products = 2 };

/// The initial value of a key that must be given.
inline constexpr int64_t kRequired = INT64_MIN;

/// The value of a field before its key is read.
template <typename T>
constexpr T initialValue(int64_t initial) {
  return initial == kRequired ? T{} : static_cast<T>(initial);
}

#define ATTN_KEY_FIELD(name, Name, Type, Initial, Least, Most, Doc)            \
  Type name = initialValue<Type>(Initial);

/// The keys of a kernel that computes attention.
struct AttentionKeys {
#define ATTN_KEY_OF_ATTENTION ATTN_KEY_FIELD
#define ATTN_KEY_OF_ALL ATTN_KEY_FIELD
#include "attn/Dialect/Tile/IR/ScheduleKeys.def"
};

/// The keys of a kernel that computes gradients of attention.
struct GradientKeys {
#define ATTN_KEY_OF_GRADIENT ATTN_KEY_FIELD
#define ATTN_KEY_OF_ALL ATTN_KEY_FIELD
#include "attn/Dialect/Tile/IR/ScheduleKeys.def"
};

/// The keys of a kernel that maps rows to rows.
struct RowKeys {
#define ATTN_KEY_OF_ROWS ATTN_KEY_FIELD
#define ATTN_KEY_OF_ALL ATTN_KEY_FIELD
#include "attn/Dialect/Tile/IR/ScheduleKeys.def"
};

#undef ATTN_KEY_FIELD

/// One key of `Keys`.
template <typename Keys>
struct KeyInfo {
  llvm::StringRef name;
  int64_t initial, least, most;
  llvm::StringRef doc;
  int64_t (*get)(const Keys &keys);
  void (*set)(Keys &keys, int64_t value);

  bool isRequired() const { return initial == kRequired; }
  /// Whether text shows the key.
  bool isWritten(const Keys &keys) const {
    return isRequired() || get(keys) != initial;
  }
};

/// All keys of `Keys`, in the order in which they are written.
template <typename Keys>
llvm::ArrayRef<KeyInfo<Keys>> keyTable();
template <>
llvm::ArrayRef<KeyInfo<AttentionKeys>> keyTable();
template <>
llvm::ArrayRef<KeyInfo<GradientKeys>> keyTable();
template <>
llvm::ArrayRef<KeyInfo<RowKeys>> keyTable();

/// Null when there is no such key.
template <typename Keys>
const KeyInfo<Keys> *lookupKey(llvm::StringRef name) {
  for (const KeyInfo<Keys> &key : keyTable<Keys>())
    if (key.name == name)
      return &key;
  return nullptr;
}

/// The keys that text shows, with their values.
template <typename Keys>
llvm::SmallVector<std::pair<llvm::StringRef, int64_t>>
keyValues(const Keys &keys) {
  llvm::SmallVector<std::pair<llvm::StringRef, int64_t>> values;
  for (const KeyInfo<Keys> &key : keyTable<Keys>())
    if (key.isWritten(keys))
      values.emplace_back(key.name, key.get(keys));
  return values;
}

/// Writes keys as the command line and packages do: "q=128,kv=64,…".
template <typename Keys>
std::string toFlag(const Keys &keys) {
  std::string flag;
  for (auto [name, value] : keyValues(keys))
    flag +=
        (flag.empty() ? "" : ",") + name.str() + "=" + std::to_string(value);
  return flag;
}

/// "`q`, `kv`, … or `overlap`", for messages.
template <typename Keys>
std::string keyNames() {
  std::string names;
  llvm::ArrayRef<KeyInfo<Keys>> table = keyTable<Keys>();
  for (const KeyInfo<Keys> &key : table) {
    if (!names.empty())
      names += &key == &table.back() ? " or " : ", ";
    names += "`" + key.name.str() + "`";
  }
  return names;
}

template <typename Keys>
bool areEqual(const Keys &a, const Keys &b) {
  for (const KeyInfo<Keys> &key : keyTable<Keys>())
    if (key.get(a) != key.get(b))
      return false;
  return true;
}

template <typename Keys>
llvm::hash_code hashOf(const Keys &keys) {
  llvm::hash_code hash = 0;
  for (const KeyInfo<Keys> &key : keyTable<Keys>())
    hash = llvm::hash_combine(hash, key.get(keys));
  return hash;
}

// The storage of attributes compares and hashes keys.
inline bool operator==(const AttentionKeys &a, const AttentionKeys &b) {
  return areEqual(a, b);
}
inline bool operator==(const GradientKeys &a, const GradientKeys &b) {
  return areEqual(a, b);
}
inline bool operator==(const RowKeys &a, const RowKeys &b) {
  return areEqual(a, b);
}
inline llvm::hash_code hash_value(const AttentionKeys &keys) {
  return hashOf(keys);
}
inline llvm::hash_code hash_value(const GradientKeys &keys) {
  return hashOf(keys);
}
inline llvm::hash_code hash_value(const RowKeys &keys) { return hashOf(keys); }

} // namespace attn::tile

#endif // ATTN_DIALECT_TILE_IR_SCHEDULEKEYS_H
