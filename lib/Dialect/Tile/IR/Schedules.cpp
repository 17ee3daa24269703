//===- Schedules.cpp - Schedules as attributes ----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Text and ranges follow from the tables of keys. Written out here are only the
// rules between keys.
//
//===----------------------------------------------------------------------===//
#include "attn/Dialect/Tile/IR/Schedules.h"

#include "attn/Dialect/Tile/IR/Tile.h"
#include "attn/Target/MmaAtom.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace attn;
using namespace attn::tile;

using EmitError = function_ref<InFlightDiagnostic()>;

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

template <typename Keys>
static LogicalResult verifyRange(EmitError emitError, const KeyInfo<Keys> &key,
                                 int64_t value) {
  if (value >= key.least && value <= key.most)
    return success();
  return emitError() << "expected schedule key `" << key.name << "` in "
                     << key.least << ".." << key.most << ", got " << value;
}

template <typename Keys>
static LogicalResult verifyRanges(EmitError emitError, const Keys &keys) {
  for (const KeyInfo<Keys> &key : keyTable<Keys>())
    if (failed(verifyRange(emitError, key, key.get(keys))))
      return failure();
  return success();
}

template <typename Keys>
static ParseResult parseKey(AsmParser &parser, Keys &keys,
                            llvm::StringSet<> &given) {
  StringRef name;
  int64_t value;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseKeyword(&name))
    return failure();
  const KeyInfo<Keys> *key = lookupKey<Keys>(name);
  if (!key)
    return parser.emitError(loc)
           << "expected schedule keys " << keyNames<Keys>() << ", got `" << name
           << "`";
  if (!given.insert(name).second)
    return parser.emitError(loc)
           << "expected schedule key `" << name << "` once";
  if (parser.parseEqual() || parser.parseInteger(value) ||
      failed(verifyRange([&] { return parser.emitError(loc); }, *key, value)))
    return failure();
  key->set(keys, value);
  return success();
}

/// `<` key `=` value `,` … `>`
template <typename Keys>
static FailureOr<Keys> parseKeys(AsmParser &parser) {
  Keys keys;
  llvm::StringSet<> given;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::LessGreater, [&] {
        return parseKey(parser, keys, given);
      }))
    return failure();
  for (const KeyInfo<Keys> &key : keyTable<Keys>())
    if (key.isRequired() && !given.contains(key.name))
      return parser.emitError(loc)
             << "expected schedule key `" << key.name << "`";
  return keys;
}

template <typename Keys>
static void printKeys(AsmPrinter &printer, const Keys &keys) {
  printer << '<';
  StringRef separator = "";
  for (const KeyInfo<Keys> &key : keyTable<Keys>()) {
    if (!key.isWritten(keys))
      continue;
    printer << separator << key.name << " = " << key.get(keys);
    separator = ", ";
  }
  printer << '>';
}

