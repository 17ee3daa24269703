//===- Bytecode.cpp - Reading bytecode safely -----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Bytecode.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <cerrno>
#include <csignal>
#include <cstdio>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace mlir;

namespace {
/// What comes back begins with one of these.
constexpr char kModule = 'm', kReason = 'r';

constexpr rlim_t kMostBytes = rlim_t(2) << 30, kMostSeconds = 5;

/// Memory that a child leaves to its parent.
class SharedMemory {
public:
  SharedMemory() : file(memfd_create("module", MFD_CLOEXEC)) {}
  SharedMemory(const SharedMemory &) = delete;
  SharedMemory &operator=(const SharedMemory &) = delete;
  ~SharedMemory() {
    if (file >= 0)
      close(file);
  }

  bool exists() const { return file >= 0; }
  void write(char kind, StringRef text) {
    llvm::raw_fd_ostream stream(file, /*shouldClose=*/false);
    stream << kind << text;
  }
  std::string read() const;

private:
  int file;
};
} // namespace

std::string SharedMemory::read() const {
  std::string text(std::max<off_t>(lseek(file, 0, SEEK_END), 0), '\0');
  size_t done = 0;
  while (done < text.size()) {
    ssize_t got = pread(file, &text[done], text.size() - done, done);
    if (got <= 0)
      return "";
    done += got;
  }
  return text;
}

//===----------------------------------------------------------------------===//
// The child
//===----------------------------------------------------------------------===//

/// More address space than now, and seconds of work.
static void limitResources() {
  unsigned long pages = 0;
  if (FILE *file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%lu", &pages) != 1)
      pages = 0;
    std::fclose(file);
  }
  rlim_t now = rlim_t(pages) * sysconf(_SC_PAGESIZE);
  rlimit memory{now + kMostBytes, now + kMostBytes};
  rlimit seconds{kMostSeconds, kMostSeconds};
  rlimit noCore{0, 0};
  setrlimit(RLIMIT_AS, &memory);
  setrlimit(RLIMIT_CPU, &seconds);
  setrlimit(RLIMIT_CORE, &noCore);
}

/// A crash is an answer here: nothing for the parent's handlers, and what it
/// says is nothing for who gave the file.
static void crashQuietly() {
  for (int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU})
    std::signal(signal, SIG_DFL);
  int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere >= 0)
    dup2(nowhere, STDERR_FILENO);
}

[[noreturn]] static void readInChild(llvm::MemoryBufferRef bytecode,
                                     const DialectRegistry &registry,
                                     SharedMemory &answer) {
  limitResources();
  crashQuietly();
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false);
  std::string reason;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (reason.empty() && diagnostic.getSeverity() == DiagnosticSeverity::Error)
      reason = diagnostic.str();
    return success();
  });
  auto module = parseSourceString<ModuleOp>(bytecode.getBuffer(), &context,
                                            bytecode.getBufferIdentifier());
  if (module) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    module->print(stream, OpPrintingFlags().enableDebugInfo());
    answer.write(kModule, text);
  } else {
    answer.write(kReason, StringRef(reason).split('\n').first);
  }
  _exit(0); // the parent's files and buffers are not this process's
}

//===----------------------------------------------------------------------===//
// The parent
//===----------------------------------------------------------------------===//

static llvm::Error refuse(const llvm::Twine &why) {
  return llvm::createStringError("malformed bytecode: " + why);
}

llvm::Expected<std::string>
attncompile::bytecodeToText(llvm::MemoryBufferRef bytecode,
                            const DialectRegistry &registry) {
  SharedMemory answer;
  pid_t reader = answer.exists() ? fork() : -1;
  if (reader < 0)
    return llvm::errorCodeToError(
        std::error_code(errno, std::generic_category()));
  if (reader == 0)
    readInChild(bytecode, registry, answer);
  int state = 0;
  while (waitpid(reader, &state, 0) < 0 && errno == EINTR)
    continue;
  if (!WIFEXITED(state) || WEXITSTATUS(state) != 0)
    return refuse("its reader gave up");
  std::string text = answer.read();
  StringRef said = StringRef(text).drop_front(text.empty() ? 0 : 1);
  if (!text.empty() && text[0] == kModule)
    return said.str();
  return refuse(said.empty() ? "it holds no module" : said);
}
