//===- Program.h - Decoded PTX ----------------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel is an array of compact operations over rows of 32 lanes. Every
// operand is a row (constants and special registers have rows too), so that a
// handler never asks what kind of operand it has.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_DECODE_PROGRAM_H
#define ATTNRT_SIM_DECODE_PROGRAM_H

#include "Decode/Classes.h"
#include "attnrt/Status.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace attnrt::sim {

class Warp;
struct Op;

/// Tells the scheduler how to go on after an operation.
enum class Step : uint8_t {
  Next,  // go on with the following operation
  Moved, // the handler set the program counter or changed the fragments
};

using Handler = Step (*)(Warp &, const Op &, uint32_t mask);

inline constexpr uint16_t kNoGuard = 0xffff;
inline constexpr uint32_t kNoTarget = 0xffffffff;

/// Rows and predicates that every kernel has.
enum : uint16_t { kSinkRow = 0, kFirstRow = 2 };
enum : uint16_t { kFalsePred = 0, kTruePred = 1, kSinkPred = 2, kFirstPred };

struct Op {
  Handler fn = nullptr;
  int64_t imm = 0;  // constant, or offset of the first memory operand
  int64_t imm2 = 0; // offset of the second one
  int32_t imm3 = 0; // offset of the third one
  int32_t line = 0;
  uint32_t list = 0;               // first vector element in Kernel::pool
  uint32_t target = kNoTarget;     // of a branch
  uint32_t reconverge = kNoTarget; // where the two sides meet again
  uint32_t aux = 0;                // the handler's own
  uint16_t guard = kNoGuard;       // predicate
  uint16_t dst[2] = {0, 0};
  uint16_t src[5] = {0, 0, 0, 0, 0};
  uint8_t count = 0;    // vector elements, or sources given
  uint8_t dstBytes = 0; // of the register, where it may be wider
  uint8_t srcBytes = 0;
  bool guardNegated : 1;
  bool meets : 1;   // some fragments wait here for their siblings
  bool negated : 1; // the predicate source stands negated
  bool negated2 : 1;
  bool narrow : 1;  // the first address has 32 bits
  bool narrow2 : 1; // the second one
  bool strong : 1;  // an atomic, volatile or relaxed access, or stronger
  bool watched : 1; // names a register that some wgmma has
  bool narrow3 : 1; // the third address
  bool framed : 1;  // .param of a function or of a call

  Op()
      : guardNegated(false), meets(false), negated(false), negated2(false),
        narrow(false), narrow2(false), strong(false), watched(false),
        narrow3(false), framed(false) {}
};

/// A register of an operation that some wgmma has, too.
struct WgmmaRow {
  uint16_t row;
  bool def;
};

/// A row that holds one value in all lanes.
struct ConstantRow {
  uint16_t row;
  bool wide;
  uint64_t bits;
  int variable = -1; // add the address of this module variable
};

enum class Special : uint8_t {
  TidX,
  TidY,
  TidZ,
  NTidX,
  NTidY,
  NTidZ,
  CtaIdX,
  CtaIdY,
  CtaIdZ,
  NCtaIdX,
  NCtaIdY,
  NCtaIdZ,
  LaneId,
  WarpId,
  NWarpId,
  SmId,
  NSmId,
  GridId,
  LaneMaskEq,
  LaneMaskLt,
  LaneMaskLe,
  LaneMaskGt,
  LaneMaskGe,
  DynamicSmemSize,
  TotalSmemSize,
  ClusterRank,
  ClusterSize,
  ClusterCtaIdX,
  ClusterCtaIdY,
  ClusterCtaIdZ,
  ClusterNCtaIdX,
  ClusterNCtaIdY,
  ClusterNCtaIdZ,
  ClusterIdX,
  ClusterIdY,
  ClusterIdZ,
  NClusterIdX,
  NClusterIdY,
  NClusterIdZ,
  Zero,
  Clock,
  Clock64,
  GlobalTimer,
};

/// "%tid.x".
std::optional<Special> specialNamed(std::string_view name);

struct SpecialRow {
  uint16_t row;
  Special what;
};

/// One variable in the CTA's shared memory; the gaps between are red zones.
struct SharedVariable {
  std::string name;
  uint32_t begin = 0, bytes = 0;
};

/// Functions that programs call and the simulator has.
enum class Builtin : uint8_t { None, Printf, AssertFail, Malloc, Free };

/// A parameter, a result or an argument in a frame.
struct FramePart {
  uint32_t offset = 0, bytes = 0;
};

