//===- Description.cpp - JSON of a package --------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Package/Description.h"

#include "attnrt/PackageFormat.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

using namespace attnrt;
using nlohmann::json;

static constexpr int64_t kAnySize = std::numeric_limits<int64_t>::max();

namespace {
/// Walks the JSON and remembers the first thing that is wrong. After a failure
/// the getters return defaults, so that callers need no check per field.
class Reader {
public:
  bool failed() const { return !status.isOk(); }
  const Status &why() const { return status; }

  void fail(const std::string &path, const std::string &expected) {
    if (!failed())
      status = Status::badInput("description: expected " + path + " to be " +
                                expected);
  }

  /// The member `key`, or null after a failure.
  const json *member(const json &object, const std::string &path,
                     const char *key) {
    if (failed())
      return nullptr;
    if (!object.is_object()) {
      fail(path, "an object");
      return nullptr;
    }
    auto found = object.find(key);
    if (found == object.end()) {
      fail(join(path, key), "present");
      return nullptr;
    }
    return &*found;
  }

  std::string text(const json &object, const std::string &path,
                   const char *key) {
    const json *value = member(object, path, key);
    if (!value)
      return {};
    if (!value->is_string()) {
      fail(join(path, key), "a string");
      return {};
    }
    return value->get<std::string>();
  }

  /// Empty where there is none.
  std::string textOrNull(const json &object, const std::string &path,
                         const char *key) {
    auto found = object.is_object() ? object.find(key) : object.end();
    if (found == object.end() || found->is_null())
      return {};
    return text(object, path, key);
  }

  int64_t integer(const json &value, const std::string &path, int64_t least,
                  int64_t most) {
    bool fits = value.is_number_unsigned()
                    ? value.get<uint64_t>() <= uint64_t(kAnySize)
                    : value.is_number_integer();
    int64_t number = fits ? value.get<int64_t>() : 0;
    if (fits && number >= least && number <= most)
      return number;
    fail(path, most == kAnySize && least >= 0
                   ? "an integer of at least " + std::to_string(least)
               : most == kAnySize ? "an integer"
                                  : "an integer from " + std::to_string(least) +
                                        " to " + std::to_string(most));
    return 0;
  }

  int64_t integerAt(const json &object, const std::string &path,
                    const char *key, int64_t least, int64_t most = kAnySize) {
    const json *value = member(object, path, key);
    return value ? integer(*value, join(path, key), least, most) : 0;
  }

  std::optional<uint64_t>
  countOrNull(const json &object, const std::string &path, const char *key) {
    const json *value = member(object, path, key);
    if (!value || value->is_null())
      return std::nullopt;
    return integer(*value, join(path, key), 0, kAnySize);
  }

  /// Calls visit(element, path) for each element of the array `key`.
  template <typename Visit>
  void each(const json &object, const std::string &path, const char *key,
            Visit visit) {
    const json *array = member(object, path, key);
    if (!array)
      return;
    if (!array->is_array())
      return fail(join(path, key), "an array");
    for (size_t i = 0; i < array->size() && !failed(); ++i)
      visit((*array)[i], join(path, key) + "[" + std::to_string(i) + "]");
  }

  std::vector<std::string> texts(const json &object, const std::string &path,
                                 const char *key) {
    std::vector<std::string> list;
    each(object, path, key, [&](const json &value, const std::string &at) {
      if (!value.is_string())
        return fail(at, "a string");
      list.push_back(value.get<std::string>());
    });
    return list;
  }

private:
  static std::string join(const std::string &path, const char *key) {
    return path.empty() ? key : path + "." + key;
  }

  Status status;
};
} // namespace

static TensorType parseTensor(Reader &reader, const json &value,
                              const std::string &path) {
  TensorType tensor{};
  reader.each(value, path, "shape", [&](const json &size, const auto &at) {
    tensor.shape.push_back(
        size.is_null() ? -1 : reader.integer(size, at, 0, kAnySize));
  });
  if (tensor.shape.size() > ATTNRT_MAX_RANK)
    reader.fail(path + ".shape",
                "of rank " + std::to_string(ATTNRT_MAX_RANK) + " at most");
  std::string name = reader.text(value, path, "type");
  std::optional<ElementType> type = elementTypeFromName(name);
  if (!type || type == ElementType::F64)
    reader.fail(path + ".type",
                "f16, bf16, f32, i1, i8, i32 or i64, got '" + name + "'");
  tensor.type = type.value_or(ElementType::F32);
  return tensor;
}

