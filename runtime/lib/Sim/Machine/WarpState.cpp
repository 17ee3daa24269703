//===- WarpState.cpp - What decides what a warp does next -----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine/WarpState.h"
#include "Machine/CallStack.h"
#include "Machine/Cta.h"

#include <algorithm>

using namespace attnrt::sim;

bool WarpState::holds(const Warp &warp) {
  bool restores = warp.stack && warp.stack->bytes() != 0;
  return !restores && warp.local.size() <= kMostLocal;
}

uint64_t WarpState::bytesFor(const Kernel &kernel) {
  uint64_t local = uint64_t(kernel.localBytes) * 32;
  return uint64_t(kernel.rows) * 33 * sizeof(uint32_t) +
         kernel.preds * sizeof(Predicate) + (local > kMostLocal ? 0 : local);
}

void Warp::save(WarpState &state) const {
  const Kernel &kernel = cta.launch.kernel;
  state.fragments = fragments;
  state.meetings = meetings;
  state.current = current;
  state.rows.assign(rows, rows + size_t(kernel.rows) * 32);
  state.poison.assign(poison.get(), poison.get() + kernel.rows);
  state.preds.assign(preds.get(), preds.get() + kernel.preds);
  state.local = local;
}

bool Warp::standsAsIn(const WarpState &state) const {
  return current == state.current && fragments == state.fragments;
}

bool Warp::is(const WarpState &state) const {
  return standsAsIn(state) && meetings == state.meetings &&
         std::equal(state.preds.begin(), state.preds.end(), preds.get()) &&
         std::equal(state.poison.begin(), state.poison.end(), poison.get()) &&
         std::equal(state.rows.begin(), state.rows.end(), rows) &&
         local == state.local;
}
