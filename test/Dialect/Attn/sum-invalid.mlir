// RUN: attn-opt %s --split-input-file --verify-diagnostics

// One case for each way to break a rule (S1) to (S3) of docs/AttnSpec.md.

func.func @sum_s1_other_type(%a: tensor<4xf32>, %b: tensor<?xf32>) -> tensor<4xf32> {
  // expected-error @below {{expected operands of the type of the sum, 'tensor<4xf32>', got 'tensor<?xf32>'}}
  %s = "attn.sum"(%a, %b) <{operandSegmentSizes = array<i32: 2, 0>}> : (tensor<4xf32>, tensor<?xf32>) -> tensor<4xf32>
  return %s : tensor<4xf32>
}

// -----

func.func @sum_s2_integers(%a: tensor<4xi32>) -> tensor<4xi32> {
  // expected-error @below {{expected a tensor of f16, bf16 or f32 without an encoding, got 'tensor<4xi32>'}}
  %s = attn.sum %a : tensor<4xi32>
  return %s : tensor<4xi32>
}

// -----

func.func @sum_s3_both(%a: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{expected either addends or `like`}}
  %s = "attn.sum"(%a, %a) <{operandSegmentSizes = array<i32: 1, 1>}> : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %s : tensor<4xf32>
}
