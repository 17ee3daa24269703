//===- Arguments.cpp - What a kernel is given -----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Arguments.h"
#include "attnrt/Float16.h"

#include <cerrno>
#include <cstring>
#include <limits>

using namespace attnrt;

namespace ptxrun {

Expected<Shape> parseSizes(const std::string &text) {
  Shape shape;
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find('x', begin), text.size());
    int64_t size = 0;
    bool isNumber = end > begin;
    for (size_t i = begin; i < end; ++i)
      isNumber &= text[i] >= '0' && text[i] <= '9' &&
                  !__builtin_mul_overflow(size, int64_t(10), &size) &&
                  !__builtin_add_overflow(size, int64_t(text[i] - '0'), &size);
    if (!isNumber)
      return Status::badInput("expected sizes with x between, got '" + text +
                              "'");
    shape.push_back(size);
    begin = end + 1;
  }
  return shape;
}

static bool endsIn(const std::string &text, std::string_view end) {
  return text.size() > end.size() &&
         text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// An integer that fits, signed or not.
static bool parseInteger(const std::string &text, size_t bytes,
                         uint64_t &bits) {
  bool minus = text[0] == '-';
  errno = 0;
  char *end = nullptr;
  bits = minus ? static_cast<uint64_t>(std::strtoll(text.c_str(), &end, 0))
               : std::strtoull(text.c_str(), &end, 0);
  if (errno || *end || text.empty() || !std::strchr("-0123456789", text[0]))
    return false;
  if (bytes == 8)
    return true;
  int64_t least = -(int64_t(1) << (8 * bytes - 1));
  return minus ? static_cast<int64_t>(bits) >= least : bits >> (8 * bytes) == 0;
}

static bool parseFloat(const std::string &text, const ElementKind &kind,
                       uint64_t &bits) {
  errno = 0;
  char *end = nullptr;
  double wide = std::strtod(text.c_str(), &end);
  if (text.empty() || *end || end == text.c_str())
    return false;
  float single = static_cast<float>(wide);
  bits = 0;
  if (kind.name == "f64")
    std::memcpy(&bits, &wide, 8);
  else if (kind.name == "f32")
    std::memcpy(&bits, &single, 4);
  else
    bits = kind.name == "f16" ? doubleToHalf(wide) : doubleToBfloat(wide);
  return true;
}

namespace {
/// Reads the argument of one parameter.
class Reader {
public:
  Reader(const sim::KernelInfo::Param &param, size_t index,
         const std::string &text)
      : param(param), index(index), text(text) {}
  Expected<Argument> run();

private:
  Status bad(const std::string &why) const {
    return Status::badInput("argument " + std::to_string(index) + " '" + text +
                            "': " + why);
  }
  Status array(Argument &out);
  Status byValue(Argument &out);
  Status scalar(Argument &out);

  const sim::KernelInfo::Param &param;
  size_t index;
  std::string text;
};
} // namespace

/// `FILE.npy` or `TYPE[SIZES]`.
Status Reader::array(Argument &out) {
  size_t bracket = text.find('[');
  std::optional<ElementKind> kind;
  if (bracket != text.npos && text.back() == ']')
    kind = kindNamed(std::string_view(text).substr(0, bracket));
  if (!kind && !endsIn(text, ".npy"))
    return bad("expected FILE.npy, TYPE[SIZES], TYPE=NUMBER or a number");
  Expected<Array> array = Status::badInput("unread");
  if (kind) {
    Expected<Shape> shape =
        parseSizes(text.substr(bracket + 1, text.size() - bracket - 2));
    if (!shape)
      return bad(shape.status().message());
    array = zeros(*kind, *shape);
  } else {
    array = readArray(text);
  }
  if (!array)
    return array.status();
  if (param.bytes != 8)
    return bad("an array is for a pointer, and the parameter has " +
               std::to_string(param.bytes) + " bytes");
  out.array = std::move(*array);
  return Status::ok();
}

/// `by-value=FILE.npy`: the bytes of the file are the parameter.
Status Reader::byValue(Argument &out) {
  Expected<Array> array = readArray(text.substr(text.find('=') + 1));
  if (!array)
    return array.status();
  if (array->data.size() != param.bytes)
    return bad("the file has " + std::to_string(array->data.size()) +
               " bytes, the parameter " + std::to_string(param.bytes));
  out.value = std::move(array->data);
  return Status::ok();
}

/// `TYPE=NUMBER`, or a number of the parameter's size.
Status Reader::scalar(Argument &out) {
  size_t equals = text.find('=');
  std::string number = equals == text.npos ? text : text.substr(equals + 1);
  bool isFloat = number.find_first_of(".einf") != number.npos &&
                 number.compare(0, 2, "0x") != 0;
  std::string name = (isFloat ? "f" : "u") + std::to_string(8 * param.bytes);
  if (equals != text.npos)
    name = text.substr(0, equals);
  std::optional<ElementKind> kind = kindNamed(name);
  if (!kind)
    return bad(equals == text.npos
                   ? "no number is as large as the parameter, " +
                         std::to_string(param.bytes) + " bytes"
                   : "unknown type `" + name + "`");
  if (kind->bytes != param.bytes)
    return bad("the parameter has " + std::to_string(param.bytes) + " bytes");
  uint64_t bits = 0;
  if (!(kind->isFloat ? parseFloat(number, *kind, bits)
                      : parseInteger(number, kind->bytes, bits)))
    return bad("expected a number of type " + kind->name);
  out.value.resize(kind->bytes);
  std::memcpy(out.value.data(), &bits, kind->bytes);
  return Status::ok();
}

Expected<Argument> Reader::run() {
  Argument out;
  out.text = text;
  size_t colon = text.find(':');
  if (colon != text.npos) {
    out.out = text.substr(colon + 1);
    text = text.substr(0, colon);
    if (!endsIn(out.out, ".npy"))
      return bad("expected FILE.npy behind the colon, got '" + out.out + "'");
  }
  bool isNumber = !text.empty() && std::strchr("-0123456789.", text[0]) &&
                  !endsIn(text, ".npy");
  Status status = text.compare(0, 9, "by-value=") == 0      ? byValue(out)
                  : isNumber || text.find('=') != text.npos ? scalar(out)
                                                            : array(out);
  if (!status.isOk())
    return status;
  if (!out.out.empty() && !out.array)
    return bad("only an array goes to a file");
  return out;
}

Expected<std::vector<Argument>>
readArguments(const sim::KernelInfo &kernel,
              const std::vector<std::string> &texts) {
  if (texts.size() != kernel.params.size())
    return Status::badInput("'" + kernel.name + "' takes " +
                            std::to_string(kernel.params.size()) +
                            " arguments, got " + std::to_string(texts.size()));
  std::vector<Argument> out;
  for (size_t i = 0; i < texts.size(); ++i) {
    Expected<Argument> argument = Reader(kernel.params[i], i, texts[i]).run();
    if (!argument)
      return argument.status();
    out.push_back(std::move(*argument));
  }
  return out;
}

} // namespace ptxrun
