//===- Status.h - Results of runtime calls ----------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A Status is a code and one line of text. The codes are the exit codes of
// attn-run and the return values of a package's entry, so that a failure keeps
// its meaning from the driver call to the shell.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_STATUS_H
#define ATTNRT_STATUS_H

#include <cassert>
#include <optional>
#include <string>
#include <utility>

namespace attnrt {

enum class Code : int {
  Ok = 0,
  /// The program ran and was wrong: a hazard, a deadlock, a wrong result.
  Wrong = 1,
  /// The input cannot be used: bad package, bad shape, bad flag, missing file.
  BadInput = 2,
  /// The device or a resource failed: no device, out of memory, driver error.
  Device = 3,
};

class [[nodiscard]] Status {
public:
  Status() = default;
  /// What input brings into a message and cannot be printed becomes a `?`.
  Status(Code code, std::string message)
      : theCode(code), text(std::move(message)) {
    for (char &c : text)
      if (static_cast<unsigned char>(c) < ' ' || c == 0x7f)
        c = '?';
  }

  static Status ok() { return {}; }
  static Status wrong(std::string text) {
    return {Code::Wrong, std::move(text)};
  }
  static Status badInput(std::string text) {
    return {Code::BadInput, std::move(text)};
  }
  static Status device(std::string text) {
    return {Code::Device, std::move(text)};
  }

  bool isOk() const { return theCode == Code::Ok; }
  Code code() const { return theCode; }
  /// One line, lowercase start, no full stop; empty when ok.
  const std::string &message() const { return text; }

private:
  Code theCode = Code::Ok;
  std::string text;
};

/// A value or the Status that says why there is none.
template <typename T>
class [[nodiscard]] Expected {
public:
  Expected(T value) : held(std::move(value)) {}
  Expected(Status status) : why(std::move(status)) {
    assert(!why.isOk() && "an Expected without a value needs an error");
  }

  explicit operator bool() const { return held.has_value(); }
  T &operator*() { return *held; }
  const T &operator*() const { return *held; }
  T *operator->() { return &*held; }
  const T *operator->() const { return &*held; }
  const Status &status() const { return why; }

private:
  std::optional<T> held;
  Status why;
};

} // namespace attnrt

#endif // ATTNRT_STATUS_H
