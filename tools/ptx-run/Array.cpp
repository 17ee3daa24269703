//===- Array.cpp - Arrays in memory and in .npy files ---------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Array.h"
#include "attnrt/File.h"

#include <limits>

using namespace attnrt;

namespace ptxrun {

static constexpr size_t kPreamble = 10; // magic, version, size of the header

std::optional<ElementKind> kindNamed(std::string_view name) {
  static const ElementKind kinds[] = {
      {"f64", "<f8", 8, true},  {"f32", "<f4", 4, true},
      {"f16", "<f2", 2, true},  {"bf16", "<u2", 2, true},
      {"i64", "<i8", 8, false}, {"i32", "<i4", 4, false},
      {"i16", "<i2", 2, false}, {"i8", "|i1", 1, false},
      {"u64", "<u8", 8, false}, {"u32", "<u4", 4, false},
      {"u16", "<u2", 2, false}, {"u8", "|u1", 1, false}};
  for (const ElementKind &kind : kinds)
    if (kind.name == name)
      return kind;
  return std::nullopt;
}

/// Bytes of that many elements, or an error where no memory has them.
static Expected<size_t> bytesOf(const Shape &shape, size_t elementBytes) {
  uint64_t bytes = elementBytes;
  for (int64_t size : shape)
    if (size < 0 ||
        __builtin_mul_overflow(bytes, static_cast<uint64_t>(size), &bytes))
      return Status::badInput("an array of shape " + toString(shape) +
                              " is too large");
  if (bytes > availableHostBytes())
    return Status::device("out of memory: asked for " + describeBytes(bytes));
  return bytes;
}

Expected<Array> zeros(const ElementKind &kind, Shape shape) {
  Expected<size_t> bytes = bytesOf(shape, kind.bytes);
  if (!bytes)
    return bytes.status();
  return Array{kind.descr, kind.bytes, std::move(shape),
               std::vector<uint8_t>(*bytes)};
}

/// What stands behind `'key':` in the header.
static std::string_view valueOf(std::string_view header, std::string_view key) {
  size_t at = header.find("'" + std::string(key) + "'");
  if (at == header.npos)
    return "";
  at = header.find_first_not_of(" :", at + key.size() + 2);
  return at == header.npos ? "" : header.substr(at);
}

static bool parseShape(std::string_view text, Shape &shape) {
  if (text.empty() || text[0] != '(')
    return false;
  text.remove_prefix(1);
  while (!text.empty() && text[0] != ')') {
    if (text[0] == ' ' || text[0] == ',') {
      text.remove_prefix(1);
      continue;
    }
    int64_t size = 0;
    size_t digits = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9';
         ++digits)
      if (__builtin_mul_overflow(size, int64_t(10), &size) ||
          __builtin_add_overflow(size, int64_t(text[digits] - '0'), &size))
        return false;
    if (!digits)
      return false;
    shape.push_back(size);
    text.remove_prefix(digits);
  }
  return !text.empty();
}

static bool parseDescr(std::string_view text, Array &array) {
  if (text.size() < 5 || text[0] != '\'')
    return false;
  array.descr = text.substr(1, text.find('\'', 1) - 1);
  if (array.descr.size() != 3 || array.descr[0] == '>')
    return false;
  array.elementBytes = array.descr[2] - '0';
  return array.elementBytes == 1 || array.elementBytes == 2 ||
         array.elementBytes == 4 || array.elementBytes == 8;
}

Expected<Array> readArray(const std::string &path) {
  Expected<std::string> file = readFile(path);
  if (!file)
    return file.status();
  auto bad = [&](const std::string &why) {
    return Status::badInput("'" + path + "': " + why);
  };
  if (file->size() < kPreamble || file->compare(0, 6, "\x93NUMPY") != 0)
    return bad("no .npy file");
  auto byte = [&](size_t at) { return static_cast<uint8_t>((*file)[at]); };
  bool isLong = byte(6) > 1;
  size_t begin = isLong ? 12 : kPreamble, length = byte(8) | byte(9) << 8;
  if (isLong && file->size() >= begin)
    length |= size_t(byte(10)) << 16 | size_t(byte(11)) << 24;
  if (file->size() < begin || length > file->size() - begin)
    return bad("the header is cut off");
  std::string_view header = std::string_view(*file).substr(begin, length);
  Array array;
  if (!parseDescr(valueOf(header, "descr"), array))
    return bad("expected elements of 1, 2, 4 or 8 bytes, little-endian");
  if (valueOf(header, "fortran_order").substr(0, 5) != "False")
    return bad("expected C order");
  if (!parseShape(valueOf(header, "shape"), array.shape))
    return bad("expected a shape");
  Expected<size_t> bytes = bytesOf(array.shape, array.elementBytes);
  if (!bytes)
    return bad(bytes.status().message());
  if (file->size() - begin - length != *bytes)
    return bad("expected " + std::to_string(*bytes) + " bytes of values, got " +
               std::to_string(file->size() - begin - length));
  array.data.assign(file->begin() + begin + length, file->end());
  return array;
}

std::string toNpy(const Array &array) {
  std::string shape;
  for (int64_t size : array.shape)
    shape += std::to_string(size) + ", ";
  std::string header = "{'descr': '" + array.descr +
                       "', 'fortran_order': False, 'shape': (" + shape + "), }";
  while ((kPreamble + header.size() + 1) % 64)
    header += ' ';
  header += '\n';
  std::string out("\x93NUMPY\x01\0", 8);
  out += static_cast<char>(header.size() & 0xff);
  out += static_cast<char>(header.size() >> 8);
  out += header;
  out.append(reinterpret_cast<const char *>(array.data.data()),
             array.data.size());
  return out;
}

} // namespace ptxrun
