//===- PackageWriter.cpp - From a module to a package ---------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "attn/Package/PackageWriter.h"

#include "AbiTypes.h"
#include "Kernels.h"
#include "attn/Package/TemporaryFile.h"
#include "attnrt/PackageFormat.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

using namespace mlir;
using namespace attn;
namespace json = llvm::json;

//===----------------------------------------------------------------------===//
// Description
//===----------------------------------------------------------------------===//

static json::Value toJson(Attribute attr) {
  if (auto integer = dyn_cast_or_null<IntegerAttr>(attr))
    return integer.getInt();
  if (auto text = dyn_cast_or_null<StringAttr>(attr))
    return text.getValue().str();
  if (auto array = dyn_cast_or_null<ArrayAttr>(attr)) {
    json::Array values;
    for (Attribute element : array)
      values.push_back(toJson(element));
    return values;
  }
  if (auto dictionary = dyn_cast_or_null<DictionaryAttr>(attr)) {
    json::Object object;
    for (NamedAttribute entry : dictionary)
      object[entry.getName().str()] = toJson(entry.getValue());
    return object;
  }
  return nullptr;
}

static json::Object toObject(Attribute dictionary) {
  return std::move(*toJson(dictionary).getAsObject());
}

/// The type, beside what else is said of the argument or result.
static json::Object describeTensor(Type type, Attribute more) {
  auto tensor = cast<RankedTensorType>(type);
  json::Array shape;
  for (int64_t size : tensor.getShape())
    shape.push_back(ShapedType::isDynamic(size) ? json::Value(nullptr)
                                                : json::Value(size));
  std::string element;
  llvm::raw_string_ostream(element) << tensor.getElementType();
  json::Object object = toObject(more);
  object["shape"] = std::move(shape);
  object["type"] = element;
  return object;
}

static json::Object functionObject(LLVM::LLVMFuncOp entry,
                                   DictionaryAttr facts) {
  auto type = cast<FunctionType>(facts.getAs<TypeAttr>("type").getValue());
  std::string symbol = entry.getSymName().str();
  json::Array args, results;
  for (auto [argument, more] :
       llvm::zip_equal(type.getInputs(), facts.getAs<ArrayAttr>("args")))
    args.push_back(describeTensor(argument, more));
  for (auto [result, more] :
       llvm::zip_equal(type.getResults(), facts.getAs<ArrayAttr>("results"))) {
    json::Object object = describeTensor(result, more);
    json::Object &judge = *object.getObject("judge");
    judge["reference"] = symbol + attnrt::kReferenceSuffix;
    judge["baseline"] = symbol + attnrt::kBaselineSuffix;
    results.push_back(std::move(object));
  }
  Attribute gradientOf = facts.get("gradient_of");
  return json::Object{
      {"name", toJson(facts.get("name"))},
      {"gradient_of", gradientOf ? toJson(gradientOf) : json::Value(nullptr)},
      {"entry", symbol},
      {"shapes", symbol + attnrt::kShapesSuffix},
      {"flops", symbol + attnrt::kFlopsSuffix},
      {"args", std::move(args)},
      {"results", std::move(results)},
      {"kernels", toJson(facts.get("kernels"))}};
}

static json::Object kernelObject(DictionaryAttr facts) {
  auto warnings = facts.getAs<ArrayAttr>("ptxas_warnings");
  return json::Object{
      {"name", toJson(facts.get("name"))},
      {"block", json::Array{toJson(facts.get("threads")), 1, 1}},
      {"smem_bytes", toJson(facts.get("smem_bytes"))},
      {"scratch_bytes", toJson(facts.get("scratch_bytes"))},
      {"registers", toJson(facts.get("registers"))},
      {"spill_bytes", toJson(facts.get("spill_bytes"))},
      {"ptxas_warnings", warnings ? toJson(warnings) : json::Array()},
      {"rows_per_tile", toJson(facts.get("rows_per_tile"))},
      {"schedule", toJson(facts.get("schedule"))}};
}

/// What processors must have to run the targets' code; null where these are
/// GPUs.
static json::Value describeHost(ArrayRef<StringRef> targets) {
  if (targets.empty())
    return nullptr;
  json::Array host;
  for (StringRef name : targets) {
    const TargetDesc *target = lookupTarget(name);
    if (!target || !target->isProcessor())
      return nullptr;
    json::Array features;
    for (StringRef feature : target->processor->required)
      features.push_back(feature.str());
    host.push_back(
        json::Object{{"target", name}, {"requires", std::move(features)}});
  }
  return host;
}