/// A row for the address of a variable in the frame of whoever runs.
struct FrameRow {
  uint16_t row;
  bool wide;
  uint64_t offset;
};

/// A function that the kernel may call. Its registers have rows of their own,
/// whose values are kept when a thread calls it again before it returned.
struct Callee {
  std::string name;
  uint32_t begin = 0; // operation
  uint32_t frameBytes = 0;
  std::vector<FramePart> params, results;
  uint32_t narrowBegin = 0, narrowEnd = 0; // rows
  uint32_t wideBegin = 0, wideEnd = 0;
  uint32_t predBegin = 0, predEnd = 0;
  std::vector<FrameRow> addresses;
  std::vector<uint16_t> undefinedRows, undefinedPreds; // when it begins
};

/// What a call gives and takes, in the caller's frame.
struct CallSite {
  int callee = -1; // of the kernel; a register names it where it is -1
  Builtin builtin = Builtin::None;
  std::vector<FramePart> args, results;
};

struct Kernel {
  std::string name;
  /// Why it cannot run; the rest is then of no use, but for the parameters.
  Status refusal;
  std::vector<ptx::Variable> params; // `bytes`, `align`
  std::vector<uint32_t> paramOffsets;
  uint32_t paramBytes = 0;
  uint32_t maxThreads = 0;
  uint32_t requiredThreads[3] = {0, 0, 0};
  uint32_t requiredCluster[3] = {0, 0, 0}; // in CTAs
  /// Registers of a thread when it begins, as setmaxnreg counts them; 0 if
  /// unknown.
  uint32_t entryRegisters = 0;
  std::vector<SharedVariable> shared;
  uint32_t staticSharedBytes = 0; // sum of the declared sizes
  uint32_t sharedEnd = 0;         // where dynamic shared memory may begin
  uint32_t dynamicAlign = 16;
  uint32_t dynamicBase = 0;
  uint32_t localBytes = 0; // per thread
  std::vector<Op> ops;
  std::vector<OpFacts> facts; // by operation
  std::vector<ProductKind> products;
  std::vector<uint16_t> pool;
  std::vector<std::vector<uint32_t>> branchTables;
  std::vector<Callee> callees;
  std::vector<CallSite> calls;
  std::vector<int> calleeOf; // by function of the program; -1 where it is none
  bool usesStack = false;    // frames besides the entry's, or alloca
  bool usesHeap = false;     // malloc
  /// By operation, of those that are `watched`.
  std::unordered_map<uint32_t, std::vector<WgmmaRow>> wgmmaRows;
  bool hasWgmmas = false;    // wgmma
  bool waitsForGrid = false; // griddepcontrol.wait
  std::vector<ConstantRow> constants;
  std::vector<SpecialRow> specials;
  std::vector<uint16_t> undefinedRows; // live at entry: start as poison
  std::vector<uint16_t> undefinedPreds;
  uint32_t rows = 0;
  uint32_t preds = 0;
};

/// Generic addresses: windows that no host address can lie in.
inline constexpr uint64_t kSharedWindow = uint64_t(1) << 60;
inline constexpr uint64_t kLocalWindow = uint64_t(2) << 60;
inline constexpr uint64_t kParamWindow = uint64_t(3) << 60;
inline constexpr uint64_t kCodeWindow = uint64_t(4) << 60;
inline constexpr uint64_t kWindowMask = uint64_t(0xf) << 60;

/// Shared memory starts here, so that a null pointer is out of bounds.
inline constexpr uint32_t kSharedBase = 1024;

class Program {
public:
  uint64_t id = 0; // unique in the process
  std::string text;
  std::vector<size_t> lineStarts;
  std::string target;                   // "sm_80"
  std::vector<ptx::Variable> variables; // .global and .const
  std::vector<std::string> functions;
  std::vector<Kernel> kernels;

  const Kernel *find(std::string_view name) const;
  /// The text of a 1-based line, trimmed.
  std::string line(int number) const;
  /// The origin of a line by line information: the comment behind its `.loc`,
  /// which names an operation in PTX of this project, else file, line and
  /// column. Empty where there is none.
  std::string origin(int number) const;
  /// "`bar.sync 0;` (tile.barrier at tile.mlir:64:7)".
  std::string quote(int number) const;
};

/// Chooses the handler of a matched instruction and may set its `aux`. False
/// when there is none.
using Binder = bool (*)(const Match &match, Op &op);

Expected<std::shared_ptr<const Program>> decodeProgram(std::string_view text,
                                                       Binder bind);

} // namespace attnrt::sim

#endif // ATTNRT_SIM_DECODE_PROGRAM_H
