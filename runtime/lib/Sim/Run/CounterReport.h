//===- CounterReport.h - Counts by what they mean ---------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_RUN_COUNTERREPORT_H
#define ATTNRT_SIM_RUN_COUNTERREPORT_H

#include "Machine/Cta.h"

namespace attnrt::sim {

/// Adds what a launch counted, to the totals and to what its kernel did before.
void addCounters(const Launch &launch, const Counters &counters,
                 ExecutionReport &report);

} // namespace attnrt::sim

#endif // ATTNRT_SIM_RUN_COUNTERREPORT_H
