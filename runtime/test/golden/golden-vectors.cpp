//===- golden-vectors.cpp - Records and checks what devices answer --------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// golden-vectors record --out FILE [--device sim|cuda]
// golden-vectors check FILE [--device sim|cuda]
// golden-vectors device [--device sim|cuda]
// golden-vectors list
// golden-vectors show FILE [PROBE]
//
// Flags of record and check: --only REGEX, --seconds-limit N (of one probe),
// --sim-math exact|fast (exact by default). Of record: --seed N, --small.
//
// Exit status: 0 fine; 1 devices differ; 2 unusable input, a stale recording
// included; 3 no device. A recording in which probes were refused is whole.
//
//===----------------------------------------------------------------------===//

#include "Comparison.h"
#include "Execution.h"
#include "attnrt/File.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <regex>

using namespace attnrt;
using namespace attnrt::golden;

namespace {

struct CommandLine {
  std::string command;
  std::vector<std::string> operands;
  std::map<std::string, std::string> flags;

  std::string get(const std::string &flag, const std::string &otherwise) const {
    auto found = flags.find(flag);
    return found == flags.end() ? otherwise : found->second;
  }
};

/// What each command takes besides its operands.
struct Command {
  const char *name;
  size_t leastOperands, mostOperands;
  std::vector<std::string> flags;
};

const Command kCommands[] = {
    {"record",
     0,
     0,
     {"device", "out", "only", "seconds-limit", "sim-math", "seed", "small"}},
    {"check", 1, 1, {"device", "only", "seconds-limit", "sim-math"}},
    {"device", 0, 0, {"device"}},
    {"list", 0, 0, {}},
    {"show", 1, 2, {}},
};

} // namespace

static Status usage(const std::string &what) {
  return Status::badInput(
      what +
      "; expected record --out FILE, check FILE, device, list or show FILE");
}

static Expected<CommandLine> parse(int argc, char **argv) {
  CommandLine line;
  if (argc < 2)
    return usage("no command");
  line.command = argv[1];
  auto command = std::find_if(
      std::begin(kCommands), std::end(kCommands),
      [&](const Command &known) { return line.command == known.name; });
  if (command == std::end(kCommands))
    return usage("unknown command '" + line.command + "'");
  for (int i = 2; i < argc; ++i) {
    std::string word = argv[i];
    if (word.compare(0, 2, "--")) {
      line.operands.push_back(word);
      continue;
    }
    size_t equals = word.find('=');
    std::string flag = word.substr(2, equals - 2);
    if (std::find(command->flags.begin(), command->flags.end(), flag) ==
        command->flags.end())
      return usage("unknown flag '--" + flag + "' of " + line.command);
    bool takesValue = flag != "small";
    if (takesValue && equals == word.npos && i + 1 == argc)
      return usage("--" + flag + " needs a value");
    line.flags[flag] = equals != word.npos ? word.substr(equals + 1)
                       : takesValue        ? argv[++i]
                                           : "";
  }
  if (line.operands.size() < command->leastOperands ||
      line.operands.size() > command->mostOperands)
    return usage(line.command + " takes another number of files");
  return line;
}

static Expected<uint64_t>
numberOf(const CommandLine &line, const std::string &flag, uint64_t otherwise) {
  std::string text = line.get(flag, std::to_string(otherwise));
  bool isNumber = !text.empty() && text.size() < 19 &&
                  text.find_first_not_of("0123456789") == text.npos;
  if (!isNumber)
    return Status::badInput("--" + flag + ": expected a number, got '" + text +
                            "'");
  return std::strtoull(text.c_str(), nullptr, 10);
}

