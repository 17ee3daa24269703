//===- GoldenTest.cpp - Recordings, comparisons and what probes ask -------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Comparison.h"
#include "Execution.h"
#include "Formats.h"
#include "Hash.h"
#include "Packing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <map>
#include <set>

using namespace attnrt;
using namespace attnrt::golden;
using testing::HasSubstr;

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

static Words drawn(size_t count, uint64_t seed) {
  Random random(seed);
  Words out(count);
  for (uint32_t &word : out)
    word = static_cast<uint32_t>(random.next());
  return out;
}

TEST(Golden, PackingLosesNothing) {
  Words ends;
  for (unsigned shift = 0; shift < 32; ++shift)
    for (uint32_t word : {1u << shift, ~0u >> shift, ~0u << shift, 0u})
      ends.push_back(word);
  for (const Words &words :
       {Words(), Words{0}, Words{~0u}, ends, drawn(5000, 1), Words(5000, 7)})
    EXPECT_EQ(unpack(pack(words), words.size()), words);
}

TEST(Golden, PackingIsWorthIt) {
  Words smooth(1 << 16);
  for (uint32_t i = 0; i < smooth.size(); ++i) {
    float value = std::exp2(1 + static_cast<float>(i) * 0x1p-23f);
    std::memcpy(&smooth[i], &value, 4);
  }
  EXPECT_LT(pack(smooth).size(), smooth.size() / 6);
  EXPECT_LT(pack(Words(1 << 16, 7)).size(), 1u << 13);
  EXPECT_LT(pack(drawn(1 << 16, 1)).size(), 4.3 * (1 << 16));
}

static Recording sample() {
  Recording recording;
  recording.kind = "cuda";
  recording.name = "a GPU";
  recording.driver = "CUDA 13.0";
  recording.date = "2026-01-31";
  recording.chip = 90;
  recording.seed = 77;
  recording.answers.resize(2);
  recording.answers[0] = {"a.b", 1, 2, Outcome::Ran, "", {1, 2, 0xffffffff}};
  recording.answers[1] = {"c", 3, 4, Outcome::Refused, "broke", {}};
  return recording;
}

TEST(Golden, RecordingsAreReadBack) {
  Expected<Recording> read = parseRecording(serialize(sample()));
  ASSERT_TRUE(read) << read.status().message();
  EXPECT_EQ(serialize(*read), serialize(sample()));
  EXPECT_EQ(read->find("a.b")->words, sample().answers[0].words);
  EXPECT_EQ(read->find("c")->message, "broke");
  EXPECT_EQ(read->find("d"), nullptr);
}

TEST(Golden, DamagedRecordingsAreRefused) {
  std::string bytes = serialize(sample());
  for (size_t length = 0; length < bytes.size(); ++length)
    EXPECT_FALSE(parseRecording(bytes.substr(0, length))) << length;
  EXPECT_FALSE(parseRecording(bytes + '\0'));
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] ^= static_cast<char>(1 << bit % 8);
    EXPECT_FALSE(parseRecording(damaged)) << bit;
  }
}

/// With a checksum that is right, so that the fields are looked at.
static Status refusal(std::string bytes, size_t at, const std::string &with) {
  bytes.replace(at, with.size(), with);
  bytes.resize(bytes.size() - 8);
  uint64_t hash = hashOf(bytes);
  bytes.append(reinterpret_cast<const char *>(&hash), sizeof hash);
  return parseRecording(bytes).status();
}

TEST(Golden, FieldsThatCannotBeAreRefused) {
  std::string bytes = serialize(sample());
  EXPECT_THAT(refusal(bytes, 8, "\x07").message(), HasSubstr("got 7"));
  // The length of the device's kind.
  EXPECT_THAT(refusal(bytes, 12, std::string(4, '\xff')).message(),
              HasSubstr("do not end"));
  size_t outcome = bytes.find("a.b") + 3 + 16;
  EXPECT_THAT(refusal(bytes, outcome, "\x09").message(),
              HasSubstr("the answer to a.b is none"));
  size_t words = outcome + 1 + 4;
  EXPECT_THAT(refusal(bytes, words, std::string(8, '\x7f')).message(),
              HasSubstr("the answer to a.b is none"));
}

