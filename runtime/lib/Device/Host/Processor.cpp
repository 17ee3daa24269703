//===- Processor.cpp - What this processor is and can ---------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The instruction is asked and not /proc/cpuinfo: an emulator of another
// processor (qemu-user, valgrind) shows there what it itself runs on.
//
//===----------------------------------------------------------------------===//

#include "Device/Host/Processor.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

using namespace attnrt;

namespace {
/// A bit of what the processor says of itself.
struct FeatureBit {
  std::string_view name; // without underscores
  unsigned word, bit;
};
} // namespace

static std::string trimmed(std::string text) {
  size_t first = text.find_first_not_of(' ');
  if (first == std::string::npos)
    return "";
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

#if defined(__x86_64__)

namespace {
struct Registers {
  uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};
} // namespace

static Registers cpuid(uint32_t leaf, uint32_t subleaf = 0) {
  Registers r;
  __get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx);
  return r;
}

/// Words of feature bits, as the table below numbers them.
enum Word { k1Ecx, k7Ebx, k7Ecx, k7Edx, k71Eax, k81Ecx, kWords };

static constexpr FeatureBit kFeatures[] = {
    {"sse3", k1Ecx, 0},        {"pni", k1Ecx, 0},
    {"ssse3", k1Ecx, 9},       {"fma", k1Ecx, 12},
    {"cx16", k1Ecx, 13},       {"sse41", k1Ecx, 19},
    {"sse42", k1Ecx, 20},      {"movbe", k1Ecx, 22},
    {"popcnt", k1Ecx, 23},     {"avx", k1Ecx, 28},
    {"f16c", k1Ecx, 29},       {"bmi1", k7Ebx, 3},
    {"avx2", k7Ebx, 5},        {"bmi2", k7Ebx, 8},
    {"avx512f", k7Ebx, 16},    {"avx512dq", k7Ebx, 17},
    {"avx512ifma", k7Ebx, 21}, {"avx512cd", k7Ebx, 28},
    {"avx512bw", k7Ebx, 30},   {"avx512vl", k7Ebx, 31},
    {"avx512vbmi", k7Ecx, 1},  {"avx512vbmi2", k7Ecx, 6},
    {"avx512vnni", k7Ecx, 11}, {"avx512bitalg", k7Ecx, 12},
    {"amxbf16", k7Edx, 22},    {"avx512fp16", k7Edx, 23},
    {"amxtile", k7Edx, 24},    {"amxint8", k7Edx, 25},
    {"avxvnni", k71Eax, 4},    {"avx512bf16", k71Eax, 5},
    {"lahflm", k81Ecx, 0},     {"abm", k81Ecx, 5},
    {"lzcnt", k81Ecx, 5},
};

/// The states that the system saves: XCR0, or nothing.
static uint64_t savedStates() {
  constexpr uint32_t kOsxsave = 1u << 27;
  if (!(cpuid(1).ecx & kOsxsave))
    return 0;
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low | uint64_t(high) << 32;
}

static bool isSaved(std::string_view name) {
  constexpr uint64_t kAvx = 0x6, kAvx512 = 0xe6, kAmx = 0x60000;
  static const uint64_t saved = savedStates();
  auto saves = [](uint64_t states) { return (saved & states) == states; };
  auto begins = [&](std::string_view prefix) {
    return name.substr(0, prefix.size()) == prefix;
  };
  if (begins("avx512"))
    return saves(kAvx512);
  if (begins("amx"))
    return saves(kAmx);
  bool inWideRegisters = begins("avx") || name == "fma" || name == "f16c";
  return !inWideRegisters || saves(kAvx);
}

static const uint32_t *featureWords() {
  static uint32_t words[kWords];
  static bool filled = [] {
    Registers seven = cpuid(7);
    words[k1Ecx] = cpuid(1).ecx;
    words[k7Ebx] = seven.ebx;
    words[k7Ecx] = seven.ecx;
    words[k7Edx] = seven.edx;
    words[k71Eax] = seven.eax >= 1 ? cpuid(7, 1).eax : 0;
    words[k81Ecx] = cpuid(0x80000001).ecx;
    return true;
  }();
  (void)filled;
  return words;
}

std::string attnrt::processorName() {
  char brand[49] = {};
  if (cpuid(0x80000000).eax >= 0x80000004)
    for (uint32_t i = 0; i < 3; ++i) {
      Registers part = cpuid(0x80000002 + i);
      std::memcpy(brand + 16 * i, &part, sizeof part);
    }
  std::string name = trimmed(brand);
  return name.empty() ? "x86-64 processor" : name;
}

#elif defined(__aarch64__)

/// The first line of /proc/cpuinfo that begins with `key`, without it.
static std::string lineOfCpuinfo(std::string_view key) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.compare(0, key.size(), key) == 0)
      return line.substr(line.find(':') + 1);
  return "";
}

enum Word { kHwcap, kHwcap2, kWords };

static constexpr FeatureBit kFeatures[] = {
    {"fp", kHwcap, 0},        {"asimd", kHwcap, 1},    {"neon", kHwcap, 1},
    {"atomics", kHwcap, 8},   {"fphp", kHwcap, 9},     {"asimdhp", kHwcap, 10},
    {"asimdrdm", kHwcap, 12}, {"asimddp", kHwcap, 20}, {"sve", kHwcap, 22},
    {"asimdfhm", kHwcap, 23}, {"sve2", kHwcap2, 1},    {"svei8mm", kHwcap2, 9},
    {"svebf16", kHwcap2, 12}, {"i8mm", kHwcap2, 13},   {"bf16", kHwcap2, 14},
};

static bool isSaved(std::string_view) { return true; }

static const uint32_t *featureWords() {
  static const uint32_t words[kWords] = {
      static_cast<uint32_t>(getauxval(AT_HWCAP)),
      static_cast<uint32_t>(getauxval(AT_HWCAP2))};
  return words;
}

std::string attnrt::processorName() {
  std::string vendor = trimmed(lineOfCpuinfo("CPU implementer"));
  std::string part = trimmed(lineOfCpuinfo("CPU part"));
  if (vendor.empty() || part.empty())
    return "aarch64 processor";
  return "aarch64 processor, implementer " + vendor + ", part " + part;
}

#else
#error "say how this machine's features are found"
#endif

bool attnrt::processorHas(std::string_view feature) {
  std::string name;
  for (char c : feature)
    if (c != '_')
      name += c;
  for (const FeatureBit &known : kFeatures)
    if (known.name == name)
      return (featureWords()[known.word] >> known.bit & 1) && isSaved(name);
  return false;
}

std::string_view attnrt::missingFeature(std::string_view features) {
  while (!features.empty()) {
    size_t end = std::min(features.find(' '), features.size());
    std::string_view feature = features.substr(0, end);
    if (!feature.empty() && !processorHas(feature))
      return feature;
    features.remove_prefix(std::min(end + 1, features.size()));
  }
  return {};
}
