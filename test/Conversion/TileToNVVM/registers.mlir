// RUN: attn-opt %s --convert-tile-to-nvvm --canonicalize --cse | FileCheck %s

#cta = #tile.cta<warps = 1>
#acc = #tile.accumulator<warps = 1>
!rows = memref<?xf32, strided<[1], offset: ?>>
!matrix = memref<?x16xf32, strided<[?, 1], offset: ?>>

// A memref is its address, its dynamic dimensions and its outer strides; an
// index argument has 32 bits.
// CHECK-LABEL: llvm.func @reduce
// CHECK-SAME: (%{{[^:]*}}: !llvm.ptr<1>, %{{[^:]*}}: i32, %[[I:[^:]*]]: i32)
tile.kernel @reduce(%out: !rows, %i: index)
    attributes {cta = #cta, target = "sm_80", shared_bytes = 0 : i64} {
  // CHECK: %[[LANE:.*]] = nvvm.read.ptx.sreg.tid.x
  %columns = tile.iota : tensor<1x16xi32, #acc>
  %tile = tile.broadcast %columns : tensor<1x16xi32, #acc> -> tensor<16x16xi32, #acc>
  %values = arith.sitofp %tile : tensor<16x16xi32, #acc> to tensor<16x16xf32, #acc>
  // Each of the two rows of a thread: three in the thread, two across lanes.
  // CHECK-COUNT-3: llvm.intr.maxnum
  // CHECK: nvvm.shfl.sync bfly %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : f32 -> f32
  // CHECK: llvm.intr.maxnum
  // CHECK: nvvm.shfl.sync bfly
  // CHECK: llvm.intr.maxnum
  %max = tile.reduce max %values : tensor<16x16xf32, #acc> -> tensor<16x1xf32, #acc>
  // The first lane of a quad writes, where the row is inside.
  // CHECK: llvm.icmp "eq"
  // CHECK: llvm.icmp "slt"
  // CHECK: llvm.cond_br
  // CHECK: llvm.store
  tile.store %max, %out[%i] : tensor<16x1xf32, #acc>, !rows
  tile.return
}

// Folding stays within the thread: of each of its two rows, it adds two columns
// of two atoms. The lanes meet in the reduction.
// CHECK-LABEL: llvm.func @fold
tile.kernel @fold(%out: !rows)
    attributes {cta = #cta, target = "sm_80", shared_bytes = 0 : i64} {
  %c0 = arith.constant 0 : index
  %rows = tile.iota : tensor<16x1xi32, #acc>
  %tile = tile.broadcast %rows : tensor<16x1xi32, #acc> -> tensor<16x16xi32, #acc>
  %values = arith.sitofp %tile : tensor<16x16xi32, #acc> to tensor<16x16xf32, #acc>
  // CHECK-NOT: nvvm.shfl
  // CHECK-COUNT-6: llvm.fadd
  %sums = tile.fold add %values : tensor<16x16xf32, #acc> -> tensor<16x4xf32, #acc>
  // CHECK-COUNT-4: nvvm.shfl
  // CHECK-NOT: nvvm.shfl
  %total = tile.reduce add %sums : tensor<16x4xf32, #acc> -> tensor<16x1xf32, #acc>
  tile.store %total, %out[%c0] : tensor<16x1xf32, #acc>, !rows
  tile.return
}

// A warp asks about its own rows: of two in each thread, one bit, and one vote.
// CHECK-LABEL: llvm.func @any
tile.kernel @any(%out: !rows, %values: memref<?x16xbf16, strided<[?, 1]>>)
    attributes {cta = #cta, target = "sm_80", shared_bytes = 0 : i64} {
  %c0 = arith.constant 0 : index
  // A pair of 16-bit elements becomes two registers.
  %pairs = tile.load %values[%c0] : memref<?x16xbf16, strided<[?, 1]>> -> tensor<16x8xbf16, #acc>
  // CHECK: llvm.extractelement
  // CHECK-NEXT: llvm.fpext %{{.*}} : bf16 to f32
  // CHECK: llvm.extractelement
  // CHECK-NEXT: llvm.fpext %{{.*}} : bf16 to f32
  %wide = arith.extf %pairs : tensor<16x8xbf16, #acc> to tensor<16x8xf32, #acc>
  %sum = tile.reduce add %wide : tensor<16x8xf32, #acc> -> tensor<16x1xf32, #acc>
  // CHECK: %[[FIRST:.*]] = llvm.fcmp "uno"
  // CHECK: %[[SECOND:.*]] = llvm.fcmp "uno"
  %bits = arith.cmpf uno, %sum, %sum : tensor<16x1xf32, #acc>
  // CHECK: %[[BIT:.*]] = llvm.or %[[FIRST]], %[[SECOND]]
  // CHECK: nvvm.vote.sync any %{{.*}}, %[[BIT]] -> i1
  %any = tile.any %bits : tensor<16x1xi1, #acc>
  scf.if %any {
    tile.store %sum, %out[%c0] : tensor<16x1xf32, #acc>, !rows
  }
  tile.return
}