template <typename Keys>
static LogicalResult parseFlagOf(StringRef text, Keys &keys,
                                 llvm::StringSet<> &given,
                                 EmitError emitError) {
  SmallVector<StringRef> parts;
  text.split(parts, ',', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (StringRef part : parts) {
    auto [left, right] = part.split('=');
    StringRef name = left.trim(), number = right.trim();
    const KeyInfo<Keys> *key = lookupKey<Keys>(name);
    if (!key)
      return emitError() << "expected schedule keys " << keyNames<Keys>()
                         << ", got `" << name << "`";
    int64_t value;
    if (number.getAsInteger(10, value))
      return emitError() << "expected an integer for schedule key `" << name
                         << "`, got `" << number << "`";
    if (failed(verifyRange(emitError, *key, value)))
      return failure();
    if (!given.insert(name).second)
      return emitError() << "expected schedule key `" << name << "` once";
    key->set(keys, value);
  }
  return success();
}

LogicalResult tile::parseFlag(StringRef text, AttentionKeys &keys,
                              llvm::StringSet<> &given, EmitError emitError) {
  return parseFlagOf(text, keys, given, emitError);
}

LogicalResult tile::parseFlag(StringRef text, GradientKeys &keys,
                              llvm::StringSet<> &given, EmitError emitError) {
  return parseFlagOf(text, keys, given, emitError);
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

static constexpr int64_t kWarpgroup = CtaAttr::kWarpgroup;

/// Checks that keys which need producers are off without them.
static LogicalResult verifyWithoutProducers(EmitError emitError,
                                            const AttentionKeys &keys) {
  for (StringRef name : {"persistent", "prefetch", "turns", "overlap"})
    if (int64_t value = lookupKey<AttentionKeys>(name)->get(keys))
      return emitError() << "expected schedule key `" << name
                         << "` to be 0 without `producers`, got " << value;
  return success();
}

static LogicalResult verifyWarpgroups(EmitError emitError,
                                      const AttentionKeys &keys) {
  int64_t mostWarps = lookupKey<AttentionKeys>("warps")->most - keys.producers;
  int64_t rows = WarpFragment::kRows * keys.warps;
  if (keys.producers != kWarpgroup)
    return emitError() << "expected schedule key `producers` to be 0 or "
                       << kWarpgroup << ", got " << keys.producers;
  if (keys.warps % kWarpgroup != 0)
    return emitError() << "expected schedule key `warps` to be a multiple of "
                       << kWarpgroup << " beside producers, got " << keys.warps;
  if (keys.warps > mostWarps)
    return emitError() << "expected schedule key `warps` to be at most "
                       << mostWarps << " beside producers, got " << keys.warps;
  if (keys.q != rows)
    return emitError() << "expected schedule key `q` to be " << rows << " ("
                       << WarpFragment::kRows << " rows for each of "
                       << keys.warps << " warps beside producers), got "
                       << keys.q;
  constexpr int64_t kMostColumns = 256;
  if (keys.kv > kMostColumns)
    return emitError() << "expected schedule key `kv` in 16.." << kMostColumns
                       << " beside producers, got " << keys.kv;
  return success();
}

static LogicalResult verifyTurns(EmitError emitError,
                                 const AttentionKeys &keys) {
  if (keys.prefetch && keys.persistent == Persistence::OneTile)
    return emitError()
           << "expected schedule key `prefetch` to be 0 where a CTA "
              "has one query tile, got "
           << int64_t(keys.prefetch);
  if (keys.turns == Turns::Products && !keys.overlap)
    return emitError() << "expected schedule key `turns` to be 0 or 1 where "
                          "products do not overlap, got "
                       << int64_t(keys.turns);
  if (keys.turns != Turns::Nothing && keys.warps < 2 * kWarpgroup)
    return emitError() << "expected schedule key `warps` to be at least "
                       << 2 * kWarpgroup << " where warpgroups take turns, got "
                       << keys.warps;
  return success();
}

/// * every key is in its range;
/// * `q` is a multiple of 16 rows a warp, `kv` of 16 keys;
/// * `heads` is a power of two that divides `q`;
/// * with producers, whole warpgroups of 16 rows a warp, and one of producers;
/// * what only those can do is off without them;
/// * `longest` orders the tiles of CTAs that compute one each.
LogicalResult ScheduleAttr::verify(EmitError emitError, AttentionKeys keys) {
  if (failed(verifyRanges(emitError, keys)))
    return failure();
  constexpr int64_t kStep = 16;
  int64_t rows = WarpFragment::kRows * keys.warps;
  if (rows != 0 && keys.q % rows != 0)
    return emitError() << "expected schedule key `q` to be a multiple of "
                       << rows << " (" << WarpFragment::kRows
                       << " rows for each of " << keys.warps << " warps), got "
                       << keys.q;
  if (keys.kv % kStep != 0)
    return emitError() << "expected schedule key `kv` to be a multiple of "
                       << kStep << ", got " << keys.kv;
  if (!llvm::isPowerOf2_64(keys.heads) || keys.q % keys.heads != 0)
    return emitError() << "expected schedule key `heads` to be a power of two "
                          "that divides the "
                       << keys.q << " rows of `q`, got " << keys.heads;
  if (keys.warps == 0 && keys.stages != 1)
    return emitError() << "expected schedule key `stages` to be 1 without "
                          "warps, got "
                       << keys.stages;
  if (keys.longest &&
      (keys.warps == 0 || keys.persistent != Persistence::OneTile))
    return emitError() << "expected schedule key `longest` to be 0 without "
                          "warps and beside `persistent`, got 1";
  if (keys.producers == 0)
    return verifyWithoutProducers(emitError, keys);
  if (failed(verifyWarpgroups(emitError, keys)))
    return failure();
  return verifyTurns(emitError, keys);
}

Attribute ScheduleAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  FailureOr<AttentionKeys> keys = parseKeys<AttentionKeys>(parser);
  if (failed(keys))
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    *keys);
}

