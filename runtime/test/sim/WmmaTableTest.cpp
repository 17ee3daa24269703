//===- WmmaTableTest.cpp - wmma: loads, products and stores ---------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every form loads matrices in both layouts, multiplies and stores; what comes
// out is compared with sums of the matrices, which know nothing of fragments.
// All values are small integers, exact in every format.
//
//===----------------------------------------------------------------------===//

#include "Formats.h"
#include "Kernels.h"

using namespace attnrt;
using namespace attnrt::sim;

namespace {

struct Type {
  const char *name;
  int bits;
};
struct Product {
  const char *shape;
  int m, n, k;
  Type in, out, sum; // of A and B, of D, of C
  int a, b, c, d;    // registers
  const char *how = "";
};

int valueOf(int row, int column, const Type &type) {
  int value = (row * 3 + column * 5) % 7;
  if (type.bits == 1)
    return value & 1;
  return type.name[0] == 'u' ? value : value - 3;
}

uint64_t codeOf(int value, const Type &type) {
  std::string name = type.name;
  double x = value;
  uint64_t bits = 0;
  if (name == "f64") {
    std::memcpy(&bits, &x, 8);
    return bits;
  }
  if (name == "f32" || name == "tf32")
    return bitsOf(float(value));
  if (name == "bf16")
    return bitsOf(float(value)) >> 16;
  if (name == "f16") {
    uint32_t single = bitsOf(float(value));
    if (!value)
      return 0;
    return (single >> 16 & 0x8000) | ((single >> 23 & 0xff) - 112) << 10 |
           (single >> 13 & 0x3ff);
  }
  return static_cast<uint64_t>(value) & ((uint64_t(1) << type.bits) - 1);
}

/// A matrix in memory with a stride of 32 elements more than it needs, of bits
/// four times as many.
struct Matrix {
  int rows, columns;
  Type type;
  bool byColumn;

