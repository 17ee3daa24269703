//===- RegionTiles.cpp - Regions of attention on tiles --------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RegionTiles.h"

#include "attn/Dialect/Attn/Transforms/IndexIntervals.h"
#include "attn/Dialect/Attn/Transforms/KeepConstraints.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/DenseSet.h"

#include <optional>

using namespace mlir;
using namespace attn;

using Shape = std::array<int64_t, 2>;

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

/// 1 x 1 for a scalar.
static Shape shapeOf(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type ? Shape{type.getDimSize(0), type.getDimSize(1)} : Shape{1, 1};
}

static bool isScalar(Value value) {
  return !isa<RankedTensorType>(value.getType());
}

static Shape commonShape(ValueRange values) {
  Shape shape = {1, 1};
  for (Value value : values) {
    Shape from = shapeOf(value);
    shape = {std::max(shape[0], from[0]), std::max(shape[1], from[1])};
  }
  return shape;
}

static Value broadcastTo(TileBuilder &b, Value value, Shape shape) {
  auto type = RankedTensorType::get(shape, getElementTypeOrSelf(value));
  if (value.getType() == type)
    return value;
  if (isScalar(value))
    return tensor::SplatOp::create(b, type, value);
  return tile::BroadcastOp::create(b, type, value);
}

/// Of the type `element`, and in the shape of `like`.
static Type typeLike(Value like, Type element) {
  auto type = dyn_cast<RankedTensorType>(like.getType());
  return type ? Type(type.clone(element)) : element;
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

Value RegionTiles::emitConstant(arith::ConstantOp constant) {
  if (!constant.getType().isIndex())
    return arith::ConstantOp::create(b, constant.getValue());
  return arith::ConstantIntOp::create(
      b, cast<IntegerAttr>(constant.getValue()).getInt(), 32);
}

/// Constants may stand outside of the region.
Value RegionTiles::lookup(Value value, IRMapping &map) {
  if (Value known = map.lookupOrNull(value))
    return known;
  Value emitted = emitConstant(value.getDefiningOp<arith::ConstantOp>());
  map.map(value, emitted);
  return emitted;
}

/// Between integers, one of which may have been `index`.
Value RegionTiles::emitCast(Value value, Type type, bool isSigned) {
  Type from = getElementTypeOrSelf(value);
  Type to = type.isIndex() ? b.getI32Type() : type;
  if (from == to)
    return value;
  Type result = typeLike(value, to);
  if (from.getIntOrFloatBitWidth() > to.getIntOrFloatBitWidth())
    return arith::TruncIOp::create(b, result, value);
  if (isSigned)
    return arith::ExtSIOp::create(b, result, value);
  return arith::ExtUIOp::create(b, result, value);
}

static void setContract(Operation *op) {
  auto arithmetic = cast<arith::ArithFastMathInterface>(op);
  arith::FastMathFlags flags = arithmetic.getFastMathFlagsAttr().getValue();
  op->setAttr(arithmetic.getFastMathAttrName(),
              arith::FastMathFlagsAttr::get(
                  op->getContext(), flags | arith::FastMathFlags::contract));
}

/// The same operation in the smallest shape that holds its operands.
Value RegionTiles::emitOnTile(Operation &op, ValueRange operands) {
  bool areScalar = llvm::all_of(operands, isScalar);
  Shape shape = commonShape(operands);
  Type type = op.getResult(0).getType();
  if (type.isIndex())
    type = b.getI32Type();
  SmallVector<Value> inputs(operands);
  if (!areScalar) {
    for (Value &input : inputs)
      input = broadcastTo(b, input, shape);
    type = RankedTensorType::get(shape, type);
  }
  Operation *onTile = b.OpBuilder::create(
      b.getLoc(), op.getName().getIdentifier(), inputs, type, op.getAttrs());
  // A product and a sum may be rounded once.
  if (isa<arith::AddFOp, arith::SubFOp, arith::MulFOp>(onTile))
    setContract(onTile);
  return onTile->getResult(0);
}

/// A place in memory for each element of an index. What the caller's shapes do
/// not bound, such as an index that was read itself, is clamped.
Value RegionTiles::emitPlace(Value index, Block &body, Value memory,
                             int64_t dim, IRMapping &map) {
  Value place = lookup(index, map);
  if (hasExactInterval(index, body))
    return place;
  place = b.clampBelow(place, b.dim(memory, dim));
  Value zero = arith::ConstantIntOp::create(b, 0, 32);
  if (!isScalar(place))
    zero = broadcastTo(b, zero, shapeOf(place));
  return b.max(place, zero);
}

Value RegionTiles::memoryOf(Value tensor) {
  return captures[llvm::find(op.getCaptures(), tensor) -
                  op.getCaptures().begin()];
}

/// Elements as memory has them, floats of 16 bits as f32.
Value RegionTiles::emitRead(CaptureOp capture, IRMapping &map) {
  Value memory = memoryOf(capture.getSource());
  SmallVector<Value> places;
  for (auto [dim, index] : llvm::enumerate(capture.getIndices()))
    places.push_back(emitPlace(index, *capture->getBlock(), memory, dim, map));
  Type element = cast<MemRefType>(memory.getType()).getElementType();
  if (element.isF16() || element.isBF16())
    element = b.getF32Type();
  if (!llvm::all_of(places, isScalar))
    return tile::GatherOp::create(
        b, RankedTensorType::get(commonShape(places), element), memory, places);
  for (Value &place : places)
    place = arith::IndexCastOp::create(b, b.getIndexType(), place);
  return b.element(memory, places);
}

Value RegionTiles::emitCapture(CaptureOp capture, IRMapping &map) {
  Value read = readAhead.lookupOrNull(capture.getResult());
  if (!read)
    read = emitRead(capture, map);
  if (!capture.getType().isInteger(1))
    return read;
  Value zero = arith::ConstantIntOp::create(b, 0, 8);
  if (!isScalar(read))
    zero = broadcastTo(b, zero, shapeOf(read));
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, read, zero);
}

