//===- BulkTableTest.cpp - cp.async.bulk by the ISA's tables --------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"

#include <cmath>

using namespace attnrt;
using namespace attnrt::sim;

namespace {

struct alignas(64) Map {
  uint8_t bytes[128];
};

/// A dense tensor of words, and a box of it.
struct Tensor {
  std::vector<int> sizes, box; // innermost first
  int type = 2;                // u32
  int swizzle = 0;             // the driver's number
  bool fillsNaN = false;

  int rank() const { return static_cast<int>(sizes.size()); }
  int elements() const { return product(sizes); }
  int boxElements() const { return product(box); }
  static int product(const std::vector<int> &of) {
    int out = 1;
    for (int size : of)
      out *= size;
    return out;
  }
  Map map(uint64_t address) const {
    TensorMap map;
    map.type = type;
    map.rank = rank();
    map.address = reinterpret_cast<void *>(address);
    uint64_t stride = 4;
    for (int d = 0; d < rank(); ++d) {
      map.sizes[d] = sizes[d];
      stride *= sizes[d];
      map.strides[d] = d + 1 < rank() ? stride : 0;
      map.box[d] = box[d];
      map.elementStrides[d] = 1;
    }
    map.swizzle = swizzle;
    map.outOfBounds = fillsNaN;
    Map out;
    Status status = encode(map, &out);
    EXPECT_TRUE(status.isOk()) << status.message();
    return out;
  }
  /// The element of the tensor that is the box's `i`-th, or -1.
  int at(int i, const std::vector<int> &start) const {
    int out = 0, step = 1;
    for (int d = 0; d < rank(); ++d) {
      int where = start[d] + i % box[d];
      i /= box[d];
      if (where < 0 || where >= sizes[d])
        return -1;
      out += where * step;
      step *= sizes[d];
    }
    return out;
  }
};

std::string coordinates(const std::vector<int> &start) {
  std::string out = "{";
  for (size_t d = 0; d < start.size(); ++d)
    out += (d ? ", " : "") + std::to_string(start[d]);
  return out + "}";
}

/// One warp; `alone` is done by its first lane, in front of a wait for `bar`
/// and a copy of `tile` to the output.
std::string loadText(const std::string &alone) {
  return ".version 8.6\n.target sm_90a\n.address_size 64\n"
         ".visible .entry k(.param .align 64 .b8 map[128], .param .u64 in, "
         ".param .u64 out, .param .u32 words)\n{\n"
         ".shared .align 1024 .b8 tile[4096];\n.shared .align 8 .b8 bar[8];\n"
         ".reg .b32 %r<16>; .reg .b64 %rd<16>; .reg .pred %p<4>; .reg .b16 "
         "%rs<2>;\n"
         "mov.b64 %rd0, map;\ncvta.param.u64 %rd0, %rd0;\n"
         "ld.param.u64 %rd1, [in];\nld.param.u64 %rd2, [out];\n"
         "ld.param.u32 %r9, [words];\nmov.u64 %rd9, 0;\nmov.u16 %rs0, 1;\n"
         "mov.u32 %r0, %tid.x;\nsetp.ne.u32 %p0, %r0, 0;\n@%p0 bra REST;\n"
         "mbarrier.init.shared::cta.b64 [bar], 1;\n"
         "fence.mbarrier_init.release.cluster;\n"
         "mul.lo.u32 %r8, %r9, 4;\n"
         "mbarrier.arrive.expect_tx.shared::cta.b64 _, [bar], %r8;\n" +
         alone +
         "\nREST: bar.warp.sync -1;\n"
         "WAIT: mbarrier.try_wait.parity.shared::cta.b64 %p1, [bar], 0;\n"
         "@!%p1 bra WAIT;\n"
         "mov.u32 %r1, %r0;\n"
         "NEXT: setp.ge.u32 %p2, %r1, %r9;\n@%p2 bra END;\n"
         "mov.u32 %r3, tile;\nmad.lo.u32 %r4, %r1, 4, %r3;\n"
         "ld.shared.u32 %r5, [%r4];\nmul.wide.u32 %rd3, %r1, 4;\n"
         "add.s64 %rd4, %rd2, %rd3;\nst.global.u32 [%rd4], %r5;\n"
         "add.u32 %r1, %r1, 32;\nbra NEXT;\nEND: ret;\n}\n";
}

std::vector<uint32_t> counted(int count) {
  std::vector<uint32_t> out(count);
  for (int i = 0; i < count; ++i)
    out[i] = 1000 + i;
  return out;
}

const Tensor kTensors[] = {{{24}, {16}},
                           {{20, 5}, {8, 3}},
                           {{12, 4, 3}, {8, 2, 2}},
                           {{8, 4, 3, 2}, {4, 2, 2, 2}},
                           {{8, 3, 3, 2, 2}, {4, 2, 2, 2, 2}}};

std::string name(const char *begin, const Tensor &tensor, const char *end) {
  return begin + std::to_string(tensor.rank()) + "d" + end;
}

} // namespace

