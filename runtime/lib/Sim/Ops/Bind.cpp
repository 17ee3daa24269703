//===- Bind.cpp - From a form to its family -------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ops/Lanes.h"

#include <initializer_list>

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

namespace {
/// Opcodes that one file implements.
struct Family {
  bool (*bind)(const Match &match, Op &op);
  std::initializer_list<Sem> opcodes;
};
} // namespace

static constexpr Family kFamilies[] = {
    {bindArithmetic,
     {Sem::Add, Sem::Sub,  Sem::Mul,      Sem::Mad,   Sem::Fma, Sem::Neg,
      Sem::Abs, Sem::Min,  Sem::Max,      Sem::Div,   Sem::Rem, Sem::Sad,
      Sem::Rcp, Sem::Sqrt, Sem::Copysign, Sem::Rsqrt, Sem::Ex2, Sem::Lg2,
      Sem::Sin, Sem::Cos,  Sem::Tanh}},
    {bindCarry,
     {Sem::AddCc, Sem::Addc, Sem::SubCc, Sem::Subc, Sem::MadCc, Sem::Madc}},
    {bindFields,
     {Sem::Mul24, Sem::Mad24, Sem::Dp4a, Sem::Dp2a, Sem::Bmsk, Sem::Szext,
      Sem::Fns, Sem::Slct}},
    {bindVideo,
     {Sem::Vadd, Sem::Vsub, Sem::Vabsdiff, Sem::Vmin, Sem::Vmax, Sem::Vshl,
      Sem::Vshr, Sem::Vmad, Sem::Vset}},
    {bindVideoLanes,
     {Sem::Vadd2, Sem::Vsub2, Sem::Vabsdiff2, Sem::Vmin2, Sem::Vmax2,
      Sem::Vavrg2, Sem::Vset2, Sem::Vadd4, Sem::Vsub4, Sem::Vabsdiff4,
      Sem::Vmin4, Sem::Vmax4, Sem::Vavrg4, Sem::Vset4}},
    {bindLogic,
     {Sem::And, Sem::Or, Sem::Xor, Sem::Not, Sem::Cnot, Sem::Shl, Sem::Shr,
      Sem::Shf, Sem::Bfe, Sem::Bfi, Sem::Bfind, Sem::Brev, Sem::Popc, Sem::Clz,
      Sem::Prmt, Sem::Lop3}},
    {bindCompare, {Sem::Setp, Sem::Set, Sem::Testp}},
    {bindSelect, {Sem::Selp}},
    {bindMove, {Sem::Mov, Sem::Cvta, Sem::Isspacep}},
    {bindConvert, {Sem::Cvt}},
    {bindConvertFp8, {Sem::CvtFp8}},
    {bindLoadStore,
     {Sem::Ld, Sem::Ldu, Sem::St, Sem::Createpolicy, Sem::Prefetch,
      Sem::Prefetchu, Sem::Applypriority}},
    {bindAtomic, {Sem::Atom, Sem::Red}},
    {bindControl,
     {Sem::Bra, Sem::Brx, Sem::Ret, Sem::Exit, Sem::Trap, Sem::Nanosleep,
      Sem::Pmevent, Sem::Brkpt, Sem::Membar, Sem::Fence}},
    {bindCall, {Sem::Call, Sem::Alloca, Sem::Stacksave, Sem::Stackrestore}},
    {bindBarrier, {Sem::Bar, Sem::Barrier}},
    {bindWarp, {Sem::Shfl, Sem::Vote, Sem::Activemask, Sem::Redux, Sem::Match}},
    {bindMatrix, {Sem::Ldmatrix, Sem::Stmatrix, Sem::Movmatrix, Sem::Mma}},
    {bindCpAsync, {Sem::CpAsync}},
    {bindMBarrier, {Sem::CpAsyncArrive, Sem::Mbarrier}},
    {bindBulk, {Sem::CpBulk}},
    {bindWmma, {Sem::Wmma}},
    {bindWgmma, {Sem::Wgmma}},
    {bindRegisters, {Sem::Setmaxnreg}},
    {bindCluster,
     {Sem::FenceProxy, Sem::Elect, Sem::Mapa, Sem::Getctarank,
      Sem::BarrierCluster, Sem::Griddepcontrol}},
};

bool bindOp(const Match &match, Op &op) {
  for (const Family &family : kFamilies)
    for (Sem sem : family.opcodes)
      if (sem == match.sem())
        return family.bind(match, op);
  return false;
}

} // namespace attnrt::sim::ATTNRT_SIM_ISA
