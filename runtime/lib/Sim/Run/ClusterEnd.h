//===- ClusterEnd.h - What must not be left when a CTA ends -----*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_RUN_CLUSTEREND_H
#define ATTNRT_SIM_RUN_CLUSTEREND_H

#include "Machine/Cluster.h"

namespace attnrt::sim {

/// Reports it.
void checkEnd(Cta &cta);

} // namespace attnrt::sim

#endif // ATTNRT_SIM_RUN_CLUSTEREND_H