static ArgumentType parseArgument(Reader &reader, const json &value,
                                  const std::string &path) {
  ArgumentType arg{};
  static_cast<TensorType &>(arg) = parseTensor(reader, value, path);
  arg.roles = reader.texts(value, path, "roles");
  return arg;
}

static LinearIndex parseEdge(Reader &reader, const json &value,
                             const std::string &path,
                             const FunctionDescription &function) {
  LinearIndex index;
  index.constant = reader.integerAt(value, path, "const", -kAnySize);
  reader.each(value, path, "terms", [&](const json &term, const auto &at) {
    LinearIndex::Term parsed{};
    parsed.arg = static_cast<int>(reader.integerAt(
        term, at, "arg", 0, static_cast<int64_t>(function.args.size()) - 1));
    if (reader.failed())
      return;
    int64_t rank = static_cast<int64_t>(function.args[parsed.arg].shape.size());
    parsed.dim =
        static_cast<int>(reader.integerAt(term, at, "dim", 0, rank - 1));
    parsed.coefficient = reader.integerAt(term, at, "coef", -kAnySize);
    index.terms.push_back(parsed);
  });
  return index;
}

/// Symbols come from the package itself, never from a library it needs.
static std::string parseSymbol(Reader &reader, const json &value,
                               const std::string &path, const char *key) {
  std::string symbol = reader.text(value, path, key);
  if (symbol.rfind(kSymbolPrefix, 0) != 0)
    reader.fail(path + "." + key,
                std::string("a symbol that starts with ") + kSymbolPrefix);
  return symbol;
}

static ResultJudge parseJudge(Reader &reader, const json &value,
                              const std::string &path, int64_t rank,
                              const FunctionDescription &function) {
  ResultJudge judge;
  judge.reference = parseSymbol(reader, value, path, "reference");
  judge.baseline = parseSymbol(reader, value, path, "baseline");
  reader.each(value, path, "rows", [&](const json &dim, const auto &at) {
    int row = static_cast<int>(reader.integer(dim, at, 0, rank - 1));
    if (std::count(judge.rowDims.begin(), judge.rowDims.end(), row))
      reader.fail(at, "another dimension than those before it");
    judge.rowDims.push_back(row);
  });
  judge.chain = reader.integerAt(value, path, "chain", 0);
  reader.each(value, path, "edges", [&](const json &edge, const auto &at) {
    judge.edges.push_back(parseEdge(reader, edge, at, function));
  });
  return judge;
}

static ResultType parseResult(Reader &reader, const json &value,
                              const std::string &path,
                              const FunctionDescription &function) {
  ResultType result{};
  static_cast<TensorType &>(result) = parseTensor(reader, value, path);
  if (!isFloat(result.type))
    reader.fail(path + ".type", "a floating-point type");
  result.role = reader.text(value, path, "role");
  if (const json *judge = reader.member(value, path, "judge"))
    result.judge =
        parseJudge(reader, *judge, path + ".judge",
                   static_cast<int64_t>(result.shape.size()), function);
  return result;
}

static FunctionDescription parseFunction(Reader &reader, const json &value,
                                         const std::string &path) {
  FunctionDescription function;
  function.name = reader.text(value, path, "name");
  function.gradientOf = reader.textOrNull(value, path, "gradient_of");
  function.entry = parseSymbol(reader, value, path, "entry");
  function.shapes = parseSymbol(reader, value, path, "shapes");
  function.flops = parseSymbol(reader, value, path, "flops");
  reader.each(value, path, "args", [&](const json &arg, const auto &at) {
    function.args.push_back(parseArgument(reader, arg, at));
  });
  reader.each(value, path, "results", [&](const json &result, const auto &at) {
    function.results.push_back(parseResult(reader, result, at, function));
  });
  function.kernels = reader.texts(value, path, "kernels");
  return function;
}

