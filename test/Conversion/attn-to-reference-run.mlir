// Runs the functions that convert-attn-to-reference adds and compares them with
// numpy, which shares nothing with them: Inputs/check_reference.py has the
// masks and policies of these functions once more, by name.
//
// Stock mlir-opt lowers what the pass made; the functions with attention itself
// go first, as symbols that nobody needs.
//
// RUN: attn-opt %s --attn-expand-masks \
// RUN:   --convert-attn-to-reference --mlir-print-op-generic \
// RUN: | mlir-opt --allow-unregistered-dialect --symbol-privatize=exclude=plain__reference,plain__baseline,plain__flops,top_left__reference,top_left__baseline,top_left__flops,bottom_right__reference,bottom_right__baseline,bottom_right__flops,offset_nan__reference,offset_nan__baseline,offset_nan__flops,window_uniform__reference,window_uniform__baseline,window_uniform__flops,bshd__reference,bshd__baseline,bshd__flops,only_lse__reference,only_lse__baseline,only_lse__flops,two__reference,two__baseline,two__flops,static__reference,static__baseline,static__flops \
// RUN:   --symbol-dce --llvm-request-c-wrappers --expand-strided-metadata \
// RUN:   --lower-affine --convert-scf-to-cf --convert-math-to-llvm \
// RUN:   --convert-arith-to-llvm --finalize-memref-to-llvm \
// RUN:   --convert-func-to-llvm --convert-cf-to-llvm \
// RUN:   --reconcile-unrealized-casts \
// RUN: | mlir-translate --mlir-to-llvmir -o %t.ll
// RUN: clang -O2 -march=native -Wno-override-module -shared -fPIC %t.ll -lm -o %t.so
// RUN: %python %S/Inputs/check_reference.py %t.so

func.func @plain(%q: tensor<?x4x?x8xbf16>, %k: tensor<?x2x?x8xbf16>, %v: tensor<?x2x?x16xbf16>) -> (tensor<?x4x?x16xbf16>, tensor<?x4x?xf32>) {
  %o, %lse = attn.sdpa %q, %k, %v : (tensor<?x4x?x8xbf16>, tensor<?x2x?x8xbf16>, tensor<?x2x?x16xbf16>) -> (tensor<?x4x?x16xbf16>, tensor<?x4x?xf32>)
  return %o, %lse : tensor<?x4x?x16xbf16>, tensor<?x4x?xf32>
}

func.func @top_left(%q: tensor<?x?x?x16xf16>, %k: tensor<?x?x?x16xf16>, %v: tensor<?x?x?x8xf16>) -> (tensor<?x?x?x8xf16>, tensor<?x?x?xf32>) {
  %o, %lse = attn.sdpa %q, %k, %v scale(-0.5) causal(top_left) : (tensor<?x?x?x16xf16>, tensor<?x?x?x16xf16>, tensor<?x?x?x8xf16>) -> (tensor<?x?x?x8xf16>, tensor<?x?x?xf32>)
  return %o, %lse : tensor<?x?x?x8xf16>, tensor<?x?x?xf32>
}

func.func @bottom_right(%q: tensor<?x4x?x8xbf16>, %k: tensor<?x2x?x8xbf16>, %v: tensor<?x2x?x16xbf16>) -> (tensor<?x4x?x16xbf16>, tensor<?x4x?xf32>) {
  %o, %lse = attn.sdpa %q, %k, %v causal(bottom_right) : (tensor<?x4x?x8xbf16>, tensor<?x2x?x8xbf16>, tensor<?x2x?x16xbf16>) -> (tensor<?x4x?x16xbf16>, tensor<?x4x?xf32>)
  return %o, %lse : tensor<?x4x?x16xbf16>, tensor<?x4x?xf32>
}

