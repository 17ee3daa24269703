//===- NpyTest.cpp - NumPy array files ------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnrt/Npy.h"
#include "TestFiles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

using namespace attnrt;
using namespace attnrt::test;
using testing::HasSubstr;

/// A `.npy` file with any header text and data.
static std::string npy(const std::string &header, const std::string &data,
                       int major = 1) {
  std::string file("\x93NUMPY", 6);
  file += static_cast<char>(major);
  file += '\0';
  for (int i = 0; i < (major == 1 ? 2 : 4); ++i)
    file += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return file + header + data;
}

static std::string header(const std::string &descr, const std::string &shape,
                          const char *order = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + order +
         ", 'shape': " + shape + ", }\n";
}

static std::string floats(std::vector<float> values) {
  return std::string(reinterpret_cast<char *>(values.data()),
                     values.size() * sizeof(float));
}

class NpyTest : public testing::Test {
protected:
  Expected<HostTensor> read(const std::string &contents) {
    return readNpy(files.write("x.npy", contents));
  }

  void expectRefused(const std::string &contents, const std::string &why) {
    Expected<HostTensor> tensor = read(contents);
    ASSERT_FALSE(tensor) << "expected: " << why;
    EXPECT_EQ(tensor.status().code(), Code::BadInput);
    EXPECT_THAT(tensor.status().message(), HasSubstr(why));
    EXPECT_THAT(tensor.status().message(), HasSubstr("x.npy"));
    EXPECT_EQ(tensor.status().message().find('\n'), std::string::npos);
  }

  TestFiles files;
};

TEST_F(NpyTest, ReadsEveryVersion) {
  for (int major : {1, 2, 3}) {
    Expected<HostTensor> tensor =
        read(npy(header("<f4", "(2, 3)"), floats({1, 2, 3, 4, 5, 6}), major));
    ASSERT_TRUE(tensor) << tensor.status().message();
    EXPECT_EQ(tensor->type(), ElementType::F32);
    EXPECT_EQ(tensor->shape(), (Shape{2, 3}));
    EXPECT_EQ(tensor->at(5), 6);
  }
}

TEST_F(NpyTest, ReadsEveryType) {
  struct {
    const char *descr;
    ElementType type;
    size_t bytes;
  } cases[] = {{"<f2", ElementType::F16, 2}, {"=f4", ElementType::F32, 4},
               {"|f4", ElementType::F32, 4}, {"<f8", ElementType::F64, 8},
               {"<i4", ElementType::I32, 4}, {"<i8", ElementType::I64, 8},
               {"|b1", ElementType::I1, 1},  {"|i1", ElementType::I8, 1}};
  for (const auto &c : cases) {
    Expected<HostTensor> tensor =
        read(npy(header(c.descr, "(1,)"), std::string(c.bytes, '\0')));
    ASSERT_TRUE(tensor) << tensor.status().message();
    EXPECT_EQ(tensor->type(), c.type) << c.descr;
  }
}

TEST_F(NpyTest, TruthsAreZeroAndOne) {
  Expected<HostTensor> tensor =
      read(npy(header("|b1", "(4,)"), std::string("\0\1\2\xff", 4)));
  ASSERT_TRUE(tensor) << tensor.status().message();
  const auto *bytes = tensor->as<uint8_t>();
  EXPECT_EQ(std::vector<int>(bytes, bytes + 4), (std::vector<int>{0, 1, 1, 1}));
}

TEST_F(NpyTest, ReadsOddShapes) {
  EXPECT_EQ(read(npy(header("<f4", "()"), floats({1})))->shape(), Shape{});
  EXPECT_EQ(read(npy(header("<f4", "(0,)"), ""))->shape(), Shape{0});
  EXPECT_EQ(read(npy(header("<f4", "(3, 0)"), ""))->shape(), (Shape{3, 0}));
  // One dimension is in both orders at once.
  EXPECT_TRUE(read(npy(header("<f4", "(2,)", "True"), floats({1, 2}))));
}

