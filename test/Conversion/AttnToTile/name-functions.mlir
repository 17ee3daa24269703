// Symbols of functions with attention are identifiers, and nothing else in the
// module has a symbol that is derived from one.
//
// RUN: attn-opt %s --attn-name-functions | FileCheck %s

!q = tensor<1x1x4x16xbf16>

// CHECK: func.func @layer_0_1({{.*}} attributes {attn.name = "layer.0"}
func.func @"layer.0"(%q: !q, %k: !q, %v: !q) -> !q {
  %o = attn.sdpa %q, %k, %v : (!q, !q, !q) -> !q
  return %o : !q
}

// A name that needs no change stays, whatever stands before it.
// CHECK: func.func @layer_0(
// CHECK-NOT: attn.name
// CHECK: return
func.func @layer_0(%q: !q, %k: !q, %v: !q) -> !q {
  %o = attn.sdpa %q, %k, %v : (!q, !q, !q) -> !q
  return %o : !q
}

// CHECK: func.func @_1x({{.*}} attributes {attn.name = "1x"}
func.func @"1x"(%q: !q) -> !q {
  %o = attn.rope %q : !q
  return %o : !q
}

// CHECK: func.func @gr_e({{.*}} attributes {attn.name = "gr{{.*}}e"}
func.func @"größe"(%q: !q) -> !q {
  %o = attn.rope %q : !q
  return %o : !q
}

// What other stages derive from `f` begins with `f__`.
// CHECK: func.func @f(
// CHECK: func.func @f_reference_1({{.*}} attributes {attn.name = "f__reference"}
func.func @f(%q: !q) -> !q {
  %o = attn.rope %q : !q
  return %o : !q
}
func.func @f__reference(%q: !q) -> !q {
  %o = attn.rope %q : !q
  return %o : !q
}

// The other way round, too: `g__x` came first, and is not renamed.
// CHECK: func.func @g__x(
// CHECK: func.func @g_1({{.*}} attributes {attn.name = "g"}
func.func @g__x(%q: !q) -> !q {
  %o = attn.rope %q : !q
  return %o : !q
}
func.func @g(%q: !q) -> !q {
  %o = attn.rope %q : !q
  return %o : !q
}

// CHECK: func.func @h_1({{.*}} attributes {attn.name = "h"}
func.func @h(%q: !q) -> !q {
  %o = attn.rope %q : !q
  return %o : !q
}
func.func private @h__flops()

// Names of the runtime are not for functions.
// CHECK: func.func @_attnrtLaunch({{.*}} attributes {attn.name = "attnrtLaunch"}
func.func @attnrtLaunch(%q: !q) -> !q {
  %o = attn.rope %q : !q
  return %o : !q
}

// Calls follow; functions without attention keep their names.
// CHECK: func.func @"no attention"
// CHECK: call @_1x(
func.func @"no attention"(%q: !q) -> !q {
  %o = call @"1x"(%q) : (!q) -> !q
  return %o : !q
}
