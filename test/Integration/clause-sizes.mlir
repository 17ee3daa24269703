// The tensors of clauses have the sizes of the operands, also where types leave
// them open: neither fewer elements nor more.
//
// RUN: attn-compile %s --target=host -o %t.so
// RUN: attn-run %t.so --function=f --shape 0=2x4x20x16 --shape 1=2x4x30x16 --shape 2=2x20 --shape 3=2x30 --shape 4=4 --shape 5=2x4x20x30 --shape 6=2
// RUN: %refused 2 "expected dimension 1 of documents .argument 2. to be the length of query" attn-run %t.so --function=f --shape 0=2x4x20x16 --shape 1=2x4x30x16 --shape 2=2x30 --shape 3=2x30 --shape 4=4 --shape 5=2x4x20x30 --shape 6=2
// RUN: %refused 2 "expected dimension 1 of documents .argument 3. to be the length of key" attn-run %t.so --function=f --shape 0=2x4x20x16 --shape 1=2x4x30x16 --shape 2=2x20 --shape 3=2x31 --shape 4=4 --shape 5=2x4x20x30 --shape 6=2
// RUN: %refused 2 "expected dimension 0 of alibi .argument 4. to be the heads of query" attn-run %t.so --function=f --shape 0=2x4x20x16 --shape 1=2x4x30x16 --shape 2=2x20 --shape 3=2x30 --shape 4=5 --shape 5=2x4x20x30 --shape 6=2
// RUN: %refused 2 "expected dimension 3 of bias .argument 5. to be the length of key" attn-run %t.so --function=f --shape 0=2x4x20x16 --shape 1=2x4x30x16 --shape 2=2x20 --shape 3=2x30 --shape 4=4 --shape 5=2x4x20x32 --shape 6=2
// RUN: %refused 2 "expected dimension 0 of prefix .argument 6. to be the batch" attn-run %t.so --function=f --shape 0=2x4x20x16 --shape 1=2x4x30x16 --shape 2=2x20 --shape 3=2x30 --shape 4=4 --shape 5=2x4x20x30 --shape 6=3

func.func @f(%q: tensor<?x?x?x16xf32>, %k: tensor<?x?x?x16xf32>, %qd: tensor<?x?xi32>, %kd: tensor<?x?xi32>,
             %a: tensor<?xf32>, %t: tensor<?x?x?x?xf32>, %n: tensor<?xi32>) -> tensor<?x?x?x16xf32> {
  %o = attn.sdpa %q, %k, %k alibi(%a : tensor<?xf32>) bias(%t : tensor<?x?x?x?xf32>)
    prefix(%n : tensor<?xi32>) documents(%qd, %kd : tensor<?x?xi32>, tensor<?x?xi32>)
    : (tensor<?x?x?x16xf32>, tensor<?x?x?x16xf32>, tensor<?x?x?x16xf32>) -> tensor<?x?x?x16xf32>
  return %o : tensor<?x?x?x16xf32>
}
