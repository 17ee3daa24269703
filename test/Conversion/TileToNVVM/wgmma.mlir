// RUN: attn-opt %s --convert-tile-to-nvvm --canonicalize --cse | FileCheck %s

// Swizzled tiles begin at multiples of 1024 bytes.
// CHECK: llvm.mlir.global external @attn_shared() {addr_space = 3 : i32, alignment = 1024 : i64}

#cta = #tile.cta<warps = 8, producers = 4>
#acc = #tile.accumulator<warps = 8>
#lhs = #tile.operand_a<warps = 8>
!out = memref<?x16xf32, strided<[?, 1], offset: ?>>

// Both operands from shared memory, with rows along the inner dimension, in
// panels of 128 bytes. A descriptor is the address in units of 16 bytes, the
// swizzle (1, from bit 62), 1024 bytes from eight rows to the next (64, from bit
// 32), and 1 from bit 16, which means nothing here. Steps are 32 bytes apart, and
// behind four of them in the next panel: of 128 rows for the left operand, of 16
// for the right one. Without an accumulator the first instruction reads none.
!query = !tile.shared<128x128xf16, swizzle = 128>
!keys = !tile.shared<16x128xf16, swizzle = 128>
// CHECK-LABEL: llvm.func @scores
tile.kernel @scores(%out: !out)
    attributes {cta = #cta, target = "sm_90a", shared_bytes = 36864 : i64} {
  %c0 = arith.constant 0 : index
  // CHECK-DAG: %[[FIXED:.*]] = llvm.mlir.constant(4611686293305360384 : i64)
  // CHECK-DAG: %[[UNIT:.*]] = llvm.mlir.constant(4 : i32)
  // CHECK-DAG: %[[MASK:.*]] = llvm.mlir.constant(262143 : i32)
  // CHECK-DAG: %[[STRIDE:.*]] = llvm.mlir.constant(8192 : i32)
  %q = tile.alloc at 0 : !query
  %k = tile.alloc at 32768 : !keys
  %zero = arith.constant dense<0.0> : tensor<128x16xf32, #acc>
  // A warpgroup has 64 rows of the left operand.
  // CHECK: %[[WARP:.*]] = nvvm.shfl.sync idx
  // CHECK: %[[GROUP:.*]] = llvm.lshr %[[WARP]], %{{.*}} : i32
  // CHECK: %[[ROWS:.*]] = llvm.mul %[[GROUP]], %[[STRIDE]]
  // CHECK: %[[MINE:.*]] = llvm.getelementptr %{{.*}}[%[[ROWS]]]
  // CHECK: %[[BITS:.*]] = llvm.ptrtoint %[[MINE]]
  // CHECK: %[[LOW:.*]] = llvm.and %[[BITS]], %[[MASK]]
  // CHECK: %[[UNITS:.*]] = llvm.lshr %[[LOW]], %[[UNIT]]
  // CHECK: %[[WIDE:.*]] = llvm.zext %[[UNITS]]
  // CHECK: %[[QUERY:.*]] = llvm.or %[[WIDE]], %[[FIXED]]
  // For all that ptxas knows, it is another one for other keys.
  // CHECK: %[[KEYS:.*]] = llvm.ptrtoint
  // CHECK: %[[BIT:.*]] = llvm.lshr %[[KEYS]], %{{.*}} : i32
  // CHECK: %[[ADDED:.*]] = llvm.zext %[[BIT]]
  // CHECK: %[[A:.*]] = llvm.add %[[QUERY]], %[[ADDED]]
  // CHECK: %[[B:.*]] = llvm.or %{{.*}}, %[[FIXED]]
  // CHECK-NEXT: llvm.inline_asm has_side_effects "wgmma.fence.sync.aligned;"
  // CHECK: llvm.inline_asm has_side_effects "{{.*}}add.s64 a, $8, 0;\0Aadd.s64 b, $9, 0;\0Asetp.ne.b32 p, 0, 0;\0Awgmma.mma_async.sync.aligned.m64n16k16.f32.f16.f16 {$0, $1, $2, $3, $4, $5, $6, $7}, a, b, p, 1, 1, 0, 0;
  // CHECK-SAME: "=f,=f,=f,=f,=f,=f,=f,=f,l,l" %[[A]], %[[B]] :
  // CHECK: llvm.inline_asm has_side_effects "{{.*}}add.s64 a, $16, 2;\0Aadd.s64 b, $17, 2;\0Asetp.ne.b32 p, 1, 0;\0Awgmma.mma_async.sync.aligned.m64n16k16.f32.f16.f16 {$0, $1, $2, $3, $4, $5, $6, $7}, a, b, p, 1, 1, 0, 0;
  // CHECK-SAME: "=f,=f,=f,=f,=f,=f,=f,=f,0,1,2,3,4,5,6,7,l,l"
  // CHECK: llvm.inline_asm has_side_effects "{{.*}}add.s64 a, $16, 4;\0Aadd.s64 b, $17, 4;\0Asetp.ne.b32 p, 1, 0;\0Awgmma.mma_async.sync.aligned.m64n16k16.f32.f16.f16 {$0, $1, $2, $3, $4, $5, $6, $7}, a, b, p, 1, 1, 0, 0;
  // CHECK: llvm.inline_asm has_side_effects "{{.*}}add.s64 a, $16, 6;\0Aadd.s64 b, $17, 6;\0Asetp.ne.b32 p, 1, 0;\0Awgmma.mma_async.sync.aligned.m64n16k16.f32.f16.f16 {$0, $1, $2, $3, $4, $5, $6, $7}, a, b, p, 1, 1, 0, 0;
  // CHECK: llvm.inline_asm has_side_effects "{{.*}}add.s64 a, $16, 1024;\0Aadd.s64 b, $17, 128;\0Asetp.ne.b32 p, 1, 0;\0Awgmma.mma_async.sync.aligned.m64n16k16.f32.f16.f16 {$0, $1, $2, $3, $4, $5, $6, $7}, a, b, p, 1, 1, 0, 0;
  // CHECK: llvm.inline_asm has_side_effects "{{.*}}add.s64 a, $16, 1026;\0Aadd.s64 b, $17, 130;\0Asetp.ne.b32 p, 1, 0;\0Awgmma.mma_async.sync.aligned.m64n16k16.f32.f16.f16 {$0, $1, $2, $3, $4, $5, $6, $7}, a, b, p, 1, 1, 0, 0;
  // CHECK: llvm.inline_asm has_side_effects "{{.*}}add.s64 a, $16, 1028;\0Aadd.s64 b, $17, 132;\0Asetp.ne.b32 p, 1, 0;\0Awgmma.mma_async.sync.aligned.m64n16k16.f32.f16.f16 {$0, $1, $2, $3, $4, $5, $6, $7}, a, b, p, 1, 1, 0, 0;
  // CHECK: llvm.inline_asm has_side_effects "{{.*}}add.s64 a, $16, 1030;\0Aadd.s64 b, $17, 134;\0Asetp.ne.b32 p, 1, 0;\0Awgmma.mma_async.sync.aligned.m64n16k16.f32.f16.f16 {$0, $1, $2, $3, $4, $5, $6, $7}, a, b, p, 1, 1, 0, 0;
  // CHECK-NOT: wgmma.mma_async
  // CHECK: nvvm.wgmma.commit.group.sync.aligned
  // CHECK-NEXT: llvm.inline_asm has_side_effects "wgmma.wait_group.sync.aligned 0;"
  %s = tile.dot %q, %k, %zero transpose_b : !query, !keys, tensor<128x16xf32, #acc>
  tile.store %s, %out[%c0] : tensor<128x16xf32, #acc>, !out
  tile.return
}

