//===- Compile.cpp - Running attn-compile ---------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Compile.h"

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace attnrt;

namespace attnrun {
namespace {

/// A new directory that goes with its owner.
class TemporaryDirectory {
public:
  TemporaryDirectory() {
    const char *parent = std::getenv("TMPDIR");
    path =
        std::string(parent && *parent ? parent : "/tmp") + "/attn-run-XXXXXX";
    if (!mkdtemp(path.data()))
      path.clear();
  }
  TemporaryDirectory(const TemporaryDirectory &) = delete;
  TemporaryDirectory &operator=(const TemporaryDirectory &) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (!path.empty())
      std::filesystem::remove_all(path, ignored);
  }

  /// Empty where none could be made.
  std::string path;
};

/// While it lives, signals that would end the process end the child instead
/// and are raised again at the end of the scope, after whatever was declared
/// later has been cleaned up.
class DeferredSignals {
public:
  DeferredSignals() {
    caught = 0;
    child = 0;
    struct sigaction action{};
    action.sa_handler = handle;
    for (size_t i = 0; i < std::size(kSignals); ++i)
      sigaction(kSignals[i], &action, &before[i]);
  }
  DeferredSignals(const DeferredSignals &) = delete;
  DeferredSignals &operator=(const DeferredSignals &) = delete;
  ~DeferredSignals() {
    for (size_t i = 0; i < std::size(kSignals); ++i)
      sigaction(kSignals[i], &before[i], nullptr);
    if (caught)
      raise(caught);
  }

  /// Whom to pass signals to; those that came earlier, too.
  static void forwardTo(pid_t process) {
    child = process;
    if (caught)
      kill(process, caught);
  }

private:
  static constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

  static void handle(int signal) {
    caught = signal;
    if (child)
      kill(static_cast<pid_t>(child), signal);
  }

  static volatile sig_atomic_t caught;
  static volatile sig_atomic_t child;
  struct sigaction before[3];
};

volatile sig_atomic_t DeferredSignals::caught = 0;
volatile sig_atomic_t DeferredSignals::child = 0;

} // namespace

static Expected<std::string> findCompiler() {
  char self[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  if (length < 0)
    return Status::device(std::string("cannot find this executable: ") +
                          std::strerror(errno));
  std::string path(self, length);
  path = path.substr(0, path.rfind('/') + 1) + "attn-compile";
  if (access(path.c_str(), X_OK) != 0)
    return Status::device("cannot compile: no attn-compile at '" + path + "'");
  return path;
}

[[noreturn]] static void runChild(const std::vector<std::string> &command,
                                  pid_t parent) {
  // A parent that is killed outright takes its compiler along.
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent)
    _exit(127);
  // stdout is for the report of this tool.
  dup2(STDERR_FILENO, STDOUT_FILENO);
  std::vector<char *> arguments;
  for (const std::string &argument : command)
    arguments.push_back(const_cast<char *>(argument.c_str()));
  arguments.push_back(nullptr);
  execv(arguments[0], arguments.data());
  _exit(127);
}

/// Runs a program to its end.
static Status runProgram(const std::vector<std::string> &command) {
  pid_t parent = getpid();
  pid_t process = fork();
  if (process < 0)
    return Status::device(std::string("cannot start attn-compile: ") +
                          std::strerror(errno));
  if (process == 0)
    runChild(command, parent);
  DeferredSignals::forwardTo(process);
  int state = 0;
  while (waitpid(process, &state, 0) < 0)
    if (errno != EINTR)
      return Status::device(std::string("cannot wait for attn-compile: ") +
                            std::strerror(errno));

  if (WIFSIGNALED(state))
    return Status::device("attn-compile was ended by signal " +
                          std::to_string(WTERMSIG(state)));
  int code = WEXITSTATUS(state);
  if (code == 0)
    return Status::ok();
  if (code > static_cast<int>(Code::Device))
    return Status::device("attn-compile ended with exit status " +
                          std::to_string(code));
  return Status(static_cast<Code>(code), "");
}

Expected<Package> compileAndOpen(const std::string &input,
                                 const std::optional<std::string> &target,
                                 const std::optional<std::string> &schedule,
                                 const std::string &vjp) {
  if (access(input.c_str(), R_OK) != 0)
    return Status::badInput("cannot open '" + input +
                            "': " + std::strerror(errno));
  Expected<std::string> compiler = findCompiler();
  if (!compiler)
    return compiler.status();
  DeferredSignals signals;
  TemporaryDirectory directory;
  if (directory.path.empty())
    return Status::device(std::string("cannot make a temporary directory: ") +
                          std::strerror(errno));

  std::string package = directory.path + "/package.so";
  // A file whose name starts with a dash is still a file.
  std::vector<std::string> command = {
      *compiler, input[0] == '-' ? "./" + input : input, "-o", package};
  if (target)
    command.push_back("--target=" + *target);
  if (schedule)
    command.push_back("--schedule=" + *schedule);
  if (!vjp.empty())
    command.push_back(vjp == "saved" ? "--vjp=saved" : "--vjp");
  Status status = runProgram(command);
  if (!status.isOk())
    return status;
  return openPackage(package);
}

} // namespace attnrun
