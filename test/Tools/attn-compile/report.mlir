// The report is one JSON object on standard output, and nothing else is.
//
// RUN: rm -rf %t && mkdir -p %t
// RUN: attn-compile %s --target=sm_80 -o %t/a.so --report=json > %t/so.json
// RUN: attn-compile %s --target=sm_80 --emit=ptx -o %t/a.ptx --report=json > %t/ptx.json
// RUN: env ATTN_PTXAS= attn-compile %s --target=sm_80 -o %t/b.so --report=json > %t/without.json
// RUN: %python %S/Inputs/check_report.py so %t/so.json %t/without.json
// RUN: %python %S/Inputs/check_report.py ptx %t/ptx.json

func.func @f(%q: tensor<1x2x32x40xf16>) -> tensor<1x2x32x40xf16> {
  %o = attn.sdpa %q, %q, %q : (tensor<1x2x32x40xf16>, tensor<1x2x32x40xf16>, tensor<1x2x32x40xf16>) -> tensor<1x2x32x40xf16>
  return %o : tensor<1x2x32x40xf16>
}
