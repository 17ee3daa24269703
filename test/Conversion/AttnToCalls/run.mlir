// A graph with attention by stock tools, with sizes that only the run knows: on
// the processor, and on the simulator, to which what it cannot read is copied.
//
// DEFINE: %{run} = mlir-runner program.mlir --entry-point-result=void --shared-libs=%attnrt --shared-libs=%mlir_libs/libmlir_runner_utils.so --shared-libs=%mlir_libs/libmlir_c_runner_utils.so
// RUN: rm -rf %t && mkdir %t && cd %t
// RUN: mlir-opt --load-dialect-plugin=%attn_plugin --load-pass-plugin=%attn_plugin %s -o program.mlir \
// RUN:   --pass-pipeline='builtin.module(attn-outline,convert-attn-to-calls{package=graph.so},convert-elementwise-to-linalg,one-shot-bufferize{bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map},buffer-deallocation-pipeline,convert-bufferization-to-memref,convert-linalg-to-loops,convert-scf-to-cf,expand-strided-metadata,lower-affine,convert-arith-to-llvm,finalize-memref-to-llvm,convert-func-to-llvm,convert-cf-to-llvm,reconcile-unrealized-casts)'
//
// RUN: attn-compile %s --target=host -o graph.so
// RUN: env ATTNRT_VERBOSE=1 %{run} 2>said | FileCheck %s
// RUN: FileCheck %s --check-prefix=HOST --input-file=said
// RUN: %{run} 2>&1 | FileCheck %s --check-prefix=SILENT
// SILENT-NOT: attnrt:
//
// The same under llvm-request-c-wrappers, as programs have it that others call.
// RUN: sed /mgpuMem/d %s | mlir-opt --load-dialect-plugin=%attn_plugin --load-pass-plugin=%attn_plugin -o wrapped.mlir \
// RUN:   --pass-pipeline='builtin.module(attn-outline,convert-attn-to-calls{package=graph.so},convert-elementwise-to-linalg,one-shot-bufferize{bufferize-function-boundaries},convert-linalg-to-loops,convert-scf-to-cf,expand-strided-metadata,lower-affine,convert-arith-to-llvm,finalize-memref-to-llvm,func.func(llvm-request-c-wrappers),convert-func-to-llvm,convert-cf-to-llvm,reconcile-unrealized-casts)'
// RUN: FileCheck %s --check-prefix=WRAPPED --input-file=wrapped.mlir
// RUN: mlir-runner wrapped.mlir --entry-point-result=void --shared-libs=%attnrt --shared-libs=%mlir_libs/libmlir_runner_utils.so --shared-libs=%mlir_libs/libmlir_c_runner_utils.so | FileCheck %s
// WRAPPED: llvm.func @_mlir_ciface_graph(
// WRAPPED: llvm.func @_mlir_ciface_attnrtPassF16(
//
// HOST-COUNT-2: attnrt: graph_attention_0 on host: nothing copied
//
// RUN: attn-compile %s --target=sm_80 -o graph.so
// RUN: env ATTNRT_DEVICE=sim ATTNRT_VERBOSE=1 %{run} 2>said | FileCheck %s
// RUN: FileCheck %s --check-prefix=SIM --input-file=said
// SIM: attnrt: graph_attention_0 on sim: copied argument 0 (80 bytes), argument 1 (20 bytes), argument 2 (80 bytes), result 0 (80 bytes), result 1 (20 bytes)
//
// What was registered with the device is not copied.
// SIM: attnrt: graph_attention_0 on sim: copied argument 0 (48 bytes), argument 1 (12 bytes), result 0 (48 bytes), result 1 (12 bytes)
//
// The same under a driver that runs nothing, and reads no machine code.
// RUN: env ATTN_PTXAS= attn-compile %s --target=sm_80 -o graph.so
// RUN: env %fake_cuda ATTNRT_DEVICE=cuda ATTNRT_VERBOSE=1 %{run} 2>said >printed
// RUN: FileCheck %s --check-prefix=CUDA --input-file=said
// CUDA: attnrt: graph_attention_0 on cuda: copied argument 0 (80 bytes), argument 1 (20 bytes), argument 2 (80 bytes), result 0 (80 bytes), result 1 (20 bytes)
// CUDA: attnrt: graph_attention_0 on cuda: copied argument 0 (48 bytes), argument 1 (12 bytes), result 0 (48 bytes), result 1 (12 bytes)
//
// RUN: %refused 2 "graph_attention_0: code is for GPUs, and the device is host" env -C %t JITDUMPDIR=%t ATTNRT_DEVICE=host %{run}
//
// Packages that the program cannot use.
// RUN: sed 's/x8xf/x16xf/g' %s | attn-compile - --target=host -o graph.so
// RUN: %refused 2 "graph_attention_0: argument 0: expected" env -C %t JITDUMPDIR=%t %{run}
// RUN: attn-compile %attn_src_root/examples/01-causal-gqa/causal-gqa.mlir --target=host -o graph.so
// RUN: %refused 2 "graph_attention_0: no function 'graph_attention_0' in 'graph.so'" env -C %t JITDUMPDIR=%t %{run}
// RUN: rm graph.so
// RUN: %refused 2 "graph_attention_0: .*graph.so" env -C %t JITDUMPDIR=%t %{run}