TEST(BulkTable, TensorLoads) {
  const char *const kEnds[] = {
      ".shared::cluster.global.mbarrier::complete_tx::bytes",
      ".shared::cta.global.tile.mbarrier::complete_tx::bytes",
      ".shared::cluster.global.tile.mbarrier::complete_tx::bytes.L2::cache_"
      "hint",
      ".shared::cta.global.mbarrier::complete_tx::bytes.L2::cache_hint",
      ".shared::cluster.global.tile.mbarrier::complete_tx::bytes.multicast::"
      "cluster",
      ".shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster."
      "L2::cache_hint"};
  for (const Tensor &tensor : kTensors)
    for (int begin : {0, 3, -2, 6, 100})
      for (const char *end : kEnds) {
        std::vector<int> start(tensor.rank(), begin);
        for (int d = 1; d < tensor.rank(); ++d)
          start[d] = begin == 100 ? 1 : begin / 2;
        bool isMulticast = std::strstr(end, "multicast");
        bool hasHint = std::strstr(end, "cache_hint");
        std::string text = loadText(name("cp.async.bulk.tensor.", tensor, end) +
                                    " [tile], [%rd0, " + coordinates(start) +
                                    "], [bar]" + (isMulticast ? ", %rs0" : "") +
                                    (hasHint ? ", %rd9" : "") + ";");
        SCOPED_TRACE(std::string(end) + coordinates(start));
        auto k = Kernels::of(text);
        std::vector<uint32_t> values = counted(tensor.elements());
        uint64_t in = k->put(values), out = k->room<uint32_t>(1024);
        int words = tensor.boxElements();
        k->launch("k", {1}, {32}, tensor.map(in), in, out, words);
        std::vector<uint32_t> got = k->get<uint32_t>(out, words);
        for (int i = 0; i < words; ++i) {
          int from = tensor.at(i, start);
          ASSERT_EQ(got[i], from < 0 ? 0 : values[from]) << i;
        }
      }
}

TEST(BulkTable, Swizzles) {
  // Row r has 8 chunks of 16 bytes, or 4, or 2; chunk c of it lies elsewhere.
  for (int swizzle : {1, 2, 3}) {
    int chunks = 1 << swizzle;
    Tensor tensor{{4 * chunks, 16}, {4 * chunks, 16}};
    tensor.swizzle = swizzle;
    auto k = Kernels::of(loadText(
        "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::"
        "bytes [tile], [%rd0, {0, 0}], [bar];"));
    std::vector<uint32_t> values = counted(tensor.elements());
    uint64_t in = k->put(values), out = k->room<uint32_t>(1024);
    int words = tensor.boxElements();
    k->launch("k", {1}, {32}, tensor.map(in), in, out, words);
    std::vector<uint32_t> got = k->get<uint32_t>(out, words);
    for (int row = 0; row < 16; ++row)
      for (int chunk = 0; chunk < chunks; ++chunk) {
        int by = chunks == 8   ? row % 8
                 : chunks == 4 ? row / 2 % 4
                               : row / 4 % 2;
        for (int w = 0; w < 4; ++w)
          ASSERT_EQ(got[4 * (chunks * row + (chunk ^ by)) + w],
                    values[4 * (chunks * row + chunk) + w])
              << row << ", " << chunk;
      }
  }
}