static Expected<Session> sessionOf(const CommandLine &line) {
  Session session;
  session.device = line.get("device", "sim");
  if (session.device != "sim" && session.device != "cuda")
    return Status::badInput("--device: expected cuda or sim, got '" +
                            session.device + "'");
  Expected<uint64_t> seed = numberOf(line, "seed", session.seed);
  Expected<uint64_t> limit =
      numberOf(line, "seconds-limit", session.secondsLimit);
  for (const Expected<uint64_t> &number : {seed, limit})
    if (!number)
      return number.status();
  if (*limit < 1 || *limit > 86400)
    return Status::badInput("--seconds-limit: expected 1 to 86400");
  session.seed = *seed;
  session.secondsLimit = static_cast<unsigned>(*limit);
  session.isSmall = line.flags.count("small");
  std::string math = line.get("sim-math", "exact");
  if (math != "exact" && math != "fast")
    return Status::badInput("--sim-math: expected exact or fast, got '" + math +
                            "'");
  setenv("ATTNRT_SIM_MATH", math.c_str(), 1);
  return session;
}

static Expected<std::vector<Probe>> chosen(const CommandLine &line,
                                           bool isSmall) {
  std::string only = line.get("only", "");
  std::vector<Probe> probes = catalogue({isSmall});
  try {
    std::regex pattern(only);
    probes.erase(std::remove_if(probes.begin(), probes.end(),
                                [&](const Probe &probe) {
                                  return !std::regex_search(probe.name,
                                                            pattern);
                                }),
                 probes.end());
  } catch (const std::regex_error &) {
    return Status::badInput("--only: '" + only + "' is no regular expression");
  }
  if (probes.empty())
    return Status::badInput("--only: no probe has '" + only + "' in its name");
  return probes;
}

static Expected<Recording> readRecording(const std::string &path) {
  Expected<std::string> bytes = readFile(path);
  if (!bytes)
    return bytes.status();
  Expected<Recording> recording = parseRecording(*bytes);
  if (!recording)
    return Status::badInput("cannot use '" + path +
                            "': " + recording.status().message());
  return recording;
}

static std::string describe(const Recording &recording) {
  std::string text = recording.name + " (" + recording.kind + ", sm_" +
                     std::to_string(recording.chip);
  if (!recording.driver.empty())
    text += ", " + recording.driver;
  return text + "), " + recording.date + ", seed " +
         std::to_string(recording.seed);
}

/// Tells what was refused, and how much there is.
static Status write(const std::string &path, const Recording &recording) {
  size_t count[4] = {};
  for (const Answer &answer : recording.answers) {
    ++count[static_cast<unsigned>(answer.outcome)];
    if (!answer.message.empty())
      std::printf("refused  %s: %s\n", answer.probe.c_str(),
                  answer.message.c_str());
  }
  if (count[static_cast<unsigned>(Outcome::Ran)] == 0)
    return Status::device("no probe ran on " + recording.name);
  OutputFiles files;
  std::string bytes = serialize(recording);
  Status status = files.add(path, bytes);
  if (status.isOk())
    status = files.commit();
  if (!status.isOk())
    return status;
  std::printf("%s: %zu recorded, %zu refused, %zu timed out, %zu skipped, "
              "%zu bytes\n",
              describe(recording).c_str(), count[0], count[1], count[2],
              count[3], bytes.size());
  return Status::ok();
}

static Status record(const CommandLine &line) {
  std::string path = line.get("out", "");
  if (path.empty())
    return usage("record needs --out");
  Expected<Session> session = sessionOf(line);
  if (!session)
    return session.status();
  Expected<std::vector<Probe>> probes = chosen(line, session->isSmall);
  if (!probes)
    return probes.status();
  Status writable = checkWritable(path);
  if (!writable.isOk())
    return writable;
  Expected<Recording> recording = ask(*session, *probes);
  if (!recording)
    return recording.status();
  return write(path, *recording);
}

