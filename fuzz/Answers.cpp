//===- Answers.cpp - What a target may answer -----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Target.h"

#include <algorithm>

using namespace attnrt;

/// UTF-8 of names may be in it, line breaks and the like may not.
static bool isPrintable(unsigned char c) { return c >= ' ' && c != 0x7f; }

std::string attn::fuzz::complaintAbout(const Status &status) {
  if (status.isOk())
    return "";
  const std::string &message = status.message();
  if (status.code() != Code::BadInput)
    return "expected BadInput, got status " +
           std::to_string(static_cast<int>(status.code())) + ": " + message;
  if (message.empty())
    return "refused without a reason";
  if (!std::all_of(message.begin(), message.end(), isPrintable))
    return "the reason is not one printable line: " + message;
  if (message.size() > 4096)
    return "the reason is too long: " + std::to_string(message.size()) +
           " bytes";
  return "";
}
