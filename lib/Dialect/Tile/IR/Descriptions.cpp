//===- Descriptions.cpp - What packages say of a function -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   tile.args = [{roles = ["query"]}, …]
//   tile.results = [{role = "attention", judge = {rows = [0, 1, 2], chain = 4,
//     edges = [{const = -1, terms = [{arg = 0, dim = 2, coef = 1}]}]}}]
//
// attnrt/PackageFormat.h explains the entries. Readers of packages refuse what
// is refused here.
//
//===----------------------------------------------------------------------===//
#include "Descriptions.h"

#include "attn/Dialect/Tile/IR/AttributeNames.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/StringExtras.h"

#include <limits>

using namespace mlir;

namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

/// Follows one attribute downwards and says where in it something is wrong.
class DescriptionVerifier {
public:
  explicit DescriptionVerifier(FunctionOpInterface function)
      : function(function) {}

  LogicalResult verifyArgs(Attribute value);
  LogicalResult verifyResults(Attribute value);

private:
  using Visit = function_ref<LogicalResult(Attribute, const Twine &)>;
  using Keys = ArrayRef<StringRef>;

  LogicalResult refuse(const Twine &path, const Twine &expected,
                       Attribute value) {
    InFlightDiagnostic error = function->emitOpError("expected `")
                               << path << "` to be " << expected;
    if (value)
      return error << ", got " << value;
    return error << ", which is missing";
  }

  LogicalResult verifyDictionary(Attribute value, const Twine &path, Keys keys);
  LogicalResult verifyInteger(Attribute value, const Twine &path, int64_t least,
                              int64_t most);
  LogicalResult verifyArray(Attribute value, const Twine &path, Visit visit);
  LogicalResult verifyEntries(Attribute value, StringRef name,
                              ArrayRef<Type> types, StringRef what,
                              Visit visit);
  LogicalResult verifyText(Attribute value, const Twine &path);
  LogicalResult verifyTerm(Attribute value, const Twine &path);
  LogicalResult verifyEdge(Attribute value, const Twine &path);
  LogicalResult verifyRows(Attribute value, const Twine &path, int64_t rank);
  LogicalResult verifyJudge(Attribute value, const Twine &path, int64_t rank);

  FunctionOpInterface function;
};

} // namespace

static Attribute entry(Attribute dictionary, StringRef key) {
  return cast<DictionaryAttr>(dictionary).get(key);
}

static int64_t rankOf(Type type) {
  auto shaped = dyn_cast<ShapedType>(type);
  return shaped && shaped.hasRank() ? shaped.getRank() : 0;
}

//===----------------------------------------------------------------------===//
// Kinds
//===----------------------------------------------------------------------===//

/// Entries that are missing are refused where their values are verified.
LogicalResult DescriptionVerifier::verifyDictionary(Attribute value,
                                                    const Twine &path,
                                                    Keys keys) {
  auto dictionary = dyn_cast_or_null<DictionaryAttr>(value);
  if (!dictionary)
    return refuse(path, "a dictionary", value);
  for (NamedAttribute named : dictionary)
    if (!llvm::is_contained(keys, named.getName().strref()))
      return refuse(path, "a dictionary of " + llvm::join(keys, ", "), value);
  return success();
}

LogicalResult DescriptionVerifier::verifyInteger(Attribute value,
                                                 const Twine &path,
                                                 int64_t least, int64_t most) {
  auto integer = dyn_cast_or_null<IntegerAttr>(value);
  if (integer && integer.getType().isSignlessInteger(64) &&
      integer.getInt() >= least && integer.getInt() <= most)
    return success();
  if (most != kMost)
    return refuse(path, "an i64 in " + Twine(least) + ".." + Twine(most),
                  value);
  return refuse(path, least == 0 ? "an i64 of at least 0" : "an i64", value);
}

LogicalResult DescriptionVerifier::verifyText(Attribute value,
                                              const Twine &path) {
  if (isa_and_nonnull<StringAttr>(value))
    return success();
  return refuse(path, "a string", value);
}

LogicalResult DescriptionVerifier::verifyArray(Attribute value,
                                               const Twine &path, Visit visit) {
  auto array = dyn_cast_or_null<ArrayAttr>(value);
  if (!array)
    return refuse(path, "an array", value);
  for (auto [i, element] : llvm::enumerate(array))
    if (failed(visit(element, path + "[" + Twine(i) + "]")))
      return failure();
  return success();
}