TEST(BulkTable, NaNOutside) {
  Tensor tensor{{8, 2}, {8, 4}};
  tensor.type = 7; // f32
  tensor.fillsNaN = true;
  auto k = Kernels::of(loadText(
      "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::"
      "bytes [tile], [%rd0, {4, 0}], [bar];"));
  uint64_t in = k->put(std::vector<float>(16, 1.0f));
  uint64_t out = k->room<float>(1024);
  k->launch("k", {1}, {32}, tensor.map(in), in, out, 32);
  std::vector<float> got = k->get<float>(out, 32);
  for (int i = 0; i < 32; ++i)
    ASSERT_EQ(std::isnan(got[i]), i % 8 >= 4 || i >= 16) << i;
}

TEST(BulkTable, Lines) {
  const char *const kLoads[] = {
      "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes "
      "[tile], "
      "[%rd1+16], %r8, [bar];",
      "cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes [tile], "
      "[%rd1+16], %r8, [bar];",
      "cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes."
      "L2::cache_hint [tile], [%rd1+16], %r8, [bar], %rd9;",
      "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes."
      "L2::cache_hint [tile], [%rd1+16], %r8, [bar], %rd9;",
      "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes."
      "multicast::cluster [tile], [%rd1+16], %r8, [bar], %rs0;",
      "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes."
      "multicast::cluster.L2::cache_hint [tile], [%rd1+16], %r8, [bar], %rs0, "
      "%rd9;"};
  for (const char *load : kLoads)
    for (int words : {4, 36, 200}) {
      auto k = Kernels::of(loadText(load));
      std::vector<uint32_t> values = counted(300);
      uint64_t in = k->put(values), out = k->room<uint32_t>(1024);
      k->launch("k", {1}, {32}, Map(), in, out, words);
      std::vector<uint32_t> got = k->get<uint32_t>(out, words);
      for (int i = 0; i < words; ++i)
        ASSERT_EQ(got[i], values[i + 4]) << load << i;
    }
}

TEST(BulkTable, Prefetches) {
  // They change nothing.
  std::string text;
  for (int rank = 1; rank <= 5; ++rank) {
    std::string begin = "cp.async.bulk.prefetch.tensor." + std::to_string(rank);
    std::string at = " [%rd0, " + coordinates(std::vector<int>(rank, 0)) + "]";
    text += begin + "d.L2.global" + at + ";\n" + begin +
            "d.L2.global.tile.L2::cache_hint" + at + ", %rd9;\n";
  }
  text += "cp.async.bulk.prefetch.L2.global [%rd1], 64;\n"
          "cp.async.bulk.prefetch.L2.global.L2::cache_hint [%rd1], 64, %rd9;\n"
          "prefetch.param.tensormap [map];\nprefetch.tensormap [%rd0];\n"
          "prefetch.const.tensormap [%rd0];\n"
          "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes "
          "[tile], [%rd1], %r8, [bar];";
  auto k = Kernels::of(loadText(text));
  uint64_t in = k->put(counted(16)), out = k->room<uint32_t>(64);
  k->launch("k", {1}, {32}, Map(), in, out, 16);
  EXPECT_EQ(k->get<uint32_t>(out, 16), counted(16));
}

//===----------------------------------------------------------------------===//
// Stores
//===----------------------------------------------------------------------===//

