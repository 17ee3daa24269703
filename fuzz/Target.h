//===- Target.h - What is fuzzed --------------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A target is one source file that defines what is declared here. It is linked
// with LibFuzzer.cpp, which searches for inputs that break it, or with
// Replay.cpp, which feeds it files and seeded damage to them: the same code is
// fuzzed and tested.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_FUZZ_TARGET_H
#define ATTN_FUZZ_TARGET_H

#include "attnrt/Status.h"

#include <string_view>

namespace attn::fuzz {

/// Takes an input as the tools take it, as far as they do without a device: Ok
/// where they would use it, else what they would say.
attnrt::Status digest(std::string_view input);

/// Whether inputs are text, which is damaged by tokens and lines.
extern const bool kIsText;

/// What is wrong with an answer: empty where the input is used, or refused as
/// every tool refuses (BadInput, one printable line).
std::string complaintAbout(const attnrt::Status &status);

} // namespace attn::fuzz

#endif // ATTN_FUZZ_TARGET_H
