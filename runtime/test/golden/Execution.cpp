//===- Execution.cpp - Puts probes to a device ----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Execution.h"

#include "Hash.h"
#include "attnrt/Abi.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <ctime>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace attnrt::golden {

/// What an element holds that no kernel wrote.
static constexpr uint8_t kPoison = 0xcd;
/// A device that leaves so many probes in a row without an answer gets no more.
static constexpr size_t kPatience = 3;

//===----------------------------------------------------------------------===//
// One probe
//===----------------------------------------------------------------------===//

namespace {

/// An array of the device, given back at the end.
class Array {
public:
  explicit Array(Device &device) : device(device) {}
  ~Array() {
    if (address)
      (void)device.free(address);
  }
  Status allocate(size_t bytes) {
    Expected<DeviceAddress> made = device.allocate(bytes);
    if (!made)
      return made.status();
    address = *made;
    return device.fill(address, kPoison, bytes);
  }
  DeviceAddress address = 0;

private:
  Device &device;
};

/// Follows a chain of calls to the first that fails.
class Steps {
public:
  template <typename Call>
  Steps &then(Call call) {
    if (status.isOk())
      status = call();
    return *this;
  }
  Status status;
};

/// As the kernel's parameter.
struct alignas(ATTNRT_TENSOR_MAP_ALIGNMENT) Map {
  uint8_t bytes[ATTNRT_TENSOR_MAP_BYTES];
};

} // namespace

static Status encodeMap(Device &device, const Probe &probe, DeviceAddress in,
                        DeviceAddress out, Map &map) {
  if (!probe.map)
    return Status::ok();
  TensorMap filled = *probe.map;
  filled.address = reinterpret_cast<void *>(probe.mapsOutput ? out : in);
  return device.driverApi()->encode(filled, &map);
}

static Status launch(Device &device, const Probe &probe, DeviceAddress in,
                     DeviceAddress out, Map &map) {
  Expected<Module *> module = device.load({probe.name, probe.ptx, {}});
  if (!module)
    return module.status();
  Expected<Kernel *> kernel = device.find(*module, "probe");
  if (!kernel)
    return kernel.status();
  void *params[] = {&in, &out, &map};
  return Steps()
      .then(
          [&] { return device.launch(*kernel, probe.shape, params, nullptr); })
      .then([&] { return device.synchronize(); })
      .then([&] { return device.unload(*module); })
      .status;
}

static Status run(Device &device, const Probe &probe, const Words &inputs,
                  Words &outputs) {
  Array in(device), out(device);
  Map map{};
  size_t inBytes = 4 * inputs.size(), outBytes = 4 * outputs.size();
  return Steps()
      .then([&] { return in.allocate(inBytes); })
      .then([&] { return out.allocate(outBytes); })
      .then([&] {
        return device.copyToDevice(in.address, inputs.data(), inBytes);
      })
      .then([&] {
        return encodeMap(device, probe, in.address, out.address, map);
      })
      .then([&] { return launch(device, probe, in.address, out.address, map); })
      .then([&] {
        return device.copyToHost(outputs.data(), out.address, outBytes);
      })
      .status;
}

static Answer answerOf(const Probe &probe, uint64_t seed, Words *inputs) {
  Answer answer;
  *inputs = inputsOf(probe, seed);
  answer.probe = probe.name;
  answer.ptxHash = hashOf(probe.ptx);
  answer.inputHash = hashOf(*inputs);
  return answer;
}

static int chipOf(const DeviceInfo &info) {
  return 10 * info.computeMajor + info.computeMinor;
}

static Answer askOne(Device &device, const Probe &probe, uint64_t seed) {
  Words inputs;
  Answer answer = answerOf(probe, seed, &inputs);
  bool isChip =
      device.info().kind == "sim" || probe.chips.have(chipOf(device.info()));
  if (!isChip) {
    answer.outcome = Outcome::Skipped;
    return answer;
  }
  answer.words.resize(probe.outputWords);
  Status status = run(device, probe, inputs, answer.words);
  // The simulator keeps a list of hazards until it is asked.
  device.takeExecutionReport();
  if (!status.isOk()) {
    answer.words.clear();
    answer.outcome = Outcome::Refused;
    answer.message = status.message();
  }
  return answer;
}

//===----------------------------------------------------------------------===//
// The process that asks
//===----------------------------------------------------------------------===//

static bool writeAll(int to, const std::string &bytes) {
  for (size_t at = 0; at < bytes.size();) {
    ssize_t done = write(to, bytes.data() + at, bytes.size() - at);
    if (done < 0 && errno == EINTR)
      continue;
    if (done <= 0)
      return false;
    at += static_cast<size_t>(done);
  }
  return true;
}

/// A message is a recording of one answer, or of none when it tells of the
/// device, behind its length.
static bool send(int to, const Recording &message) {
  std::string bytes = serialize(message);
  uint64_t length = bytes.size();
  std::string head(reinterpret_cast<const char *>(&length), sizeof length);
  return writeAll(to, head + bytes);
}

static Recording describe(const DeviceInfo &info) {
  Recording out;
  out.kind = info.kind;
  out.name = info.name;
  out.driver = info.driver;
  out.chip = static_cast<uint32_t>(chipOf(info));
  return out;
}

