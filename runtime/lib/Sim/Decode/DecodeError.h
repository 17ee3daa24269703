//===- DecodeError.h - What cannot be decoded, and where ------ -*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_DECODE_DECODEERROR_H
#define ATTNRT_SIM_DECODE_DECODEERROR_H

#include "Decode/Program.h"

namespace attnrt::sim {

/// The first error of a program, which functions that return false have told.
class DecodeError {
public:
  explicit DecodeError(const Program &program) : program(program) {}
  bool fail(const std::string &message) {
    if (status.isOk())
      status = Status::badInput("PTX line " + std::to_string(line) + ": " +
                                message + " in " + program.quote(line));
    return false;
  }

  int line = 0; // at hand
  Status status;

private:
  const Program &program;
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_DECODE_DECODEERROR_H