TEST_F(NpyTest, RefusesOtherFiles) {
  expectRefused("", "not a .npy file");
  expectRefused("PK\3\4 something zipped", "not a .npy file");
  expectRefused(std::string("\x93NUMPY", 6), "truncated");
  expectRefused(std::string("\x93NUMPY\x01\x00\x40", 9), "truncated");
  expectRefused(npy(header("<f4", "(1,)"), floats({1}), 4),
                "unsupported .npy version 4");
}

TEST_F(NpyTest, RefusesOtherArrays) {
  std::string data = floats({1, 2, 3, 4});
  expectRefused(npy(header(">f4", "(4,)"), data), "big-endian");
  expectRefused(npy(header("<f4", "(2, 2)", "True"), data), "Fortran");
  expectRefused(npy(header("|O", "(2,)"), data), "element type '|O'");
  expectRefused(npy(header("<c8", "(2,)"), data), "element type '<c8'");
  expectRefused(npy("{'descr': [('a', '<f4')], 'fortran_order': False, "
                    "'shape': (4,), }\n",
                    data),
                "structured");
}

TEST_F(NpyTest, RefusesLies) {
  std::string data = floats({1, 2, 3, 4});
  expectRefused(npy(header("<f4", "(5,)"), data), "expected 20 bytes");
  expectRefused(npy(header("<f4", "(3,)"), data), "got 16");
  expectRefused(npy(header("<f4", "(4611686018427387904, 4)"), data), "bytes");
  expectRefused(npy(header("<f4", "(1000000000, 100000)"), data),
                "expected 400000000000000 bytes");
  expectRefused(npy(header("<f4", "(99999999999999999999,)"), data),
                "malformed");
  expectRefused(npy(header("<f4", "(-1,)"), data), "malformed");
}

TEST_F(NpyTest, RefusesMalformedHeaders) {
  for (const char *text :
       {"", "{", "{}", "{'descr': '<f4'}", "nonsense",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} trailing",
        "{'descr': '<f4', 'fortran_order': maybe, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 1}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, "
        "'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 'y'}"})
    expectRefused(npy(text, floats({1})), "malformed");
}

TEST_F(NpyTest, EveryTruncationIsRefused) {
  std::string whole = npy(header("<f4", "(2, 2)"), floats({1, 2, 3, 4}));
  for (size_t size = 0; size < whole.size(); ++size)
    ASSERT_FALSE(read(whole.substr(0, size))) << size;
}

TEST_F(NpyTest, MissingFile) {
  Expected<HostTensor> tensor = readNpy(files.path("absent.npy"));
  ASSERT_FALSE(tensor);
  EXPECT_EQ(tensor.status().code(), Code::BadInput);
  EXPECT_THAT(tensor.status().message(), HasSubstr("No such file"));
  EXPECT_FALSE(readNpy(files.path(""))) << "a directory";
}

TEST_F(NpyTest, WrittenFilesReadBack) {
  for (Shape shape : {Shape{}, Shape{3}, Shape{2, 0}, Shape{2, 3, 4}}) {
    Expected<HostTensor> tensor = HostTensor::create(ElementType::BF16, shape);
    ASSERT_TRUE(tensor);
    for (int64_t i = 0; i < tensor->elements(); ++i)
      tensor->as<uint16_t>()[i] = static_cast<uint16_t>(0x3f80 + i);
    std::string bytes = toNpy(*tensor);
    EXPECT_EQ((bytes.size() - tensor->elements() * 4) % 64, 0u);
    Expected<HostTensor> back = read(bytes);
    ASSERT_TRUE(back) << back.status().message();
    EXPECT_EQ(back->type(), ElementType::F32);
    EXPECT_EQ(back->shape(), shape);
    for (int64_t i = 0; i < tensor->elements(); ++i)
      EXPECT_EQ(back->at(i), tensor->at(i));
  }
}
