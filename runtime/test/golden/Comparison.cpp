//===- Comparison.cpp - Whether two devices agree -------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Comparison.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace attnrt::golden {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Type {
  unsigned bits, mantissaBits;
};

Type typeOf(Element element) {
  switch (element) {
  case Element::F16:
    return {16, 10};
  case Element::BF16:
    return {16, 7};
  default:
    return {32, 23};
  }
}

/// Neighbours differ by one; zeros of both signs are the same.
int64_t ordered(Type type, uint32_t bits) {
  uint32_t sign = 1u << (type.bits - 1);
  int64_t magnitude = bits & (sign - 1);
  return bits & sign ? -magnitude : magnitude;
}

bool isNan(Type type, uint32_t bits) {
  uint32_t magnitude = bits & ((1u << (type.bits - 1)) - 1);
  uint32_t infinity = (1u << (type.bits - 1)) - (1u << type.mantissaBits);
  return magnitude > infinity;
}

double ulpsOf(Type type, uint32_t a, uint32_t b) {
  if (a == b)
    return 0;
  if (isNan(type, a) || isNan(type, b))
    return kInfinity;
  return std::fabs(static_cast<double>(ordered(type, a) - ordered(type, b)));
}

float asFloat(uint32_t bits) {
  float out;
  std::memcpy(&out, &bits, 4);
  return out;
}

bool isWithin(const Probe &probe, uint32_t recorded, uint32_t here) {
  if (ulpsBetween(probe.element, recorded, here) <= probe.bound.ulps)
    return true;
  if (probe.element != Element::F32)
    return false;
  double a = asFloat(recorded), b = asFloat(here);
  return std::fabs(a - b) <=
         std::max(probe.bound.absolute, probe.bound.relative * std::fabs(a));
}

struct Differences {
  size_t count = 0, beyond = 0, first = 0, firstBeyond = 0;
  double largest = 0;
};

Differences differencesOf(const Probe &probe, const Words &recorded,
                          const Words &here) {
  Differences out;
  for (size_t i = 0; i < here.size(); ++i) {
    if (recorded[i] == here[i])
      continue;
    if (!out.count++)
      out.first = i;
    out.largest =
        std::max(out.largest, ulpsBetween(probe.element, recorded[i], here[i]));
    if (!isWithin(probe, recorded[i], here[i]) && !out.beyond++)
      out.firstBeyond = i;
  }
  return out;
}

std::string describeDistance(double ulps) {
  if (std::isinf(ulps))
    return ", some of them a NaN in one place only";
  return ", by at most " + std::to_string(static_cast<uint64_t>(ulps)) +
         " ulps";
}

std::string describe(const Probe &probe, const Words &recorded,
                     const Words &here, const Words &inputs,
                     const Differences &found) {
  size_t at = found.beyond ? found.firstBeyond : found.first;
  std::string text = std::to_string(found.count) + " of " +
                     std::to_string(here.size()) + " words differ";
  if (probe.element != Element::Bits)
    text += describeDistance(found.largest);
  if (probe.demand == Demand::Near)
    text += ", " + std::to_string(found.beyond) + " beyond the bound";
  bool isNamed = probe.demand == Demand::Near && found.beyond;
  return text + "; the first" + (isNamed ? " of those " : " ") +
         probe.place(inputs, at) + ": recorded " + hex(recorded[at]) +
         ", here " + hex(here[at]);
}

std::string shown(const Probe &probe, const Answer &recorded,
                  const Answer &here, const Words &inputs) {
  auto valueOf = [](const Answer &answer, size_t i) {
    return i < answer.words.size() ? std::to_string(answer.words[i])
                                   : answer.message;
  };
  std::string text = probe.about;
  for (size_t i = 0; i < probe.outputWords; ++i)
    text += "\n  " + probe.place(inputs, i) + ": recorded " +
            valueOf(recorded, i) + ", here " + valueOf(here, i);
  return text;
}

const char *nameOf(Outcome outcome) {
  static const char *const names[] = {"ran", "refused", "timed out", "skipped"};
  return names[static_cast<unsigned>(outcome)];
}

/// Where one of them, or both, did not run.
Verdict compareOutcomes(const Probe &probe, const Answer &recorded,
                        const Answer &here) {
  std::string text = std::string("recorded: ") + nameOf(recorded.outcome);
  if (!recorded.message.empty())
    text += " (" + recorded.message + ")";
  text += std::string("; here: ") + nameOf(here.outcome);
  if (!here.message.empty())
    text += " (" + here.message + ")";
  bool isOmitted =
      probe.demand == Demand::Refused && here.outcome == Outcome::Refused;
  if (isOmitted)
    return {Agreement::Omitted, text};
  return {recorded.outcome == here.outcome ? Agreement::Equal
                                           : Agreement::Differs,
          text};
}

Verdict compareWords(const Probe &probe, const Words &recorded,
                     const Words &here, const Words &inputs) {
  Differences found = differencesOf(probe, recorded, here);
  if (!found.count)
    return {Agreement::Equal, std::to_string(here.size()) + " words"};
  bool isNear = probe.demand == Demand::Near && !found.beyond;
  return {isNear ? Agreement::Near : Agreement::Differs,
          describe(probe, recorded, here, inputs, found)};
}

} // namespace

double ulpsBetween(Element element, uint32_t a, uint32_t b) {
  if (element == Element::Bits)
    return a == b ? 0 : kInfinity;
  Type type = typeOf(element);
  if (type.bits == 32)
    return ulpsOf(type, a, b);
  return std::max(ulpsOf(type, a & 0xffff, b & 0xffff),
                  ulpsOf(type, a >> 16, b >> 16));
}

Verdict compare(const Probe &probe, const Answer *recorded, const Answer &here,
                const Words &inputs, bool isSim) {
  if (!recorded)
    return {Agreement::Missing, probe.about};
  if (recorded->ptxHash != here.ptxHash ||
      recorded->inputHash != here.inputHash)
    return {Agreement::Stale, "the probe is another one than was recorded"};
  bool isSkipped =
      recorded->outcome == Outcome::Skipped || here.outcome == Outcome::Skipped;
  if (isSkipped)
    return {Agreement::Skipped, "for other chips"};
  if (probe.demand == Demand::Shown)
    return {Agreement::Shown, shown(probe, *recorded, here, inputs)};
  if (recorded->outcome != Outcome::Ran || here.outcome != Outcome::Ran)
    return compareOutcomes(probe, *recorded, here);
  if (probe.demand == Demand::Refused && isSim)
    return {Agreement::Differs, "the simulator is said to refuse this"};
  if (recorded->words.size() != here.words.size())
    return {Agreement::Stale, "recorded with another number of words"};
  return compareWords(probe, recorded->words, here.words, inputs);
}

} // namespace attnrt::golden
