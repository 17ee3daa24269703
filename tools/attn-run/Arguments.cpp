//===- Arguments.cpp - Input tensors --------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Arguments.h"

#include "attnrt/Float16.h"
#include "attnrt/Npy.h"
#include "attnrt/Random.h"

#include <algorithm>
#include <cstring>

using namespace attnrt;

namespace attnrun {

std::string argumentName(size_t index) {
  return "argument " + std::to_string(index);
}

Status checkMemory(const DeviceInfo &device, uint64_t bytes) {
  if (bytes > device.memoryBytes)
    return Status::device("out of device memory: asked for " +
                          describeBytes(bytes) + ", there is " +
                          describeBytes(device.memoryBytes));
  // The memory of the simulator, and of the processor, is the host's, too.
  uint64_t onHost = device.kind == "cuda" ? bytes : 2 * bytes;
  uint64_t available = availableHostBytes();
  if (onHost > available)
    return Status::device("out of host memory: asked for " +
                          describeBytes(onHost) + ", there is " +
                          describeBytes(available));
  return Status::ok();
}

/// An argument number past the function's is a mistake, not to be ignored.
template <typename T>
static Status checkIndices(const FunctionDescription &function,
                           const char *flag, const std::map<size_t, T> &map) {
  if (map.empty() || map.rbegin()->first < function.args.size())
    return Status::ok();
  return Status::badInput(
      std::string(flag) + ": no " + argumentName(map.rbegin()->first) + ", '" +
      function.name + "' has " + std::to_string(function.args.size()));
}

static Status checkShape(size_t index, const TensorType &type,
                         const Shape &shape) {
  if (shape.size() != type.shape.size())
    return Status::badInput(argumentName(index) + ": expected rank " +
                            std::to_string(type.shape.size()) + ", got " +
                            std::to_string(shape.size()) + " (" +
                            toString(shape) + ")");
  for (size_t i = 0; i < shape.size(); ++i)
    if (type.shape[i] >= 0 && shape[i] != type.shape[i])
      return Status::badInput(argumentName(index) + ": expected dimension " +
                              std::to_string(i) + " to be " +
                              std::to_string(type.shape[i]) + ", got " +
                              std::to_string(shape[i]));
  return Status::ok();
}

static const char *numpyName(ElementType type) {
  switch (type) {
  case ElementType::F16:
    return "float16";
  case ElementType::F32:
    return "float32";
  case ElementType::F64:
    return "float64";
  case ElementType::I32:
    return "int32";
  case ElementType::I64:
    return "int64";
  case ElementType::I1:
    return "bool";
  case ElementType::I8:
    return "int8";
  case ElementType::BF16:
    break;
  }
  return "bfloat16";
}

static HostTensor narrowed(const HostTensor &wide, HostTensor to) {
  const auto *from = wide.as<double>();
  std::transform(from, from + wide.elements(), to.as<float>(),
                 [](double value) { return static_cast<float>(value); });
  return to;
}

/// The shape of a file's array as an argument of this type: one number may be
/// an array of one.
static Shape shapeInFile(const TensorType &type, const HostTensor &file) {
  bool isNumber = type.shape.empty() && file.shape() == Shape{1};
  return isNumber ? Shape() : file.shape();
}

/// Floating-point arguments come from float32 files, others from their own
/// type; f32 also from float64 files, rounded to nearest.
static Expected<HostTensor> loadArgument(size_t index, const TensorType &type,
                                         const std::string &path) {
  Expected<HostTensor> file = readNpy(path);
  if (!file)
    return Status(file.status().code(),
                  argumentName(index) + ": " + file.status().message());
  ElementType expected = isFloat(type.type) ? ElementType::F32 : type.type;
  bool isWide =
      type.type == ElementType::F32 && file->type() == ElementType::F64;
  if (file->type() != expected && !isWide)
    return Status::badInput(argumentName(index) + ": expected an array of " +
                            numpyName(expected) + " in '" + path + "', got " +
                            numpyName(file->type()));
  Shape shape = shapeInFile(type, *file);
  Status status = checkShape(index, type, shape);
  if (!status.isOk())
    return status;
  if (file->type() == type.type && file->shape() == shape)
    return file;
  Expected<HostTensor> tensor = HostTensor::create(type.type, shape);
  if (!tensor)
    return tensor;
  if (file->type() == type.type) {
    std::memcpy(tensor->data(), file->data(), file->bytes());
    return tensor;
  }
  if (isWide)
    return narrowed(*file, std::move(*tensor));
  convertFromFloat(type.type, tensor->data(), file->as<float>(),
                   file->elements());
  return tensor;
}

static Expected<Shape> shapeOf(size_t index, const TensorType &type,
                               const CommandLine &line) {
  auto given = line.shapes.find(index);
  if (given != line.shapes.end()) {
    Status status = checkShape(index, type, given->second);
    if (!status.isOk())
      return status;
    return given->second;
  }
  for (size_t i = 0; i < type.shape.size(); ++i)
    if (type.shape[i] < 0)
      return Status::badInput(argumentName(index) + ": dimension " +
                              std::to_string(i) +
                              " is dynamic and needs --shape or --arg");
  return type.shape;
}

/// Numbers like those of documents.
static Status fillSmall(HostTensor &tensor, uint64_t seed) {
  Expected<HostTensor> words =
      HostTensor::create(ElementType::I32, tensor.shape());
  if (!words)
    return words.status();
  int64_t length = tensor.shape().empty() ? 1 : tensor.shape().back();
  auto *from = words->as<int32_t>();
  fillRuns(from, length ? tensor.elements() / length : 0, length, seed);
  if (tensor.type() == ElementType::I8)
    std::copy_n(from, tensor.elements(), tensor.as<int8_t>());
  else
    std::copy_n(from, tensor.elements(), tensor.as<int32_t>());
  return Status::ok();
}

/// Whether an argument is a number of a dropout, and nothing else.
static bool isOnly(const ArgumentType &type, const char *role) {
  return type.shape.empty() && type.type == ElementType::I64 &&
         type.roles == std::vector<std::string>{role};
}

static Expected<HostTensor> randomArgument(size_t index,
                                           const ArgumentType &type,
                                           Shape shape, uint64_t seed) {
  Expected<HostTensor> tensor = HostTensor::create(type.type, shape);
  if (!tensor)
    return tensor;
  if (type.type == ElementType::I64) { // of a dropout: reports tell the number
    bool isSeed = isOnly(type, "seed");
    *tensor->as<int64_t>() = isSeed ? static_cast<int64_t>(seed) : 0;
    return tensor;
  }
  if (type.type == ElementType::I1) {
    fillTruths(tensor->as<uint8_t>(), tensor->elements(), seed, index);
    return tensor;
  }
  if (!isFloat(type.type)) {
    Status status = fillSmall(*tensor, seed);
    if (!status.isOk())
      return status;
    return tensor;
  }
  if (type.type == ElementType::F32) {
    fillNormal(tensor->as<float>(), tensor->elements(), seed, index);
    return tensor;
  }
  Expected<HostTensor> wide = HostTensor::create(ElementType::F32, shape);
  if (!wide)
    return wide;
  fillNormal(wide->as<float>(), wide->elements(), seed, index);
  convertFromFloat(type.type, tensor->data(), wide->as<float>(),
                   wide->elements());
  return tensor;
}

/// Both --shape and --arg may name an argument, if they agree.
static Status checkAgreement(size_t index, const CommandLine &line,
                             const Shape &shape) {
  auto given = line.shapes.find(index);
  if (given == line.shapes.end() || given->second == shape)
    return Status::ok();
  return Status::badInput(argumentName(index) + ": expected shape " +
                          toString(given->second) + " as --shape says, got " +
                          toString(shape) + " in '" + line.args.at(index) +
                          "'");
}

/// Numbers of captured tensors may be made up, but not places of rows.
static bool mayBeRandom(const ArgumentType &type) {
  auto isCapture = [](const std::string &role) { return role == "capture"; };
  if (isOnly(type, "seed") || isOnly(type, "offset"))
    return true;
  return isFloat(type.type) || type.type == ElementType::I1 ||
         (type.type != ElementType::I64 && !type.roles.empty() &&
          std::all_of(type.roles.begin(), type.roles.end(), isCapture));
}

/// The shape of a random argument.
static Expected<Shape> randomShape(size_t index, const ArgumentType &type,
                                   const CommandLine &line) {
  if (!mayBeRandom(type))
    return Status::badInput(argumentName(index) + ": needs --arg, since " +
                            nameOf(type.type) + " inputs " +
                            (type.roles.empty() ? "" : "of this kind ") +
                            "are never made up");
  Expected<Shape> shape = shapeOf(index, type, line);
  if (!shape)
    return shape;
  // In double, so that no copy in a wider type can overflow later.
  Expected<int64_t> count = countElements(*shape, ElementType::F64);
  if (!count)
    return Status::badInput(argumentName(index) + ": " +
                            count.status().message());
  return shape;
}

Expected<std::vector<Shape>> argumentShapes(const FunctionDescription &function,
                                            const CommandLine &line) {
  Status status = checkIndices(function, "--shape", line.shapes);
  if (status.isOk())
    status = checkIndices(function, "--arg", line.args);
  if (!status.isOk())
    return status;
  std::vector<Shape> shapes(function.args.size());
  for (size_t i = 0; i < function.args.size(); ++i) {
    if (line.args.count(i))
      continue;
    Expected<Shape> shape = randomShape(i, function.args[i], line);
    if (!shape)
      return shape.status();
    shapes[i] = std::move(*shape);
  }
  return shapes;
}

Expected<std::vector<HostTensor>>
makeArguments(const FunctionDescription &function, const CommandLine &line,
              const std::vector<Shape> &shapes) {
  std::vector<HostTensor> args;
  for (size_t i = 0; i < function.args.size(); ++i) {
    auto file = line.args.find(i);
    Expected<HostTensor> tensor =
        file != line.args.end()
            ? loadArgument(i, function.args[i], file->second)
            : randomArgument(i, function.args[i], shapes[i], line.seed);
    if (!tensor)
      return tensor.status();
    Status status = checkAgreement(i, line, tensor->shape());
    if (!status.isOk())
      return status;
    args.push_back(std::move(*tensor));
  }
  return args;
}

} // namespace attnrun
