//===- Dispatch.cpp - The handlers for this host --------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ops/Dispatch.h"

namespace attnrt::sim {

namespace plain {
bool bindOp(const Match &match, Op &op);
}
#ifdef ATTNRT_SIM_HAVE_V3
namespace v3 {
bool bindOp(const Match &match, Op &op);
}
#endif

Binder hostBinder() {
#ifdef ATTNRT_SIM_HAVE_V3
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
      __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("f16c"))
    return v3::bindOp;
#endif
  return plain::bindOp;
}

} // namespace attnrt::sim
