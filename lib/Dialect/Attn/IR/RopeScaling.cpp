//===- RopeScaling.cpp - Rotary frequencies of long contexts --------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attn/Dialect/Attn/IR/Attn.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace attn;

static constexpr double kPi = 3.14159265358979323846;

FailureOr<APFloat> attn::parseNumber(AsmParser &parser) {
  APFloat number(0.0);
  if (parser.parseFloat(APFloat::IEEEdouble(), number))
    return failure();
  return number;
}

/// base^(-2i / rd)
static SmallVector<double> unscaled(double base, int64_t rotaryDims) {
  SmallVector<double> frequencies;
  for (int64_t i = 0; i < rotaryDims / 2; ++i)
    frequencies.push_back(std::pow(base, -2.0 * i / rotaryDims));
  return frequencies;
}

static double valueOf(const APFloat &number) {
  return number.convertToDouble();
}

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

using EmitError = function_ref<InFlightDiagnostic()>;

static LogicalResult verifyPositive(EmitError emitError, StringRef name,
                                    const APFloat &number) {
  if (number.isFinite() && !number.isZero() && !number.isNegative())
    return success();
  return emitError() << "expected `" << name << "` to be positive and finite";
}

// rope_r10
/// Sums and products of factors within these bounds keep their meaning in f64,
/// and in f32 what is multiplied by them does.
static LogicalResult verifyFactor(EmitError emitError, StringRef name,
                                  double factor) {
  constexpr double kMost = 65536;
  if (factor >= 1 / kMost && factor <= kMost)
    return success();
  return emitError() << "expected `" << name << "` from 2^-16 to 2^16, got "
                     << llvm::formatv("{0:e2}", factor).str();
}

static LogicalResult verifyFactor(EmitError emitError, StringRef name,
                                  const APFloat &factor) {
  return verifyFactor(emitError, name, valueOf(factor));
}

static LogicalResult verifyOriginal(EmitError emitError, int64_t length) {
  if (length >= 2)
    return success();
  return emitError() << "expected `original_length` to be at least 2, got "
                     << length;
}

static LogicalResult verifyAttention(EmitError emitError,
                                     const std::optional<APFloat> &factor) {
  return factor ? verifyFactor(emitError, "attention_factor", *factor)
                : success();
}

/// rd / (rd - 2) has to be a number.
static LogicalResult verifyExponent(EmitError emitError, int64_t rotaryDims) {
  if (rotaryDims > 2)
    return success();
  return emitError() << "expected more than 2 rotary dims for this scaling, "
                        "got "
                     << rotaryDims;
}

LogicalResult RopeLinearAttr::verify(EmitError emitError, APFloat factor) {
  return verifyFactor(emitError, "factor", factor);
}

LogicalResult RopeNtkAttr::verify(EmitError emitError, APFloat factor) {
  return verifyFactor(emitError, "factor", factor);
}

LogicalResult RopeDynamicNtkAttr::verify(EmitError emitError, APFloat factor,
                                         int64_t originalLength) {
  return success(succeeded(verifyFactor(emitError, "factor", factor)) &&
                 succeeded(verifyOriginal(emitError, originalLength)));
}

LogicalResult RopeYarnAttr::verify(EmitError emitError, APFloat factor,
                                   int64_t originalLength, APFloat betaFast,
                                   APFloat betaSlow,
                                   std::optional<APFloat> attentionFactor) {
  return success(succeeded(verifyFactor(emitError, "factor", factor)) &&
                 succeeded(verifyOriginal(emitError, originalLength)) &&
                 succeeded(verifyPositive(emitError, "beta_fast", betaFast)) &&
                 succeeded(verifyPositive(emitError, "beta_slow", betaSlow)) &&
                 succeeded(verifyAttention(emitError, attentionFactor)));
}

LogicalResult RopeLlama3Attr::verify(EmitError emitError, APFloat factor,
                                     int64_t originalLength, APFloat low,
                                     APFloat high) {
  if (failed(verifyFactor(emitError, "factor", factor)) ||
      failed(verifyOriginal(emitError, originalLength)) ||
      failed(verifyPositive(emitError, "low_freq_factor", low)) ||
      failed(verifyPositive(emitError, "high_freq_factor", high)))
    return failure();
  if (valueOf(low) < valueOf(high))
    return success();
  return emitError() << "expected `low_freq_factor` to be less than "
                        "`high_freq_factor`";
}

LogicalResult RopeLongAttr::verify(EmitError emitError, APFloat factor,
                                   int64_t originalLength,
                                   DenseF64ArrayAttr factors,
                                   std::optional<APFloat> attentionFactor) {
  if (failed(verifyFactor(emitError, "factor", factor)) ||
      failed(verifyOriginal(emitError, originalLength)) ||
      failed(verifyAttention(emitError, attentionFactor)))
    return failure();
  for (double each : factors.asArrayRef())
    if (failed(verifyFactor(emitError, "factors", each)))
      return failure();
  return success();
}

LogicalResult RopeNtkAttr::verifyFor(EmitError emitError, double,
                                     int64_t rotaryDims) const {
  return verifyExponent(emitError, rotaryDims);
}