/// Numbers of columns, counted from a number on, as f32: exact below 2^24. Null
/// for any other tile.
static Value emitCountedFloats(TileBuilder &b, Value tile) {
  auto sum = tile.getDefiningOp<arith::AddIOp>();
  auto iota = sum ? sum.getLhs().getDefiningOp<tile::IotaOp>() : nullptr;
  auto first = sum ? sum.getRhs().getDefiningOp<tensor::SplatOp>() : nullptr;
  if (!iota || !first || iota.getRepeat() != 1 || shapeOf(tile)[0] != 1)
    return {};
  RankedTensorType type = b.tileType(1, shapeOf(tile)[1], b.getF32Type());
  auto steps = tile::IotaOp::create(b, type);
  steps.setRecomputed(iota.getRecomputed());
  Value base = arith::SIToFPOp::create(b, b.getF32Type(), first.getInput());
  return arith::AddFOp::create(b, steps,
                               tensor::SplatOp::create(b, type, base));
}

Value RegionTiles::emitOp(Operation &nested, IRMapping &map) {
  if (isa<QueryLengthOp>(nested))
    return b.toI32(indices.queryLength);
  if (isa<KeyLengthOp>(nested))
    return b.toI32(indices.keyLength);
  if (auto constant = dyn_cast<arith::ConstantOp>(nested))
    return emitConstant(constant);
  if (auto capture = dyn_cast<CaptureOp>(nested))
    return emitCapture(capture, map);
  SmallVector<Value> operands = llvm::map_to_vector(
      nested.getOperands(), [&](Value value) { return lookup(value, map); });
  Type type = nested.getResult(0).getType();
  if (isa<arith::IndexCastOp>(nested))
    return emitCast(operands[0], type, /*isSigned=*/true);
  if (isa<arith::IndexCastUIOp>(nested))
    return emitCast(operands[0], type, /*isSigned=*/false);
  // Elements of 16 bits are read as f32.
  if (isa<arith::ExtFOp>(nested) && getElementTypeOrSelf(operands[0]) == type)
    return operands[0];
  if (isa<arith::SIToFPOp>(nested) && type.isF32() && !isScalar(operands[0]))
    if (Value counted = emitCountedFloats(b, operands[0]))
      return counted;
  return emitOnTile(nested, operands);
}

