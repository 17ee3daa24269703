//===- WgmmaTableTest.cpp - wgmma by the ISA's tables ---------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operands are laid out as the ISA's canonical layouts say: atoms of eight rows
// whose chunks of 16 bytes change places by the row. Elements are small
// integers.
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"

using namespace attnrt;
using namespace attnrt::sim;

namespace {

struct Element {
  const char *name;
  unsigned bytes;
  uint32_t codes[5]; // of -2 to 2
};

const Element kBf16 = {"bf16", 2, {0xc000, 0xbf80, 0, 0x3f80, 0x4000}};
const Element kF16 = {"f16", 2, {0xc000, 0xbc00, 0, 0x3c00, 0x4000}};
const Element kTf32 = {
    "tf32", 4, {0xc0000000, 0xbf800000, 0, 0x3f800000, 0x40000000}};
const Element kE4m3 = {"e4m3", 1, {0xc0, 0xb8, 0, 0x38, 0x40}};
const Element kE5m2 = {"e5m2", 1, {0xc0, 0xbc, 0, 0x3c, 0x40}};

/// One operand: `count` rows (or columns) and a depth of 32 bytes.
struct Operand {
  Element element;
  unsigned swizzle; // bytes of an atom's row; 0 for none
  bool mnMajor;
  unsigned count;
  unsigned step = 0; // of the depth, inside an atom's row

