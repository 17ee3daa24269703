//===- OpenFunction.cpp - Functions of packages by name -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Abi/OpenFunction.h"

#include "Abi/Fail.h"

#include <map>
#include <mutex>
#include <string_view>

using namespace attnrt;

/// What is opened stays until the process ends.
static Expected<const AttnrtFunction *> openFunction(const char *path,
                                                     const char *name) {
  Expected<Package> package = openPackage(path);
  if (!package)
    return package.status();
  for (Function &candidate : package->functions)
    if (candidate.description.name == name)
      return new AttnrtFunction{std::move(candidate),
                                package->description.isForHost()};
  return Status::badInput("no function '" + std::string(name) + "' in '" +
                          path + "'");
}

extern "C" int attnrtOpenFunction(const char *path, const char *name,
                                  const AttnrtFunction **function) {
  return guarded("package", [&] {
    Expected<const AttnrtFunction *> opened = openFunction(path, name);
    if (opened)
      *function = *opened;
    return opened.status();
  });
}

extern "C" void attnrtSymbolsOf(const AttnrtFunction *function,
                                AttnrtSymbols *symbols) {
  *symbols = {function->function.entry, function->function.shapes,
              function->function.flops};
}

namespace {
/// By package, then by name. Calls look into it, so nothing is copied for that.
struct KnownFunctions {
  using ByName = std::map<std::string, const AttnrtFunction *, std::less<>>;

  const AttnrtFunction *find(std::string_view path,
                             std::string_view name) const {
    auto package = packages.find(path);
    if (package == packages.end())
      return nullptr;
    auto function = package->second.find(name);
    return function == package->second.end() ? nullptr : function->second;
  }

  std::mutex mutex;
  std::map<std::string, ByName, std::less<>> packages;
};
} // namespace

Expected<const AttnrtFunction *> attnrt::knownFunction(const char *path,
                                                       const char *name) {
  static auto *known = new KnownFunctions;
  std::lock_guard<std::mutex> lock(known->mutex);
  if (const AttnrtFunction *function = known->find(path, name))
    return function;
  Expected<const AttnrtFunction *> opened = openFunction(path, name);
  if (opened)
    known->packages[path][name] = *opened;
  return opened;
}
