//===- Format.h - What printf of a kernel writes ----------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_MACHINE_FORMAT_H
#define ATTNRT_SIM_MACHINE_FORMAT_H

#include <cstdint>
#include <string>
#include <string_view>

namespace attnrt::sim {

/// The values of a printf. Each is false where there is none.
class FormatSource {
public:
  virtual ~FormatSource() = default;
  virtual bool next(unsigned bytes, uint64_t &bits) = 0;
  virtual bool text(uint64_t address, std::string &out) = 0;
};

/// Appends what the format and its values make. Says what is wrong, if anything
/// is, and appends nothing then; `values` counts those written.
std::string formatInto(std::string_view format, FormatSource &source,
                       std::string &out, unsigned &values);

} // namespace attnrt::sim

#endif // ATTNRT_SIM_MACHINE_FORMAT_H
