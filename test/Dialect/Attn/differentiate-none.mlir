// RUN: not attn-opt %s --attn-differentiate=function=nothing 2>&1 | FileCheck %s
// CHECK: error: expected a function `nothing` to differentiate

func.func @something() {
  return
}