  unsigned depth() const { return 32 / element.bytes; }
  unsigned chunks() const { return swizzle / 16; }
  /// Elements of the other dimension in an atom's row.
  unsigned wide() const { return swizzle / element.bytes; }
  unsigned leading() const {
    return mnMajor ? swizzle ? swizzle * depth() : 128 : count * 16;
  }
  unsigned stride() const {
    if (swizzle)
      return 8 * swizzle;
    return mnMajor ? 256 : 128;
  }
  unsigned bytes() const {
    if (!swizzle)
      return count * 32;
    unsigned atoms =
        mnMajor ? (count + wide() - 1) / wide() * depth() / 8 : (count + 7) / 8;
    return atoms * 8 * swizzle;
  }
  /// The chunk's place in row `row` of an atom.
  unsigned moved(unsigned chunk, unsigned row) const {
    return chunk ^ (swizzle == 128  ? row
                    : swizzle == 64 ? row / 2 % 4
                                    : row / 4 % 2);
  }
  unsigned place(unsigned mn, unsigned k) const {
    if (!mnMajor) {
      unsigned at = k * element.bytes, chunk = at / 16;
      if (!swizzle)
        return mn / 8 * 128 + chunk * count * 16 + mn % 8 * 16 + at % 16;
      return mn / 8 * 8 * swizzle + mn % 8 * swizzle +
             moved(chunk + 2 * step, mn % 8) * 16 + at % 16;
    }
    unsigned at = mn * element.bytes;
    if (!swizzle)
      return mn / 8 * 256 + k / 8 * 128 + k % 8 * 16 + at % 16;
    unsigned atom = at / swizzle, chunk = at % swizzle / 16;
    return atom * depth() * swizzle + k * swizzle + moved(chunk, k % 8) * 16 +
           at % 16;
  }
  uint64_t descriptor(unsigned offset) const {
    uint64_t kind = swizzle == 128 ? 1 : swizzle == 64 ? 2 : swizzle ? 3 : 0;
    return uint64_t(offset + 32 * step) >> 4 | uint64_t(leading() >> 4) << 16 |
           uint64_t(stride() >> 4) << 32 | kind << 62;
  }
};

struct Product {
  Operand a, b;
  bool fromRegisters = false, toHalf = false, accumulates = false;
  int sign = 1;
};

std::string list(const char *stem, unsigned first, unsigned count) {
  std::string out = "{";
  for (unsigned i = 0; i < count; ++i)
    out += (i ? ", " : "") + (stem + std::to_string(first + i));
  return out + "}";
}

/// Copies `bytes` of the input to shared memory, multiplies, and writes all
/// accumulators.
std::string textOf(const Product &p, unsigned bytes, unsigned bAt) {
  unsigned n = p.b.count, words = p.toHalf ? n / 4 : n / 2;
  bool has16 = p.a.element.bytes == 2;
  std::string text =
      ".version 8.0\n.target sm_90a\n.address_size 64\n"
      ".shared .align 1024 .b8 tile[65536];\n"
      ".visible .entry k(.param .u64 in, .param .u64 fragments, "
      ".param .u64 out)\n{\n"
      ".reg .b32 %d<128>; .reg .b32 %r<16>; .reg .b64 %rd<16>; .reg .pred "
      "%p<4>;\n"
      "ld.param.u64 %rd0, [in];\nld.param.u64 %rd1, [fragments];\n"
      "ld.param.u64 %rd2, [out];\nmov.u32 %r0, %tid.x;\n"
      "mul.wide.u32 %rd3, %r0, 16;\nadd.s64 %rd0, %rd0, %rd3;\n"
      "add.s64 %rd1, %rd1, %rd3;\nmov.u32 %r1, tile;\n"
      "mad.lo.u32 %r2, %r0, 16, %r1;\n";
  for (unsigned b = 0; b < bytes; b += 2048)
    text += "ld.global.v4.u32 {%r4, %r5, %r6, %r7}, [%rd0+" +
            std::to_string(b) + "];\nst.shared.v4.u32 [%r2+" +
            std::to_string(b) + "], {%r4, %r5, %r6, %r7};\n";
  text += "ld.global.v4.u32 {%r4, %r5, %r6, %r7}, [%rd1];\n"
          "fence.proxy.async.shared::cta;\nbar.sync 0;\n"
          "shr.u32 %r8, %r1, 4;\ncvt.u64.u32 %rd4, %r8;\n"
          "add.s64 %rd5, %rd4, " +
          std::to_string(static_cast<int64_t>(p.a.descriptor(0))) +
          ";\nadd.s64 %rd6, %rd4, " +
          std::to_string(static_cast<int64_t>(p.b.descriptor(bAt))) + ";\n";
  for (unsigned i = 0; i < words; ++i)
    text += "mov.b32 %d" + std::to_string(i) + ", " +
            (p.toHalf ? "0x3c003c00" : "0x3f800000") + ";\n";
  std::string types = std::string(p.toHalf ? "f16." : "f32.") +
                      p.a.element.name + "." + p.b.element.name;
  text += std::string("setp.eq.u32 %p0, 0, ") + (p.accumulates ? "0" : "1") +
          ";\nwgmma.fence.sync.aligned;\nwgmma.mma_async.sync.aligned.m64n" +
          std::to_string(n) + "k" + std::to_string(p.a.depth()) + "." + types +
          " " + list("%d", 0, words) + ", " +
          (p.fromRegisters ? "{%r4, %r5, %r6, %r7}" : "%rd5") +
          ", %rd6, %p0, " + std::to_string(p.sign) + ", 1";
  if (has16 && !p.fromRegisters)
    text += p.a.mnMajor ? ", 1" : ", 0";
  if (has16)
    text += p.b.mnMajor ? ", 1" : ", 0";
  text += ";\nwgmma.commit_group.sync.aligned;\n"
          "wgmma.wait_group.sync.aligned 0;\n"
          "mul.wide.u32 %rd7, %r0, 512;\nadd.s64 %rd2, %rd2, %rd7;\n";
  for (unsigned i = 0; i < words; ++i)
    text += "st.global.b32 [%rd2+" + std::to_string(4 * i) + "], %d" +
            std::to_string(i) + ";\n";
  return text + "ret;\n}\n";
}

std::vector<int> drawnValues(unsigned count, unsigned seed) {
  return drawn(count, seed, [](auto &engine) { return int(engine() % 5); });
}

void put(std::vector<uint8_t> &image, unsigned at, const Element &element,
         int value) {
  std::memcpy(&image[at], &element.codes[value], element.bytes);
}

float half(uint16_t bits) {
  int exponent = bits >> 10 & 31;
  float value = exponent ? std::ldexp(1024 + (bits & 1023), exponent - 25)
                         : std::ldexp(bits & 1023, -24);
  return bits & 0x8000 ? -value : value;
}

void check(const Product &p) {
  unsigned depth = p.a.depth(), n = p.b.count;
  std::vector<int> a = drawnValues(64 * depth, 1 + n);
  std::vector<int> b = drawnValues(n * depth, 2 + n);
  unsigned bAt = (p.a.bytes() + 1023) / 1024 * 1024;
  unsigned bytes = (bAt + p.b.bytes() + 2047) / 2048 * 2048;
  std::vector<uint8_t> image(bytes);
  for (unsigned i = 0; i < 64; ++i)
    for (unsigned k = 0; k < depth; ++k)
      put(image, p.a.place(i, k), p.a.element, a[i * depth + k]);
  for (unsigned j = 0; j < n; ++j)
    for (unsigned k = 0; k < depth; ++k)
      put(image, bAt + p.b.place(j, k), p.b.element, b[j * depth + k]);
  // Register r of a lane: row g + 8 (r % 2), 4 bytes of it at 4 t + 16 (r / 2).
  std::vector<uint8_t> fragments(128 * 16);
  for (unsigned thread = 0; thread < 128; ++thread)
    for (unsigned byte = 0; byte < 16; byte += p.a.element.bytes) {
      unsigned lane = thread % 32, r = byte / 4;
      unsigned row = 16 * (thread / 32) + lane / 4 + 8 * (r % 2);
      unsigned k =
          (4 * (lane % 4) + 16 * (r / 2) + byte % 4) / p.a.element.bytes;
      put(fragments, 16 * thread + byte, p.a.element, a[row * depth + k]);
    }
  std::unique_ptr<Kernels> owner = Kernels::of(textOf(p, bytes, bAt));
  Kernels &kernels = *owner;
  uint64_t out = kernels.room<uint32_t>(128 * 128);
  kernels.launch("k", {1}, {128}, kernels.put(image), kernels.put(fragments),
                 out);
  std::vector<uint32_t> words = kernels.get<uint32_t>(out, 128 * 128);
  for (unsigned i = 0; i < 64; ++i)
    for (unsigned j = 0; j < n; ++j) {
      int sum = 0;
      for (unsigned k = 0; k < depth; ++k)
        sum += (a[i * depth + k] - 2) * (b[j * depth + k] - 2);
      sum = p.sign * sum + (p.accumulates ? 1 : 0);
      unsigned thread = i / 16 * 32 + i % 8 * 4 + j % 8 / 2;
      unsigned upper = i % 16 / 8, odd = j % 2;
      float got;
      if (p.toHalf) {
        uint32_t word = words[128 * thread + 2 * (j / 8) + upper];
        got = half(static_cast<uint16_t>(word >> (16 * odd)));
      } else {
        uint32_t word = words[128 * thread + 4 * (j / 8) + 2 * upper + odd];
        std::memcpy(&got, &word, 4);
      }
      ASSERT_EQ(got, static_cast<float>(sum)) << i << ", " << j;
    }
}

Product productOf(const Element &element, unsigned n, unsigned swizzle = 0) {
  return {{element, swizzle, false, 64}, {element, swizzle, false, n}};
}

} // namespace

