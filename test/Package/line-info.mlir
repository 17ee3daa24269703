// A line of PTX says which operation of the printed IR on tiles it comes from.
//
// RUN: rm -rf %t && mkdir %t
// RUN: attn-compile %s --target=sm_80 --emit=tile -o %t/tile.mlir
// RUN: attn-compile %s --target=sm_80 --emit=nvvm -o %t/nvvm.mlir
// RUN: attn-compile %s --target=sm_80 --emit=ptx -o %t/kernels.ptx
// RUN: FileCheck %s --input-file=%t/kernels.ptx
// RUN: %python %S/Inputs/check_lines.py places %t/kernels.ptx %t/tile.mlir
//
// CHECK: .visible .entry first_0(
// CHECK: .loc 1 [[LINE:[0-9]+]] [[COLUMN:[0-9]+]] // tile.copy_async at tile.mlir:[[LINE]]:[[COLUMN]], from line-info.mlir:[[#@LINE+34]]:8
// CHECK: cp.async
// CHECK: // tile.dot at tile.mlir:
// CHECK-NOT: .loc
// CHECK: mma.sync
// CHECK: .visible .entry second_0(
// CHECK: // tile.copy_async at tile.mlir:{{.*}}, from line-info.mlir:[[#@LINE+33]]:8
// CHECK: .file 1 "tile.mlir"
//
// It changes nothing else of the code.
// RUN: sed -E 's/, tile.op = "[^"]*"//; s/tile.op = "[^"]*"(, )?//; s/ ?\{\}//' %t/nvvm.mlir > %t/bare.mlir
// RUN: not grep tile.op %t/bare.mlir
// RUN: attn-compile %t/bare.mlir --emit=ptx -o %t/bare.ptx
// RUN: not grep -F .loc %t/bare.ptx
// RUN: %python %S/Inputs/check_lines.py same %t/kernels.ptx %t/bare.ptx
//
// ptxas says the same of it as before, and where it names a line, so do we.
// RUN: env ATTN_PTXAS=%S/Inputs/complaining-ptxas ATTN_TEST_STATUS=1 %refused 2 "ptxas failed: ptxas error : made up, line [0-9]+ .tile.dot at tile.mlir:[0-9]+:[0-9]+, from line-info.mlir:[0-9]+:8." attn-compile %s --target=sm_80 -o out.so
// RUN: env ATTN_PTXAS=%S/Inputs/complaining-ptxas ATTN_TEST_STATUS=0 attn-compile %s --target=sm_80 -o %t/f.so --report=json | FileCheck %s --check-prefix=WARNING
//
// WARNING: "ptxas_warnings":["ptxas warning : made up, line {{[0-9]+}} (tile.dot at tile.mlir:{{[0-9:]+}}, from line-info.mlir:{{[0-9]+}}:8)"]
//
// Barriers that are gone: hazards name the operations.
// RUN: attn-compile %s --target=sm_80 -o %t/whole.so
// RUN: %python %S/Inputs/check_lines.py drop bar.sync %t/kernels.ptx > %t/racy.ptx
// RUN: not attn-run %t/whole.so --device=sim --function=first --replace-ptx=%t/racy.ptx --shape=0=1x2x128x64 --shape=1=1x2x192x64 --shape=2=1x2x192x64 --json=%t/record.json > %t/out
// RUN: FileCheck %s --check-prefix=RACE --input-file=%t/out
// RUN: FileCheck %s --check-prefix=RACE --input-file=%t/record.json
//
// RACE: in `{{.*}}` (tile.{{[a-z_]+}} at tile.mlir:{{[0-9:]+}}, from line-info.mlir:{{[0-9]+}}:8)

!t = tensor<1x2x?x64xf16>

func.func @first(%q: !t, %k: !t, %v: !t) -> !t {
  %o = attn.sdpa %q, %k, %v : (!t, !t, !t) -> !t
  return %o : !t
}

func.func @second(%q: !t, %k: !t, %v: !t) -> !t {
  %o = attn.sdpa %q, %k, %v causal(top_left) : (!t, !t, !t) -> !t
  return %o : !t
}
