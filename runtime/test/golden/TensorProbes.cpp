//===- TensorProbes.cpp - Boxes of tensors --------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Loads leave a tile that was full of a pattern, so what a box does not cover
// shows; stores leave a tensor that was. Elements say where they are. A wait
// that does not end is a result, too: bytes that nobody expected, or that never
// came.
//
//===----------------------------------------------------------------------===//

#include "Probe.h"

namespace attnrt::golden {

namespace {

struct Type {
  const char *name;
  int number; // the driver's
  unsigned bytes;
};
constexpr Type kBytes{"u8", 0, 1}, kHalves{"bf16", 9, 2}, kSingles{"f32", 7, 4};

/// Innermost dimension first, as coordinates are.
struct Box {
  std::string name;
  Type type;
  std::vector<unsigned> sizes, box;
  unsigned swizzle = 128; // bytes
  unsigned at = 0;        // of the box, behind the begin of the tile
  bool fillsNaN = false;
  unsigned step = 1; // element stride of the second dimension
  /// The second dimension lies outside the third one in memory.
  bool isPermuted = false;

  unsigned rank() const { return static_cast<unsigned>(sizes.size()); }
  unsigned bytes() const {
    unsigned out = type.bytes;
    for (unsigned d = 0; d < rank(); ++d)
      out *= d == 1 ? (box[d] + step - 1) / step : box[d];
    return out;
  }
  unsigned tensorBytes() const {
    unsigned out = type.bytes;
    for (unsigned size : sizes)
      out *= size;
    return out;
  }
  TensorMap map() const {
    TensorMap map;
    map.type = type.number;
    map.rank = rank();
    uint64_t stride = type.bytes;
    for (unsigned d = 0; d < rank(); ++d) {
      map.sizes[d] = sizes[d];
      stride *= sizes[d];
      if (d + 1 < rank())
        map.strides[d] = stride;
      map.box[d] = box[d];
      map.elementStrides[d] = d == 1 ? step : 1;
    }
    if (isPermuted) {
      map.strides[1] = map.strides[0];
      map.strides[0] *= sizes[2];
    }
    map.swizzle = swizzle == 128 ? 3 : swizzle == 64 ? 2 : swizzle ? 1 : 0;
    map.outOfBounds = fillsNaN;
    return map;
  }
};

using Coordinates = std::vector<int>;

constexpr unsigned kTileBytes = 4096, kTileWords = kTileBytes / 4;
constexpr unsigned kThreads = 128;
constexpr uint32_t kPattern = 0xa5a5a5a5;

std::string textHead(const Box &box, unsigned outBytes) {
  return ".version 8.0\n.target sm_90\n.address_size 64\n"
         ".visible .entry probe(.param .u64 in, .param .u64 out, "
         ".param .align 64 .b8 map[128])\n{\n"
         ".shared .align 1024 .b8 tile[" +
         std::to_string(kTileBytes) +
         "];\n.shared .align 8 .b8 bar[8];\n"
         ".reg .b32 %c<5>, %w<4>, %thread, %cta, %tile, %to, %polls, %done;\n"
         ".reg .b64 %in, %out, %by, %map, %from;\n"
         ".reg .pred %alone, %isdone, %more;\n"
         "ld.param.u64 %in, [in];\nld.param.u64 %out, [out];\n"
         "cvta.to.global.u64 %in, %in;\ncvta.to.global.u64 %out, %out;\n"
         "mov.b64 %map, map;\ncvta.param.u64 %map, %map;\n"
         "mov.u32 %cta, %ctaid.x;\nmov.u32 %thread, %tid.x;\n"
         "setp.eq.u32 %alone, %thread, 0;\n"
         "mov.u32 %tile, tile;\nmad.lo.u32 %to, %thread, 4, %tile;\n"
         // Coordinates lie behind the tensor or the tile.
         "mul.wide.u32 %by, %cta, 32;\nadd.s64 %from, %in, %by;\n" +
         [&] {
           std::string loads;
           for (unsigned d = 0; d < box.rank(); ++d)
             loads += "ld.global.b32 %c" + std::to_string(d) + ", [%from+" +
                      std::to_string(outBytes + 4 * d) + "];\n";
           return loads;
         }();
}

std::string coordinatesOf(const Box &box) {
  std::string out = "[%map, {";
  for (unsigned d = 0; d < box.rank(); ++d)
    out += (d ? ", %c" : "%c") + std::to_string(d);
  return out + "}]";
}

std::string tensorOf(const Box &box) {
  return "cp.async.bulk.tensor." + std::to_string(box.rank()) + "d";
}

/// What leaves the kernel: one word that says whether the wait ended, then the
/// tile.
std::string loadText(const Box &box) {
  std::string text = textHead(box, (box.tensorBytes() + 15) / 16 * 16);
  text += "mul.wide.u32 %by, %cta, " + std::to_string(4 * (1 + kTileWords)) +
          ";\nadd.s64 %out, %out, %by;\n";
  text += "mov.b32 %w0, " + std::to_string(kPattern) + ";\n";
  for (unsigned at = 0; at < kTileBytes; at += 4 * kThreads)
    text += "st.shared.b32 [%to+" + std::to_string(at) + "], %w0;\n";
  text += "@%alone mbarrier.init.shared::cta.b64 [bar], 1;\n"
          "fence.mbarrier_init.release.cluster;\n"
          "fence.proxy.async.shared::cta;\nbar.sync 0;\n"
          "@!%alone bra DONE;\n"
          "mbarrier.arrive.expect_tx.shared::cta.b64 _, [bar], " +
          std::to_string(box.bytes()) + ";\n" + tensorOf(box) +
          ".shared::cluster.global.tile.mbarrier::complete_tx::bytes [tile+" +
          std::to_string(box.at) + "], " + coordinatesOf(box) +
          ", [bar];\n"
          "mov.u32 %polls, 0;\n"
          "WAIT: mbarrier.try_wait.parity.shared::cta.b64 %isdone, [bar], 0;\n"
          "@%isdone bra CAME;\nadd.u32 %polls, %polls, 1;\n"
          "setp.lt.u32 %more, %polls, 2000;\n@%more bra WAIT;\n"
          "CAME: selp.b32 %done, 1, 0, %isdone;\n"
          "st.global.b32 [%out], %done;\n"
          "DONE: bar.sync 0;\n"
          // A CTA whose bytes have not come leaves the tile alone.
          "mbarrier.test_wait.parity.shared::cta.b64 %isdone, [bar], "
          "0;\n"
          "mul.wide.u32 %by, %thread, 4;\nadd.s64 %out, %out, %by;\n";
  for (unsigned at = 0; at < kTileBytes; at += 4 * kThreads)
    text += "mov.b32 %w0, 0;\n@%isdone ld.shared.b32 %w0, [%to+" +
            std::to_string(at) + "];\nst.global.b32 [%out+" +
            std::to_string(4 + at) + "], %w0;\n";
  return text + "ret;\n}\n";
}

std::string storeText(const Box &box) {
  std::string text = textHead(box, kTileBytes);
  text += "mul.wide.u32 %by, %thread, 4;\nadd.s64 %in, %in, %by;\n";
  for (unsigned at = 0; at < kTileBytes; at += 4 * kThreads)
    text += "ld.global.b32 %w0, [%in+" + std::to_string(at) +
            "];\nst.shared.b32 [%to+" + std::to_string(at) + "], %w0;\n";
  return text +
         "fence.proxy.async.shared::cta;\nbar.sync 0;\n@!%alone bra END;\n" +
         tensorOf(box) + ".global.shared::cta.tile.bulk_group " +
         coordinatesOf(box) + ", [tile+" + std::to_string(box.at) +
         "];\ncp.async.bulk.commit_group;\ncp.async.bulk.wait_group 0;\n"
         "END: ret;\n}\n";
}

/// `bytes` of elements that say their number, then eight words of coordinates
/// for each CTA.
Words inputsOf(const Box &box, unsigned bytes,
               const std::vector<Coordinates> &cases) {
  Words out((bytes + 15) / 16 * 4);
  unsigned per = 4 / box.type.bytes;
  uint32_t mask = box.type.bytes == 4 ? ~0u : (1u << 8 * box.type.bytes) - 1;
  for (uint32_t i = 0; i < bytes / box.type.bytes; ++i)
    out[i / per] |= ((i + 1) & mask) << (i % per * 8 * box.type.bytes);
  for (const Coordinates &coordinates : cases)
    for (unsigned d = 0; d < 8; ++d)
      out.push_back(d < coordinates.size() ? coordinates[d] : 0);
  return out;
}

std::string toText(const Coordinates &coordinates) {
  std::string out;
  for (int c : coordinates)
    out += (out.empty() ? "{" : ", ") + std::to_string(c);
  return out + "}";
}

Probe probeOf(const Box &box, const std::vector<Coordinates> &cases) {
  Probe probe;
  probe.chips.least = 90;
  probe.shape.grid.x = static_cast<uint32_t>(cases.size());
  probe.shape.block.x = kThreads;
  probe.map = box.map();
  return probe;
}

Probe load(const Box &box, const char *about,
           const std::vector<Coordinates> &cases) {
  Probe probe = probeOf(box, cases);
  probe.name = "tensor.load." + box.name;
  probe.about = about;
  probe.ptx = loadText(box);
  probe.inputs = [=](Random &) {
    return inputsOf(box, box.tensorBytes(), cases);
  };
  probe.outputWords = cases.size() * (1 + kTileWords);
  probe.place = [=](const Words &, size_t word) {
    size_t at = word % (1 + kTileWords);
    std::string of = " of a box at " + toText(cases[word / (1 + kTileWords)]);
    return at ? "byte " + std::to_string(4 * (at - 1)) + of : "end" + of;
  };
  return probe;
}

/// The last dimension is that of the cases.
Probe store(Box box, const char *about, std::vector<Coordinates> cases) {
  box.sizes.push_back(static_cast<unsigned>(cases.size()));
  box.box.push_back(1);
  for (size_t i = 0; i < cases.size(); ++i)
    cases[i].push_back(static_cast<int>(i));
  Probe probe = probeOf(box, cases);
  probe.name = "tensor.store." + box.name;
  probe.about = about;
  probe.ptx = storeText(box);
  probe.mapsOutput = true;
  probe.inputs = [=](Random &) { return inputsOf(box, kTileBytes, cases); };
  probe.outputWords = box.tensorBytes() / 4;
  probe.place = [=](const Words &, size_t word) {
    size_t each = box.tensorBytes() / cases.size();
    return "byte " + std::to_string(4 * word % each) + " behind a box at " +
           toText(cases[4 * word / each]);
  };
  return probe;
}

/// Inside, and beyond each end by a part and by all of a box of `columns` by
/// eight in a matrix of 80 by 20.
std::vector<Coordinates> aroundMatrix(int columns) {
  return {{0, 0},  {16, 5},      {80 - columns / 2, 0}, {80, 0},
          {0, 17}, {0, 20},      {-columns / 2, 0},     {-columns, 0},
          {0, -3}, {0, -8},      {-columns / 2, -3},    {72, 18},
          {3, 0},  {1 << 30, 0}, {0, -(1 << 30)}};
}

/// Stores begin inside.
std::vector<Coordinates> insideMatrix(int columns) {
  return {{0, 0},   {16, 5}, {80 - columns / 2, 0}, {80, 0}, {0, 17}, {0, 20},
          {72, 18}, {3, 0}};
}

Box matrix(const Type &type, unsigned columns, unsigned swizzle) {
  return {type.name + std::string(".") + std::to_string(columns * type.bytes) +
              "of" + std::to_string(swizzle),
          type,
          {80, 20},
          {columns, 8},
          swizzle};
}

} // namespace

std::vector<Probe> tensorProbes() {
  std::vector<Probe> out;
  const char *const kWhole = "swizzles, and what lies outside";
  const char *const kNarrow = "the pitch of boxes narrower than the swizzle";
  const char *const kPlace = "patterns that begin where the box does not";
  auto both = [&](const Box &box, const char *about) {
    int columns = static_cast<int>(box.box[0]);
    out.push_back(load(box, about, aroundMatrix(columns)));
    out.push_back(store(box, about, insideMatrix(columns)));
  };
  for (unsigned swizzle : {128, 64, 32})
    both(matrix(kHalves, swizzle / 2, swizzle), kWhole);
  both(matrix(kHalves, 64, 0), "no swizzle");
  both(matrix(kSingles, 32, 128), "elements of four bytes");
  both(matrix(kBytes, 64, 64), "elements of one byte");
  for (unsigned columns : {48, 32, 16, 8})
    both(matrix(kHalves, columns, 128), kNarrow);
  both(matrix(kHalves, 16, 64), kNarrow);
  both(matrix(kHalves, 8, 32), kNarrow);
  for (unsigned swizzle : {128, 64, 32})
    for (unsigned at : {128, 384}) {
      Box box = matrix(kHalves, swizzle / 2, swizzle);
      box.name += ".at" + std::to_string(at);
      box.at = at;
      both(box, kPlace);
    }
  Box nan = matrix(kHalves, 64, 128);
  nan.name += ".nan";
  nan.fillsNaN = true;
  out.push_back(load(nan, "NaN outside", aroundMatrix(64)));
  nan = matrix(kSingles, 32, 128);
  nan.name += ".nan";
  nan.fillsNaN = true;
  out.push_back(load(nan, "NaN outside", aroundMatrix(32)));

  // As kernels have them: columns, positions, heads, batches; empty ends too.
  Box heads{"bf16.heads", kHalves, {72, 10, 3, 2}, {64, 8, 1, 1}, 128};
  std::vector<Coordinates> inside = {{0, 0, 0, 0},  {64, 0, 2, 1}, {0, 8, 1, 0},
                                     {64, 8, 2, 1}, {0, 16, 0, 0}, {0, 0, 3, 0},
                                     {0, 0, 0, 2}};
  std::vector<Coordinates> around = inside;
  around.insert(around.end(),
                {{0, -8, 0, 0}, {0, -5, 1, 1}, {0, 0, -1, 0}, {-16, 4, 2, 1}});
  out.push_back(load(heads, kWhole, around));
  out.push_back(store(heads, kWhole, inside));

  // Heads that share a tile: of three a box of four, four positions each.
  Box shared{"bf16.shared", kHalves, {72, 3, 10, 2}, {64, 4, 4, 1}, 128};
  shared.isPermuted = true;
  inside = {{0, 0, 0, 0}, {64, 0, 4, 1}, {0, 1, 8, 0}, {64, 2, 9, 1}};
  around = inside;
  around.insert(around.end(), {{0, -1, 0, 0}, {0, 0, -2, 1}, {0, -2, -3, 1}});
  const char *const kShared = "boxes of several indices, in another order";
  out.push_back(load(shared, kShared, around));
  out.push_back(store(shared, kShared, inside));

  // What the simulator refuses: not emitted, or forbidden by the ISA.
  Box strided = matrix(kHalves, 64, 128);
  strided.name += ".stride2";
  strided.step = 2;
  out.push_back(load(strided, "element strides: which rows, how many bytes",
                     {{0, 0}, {0, 1}, {0, 15}}));
  out.back().demand = Demand::Refused;
  Box negative = matrix(kHalves, 64, 128);
  negative.name += ".negative";
  out.push_back(store(negative, "stores that begin outside",
                      {{-32, 0}, {0, -3}, {-64, 0}}));
  out.back().demand = Demand::Refused;
  return out;
}

} // namespace attnrt::golden
