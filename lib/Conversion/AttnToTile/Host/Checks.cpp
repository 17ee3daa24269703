//===- Checks.cpp - Rules between shapes that types leave open ------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Checks.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"

using namespace mlir;
using namespace attn;

void attn::assertThat(HostBuilder &b, Value condition, const Twine &message) {
  cf::AssertOp::create(b, condition, b.getStringAttr(message));
}

void attn::assertAtMost(HostBuilder &b, Value value, int64_t bound,
                        const Twine &what) {
  Value holds = arith::CmpIOp::create(b, arith::CmpIPredicate::ule, value,
                                      b.constant(bound));
  assertThat(b, holds, "expected " + what + " to be at most " + Twine(bound));
}

static void assertEqual(HostBuilder &b, Value actual, Value expected,
                        const Twine &message) {
  Value holds =
      arith::CmpIOp::create(b, arith::CmpIPredicate::eq, actual, expected);
  assertThat(b, holds, message);
}

//===----------------------------------------------------------------------===//
// attn.sdpa
//===----------------------------------------------------------------------===//

static void checkHeads(HostBuilder &b, AttentionOp op, const Twine &query,
                       const Twine &key) {
  Value queryHeads = b.dim(op.getQuery(), op.headDim());
  Value keyHeads = b.dim(op.getKey(), op.headDim());
  Value rest = arith::RemUIOp::create(b, queryHeads, b.atLeastOne(keyHeads));
  assertEqual(b, rest, b.constant(0),
              "expected heads of query (" + query +
                  ") to be a multiple of heads of key (" + key + ")");
  Value noHeads = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, queryHeads,
                                        b.constant(0));
  Value hasKeyHeads = arith::CmpIOp::create(b, arith::CmpIPredicate::ne,
                                            keyHeads, b.constant(0));
  assertThat(b, arith::OrIOp::create(b, noHeads, hasKeyHeads),
             "expected key (" + key + ") to have at least one head");
}

void attn::emitShapeChecks(HostBuilder &b, AttentionOp op,
                           const FunctionLowering &lowering) {
  std::string q = lowering.nameOf(op.getQuery()),
              k = lowering.nameOf(op.getKey()),
              v = lowering.nameOf(op.getValue());
  auto expectEqual = [&](StringRef what, Value tensor, StringRef name,
                         Value other, StringRef otherName, int64_t dimension) {
    assertEqual(b, b.dim(tensor, dimension), b.dim(other, dimension),
                "expected " + what + " of " + name + " to match " + otherName);
  };
  std::string query = "query (" + q + ")", key = "key (" + k + ")",
              value = "value (" + v + ")";
  expectEqual("batch", op.getKey(), key, op.getQuery(), query, op.batchDim());
  expectEqual("batch", op.getValue(), value, op.getQuery(), query,
              op.batchDim());
  expectEqual("heads", op.getValue(), value, op.getKey(), key, op.headDim());
  expectEqual("length", op.getValue(), value, op.getKey(), key, op.lengthDim());
  checkHeads(b, op, q, k);
  assertAtMost(b, b.dim(op.getQuery(), op.lengthDim()), SdpaOp::kMaxLength - 1,
               "length of " + query);
  assertAtMost(b, b.dim(op.getKey(), op.lengthDim()), SdpaOp::kMaxLength - 1,
               "length of " + key);
}