// Results in the other order, and the first rows keep nothing.
func.func @offset_nan(%q: tensor<?x4x?x8xbf16>, %k: tensor<?x2x?x8xbf16>, %v: tensor<?x2x?x16xbf16>) -> (tensor<?x4x?xf32>, tensor<?x4x?x16xbf16>) {
  %o, %lse = attn.sdpa %q, %k, %v causal(offset = -3) masked_row(nan) : (tensor<?x4x?x8xbf16>, tensor<?x2x?x8xbf16>, tensor<?x2x?x16xbf16>) -> (tensor<?x4x?x16xbf16>, tensor<?x4x?xf32>)
  return %lse, %o : tensor<?x4x?xf32>, tensor<?x4x?x16xbf16>
}

func.func @window_uniform(%q: tensor<?x4x?x8xf16>, %k: tensor<?x2x?x8xf16>, %v: tensor<?x2x?x16xf16>) -> (tensor<?x4x?x16xf16>, tensor<?x4x?xf32>) {
  %o, %lse = attn.sdpa %q, %k, %v window(2, 1) causal(offset = 4) masked_row(uniform) : (tensor<?x4x?x8xf16>, tensor<?x2x?x8xf16>, tensor<?x2x?x16xf16>) -> (tensor<?x4x?x16xf16>, tensor<?x4x?xf32>)
  return %o, %lse : tensor<?x4x?x16xf16>, tensor<?x4x?xf32>
}

func.func @bshd(%q: tensor<?x?x4x8xbf16>, %k: tensor<?x?x1x8xbf16>, %v: tensor<?x?x1x16xbf16>) -> (tensor<?x?x4x16xbf16>, tensor<?x4x?xf32>) {
  %o, %lse = attn.sdpa %q, %k, %v layout(bshd) window(1, 2) : (tensor<?x?x4x8xbf16>, tensor<?x?x1x8xbf16>, tensor<?x?x1x16xbf16>) -> (tensor<?x?x4x16xbf16>, tensor<?x4x?xf32>)
  return %o, %lse : tensor<?x?x4x16xbf16>, tensor<?x4x?xf32>
}

func.func @only_lse(%q: tensor<?x4x?x8xbf16>, %k: tensor<?x2x?x8xbf16>, %v: tensor<?x2x?x16xbf16>) -> tensor<?x4x?xf32> {
  %o, %lse = attn.sdpa %q, %k, %v causal(top_left) : (tensor<?x4x?x8xbf16>, tensor<?x2x?x8xbf16>, tensor<?x2x?x16xbf16>) -> (tensor<?x4x?x16xbf16>, tensor<?x4x?xf32>)
  return %lse : tensor<?x4x?xf32>
}

// Two ops that do not know each other, and an argument that nobody reads.
func.func @two(%q: tensor<?x4x?x8xbf16>, %unused: i32, %k: tensor<?x2x?x8xbf16>, %v: tensor<?x2x?x16xbf16>) -> (tensor<?x4x?x16xbf16>, tensor<?x4x?x8xbf16>) {
  %a = attn.sdpa %q, %k, %v : (tensor<?x4x?x8xbf16>, tensor<?x2x?x8xbf16>, tensor<?x2x?x16xbf16>) -> tensor<?x4x?x16xbf16>
  %b = attn.sdpa %q, %k, %k causal(top_left) : (tensor<?x4x?x8xbf16>, tensor<?x2x?x8xbf16>, tensor<?x2x?x8xbf16>) -> tensor<?x4x?x8xbf16>
  return %a, %b : tensor<?x4x?x16xbf16>, tensor<?x4x?x8xbf16>
}

func.func @static(%q: tensor<2x6x5x64xbf16>, %k: tensor<2x2x9x64xbf16>, %v: tensor<2x2x9x64xbf16>) -> (tensor<2x6x5x64xbf16>, tensor<2x6x5xf32>) {
  %o, %lse = attn.sdpa %q, %k, %v causal(bottom_right) window(3, inf) : (tensor<2x6x5x64xbf16>, tensor<2x2x9x64xbf16>, tensor<2x2x9x64xbf16>) -> (tensor<2x6x5x64xbf16>, tensor<2x6x5xf32>)
  return %o, %lse : tensor<2x6x5x64xbf16>, tensor<2x6x5xf32>
}
