//===- Hash.h - Whether two things are the same -----------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_TEST_GOLDEN_HASH_H
#define ATTNRT_TEST_GOLDEN_HASH_H

#include <cstdint>
#include <string_view>
#include <vector>

namespace attnrt::golden {

/// FNV-1a.
inline uint64_t hashOf(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (unsigned char byte : bytes)
    hash = (hash ^ byte) * 0x100000001b3u;
  return hash;
}

inline uint64_t hashOf(const std::vector<uint32_t> &words) {
  return hashOf({reinterpret_cast<const char *>(words.data()),
                 words.size() * sizeof(uint32_t)});
}

} // namespace attnrt::golden

#endif // ATTNRT_TEST_GOLDEN_HASH_H
