//===- Bind.cpp - From a form to its family -------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ops/Lanes.h"

namespace attnrt::sim::ATTNRT_SIM_ISA {

/// Arithmetic opcodes serve integers, floats and halves.
static bool bindArithmetic(const Match &match, Op &op) {
  switch (match.type()) {
  case Type::F16:
  case Type::F16x2:
  case Type::BF16:
  case Type::BF16x2:
    return bindHalf(match, op);
  case Type::F32:
  case Type::F64:
    if (match.has("approx") || match.has("full"))
      return bindApprox(match, op);
    return bindFloat(match, op);
  default:
    return bindInteger(match, op);
  }
}

bool bindOp(const Match &match, Op &op) {
  switch (match.sem()) {
  case Sem::Add:
  case Sem::Sub:
  case Sem::Mul:
  case Sem::Mad:
  case Sem::Fma:
  case Sem::Neg:
  case Sem::Abs:
  case Sem::Min:
  case Sem::Max:
  case Sem::Div:
  case Sem::Rem:
  case Sem::Sad:
  case Sem::Rcp:
  case Sem::Sqrt:
  case Sem::Copysign:
  case Sem::Rsqrt:
  case Sem::Ex2:
  case Sem::Lg2:
  case Sem::Sin:
  case Sem::Cos:
  case Sem::Tanh:
    return bindArithmetic(match, op);
  case Sem::And:
  case Sem::Or:
  case Sem::Xor:
  case Sem::Not:
  case Sem::Cnot:
  case Sem::Shl:
  case Sem::Shr:
  case Sem::Shf:
  case Sem::Bfe:
  case Sem::Bfi:
  case Sem::Bfind:
  case Sem::Brev:
  case Sem::Popc:
  case Sem::Clz:
  case Sem::Prmt:
  case Sem::Lop3:
    return bindLogic(match, op);
  case Sem::Selp:
  case Sem::Setp:
  case Sem::Set:
  case Sem::Testp:
    return bindCompare(match, op);
  case Sem::Mov:
  case Sem::Cvta:
  case Sem::Isspacep:
    return bindMove(match, op);
  case Sem::Cvt:
    return bindConvert(match, op);
  case Sem::CvtFp8:
    return bindConvertFp8(match, op);
  case Sem::Ld:
  case Sem::Ldu:
  case Sem::St:
  case Sem::Createpolicy:
  case Sem::Prefetch:
  case Sem::Prefetchu:
    return bindLoadStore(match, op);
  case Sem::Atom:
  case Sem::Red:
    return bindAtomic(match, op);
  case Sem::Bra:
  case Sem::Brx:
  case Sem::Ret:
  case Sem::Exit:
  case Sem::Trap:
  case Sem::Nanosleep:
  case Sem::Membar:
  case Sem::Fence:
    return bindControl(match, op);
  case Sem::Bar:
  case Sem::Barrier:
    return bindBarrier(match, op);
  case Sem::Shfl:
  case Sem::Vote:
  case Sem::Activemask:
  case Sem::Redux:
  case Sem::Match:
    return bindWarp(match, op);
  case Sem::Ldmatrix:
  case Sem::Stmatrix:
  case Sem::Movmatrix:
  case Sem::Mma:
    return bindMatrix(match, op);
  case Sem::CpAsync:
    return bindCpAsync(match, op);
  case Sem::CpAsyncArrive:
  case Sem::Mbarrier:
    return bindMBarrier(match, op);
  case Sem::CpBulk:
    return bindBulk(match, op);
  case Sem::Wgmma:
    return bindTensor(match, op);
  case Sem::Setmaxnreg:
    return bindRegisters(match, op);
  case Sem::FenceProxy:
  case Sem::Elect:
  case Sem::Mapa:
  case Sem::Getctarank:
  case Sem::BarrierCluster:
  case Sem::Griddepcontrol:
    return bindCluster(match, op);
  }
  return false;
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