//===----------------------------------------------------------------------===//
// Comparisons
//===----------------------------------------------------------------------===//

namespace {
struct Pair {
  Probe probe;
  Answer recorded, here;

  explicit Pair(Element element = Element::F32, Demand demand = Demand::Equal,
                Bound bound = {}) {
    probe.element = element;
    probe.demand = demand;
    probe.bound = bound;
    probe.place = [](const Words &, size_t word) {
      return "word " + std::to_string(word);
    };
    probe.outputWords = 3;
    recorded.words = here.words = {0x3f800000, 0x40000000, 0x7fffffff};
  }
  Verdict verdict(bool isSim = true) const {
    return compare(probe, &recorded, here, {}, isSim);
  }
  Agreement agreement(bool isSim = true) const {
    return verdict(isSim).agreement;
  }
};
} // namespace

TEST(GoldenComparison, EveryBitCounts) {
  for (Element element :
       {Element::Bits, Element::F32, Element::F16, Element::BF16})
    for (unsigned bit = 0; bit < 96; ++bit) {
      Pair pair(element);
      EXPECT_EQ(pair.agreement(), Agreement::Equal);
      pair.here.words[bit / 32] ^= 1u << bit % 32;
      Verdict verdict = pair.verdict();
      EXPECT_EQ(verdict.agreement, Agreement::Differs);
      EXPECT_THAT(verdict.text, HasSubstr("1 of 3 words differ"));
      EXPECT_THAT(verdict.text,
                  HasSubstr("first word " + std::to_string(bit / 32) + ": "));
    }
}

TEST(GoldenComparison, Distances) {
  EXPECT_EQ(ulpsBetween(Element::F32, 0x3f800000, 0x3f7fffff), 1);
  EXPECT_EQ(ulpsBetween(Element::F32, 0x80000001, 0x00000001), 2);
  EXPECT_EQ(ulpsBetween(Element::F32, 0x80000000, 0x00000000), 0);
  EXPECT_EQ(ulpsBetween(Element::F16, 0x3c003c00, 0x3c033bff), 3);
  EXPECT_EQ(ulpsBetween(Element::BF16, 0x3f803f80, 0x3f803f7e), 2);
  EXPECT_TRUE(std::isinf(ulpsBetween(Element::F32, 0x7fc00000, 0x7f800000)));
  EXPECT_TRUE(std::isinf(ulpsBetween(Element::BF16, 0x7fc0, 0x7f80)));
  EXPECT_TRUE(std::isinf(ulpsBetween(Element::Bits, 1, 2)));
}

TEST(GoldenComparison, Bounds) {
  Pair pair(Element::F32, Demand::Near, {2});
  pair.here.words[1] += 2;
  EXPECT_EQ(pair.agreement(), Agreement::Near);
  EXPECT_THAT(pair.verdict().text, HasSubstr("at most 2 ulps"));
  pair.here.words[0] += 3;
  EXPECT_EQ(pair.agreement(), Agreement::Differs);
  EXPECT_THAT(pair.verdict().text, HasSubstr("2 of 3 words"));
  EXPECT_THAT(pair.verdict().text, HasSubstr("1 beyond the bound"));
  EXPECT_THAT(pair.verdict().text, HasSubstr("of those word 0"));
  pair.probe.bound.absolute = 0x1p-20;
  EXPECT_EQ(pair.agreement(), Agreement::Near);
  pair.here.words[2] = 0x7f800000; // no bound reaches from NaN to infinity
  EXPECT_EQ(pair.agreement(), Agreement::Differs);
  EXPECT_THAT(pair.verdict().text, HasSubstr("a NaN in one place only"));
}

