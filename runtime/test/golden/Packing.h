//===- Packing.h - Words in few bytes ---------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Neighbouring results of a function differ by little: differences are coded by
// their length in bits and then their bits, with a binary range coder whose
// probabilities follow what has come. One bit a word for an octave of ex2;
// drawn words take little more than themselves.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_TEST_GOLDEN_PACKING_H
#define ATTNRT_TEST_GOLDEN_PACKING_H

#include "Probe.h"

namespace attnrt::golden {

std::string pack(const Words &words);
/// Bytes that pack() did not make give other words, never more than `count`.
Words unpack(const std::string &bytes, size_t count);

} // namespace attnrt::golden

#endif // ATTNRT_TEST_GOLDEN_PACKING_H
