//===- TakeReport.cpp - What was executed, as C sees it -------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Device/Current.h"
#include "attnrt/Report.h"

using namespace attnrt;

static thread_local std::string lastReport;

extern "C" const char *attnrtTakeReport(void) {
  try {
    AttnrtDevice *simulator = knownSimEntry();
    if (!simulator)
      return nullptr;
    auto report = simulator->device->takeExecutionReport();
    if (!report)
      return nullptr;
    lastReport = toJson(*report);
    return lastReport.c_str();
  } catch (const std::exception &) {
    return nullptr; // no memory for the text
  }
}
