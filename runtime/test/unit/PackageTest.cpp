//===- PackageTest.cpp - Packages, sound and broken -----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnrt/Package.h"
#include "TestFiles.h"
#include "attnrt/PackageFormat.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <elf.h>

using namespace attnrt;
using namespace attnrt::test;
using testing::HasSubstr;

static std::string fixture(const std::string &name) {
  return std::string(ATTNRT_FIXTURES) + "/" + name + ".so";
}

class PackageTest : public testing::Test {
protected:
  void SetUp() override {
    whole = TestFiles::read(fixture("one"));
    std::string magic(4, '\0');
    std::memcpy(magic.data(), &kPackageMagic, 4);
    // The magic may stand elsewhere by chance, but not before the JSON.
    for (headerAt = 0;; ++headerAt) {
      headerAt = whole.find(magic, headerAt);
      ASSERT_NE(headerAt, std::string::npos);
      if (whole.compare(headerAt + sizeof(PackageHeader), 11,
                        "{\"schema\": ") == 0)
        break;
    }
    jsonAt = headerAt + sizeof(PackageHeader);
    PackageHeader header;
    std::memcpy(&header, &whole[headerAt], sizeof header);
    json = whole.substr(jsonAt, header.jsonBytes);
  }

  void expectRefused(const std::string &contents, const std::string &why,
                     Code code = Code::BadInput) {
    std::string path = files.write("broken.so", contents);
    Expected<Package> package = openPackage(path);
    ASSERT_FALSE(package) << "expected: " << why;
    EXPECT_EQ(package.status().code(), code);
    EXPECT_THAT(package.status().message(), HasSubstr(why));
    EXPECT_EQ(package.status().message().find('\n'), std::string::npos);
  }

  /// The package with another header.
  std::string withHeader(PackageHeader header) const {
    std::string changed = whole;
    std::memcpy(&changed[headerAt], &header, sizeof header);
    return changed;
  }

  PackageHeader header() const {
    return {kPackageMagic, kPackageSchema, json.size(),
            fnv1a(json.data(), json.size())};
  }

  /// The package with another description, checksum included; not longer than
  /// its own.
  std::string withJson(std::string text) const {
    EXPECT_LE(text.size(), json.size());
    text.resize(json.size(), ' ');
    std::string changed = whole;
    PackageHeader newHeader = header();
    newHeader.checksum = fnv1a(text.data(), text.size());
    std::memcpy(&changed[headerAt], &newHeader, sizeof newHeader);
    return changed.replace(jsonAt, text.size(), text);
  }

  /// The description with `from` replaced once by `to`.
  std::string withReplaced(const std::string &from,
                           const std::string &to) const {
    std::string text = json;
    size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return withJson(text.replace(at, from.size(), to));
  }

  TestFiles files;
  std::string whole, json;
  size_t headerAt = 0, jsonAt = 0;
};

