// Each stage's printed IR, fed to the next, gives what attn-compile gives.
// Packages have the same file name, since they hold it (SONAME).
//
// RUN: rm -rf %t && mkdir -p %t/whole %t/tile %t/nvvm %t/twice
// RUN: attn-compile %s --target=sm_80 --emit=tile -o %t/whole.tile.mlir
// RUN: attn-compile %s --target=sm_80 --emit=nvvm -o %t/whole.nvvm.mlir
// RUN: attn-compile %s --target=sm_80 --emit=ptx -o %t/whole.ptx
// RUN: attn-compile %s --target=sm_80 -o %t/whole/f.so
//
// The pipelines of attn-opt, which ends what it prints with an empty line.
// RUN: attn-opt %s --attn-to-tile="target=sm_80" -o %t/opt.tile.mlir
// RUN: attn-opt %t/whole.tile.mlir -o %t/printed.tile.mlir
// RUN: diff %t/opt.tile.mlir %t/printed.tile.mlir
// RUN: attn-opt %t/opt.tile.mlir --tile-to-nvvm -o %t/opt.nvvm.mlir
// RUN: attn-opt %t/whole.nvvm.mlir -o %t/printed.nvvm.mlir
// RUN: diff %t/opt.nvvm.mlir %t/printed.nvvm.mlir
//
// attn-compile from where they stopped.
// RUN: attn-compile %t/opt.tile.mlir --emit=nvvm -o %t/tile.nvvm.mlir
// RUN: diff %t/tile.nvvm.mlir %t/whole.nvvm.mlir
// RUN: attn-compile %t/opt.tile.mlir --emit=ptx -o %t/tile.ptx
// RUN: cmp %t/tile.ptx %t/whole.ptx
// RUN: attn-compile %t/opt.nvvm.mlir --emit=ptx -o %t/nvvm.ptx
// RUN: cmp %t/nvvm.ptx %t/whole.ptx
// RUN: attn-compile %t/opt.tile.mlir -o %t/tile/f.so
// RUN: cmp %t/tile/f.so %t/whole/f.so
// RUN: attn-compile %t/opt.nvvm.mlir -o %t/nvvm/f.so
// RUN: cmp %t/nvvm/f.so %t/whole/f.so
//
// Tile IR of another path: generic form, and back.
// RUN: attn-opt %t/opt.tile.mlir --mlir-print-op-generic | attn-opt -o %t/again.tile.mlir
// RUN: diff %t/again.tile.mlir %t/opt.tile.mlir
//
// The whole of it, from every stage.
// RUN: attn-opt %s --attn-to-package="target=sm_80" -o %t/a.mlir
// RUN: attn-opt %t/opt.tile.mlir --attn-to-package="target=sm_80" -o %t/b.mlir
// RUN: attn-opt %t/opt.nvvm.mlir --attn-to-package="target=sm_80" -o %t/c.mlir
// RUN: diff %t/a.mlir %t/b.mlir
// RUN: diff %t/a.mlir %t/c.mlir
//
// The same twice.
// RUN: attn-compile %s --target=sm_80 --emit=ptx -o %t/twice.ptx
// RUN: cmp %t/twice.ptx %t/whole.ptx
// RUN: attn-compile %s --target=sm_80 -o %t/twice/f.so
// RUN: cmp %t/twice/f.so %t/whole/f.so
//
// What was made works.
// RUN: attn-run %t/nvvm/f.so --device=sim --function=causal --shape=0=1x4x70x64 --shape=1=1x2x90x64 --shape=2=1x2x90x80

func.func @causal(%q: tensor<?x4x?x64xbf16>, %k: tensor<?x2x?x64xbf16>, %v: tensor<?x2x?x80xbf16>) -> (tensor<?x4x?x80xbf16>, tensor<?x4x?xf32>) {
  %o, %lse = attn.sdpa %q, %k, %v causal(bottom_right) window(40, inf) : (tensor<?x4x?x64xbf16>, tensor<?x2x?x64xbf16>, tensor<?x2x?x80xbf16>) -> (tensor<?x4x?x80xbf16>, tensor<?x4x?xf32>)
  return %o, %lse : tensor<?x4x?x80xbf16>, tensor<?x4x?xf32>
}

func.func @plain(%q: tensor<1x2x32x40xf16>, %k: tensor<1x2x32x40xf16>, %v: tensor<1x2x32x40xf16>) -> tensor<1x2x32x40xf16> {
  %o = attn.sdpa %q, %k, %v : (tensor<1x2x32x40xf16>, tensor<1x2x32x40xf16>, tensor<1x2x32x40xf16>) -> tensor<1x2x32x40xf16>
  return %o : tensor<1x2x32x40xf16>
}