/// An array of one element for each of `types`.
LogicalResult DescriptionVerifier::verifyEntries(Attribute value,
                                                 StringRef name,
                                                 ArrayRef<Type> types,
                                                 StringRef what, Visit visit) {
  auto array = dyn_cast<ArrayAttr>(value);
  if (array && array.size() == types.size())
    return verifyArray(array, name, visit);
  return function->emitOpError("expected `")
         << name << "` to be an array of " << types.size()
         << ", one entry for each " << what << ", got " << value;
}

//===----------------------------------------------------------------------===//
// Entries
//===----------------------------------------------------------------------===//

LogicalResult DescriptionVerifier::verifyTerm(Attribute value,
                                              const Twine &path) {
  ArrayRef<Type> types = function.getArgumentTypes();
  if (failed(verifyDictionary(value, path, {"arg", "dim", "coef"})) ||
      failed(verifyInteger(entry(value, "arg"), path + ".arg", 0,
                           static_cast<int64_t>(types.size()) - 1)))
    return failure();
  int64_t arg = cast<IntegerAttr>(entry(value, "arg")).getInt();
  return success(succeeded(verifyInteger(entry(value, "dim"), path + ".dim", 0,
                                         rankOf(types[arg]) - 1)) &&
                 succeeded(verifyInteger(entry(value, "coef"), path + ".coef",
                                         -kMost, kMost)));
}

LogicalResult DescriptionVerifier::verifyEdge(Attribute value,
                                              const Twine &path) {
  if (failed(verifyDictionary(value, path, {"const", "terms"})) ||
      failed(
          verifyInteger(entry(value, "const"), path + ".const", -kMost, kMost)))
    return failure();
  return verifyArray(
      entry(value, "terms"), path + ".terms",
      [&](Attribute term, const Twine &at) { return verifyTerm(term, at); });
}

LogicalResult DescriptionVerifier::verifyRows(Attribute value,
                                              const Twine &path, int64_t rank) {
  SmallVector<Attribute> before;
  return verifyArray(value, path, [&](Attribute dim, const Twine &at) {
    if (failed(verifyInteger(dim, at, 0, rank - 1)))
      return failure();
    if (llvm::is_contained(before, dim))
      return LogicalResult(
          refuse(at, "another dimension than those before it", dim));
    before.push_back(dim);
    return LogicalResult(success());
  });
}

LogicalResult DescriptionVerifier::verifyJudge(Attribute value,
                                               const Twine &path,
                                               int64_t rank) {
  if (failed(verifyDictionary(value, path, {"rows", "chain", "edges"})) ||
      failed(verifyRows(entry(value, "rows"), path + ".rows", rank)) ||
      failed(verifyInteger(entry(value, "chain"), path + ".chain", 0, kMost)))
    return failure();
  return verifyArray(
      entry(value, "edges"), path + ".edges",
      [&](Attribute edge, const Twine &at) { return verifyEdge(edge, at); });
}

LogicalResult DescriptionVerifier::verifyArgs(Attribute value) {
  auto visit = [&](Attribute arg, const Twine &path) -> LogicalResult {
    if (failed(verifyDictionary(arg, path, {"roles"})))
      return failure();
    return verifyArray(
        entry(arg, "roles"), path + ".roles",
        [&](Attribute role, const Twine &at) { return verifyText(role, at); });
  };
  return verifyEntries(value, attn::tile::kArgsAttr,
                       function.getArgumentTypes(), "argument", visit);
}

LogicalResult DescriptionVerifier::verifyResults(Attribute value) {
  ArrayRef<Type> types = function.getResultTypes();
  size_t number = 0;
  auto visit = [&](Attribute result, const Twine &path) -> LogicalResult {
    int64_t rank = rankOf(types[number++]);
    if (failed(verifyDictionary(result, path, {"role", "judge"})) ||
        failed(verifyText(entry(result, "role"), path + ".role")))
      return failure();
    return verifyJudge(entry(result, "judge"), path + ".judge", rank);
  };
  return verifyEntries(value, attn::tile::kResultsAttr, types, "result", visit);
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

static FailureOr<DescriptionVerifier> verifierFor(Operation *op,
                                                  StringRef name) {
  if (auto function = dyn_cast<FunctionOpInterface>(op))
    return DescriptionVerifier(function);
  return op->emitOpError("expected `") << name << "` on a function";
}

LogicalResult attn::tile::verifyArgsAttr(Operation *op, Attribute value) {
  FailureOr<DescriptionVerifier> verifier = verifierFor(op, kArgsAttr);
  return failed(verifier) ? failure() : verifier->verifyArgs(value);
}

LogicalResult attn::tile::verifyResultsAttr(Operation *op, Attribute value) {
  FailureOr<DescriptionVerifier> verifier = verifierFor(op, kResultsAttr);
  return failed(verifier) ? failure() : verifier->verifyResults(value);
}
