//===- Probe.h - A question that a GPU answers ------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A probe is a kernel of our own, inputs that a seed makes, and what is
// demanded of a device that answers after another one did. Families of probes
// are tables, one file each; Catalogue.cpp puts them together. Nothing here
// knows of the compiler or of the simulator: layouts are written from the PTX
// ISA once more.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_TEST_GOLDEN_PROBE_H
#define ATTNRT_TEST_GOLDEN_PROBE_H

#include "attnrt/DriverApi.h"
#include "attnrt/Random.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace attnrt::golden {

using Words = std::vector<uint32_t>;

/// What the words of an output hold; distances are counted in it.
enum class Element : uint8_t { Bits, F32, F16, BF16 };

enum class Demand : uint8_t {
  Equal, // to the bit
  Near,  // within `bound`: how the hardware approximates is not public
  Shown, // differs by nature, and is told
  /// Not modelled: the simulator has to say so, and not to guess.
  Refused,
};

/// An element may differ by as much as the largest of these allows.
struct Bound {
  double ulps = 0, relative = 0, absolute = 0;
};

/// Compute capabilities, both included: what an instruction gives may depend on
/// the chip.
struct Chips {
  int least = 80, most = 999;
  bool have(int chip) const { return least <= chip && chip <= most; }
};

struct Probe {
  std::string name;  // family.case
  std::string about; // what it settles
  Chips chips;
  /// Entry `probe(u64 in, u64 out[, .align 64 .b8 map[128]])`.
  std::string ptx;
  LaunchShape shape;
  std::function<Words(Random &)> inputs;
  size_t outputWords = 0;
  Element element = Element::Bits;
  Demand demand = Demand::Equal;
  Bound bound;
  /// Of the input, or of the output; its address is filled in.
  std::optional<TensorMap> map;
  bool mapsOutput = false;
  /// Where a word of the output comes from, in words.
  std::function<std::string(const Words &inputs, size_t word)> place;
};

/// How many values are tried: all that a recording is to hold, or few.
struct Sizes {
  bool isSmall = false;
  unsigned octaveBits() const { return isSmall ? 10 : 23; }
  unsigned drawn() const { return isSmall ? 256 : 1 << 14; }
  unsigned perExponent() const { return isSmall ? 1 : 32; }
  unsigned mmaTiles() const { return isSmall ? 2 : 16; }
  unsigned wgmmaTiles() const { return isSmall ? 1 : 2; }
};

std::vector<Probe> elementaryProbes(Sizes sizes);
std::vector<Probe> conversionProbes(Sizes sizes);
std::vector<Probe> mmaProbes(Sizes sizes);
std::vector<Probe> wgmmaProbes(Sizes sizes);
std::vector<Probe> layoutProbes();
std::vector<Probe> fragmentProbes();
std::vector<Probe> tensorProbes();
std::vector<Probe> machineProbes();

/// All of them; names differ.
std::vector<Probe> catalogue(Sizes sizes);

/// The inputs of a probe under a seed; they depend on nothing else.
Words inputsOf(const Probe &probe, uint64_t seed);

/// "0x3f800000".
std::string hex(uint32_t word);

} // namespace attnrt::golden

#endif // ATTNRT_TEST_GOLDEN_PROBE_H
