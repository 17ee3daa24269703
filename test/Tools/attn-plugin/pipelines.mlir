// A stock mlir-opt with the plugin gives what attn-opt gives, from each stage.
//
// DEFINE: %{plugin} = mlir-opt --load-dialect-plugin=%attn_plugin --load-pass-plugin=%attn_plugin
// RUN: rm -rf %t && mkdir %t
// RUN: %{plugin} %s --pass-pipeline='builtin.module(attn-to-tile{target=sm_80 schedule=kv=32})' -o %t/plugin.tile.mlir
// RUN: attn-opt %s --attn-to-tile="target=sm_80 schedule=kv=32" -o %t/own.tile.mlir
// RUN: diff %t/plugin.tile.mlir %t/own.tile.mlir
// RUN: %{plugin} %t/plugin.tile.mlir --pass-pipeline='builtin.module(tile-to-nvvm)' -o %t/plugin.nvvm.mlir
// RUN: attn-opt %t/own.tile.mlir --tile-to-nvvm -o %t/own.nvvm.mlir
// RUN: diff %t/plugin.nvvm.mlir %t/own.nvvm.mlir
// RUN: %{plugin} %s --pass-pipeline='builtin.module(attn-to-package{target=sm_80 schedule=kv=32})' -o %t/plugin.package.mlir
// RUN: attn-opt %t/own.nvvm.mlir --attn-to-package -o %t/own.package.mlir
// RUN: diff %t/plugin.package.mlir %t/own.package.mlir
// RUN: FileCheck %s --check-prefix=PACKAGE --input-file=%t/plugin.package.mlir
//
// PACKAGE: llvm.mlir.global private constant @attnpkg.ptx
//
// A pipeline of ours between passes of theirs.
// RUN: %{plugin} %s --pass-pipeline='builtin.module(attn-to-tile{target=sm_80},canonicalize,tile-to-nvvm,strip-debuginfo,symbol-dce)' \
// RUN:   | FileCheck %s --check-prefix=MIXED
//
// MIXED: gpu.module @kernels
// MIXED: nvvm.mma.sync
//
// Dialects alone: their operations are read, verified and folded.
// RUN: mlir-opt --load-dialect-plugin=%attn_plugin --canonicalize %s | FileCheck %s --check-prefix=DIALECT
// RUN: not mlir-opt --load-dialect-plugin=%attn_plugin --pass-pipeline='builtin.module(attn-to-tile)' %s 2>&1 \
// RUN:   | FileCheck %s --check-prefix=NOPASS
//
// DIALECT: attn.sdpa {{.*}} causal(bottom_right)
// NOPASS: 'attn-to-tile' does not refer to a registered pass
//
// Passes alone: what is below our dialects needs no more.
// RUN: %{plugin} %s --pass-pipeline='builtin.module(attn-to-tile{target=sm_80 schedule=kv=32},tile-to-nvvm,package-build-entries)' -o %t/entries.mlir
// RUN: sed 's/, tile.schedule = #tile.schedule<[^>]*>, tile.shared_bytes = [^}]*//' %t/entries.mlir > %t/upstream.mlir
// RUN: mlir-opt --load-pass-plugin=%attn_plugin --pass-pipeline='builtin.module(package-assemble-kernels)' %t/upstream.mlir \
// RUN:   | FileCheck %s --check-prefix=PACKAGE
// RUN: not mlir-opt --load-pass-plugin=%attn_plugin --pass-pipeline='builtin.module(attn-to-tile)' %s 2>&1 \
// RUN:   | FileCheck %s --check-prefix=NODIALECT
//
// NODIALECT: Dialect `attn' not found for custom op

func.func @causal(%q: tensor<?x4x?x64xbf16>, %k: tensor<?x2x?x64xbf16>, %v: tensor<?x2x?x80xbf16>) -> (tensor<?x4x?x80xbf16>, tensor<?x4x?xf32>) {
  %o, %lse = attn.sdpa %q, %k, %v causal(bottom_right) window(40, inf) : (tensor<?x4x?x64xbf16>, tensor<?x2x?x64xbf16>, tensor<?x2x?x80xbf16>) -> (tensor<?x4x?x80xbf16>, tensor<?x4x?xf32>)
  return %o, %lse : tensor<?x4x?x80xbf16>, tensor<?x4x?xf32>
}
