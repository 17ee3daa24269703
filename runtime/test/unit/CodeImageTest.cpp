//===- CodeImageTest.cpp - Device code from a program ---------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Fatbins as fatbinary writes them, field by field.
//
//===----------------------------------------------------------------------===//

#include "Package/CodeImage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>

using namespace attnrt;
using testing::HasSubstr;

template <typename T>
static std::string little(T value) {
  std::string bytes;
  for (size_t i = 0; i < sizeof value; ++i)
    bytes += static_cast<char>(static_cast<uint64_t>(value) >> 8 * i);
  return bytes;
}

static std::string entry(uint16_t kind, uint32_t chip, const std::string &body,
                         uint64_t flags = 0x11, uint32_t packed = 0,
                         uint64_t text = 0) {
  return little<uint16_t>(kind) + little<uint16_t>(0x101) +
         little<uint32_t>(64) + little<uint64_t>(body.size()) +
         little(packed) + little<uint32_t>(0) + little<uint16_t>(0) +
         little<uint16_t>(7) + little(chip) + little<uint64_t>(0) +
         little(flags) + little<uint64_t>(0) + little(text) + body;
}

static std::string fatbin(const std::string &entries) {
  return little<uint32_t>(0xba55ed50) + little<uint16_t>(1) +
         little<uint16_t>(16) + little<uint64_t>(entries.size()) + entries;
}

static void expectRefused(const std::string &blob, const char *text) {
  Expected<CodeImage> image = readCode(blob);
  ASSERT_FALSE(image);
  EXPECT_EQ(image.status().code(), Code::BadInput);
  EXPECT_THAT(image.status().message(), HasSubstr(text));
}

TEST(CodeImage, Text) {
  Expected<CodeImage> image = readCode(std::string_view(".version 7.0\n\0", 14));
  ASSERT_TRUE(image);
  EXPECT_EQ(image->ptx, ".version 7.0\n");
  EXPECT_TRUE(image->binary.empty());
  EXPECT_EQ(readCodeOfUnknownSize("// x")->ptx, "// x");
  EXPECT_EQ(readCodeOfUnknownSize("")->ptx, "");
}

TEST(CodeImage, Cubin) {
  std::string cubin = "\x7f" "ELF and more";
  Expected<CodeImage> image = readCode(cubin);
  ASSERT_TRUE(image);
  EXPECT_TRUE(image->ptx.empty());
  EXPECT_EQ(image->binary, cubin);
  EXPECT_EQ(readCodeOfUnknownSize(cubin.c_str()).status().message(),
            "expected PTX, got machine code");
}

TEST(CodeImage, TheNewestPtxOfAFatbin) {
  std::string blob =
      fatbin(entry(2, 80, "cubin") + entry(1, 80, std::string("old\0", 4)) +
             entry(1, 90, "new") + entry(1, 75, "older"));
  std::string longer = blob + "behind";
  for (bool sized : {true, false}) {
    Expected<CodeImage> image =
        sized ? readCode(longer) : readCodeOfUnknownSize(blob.data());
    ASSERT_TRUE(image) << image.status().message();
    EXPECT_EQ(image->ptx, "new");
    EXPECT_EQ(image->binary, blob);
  }
  EXPECT_TRUE(readCode(fatbin(entry(2, 80, "cubin")))->ptx.empty());
}

TEST(CodeImage, DamagedFatbins) {
  std::string whole = fatbin(entry(1, 80, "text"));
  ASSERT_TRUE(readCode(whole));
  expectRefused(whole.substr(0, whole.size() - 1), "larger than its file");
  std::string cut = entry(1, 80, "text").substr(0, 63);
  expectRefused(fatbin(cut), "an entry is cut off");
  std::string large = entry(1, 80, "text");
  large.replace(8, 8, little(~uint64_t(0)));
  expectRefused(fatbin(large), "an entry is larger than the file");
  std::string none = entry(1, 80, "text");
  none.replace(4, 4, little<uint32_t>(0));
  expectRefused(fatbin(none), "an entry is larger than the file");
  expectRefused(fatbin(entry(1, 80, "x", 0x2011)), "compressed in an unknown");
  expectRefused(fatbin(entry(1, 80, "x", 0x8011, 2, 10)), "no sensible size");
  expectRefused(fatbin(entry(1, 80, "x", 0x8011, 1, uint64_t(1) << 40)),
                "no sensible size");
}

TEST(CodeImage, PackedPtx) {
  // "0123456789" ten times and a newline, by zstd.
  const unsigned char packed[] = {
      0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x65, 0x95, 0x00, 0x00, 0x58, 0x30,
      0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x0a, 0x01,
      0x00, 0xd7, 0xa9, 0x20, 0x01};
  std::string body(reinterpret_cast<const char *>(packed), sizeof packed);
  Expected<CodeImage> image =
      readCode(fatbin(entry(1, 80, body, 0x8011, body.size(), 101)));
  if (!image && image.status().code() == Code::Device)
    GTEST_SKIP() << image.status().message();
  ASSERT_TRUE(image) << image.status().message();
  EXPECT_EQ(image->ptx.size(), 101u);
  EXPECT_EQ(image->ptx.substr(90), "0123456789\n");
  expectRefused(fatbin(entry(1, 80, body, 0x8011, body.size(), 100)),
                "cannot be decompressed");
  body[4] ^= 0x40; // of its header
  expectRefused(fatbin(entry(1, 80, body, 0x8011, body.size(), 101)),
                "cannot be decompressed");
}