LogicalResult RopeDynamicNtkAttr::verifyFor(EmitError emitError, double,
                                            int64_t rotaryDims) const {
  return verifyExponent(emitError, rotaryDims);
}

/// Rotary dims are found by the logarithm of the base.
LogicalResult RopeYarnAttr::verifyFor(EmitError emitError, double base,
                                      int64_t) const {
  if (base > 1)
    return success();
  return emitError() << "expected `base` above 1 for `rope_yarn`, got "
                     << llvm::formatv("{0:e2}", base).str();
}

LogicalResult RopeLongAttr::verifyFor(EmitError emitError, double,
                                      int64_t rotaryDims) const {
  int64_t count = getFactors().size();
  if (count == rotaryDims / 2)
    return success();
  return emitError() << "expected one of `factors` for each of the "
                     << rotaryDims / 2 << " pairs, got " << count;
}

//===----------------------------------------------------------------------===//
// Frequencies
//===----------------------------------------------------------------------===//

SmallVector<double> RopeLinearAttr::getFrequencies(double base,
                                                   int64_t rotaryDims) const {
  SmallVector<double> frequencies = unscaled(base, rotaryDims);
  for (double &frequency : frequencies)
    frequency /= valueOf(getFactor());
  return frequencies;
}

SmallVector<double> RopeNtkAttr::getFrequencies(double base,
                                                int64_t rotaryDims) const {
  double exponent = double(rotaryDims) / (rotaryDims - 2);
  return unscaled(base * std::pow(valueOf(getFactor()), exponent), rotaryDims);
}

SmallVector<double>
RopeDynamicNtkAttr::getFrequencies(double base, int64_t rotaryDims) const {
  return unscaled(base, rotaryDims);
}

double RopeDynamicNtkAttr::getStretch(double length) {
  double original = getOriginalLength(), factor = valueOf(getFactor());
  return factor * std::max(length, original) / original - (factor - 1);
}

SmallVector<double> RopeYarnAttr::getFrequencies(double base,
                                                 int64_t rotaryDims) const {
  SmallVector<double> frequencies = unscaled(base, rotaryDims);
  // The rotary dim that turns that many times in the trained context.
  auto dimOf = [&](const APFloat &turns) {
    return rotaryDims *
           std::log(getOriginalLength() / (2 * kPi * valueOf(turns))) /
           (2 * std::log(base));
  };
  double low = std::max(std::floor(dimOf(getBetaFast())), 0.0);
  double high = std::min(std::ceil(dimOf(getBetaSlow())), rotaryDims - 1.0);
  if (low == high)
    high += 0.001;
  for (auto [i, frequency] : llvm::enumerate(frequencies)) {
    double ramp = std::clamp((double(i) - low) / (high - low), 0.0, 1.0);
    frequency =
        frequency / valueOf(getFactor()) * ramp + frequency * (1 - ramp);
  }
  return frequencies;
}

double RopeYarnAttr::getRotationFactor() const {
  if (std::optional<APFloat> given = getAttentionFactor())
    return valueOf(*given);
  double factor = valueOf(getFactor());
  return factor > 1 ? 0.1 * std::log(factor) + 1 : 1.0;
}

SmallVector<double> RopeLlama3Attr::getFrequencies(double base,
                                                   int64_t rotaryDims) const {
  SmallVector<double> frequencies = unscaled(base, rotaryDims);
  double low = valueOf(getLowFreqFactor()), high = valueOf(getHighFreqFactor());
  double original = getOriginalLength(), factor = valueOf(getFactor());
  for (double &frequency : frequencies) {
    double wavelength = 2 * kPi / frequency;
    if (wavelength < original / high)
      continue;
    if (wavelength > original / low) {
      frequency /= factor;
      continue;
    }
    double t = (original / wavelength - low) / (high - low);
    frequency = (1 - t) * frequency / factor + t * frequency;
  }
  return frequencies;
}

SmallVector<double> RopeLongAttr::getFrequencies(double base,
                                                 int64_t rotaryDims) const {
  SmallVector<double> frequencies = unscaled(base, rotaryDims);
  for (auto [frequency, factor] :
       llvm::zip_equal(frequencies, getFactors().asArrayRef()))
    frequency /= factor;
  return frequencies;
}

double RopeLongAttr::getRotationFactor() const {
  if (std::optional<APFloat> given = getAttentionFactor())
    return valueOf(*given);
  double factor = valueOf(getFactor());
  return factor > 1 ? std::sqrt(1 + std::log(factor) /
                                        std::log(double(getOriginalLength())))
                    : 1.0;
}

//===----------------------------------------------------------------------===//
// attn.rope
//===----------------------------------------------------------------------===//

SmallVector<double> RopeOp::getFrequencies() {
  double base = getBase().convertToDouble();
  if (RopeScalingAttrInterface scaling = getScalingAttr())
    return scaling.getFrequencies(base, getRotaryDimsOrDefault());
  return unscaled(base, getRotaryDimsOrDefault());
}

double RopeOp::getRotationFactor() {
  RopeScalingAttrInterface scaling = getScalingAttr();
  return scaling ? scaling.getRotationFactor() : 1.0;
}
