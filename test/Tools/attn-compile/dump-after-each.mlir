// One file for each pass, numbered in the order in which they ran.
//
// RUN: rm -rf %t && mkdir -p %t
// RUN: attn-compile %s --target=sm_80 --emit=ptx -o %t/a.ptx --dump-after-each=%t/new/dump
// RUN: ls %t/new/dump | FileCheck %s
// RUN: attn-opt %t/new/dump/010-convert-attn-to-tile.mlir -o %t/opt.mlir
// RUN: FileCheck %s --check-prefix=TILE < %t/opt.mlir
//
// CHECK: 001-attn-outline.mlir
// CHECK: 002-attn-check-support.mlir
// CHECK: {{^}}006-attn-expand-masks-f.mlir
// CHECK: {{^[0-9]+}}-convert-attn-to-reference.mlir
// CHECK: {{^[0-9]+}}-attn-select-schedule.mlir
// CHECK: {{^}}010-convert-attn-to-tile.mlir
// CHECK: {{^[0-9]+}}-tile-pipeline-loads-f_0.mlir
// CHECK: {{^[0-9]+}}-convert-tile-to-nvvm.mlir
// CHECK: {{^[0-9]+}}-package-build-entries.mlir
// TILE: tile.kernel @f_0

// Nothing is dumped of what is refused before the first pass.
// RUN: %refused 2 "unknown target" attn-compile %s --target=sm_1 --dump-after-each=dump -o out.so

func.func @f(%q: tensor<1x2x32x40xf16>) -> tensor<1x2x32x40xf16> {
  %o = attn.sdpa %q, %q, %q : (tensor<1x2x32x40xf16>, tensor<1x2x32x40xf16>, tensor<1x2x32x40xf16>) -> tensor<1x2x32x40xf16>
  return %o : tensor<1x2x32x40xf16>
}
