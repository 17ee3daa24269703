//===- LibFuzzer.cpp - A target under libFuzzer ---------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Damage.h"
#include "Target.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace attn::fuzz;

/// LLVM's arenas poison memory in code that is built with the sanitizer, which
/// LLVM's own libraries are not: they would use memory that ours had poisoned.
/// The reader of bytecode forks, which takes longer the more memory there is.
extern "C" const char *__asan_default_options() {
  return "allow_user_poisoning=0:quarantine_size_mb=8";
}

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view input(reinterpret_cast<const char *>(data), size);
  std::string complaint = complaintAbout(digest(input));
  if (complaint.empty())
    return 0;
  std::fprintf(stderr, "%s\n", complaint.c_str());
  std::abort();
}

/// Bytes as libFuzzer changes them rarely parse, so half of the mutants are
/// made of tokens and lines.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t most, unsigned seed) {
  if (seed % 2)
    return LLVMFuzzerMutate(data, size, most);
  Random random(seed);
  std::string_view input(reinterpret_cast<const char *>(data), size);
  std::string mutant = damaged(input, kIsText, random);
  size = std::min(mutant.size(), most);
  std::memcpy(data, mutant.data(), size);
  return size;
}
