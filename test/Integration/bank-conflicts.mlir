// Shared memory is read and written without bank conflicts, whichever swizzle a
// head dimension has, and whether or not it is padded.
// RUN: env ATTN_PTXAS= attn-compile %s --target=sm_80 -o %t.so
// RUN: attn-run %t.so --function=d16 --device=sim --shape=0=1x2x70x16 --shape=1=1x2x90x16 --shape=2=1x2x90x16 --json=%t.json > /dev/null
// RUN: FileCheck %s --input-file=%t.json
// RUN: attn-run %t.so --function=d24 --device=sim --shape=0=1x2x70x24 --shape=1=1x2x90x24 --shape=2=1x2x90x24 --json=%t.json > /dev/null
// RUN: FileCheck %s --input-file=%t.json
// RUN: attn-run %t.so --function=d32 --device=sim --shape=0=1x2x70x32 --shape=1=1x2x90x32 --shape=2=1x2x90x32 --json=%t.json > /dev/null
// RUN: FileCheck %s --input-file=%t.json
// RUN: attn-run %t.so --function=d64 --device=sim --shape=0=1x2x70x64 --shape=1=1x2x90x64 --shape=2=1x2x90x64 --json=%t.json > /dev/null
// RUN: FileCheck %s --input-file=%t.json
// RUN: attn-run %t.so --function=d80 --device=sim --shape=0=1x2x70x80 --shape=1=1x2x90x80 --shape=2=1x2x90x80 --json=%t.json > /dev/null
// RUN: FileCheck %s --input-file=%t.json
// RUN: attn-run %t.so --function=d96 --device=sim --shape=0=1x2x70x96 --shape=1=1x2x90x96 --shape=2=1x2x90x96 --json=%t.json > /dev/null
// RUN: FileCheck %s --input-file=%t.json
// RUN: attn-run %t.so --function=d256 --device=sim --shape=0=1x2x70x256 --shape=1=1x2x90x256 --shape=2=1x2x90x256 --json=%t.json > /dev/null
// RUN: FileCheck %s --input-file=%t.json

// CHECK: "bank_conflicts": 0,

func.func @d16(%q: tensor<1x2x?x16xbf16>, %k: tensor<1x2x?x16xbf16>, %v: tensor<1x2x?x16xbf16>) -> tensor<1x2x?x16xbf16> {
  %o = attn.sdpa %q, %k, %v : (tensor<1x2x?x16xbf16>, tensor<1x2x?x16xbf16>, tensor<1x2x?x16xbf16>) -> tensor<1x2x?x16xbf16>
  return %o : tensor<1x2x?x16xbf16>
}

func.func @d24(%q: tensor<1x2x?x24xbf16>, %k: tensor<1x2x?x24xbf16>, %v: tensor<1x2x?x24xbf16>) -> tensor<1x2x?x24xbf16> {
  %o = attn.sdpa %q, %k, %v : (tensor<1x2x?x24xbf16>, tensor<1x2x?x24xbf16>, tensor<1x2x?x24xbf16>) -> tensor<1x2x?x24xbf16>
  return %o : tensor<1x2x?x24xbf16>
}

func.func @d32(%q: tensor<1x2x?x32xbf16>, %k: tensor<1x2x?x32xbf16>, %v: tensor<1x2x?x32xbf16>) -> tensor<1x2x?x32xbf16> {
  %o = attn.sdpa %q, %k, %v : (tensor<1x2x?x32xbf16>, tensor<1x2x?x32xbf16>, tensor<1x2x?x32xbf16>) -> tensor<1x2x?x32xbf16>
  return %o : tensor<1x2x?x32xbf16>
}

func.func @d64(%q: tensor<1x2x?x64xbf16>, %k: tensor<1x2x?x64xbf16>, %v: tensor<1x2x?x64xbf16>) -> tensor<1x2x?x64xbf16> {
  %o = attn.sdpa %q, %k, %v : (tensor<1x2x?x64xbf16>, tensor<1x2x?x64xbf16>, tensor<1x2x?x64xbf16>) -> tensor<1x2x?x64xbf16>
  return %o : tensor<1x2x?x64xbf16>
}

func.func @d80(%q: tensor<1x2x?x80xbf16>, %k: tensor<1x2x?x80xbf16>, %v: tensor<1x2x?x80xbf16>) -> tensor<1x2x?x80xbf16> {
  %o = attn.sdpa %q, %k, %v : (tensor<1x2x?x80xbf16>, tensor<1x2x?x80xbf16>, tensor<1x2x?x80xbf16>) -> tensor<1x2x?x80xbf16>
  return %o : tensor<1x2x?x80xbf16>
}

func.func @d96(%q: tensor<1x2x?x96xbf16>, %k: tensor<1x2x?x96xbf16>, %v: tensor<1x2x?x96xbf16>) -> tensor<1x2x?x96xbf16> {
  %o = attn.sdpa %q, %k, %v : (tensor<1x2x?x96xbf16>, tensor<1x2x?x96xbf16>, tensor<1x2x?x96xbf16>) -> tensor<1x2x?x96xbf16>
  return %o : tensor<1x2x?x96xbf16>
}

func.func @d256(%q: tensor<1x2x?x256xbf16>, %k: tensor<1x2x?x256xbf16>, %v: tensor<1x2x?x256xbf16>) -> tensor<1x2x?x256xbf16> {
  %o = attn.sdpa %q, %k, %v : (tensor<1x2x?x256xbf16>, tensor<1x2x?x256xbf16>, tensor<1x2x?x256xbf16>) -> tensor<1x2x?x256xbf16>
  return %o : tensor<1x2x?x256xbf16>
}