TEST(GoldenComparison, WhatDidNotRun) {
  Pair pair;
  pair.here.outcome = Outcome::Refused;
  EXPECT_EQ(pair.agreement(), Agreement::Differs);
  pair.recorded.outcome = Outcome::Refused;
  EXPECT_EQ(pair.agreement(), Agreement::Equal);
  pair.here.outcome = Outcome::Ran;
  EXPECT_EQ(pair.agreement(), Agreement::Differs);
  pair.recorded.outcome = Outcome::Skipped;
  EXPECT_EQ(pair.agreement(), Agreement::Skipped);
  EXPECT_EQ(compare(pair.probe, nullptr, pair.here, {}, true).agreement,
            Agreement::Missing);
}

/// The simulator must not guess what it does not model.
TEST(GoldenComparison, WhatIsNotModelled) {
  Pair pair(Element::F32, Demand::Refused);
  EXPECT_EQ(pair.agreement(), Agreement::Differs);
  EXPECT_EQ(pair.agreement(/*isSim=*/false), Agreement::Equal);
  pair.here.outcome = Outcome::Refused;
  EXPECT_EQ(pair.agreement(), Agreement::Omitted);
}

TEST(GoldenComparison, StaleRecordings) {
  Pair other;
  other.recorded.ptxHash = 1;
  EXPECT_EQ(other.agreement(), Agreement::Stale);
  other = Pair();
  other.recorded.inputHash = 1;
  EXPECT_EQ(other.agreement(), Agreement::Stale);
  other = Pair();
  other.recorded.words.pop_back();
  EXPECT_EQ(other.agreement(), Agreement::Stale);
}

//===----------------------------------------------------------------------===//
// Probes
//===----------------------------------------------------------------------===//

TEST(GoldenProbes, NamesDiffer) {
  std::set<std::string> names;
  for (const Probe &probe : catalogue({})) {
    EXPECT_TRUE(names.insert(probe.name).second) << probe.name;
    EXPECT_FALSE(probe.about.empty()) << probe.name;
    EXPECT_GT(probe.outputWords, 0u) << probe.name;
  }
}

TEST(GoldenProbes, InputsComeFromTheSeed) {
  unsigned drawn = 0;
  for (const Probe &probe : catalogue({true})) {
    EXPECT_EQ(inputsOf(probe, 1), inputsOf(probe, 1)) << probe.name;
    drawn += inputsOf(probe, 1) != inputsOf(probe, 2);
  }
  EXPECT_GT(drawn, 30u);
}

/// On every host: what another one recorded could not be used here.
TEST(GoldenProbes, InputsAreTheSameEverywhere) {
  std::map<std::string, uint64_t> hashes;
  for (const Probe &probe : catalogue({true}))
    hashes[probe.name] = hashOf(inputsOf(probe, 1));
  EXPECT_EQ(hashes["sin.near"], 743367477586355519u);
  EXPECT_EQ(hashes["cvt_bf16x2"], 15693017885292427658u);
  EXPECT_EQ(hashes["mma90.m16n8k16.bf16.f32"], 16014736212938564419u);
  EXPECT_EQ(hashes["wgmma.e4m3.e5m2.f32"], 1467013099707567364u);
}

TEST(GoldenProbes, Formats) {
  EXPECT_EQ(kF32.encode(-1.5), 0xbfc00000u);
  EXPECT_EQ(kF16.encode(65504), 0x7bffu);
  EXPECT_EQ(kF16.encode(0x1p-24), 0x0001u);
  EXPECT_EQ(kBF16.encode(1 + 0x1p-8), 0x3f80u); // cut off
  EXPECT_EQ(kTF32.encode(-2), 0xc0000000u);
  EXPECT_EQ(kE4M3.encode(448), 0x7eu);
  EXPECT_EQ(kE5M2.encode(-0x1p-16), 0x81u);
}

