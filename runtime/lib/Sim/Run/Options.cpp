//===- Options.cpp - Options from the environment -------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Check/Checkers.h"
#include "Run/Simulator.h"

#include <cerrno>
#include <cstdlib>

using namespace attnrt;
using namespace attnrt::sim;

static Status readNumber(const char *variable, uint64_t least, uint64_t most,
                         uint64_t &out) {
  const char *text = std::getenv(variable);
  if (!text || !*text)
    return Status::ok();
  char *end = nullptr;
  errno = 0;
  uint64_t value = std::strtoull(text, &end, 10);
  if (*end || errno || text[0] < '0' || text[0] > '9' || value < least ||
      value > most)
    return Status::badInput(std::string(variable) +
                            ": expected a number from " +
                            std::to_string(least) + " to " +
                            std::to_string(most) + ", got `" + text + "`");
  out = value;
  return Status::ok();
}

/// "-oob,-align" turns checks off, "strict" makes warnings hazards; "all" and
/// "none" stand alone.
static Status readChecks(std::vector<std::string> &disabled, bool &strict) {
  const char *text = std::getenv("ATTNRT_SIM_CHECKS");
  if (!text || !*text || std::string(text) == "all")
    return Status::ok();
  if (std::string(text) == "none") {
    disabled.assign(std::begin(kCheckNames), std::end(kCheckNames));
    return Status::ok();
  }
  std::string rest = text;
  while (!rest.empty()) {
    size_t comma = rest.find(',');
    std::string name = rest.substr(0, comma);
    rest = comma == rest.npos ? "" : rest.substr(comma + 1);
    if (!name.empty() && name[0] == '-')
      name = name.substr(1);
    if (name == "strict") {
      strict = true;
      continue;
    }
    bool known = false;
    for (const char *check : kCheckNames)
      known |= name == check;
    if (!known)
      return Status::badInput("ATTNRT_SIM_CHECKS: unknown check `" + name +
                              "`");
    disabled.push_back(name);
  }
  return Status::ok();
}

/// "late", "early", "torn" or "random:SEED".
static Status readSchedule(Options &options) {
  const char *text = std::getenv("ATTNRT_SIM_SCHEDULE");
  if (!text || !*text)
    return Status::ok();
  std::string name = text;
  size_t colon = name.find(':');
  std::string number = colon == name.npos ? "" : name.substr(colon + 1);
  name = name.substr(0, colon);
  if (number.empty() && colon == std::string::npos && name != "random") {
    for (auto [known, completion] : {std::pair{"default", Completion::Late},
                                     {"late", Completion::Late},
                                     {"early", Completion::Early},
                                     {"torn", Completion::Torn}})
      if (name == known) {
        options.completion = completion;
        return Status::ok();
      }
  } else if (name == "random" && !number.empty() && number.size() <= 19 &&
             number.find_first_not_of("0123456789") == number.npos) {
    options.completion = Completion::Random;
    options.seed = std::strtoull(number.c_str(), nullptr, 10);
    return Status::ok();
  }
  return Status::badInput("ATTNRT_SIM_SCHEDULE: expected late, early, torn or "
                          "random:SEED, got `" +
                          std::string(text) + "`");
}

/// "fast" or "exact".
static Status readMath(Arithmetic &out) {
  const char *text = std::getenv("ATTNRT_SIM_MATH");
  if (!text || !*text || std::string(text) == "fast")
    return Status::ok();
  if (std::string(text) != "exact")
    return Status::badInput("ATTNRT_SIM_MATH: expected fast or exact, got `" +
                            std::string(text) + "`");
  out = Arithmetic::Exact;
  return Status::ok();
}

Expected<Options> Options::fromEnvironment() {
  Options options;
  uint64_t threads = options.threads, hazards = options.maxHazards;
  for (Status status :
       {readNumber("ATTNRT_SIM_SEED", 0, UINT64_MAX, options.seed),
        readNumber("ATTNRT_SIM_THREADS", 0, 1024, threads),
        readNumber("ATTNRT_SIM_MAX_INSTRUCTIONS", 1, UINT64_MAX,
                   options.maxWarpInstructionsPerCta),
        readNumber("ATTNRT_SIM_MAX_MEMORY", 1, UINT64_MAX,
                   options.maxMemoryBytes),
        readNumber("ATTNRT_SIM_MAX_HAZARDS", 1, 1000000, hazards),
        readSchedule(options), readMath(options.arithmetic),
        readChecks(options.disabledChecks, options.strict)})
    if (!status.isOk())
      return status;
  options.threads = static_cast<unsigned>(threads);
  options.maxHazards = static_cast<unsigned>(hazards);
  return options;
}