TEST(WgmmaTable, EveryWidth) {
  for (unsigned n = 8; n <= 256; n += 8) {
    SCOPED_TRACE(n);
    check(productOf(kBf16, n));
  }
}

TEST(WgmmaTable, Layouts) {
  for (const Element &element : {kBf16, kF16})
    for (unsigned swizzle : {0, 32, 64, 128})
      for (bool aIsMnMajor : {false, true})
        for (bool bIsMnMajor : {false, true})
          for (unsigned n : {64, 128}) {
            SCOPED_TRACE(std::string(element.name) + ", swizzle " +
                         std::to_string(swizzle) + (aIsMnMajor ? ", A" : "") +
                         (bIsMnMajor ? ", B" : "") + " MN-major");
            Product p = productOf(element, n, swizzle);
            p.a.mnMajor = aIsMnMajor;
            p.b.mnMajor = bIsMnMajor;
            check(p);
          }
}

TEST(WgmmaTable, StepsInsideAnAtom) {
  for (unsigned swizzle : {64, 128})
    for (unsigned step = 0; step < swizzle / 32; ++step) {
      Product p = productOf(kBf16, 40, swizzle);
      p.a.step = p.b.step = step;
      check(p);
    }
}

TEST(WgmmaTable, AFromRegisters) {
  for (const Element &element : {kBf16, kF16, kTf32, kE4m3, kE5m2})
    for (bool mnMajor : {false, true}) {
      if (mnMajor && element.bytes != 2)
        continue;
      Product p = productOf(element, 64, 64);
      p.fromRegisters = true;
      p.b.mnMajor = mnMajor;
      SCOPED_TRACE(element.name);
      check(p);
    }
}

TEST(WgmmaTable, OtherElements) {
  for (const Element &a : {kTf32, kE4m3, kE5m2})
    for (const Element &b : {kTf32, kE4m3, kE5m2})
      for (unsigned swizzle : {0, 128}) {
        if (a.bytes != b.bytes)
          continue;
        Product p = productOf(a, 96, swizzle);
        p.b.element = b;
        SCOPED_TRACE(std::string(a.name) + " " + b.name);
        check(p);
      }
}

TEST(WgmmaTable, ResultsOf16Bits) {
  for (const Element &element : {kF16, kE4m3, kE5m2})
    for (bool fromRegisters : {false, true}) {
      Product p = productOf(element, 48);
      p.toHalf = true;
      p.fromRegisters = fromRegisters;
      p.accumulates = true;
      SCOPED_TRACE(element.name);
      check(p);
    }
}

TEST(WgmmaTable, SumsAndSigns) {
  for (bool accumulates : {false, true})
    for (int sign : {1, -1}) {
      Product p = productOf(kBf16, 32);
      p.accumulates = accumulates;
      p.sign = sign;
      check(p);
    }
}
