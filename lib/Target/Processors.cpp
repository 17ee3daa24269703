//===- Processors.cpp - The rows of processors ----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A row is a kind of processor, whose code runs on all of that kind. `host` is
// the best kind that the machine which compiles is of, with what it has
// besides.
//
//===----------------------------------------------------------------------===//
#include "Processors.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

#include <string>
#include <thread>
#include <unistd.h>

using namespace attn;

static constexpr llvm::StringRef kX86Triple = "x86_64-unknown-linux-gnu",
                                 kArmTriple = "aarch64-unknown-linux-gnu";

static constexpr llvm::StringRef kAvx2[] = {"avx2", "bmi1", "bmi2", "f16c",
                                            "fma",  "abm",  "movbe"};
static constexpr llvm::StringRef kAvx512[] = {
    "avx2",  "bmi1",    "bmi2",     "f16c",     "fma",      "abm",
    "movbe", "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"};
static constexpr llvm::StringRef kAvx512BF16[] = {
    "avx2",     "bmi1",     "bmi2",       "f16c",     "fma",
    "abm",      "movbe",    "avx512f",    "avx512bw", "avx512cd",
    "avx512dq", "avx512vl", "avx512_bf16"};
static constexpr llvm::StringRef kNeon[] = {"asimd"};

static constexpr ProcessorDesc kX86V3 = {kX86Triple,
                                         /*cpu=*/"x86-64-v3",
                                         /*features=*/"",
                                         /*tuning=*/"",       kAvx2,
                                         /*vectorBits=*/256,
                                         /*blockRows=*/4,
                                         /*blockVectors=*/2,
                                         /*hasBF16Dot=*/false};
static constexpr ProcessorDesc kX86V4 = {kX86Triple,
                                         /*cpu=*/"x86-64-v4",
                                         /*features=*/"",
                                         /*tuning=*/"",       kAvx512,
                                         /*vectorBits=*/512,
                                         /*blockRows=*/8,
                                         /*blockVectors=*/2,
                                         /*hasBF16Dot=*/false};
static constexpr ProcessorDesc kArm64 = {kArmTriple,
                                         /*cpu=*/"generic",
                                         /*features=*/"",
                                         /*tuning=*/"",       kNeon,
                                         /*vectorBits=*/128,
                                         /*blockRows=*/8,
                                         /*blockVectors=*/2,
                                         /*hasBF16Dot=*/false};

static TargetDesc rowOf(llvm::StringRef name, const ProcessorDesc &processor,
                        int64_t cores, int64_t cacheBytes) {
  return {name,
          /*ptxFeatures=*/"",
          /*computeMajor=*/0,
          /*computeMinor=*/0,
          /*sharedBytesPerBlock=*/0,
          /*registersPerThread=*/0,
          /*registersPerBlock=*/0,
          /*threadsPerBlock=*/1,
          /*multiprocessors=*/cores,
          cacheBytes,
          /*isArchitectureSpecific=*/true,
          /*features=*/{},
          /*atoms=*/{},
          &processor};
}

//===----------------------------------------------------------------------===//
// The machine that compiles
//===----------------------------------------------------------------------===//

namespace {
/// A kind of processor, and what LLVM says of a machine that is of it.
struct Kind {
  const ProcessorDesc &processor;
  std::initializer_list<llvm::StringRef> features;
};
} // namespace

/// Null where the machine is of no known kind.
static const ProcessorDesc *bestKind(const llvm::StringMap<bool> &features) {
  const Kind kinds[] = {
      {kX86V4, {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}},
      {kX86V3, {"avx2", "fma", "f16c", "bmi2"}},
      {kArm64, {"neon"}}};
  bool isArm = llvm::Triple(llvm::sys::getProcessTriple()).isAArch64();
  for (const Kind &kind : kinds) {
    bool isOfArchitecture = isArm == (kind.processor.triple == kArmTriple);
    if (isOfArchitecture &&
        llvm::all_of(kind.features, [&](llvm::StringRef feature) {
          return features.lookup(feature);
        }))
      return &kind.processor;
  }
  return nullptr;
}

/// Null where the machine is of no known kind.
static const ProcessorDesc *describeHost() {
  static const std::string tuning = llvm::sys::getHostCPUName().str();
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  const ProcessorDesc *kind = bestKind(features);
  if (!kind)
    return nullptr;
  static ProcessorDesc host = *kind;
  host.tuning = tuning;
  if (kind == &kX86V4 && features.lookup("avx512bf16")) {
    host.hasBF16Dot = true;
    host.features = "+avx512bf16";
    host.required = kAvx512BF16;
  }
  return &host;
}

static int64_t hostCacheBytes(int64_t usual) {
  long bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
  return bytes > 0 ? bytes : usual;
}

std::vector<TargetDesc> attn::processorTargets() {
  constexpr int64_t kUsualCores = 16, kUsualCache = 1 << 20;
  std::vector<TargetDesc> rows;
  if (const ProcessorDesc *host = describeHost())
    rows.push_back(rowOf("host", *host, std::thread::hardware_concurrency(),
                         hostCacheBytes(kUsualCache)));
  rows.push_back(rowOf("x86-64-v3", kX86V3, kUsualCores, kUsualCache));
  rows.push_back(rowOf("x86-64-v4", kX86V4, kUsualCores, kUsualCache));
  rows.push_back(rowOf("aarch64", kArm64, kUsualCores, kUsualCache));
  return rows;
}
