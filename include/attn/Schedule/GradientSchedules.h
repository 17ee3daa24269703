//===- GradientSchedules.h - Default schedules of gradients -----*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_SCHEDULE_GRADIENTSCHEDULES_H
#define ATTN_SCHEDULE_GRADIENTSCHEDULES_H

#include "attn/Schedule/RegisterModel.h"

namespace attn {

/// The schedules of the kernels that compute the gradients of one attention.
struct GradientSchedules {
  tile::GradientKeys keys;    // of keys and values
  tile::GradientKeys queries; // of queries
};

GradientSchedules defaultGradientSchedules(const TargetDesc &target,
                                           HeadDims dims, MmaType type);

/// What kernels of gradients compute beside the products of plain attention.
struct GradientExtras {
  bool hasDropout, hasRegions;
  bool hasTensors; ///< Gradients of what scores read.
  bool areSingles; ///< Products are of f32, which warps split.
};

/// Makes room for them among the registers.
void fitExtras(GradientSchedules &schedules, HeadDims dims,
               const GradientExtras &extras);

/// The schedule with half as many rows in a step.
tile::GradientKeys relaxedSchedule(tile::GradientKeys keys);

} // namespace attn

#endif // ATTN_SCHEDULE_GRADIENTSCHEDULES_H
