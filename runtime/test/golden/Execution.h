//===- Execution.h - Puts probes to a device --------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Probes run in a process of their own: one that breaks a GPU's context, or
// never ends, costs no other one its answer.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_TEST_GOLDEN_EXECUTION_H
#define ATTNRT_TEST_GOLDEN_EXECUTION_H

#include "Recording.h"

namespace attnrt::golden {

struct Session {
  std::string device = "sim"; // or "cuda"
  uint64_t seed = 1;
  bool isSmall = false;
  unsigned secondsLimit = 60; // of one probe
};

/// A recording without answers: the device and the day.
Expected<Recording> identify(const Session &session);

/// Fails where the device does not open.
Expected<Recording> ask(const Session &session,
                        const std::vector<Probe> &probes);

} // namespace attnrt::golden

#endif // ATTNRT_TEST_GOLDEN_EXECUTION_H