// The left operand from registers, and rows of the right one across the inner
// dimension: swizzle 3, 256 bytes between eight rows, 1024 from panel to panel;
// steps are 16 rows apart. The fence orders accumulators and weights, and the
// wait comes when it is asked for.
!values = !tile.shared<32x16xbf16, swizzle = 32>
// CHECK-LABEL: llvm.func @values
tile.kernel @values(%out: !out)
    attributes {cta = #cta, target = "sm_90a", shared_bytes = 1024 : i64} {
  %c0 = arith.constant 0 : index
  // CHECK: llvm.mlir.constant(-4611685949703716864 : i64)
  %v = tile.alloc at 0 : !values
  %acc = arith.constant dense<1.0> : tensor<128x16xf32, #acc>
  %e = arith.constant dense<1.0> : tensor<128x32xf32, #acc>
  %rounded = arith.truncf %e : tensor<128x32xf32, #acc> to tensor<128x32xbf16, #acc>
  %p = tile.convert_layout %rounded : tensor<128x32xbf16, #acc> -> tensor<128x32xbf16, #lhs>
  // CHECK: %[[FENCED:.*]] = llvm.inline_asm has_side_effects "wgmma.fence.sync.aligned;", "=f,=f,=f,=f,=f,=f,=f,=f,=r,=r,=r,=r,=r,=r,=r,=r,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15"
  // CHECK: %[[W4:.*]] = llvm.extractvalue %[[FENCED]][12]
  // CHECK: llvm.inline_asm has_side_effects "{{.*}}add.s64 b, $20, 0;\0Asetp.ne.b32 p, 1, 0;\0Awgmma.mma_async.sync.aligned.m64n16k16.f32.bf16.bf16 {$0, $1, $2, $3, $4, $5, $6, $7}, {$16, $17, $18, $19}, b, p, 1, 1, 1;
  // CHECK-SAME: "=f,=f,=f,=f,=f,=f,=f,=f,0,1,2,3,4,5,6,7,r,r,r,r,l"
  // CHECK: llvm.inline_asm has_side_effects "{{.*}}add.s64 b, $20, 32;\0A{{.*}}{$16, $17, $18, $19}, b, p, 1, 1, 1;
  // CHECK-SAME: %[[W4]],
  // CHECK-NOT: wait_group
  // CHECK: nvvm.wgmma.commit.group.sync.aligned
  // CHECK-NOT: wgmma.mma_async
  // CHECK: "wgmma.wait_group.sync.aligned 1;"
  // CHECK-NOT: wait_group
  %started = tile.dot %p, %v, %acc async : tensor<128x32xbf16, #lhs>, !values, tensor<128x16xf32, #acc>
  %s = tile.wait_dots %started pending = 1 : tensor<128x16xf32, #acc>
  tile.store %s, %out[%c0] : tensor<128x16xf32, #acc>, !out
  tile.return
}

