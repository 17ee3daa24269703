//===- Replay.cpp - A target on files and damage to them ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   fuzz-TARGET FILE…                          says what becomes of each file
//   fuzz-TARGET --refused=N --seed=S FILE…     damages the files until N inputs
//                                              that differ were refused
//   … --write=DIR                              and writes these there
//
// Exit status: 0 every answer is a good one, 1 one is not, 2 misuse.
//
//===----------------------------------------------------------------------===//

#include "Damage.h"
#include "Target.h"

#include "attnrt/File.h"

#include <cstdio>
#include <cstdlib>
#include <set>
#include <vector>

using namespace attn::fuzz;
using namespace attnrt;

namespace {
struct CommandLine {
  size_t refused = 0;
  uint64_t seed = 1;
  std::string directory;
  std::vector<std::string> files;
};

class Replay {
public:
  explicit Replay(CommandLine line) : line(std::move(line)) {}
  int run();

private:
  bool readFiles();
  bool damageFiles();
  /// False where the answer is no good one.
  bool feed(const std::string &name, const std::string &input);
  bool keep(const std::string &input);

  CommandLine line;
  std::vector<std::string> inputs;
  std::set<std::string> refused;
  size_t used = 0;
};
} // namespace

static int misuse(const std::string &why) {
  std::fprintf(stderr, "error: %s\n", why.c_str());
  return 2;
}

bool Replay::feed(const std::string &name, const std::string &input) {
  Status status = digest(input);
  std::string complaint = complaintAbout(status);
  if (!complaint.empty()) {
    std::printf("%s: WRONG: %s\n", name.c_str(), complaint.c_str());
    // Whoever mends it wants the input.
    if (line.refused)
      std::printf("%s\n", input.c_str());
    return false;
  }
  if (!line.refused)
    std::printf("%s: %s\n", name.c_str(),
                status.isOk() ? "used" : status.message().c_str());
  used += status.isOk();
  return status.isOk() || !refused.insert(input).second || keep(input);
}

bool Replay::keep(const std::string &input) {
  if (line.directory.empty())
    return true;
  OutputFiles files;
  std::string path = line.directory + "/" + std::to_string(refused.size());
  Status status = files.add(path, input);
  if (status.isOk())
    status = files.commit();
  if (!status.isOk())
    std::printf("%s\n", status.message().c_str());
  return status.isOk();
}

bool Replay::readFiles() {
  for (const std::string &path : line.files) {
    Expected<std::string> contents = readFile(path);
    if (!contents)
      return misuse(contents.status().message()) == 0;
    inputs.push_back(std::move(*contents));
  }
  return true;
}

bool Replay::damageFiles() {
  Random random(line.seed);
  // Damage that changes nothing that matters is used; most does matter.
  size_t most = 20 * line.refused;
  for (size_t i = 0; i < most && refused.size() < line.refused; ++i) {
    const std::string &whole = inputs[i % inputs.size()];
    std::string name = line.files[i % inputs.size()] + ", damage " +
                       std::to_string(i);
    if (!feed(name, damaged(whole, kIsText, random)))
      return false;
  }
  std::printf("%zu refused, %zu used\n", refused.size(), used);
  return refused.size() == line.refused;
}

int Replay::run() {
  if (!readFiles())
    return 2;
  if (line.refused)
    return damageFiles() ? 0 : 1;
  bool good = true;
  for (size_t i = 0; i < inputs.size(); ++i)
    good &= feed(line.files[i], inputs[i]);
  return good ? 0 : 1;
}

static bool takes(std::string_view flag, std::string_view name,
                  std::string &value) {
  if (flag.substr(0, name.size()) != name)
    return false;
  value = flag.substr(name.size());
  return true;
}

int main(int argc, char **argv) {
  CommandLine line;
  for (int i = 1; i < argc; ++i) {
    std::string value;
    if (takes(argv[i], "--refused=", value))
      line.refused = std::strtoul(value.c_str(), nullptr, 10);
    else if (takes(argv[i], "--seed=", value))
      line.seed = std::strtoull(value.c_str(), nullptr, 10);
    else if (takes(argv[i], "--write=", value))
      line.directory = value;
    else if (argv[i][0] == '-')
      return misuse("unknown flag '" + std::string(argv[i]) + "'");
    else
      line.files.push_back(argv[i]);
  }
  if (line.files.empty())
    return misuse("expected files");
  return Replay(std::move(line)).run();
}