void ScheduleAttr::print(AsmPrinter &printer) const {
  printKeys(printer, getKeys());
}

ScheduleAttr ScheduleAttr::withSplit(int64_t split) const {
  AttentionKeys keys = getKeys();
  keys.split = split;
  return get(getContext(), keys);
}

//===----------------------------------------------------------------------===//
// Gradients
//===----------------------------------------------------------------------===//

static LogicalResult verifyWarpgroups(EmitError emitError,
                                      const GradientKeys &keys) {
  constexpr int64_t kMostStep = 256;
  int64_t rows = WarpFragment::kRows * keys.warps;
  if (keys.producers != kWarpgroup)
    return emitError() << "expected schedule key `producers` to be 0 or "
                       << kWarpgroup << ", got " << keys.producers;
  if (keys.warps == 0 || keys.warps % kWarpgroup != 0 ||
      keys.warps + keys.producers > CtaAttr::kMostWarps)
    return emitError() << "expected schedule key `warps` to be a multiple of "
                       << kWarpgroup << " up to "
                       << CtaAttr::kMostWarps - keys.producers
                       << " beside producers, got " << keys.warps;
  if (keys.rows != rows)
    return emitError() << "expected schedule key `rows` to be " << rows << " ("
                       << WarpFragment::kRows << " rows for each of "
                       << keys.warps << " warps beside producers), got "
                       << keys.rows;
  if (keys.step > kMostStep)
    return emitError() << "expected schedule key `step` in 16.." << kMostStep
                       << " beside producers, got " << keys.step;
  return success();
}

/// * every key is in its range;
/// * `rows` is a multiple of 16 rows a warp, `step` of 16;
/// * with producers, whole warpgroups of 16 rows a warp, and one of producers;
/// * products overlap only beside producers.
LogicalResult GradientScheduleAttr::verify(EmitError emitError,
                                           GradientKeys keys) {
  if (failed(verifyRanges(emitError, keys)))
    return failure();
  constexpr int64_t kStep = 16;
  int64_t rows = WarpFragment::kRows * keys.warps;
  if (rows != 0 && keys.rows % rows != 0)
    return emitError() << "expected schedule key `rows` to be a multiple of "
                       << rows << " (" << WarpFragment::kRows
                       << " rows for each of " << keys.warps << " warps), got "
                       << keys.rows;
  if (keys.step % kStep != 0)
    return emitError() << "expected schedule key `step` to be a multiple of "
                       << kStep << ", got " << keys.step;
  if (keys.warps == 0 && keys.stages != 1)
    return emitError() << "expected schedule key `stages` to be 1 without "
                          "warps, got "
                       << keys.stages;
  if (keys.producers)
    return verifyWarpgroups(emitError, keys);
  if (keys.overlap)
    return emitError() << "expected schedule key `overlap` to be 0 without "
                          "`producers`, got 1";
  return success();
}

Attribute GradientScheduleAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  FailureOr<GradientKeys> keys = parseKeys<GradientKeys>(parser);
  if (failed(keys))
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    *keys);
}

void GradientScheduleAttr::print(AsmPrinter &printer) const {
  printKeys(printer, getKeys());
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

/// * every key is in its range;
/// * no warp only copies.
LogicalResult RowScheduleAttr::verify(EmitError emitError, RowKeys keys) {
  if (failed(verifyRanges(emitError, keys)))
    return failure();
  if (keys.producers)
    return emitError() << "expected schedule key `producers` to be 0 where "
                          "kernels map rows to rows, got "
                       << keys.producers;
  return success();
}

Attribute RowScheduleAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  FailureOr<RowKeys> keys = parseKeys<RowKeys>(parser);
  if (failed(keys))
    return {};
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(),
                    *keys);
}

void RowScheduleAttr::print(AsmPrinter &printer) const {
  printKeys(printer, getKeys());
}