/// Runs one probe on the simulator.
static Words askSim(const std::string &name) {
  std::vector<Probe> probes = catalogue({true});
  probes.erase(
      std::remove_if(probes.begin(), probes.end(),
                     [&](const Probe &probe) { return probe.name != name; }),
      probes.end());
  EXPECT_EQ(probes.size(), 1u) << name;
  Expected<Recording> recording = ask({}, probes);
  EXPECT_TRUE(recording) << recording.status().message();
  EXPECT_EQ(recording->answers[0].message, "");
  return recording->answers[0].words;
}

namespace {
/// (n, k) -> the element's number in shared memory, as the ISA's figures have
/// it.
using Place = std::function<unsigned(unsigned n, unsigned k)>;
} // namespace

/// The result of A = identity is B: row k, column n.
static void expectPlaces(const std::string &name, unsigned depth, unsigned base,
                         unsigned digits, const Place &place) {
  Words words = askSim(name);
  ASSERT_EQ(words.size(), digits * 128 * 32) << name;
  for (unsigned k = 0; k < depth && k < 16; ++k)
    for (unsigned n = 0; n < 64; ++n) {
      unsigned lane = k % 8 * 4 + n % 8 / 2;
      unsigned r = n / 8 * 4 + k / 8 * 2 + n % 2;
      unsigned got = 0, scale = 1;
      for (unsigned digit = 0; digit < digits; ++digit, scale *= base) {
        float value;
        std::memcpy(&value, &words[(digit * 128 + lane) * 32 + r], 4);
        got += static_cast<unsigned>(value) * scale;
      }
      ASSERT_EQ(got, place(n, k)) << name << ": " << k << ", " << n;
    }
}

TEST(GoldenProbes, LayoutsNamePlaces) {
  auto moved = [](unsigned byte, unsigned mask) {
    return byte ^ ((byte >> 7 & mask) << 4);
  };
  expectPlaces("layout.b.f16.k.128", 16, 64, 2, [&](unsigned n, unsigned k) {
    return moved(n * 128 + 2 * k, 7) / 2;
  });
  expectPlaces("layout.b.f16.k.64.start32", 16, 64, 2,
               [&](unsigned n, unsigned k) {
                 return moved(n * 64 + 32 + 2 * k, 3) / 2;
               });
  expectPlaces("layout.b.f16.mn.32", 16, 64, 2, [&](unsigned n, unsigned k) {
    return moved(n / 16 * 512 + k * 32 + n % 16 * 2, 1) / 2;
  });
  expectPlaces("layout.b.f16.k.0", 16, 64, 2, [&](unsigned n, unsigned k) {
    return (n / 8 * 128 + n % 8 * 16 + k / 8 * 1024 + k % 8 * 2) / 2;
  });
  expectPlaces("layout.b.tf32.k.128", 8, 64, 2, [&](unsigned n, unsigned k) {
    return moved(n * 128 + 4 * k, 7) / 4;
  });
  expectPlaces("layout.b.e4m3.k.128", 32, 8, 5,
               [&](unsigned n, unsigned k) { return moved(n * 128 + k, 7); });
}

/// Boxes are dense, whatever the swizzle is.
TEST(GoldenProbes, BoxesShowWhatTheyLeave) {
  Words words = askSim("tensor.load.bf16.32of128");
  EXPECT_EQ(words[0], 1u); // all bytes came
  EXPECT_EQ(words[1], 0x00020001u);
  unsigned left =
      std::count(words.begin() + 1, words.begin() + 1025, 0xa5a5a5a5);
  EXPECT_EQ(left, 1024u - 16 * 8 / 2);
}

/// A device that cannot be opened is no recording.
TEST(GoldenProbes, NoDevice) {
  Session session;
  session.device = "none";
  Expected<Recording> recording = ask(session, catalogue({true}));
  ASSERT_FALSE(recording);
  EXPECT_EQ(recording.status().code(), Code::Device);
  EXPECT_THAT(recording.status().message(), HasSubstr("unknown device"));
}
