//===- Packing.cpp - Words in few bytes -----------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Packing.h"

#include <algorithm>

namespace attnrt::golden {

namespace {

constexpr unsigned kProbabilityBits = 12, kMoveBits = 5;
constexpr uint32_t kLeastRange = 1u << 24;

/// Of a bit that is zero.
struct Probability {
  uint16_t value = 1 << (kProbabilityBits - 1);
  void follow(bool bit) {
    if (bit)
      value -= value >> kMoveBits;
    else
      value += ((1 << kProbabilityBits) - value) >> kMoveBits;
  }
};

class Encoder {
public:
  void bit(Probability &p, bool bit) {
    uint32_t bound = (range >> kProbabilityBits) * p.value;
    if (bit)
      low += bound;
    range = bit ? range - bound : bound;
    p.follow(bit);
    while (range < kLeastRange)
      shift();
  }
  void plain(bool bit) {
    range >>= 1;
    if (bit)
      low += range;
    while (range < kLeastRange)
      shift();
  }
  std::string finish() {
    for (int i = 0; i < 5; ++i)
      shift();
    return out;
  }

private:
  /// The top byte goes out once no carry can reach it.
  void shift() {
    range <<= 8;
    if (low < 0xff000000u || low >> 32) {
      if (!isFirst)
        out += static_cast<char>(held + (low >> 32));
      isFirst = false;
      for (; pending; --pending)
        out += static_cast<char>(0xff + (low >> 32));
      held = static_cast<uint8_t>(low >> 24);
    } else {
      ++pending;
    }
    low = (low & 0x00ffffffu) << 8;
  }

  uint64_t low = 0;
  uint32_t range = ~0u;
  uint8_t held = 0;
  bool isFirst = true;
  size_t pending = 0;
  std::string out;
};

class Decoder {
public:
  explicit Decoder(const std::string &bytes) : bytes(bytes) {
    for (int i = 0; i < 4; ++i)
      code = code << 8 | next();
  }
  bool bit(Probability &p) {
    uint32_t bound = (range >> kProbabilityBits) * p.value;
    bool bit = code >= bound;
    if (bit)
      code -= bound;
    range = bit ? range - bound : bound;
    p.follow(bit);
    fill();
    return bit;
  }
  bool plain() {
    range >>= 1;
    bool bit = code >= range;
    if (bit)
      code -= range;
    fill();
    return bit;
  }

private:
  void fill() {
    for (; range < kLeastRange; range <<= 8)
      code = code << 8 | next();
  }
  uint8_t next() {
    return at < bytes.size() ? static_cast<uint8_t>(bytes[at++]) : 0;
  }

  const std::string &bytes;
  size_t at = 0;
  uint32_t range = ~0u, code = 0;
};

unsigned lengthOf(uint32_t value) {
  return value ? 32 - __builtin_clz(value) : 0;
}

/// What both sides know when a difference comes.
class Model {
public:
  /// `bit(probability, value)` and `plain(value)` code a bit of `value` or find
  /// it; `known` is the difference, or unused.
  template <typename Bit, typename Plain>
  uint32_t pass(Bit bit, Plain plain, uint32_t known) {
    unsigned length = 1;
    for (unsigned i = 0; i < kLengthBits; ++i) {
      bool want = lengthOf(known) >> (kLengthBits - 1 - i) & 1;
      length = length << 1 | bit(lengths[last][before][length], want);
    }
    length = std::min(length - (1u << kLengthBits), 32u);
    uint32_t value = length ? 1 : 0;
    for (unsigned i = 1; i < length; ++i) {
      bool want = known >> (length - 1 - i) & 1;
      bool got = i <= kModelled ? bit(heads[length][value], want) : plain(want);
      value = value << 1 | got;
    }
    before = last;
    last = std::min(length, kContexts - 1);
    return value;
  }

private:
  static constexpr unsigned kLengthBits = 6, kContexts = 6, kModelled = 3;
  Probability lengths[kContexts][kContexts][2 << kLengthBits];
  Probability heads[33][2 << kModelled];
  unsigned last = 0, before = 0;
};

/// Small for small differences of either sign.
uint32_t fold(uint32_t difference) {
  return difference << 1 ^ (difference >> 31 ? ~0u : 0);
}
uint32_t unfold(uint32_t folded) {
  return folded >> 1 ^ (folded & 1 ? ~0u : 0);
}

} // namespace

std::string pack(const Words &words) {
  Encoder encoder;
  Model model;
  uint32_t previous = 0;
  for (uint32_t word : words) {
    model.pass(
        [&](Probability &p, bool bit) {
          encoder.bit(p, bit);
          return bit;
        },
        [&](bool bit) {
          encoder.plain(bit);
          return bit;
        },
        fold(word - previous));
    previous = word;
  }
  return encoder.finish();
}

Words unpack(const std::string &bytes, size_t count) {
  Decoder decoder(bytes);
  Model model;
  Words words(count);
  uint32_t previous = 0;
  for (uint32_t &word : words) {
    previous +=
        unfold(model.pass([&](Probability &p, bool) { return decoder.bit(p); },
                          [&](bool) { return decoder.plain(); }, 0));
    word = previous;
  }
  return words;
}

} // namespace attnrt::golden
