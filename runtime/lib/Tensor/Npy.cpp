//===- Npy.cpp - NumPy array files ----------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnrt/Npy.h"

#include "attnrt/File.h"
#include "attnrt/Float16.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <string_view>

using namespace attnrt;

static constexpr std::string_view kMagic("\x93NUMPY", 6);

namespace {
struct Header {
  std::string descr;
  bool fortranOrder = false;
  Shape shape;
};

/// The one Python literal that a header is: a dict with three known keys.
class HeaderParser {
public:
  explicit HeaderParser(std::string_view text) : rest(text) {}

  bool parse(Header &header) {
    if (!take('{'))
      return false;
    bool seenDescr = false, seenOrder = false, seenShape = false;
    while (!take('}')) {
      std::string key;
      bool *seen = nullptr;
      if (!parseString(key) || !take(':'))
        return false;
      bool read = false;
      if (key == "descr") {
        seen = &seenDescr;
        read = parseString(header.descr);
      } else if (key == "fortran_order") {
        seen = &seenOrder;
        read = parseBool(header.fortranOrder);
      } else if (key == "shape") {
        seen = &seenShape;
        read = parseShape(header.shape);
      }
      if (!read || *seen)
        return false;
      *seen = true;
      if (!take(',')) {
        if (!take('}'))
          return false;
        break;
      }
    }
    skipSpace();
    return rest.empty() && seenDescr && seenOrder && seenShape;
  }

private:
  void skipSpace() {
    while (!rest.empty() && std::isspace(static_cast<unsigned char>(rest[0])))
      rest.remove_prefix(1);
  }

  bool take(char expected) {
    skipSpace();
    if (rest.empty() || rest[0] != expected)
      return false;
    rest.remove_prefix(1);
    return true;
  }

  bool takeWord(std::string_view word) {
    skipSpace();
    if (rest.substr(0, word.size()) != word)
      return false;
    rest.remove_prefix(word.size());
    return true;
  }

  bool parseString(std::string &text) {
    skipSpace();
    if (rest.empty() || (rest[0] != '\'' && rest[0] != '"'))
      return false;
    size_t end = rest.find(rest[0], 1);
    if (end == std::string_view::npos)
      return false;
    text = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    return true;
  }

  bool parseBool(bool &value) {
    value = takeWord("True");
    return value || takeWord("False");
  }

  bool parseShape(Shape &shape) {
    if (!take('('))
      return false;
    while (!take(')')) {
      int64_t size;
      // NumPy itself stops at 64 dimensions.
      if (!parseSize(size) || shape.size() == 64)
        return false;
      shape.push_back(size);
      if (!take(',')) {
        // (3) is a number in Python, not a tuple.
        return shape.size() > 1 && take(')');
      }
    }
    return true;
  }

  bool parseSize(int64_t &size) {
    skipSpace();
    size_t digits = 0;
    size = 0;
    for (; digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9';
         ++digits)
      if (__builtin_mul_overflow(size, 10, &size) ||
          __builtin_add_overflow(size, rest[digits] - '0', &size))
        return false;
    rest.remove_prefix(digits);
    return digits > 0;
  }

  std::string_view rest;
};
} // namespace

static Status bad(const std::string &path, const std::string &why) {
  return Status::badInput("cannot read '" + path + "': " + why);
}

/// "<f4" and the like; this host is little-endian, so is '='.
static std::optional<ElementType> typeOf(std::string_view descr) {
  if (descr.size() != 3)
    return std::nullopt;
  std::string_view kind = descr.substr(1);
  if (kind == "f2")
    return ElementType::F16;
  if (kind == "f4")
    return ElementType::F32;
  if (kind == "f8")
    return ElementType::F64;
  if (kind == "i4")
    return ElementType::I32;
  if (kind == "i8")
    return ElementType::I64;
  if (kind == "b1")
    return ElementType::I1;
  if (kind == "i1")
    return ElementType::I8;
  return std::nullopt;
}