  int stride() const {
    return (byColumn ? rows : columns) + (type.bits == 1 ? 128 : 32);
  }
  size_t bytes() const {
    return size_t(stride()) * (byColumn ? columns : rows) * type.bits / 8;
  }
  size_t placeOf(int row, int column) const {
    return byColumn ? size_t(column) * stride() + row
                    : size_t(row) * stride() + column;
  }
  std::vector<uint8_t> memory() const {
    std::vector<uint8_t> out(bytes() + 8);
    for (int r = 0; r < rows; ++r)
      for (int c = 0; c < columns; ++c) {
        uint64_t code = codeOf(valueOf(r, c, type), type);
        size_t bit = placeOf(r, c) * type.bits;
        uint64_t word = 0;
        std::memcpy(&word, &out[bit / 8], (type.bits + 7) / 8);
        word |= code << bit % 8;
        std::memcpy(&out[bit / 8], &word, (type.bits + 7) / 8);
      }
    return out;
  }
};

std::string listOf(const char *name, int count) {
  std::string out = "{";
  for (int i = 0; i < count; ++i)
    out +=
        (i ? std::string(", %") : std::string("%")) + name + std::to_string(i);
  return out + "}";
}

std::string layoutOf(bool byColumn) { return byColumn ? ".col." : ".row."; }

/// Words of one array to another, by all lanes.
std::string copyText(const std::string &from, const std::string &to,
                     const std::string &fromSpace, const std::string &toSpace,
                     size_t bytes, int number) {
  std::string n = std::to_string(number);
  return "mov.u32 %i, %tid.x;\nshl.b32 %i, %i, 2;\nAGAIN" + n +
         ":\nsetp.ge.u32 %q, %i, " + std::to_string(bytes) + ";\n@%q bra DONE" +
         n + ";\ncvt.u64.u32 %w, %i;\nadd.u64 %x, " + from +
         ", %w;\nadd.u64 %y, " + to + ", %w;\nld." + fromSpace +
         ".b32 %v, [%x];\nst." + toSpace +
         ".b32 [%y], %v;\nadd.u32 %i, %i, 128;\nbra AGAIN" + n + ";\nDONE" + n +
         ":\nbar.warp.sync -1;\n";
}

const char *const kSpaces[] = {"global", "shared", "shared::cta", ""};

/// Matrices stay in global memory, or go through shared memory.
struct Setup {
  Matrix a, b, c, d;
  bool saturates;
  std::string typeB, space;
};

std::string textOf(const Product &p, const Setup &s) {
  bool isShared = s.space.rfind("shared", 0) == 0;
  std::string kind = p.in.bits == 64 ? ".b64" : ".b32", shape = p.shape;
  std::string space = s.space.empty() ? "." : "." + s.space + ".";
  std::string text =
      std::string(kHopperHeader) +
      ".entry k(.param .u64 a, .param .u64 b, .param .u64 c, .param .u64 d, "
      ".param .u32 strideOfD) {\n.reg .b64 %p<4>, %s<4>, %w, %x, %y; "
      ".reg .b32 %s, %i, %v; .reg .pred %q; .reg " +
      kind + " %a<8>, %b<8>, %c<8>, %d<8>;\n";
  const Matrix *matrices[] = {&s.a, &s.b, &s.c, &s.d};
  for (int i = 0; i < 4; ++i) {
    std::string n = std::to_string(i), name(1, "abcd"[i]);
    size_t bytes = (matrices[i]->bytes() + 3) / 4 * 4;
    text += "ld.param.u64 %p" + n + ", [" + name + "];\n";
    if (isShared)
      text += ".shared .align 32 .b8 room" + name + "[" +
              std::to_string(bytes) + "];\nmov.u64 %s" + n + ", room" + name +
              ";\n" +
              copyText("%p" + n, "%s" + n, "global", "shared", bytes, i);
    else
      text += "mov.b64 %s" + n + ", %p" + n + ";\n";
  }
  text += "ld.param.u32 %s, [strideOfD];\n";
  auto load = [&](const char *part, const Matrix &m, const std::string &type,
                  int registers, int pointer) {
    text += std::string("wmma.load.") + part + ".sync.aligned" +
            layoutOf(m.byColumn) + shape + space + type + " " +
            listOf(part, registers) + ", [%s" + std::to_string(pointer) +
            "], " + std::to_string(m.stride()) + ";\n";
  };
  load("a", s.a, p.in.name, p.a, 0);
  load("b", s.b, s.typeB, p.b, 1);
  load("c", s.c, p.sum.name, p.c, 2);
  bool isHalf = std::string(p.in.name) == "f16";
  std::string types = isHalf ? std::string(p.out.name) + "." + p.sum.name
                             : std::string(p.out.name) + "." + p.in.name + "." +
                                   s.typeB + "." + p.sum.name;
  text += std::string("wmma.mma") +
          (*p.how ? "." + std::string(p.how) + ".popc" : std::string()) +
          ".sync.aligned" + layoutOf(s.a.byColumn) +
          layoutOf(s.b.byColumn).substr(1) + shape + "." + types +
          (s.saturates ? ".satfinite" : "") + " " + listOf("d", p.d) + ", " +
          listOf("a", p.a) + ", " + listOf("b", p.b) + ", " + listOf("c", p.c) +
          ";\nwmma.store.d.sync.aligned" + layoutOf(s.d.byColumn) + shape +
          space + p.out.name + " [%s3], " + listOf("d", p.d) + ", %s;\n";
  if (isShared)
    text += "bar.warp.sync -1;\n" + copyText("%s3", "%p3", "shared", "global",
                                             (s.d.bytes() + 3) / 4 * 4, 4);
  return text + "ret;\n}\n";
}

void check(const Product &p, bool aByColumn, bool bByColumn, bool dByColumn,
           bool saturates, const std::string &typeB, int space) {
  Type inB = {typeB.c_str(), p.in.bits};
  Setup setup{{p.m, p.k, p.in, aByColumn},
              {p.k, p.n, inB, bByColumn},
              {p.m, p.n, p.sum, dByColumn},
              {p.m, p.n, p.out, dByColumn},
              saturates,
              typeB,
              kSpaces[space]};
  const Matrix &d = setup.d;
  std::string text = textOf(p, setup);
  SCOPED_TRACE(text);
  std::unique_ptr<Kernels> kernels = Kernels::of(text);
  uint64_t a = kernels->put(setup.a.memory()),
           b = kernels->put(setup.b.memory()),
           c = kernels->put(setup.c.memory());
  uint64_t out = kernels->put(std::vector<uint8_t>(d.bytes() + 8, 0x55));
  uint32_t stride = d.stride();
  kernels->launch("k", {1}, {32}, a, b, c, out, stride);
  std::vector<uint8_t> got = kernels->get<uint8_t>(out, d.bytes() + 8);
  int wrong = 0;
  for (int i = 0; i < p.m; ++i)
    for (int j = 0; j < p.n; ++j) {
      int sum = valueOf(i, j, p.sum);
      for (int k = 0; k < p.k; ++k) {
        int x = valueOf(i, k, p.in), y = valueOf(k, j, inB);
        sum += p.how == std::string("xor")   ? x ^ y
               : p.how == std::string("and") ? x & y
                                             : x * y;
      }
      uint64_t code = 0;
      std::memcpy(&code, &got[d.placeOf(i, j) * p.out.bits / 8],
                  p.out.bits / 8);
      wrong += code != codeOf(sum, p.out);
    }
  EXPECT_EQ(wrong, 0);
}

const Type kF16 = {"f16", 16}, kBf16 = {"bf16", 16}, kTf32 = {"tf32", 32},
           kF32 = {"f32", 32}, kF64 = {"f64", 64}, kS32 = {"s32", 32},
           kB1 = {"b1", 1};

} // namespace

