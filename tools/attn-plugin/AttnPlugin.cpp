//===- AttnPlugin.cpp - attn-mlir inside a stock mlir-opt -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   mlir-opt --load-dialect-plugin=libAttnPlugin.so
//            --load-pass-plugin=libAttnPlugin.so
//            --pass-pipeline='builtin.module(attn-to-tile{target=sm_80})'
//
// Registers what attn-opt registers, so both give the same. The plugin and the
// tool must share one libMLIR.so; attn-opt has all of it and must not load it.
//
//===----------------------------------------------------------------------===//
#include "attn/InitAll.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"

static void registerDialects(mlir::DialectRegistry *registry) {
  attn::registerAllDialects(*registry);
}

static void registerPassesAndPipelines() {
  attn::registerAllPasses();
  attn::registerAllPipelines();
}

extern "C" LLVM_ATTRIBUTE_WEAK mlir::DialectPluginLibraryInfo
mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "attn", ATTN_VERSION, registerDialects};
}

extern "C" LLVM_ATTRIBUTE_WEAK mlir::PassPluginLibraryInfo
mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "attn", ATTN_VERSION,
          registerPassesAndPipelines};
}