/// Fills `tile` from the input; the first lane stores.
static std::string storeText(const std::string &store) {
  return ".version 8.6\n.target sm_90a\n.address_size 64\n"
         ".visible .entry k(.param .align 64 .b8 map[128], .param .u64 in, "
         ".param .u64 out, .param .u32 words)\n{\n"
         ".shared .align 1024 .b8 tile[4096];\n"
         ".reg .b32 %r<16>; .reg .b64 %rd<16>; .reg .pred %p<4>;\n"
         "mov.b64 %rd0, map;\ncvta.param.u64 %rd0, %rd0;\n"
         "ld.param.u64 %rd1, [in];\nld.param.u64 %rd2, [out];\n"
         "ld.param.u32 %r9, [words];\nmul.lo.u32 %r8, %r9, 4;\n"
         "mov.u64 %rd9, 0;\nmov.u32 %r0, %tid.x;\nmov.u32 %r1, %r0;\n"
         "NEXT: setp.ge.u32 %p2, %r1, %r9;\n@%p2 bra FILLED;\n"
         "mov.u32 %r3, tile;\nmad.lo.u32 %r4, %r1, 4, %r3;\n"
         "mul.wide.u32 %rd3, %r1, 4;\nadd.s64 %rd4, %rd1, %rd3;\n"
         "ld.global.u32 %r5, [%rd4];\nst.shared.u32 [%r4], %r5;\n"
         "add.u32 %r1, %r1, 32;\nbra NEXT;\nFILLED:\n"
         "fence.proxy.async;\nbar.warp.sync -1;\n"
         "setp.ne.u32 %p0, %r0, 0;\n@%p0 bra END;\n" +
         store +
         "\ncp.async.bulk.commit_group;\ncp.async.bulk.wait_group.read 0;\n"
         "cp.async.bulk.wait_group 0;\nEND: ret;\n}\n";
}

TEST(BulkTable, TensorStores) {
  for (const Tensor &tensor : kTensors)
    for (int begin : {0, 2, 5})
      for (const char *end :
           {".global.shared::cta.bulk_group",
            ".global.shared::cta.tile.bulk_group.L2::cache_hint"}) {
        std::vector<int> start(tensor.rank(), begin);
        bool hasHint = std::strstr(end, "cache_hint");
        auto k = Kernels::of(
            storeText(name("cp.async.bulk.tensor.", tensor, end) + " [%rd0, " +
                      coordinates(start) + "], [tile]" +
                      (hasHint ? ", %rd9" : "") + ";"));
        int words = tensor.boxElements();
        std::vector<uint32_t> expected(tensor.elements(), 7);
        uint64_t out = k->put(expected);
        for (int i = 0; i < words; ++i)
          if (int at = tensor.at(i, start); at >= 0)
            expected[at] = 1000 + i;
        k->launch("k", {1}, {32}, tensor.map(out), k->put(counted(words)), out,
                  words);
        EXPECT_EQ(k->get<uint32_t>(out, expected.size()), expected) << end;
      }
}

namespace {
struct Reduction {
  const char *name;
  uint32_t (*apply)(uint32_t old, uint32_t value);
};
} // namespace

static const Reduction kReductions[] = {
    {"add", [](uint32_t a, uint32_t b) { return a + b; }},
    {"min", [](uint32_t a, uint32_t b) { return std::min(a, b); }},
    {"max", [](uint32_t a, uint32_t b) { return std::max(a, b); }},
    {"inc", [](uint32_t a, uint32_t b) { return a >= b ? 0 : a + 1; }},
    {"dec", [](uint32_t a, uint32_t b) { return !a || a > b ? b : a - 1; }},
    {"and", [](uint32_t a, uint32_t b) { return a & b; }},
    {"or", [](uint32_t a, uint32_t b) { return a | b; }},
    {"xor", [](uint32_t a, uint32_t b) { return a ^ b; }}};

TEST(BulkTable, TensorReductions) {
  for (const Tensor &tensor : kTensors)
    for (const Reduction &reduction : kReductions)
      for (bool hasHint : {false, true}) {
        std::vector<int> start(tensor.rank(), 1);
        std::string end =
            std::string(".global.shared::cta.") + reduction.name +
            (hasHint ? ".tile.bulk_group.L2::cache_hint" : ".bulk_group");
        auto k = Kernels::of(storeText(
            name("cp.reduce.async.bulk.tensor.", tensor, end.c_str()) +
            " [%rd0, " + coordinates(start) + "], [tile]" +
            (hasHint ? ", %rd9" : "") + ";"));
        int words = tensor.boxElements();
        std::vector<uint32_t> expected(tensor.elements());
        for (size_t i = 0; i < expected.size(); ++i)
          expected[i] = i % 3 ? 990 + i : 0;
        uint64_t out = k->put(expected);
        for (int i = 0; i < words; ++i)
          if (int at = tensor.at(i, start); at >= 0)
            expected[at] = reduction.apply(expected[at], 1000 + i);
        k->launch("k", {1}, {32}, tensor.map(out), k->put(counted(words)), out,
                  words);
        EXPECT_EQ(k->get<uint32_t>(out, expected.size()), expected) << end;
      }
}