// Queries are 0, so every key that is kept weighs the same; row j of the values
// is j, and row i of the output is i / 2. The LSE is ln(i + 1).
// CHECK: sizes = [5, 8]
// CHECK-NEXT: {{\[\[}}0, 0, 0, 0, 0, 0, 0, 0],
// CHECK-NEXT: [0.5, 0.5,
// CHECK-NEXT: [1, 1,
// CHECK-NEXT: [1.5, 1.5,
// CHECK-NEXT: [2, 2,
// CHECK: sizes = [5]
// CHECK-NEXT: [0, 0.693147, 1.09861, 1.38629, 1.60944]
// CHECK: sizes = [3, 8]
// CHECK-NEXT: {{\[\[}}0, 0,
// CHECK-NEXT: [0.5, 0.5,
// CHECK-NEXT: [1, 1,
// CHECK: sizes = [3]
// CHECK-NEXT: [0, 0.693147, 1.09861]

!t = tensor<1x1x?x8xf16>
!l = tensor<1x1x?xf32>

func.func private @printMemrefF32(tensor<*xf32>)
func.func private @mgpuMemHostRegisterMemRef(memref<*xf16>, i64)
func.func private @mgpuMemHostUnregisterMemRef(memref<*xf16>, i64)

func.func @graph(%v: !t, %n: index, %masked: i1) -> (!t, !l) {
  %zero = arith.constant 0.0 : f16
  %eq = tensor.empty(%n) : !t
  %q = linalg.fill ins(%zero : f16) outs(%eq : !t) -> !t
  %positions = tensor.generate %n {
  ^bb0(%b: index, %i: index):
    %p = arith.index_cast %i : index to i32
    tensor.yield %p : i32
  } : tensor<1x?xi32>
  %o, %lse = scf.if %masked -> (!t, !l) {
    %r = attn.rope %q positions(%positions : tensor<1x?xi32>) : !t
    %a, %b = attn.sdpa %r, %v, %v causal(top_left) : (!t, !t, !t) -> (!t, !l)
    scf.yield %a, %b : !t, !l
  } else {
    %zero32 = arith.constant 0.0 : f32
    %el = tensor.empty(%n) : !l
    %l = linalg.fill ins(%zero32 : f32) outs(%el : !l) -> !l
    scf.yield %v, %l : !t, !l
  }
  return %o, %lse : !t, !l
}

func.func @print(%o: !t, %lse: !l) {
  %c2 = arith.constant 2 : index
  %n = tensor.dim %o, %c2 : !t
  %rows = tensor.collapse_shape %o [[0, 1, 2], [3]] : !t into tensor<?x8xf16>
  %wide = arith.extf %rows : tensor<?x8xf16> to tensor<?x8xf32>
  %any = tensor.cast %wide : tensor<?x8xf32> to tensor<*xf32>
  call @printMemrefF32(%any) : (tensor<*xf32>) -> ()
  %flat = tensor.collapse_shape %lse [[0, 1, 2]] : !l into tensor<?xf32>
  %anyLse = tensor.cast %flat : tensor<?xf32> to tensor<*xf32>
  call @printMemrefF32(%anyLse) : (tensor<*xf32>) -> ()
  return
}

func.func @values(%n: index) -> memref<1x1x?x8xf16> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %m = memref.alloc(%n) {alignment = 64 : i64} : memref<1x1x?x8xf16>
  scf.for %j = %c0 to %n step %c1 {
    scf.for %d = %c0 to %c8 step %c1 {
      %word = arith.index_cast %j : index to i32
      %value = arith.sitofp %word : i32 to f16
      memref.store %value, %m[%c0, %c0, %j, %d] : memref<1x1x?x8xf16>
    }
  }
  return %m : memref<1x1x?x8xf16>
}

func.func @main() {
  %true = arith.constant true
  %bytes = arith.constant 2 : i64
  %c3 = arith.constant 3 : index
  %c5 = arith.constant 5 : index
  %m5 = call @values(%c5) : (index) -> memref<1x1x?x8xf16>
  %v5 = bufferization.to_tensor %m5 restrict : memref<1x1x?x8xf16> to !t
  %o5, %lse5 = call @graph(%v5, %c5, %true) : (!t, index, i1) -> (!t, !l)
  call @print(%o5, %lse5) : (!t, !l) -> ()

  %m3 = call @values(%c3) : (index) -> memref<1x1x?x8xf16>
  %any3 = memref.cast %m3 : memref<1x1x?x8xf16> to memref<*xf16>
  call @mgpuMemHostRegisterMemRef(%any3, %bytes) : (memref<*xf16>, i64) -> ()
  %v3 = bufferization.to_tensor %m3 restrict : memref<1x1x?x8xf16> to !t
  %o3, %lse3 = call @graph(%v3, %c3, %true) : (!t, index, i1) -> (!t, !l)
  call @print(%o3, %lse3) : (!t, !l) -> ()
  call @mgpuMemHostUnregisterMemRef(%any3, %bytes) : (memref<*xf16>, i64) -> ()
  return
}
