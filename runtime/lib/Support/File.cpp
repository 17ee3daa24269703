//===- File.cpp - Whole files ---------------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnrt/File.h"

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace attnrt;

static Status failure(const char *what, const std::string &path) {
  return Status::badInput(std::string("cannot ") + what + " '" + path +
                          "': " + std::strerror(errno));
}

Expected<std::string> attnrt::readFile(const std::string &path) {
  int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return failure("open", path);
  struct stat info;
  Status status;
  std::string contents;
  if (fstat(file, &info) != 0) {
    status = failure("read", path);
  } else if (!S_ISREG(info.st_mode)) {
    status = Status::badInput("cannot read '" + path + "': not a regular file");
  } else {
    contents.resize(static_cast<size_t>(info.st_size));
    size_t filled = 0;
    while (filled < contents.size()) {
      ssize_t got = read(file, &contents[filled], contents.size() - filled);
      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        status = failure("read", path);
      if (got <= 0)
        break;
      filled += static_cast<size_t>(got);
    }
    contents.resize(filled);
  }
  close(file);
  if (!status.isOk())
    return status;
  return contents;
}

static Status writeAll(int file, const std::string &contents,
                       const std::string &path) {
  size_t written = 0;
  while (written < contents.size()) {
    ssize_t got =
        write(file, contents.data() + written, contents.size() - written);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return failure("write", path);
    written += static_cast<size_t>(got);
  }
  return Status::ok();
}

/// Where a rename should land: the file a link points to, not the link.
static std::string throughLinks(const std::string &path) {
  char resolved[PATH_MAX];
  return realpath(path.c_str(), resolved) ? resolved : path;
}

static bool isSpecial(const std::string &path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode);
}

static std::string folderOf(const std::string &path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos)
    return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Status attnrt::checkWritable(const std::string &path) {
  struct stat info;
  if (stat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) {
      errno = EISDIR;
      return failure("write", path);
    }
    return access(path.c_str(), W_OK) == 0 ? Status::ok()
                                           : failure("write", path);
  }
  std::string folder = folderOf(path);
  if (path.empty() || access(folder.c_str(), W_OK | X_OK) != 0)
    return failure("write", path);
  return Status::ok();
}

OutputFiles::~OutputFiles() {
  for (const auto &[temporary, path] : staged)
    unlink(temporary.c_str());
}

Status OutputFiles::add(const std::string &path, const std::string &contents) {
  if (isSpecial(path)) {
    direct.emplace_back(path, contents);
    return Status::ok();
  }
  std::string target = throughLinks(path);
  std::string temporary = target + ".XXXXXX";
  int file = mkostemp(temporary.data(), O_CLOEXEC);
  if (file < 0)
    return failure("write", path);
  staged.emplace_back(temporary, target);
  Status status = writeAll(file, contents, path);
  mode_t mask = umask(0);
  umask(mask);
  if (status.isOk() && fchmod(file, 0666 & ~mask) != 0)
    status = failure("write", path);
  if (close(file) != 0 && status.isOk())
    status = failure("write", path);
  return status;
}

Status OutputFiles::commit() {
  while (!staged.empty()) {
    const auto &[temporary, path] = staged.back();
    if (rename(temporary.c_str(), path.c_str()) != 0)
      return failure("write", path);
    staged.pop_back();
  }
  for (const auto &[path, contents] : direct) {
    int file = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (file < 0)
      return failure("write", path);
    Status status = writeAll(file, contents, path);
    close(file);
    if (!status.isOk())
      return status;
  }
  return Status::ok();
}