TEST(BulkTable, LineStores) {
  for (bool hasHint : {false, true}) {
    auto k = Kernels::of(
        storeText(std::string("cp.async.bulk.global.shared::cta.bulk_group") +
                  (hasHint ? ".L2::cache_hint [%rd2], [tile], %r8, %rd9;"
                           : " [%rd2], [tile], %r8;")));
    uint64_t out = k->put(std::vector<uint32_t>(64, 7));
    k->launch("k", {1}, {32}, Map(), k->put(counted(40)), out, 40);
    std::vector<uint32_t> got = k->get<uint32_t>(out, 64);
    for (int i = 0; i < 64; ++i)
      ASSERT_EQ(got[i], i < 40 ? 1000u + i : 7u);
  }
}

TEST(BulkTable, LineReductions) {
  // Words, as far as a type says no more than their size.
  for (const Reduction &reduction : kReductions)
    for (const char *type : {"u32", "s32", "b32"}) {
      bool isBitwise = std::strchr("aox", reduction.name[0]) &&
                       std::strcmp(reduction.name, "add");
      bool isCyclic = !std::strcmp(reduction.name, "inc") ||
                      !std::strcmp(reduction.name, "dec");
      if (isBitwise != !std::strcmp(type, "b32") ||
          (isCyclic && std::strcmp(type, "u32")))
        continue;
      auto k = Kernels::of(storeText(
          std::string("cp.reduce.async.bulk.global.shared::cta.bulk_group."
                      "L2::cache_hint.") +
          reduction.name + "." + type + " [%rd2], [tile], %r8, %rd9;"));
      std::vector<uint32_t> expected(32);
      for (size_t i = 0; i < expected.size(); ++i)
        expected[i] = i % 3 ? 990 + i : 0;
      uint64_t out = k->put(expected);
      for (int i = 0; i < 32; ++i)
        expected[i] = reduction.apply(expected[i], 1000 + i);
      k->launch("k", {1}, {32}, Map(), k->put(counted(32)), out, 32);
      EXPECT_EQ(k->get<uint32_t>(out, 32), expected) << reduction.name << type;
    }
}

TEST(BulkTable, SumsOfFloats) {
  struct Row {
    const char *type;
    uint64_t one, three, four; // 1 + 3 = 4, all places of a word alike
    unsigned bytes;
  };
  const Row rows[] = {{"add.f32", 0x3f800000, 0x40400000, 0x40800000, 4},
                      {"add.noftz.f16", 0x3c00, 0x4200, 0x4400, 2},
                      {"add.noftz.bf16", 0x3f80, 0x4040, 0x4080, 2},
                      {"min.f16", 0x3c00, 0x4200, 0x3c00, 2},
                      {"max.bf16", 0x3f80, 0x4040, 0x4040, 2},
                      {"add.u64", 1, 3, 4, 8}};
  for (const Row &row : rows) {
    auto words = [&](uint64_t value) {
      std::vector<uint32_t> out(32);
      for (unsigned at = 0; at < 128; at += row.bytes)
        std::memcpy(reinterpret_cast<uint8_t *>(out.data()) + at, &value,
                    row.bytes);
      return out;
    };
    auto k = Kernels::of(storeText(
        std::string("cp.reduce.async.bulk.global.shared::cta.bulk_group.") +
        row.type + " [%rd2], [tile], %r8;"));
    uint64_t out = k->put(words(row.one));
    k->launch("k", {1}, {32}, Map(), k->put(words(row.three)), out, 32);
    EXPECT_EQ(k->get<uint32_t>(out, 32), words(row.four)) << row.type;
  }
}
