//===- Table.cpp - Functions by the types of their arguments --------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Table.h"

namespace nb = nanobind;

namespace attnpy {

static int32_t typeOf(const DLTensor &tensor) {
  return tensor.dtype.code << 16 | tensor.dtype.bits << 8 | tensor.ndim;
}

/// Of rank 4, (batch, heads, length, head dim); what is not is refused by the
/// entry, or has no row.
Table::Key Table::keyOf(const Descriptors &args) const {
  Key key = {};
  if (args.size() < 3)
    return key;
  const DLTensor &query = *args.pointers()[0], &keys = *args.pointers()[1],
                 &value = *args.pointers()[2];
  if (query.ndim != 4 || keys.ndim != 4 || value.ndim != 4)
    return key;
  key = {typeOf(query),
         query.device.device_type << 16 | query.device.device_id,
         static_cast<int32_t>(query.shape[1]),
         static_cast<int32_t>(keys.shape[1]),
         static_cast<int32_t>(query.shape[3]),
         static_cast<int32_t>(value.shape[3])};
  for (size_t i = 0; i < broadcasts.size() && i + 3 < args.size(); ++i) {
    const DLTensor &other = *args.pointers()[i + 3];
    int32_t ones = 0;
    for (int dim = 0; broadcasts[i] && dim < other.ndim; ++dim)
      ones |= (other.shape[dim] == 1) << dim;
    key[6 + i] = ones << 24 | typeOf(other);
  }
  return key;
}

void Table::add(nb::handle args, const Function &function) {
  Descriptors read;
  read.read(args);
  Row row = {keyOf(read), function.entry()};
  for (Row &known : rows)
    if (known.key == row.key) {
      known = row;
      return;
    }
  rows.push_back(row);
}

/// For results that nobody reads, of this thread.
static DLTensor scratchFor(const DLTensor &query) {
  static thread_local std::vector<float> memory;
  size_t size = query.shape[0] * query.shape[1] * query.shape[2];
  if (memory.size() < size + 1)
    memory.resize(size + 1);
  DLTensor scratch = query;
  scratch.data = memory.data();
  scratch.ndim = 3;
  scratch.dtype = {kDLFloat, 32, 1};
  scratch.strides = nullptr;
  scratch.byte_offset = 0;
  return scratch;
}

int Table::call(nb::handle args, nb::handle results, bool hasLse) const {
  Descriptors read, written;
  read.read(args);
  Key key = keyOf(read);
  for (const Row &row : rows) {
    if (row.key != key)
      continue;
    written.read(results);
    Entry entry = row.entry;
    void *stream = read.stream();
    nb::gil_scoped_release release;
    if (hasLse)
      return entry.call(stream, read, written.pointers(), written.size());
    DLTensor scratch = scratchFor(*read.pointers()[0]);
    DLTensor *both[] = {written.pointers()[0], &scratch};
    return entry.call(stream, read, both, 2);
  }
  return kUnknown;
}

} // namespace attnpy
