//===- Exchange.cpp - Arrays of Python as descriptors ---------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Exchange.h"

#include <cstring>
#include <unordered_map>

namespace nb = nanobind;

namespace attnpy {

/// The table that DLPack 1.2 describes, whose first functions are of no use
/// here.
struct ExchangeTable {
  uint32_t major, minor;
  ExchangeTable *previous;
  void *allocate, *toManaged, *fromManaged;
  int (*describe)(void *object, DLTensor *tensor);
  int (*currentStream)(DLDeviceType type, int32_t device, void **stream);
};

/// What a capsule named "dltensor_versioned" points at.
struct VersionedTensor {
  uint32_t major, minor;
  void *context;
  void (*deleter)(VersionedTensor *);
  uint64_t flags;
  DLTensor tensor;
};

/// Null where the type publishes none that is understood. Types are kept: their
/// address stands for them.
static const ExchangeTable *tableOf(PyTypeObject *type) {
  static std::unordered_map<PyTypeObject *, const ExchangeTable *> known;
  auto found = known.find(type);
  if (found != known.end())
    return found->second;
  const ExchangeTable *table = nullptr;
  PyObject *capsule = PyObject_GetAttrString(reinterpret_cast<PyObject *>(type),
                                             "__dlpack_c_exchange_api__");
  if (capsule && PyCapsule_CheckExact(capsule))
    table = static_cast<const ExchangeTable *>(
        PyCapsule_GetPointer(capsule, PyCapsule_GetName(capsule)));
  Py_XDECREF(capsule);
  PyErr_Clear();
  while (table && table->major > 1)
    table = table->previous;
  if (table && !table->describe)
    table = nullptr;
  Py_INCREF(type);
  known.emplace(type, table);
  return table;
}

/// A capsule whose tensor is borrowed: its own destructor frees it.
static DLTensor *tensorIn(nb::handle capsule) {
  if (PyCapsule_IsValid(capsule.ptr(), "dltensor_versioned"))
    return &static_cast<VersionedTensor *>(
                PyCapsule_GetPointer(capsule.ptr(), "dltensor_versioned"))
                ->tensor;
  if (PyCapsule_IsValid(capsule.ptr(), "dltensor"))
    return &static_cast<DLManagedTensor *>(
                PyCapsule_GetPointer(capsule.ptr(), "dltensor"))
                ->dl_tensor;
  throw nb::type_error("__dlpack__ gave no capsule of a tensor");
}

Descriptors::~Descriptors() = default;

void Descriptors::readOne(nb::handle array, DLTensor &into) {
  if (const ExchangeTable *table = tableOf(Py_TYPE(array.ptr()))) {
    if (table->describe(array.ptr(), &into) != 0)
      throw nb::python_error();
    streams = table;
    return;
  }
  if (!nb::hasattr(array, "__dlpack__"))
    throw nb::type_error("expected an array with __dlpack__");
  capsules.push_back(array.attr("__dlpack__")());
  into = *tensorIn(capsules.back());
}

void Descriptors::read(nb::handle arrays) {
  PyObject *sequence = arrays.ptr();
  if (!PyTuple_CheckExact(sequence) && !PyList_CheckExact(sequence))
    throw nb::type_error("expected a tuple or a list of arrays");
  count = PySequence_Fast_GET_SIZE(sequence);
  if (count > kMost)
    throw nb::value_error("more arrays than a function has");
  PyObject **items = PySequence_Fast_ITEMS(sequence);
  for (size_t i = 0; i < count; ++i) {
    readOne(items[i], tensors[i]);
    pointers_[i] = &tensors[i];
  }
}

void *Descriptors::stream() const {
  if (!streams || !streams->currentStream)
    return nullptr;
  for (size_t i = 0; i < count; ++i) {
    DLDevice device = tensors[i].device;
    void *stream = nullptr;
    if (device.device_type == kDLCPU)
      continue;
    if (streams->currentStream(device.device_type, device.device_id, &stream))
      throw nb::python_error();
    return stream;
  }
  return nullptr;
}

} // namespace attnpy
