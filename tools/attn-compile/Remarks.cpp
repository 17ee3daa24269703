//===- Remarks.cpp - What passes say they did -----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Remarks.h"

#include "mlir/IR/Remarks.h"

using namespace mlir;
namespace json = llvm::json;

namespace {

class RemarkCollector : public remark::detail::MLIRRemarkStreamerBase {
public:
  explicit RemarkCollector(json::Array &into) : into(into) {}

  void streamOptimizationRemark(const remark::detail::Remark &said) override {
    std::string message;
    for (const auto &part : said.getArgs())
      message += part.val;
    json::Value remark = json::Object{
        {"pass", said.getCategoryName().str()},
        {"kind", said.getRemarkType() == llvm::remarks::Type::Passed
                     ? "passed"
                     : "missed"},
        {"name", said.getRemarkName().str()},
        {"message", StringRef(message).trim().str()}};
    // A compilation that is tried again with smaller tiles says much twice.
    if (!llvm::is_contained(into, remark))
      into.push_back(std::move(remark));
  }

private:
  json::Array &into;
};

} // namespace

void attncompile::collectRemarks(MLIRContext &context, json::Array &into) {
  remark::RemarkCategories everything;
  everything.passed = everything.missed = ".*";
  (void)remark::enableOptimizationRemarks(
      context, std::make_unique<RemarkCollector>(into),
      std::make_unique<remark::RemarkEmittingPolicyAll>(), everything);
}