TEST_F(PackageTest, Opens) {
  Expected<Package> package = openPackage(fixture("several"));
  ASSERT_TRUE(package) << package.status().message();
  EXPECT_EQ(package->description.target, "sm_80");
  ASSERT_EQ(package->functions.size(), 11u);
  const FunctionDescription &first = package->functions[0].description;
  EXPECT_EQ(first.name, "scale_f16");
  EXPECT_EQ(first.args[0].shape, (std::vector<int64_t>{-1, 4, -1, 8}));
  EXPECT_EQ(first.args[0].type, ElementType::F16);
  EXPECT_EQ(first.results[0].judge.rowDims, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(first.args[0].roles, std::vector<std::string>{"input"});
  EXPECT_EQ(first.results[0].role, "output");
  EXPECT_EQ(first.results[0].judge.reference, "attnpkg_reference");
  EXPECT_EQ(first.results[0].judge.chain, 1);
  EXPECT_EQ(first.results[0].judge.edges[0].constant, -2);
  EXPECT_EQ(first.results[0].judge.edges[0].terms[0].dim, 2);
  const KernelDescription *kernel =
      package->description.findKernel("scale_f16");
  ASSERT_NE(kernel, nullptr);
  EXPECT_FALSE(kernel->registers);
  EXPECT_EQ(kernel->rowsPerTile, 16);
  EXPECT_EQ(kernel->schedule.text, "q=16");
  ASSERT_EQ(kernel->schedule.keys.size(), 1u);
  EXPECT_EQ(kernel->schedule.keys[0], std::pair(std::string("q"), int64_t(16)));
  const Function &marked = package->functions[9];
  ASSERT_EQ(marked.judges.size(), 2u);
  EXPECT_EQ(marked.judges[0].reference, marked.judges[1].reference);
  EXPECT_EQ(marked.rowsPerTile, (std::vector<int64_t>{16, 16}));
}

TEST_F(PackageTest, NoFunctionsIsAPackage) {
  Expected<Package> package = openPackage(fixture("none"));
  ASSERT_TRUE(package) << package.status().message();
  EXPECT_TRUE(package->functions.empty());
}

TEST_F(PackageTest, OpensByRelativeName) {
  // Without a slash dlopen() would search its own path.
  std::filesystem::copy(fixture("one"), files.path("p.so"));
  std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(files.path(""));
  Expected<Package> package = openPackage("p.so");
  std::filesystem::current_path(before);
  EXPECT_TRUE(package) << package.status().message();
}

TEST_F(PackageTest, RefusesOtherFiles) {
  expectRefused("", "not an ELF file");
  expectRefused("module {}", "not an ELF file");
  expectRefused("\177ELF", "truncated");
  expectRefused(TestFiles::read(ATTNRT_LIBRARY), "no section .attn.package");
  EXPECT_FALSE(openPackage(files.path("absent.so")));
  EXPECT_FALSE(openPackage(files.path("")));
}

TEST_F(PackageTest, RefusesOtherElf) {
  auto *elf = reinterpret_cast<Elf64_Ehdr *>(whole.data());
  Elf64_Ehdr saved = *elf;
  elf->e_ident[EI_CLASS] = ELFCLASS32;
  expectRefused(whole, "64-bit");
  *elf = saved;
  elf->e_ident[EI_DATA] = ELFDATA2MSB;
  expectRefused(whole, "little-endian");
  *elf = saved;
  elf->e_type = ET_REL;
  expectRefused(whole, "shared object");
  *elf = saved;
  elf->e_machine = EM_PPC64;
  expectRefused(whole, "it is for ELF machine 21; this machine is ",
                Code::Device);
  elf->e_machine = saved.e_machine == EM_X86_64 ? EM_AARCH64 : EM_X86_64;
  expectRefused(whole,
                elf->e_machine == EM_X86_64
                    ? "it is for x86-64; this machine is aarch64"
                    : "it is for aarch64; this machine is x86-64",
                Code::Device);
  *elf = saved;
  elf->e_shoff = ~uint64_t(0) - 8;
  expectRefused(whole, "section table outside");
  *elf = saved;
  elf->e_phoff = whole.size();
  expectRefused(whole, "segment table outside");
  *elf = saved;
  elf->e_shstrndx = 0xfff0;
  expectRefused(whole, "no section names");
  *elf = saved;
  elf->e_shentsize = 1;
  expectRefused(whole, "malformed");
}

TEST_F(PackageTest, EveryTruncationIsRefused) {
  for (size_t size = 0; size < whole.size(); size += 61)
    expectRefused(whole.substr(0, size), "");
}

TEST_F(PackageTest, RefusesOtherHeaders) {
  PackageHeader changed = header();
  changed.magic ^= 1;
  expectRefused(withHeader(changed), "not an attn-mlir package");
  changed = header();
  changed.schema = 7;
  expectRefused(withHeader(changed), "expected package schema 3, got 7; it was "
                                     "compiled for a newer runtime");
  changed.schema = 1;
  expectRefused(withHeader(changed),
                "expected package schema 3, got 1; compile "
                "it again with this attn-compile");
  changed = header();
  changed.jsonBytes = ~uint64_t(0);
  expectRefused(withHeader(changed), "description of 18446744073709551615");
  changed = header();
  changed.checksum ^= 1;
  expectRefused(withHeader(changed), "checksum");
  std::string flipped = whole;
  flipped[jsonAt + 20] ^= 1;
  expectRefused(flipped, "checksum");
}

TEST_F(PackageTest, RefusesOtherJson) {
  expectRefused(withJson("{"), "not JSON");
  expectRefused(withJson("[]"), "to be an object");
  expectRefused(withJson("{}"), "schema to be present");
  expectRefused(withJson("{\"schema\": 3}"), "compiler to be present");
  expectRefused(withJson(std::string(500, '[')), "nested too deep");
}

TEST_F(PackageTest, NamesTheFieldThatIsWrong) {
  struct {
    const char *from, *to, *why;
  } cases[] = {
      {"\"schema\": 3", "\"schema\": 1", "schema to be an integer"},
      {"\"functions\": [", "\"functionz\": [", "functions to be present"},
      {"\"name\": \"only\"", "\"name\": 17",
       "functions[0].name to be a string"},
      {"attnpkg_scale", "strlen", "functions[0].entry to be a symbol"},
      {"[null, 4, null, 8]", "[null, -4, null]",
       "functions[0].args[0].shape[1]"},
      {"[null, 4, null, 8]", "[1.5]", "functions[0].args[0].shape[0]"},
      {"\"shape\": [null, 4, null, 8]", "\"shape\":[1,1,1,1,1,1,1,1,1]",
       "rank 8 at most"},
      {"[null, 4, null, 8]", "null",
       "functions[0].args[0].shape to be an array"},
      {"\"f32\"", "\"f8\"", "functions[0].args[0].type"},
      {"\"f32\"", "\"f64\"", "functions[0].args[0].type"},
      {"\"rows\": [0, 1, 2]", "\"rows\": [0, 1, 4]",
       "results[0].judge.rows[2]"},
      {"\"rows\": [0, 1, 2]", "\"rows\": [0, 1, 1]", "another dimension"},
      {"\"chain\": 1", "\"chain\":-1", "results[0].judge.chain"},
      {"\"roles\": [\"input\"]", "\"roles\": \"input\"", "args[0].roles"},
      {"\"role\": \"output\"", "\"role\": 7", "results[0].role"},
      {"\"judge\": {", "\"judgf\": {", "results[0].judge to be present"},
      {"attnpkg_reference", "strlen", "judge.reference to be a symbol"},
      {"attnpkg_baseline", "strlen", "judge.baseline to be a symbol"},
      {"\"arg\": 0", "\"arg\": 1", "judge.edges[0].terms[0].arg"},
      {"\"dim\": 2", "\"dim\": 4", "judge.edges[0].terms[0].dim"},
      {"\"coef\": 1", "\"coef\": x", "not JSON"},
      {"\"kernels\": [\"scale_f32\"]", "\"kernels\": [\"f\"]", "got no 'f'"},
      {"\"kernels\": [\"scale_f32\"]", "\"kernels\": \"f\"", "to be an array"},
      {"\"block\": [128, 1, 1]", "\"block\": [128, 1]", "three sizes"},
      {"\"block\": [128, 1, 1]", "\"block\": [128,0,1]", "kernels[0].block[1]"},
      {"\"smem_bytes\": 0", "\"smem_bytes\":-1", "kernels[0].smem_bytes"},
      {"\"scratch_bytes\": null", "\"scratch_bytes\": -1",
       "kernels[0].scratch_bytes"},
      {"\"host\": null", "\"hist\": null", "host to be present"},
      {"\"host\": null", "\"host\": 7", "host to be an array"},
      {"\"host\": null", "\"host\": [7]", "host[0] to be an object"},
      {"\"host\": null", "\"host\": [{}]", "host[0].target to be present"},
      {"\"registers\": null", "\"registers\": \"9\"", "kernels[0].registers"},
      {"\"ptxas_warnings\": []", "\"ptxas_warnings\": 3", "ptxas_warnings"},
      {"\"rows_per_tile\": 16", "\"rows_per_tile\": 0", "rows_per_tile"},
      {"\"schedule\": {", "\"schedulf\": {", "kernels[0].schedule to be"},
      {"\"text\": \"q=16\"", "\"text\": 16", "schedule.text to be a string"},
      {"{\"q\": 16}", "[16]", "schedule.keys to be an object"},
      {"{\"q\": 16}", "{\"q\": \"\"}", "schedule.keys.q to be an integer"},
  };
  for (const auto &c : cases)
    expectRefused(withReplaced(c.from, c.to), c.why);
}

TEST_F(PackageTest, RefusesMissingSymbols) {
  Expected<Package> package = openPackage(fixture("missing-symbol"));
  ASSERT_FALSE(package);
  EXPECT_EQ(package.status().code(), Code::BadInput);
  EXPECT_THAT(package.status().message(), HasSubstr("no symbol attnpkg_gone"));

  package = openPackage(fixture("needs-more"));
  ASSERT_FALSE(package);
  EXPECT_EQ(package.status().code(), Code::BadInput);
  EXPECT_THAT(package.status().message(), HasSubstr("attnrtNotInThisVersion"));
}

TEST_F(PackageTest, FlippedBytesNeverCrashTheReader) {
  // The reader only: a flipped byte of code would be run by the loader.
  for (size_t at = 0; at < whole.size(); at += 101) {
    std::string flipped = whole;
    flipped[at] ^= 0x55;
    (void)readPackage(files.write("flipped.so", flipped));
  }
}

TEST_F(PackageTest, LooksLikePackage) {
  EXPECT_TRUE(looksLikePackage(files.write("a.so", "junk")));
  EXPECT_TRUE(looksLikePackage(files.write("a", "\177ELF…")));
  EXPECT_FALSE(looksLikePackage(files.write("a.mlir", "module {}")));
  EXPECT_FALSE(looksLikePackage(files.path("absent.mlir")));
}