TEST(WmmaTable, Floats) {
  struct {
    const char *name;
    int m, n, a, b; // registers of bf16
  } shapes[] = {{"m16n16k16", 16, 16, 4, 4},
                {"m8n32k16", 8, 32, 2, 8},
                {"m32n8k16", 32, 8, 8, 2}};
  for (auto &s : shapes)
    for (int layouts = 0; layouts < 8; ++layouts) {
      bool a = layouts & 1, b = layouts & 2, d = layouts & 4;
      for (Type out : {kF16, kF32})
        for (Type sum : {kF16, kF32})
          check({s.name, s.m, s.n, 16, kF16, out, sum, 8, 8,
                 sum.bits == 16 ? 4 : 8, out.bits == 16 ? 4 : 8},
                a, b, d, false, "f16", layouts / 2);
      check({s.name, s.m, s.n, 16, kBf16, kF32, kF32, s.a, s.b, 8, 8}, a, b, d,
            false, "bf16", layouts / 2);
      check({"m16n16k8", 16, 16, 8, kTf32, kF32, kF32, 4, 4, 8, 8}, a, b, d,
            false, "tf32", layouts / 2);
      check({"m8n8k4", 8, 8, 4, kF64, kF64, kF64, 1, 1, 2, 2}, a, b, d, false,
            "f64", layouts / 2);
    }
}

TEST(WmmaTable, Integers) {
  struct {
    const char *name;
    int m, n, a, b;
  } shapes[] = {{"m16n16k16", 16, 16, 2, 2},
                {"m8n32k16", 8, 32, 1, 4},
                {"m32n8k16", 32, 8, 4, 1}};
  for (int choices = 0; choices < 16; ++choices) {
    bool d = choices & 4, saturates = choices & 8;
    for (const char *sign : {"s", "u"}) {
      std::string byte = std::string(sign) + "8",
                  nibble = std::string(sign) + "4";
      for (auto &s : shapes)
        check({s.name,
               s.m,
               s.n,
               16,
               {byte.c_str(), 8},
               kS32,
               kS32,
               s.a,
               s.b,
               8,
               8},
              choices & 1, choices & 2, d, saturates, byte, choices % 4);
      check({"m8n8k32", 8, 8, 32, {nibble.c_str(), 4}, kS32, kS32, 1, 1, 2, 2},
            false, true, d, saturates, nibble, choices % 4);
    }
    for (const char *how : {"xor", "and"})
      check({"m8n8k128", 8, 8, 128, kB1, kS32, kS32, 1, 1, 2, 2, how}, false,
            true, d, false, "b1", choices % 4);
  }
}

/// Through shared memory, and without a stride, where rows lie densely.
TEST(WmmaTable, SharedMemoryAndDenseRows) {
  std::string text =
      std::string(kHopperHeader) +
      ".entry k(.param .u64 out) {\n"
      ".shared .align 32 .b8 a[1024]; .shared .align 32 .b8 "
      "d[1024];\n.reg .b32 %r<8>, %a<8>, %c<8>, %d<8>; .reg .b64 "
      "%o, %w; .reg .f32 %f;\nld.param.u64 %o, [out];\n"
      "mov.u32 %r0, %tid.x; mov.u32 %r1, a;\n"
      "mad.lo.u32 %r2, %r0, 16, %r1; mov.u32 %r3, 0x3c003c00;\n"
      "st.shared.v4.b32 [%r2], {%r3, %r3, %r3, %r3};\n"
      "bar.warp.sync -1;\n";
  for (int i = 0; i < 8; ++i)
    text += "mov.u32 %c" + std::to_string(i) + ", 0;\n";
  text += "wmma.load.a.sync.aligned.row.m16n16k16.shared::cta.f16 "
          "{%a0, %a1, %a2, %a3, %a4, %a5, %a6, %a7}, [a];\n"
          "wmma.load.b.sync.aligned.col.m16n16k16.shared.f16 "
          "{%d0, %d1, %d2, %d3, %d4, %d5, %d6, %d7}, [a], 16;\n"
          "wmma.mma.sync.aligned.row.col.m16n16k16.f32.f32 "
          "{%c0, %c1, %c2, %c3, %c4, %c5, %c6, %c7}, "
          "{%a0, %a1, %a2, %a3, %a4, %a5, %a6, %a7}, "
          "{%d0, %d1, %d2, %d3, %d4, %d5, %d6, %d7}, "
          "{%c0, %c1, %c2, %c3, %c4, %c5, %c6, %c7};\n"
          "wmma.store.d.sync.aligned.row.m16n16k16.shared.f32 [d], "
          "{%c0, %c1, %c2, %c3, %c4, %c5, %c6, %c7};\n"
          "bar.warp.sync -1;\nmul.wide.u32 %w, %r0, 4; add.u64 %o, %o, %w;\n"
          "mov.u32 %r4, d; mad.lo.u32 %r4, %r0, 32, %r4;\n"
          "ld.shared.f32 %f, [%r4]; st.global.f32 [%o], %f; ret;\n}\n";
  std::unique_ptr<Kernels> kernels = Kernels::of(text);
  uint64_t out = kernels->room<float>(32);
  kernels->launch("k", {1}, {32}, out);
  for (float value : kernels->get<float>(out, 32))
    EXPECT_EQ(value, 16);
}
