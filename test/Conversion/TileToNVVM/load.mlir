// RUN: attn-opt %s --convert-tile-to-nvvm | FileCheck %s

// A lane holds rows L/4 and L/4 + 8 of an atom, and two columns of each: elements
// outside are zero, and are not read.
// CHECK-LABEL: llvm.func @matrix
// CHECK-SAME: %[[P:[^:]*]]: !llvm.ptr<1>, %[[ROWS:[^:]*]]: i32, %[[COLUMNS:[^:]*]]: i32, %[[STRIDE:[^:]*]]: i64, %[[I:[^:]*]]: i32, %[[J:[^:]*]]: i32
// CHECK: %[[ROW:.*]] = llvm.icmp "slt" %{{.*}}, %[[ROWS]]
// CHECK: llvm.cond_br %[[ROW]], ^[[INSIDE:.*]], ^{{.*}}
// CHECK: ^[[INSIDE]]:
// CHECK: %[[COLUMN:.*]] = llvm.icmp "slt" %{{.*}}, %[[COLUMNS]]
// CHECK: llvm.cond_br %[[COLUMN]], ^[[READ:.*]], ^[[ZERO:.*]]
// CHECK: ^[[READ]]:
// CHECK-NEXT: llvm.load %{{.*}} : !llvm.ptr<1> -> f32
// CHECK: ^[[ZERO]]:
// CHECK-NEXT: llvm.mlir.zero : f32
// CHECK-COUNT-3: llvm.load
// CHECK-NOT: llvm.load
tile.kernel @matrix(%m: memref<?x?xf32, strided<[?, 1]>>, %i: index, %j: index)
    attributes {cta = #tile.cta<warps = 1>, target = "sm_80", shared_bytes = 0 : i64} {
  %x = tile.load %m[%i, %j] : memref<?x?xf32, strided<[?, 1]>> -> tensor<16x8xf32, #tile.accumulator<warps = 1>>
  %y = arith.addf %x, %x : tensor<16x8xf32, #tile.accumulator<warps = 1>>
  tile.return
}

// 16-bit elements are held in pairs, whose columns may end between the two.
// CHECK-LABEL: llvm.func @pairs
// CHECK: llvm.load %{{.*}} : !llvm.ptr<1> -> f16
// CHECK: llvm.insertelement
// CHECK: llvm.load %{{.*}} : !llvm.ptr<1> -> f16
// CHECK: llvm.insertelement
// CHECK-COUNT-2: llvm.load
// CHECK-NOT: llvm.load
tile.kernel @pairs(%m: memref<?x?xf16, strided<[?, 1]>>, %i: index)
    attributes {cta = #tile.cta<warps = 1>, target = "sm_80", shared_bytes = 0 : i64} {
  %x = tile.load %m[%i] : memref<?x?xf16, strided<[?, 1]>> -> tensor<16x8xf16, #tile.accumulator<warps = 1>>
  tile.return
}

// Columns that the type shows to be inside need no test: one for each row.
// CHECK-LABEL: llvm.func @inside
// CHECK-COUNT-2: llvm.cond_br
// CHECK-NOT: llvm.cond_br
tile.kernel @inside(%m: memref<?x16xf32, strided<[?, 1]>>, %i: index)
    attributes {cta = #tile.cta<warps = 1>, target = "sm_80", shared_bytes = 0 : i64} {
  %x = tile.load %m[%i] : memref<?x16xf32, strided<[?, 1]>> -> tensor<16x8xf32, #tile.accumulator<warps = 1>>
  tile.return
}

// Rows of two indices, from a column on.
// CHECK-LABEL: llvm.func @box_from_column
// CHECK-COUNT-4: llvm.load
// CHECK-NOT: llvm.load
tile.kernel @box_from_column(%m: memref<?x?x16xf32, strided<[?, ?, 1]>>, %i: index, %j: index)
    attributes {cta = #tile.cta<warps = 1>, target = "sm_80", shared_bytes = 0 : i64} {
  %x = tile.load %m[%i, %i, %j] box = [2, 8] : memref<?x?x16xf32, strided<[?, ?, 1]>> -> tensor<16x8xf32, #tile.accumulator<warps = 1>>
  tile.return
}

// Every lane of a quad holds a row vector, every row a column vector.
// CHECK-LABEL: llvm.func @vectors
// CHECK-COUNT-4: llvm.load %{{.*}} : !llvm.ptr<1> -> f32
// CHECK-NOT: llvm.load
tile.kernel @vectors(%m: memref<?x?xf32, strided<[?, 1]>>, %i: index, %j: index)
    attributes {cta = #tile.cta<warps = 1>, target = "sm_80", shared_bytes = 0 : i64} {
  %x = tile.load %m[%i, %j] : memref<?x?xf32, strided<[?, 1]>> -> tensor<16x1xf32, #tile.accumulator<warps = 1>>
  %y = tile.load %m[%i, %j] : memref<?x?xf32, strided<[?, 1]>> -> tensor<1x8xf32, #tile.accumulator<warps = 1>>
  tile.return
}

// A store from a column on: each element by itself, where it is inside.
// CHECK-LABEL: llvm.func @store_from_column
// CHECK-SAME: %[[P:[^:]*]]: !llvm.ptr<1>, %[[ROWS:[^:]*]]: i32, %[[COLUMNS:[^:]*]]: i32
// CHECK: llvm.icmp "slt" %{{.*}}, %[[ROWS]]
// CHECK: llvm.icmp "slt" %{{.*}}, %[[COLUMNS]]
// CHECK: llvm.store %{{.*}} : f16, !llvm.ptr<1>
// CHECK-COUNT-3: llvm.store
// CHECK-NOT: llvm.store
tile.kernel @store_from_column(%m: memref<?x?xf16, strided<[?, 1]>>, %i: index, %j: index)
    attributes {cta = #tile.cta<warps = 1>, target = "sm_80", shared_bytes = 0 : i64} {
  %x = arith.constant dense<1.0> : tensor<16x8xf32, #tile.accumulator<warps = 1>>
  %y = arith.truncf %x : tensor<16x8xf32, #tile.accumulator<warps = 1>> to tensor<16x8xf16, #tile.accumulator<warps = 1>>
  tile.store %y, %m[%i, %j] : tensor<16x8xf16, #tile.accumulator<warps = 1>>, memref<?x?xf16, strided<[?, 1]>>
  tile.return
}