/// Prints a line for each probe and one for all.
static Status report(const Recording &recorded, const Recording &here,
                     const std::vector<Probe> &probes) {
  size_t count[std::size(kAgreements)] = {};
  for (size_t i = 0; i < probes.size(); ++i) {
    Verdict verdict =
        compare(probes[i], recorded.find(probes[i].name), here.answers[i],
                inputsOf(probes[i], recorded.seed), here.kind == "sim");
    auto which = static_cast<unsigned>(verdict.agreement);
    ++count[which];
    std::printf("%-8s %s: %s\n", kAgreements[which], probes[i].name.c_str(),
                verdict.text.c_str());
  }
  std::string sum;
  for (size_t i = 0; i < std::size(kAgreements); ++i)
    if (count[i])
      sum += (sum.empty() ? "" : ", ") + std::to_string(count[i]) + " " +
             kAgreements[i];
  std::printf("%s\n", sum.c_str());
  auto of = [&](Agreement agreement) {
    return count[static_cast<unsigned>(agreement)];
  };
  if (of(Agreement::Stale))
    return Status::badInput("probes have changed since: record them again");
  if (of(Agreement::Differs))
    return Status::wrong(std::to_string(of(Agreement::Differs)) +
                         " probes differ from what was recorded");
  return Status::ok();
}

static Status check(const CommandLine &line) {
  Expected<Recording> recorded = readRecording(line.operands[0]);
  if (!recorded)
    return recorded.status();
  Expected<Session> session = sessionOf(line);
  if (!session)
    return session.status();
  session->seed = recorded->seed;
  session->isSmall = recorded->isSmall;
  Expected<std::vector<Probe>> probes = chosen(line, session->isSmall);
  if (!probes)
    return probes.status();
  std::printf("recorded on %s\n", describe(*recorded).c_str());
  Expected<Recording> here = ask(*session, *probes);
  if (!here)
    return here.status();
  return report(*recorded, *here, *probes);
}

/// Whether there is one, and which.
static Status tellDevice(const CommandLine &line) {
  Expected<Session> session = sessionOf(line);
  if (!session)
    return session.status();
  Expected<Recording> device = identify(*session);
  if (!device)
    return device.status();
  std::printf("%s\n", describe(*device).c_str());
  return Status::ok();
}

static Status list() {
  for (const Probe &probe : catalogue({}))
    std::printf("%s: %s (%zu words)\n", probe.name.c_str(), probe.about.c_str(),
                probe.outputWords);
  return Status::ok();
}

/// All words of one probe, to work with elsewhere; or what there is.
static Status show(const CommandLine &line) {
  Expected<Recording> recorded = readRecording(line.operands[0]);
  if (!recorded)
    return recorded.status();
  if (line.operands.size() == 1) {
    std::printf("%s\n", describe(*recorded).c_str());
    for (const Answer &answer : recorded->answers)
      std::printf("%s: %zu words %s\n", answer.probe.c_str(),
                  answer.words.size(), answer.message.c_str());
    return Status::ok();
  }
  const Answer *answer = recorded->find(line.operands[1]);
  for (const Probe &probe : catalogue({recorded->isSmall})) {
    if (!answer || probe.name != answer->probe)
      continue;
    Words inputs = inputsOf(probe, recorded->seed);
    for (size_t i = 0; i < answer->words.size(); ++i)
      std::printf("%s: %s\n", probe.place(inputs, i).c_str(),
                  hex(answer->words[i]).c_str());
    return Status::ok();
  }
  return Status::badInput("no probe '" + line.operands[1] + "' in '" +
                          line.operands[0] + "'");
}

static Status run(const CommandLine &line) {
  if (line.command == "record")
    return record(line);
  if (line.command == "check")
    return check(line);
  if (line.command == "device")
    return tellDevice(line);
  return line.command == "list" ? list() : show(line);
}

int main(int argc, char **argv) {
  Expected<CommandLine> line = parse(argc, argv);
  Status status = line ? run(*line) : line.status();
  std::fflush(stdout);
  if (!status.isOk())
    std::fprintf(stderr, "error: %s\n", status.message().c_str());
  return static_cast<int>(status.code());
}
