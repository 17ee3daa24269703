//===- ElementwiseDescription.h - What the fixtures say of themselves
//------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The JSON of PackageFormat.h, put together by the preprocessor.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_TEST_ELEMENTWISEDESCRIPTION_H
#define ATTNRT_TEST_ELEMENTWISEDESCRIPTION_H

// clang-format off
#define SYMBOL(key, name) R"(")" key R"(": "attnpkg_)" name R"(")"
#define TENSOR(type) R"("shape": [null, 4, null, 8], "type": ")" type R"(")"
#define ARG(type) R"({"roles": ["input"], )" TENSOR(type) "}"
#define COUNTS R"({"roles": [], "shape": [null], "type": "i32"})"

#define EDGES                                                                  \
  R"("edges": [{"const": -2, "terms": [{"arg": 0, "dim": 2, "coef": 1}]}])"
#define JUDGE(reference, baseline)                                             \
  R"("judge": {)" SYMBOL("reference", reference) ", "                          \
  SYMBOL("baseline", baseline) R"(, "rows": [0, 1, 2], "chain": 1, )" EDGES "}"
#define RESULT_OF(type, reference, baseline)                                   \
  R"({"role": "output", )" TENSOR(type) ", " JUDGE(reference, baseline) "}"
#define RESULT(type) RESULT_OF(type, "reference", "baseline")
#define MARKS                                                                  \
  R"({"role": "marks", "shape": [null, 4, null], "type": "f32", )"             \
  JUDGE("marked_reference", "marked_baseline") "}"

#define FUNCTION(name, entry, shapes, flops, args, results, kernels)           \
  R"({"name": ")" name R"(", )" SYMBOL("entry", entry) ", "                    \
  SYMBOL("shapes", shapes) ", " SYMBOL("flops", flops)                         \
  R"(, "args": [)" args R"(], "results": [)" results                           \
  R"(], "kernels": [)" kernels "]}"
#define SIMPLE(name, entry, type, kernels)                                     \
  FUNCTION(name, entry, "shapes", "flops", ARG(type), RESULT(type), kernels)
#define MARKED(name, flops, type, kernel)                                      \
  FUNCTION(name, "marked", "marked_shapes", flops, ARG(type),                  \
           RESULT_OF(type, "marked_reference", "marked_baseline") ", " MARKS,  \
           kernel R"(, "mark_odd")")

#define KERNEL(name)                                                           \
  R"({"name": ")" name R"(", "block": [128, 1, 1], "smem_bytes": 0, )"         \
  R"("scratch_bytes": null, "registers": null, "spill_bytes": null, "ptxas_warnings": [], )"          \
  R"("rows_per_tile": 16, "schedule": {"text": "q=16", "keys": {"q": 16}}})"

#define ALL                                                                    \
  SIMPLE("scale_f16", "scale", "f16", R"("scale_f16")") ", "                   \
  SIMPLE("scale_bf16", "scale", "bf16", R"("scale_bf16")") ", "                \
  SIMPLE("scale_f32", "scale", "f32", R"("scale_f32")") ", "                   \
  SIMPLE("wrong", "wrong", "f32", R"("scale_f32")") ", "                       \
  SIMPLE("lazy", "lazy", "f32", R"("scale_f32")") ", "                         \
  SIMPLE("hazard", "hazard", "f32", R"("past_the_end_f32")") ", "              \
  SIMPLE("refuse", "refuse", "f32", "") ", "                                   \
  FUNCTION("pair", "scale", "pair_shapes", "flops",                            \
           ARG("f32") ", " ARG("f32"), RESULT("f32"), R"("scale_f32")") ", "   \
  FUNCTION("counted", "scale", "shapes", "flops", ARG("f32") ", " COUNTS,      \
           RESULT("f32"), R"("scale_f32")") ", "                               \
  MARKED("marked", "flops", "bf16", R"("scale_bf16")") ", "                    \
  MARKED("sampled", "many_flops", "f16", R"("scale_f16")")
#define ONE SIMPLE("only", "scale", "f32", R"("scale_f32")")
#define NONE ""
#define MISSING_SYMBOL SIMPLE("gone", "gone", "f32", R"("scale_f32")")

#define DESCRIPTION(functions)                                                 \
  R"({"schema": 3, "compiler": "by hand", "target": "sm_80", "host": null, )"  \
  R"("functions": [)"                                                          \
  functions R"(], "kernels": [)"                                               \
  KERNEL("scale_f16") ", " KERNEL("scale_bf16") ", " KERNEL("scale_f32") ", "  \
  KERNEL("past_the_end_f32") ", " KERNEL("mark_odd") "]}"
// clang-format on

#endif // ATTNRT_TEST_ELEMENTWISEDESCRIPTION_H