// What is computed before a wait decides who meets there, for all that ptxas knows.
// CHECK-LABEL: llvm.func @computed
tile.kernel @computed(%out: !out)
    attributes {cta = #cta, target = "sm_90a", shared_bytes = 1024 : i64} {
  %c0 = arith.constant 0 : index
  %v = tile.alloc at 0 : !values
  %acc = arith.constant dense<1.0> : tensor<128x16xf32, #acc>
  %e = arith.constant dense<1.0> : tensor<128x32xf32, #acc>
  %sums = tile.fold add %e : tensor<128x32xf32, #acc> -> tensor<128x4xf32, #acc>
  %rounded = arith.truncf %e : tensor<128x32xf32, #acc> to tensor<128x32xbf16, #acc>
  %p = tile.convert_layout %rounded : tensor<128x32xbf16, #acc> -> tensor<128x32xbf16, #lhs>
  // CHECK: wgmma.commit
  %started = tile.dot %p, %v, %acc async : tensor<128x32xbf16, #lhs>, !values, tensor<128x16xf32, #acc>
  // CHECK: llvm.inline_asm has_side_effects "{{.*}}setp.eq.b32 q, $16, 2141562277;\0Asetp.eq.or.b32 q, $17, 2141562277, q;\0Aselp.b32 m, 1, -1, q;\0Abar.warp.sync m;\0Awgmma.wait_group.sync.aligned 0;
  %s = tile.wait_dots %started pending = 0 computed(%sums : tensor<128x4xf32, #acc>) : tensor<128x16xf32, #acc>
  tile.store %s, %out[%c0] : tensor<128x16xf32, #acc>, !out
  tile.return
}

// Behind a share of a tile, the wait stands right behind it, for the last of it. A
// thread has eight columns of each row, which have one value here.
// CHECK-LABEL: llvm.func @share
tile.kernel @share(%out: !out)
    attributes {cta = #cta, target = "sm_90a", shared_bytes = 1024 : i64} {
  %c0 = arith.constant 0 : index
  %v = tile.alloc at 0 : !values
  %acc = arith.constant dense<1.0> : tensor<128x16xf32, #acc>
  %p = arith.constant dense<1.0> : tensor<128x32xf32, #acc>
  %rounded = arith.truncf %p : tensor<128x32xf32, #acc> to tensor<128x32xbf16, #acc>
  %left = tile.convert_layout %rounded : tensor<128x32xbf16, #acc> -> tensor<128x32xbf16, #lhs>
  %columns = tile.iota : tensor<1x32xi32, #acc>
  %numbers = tile.broadcast %columns : tensor<1x32xi32, #acc> -> tensor<128x32xi32, #acc>
  %x = arith.sitofp %numbers : tensor<128x32xi32, #acc> to tensor<128x32xf32, #acc>
  // CHECK: wgmma.commit
  %started = tile.dot %left, %v, %acc async : tensor<128x32xbf16, #lhs>, !values, tensor<128x16xf32, #acc>
  // CHECK-COUNT-3: llvm.fmul
  // CHECK: %[[LAST:.*]] = llvm.fmul
  // CHECK-NOT: llvm.fmul
  // CHECK: llvm.inline_asm has_side_effects "{{.*}}wgmma.wait_group.sync.aligned 0;{{.*}}%[[LAST]]
  // CHECK-COUNT-4: llvm.fmul
  // CHECK-NOT: llvm.fmul
  // CHECK: llvm.return
  %e = arith.mulf %x, %x : tensor<128x32xf32, #acc>
  %s = tile.wait_dots %started pending = 0 computed(%e : tensor<128x32xf32, #acc>) shares = [50] : tensor<128x16xf32, #acc>
  tile.store %s, %out[%c0] : tensor<128x16xf32, #acc>, !out
  %total = tile.fold add %e : tensor<128x32xf32, #acc> -> tensor<128x4xf32, #acc>
  %sum = tile.reduce add %total : tensor<128x4xf32, #acc> -> tensor<128x1xf32, #acc>
  %spread = tile.broadcast %sum : tensor<128x1xf32, #acc> -> tensor<128x16xf32, #acc>
  tile.store %spread, %out[%c0] : tensor<128x16xf32, #acc>, !out
  tile.return
}

// Panels of 64 bytes (swizzle 2, 512 bytes between eight rows). Rows along the
// inner dimension: two steps a panel. Across it: panels are 1024 bytes apart
// (64, from bit 16).
!narrow = !tile.shared<16x64xbf16, swizzle = 64>
// CHECK-LABEL: llvm.func @panels_of_64
tile.kernel @panels_of_64(%out: !out, %wide: memref<?x64xf32, strided<[?, 1], offset: ?>>)
    attributes {cta = #cta, target = "sm_90a", shared_bytes = 18432 : i64} {
  %c0 = arith.constant 0 : index
  // CHECK-DAG: llvm.mlir.constant(-9223371899415756800 : i64)
  // CHECK-DAG: llvm.mlir.constant(-9223371899411628032 : i64)
  %q = tile.alloc at 0 : !tile.shared<128x64xbf16, swizzle = 64>
  %k = tile.alloc at 16384 : !narrow
  %zero = arith.constant dense<0.0> : tensor<128x16xf32, #acc>
  // CHECK: add.s64 a, $8, 0;\0Aadd.s64 b, $9, 0;
  // CHECK: add.s64 a, $16, 2;\0Aadd.s64 b, $17, 2;
  // CHECK: add.s64 a, $16, 512;\0Aadd.s64 b, $17, 64;
  // CHECK: add.s64 a, $16, 514;\0Aadd.s64 b, $17, 66;
  %s = tile.dot %q, %k, %zero transpose_b : !tile.shared<128x64xbf16, swizzle = 64>, !narrow, tensor<128x16xf32, #acc>
  tile.store %s, %out[%c0] : tensor<128x16xf32, #acc>, !out
  %rounded = arith.truncf %s : tensor<128x16xf32, #acc> to tensor<128x16xbf16, #acc>
  %p = tile.convert_layout %rounded : tensor<128x16xbf16, #acc> -> tensor<128x16xbf16, #lhs>
  %none = arith.constant dense<0.0> : tensor<128x64xf32, #acc>
  // CHECK: setp.ne.b32 p, 0, 0;\0Awgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 {{.*}} b, p, 1, 1, 1;
  %o = tile.dot %p, %k, %none : tensor<128x16xbf16, #lhs>, !narrow, tensor<128x64xf32, #acc>
  tile.store %o, %wide[%c0] : tensor<128x64xf32, #acc>, memref<?x64xf32, strided<[?, 1], offset: ?>>
  tile.return
}