// Numbers of columns are constants but for the thread's first one, which is
// subtracted from the bound, once for each row.
// CHECK-LABEL: llvm.func @column_bounds
tile.kernel @column_bounds(%out: !matrix, %bound: index)
    attributes {cta = #cta, target = "sm_80", shared_bytes = 0 : i64} {
  %c0 = arith.constant 0 : index
  %columns = tile.iota : tensor<1x16xi32, #acc>
  %tile = tile.broadcast %columns : tensor<1x16xi32, #acc> -> tensor<16x16xi32, #acc>
  %end = arith.index_cast %bound : index to i32
  %ends = tensor.splat %end : tensor<16x16xi32, #acc>
  // CHECK-DAG: %[[C0:.*]] = llvm.mlir.constant(0 : i32)
  // CHECK-DAG: %[[C9:.*]] = llvm.mlir.constant(9 : i32)
  // CHECK: %[[INSIDE:.*]] = llvm.sub
  // CHECK-NOT: llvm.sub
  // CHECK-DAG: llvm.icmp "sgt" %[[INSIDE]], %[[C0]]
  // CHECK-DAG: llvm.icmp "sgt" %[[INSIDE]], %[[C9]]
  %within = arith.cmpi slt, %tile, %ends : tensor<16x16xi32, #acc>
  %one = arith.constant dense<1.0> : tensor<16x16xf32, #acc>
  %zero = arith.constant dense<0.0> : tensor<16x16xf32, #acc>
  %kept = arith.select %within, %one, %zero : tensor<16x16xi1, #acc>, tensor<16x16xf32, #acc>
  tile.store %kept, %out[%c0] : tensor<16x16xf32, #acc>, !matrix
  tile.return
}

// Two of four atoms: each half of the columns is asked for once, and chooses. Here
// columns are equal, so that two rows are what is left.
// CHECK-LABEL: llvm.func @insert
tile.kernel @insert(%out: !rows, %column: index)
    attributes {cta = #cta, target = "sm_80", shared_bytes = 0 : i64} {
  %c0 = arith.constant 0 : index
  %rows = tile.iota : tensor<16x1xi32, #acc>
  %values = arith.sitofp %rows : tensor<16x1xi32, #acc> to tensor<16x1xf32, #acc>
  %part = tile.broadcast %values : tensor<16x1xf32, #acc> -> tensor<16x16xf32, #acc>
  %tile = arith.constant dense<0.0> : tensor<16x32xf32, #acc>
  // CHECK: %[[FIRST:.*]] = llvm.icmp "eq"
  // CHECK-COUNT-2: llvm.select %[[FIRST]]
  // CHECK: %[[SECOND:.*]] = llvm.icmp "eq"
  // CHECK-COUNT-2: llvm.select %[[SECOND]]
  // CHECK-NOT: llvm.select
  %all = tile.insert %part, %tile[%column] : tensor<16x16xf32, #acc> to tensor<16x32xf32, #acc>
  %sum = tile.reduce add %all : tensor<16x32xf32, #acc> -> tensor<16x1xf32, #acc>
  tile.store %sum, %out[%c0] : tensor<16x1xf32, #acc>, !rows
  tile.return
}

// CHECK-LABEL: llvm.func @approximate
tile.kernel @approximate(%out: !rows) attributes {cta = #cta, target = "sm_80", shared_bytes = 0 : i64} {
  %c0 = arith.constant 0 : index
  %rows = tile.iota : tensor<16x1xi32, #acc>
  %values = arith.sitofp %rows : tensor<16x1xi32, #acc> to tensor<16x1xf32, #acc>
  // CHECK: llvm.intr.exp2(%{{.*}}) {fastmathFlags = #llvm.fastmath<afn>}
  %e = math.exp2 %values fastmath<afn> : tensor<16x1xf32, #acc>
  // CHECK: llvm.call_intrinsic "llvm.nvvm.lg2.approx.ftz.f"
  %l = math.log2 %e : tensor<16x1xf32, #acc>
  tile.store %l, %out[%c0] : tensor<16x1xf32, #acc>, !rows
  tile.return
}

// A thread's rows are 8 apart, so that four of each number are a quotient they have
// in common, and a constant.
// CHECK-LABEL: llvm.func @repeat
tile.kernel @repeat(%out: !rows, %i: index) attributes {cta = #cta, target = "sm_80", shared_bytes = 0 : i64} {
  // CHECK-DAG: %[[TWO:.*]] = llvm.mlir.constant(2 : i32)
  // CHECK-DAG: %[[FOUR:.*]] = llvm.mlir.constant(4 : i32)
  // CHECK: %[[FIRST:.*]] = llvm.udiv %{{.*}}, %[[FOUR]]
  // CHECK: llvm.add %[[FIRST]], %[[TWO]]
  %rows = tile.iota repeat = 4 : tensor<16x1xi32, #acc>
  %values = arith.sitofp %rows : tensor<16x1xi32, #acc> to tensor<16x1xf32, #acc>
  tile.store %values, %out[%i] : tensor<16x1xf32, #acc>, !rows
  tile.return
}
