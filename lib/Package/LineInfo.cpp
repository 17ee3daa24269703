//===- LineInfo.cpp - Which operation a line of PTX comes from ------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The lines of `.loc` are those of the IR on tiles as --emit=tile prints it, so
// any tool that reads line information finds them. Names of operations have no
// place in `.loc` before PTX 7.2, so they stand in a comment behind it, where
// people and the simulator read them.
//
//===----------------------------------------------------------------------===//

#include "LineInfo.h"

#include "attn/Dialect/Tile/IR/Origins.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/BinaryFormat/Dwarf.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Regex.h"

using namespace mlir;
using namespace attn;

//===----------------------------------------------------------------------===//
// Locations for LLVM
//===----------------------------------------------------------------------===//

static LLVM::DICompileUnitAttr makeUnit(MLIRContext *context) {
  auto file = LLVM::DIFileAttr::get(context, tile::kTileFileName, "");
  return LLVM::DICompileUnitAttr::get(
      DistinctAttr::create(UnitAttr::get(context)), llvm::dwarf::DW_LANG_C,
      file, StringAttr::get(context, "attn-mlir"), /*isOptimized=*/true,
      LLVM::DIEmissionKind::DebugDirectivesOnly);
}

/// Makes the scope that `.loc` lines of the kernel belong to.
static Location makeScope(LLVM::LLVMFuncOp kernel,
                          LLVM::DICompileUnitAttr unit) {
  MLIRContext *context = kernel.getContext();
  auto scope = LLVM::DISubprogramAttr::get(
      context, DistinctAttr::create(UnitAttr::get(context)), unit,
      unit.getFile(), kernel.getSymNameAttr(), kernel.getSymNameAttr(),
      unit.getFile(), /*line=*/0, /*scopeLine=*/0,
      LLVM::DISubprogramFlags::Definition,
      LLVM::DISubroutineTypeAttr::get(context, {}), {}, {});
  auto place = FileLineColLoc::get(context, tile::kTileFileName, 0, 0);
  return FusedLoc::get(context, {place}, scope);
}

/// PTX is ASCII, and a comment ends with its line. The name of a file may be
/// anything: other characters are written as `\0A`.
static std::string escaped(StringRef text) {
  std::string result;
  llvm::raw_string_ostream stream(result);
  llvm::printEscapedString(text, stream);
  return result;
}

static std::string describe(const tile::Origin &origin, StringRef source) {
  std::string text =
      llvm::formatv("{0} at {1}:{2}:{3}", origin.name, tile::kTileFileName,
                    origin.line, origin.column);
  return escaped(source.empty() ? text : text + ", from " + source.str());
}

static void attachLineInfo(LLVM::LLVMFuncOp kernel,
                           LLVM::DICompileUnitAttr unit, OriginTexts &origins) {
  MLIRContext *context = kernel.getContext();
  StringRef source;
  if (auto attr = kernel->getAttrOfType<StringAttr>(tile::kSourceAttr))
    source = attr.getValue();
  // Most operations share their origin with others.
  llvm::DenseMap<StringAttr, Location> places;
  kernel.getBody().walk([&](Operation *op) {
    auto attr = op->getAttrOfType<StringAttr>(tile::kOriginAttr);
    auto [place, isNew] = places.try_emplace(attr, UnknownLoc::get(context));
    if (isNew && attr)
      if (auto origin = tile::Origin::parse(attr)) {
        origins.try_emplace({origin->line, origin->column},
                            describe(*origin, source));
        place->second = FileLineColLoc::get(context, tile::kTileFileName,
                                            origin->line, origin->column);
      }
    op->setLoc(place->second);
  });
  bool hasOrigins = llvm::any_of(
      places, [](auto &place) { return isa<FileLineColLoc>(place.second); });
  if (hasOrigins)
    kernel->setLoc(makeScope(kernel, unit));
}

OriginTexts attn::attachLineInfo(gpu::GPUModuleOp kernels) {
  OriginTexts origins;
  LLVM::DICompileUnitAttr unit = makeUnit(kernels.getContext());
  for (auto kernel : kernels.getOps<LLVM::LLVMFuncOp>())
    if (!kernel.isExternal())
      ::attachLineInfo(kernel, unit, origins);
  return origins;
}

//===----------------------------------------------------------------------===//
// PTX text
//===----------------------------------------------------------------------===//

/// Line and column of ".loc 1 77 9".
static std::optional<std::pair<unsigned, unsigned>> parseLoc(StringRef line) {
  SmallVector<StringRef> words;
  llvm::SplitString(line, words);
  unsigned row, column;
  if (words.size() < 4 || words[0] != ".loc" ||
      words[2].getAsInteger(10, row) || words[3].getAsInteger(10, column))
    return std::nullopt;
  return std::pair(row, column);
}

std::string attn::annotateLines(StringRef ptx, const OriginTexts &origins) {
  std::string text;
  text.reserve(ptx.size() + ptx.size() / 8);
  while (!ptx.empty()) {
    auto [line, rest] = ptx.split('\n');
    text += line;
    if (auto place = parseLoc(line))
      if (auto origin = origins.find(*place); origin != origins.end())
        text += " // " + origin->second;
    if (line.size() < ptx.size())
      text += '\n';
    ptx = rest;
  }
  return text;
}

/// The comment of the last `.loc` up to a line; empty where a function begins
/// in between.
static StringRef originOf(StringRef ptx, unsigned number) {
  StringRef origin;
  for (unsigned i = 0; i < number && !ptx.empty(); ++i) {
    auto [line, rest] = ptx.split('\n');
    if (line.starts_with("{"))
      origin = "";
    if (parseLoc(line))
      origin = line.split("// ").second;
    ptx = rest;
  }
  return origin;
}

std::string attn::nameLines(StringRef log, StringRef ptx) {
  llvm::Regex pattern("line ([0-9]+)");
  std::string text;
  SmallVector<StringRef, 2> match;
  while (pattern.match(log, &match)) {
    size_t end = match[0].end() - log.begin();
    text += log.take_front(end);
    log = log.drop_front(end);
    unsigned number = 0;
    StringRef origin;
    if (!match[1].getAsInteger(10, number))
      origin = originOf(ptx, number);
    if (!origin.empty())
      text += " (" + origin.str() + ")";
  }
  return text + log.str();
}
