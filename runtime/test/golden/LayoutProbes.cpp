//===- LayoutProbes.cpp - Where a wgmma finds its operands ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One operand is the identity; elements of the other say where in shared memory
// they are, a digit of that for each CTA. So a result names the place that each
// of its elements was read from.
//
//===----------------------------------------------------------------------===//

#include "Warpgroup.h"

namespace attnrt::golden {

namespace {

/// Digits whose numbers the element's type has.
unsigned baseOf(const Format &format) { return format.bits() == 8 ? 8 : 64; }

unsigned digitsFor(const Format &format, unsigned count) {
  unsigned digits = 0;
  for (unsigned of = 1; of < count; of *= baseOf(format))
    ++digits;
  return digits;
}

unsigned digitOf(const Format &format, unsigned value, unsigned digit) {
  while (digit--)
    value /= baseOf(format);
  return value % baseOf(format);
}

/// Shared memory, elements at a time.
class Image {
public:
  Image(unsigned bytes, const Format &format)
      : format(format), words(bytes / 4) {}
  void put(unsigned element, double value) {
    unsigned shift = element % format.perWord() * format.bits();
    words[element / format.perWord()] |= format.encode(value) << shift;
  }
  unsigned elements() const {
    return static_cast<unsigned>(words.size()) * format.perWord();
  }
  const Words &get() const { return words; }

private:
  Format format;
  Words words;
};

/// Thread t of the first warp has rows t / 4 and t / 4 + 8; a word of register
/// r the columns that begin at (t % 4 + 4 (r / 2)) words.
Words identityInRegisters(const Warpgroup &w) {
  Words out(4 * w.kThreads);
  unsigned per = w.a.perWord();
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned r = 0; r < 4; ++r)
      for (unsigned i = 0; i < per; ++i)
        if (lane / 4 + 8 * (r % 2) == (lane % 4 + 4 * (r / 2)) * per + i)
          out[4 * lane + r] |= w.a.encode(1.0) << (i * w.a.bits());
  return out;
}

/// Columns of 16 bits in rows of 128 bytes, eight of which are a pattern.
void putIdentity(Image &image, unsigned atBytes) {
  for (unsigned n = 0; n < 16; ++n) {
    unsigned chunk = (2 * n / 16) ^ n % 8;
    image.put((atBytes + n * 128 + chunk * 16 + 2 * n % 16) / 2, 1);
  }
}

void append(Words &to, const Words &from) {
  to.insert(to.end(), from.begin(), from.end());
}

/// B tells.
Words inputsOfB(const Warpgroup &w, unsigned digits) {
  Words out;
  for (unsigned digit = 0; digit < digits; ++digit) {
    Image image(w.imageBytes, w.b);
    for (unsigned i = 0; i < image.elements(); ++i)
      image.put(i, digitOf(w.b, i, digit));
    append(out, image.get());
    append(out, identityInRegisters(w));
    append(out, Words(w.accumulators() * w.kThreads));
  }
  return out;
}

/// A tells, below where B is.
Words inputsOfA(const Warpgroup &w, unsigned digits) {
  Words out;
  for (unsigned digit = 0; digit < digits; ++digit) {
    Image image(w.imageBytes, w.a);
    for (unsigned i = 0; i < w.bAt / 2; ++i)
      image.put(i, digitOf(w.a, i, digit));
    putIdentity(image, w.bAt);
    append(out, image.get());
    append(out, Words((4 + w.accumulators()) * w.kThreads));
  }
  return out;
}

std::string nameOf(const char *operand, const Format &format,
                   const Layout &layout) {
  std::string name = std::string("layout.") + operand + "." + format.name +
                     (layout.mnMajor ? ".mn." : ".k.") +
                     std::to_string(layout.swizzle);
  if (layout.startBytes)
    name += ".start" + std::to_string(layout.startBytes);
  return name + (layout.baseOffset ? ".offset" : "");
}

std::string placeOf(const Warpgroup &w, size_t word) {
  size_t thread = word / w.accumulators();
  return "digit " + std::to_string(thread / w.kThreads) + ", register " +
         std::to_string(word % w.accumulators()) + " of thread " +
         std::to_string(thread % w.kThreads);
}

Probe tellingB(const Format &format, const Layout &layout) {
  Warpgroup w;
  w.a = w.b = format;
  w.bLayout = layout;
  if (layout.baseOffset) // the last rows lie that much farther
    w.imageBytes += 16 * w.kThreads;
  unsigned digits = digitsFor(format, w.imageBytes * 8 / format.bits());
  Probe probe = probeOf(w, nameOf("b", format, layout), digits);
  probe.about = "where a descriptor of B finds each element";
  probe.inputs = [=](Random &) { return inputsOfB(w, digits); };
  probe.place = [=](const Words &, size_t word) { return placeOf(w, word); };
  return probe;
}

Probe tellingA(const Layout &layout) {
  Warpgroup w;
  w.columns = 16;
  w.fromRegisters = false;
  w.aLayout = layout;
  w.bAt = 8192;
  w.imageBytes = w.bAt + 2048;
  unsigned digits = digitsFor(w.a, w.bAt / 2);
  Probe probe = probeOf(w, nameOf("a", w.a, layout), digits);
  probe.about = "where a descriptor of A finds each element";
  probe.inputs = [=](Random &) { return inputsOfA(w, digits); };
  probe.place = [=](const Words &, size_t word) { return placeOf(w, word); };
  return probe;
}

} // namespace

std::vector<Probe> layoutProbes() {
  std::vector<Probe> out;
  for (unsigned swizzle : {128, 64, 32, 0})
    for (bool mnMajor : {false, true}) {
      out.push_back(tellingB(kF16, {swizzle, mnMajor}));
      out.push_back(tellingA({swizzle, mnMajor}));
    }
  for (unsigned swizzle : {128, 64})
    for (unsigned step = 32; step < swizzle; step += 32)
      out.push_back(tellingB(kF16, {swizzle, false, step}));
  for (const Format &format : {kBF16, kTF32, kE4M3})
    out.push_back(tellingB(format, {}));
  // Patterns that begin at the third row of an atom.
  Probe offset = tellingB(kF16, {128, false, 3 * 128, 3});
  offset.about = "base offset: what a pattern begins with; not emitted";
  offset.demand = Demand::Refused;
  out.push_back(offset);
  return out;
}

} // namespace attnrt::golden