SmallVector<Value> RegionTiles::emit(Block &body, IRMapping &map) {
  for (Operation &nested : body.without_terminator())
    if (!isa<AddGradientOp>(nested) && !map.contains(nested.getResult(0)))
      map.map(nested.getResult(0), emitOp(nested, map));
  return llvm::map_to_vector(
      body.getTerminator()->getOperands(),
      [&](Value yielded) { return lookup(yielded, map); });
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

/// The last four arguments of a region.
void RegionTiles::mapIndices(Block &body, Value key, IRMapping &map) {
  Value values[] = {indices.batch, indices.head, indices.query, key};
  auto arguments = body.getArguments().take_back(std::size(values));
  for (auto [argument, value] : llvm::zip_equal(arguments, values))
    if (value)
      map.map(argument, value);
}

/// Reads the elements that all keys have in common. What else is computed here
/// for their indices is computed again where it is needed otherwise.
void RegionTiles::readRowCaptures(Block &body) {
  IRMapping map;
  mapIndices(body, /*key=*/{}, map);
  llvm::SmallDenseSet<Value> ofKeys;
  for (BlockArgument argument : body.getArguments())
    if (!map.contains(argument))
      ofKeys.insert(argument);
  for (Operation &nested : body.without_terminator()) {
    Value result = nested.getResult(0);
    if (llvm::any_of(nested.getOperands(),
                     [&](Value operand) { return ofKeys.contains(operand); })) {
      ofKeys.insert(result);
      continue;
    }
    if (auto capture = dyn_cast<CaptureOp>(nested))
      readAhead.map(result, emitRead(capture, map));
    map.map(result, emitOp(nested, map));
  }
}

void RegionTiles::readCapturesOfRows() {
  for (Region *region : {&op.getScore(), &op.getKeep()})
    if (!region->empty())
      readRowCaptures(region->front());
}

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

static std::optional<float> constantOf(Value value) {
  FloatAttr constant;
  if (!matchPattern(value, m_Constant(&constant)) ||
      !constant.getType().isF32())
    return std::nullopt;
  return constant.getValue().convertToFloat();
}

/// The product of a value and a constant. Other values have the factor 1.
static ScaledValue splitProduct(Value value) {
  auto product = value.getDefiningOp<arith::MulFOp>();
  if (!product)
    return {value};
  if (std::optional<float> factor = constantOf(product.getRhs()))
    return {product.getLhs(), *factor};
  if (std::optional<float> factor = constantOf(product.getLhs()))
    return {product.getRhs(), *factor};
  return {value};
}

ScaledValue attn::splitFactor(AttentionOp op) {
  Value yielded = op.getScore().front().getTerminator()->getOperand(0);
  ScaledValue split = splitProduct(yielded);
  // Larger ones, and smaller ones, leave the softmax no room.
  bool isPlain = split.factor >= 0x1p-32f && split.factor <= 0x1p32f;
  return isPlain && op.getMaskedRow() != MaskedRow::Uniform
             ? split
             : ScaledValue{yielded};
}

Value RegionTiles::scaled(Value products, float by) {
  if (by == 1)
    return products;
  Shape shape = shapeOf(products);
  Value scores = b.multiply(products, b.splat(by, shape[0], shape[1]));
  setContract(scores.getDefiningOp());
  return scores;
}

/// A constant that the region multiplies the score by is one with the scale.
Value RegionTiles::emitOfProducts(Block &body, Value yielded, Value products,
                                  float scale, Value key, IRMapping &map) {
  mapIndices(body, key, map);
  Value score = body.getArgument(0);
  auto productWith = [&](Operation *user) {
    return splitProduct(user->getResult(0));
  };
  bool isAlwaysScaled = llvm::all_of(score.getUsers(), [&](Operation *user) {
    return isa<arith::MulFOp>(user) && productWith(user).value == score;
  });
  // The factor that is left to the softmax may be all there is.
  if (!isAlwaysScaled || yielded == score)
    map.map(score, scaled(products, scale));
  if (isAlwaysScaled)
    for (Operation *user : score.getUsers())
      map.map(user->getResult(0),
              scaled(products, scale * productWith(user).factor));
  emit(body, map);
  return broadcastTo(b, lookup(yielded, map), shapeOf(products));
}

Value RegionTiles::emitScore(Value products, float scale, Value key) {
  IRMapping map;
  return emitOfProducts(op.getScore().front(), splitFactor(op).value, products,
                        scale, key, map);
}

Value RegionTiles::emitSlope(Region &region, Value products, float scale,
                             Value key) {
  Block &body = region.front();
  IRMapping map;
  return emitOfProducts(body, body.getTerminator()->getOperand(0), products,
                        scale, key, map);
}

/// Counts the elements of these dimensions, the last one fastest.
Value RegionTiles::emitEntry(AddGradientOp addition, Value memory,
                             ArrayRef<int64_t> dims, IRMapping &map) {
  Value entry;
  for (int64_t dim : dims) {
    Value place = emitPlace(addition.getIndices()[dim], *addition->getBlock(),
                            memory, dim, map);
    if (!entry) {
      entry = place;
      continue;
    }
    Shape shape = commonShape({entry, place});
    auto spread = [&](Value value) {
      return shape == Shape{1, 1} ? value : broadcastTo(b, value, shape);
    };
    Value size = spread(b.toI32(b.dim(memory, dim)));
    entry = arith::MulIOp::create(b, spread(entry), size);
    entry = arith::AddIOp::create(b, entry, spread(place));
  }
  return entry;
}

SmallVector<RegionTiles::ElementSlope>
RegionTiles::emitElementSlopes(Region &region, Value tensor,
                               ArrayRef<int64_t> entryDims, Value products,
                               float scale, Value key) {
  Block &body = region.front();
  IRMapping map;
  emitOfProducts(body, body.getTerminator()->getOperand(0), products, scale,
                 key, map);
  auto spread = [&](Value value) {
    return value ? broadcastTo(b, value, shapeOf(products)) : value;
  };
  SmallVector<ElementSlope> slopes;
  for (auto addition : body.getOps<AddGradientOp>())
    if (addition.getTensor() == tensor)
      slopes.push_back(
          {spread(lookup(addition.getDerivative(), map)),
           spread(emitEntry(addition, memoryOf(tensor), entryDims, map))});
  return slopes;
}

Value RegionTiles::emitKeep(Value key, int64_t columns) {
  Block &body = op.getKeep().front();
  IRMapping map;
  mapIndices(body, key, map);
  return broadcastTo(b, emit(body, map).front(), {rows, columns});
}

/// Of what `range` yields.
static constexpr unsigned kBegin = 0, kEnd = 3;

bool RegionTiles::beginsAtFirstKey() {
  Operation *yield = op.getRange().front().getTerminator();
  return matchPattern(yield->getOperand(kBegin), m_Zero());
}

bool RegionTiles::keepsOneRun() {
  return hasKeep() && succeeded(deriveKeepConstraints(op.getKeep()));
}

KeysOfRows RegionTiles::emitKeysOfRows(Value firstKey) {
  return emitColumnsOfRows(op.getRange(), indices.query, firstKey);
}

KeysOfRows RegionTiles::emitColumnsOfRows(Region &range, Value numbers,
                                          Value firstColumn) {
  auto column = [&](Value value) { return broadcastTo(b, value, {rows, 1}); };
  Value one = arith::ConstantIntOp::create(b, 1, 32);
  Value after = arith::AddIOp::create(b, column(numbers), column(one));
  Block &body = range.front();
  IRMapping map;
  Value values[] = {indices.batch, indices.head, numbers, after};
  for (auto [argument, value] : llvm::zip_equal(body.getArguments(), values))
    map.map(argument, value);
  SmallVector<Value> bounds = emit(body, map);
  auto inTile = [&](Value bound) {
    return arith::SubIOp::create(b, column(bound),
                                 column(b.toI32(firstColumn)));
  };
  return {inTile(bounds[kBegin]), inTile(bounds[kEnd])};
}
