// Two layers of multi-head self-attention with their projections: linalg on f32,
// with attention on f16 in the middle, in a loop.

!x = tensor<48x64xf32>       // tokens x features
!w = tensor<64x64xf32>
!split = tensor<48x4x16xf32> // tokens x heads x features of a head
!heads = tensor<4x48x16xf32>
!batch = tensor<1x4x48x16xf32>
!half = tensor<1x4x48x16xf16>

func.func private @printMemrefF32(tensor<*xf32>)

func.func @product(%x: !x, %w: !w) -> !x {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : !x
  %zeros = linalg.fill ins(%zero : f32) outs(%empty : !x) -> !x
  %y = linalg.matmul ins(%x, %w : !x, !w) outs(%zeros : !x) -> !x
  return %y : !x
}

// The projection of all tokens, split into heads.
func.func @project(%x: !x, %w: !w) -> !half {
  %y = call @product(%x, %w) : (!x, !w) -> !x
  %split = tensor.expand_shape %y [[0], [1, 2]] output_shape [48, 4, 16] : !x into !split
  %empty = tensor.empty() : !heads
  %heads = linalg.transpose ins(%split : !split) outs(%empty : !heads) permutation = [1, 0, 2]
  %batch = tensor.expand_shape %heads [[0, 1], [2], [3]] output_shape [1, 4, 48, 16] : !heads into !batch
  %half = arith.truncf %batch : !batch to !half
  return %half : !half
}

func.func @layers(%input: !x, %wq: !w, %wk: !w, %wv: !w, %wo: !w) -> !x {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %output = scf.for %i = %c0 to %c2 step %c1 iter_args(%x = %input) -> !x {
    %q = func.call @project(%x, %wq) : (!x, !w) -> !half
    %k = func.call @project(%x, %wk) : (!x, !w) -> !half
    %v = func.call @project(%x, %wv) : (!x, !w) -> !half
    %o = attn.sdpa %q, %k, %v causal(top_left) : (!half, !half, !half) -> !half
    %wide = arith.extf %o : !half to !batch
    %heads = tensor.collapse_shape %wide [[0, 1], [2], [3]] : !batch into !heads
    %empty = tensor.empty() : !split
    %split = linalg.transpose ins(%heads : !heads) outs(%empty : !split) permutation = [1, 0, 2]
    %merged = tensor.collapse_shape %split [[0], [1, 2]] : !split into !x
    %y = func.call @product(%merged, %wo) : (!x, !w) -> !x
    %sum = tensor.empty() : !x
    %next = linalg.add ins(%x, %y : !x, !x) outs(%sum : !x) -> !x
    scf.yield %next : !x
  }
  return %output : !x
}

// ((i * 64 + j) * a mod 31 - 15) / 64
func.func @weights(%a: index) -> !w {
  %empty = tensor.empty() : !w
  %w = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]
    } outs(%empty : !w) {
  ^bb0(%ignored: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %c15 = arith.constant 15 : index
    %c31 = arith.constant 31 : index
    %c64 = arith.constant 64 : index
    %unit = arith.constant 0.015625 : f32
    %row = arith.muli %i, %c64 : index
    %n = arith.addi %row, %j : index
    %na = arith.muli %n, %a : index
    %rest = arith.remui %na, %c31 : index
    %centred = arith.subi %rest, %c15 : index
    %word = arith.index_cast %centred : index to i32
    %float = arith.sitofp %word : i32 to f32
    %value = arith.mulf %float, %unit : f32
    linalg.yield %value : f32
  } -> !w
  return %w : !w
}

func.func @main() {
  %c3 = arith.constant 3 : index
  %c5 = arith.constant 5 : index
  %c7 = arith.constant 7 : index
  %c11 = arith.constant 11 : index
  %c13 = arith.constant 13 : index
  %wq = call @weights(%c3) : (index) -> !w
  %wk = call @weights(%c5) : (index) -> !w
  %wv = call @weights(%c7) : (index) -> !w
  %wo = call @weights(%c11) : (index) -> !w
  %square = call @weights(%c13) : (index) -> !w
  %scale = arith.constant dense<8.0> : !x
  %part = tensor.extract_slice %square[0, 0] [48, 64] [1, 1] : !w to !x
  %empty = tensor.empty() : !x
  %x = linalg.mul ins(%part, %scale : !x, !x) outs(%empty : !x) -> !x
  %y = call @layers(%x, %wq, %wk, %wv, %wo) : (!x, !w, !w, !w, !w) -> !x
  %any = tensor.cast %y : !x to tensor<*xf32>
  call @printMemrefF32(%any) : (tensor<*xf32>) -> ()
  return
}
