//===- Format.cpp - What printf of a kernel writes ------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/Format.h"

#include <cstdio>
#include <cstring>

using namespace attnrt::sim;

static constexpr unsigned kWidest = 1024;

namespace {
/// `%-08.3lld` in parts.
struct Conversion {
  std::string spelling; // "%-08.3", with widths in place of `*`
  bool isLong = false;
  char what = 0;
};

class Formatter {
public:
  Formatter(std::string_view format, FormatSource &source)
      : rest(format), source(source) {}
  std::string run();

  std::string out;
  unsigned values = 0;

private:
  bool parse(Conversion &into);
  bool number(Conversion &into);
  bool convert(const Conversion &conversion);
  bool take(unsigned bytes, uint64_t &bits);
  template <typename T>
  void write(const Conversion &conversion, const char *length, T value);

  std::string_view rest;
  FormatSource &source;
  std::string wrong;
};
} // namespace

bool Formatter::take(unsigned bytes, uint64_t &bits) {
  if (source.next(bytes, bits)) {
    ++values;
    return true;
  }
  wrong = "value " + std::to_string(values + 1) + " is missing";
  return false;
}

/// A width or precision.
bool Formatter::number(Conversion &into) {
  uint64_t value = 0;
  if (!rest.empty() && rest[0] == '*') {
    rest.remove_prefix(1);
    if (!take(4, value))
      return false;
    into.spelling += std::to_string(static_cast<int32_t>(value));
    int32_t width = static_cast<int32_t>(value);
    value = width < 0 ? -int64_t(width) : width;
  }
  while (!rest.empty() && rest[0] >= '0' && rest[0] <= '9') {
    value = value * 10 + (rest[0] - '0');
    into.spelling += rest[0];
    rest.remove_prefix(1);
    if (value > kWidest)
      break;
  }
  if (value > kWidest)
    wrong = "a width above " + std::to_string(kWidest);
  return wrong.empty();
}

bool Formatter::parse(Conversion &into) {
  into.spelling = "%";
  while (!rest.empty() && std::strchr("-+ #0", rest[0])) {
    into.spelling += rest[0];
    rest.remove_prefix(1);
  }
  if (into.spelling.size() > 16)
    wrong = "too many flags";
  if (!wrong.empty() || !number(into))
    return false;
  if (!rest.empty() && rest[0] == '.') {
    into.spelling += '.';
    rest.remove_prefix(1);
    if (!number(into))
      return false;
  }
  while (!rest.empty() && std::strchr("hlLqjzt", rest[0])) {
    into.isLong |= rest[0] != 'h';
    rest.remove_prefix(1);
  }
  if (rest.empty()) {
    wrong = "a conversion without a letter";
    return false;
  }
  into.what = rest[0];
  rest.remove_prefix(1);
  return true;
}

template <typename T>
void Formatter::write(const Conversion &conversion, const char *length,
                      T value) {
  std::string spelling = conversion.spelling + length + conversion.what;
  int size = std::snprintf(nullptr, 0, spelling.c_str(), value);
  if (size < 0)
    return;
  std::string text(static_cast<size_t>(size) + 1, '\0');
  std::snprintf(text.data(), text.size(), spelling.c_str(), value);
  text.pop_back();
  out += text;
}

bool Formatter::convert(const Conversion &conversion) {
  uint64_t bits = 0;
  std::string text;
  switch (conversion.what) {
  case 'd':
  case 'i':
    if (!take(conversion.isLong ? 8 : 4, bits))
      return false;
    write<long long>(conversion, "ll",
                     conversion.isLong ? static_cast<int64_t>(bits)
                                       : static_cast<int32_t>(bits));
    return true;
  case 'u':
  case 'o':
  case 'x':
  case 'X':
    if (!take(conversion.isLong ? 8 : 4, bits))
      return false;
    write<unsigned long long>(conversion, "ll", bits);
    return true;
  case 'c':
    if (!take(4, bits))
      return false;
    write<int>(conversion, "", static_cast<unsigned char>(bits));
    return true;
  case 'e':
  case 'E':
  case 'f':
  case 'F':
  case 'g':
  case 'G':
  case 'a':
  case 'A': {
    if (!take(8, bits))
      return false;
    double value;
    std::memcpy(&value, &bits, sizeof(value));
    write<double>(conversion, "", value);
    return true;
  }
  case 'p':
    if (!take(8, bits))
      return false;
    write<void *>(conversion, "", reinterpret_cast<void *>(bits));
    return true;
  case 's':
    if (!take(8, bits))
      return false;
    if (!source.text(bits, text)) {
      wrong = "value " + std::to_string(values) + " is no string";
      return false;
    }
    write<const char *>(conversion, "", text.c_str());
    return true;
  default:
    wrong = std::string("an unknown conversion `%") + conversion.what + "`";
    return false;
  }
}

std::string Formatter::run() {
  while (!rest.empty()) {
    size_t percent = rest.find('%');
    out += rest.substr(0, percent);
    if (percent == rest.npos)
      break;
    rest.remove_prefix(percent + 1);
    if (!rest.empty() && rest[0] == '%') {
      out += '%';
      rest.remove_prefix(1);
      continue;
    }
    Conversion conversion;
    if (!parse(conversion) || !convert(conversion))
      break;
  }
  return wrong;
}

std::string attnrt::sim::formatInto(std::string_view format,
                                    FormatSource &source, std::string &out,
                                    unsigned &values) {
  Formatter formatter(format, source);
  std::string wrong = formatter.run();
  values = formatter.values;
  if (wrong.empty())
    out += formatter.out;
  return wrong;
}