static Schedule parseSchedule(Reader &reader, const json &value,
                              const std::string &path) {
  Schedule schedule;
  schedule.text = reader.text(value, path, "text");
  const json *keys = reader.member(value, path, "keys");
  if (!keys)
    return schedule;
  if (!keys->is_object()) {
    reader.fail(path + ".keys", "an object");
    return schedule;
  }
  for (const auto &[key, choice] : keys->items())
    schedule.keys.emplace_back(
        key,
        reader.integer(choice, path + ".keys." + key, -kAnySize, kAnySize));
  return schedule;
}

static void parseBlock(Reader &reader, const json &value,
                       const std::string &path, KernelDescription &kernel) {
  size_t dims = 0;
  reader.each(value, path, "block", [&](const json &size, const auto &at) {
    auto threads = static_cast<uint32_t>(reader.integer(size, at, 1, 1024));
    if (dims < 3)
      kernel.block[dims] = threads;
    ++dims;
  });
  if (dims != 3)
    reader.fail(path + ".block", "three sizes");
}

static KernelDescription parseKernel(Reader &reader, const json &value,
                                     const std::string &path) {
  KernelDescription kernel{};
  kernel.name = reader.text(value, path, "name");
  parseBlock(reader, value, path, kernel);
  kernel.sharedBytes = reader.integerAt(value, path, "smem_bytes", 0);
  kernel.scratchBytes = reader.countOrNull(value, path, "scratch_bytes");
  kernel.registers = reader.countOrNull(value, path, "registers");
  kernel.spillBytes = reader.countOrNull(value, path, "spill_bytes");
  kernel.ptxasWarnings = reader.texts(value, path, "ptxas_warnings");
  kernel.rowsPerTile = reader.integerAt(value, path, "rows_per_tile", 1);
  if (const json *schedule = reader.member(value, path, "schedule"))
    kernel.schedule = parseSchedule(reader, *schedule, path + ".schedule");
  return kernel;
}

static HostTarget parseHostTarget(Reader &reader, const json &value,
                                  const std::string &path) {
  HostTarget target;
  target.name = reader.text(value, path, "target");
  target.features = reader.texts(value, path, "requires");
  return target;
}

static void checkNames(Reader &reader, const PackageDescription &package) {
  std::set<std::string> names;
  for (const FunctionDescription &function : package.functions) {
    if (!names.insert(function.name).second)
      reader.fail("functions",
                  "named differently, got '" + function.name + "' twice");
    for (const std::string &kernel : function.kernels)
      if (!package.findKernel(kernel))
        reader.fail("kernels of function '" + function.name + "'",
                    "described, got no '" + kernel + "'");
  }
}

const KernelDescription *
PackageDescription::findKernel(std::string_view name) const {
  for (const KernelDescription &kernel : kernels)
    if (kernel.name == name)
      return &kernel;
  return nullptr;
}

/// A description is a few levels deep; refusing more keeps the parser's
/// recursion, and the destructor's, off the end of the stack.
static bool nestsTooDeep(std::string_view text) {
  int depth = 0, deepest = 0;
  for (char c : text) {
    depth += c == '[' || c == '{';
    depth -= c == ']' || c == '}';
    deepest = std::max(deepest, depth);
  }
  return deepest > 64;
}

Expected<PackageDescription> attnrt::parseDescription(std::string_view text) {
  if (nestsTooDeep(text))
    return Status::badInput("description: nested too deep");
  json root = json::parse(text.begin(), text.end(), nullptr, false);
  if (root.is_discarded())
    return Status::badInput("description: not JSON");

  Reader reader;
  PackageDescription package;
  reader.integerAt(root, "", "schema", kPackageSchema, kPackageSchema);
  package.compiler = reader.text(root, "", "compiler");
  package.target = reader.text(root, "", "target");
  const json *host = reader.member(root, "", "host");
  if (host && !host->is_null())
    reader.each(root, "", "host", [&](const json &value, const auto &at) {
      package.hostTargets.push_back(parseHostTarget(reader, value, at));
    });
  reader.each(root, "", "functions", [&](const json &value, const auto &at) {
    package.functions.push_back(parseFunction(reader, value, at));
  });
  reader.each(root, "", "kernels", [&](const json &value, const auto &at) {
    package.kernels.push_back(parseKernel(reader, value, at));
  });
  if (!reader.failed())
    checkNames(reader, package);
  if (reader.failed())
    return reader.why();
  return package;
}