json::Object attn::describePackage(ModuleOp module) {
  json::Array functions, kernels;
  llvm::SetVector<StringRef> targets;
  for (auto entry : module.getOps<LLVM::LLVMFuncOp>())
    if (auto facts = entry->getAttrOfType<DictionaryAttr>(abi::kFunctionAttr))
      functions.push_back(functionObject(entry, facts));
  for (auto global : module.getOps<LLVM::GlobalOp>())
    if (auto facts = global->getAttrOfType<DictionaryAttr>(abi::kKernelAttr)) {
      targets.insert(facts.getAs<StringAttr>("target").getValue());
      kernels.push_back(kernelObject(facts));
    }
  // Globals were put in front of one another.
  std::reverse(kernels.begin(), kernels.end());
  return json::Object{{"schema", attnrt::kPackageSchema},
                      {"compiler", "attn-mlir " ATTN_VERSION},
                      {"target", targets.empty() ? json::Value(nullptr)
                                                 : llvm::join(targets, ",")},
                      {"host", describeHost(targets.getArrayRef())},
                      {"functions", std::move(functions)},
                      {"kernels", std::move(kernels)}};
}

static void append(json::Object &to, json::Object &from, StringRef key) {
  for (json::Value &value : *from.getArray(key))
    to.getArray(key)->push_back(std::move(value));
}

/// Functions are those of the first, with the kernels of all.
json::Object attn::mergeDescriptions(std::vector<json::Object> ofTargets) {
  json::Object merged = std::move(ofTargets.front());
  for (json::Object &other : llvm::drop_begin(ofTargets)) {
    merged["target"] =
        (*merged.getString("target") + "," + *other.getString("target")).str();
    for (auto [function, same] : llvm::zip_equal(*merged.getArray("functions"),
                                                 *other.getArray("functions")))
      append(*function.getAsObject(), *same.getAsObject(), "kernels");
    append(merged, other, "host");
    append(merged, other, "kernels");
  }
  return merged;
}

//===----------------------------------------------------------------------===//
// Link
//===----------------------------------------------------------------------===//

std::optional<std::string> attn::findLinker() {
  if (const char *path = std::getenv("ATTN_LLD"))
    return std::string(path);
  for (StringRef name : {"ld.lld-22", "ld.lld"})
    if (auto found = llvm::sys::findProgramByName(name))
      return *found;
  if (auto found =
          llvm::sys::findProgramByName("ld.lld", {ATTN_LLVM_TOOLS_DIR}))
    return *found;
  return std::nullopt;
}

static llvm::Error linkError(const Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

/// The file that a package at `path` replaces: what a link leads to, and
/// nothing that is no file, such as a device.
static llvm::Expected<std::string> replaceableFile(StringRef path) {
  llvm::sys::fs::file_status status;
  if (llvm::sys::fs::status(path, status))
    return path.str(); // nothing is there yet
  if (!llvm::sys::fs::is_regular_file(status))
    return linkError("cannot write `" + path + "`: not a regular file");
  SmallString<128> resolved;
  if (auto error = llvm::sys::fs::real_path(path, resolved))
    return linkError("cannot write `" + path + "`: " + error.message());
  return resolved.str().str();
}

/// Runs the linker; the first line of its complaint is the error.
static llvm::Error link(StringRef linker, ArrayRef<std::string> objects,
                        StringRef name, StringRef output) {
  std::vector<TemporaryFile> files(objects.size());
  TemporaryFile log;
  bool areWritten = log.create("log");
  SmallVector<StringRef> arguments = {
      linker,        "-shared",          "--build-id=none", "-z",
      "noexecstack", "--hash-style=gnu", "-soname",         name};
  for (auto [file, object] : llvm::zip_equal(files, objects)) {
    areWritten = areWritten && file.create("o", object);
    arguments.push_back(file.getPath());
  }
  if (!areWritten)
    return linkError("no temporary file could be made");
  arguments.append({"-o", output});
  std::optional<StringRef> redirects[] = {StringRef(), log.getPath(),
                                          log.getPath()};
  if (llvm::sys::ExecuteAndWait(linker, arguments, std::nullopt, redirects) ==
      0)
    return llvm::Error::success();
  auto text = llvm::MemoryBuffer::getFile(log.getPath());
  return linkError("linking failed: " +
                   (text ? (*text)->getBuffer().split('\n').first : ""));
}

llvm::Error attn::linkPackage(ArrayRef<std::string> objects, StringRef path) {
  llvm::Expected<std::string> target = replaceableFile(path);
  if (!target)
    return target.takeError();
  std::optional<std::string> linker = findLinker();
  if (!linker)
    return linkError("no linker found (ld.lld)");
  SmallString<128> shared;
  auto cleanUp = llvm::scope_exit([&] {
    if (!shared.empty())
      llvm::sys::fs::remove(shared);
  });
  // The file is made beside the result, so that it can be renamed into place.
  if (auto error =
          llvm::sys::fs::createUniqueFile(*target + ".tmp-%%%%%%", shared))
    return linkError("cannot write `" + path + "`: " + error.message());
  if (llvm::Error error =
          link(*linker, objects, llvm::sys::path::filename(path), shared))
    return error;
  // Temporary files are private; a package is as the user's umask says.
  llvm::sys::fs::setPermissions(shared, static_cast<llvm::sys::fs::perms>(
                                            0777 & ~llvm::sys::fs::getUmask()));
  if (auto error = llvm::sys::fs::rename(shared, *target))
    return linkError("cannot write `" + path + "`: " + error.message());
  return llvm::Error::success();
}
