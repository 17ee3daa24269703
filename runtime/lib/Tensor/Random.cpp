//===- Random.cpp - Reproducible inputs -----------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnrt/Random.h"

#include "Support/Parallel.h"

#include <algorithm>
#include <cmath>

using namespace attnrt;

static uint64_t splitmix(uint64_t &state) {
  uint64_t z = (state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static uint64_t rotateLeft(uint64_t value, int by) {
  return value << by | value >> (64 - by);
}

Random::Random(uint64_t seed) {
  for (uint64_t &word : state)
    word = splitmix(seed);
}

uint64_t Random::next() {
  uint64_t result = rotateLeft(state[1] * 5, 7) * 9;
  uint64_t shifted = state[1] << 17;
  state[2] ^= state[0];
  state[3] ^= state[1];
  state[1] ^= state[2];
  state[0] ^= state[3];
  state[2] ^= shifted;
  state[3] = rotateLeft(state[3], 45);
  return result;
}

double Random::uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

// J. L. Leva, "A fast normal random number generator", 1992.
double Random::normal() {
  for (;;) {
    double u = 1 - uniform();
    double v = 1.7156 * (uniform() - 0.5);
    double x = u - 0.449871;
    double y = std::fabs(v) + 0.386595;
    double q = x * x + y * (0.19600 * y - 0.25472 * x);
    bool accepted = q < 0.27597;
    if (!accepted && q <= 0.27846)
      accepted = v * v <= -4 * std::log(u) * u * u;
    if (accepted)
      return v / u;
  }
}

uint64_t Random::below(uint64_t bound) {
  // The bias of a remainder is below bound / 2^64.
  return next() % bound;
}

/// Numbers for one part of a stream.
static Random randomOf(uint64_t seed, uint64_t stream, int64_t part) {
  uint64_t mixed = seed;
  mixed = splitmix(mixed) ^ stream;
  mixed = splitmix(mixed) ^ static_cast<uint64_t>(part);
  return Random(splitmix(mixed));
}

/// Sets each value to what `draw(random)` returns.
template <typename T, typename Draw>
static void fill(T *values, int64_t count, uint64_t seed, uint64_t stream,
                 Draw draw) {
  constexpr int64_t kBlock = 16384;
  parallelFor((count + kBlock - 1) / kBlock, [&](int64_t block) {
    Random random = randomOf(seed, stream, block);
    int64_t end = std::min(count, (block + 1) * kBlock);
    for (int64_t i = block * kBlock; i < end; ++i)
      values[i] = draw(random);
  });
}

void attnrt::fillNormal(float *values, int64_t count, uint64_t seed,
                        uint64_t stream) {
  fill(values, count, seed, stream,
       [](Random &random) { return static_cast<float>(random.normal()); });
}

void attnrt::fillTruths(uint8_t *values, int64_t count, uint64_t seed,
                        uint64_t stream) {
  fill(values, count, seed, stream, [](Random &random) {
    return static_cast<uint8_t>(random.below(4) != 0);
  });
}

void attnrt::fillRuns(int32_t *values, int64_t rows, int64_t length,
                      uint64_t seed) {
  for (int64_t row = 0; row < rows; ++row) {
    Random random = randomOf(seed, /*stream=*/0, row);
    double ends[] = {random.uniform(), random.uniform(), random.uniform()};
    std::sort(std::begin(ends), std::end(ends));
    for (int64_t i = 0; i < length; ++i) {
      double place =
          (static_cast<double>(i) + 0.5) / static_cast<double>(length);
      values[row * length + i] = static_cast<int32_t>(
          std::upper_bound(std::begin(ends), std::end(ends), place) -
          std::begin(ends));
    }
  }
}