/// Ends after the last probe, or after one that may have broken the device.
static void answerFrom(size_t first, const Session &session,
                       const std::vector<Probe> &probes, int to) {
  Expected<std::unique_ptr<Device>> device = openDevice(session.device);
  Recording message;
  if (!device) {
    message.name = device.status().message();
    send(to, message);
    return;
  }
  bool goesOn = send(to, describe((*device)->info()));
  for (size_t i = first; goesOn && i < probes.size(); ++i) {
    message.answers = {askOne(**device, probes[i], session.seed)};
    bool isBroken = message.answers[0].outcome == Outcome::Refused &&
                    session.device == "cuda";
    goesOn = send(to, message) && !isBroken;
  }
}

//===----------------------------------------------------------------------===//
// The process that listens
//===----------------------------------------------------------------------===//

namespace {

using Clock = std::chrono::steady_clock;

class Asker {
public:
  Asker(size_t first, const Session &session, const std::vector<Probe> &probes)
      : secondsLimit(session.secondsLimit) {
    int ends[2];
    if (pipe(ends) != 0)
      return;
    process = fork();
    if (process == 0) {
      close(ends[0]);
      answerFrom(first, session, probes, ends[1]);
      _exit(0);
    }
    close(ends[1]);
    from = ends[0];
  }
  ~Asker() {
    if (process > 0) {
      kill(process, SIGKILL);
      waitpid(process, nullptr, 0);
    }
    if (from >= 0)
      close(from);
  }

  /// The next message; nothing when the process has ended, or its time has.
  std::optional<Recording> next() {
    deadline = Clock::now() + std::chrono::seconds(secondsLimit);
    uint64_t length = 0;
    std::string bytes;
    if (!read(reinterpret_cast<char *>(&length), sizeof length))
      return std::nullopt;
    bytes.resize(length);
    if (!read(bytes.data(), length))
      return std::nullopt;
    Expected<Recording> message = parseRecording(bytes);
    return message ? std::optional(std::move(*message)) : std::nullopt;
  }
  bool isLate() const { return late; }

private:
  bool read(char *to, size_t bytes) {
    while (bytes) {
      auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          deadline - Clock::now());
      pollfd waited = {from, POLLIN, 0};
      int ready = poll(&waited, 1, std::max<int>(0, left.count()));
      if (ready < 0 && errno == EINTR)
        continue;
      late = ready == 0;
      ssize_t got = ready > 0 ? ::read(from, to, bytes) : 0;
      if (got <= 0)
        return false;
      to += got;
      bytes -= static_cast<size_t>(got);
    }
    return true;
  }

  unsigned secondsLimit;
  Clock::time_point deadline;
  pid_t process = -1;
  int from = -1;
  bool late = false;
};

} // namespace

static Answer unanswered(const Probe &probe, const Session &session,
                         Outcome outcome, const std::string &why) {
  Words inputs;
  Answer answer = answerOf(probe, session.seed, &inputs);
  answer.outcome = outcome;
  answer.message = why;
  return answer;
}

/// Of the probe at which the process that asks stopped.
static Answer unanswered(const Probe &probe, const Session &session,
                         bool isLate) {
  if (isLate)
    return unanswered(probe, session, Outcome::TimedOut,
                      "no answer in " + std::to_string(session.secondsLimit) +
                          " seconds");
  return unanswered(probe, session, Outcome::Refused,
                    "the process that asked died");
}

static bool isGivenUp(const std::vector<Answer> &answers) {
  return answers.size() >= kPatience &&
         std::all_of(answers.end() - kPatience, answers.end(),
                     [](const Answer &answer) {
                       return answer.outcome == Outcome::TimedOut;
                     });
}

static std::string today() {
  std::time_t now = std::time(nullptr);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d", std::gmtime(&now));
  return text;
}

static void finish(Recording &recording, const Session &session) {
  recording.date = today();
  recording.seed = session.seed;
  recording.isSmall = session.isSmall;
}

Expected<Recording> identify(const Session &session) {
  Expected<std::unique_ptr<Device>> device = openDevice(session.device);
  if (!device)
    return device.status();
  Recording out = describe((*device)->info());
  finish(out, session);
  return out;
}

Expected<Recording> ask(const Session &session,
                        const std::vector<Probe> &probes) {
  Recording out;
  while (out.answers.size() < probes.size() && !isGivenUp(out.answers)) {
    size_t first = out.answers.size();
    Asker asker(first, session, probes);
    std::optional<Recording> device = asker.next();
    if (!device)
      return Status::device(
          "device " + session.device +
          (asker.isLate() ? " did not open in time" : " could not be asked"));
    if (device->kind.empty())
      return Status::device(device->name);
    std::vector<Answer> answers = std::move(out.answers);
    out = std::move(*device);
    out.answers = std::move(answers);
    std::optional<Recording> message;
    do {
      message = asker.next();
      if (message)
        out.answers.push_back(std::move(message->answers.at(0)));
    } while (message && out.answers.size() < probes.size());
    bool isAnswered = out.answers.size() > first &&
                      out.answers.back().outcome == Outcome::Refused;
    if (!message && (asker.isLate() || !isAnswered))
      out.answers.push_back(
          unanswered(probes[out.answers.size()], session, asker.isLate()));
  }
  while (out.answers.size() < probes.size())
    out.answers.push_back(unanswered(probes[out.answers.size()], session,
                                     Outcome::TimedOut,
                                     "not asked: the device was given up"));
  finish(out, session);
  return out;
}

} // namespace attnrt::golden
