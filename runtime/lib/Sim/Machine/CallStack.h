//===- CallStack.h - Frames of the threads of one warp ----------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every thread has a stack in its local memory, which begins with the entry's
// frame. Registers of a function have rows of their own, so a call costs no
// register anything unless the thread is in that function already: then their
// values are put aside until it returns.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_MACHINE_CALLSTACK_H
#define ATTNRT_SIM_MACHINE_CALLSTACK_H

#include "Decode/Program.h"

#include <cstdint>
#include <vector>

namespace attnrt::sim {

/// Registers of one lane in one function.
struct SavedRegisters {
  std::vector<uint32_t> narrow;
  std::vector<uint64_t> wide;
  /// Undefined bits of the same.
  std::vector<uint32_t> narrowUndefined;
  std::vector<uint64_t> wideUndefined;
  std::vector<uint8_t> preds; // value, poison
};

class CallStack {
public:
  explicit CallStack(Warp &warp) : warp(warp) {}
  void reset(const Kernel &kernel);

  /// Begins frames of the callee, with the arguments. False where a stack has
  /// no room for them; nothing has changed then.
  bool enter(uint32_t lanes, int callee, const CallSite &site);
  /// Ends them: results go to the caller.
  void leave(uint32_t lanes);
  /// Room of that size on top of a lane's stack; its address, or kNoRoom.
  uint32_t extend(unsigned lane, uint64_t bytes, uint32_t align);
  /// Back to what `top` was.
  void cut(unsigned lane, uint32_t to);

  uint32_t base(unsigned lane) const { return bases[lane]; }
  uint32_t top(unsigned lane) const { return tops[lane]; }
  /// The highest address that some lane has.
  uint32_t highest(uint32_t lanes) const;
  uint64_t bytes() const { return savedBytes; }

  static constexpr uint32_t kNoRoom = UINT32_MAX;
  /// Of a thread.
  static constexpr uint64_t kLimit = 64 * 1024;

private:
  struct Activation {
    int callee;
    const CallSite *site;
    uint32_t base, top; // of the caller
    bool hasSaved;
    SavedRegisters saved;
  };
  void enterLane(unsigned lane, int callee, const CallSite &site);
  void leaveLane(unsigned lane);
  void copy(unsigned lane, uint32_t from, const std::vector<FramePart> &given,
            uint32_t to, const std::vector<FramePart> &taken);
  void save(unsigned lane, const Callee &callee, SavedRegisters &into);
  void restore(unsigned lane, const Callee &callee, const SavedRegisters &from);
  void begin(unsigned lane, const Callee &callee);

  Warp &warp;
  std::vector<Activation> frames[32];
  std::vector<uint32_t> active; // by callee and lane
  uint32_t bases[32] = {}, tops[32] = {};
  uint64_t savedBytes = 0;
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_MACHINE_CALLSTACK_H