static uint64_t littleEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;)
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

/// Splits a file into header text and data.
static Status split(std::string_view file, const std::string &path,
                    std::string_view &header, std::string_view &data) {
  if (file.substr(0, kMagic.size()) != kMagic)
    return bad(path, "not a .npy file");
  if (file.size() < 8)
    return bad(path, "truncated in its header");
  int major = static_cast<unsigned char>(file[6]);
  if (major < 1 || major > 3)
    return bad(path, "unsupported .npy version " + std::to_string(major));
  size_t lengthBytes = major == 1 ? 2 : 4;
  if (file.size() < 8 + lengthBytes)
    return bad(path, "truncated in its header");
  uint64_t length = littleEndian(file.substr(8, lengthBytes));
  std::string_view rest = file.substr(8 + lengthBytes);
  if (length > rest.size())
    return bad(path, "truncated in its header");
  header = rest.substr(0, length);
  data = rest.substr(length);
  return Status::ok();
}

Expected<HostTensor> attnrt::readNpy(const std::string &path) {
  Expected<std::string> file = readFile(path);
  if (!file)
    return file.status();
  std::string_view text, data;
  Status status = split(*file, path, text, data);
  if (!status.isOk())
    return status;

  Header header;
  if (!HeaderParser(text).parse(header)) {
    if (text.find("'descr': [") != std::string_view::npos)
      return bad(path, "structured arrays are unsupported");
    return bad(path, "malformed .npy header");
  }
  if (!header.descr.empty() && header.descr[0] == '>')
    return bad(path,
               "big-endian arrays are unsupported (" + header.descr + ")");
  std::optional<ElementType> type = typeOf(header.descr);
  if (!type || !std::strchr("<=|", header.descr[0]))
    return bad(path, "unsupported element type '" + header.descr + "'");
  if (header.fortranOrder && header.shape.size() > 1)
    return bad(path, "Fortran-ordered arrays are unsupported");

  Expected<int64_t> count = countElements(header.shape, *type);
  if (!count)
    return bad(path, count.status().message());
  uint64_t promised = static_cast<uint64_t>(*count) * sizeInBytes(*type);
  if (promised != data.size())
    return bad(path, "expected " + std::to_string(promised) +
                         " bytes of data for shape " + toString(header.shape) +
                         ", got " + std::to_string(data.size()));
  Expected<HostTensor> tensor = HostTensor::create(*type, header.shape);
  if (tensor && !data.empty())
    std::memcpy(tensor->data(), data.data(), data.size());
  // Kernels take bytes of 0 and 1 only; to NumPy, others are true.
  if (tensor && *type == ElementType::I1)
    std::transform(data.begin(), data.end(), tensor->as<uint8_t>(),
                   [](char byte) { return byte ? 1 : 0; });
  return tensor;
}

std::string attnrt::toNpy(const HostTensor &tensor) {
  std::string shape;
  for (int64_t size : tensor.shape())
    shape += std::to_string(size) + ", ";
  if (shape.size() > 2)
    shape.resize(shape.size() - (tensor.shape().size() > 1 ? 2 : 1));
  std::string header =
      "{'descr': '<f4', 'fortran_order': False, 'shape': (" + shape + "), }";
  // Data starts at a multiple of 64 bytes.
  size_t prefix = kMagic.size() + 4;
  header.resize((prefix + header.size() + 1 + 63) / 64 * 64 - prefix, ' ');
  header.back() = '\n';

  std::string file(kMagic);
  file += {'\1', '\0', static_cast<char>(header.size() & 0xff),
           static_cast<char>(header.size() >> 8)};
  file += header;
  size_t dataAt = file.size();
  file.resize(dataAt + tensor.elements() * sizeof(float));
  std::vector<float> values(tensor.elements());
  convertToFloat(tensor.type(), values.data(), tensor.data(),
                 tensor.elements());
  if (!values.empty())
    std::memcpy(&file[dataAt], values.data(), values.size() * sizeof(float));
  return file;
}
