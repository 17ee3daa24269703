//===- Package.cpp - Compiled functions in a file -------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnrt/Package.h"

#include "Package/Description.h"
#include "Package/ElfSection.h"
#include "attnrt/File.h"
#include "attnrt/PackageFormat.h"

#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <dlfcn.h>

using namespace attnrt;

bool attnrt::looksLikePackage(const std::string &path) {
  std::string_view suffix(".so");
  if (path.size() >= suffix.size() &&
      path.compare(path.size() - suffix.size(), suffix.size(), suffix) == 0)
    return true;
  char magic[4] = {};
  if (FILE *file = std::fopen(path.c_str(), "rb")) {
    size_t got = std::fread(magic, 1, sizeof magic, file);
    std::fclose(file);
    return got == sizeof magic && std::memcmp(magic, "\177ELF", 4) == 0;
  }
  return false;
}

/// The JSON inside a section, once its header holds.
static Expected<std::string_view> checkedJson(std::string_view section) {
  PackageHeader header;
  if (section.size() < sizeof header)
    return Status::badInput("truncated in its package header");
  std::memcpy(&header, section.data(), sizeof header);
  if (header.magic != kPackageMagic)
    return Status::badInput("not an attn-mlir package");
  if (header.schema != kPackageSchema)
    return Status::badInput("expected package schema " +
                            std::to_string(kPackageSchema) + ", got " +
                            std::to_string(header.schema) +
                            (header.schema < kPackageSchema
                                 ? "; compile it again with this attn-compile"
                                 : "; it was compiled for a newer runtime"));
  std::string_view json = section.substr(sizeof header);
  if (header.jsonBytes > json.size())
    return Status::badInput("expected a description of " +
                            std::to_string(header.jsonBytes) + " bytes, got " +
                            std::to_string(json.size()));
  json = json.substr(0, header.jsonBytes);
  if (fnv1a(json.data(), json.size()) != header.checksum)
    return Status::badInput("the description's checksum does not match");
  return json;
}

static Expected<PackageDescription> describe(std::string_view file) {
  Expected<std::string_view> section = findElfSection(file, kPackageSection);
  if (!section)
    return section.status();
  Expected<std::string_view> json = checkedJson(*section);
  if (!json)
    return json.status();
  return parseDescription(*json);
}

/// Prefixes a failure with the package it is about.
static Status about(const std::string &path, const std::string &why,
                    Code code = Code::BadInput) {
  return Status(code, "cannot use package '" + path + "': " + why);
}

Expected<PackageDescription> attnrt::readPackage(const std::string &path) {
  Expected<std::string> file = readFile(path);
  if (!file)
    return file.status();
  Expected<PackageDescription> description = describe(*file);
  if (!description)
    return about(path, description.status().message(),
                 description.status().code());
  return description;
}

template <typename Pointer>
static bool resolve(void *library, const std::string &symbol,
                    Pointer &pointer) {
  pointer = reinterpret_cast<Pointer>(dlsym(library, symbol.c_str()));
  return pointer != nullptr;
}

/// Null, or the symbol that is missing.
static const std::string *bindJudge(void *library, const ResultJudge &names,
                                    Function::Judge &judge) {
  if (!resolve(library, names.reference, judge.reference))
    return &names.reference;
  if (!resolve(library, names.baseline, judge.baseline))
    return &names.baseline;
  return nullptr;
}

static const std::string *bind(void *library, Function &function) {
  const FunctionDescription &names = function.description;
  if (!resolve(library, names.entry, function.entry))
    return &names.entry;
  if (!resolve(library, names.shapes, function.shapes))
    return &names.shapes;
  if (!resolve(library, names.flops, function.flops))
    return &names.flops;
  function.judges.resize(names.results.size());
  for (size_t i = 0; i < names.results.size(); ++i)
    if (const std::string *missing =
            bindJudge(library, names.results[i].judge, function.judges[i]))
      return missing;
  return nullptr;
}

Expected<Package> attnrt::openPackage(const std::string &path) {
  Expected<PackageDescription> description = readPackage(path);
  if (!description)
    return description.status();

  // An absolute path, or dlopen() would search for a name without a slash.
  char absolute[PATH_MAX];
  if (!realpath(path.c_str(), absolute))
    return about(path, std::strerror(errno));
  void *library = dlopen(absolute, RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return about(path, dlerror());

  Package package;
  for (const FunctionDescription &names : description->functions) {
    Function function;
    function.description = names;
    if (const std::string *missing = bind(library, function))
      return about(path, "no symbol " + *missing);
    for (const std::string &kernel : names.kernels)
      function.rowsPerTile.push_back(
          description->findKernel(kernel)->rowsPerTile);
    package.functions.push_back(std::move(function));
  }
  package.description = std::move(*description);
  return package;
}