/// What the attention returned, and its cotangents, have its rows.
void attn::emitSavedChecks(HostBuilder &b, SdpaGradOp op,
                           const FunctionLowering &lowering) {
  std::string query = lowering.nameOf(op.getQuery());
  auto expectRows = [&](StringRef name, Value tensor,
                        std::array<int64_t, 3> dims) {
    if (!tensor || !isa<BlockArgument>(tensor))
      return; // as the function made it
    const int64_t ofQuery[] = {op.batchDim(), op.headDim(), op.lengthDim()};
    constexpr StringLiteral kWhat[] = {"batch", "heads", "length"};
    for (auto [what, dim, queryDim] : llvm::zip(kWhat, dims, ofQuery))
      assertEqual(b, b.dim(tensor, dim), b.dim(op.getQuery(), queryDim),
                  "expected " + what + " of " + name + " (" +
                      lowering.nameOf(tensor) + ") to match query (" + query +
                      ")");
  };
  expectRows("output", op.getOutput(),
             {op.batchDim(), op.headDim(), op.lengthDim()});
  expectRows("output gradient", op.getOutputGrad(),
             {op.batchDim(), op.headDim(), op.lengthDim()});
  expectRows("LSE", op.getLse(), {0, 1, 2});
  expectRows("LSE gradient", op.getLseGrad(), {0, 1, 2});
}

//===----------------------------------------------------------------------===//
// attn.rope, attn.norm
//===----------------------------------------------------------------------===//

void attn::emitShapeChecks(HostBuilder &b, const RowChain &chain,
                           const FunctionLowering &lowering) {
  std::string input = lowering.nameOf(chain.source);
  auto expectEqual = [&](StringRef what, Value tensor, int64_t dimension,
                         int64_t inputDimension) {
    if (tensor)
      assertEqual(b, b.dim(tensor, dimension),
                  b.dim(chain.source, inputDimension),
                  "expected " + what + " of " + lowering.nameOf(tensor) +
                      " to match " + input);
  };
  for (RowOp op : chain.ops) {
    if (auto rope = dyn_cast<RopeOp>(op.getOperation())) {
      expectEqual("batch", rope.getPositions(), 0, op.batchDim());
      expectEqual("length", rope.getPositions(), 1, op.lengthDim());
      expectEqual("batch", rope.getOffsets(), 0, op.batchDim());
      continue;
    }
    auto [weight, bias] = sideOperands(op);
    for (Value tensor : {weight, bias})
      if (tensor && cast<RankedTensorType>(tensor.getType()).getRank() == 2)
        expectEqual("heads", tensor, 0, op.headDim());
  }
  RowOp last = chain.ops.back();
  assertAtMost(b, b.dim(chain.source, last.lengthDim()), SdpaOp::kMaxLength - 1,
               "length of " + input);
}

//===----------------------------------------------------------------------===//
// attn.norm_grad
//===----------------------------------------------------------------------===//

void attn::emitShapeChecks(HostBuilder &b, NormGradOp op,
                           const FunctionLowering &lowering) {
  std::string input = lowering.nameOf(op.getInput());
  for (int64_t i = 0; i < SdpaOp::kRank; ++i)
    assertEqual(b, b.dim(op.getOutputGrad(), i), b.dim(op.getInput(), i),
                "expected dimension " + Twine(i) + " of the cotangent (" +
                    lowering.nameOf(op.getOutputGrad()) + ") to match " +
                    input);
  Value weight = op.getWeight();
  if (weight && cast<RankedTensorType>(weight.getType()).getRank() == 2)
    assertEqual(b, b.dim(weight, 0), b.dim(op.getInput(), op.headDim()),
                "expected heads of " + lowering.nameOf(weight) + " to match " +
                    input);
  assertAtMost(b, b.dim(op.getInput(), op.lengthDim()), SdpaOp::kMaxLength - 1,
               "length of " + input);
}

//===----------------------------------------------------------------------===//
// attn.sum
//===----------------------------------------------------------------------===//

void attn::emitShapeChecks(HostBuilder &b, SumOp op,
                           const FunctionLowering &lowering) {
  for (Value addend : op.getAddends().drop_front(op.getLike() ? 0 : 1))
    for (int64_t i = 0; i < op.getSumType().getRank(); ++i)
      assertEqual(b, b.dim(addend, i), b.dim(op.getShaped(), i),
                  "expected dimension " + Twine(i) + " of an addend (" +
                      lowering.nameOf(addend) + ") to match the first (" +
                      lowering.nameOf(op.getShaped()) + ")");
}
