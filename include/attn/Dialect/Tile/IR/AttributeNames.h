//===- AttributeNames.h - Attributes on other dialects' ops -----*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The attributes that one pass leaves for another on operations that have no
// property for them. Each name is spelled here and nowhere else; those of
// origins are in Origins.h.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_TILE_IR_ATTRIBUTENAMES_H
#define ATTN_DIALECT_TILE_IR_ATTRIBUTENAMES_H

namespace attn::tile {

/// On an operation of `attn`, and on a lowered kernel: its `#tile.schedule`.
inline constexpr char kScheduleAttr[] = "tile.schedule";
/// The number of a `tensor.empty` among the destinations of a launch: two of
/// one type would become one, and a tensor map could not say which it is of.
inline constexpr char kDestinationAttr[] = "tile.destination";
/// The schedule of the kernel that has the queries' gradients, beside the one
/// above of the kernel that has the keys'.
inline constexpr char kQueryScheduleAttr[] = "tile.query_schedule";
/// On a function that computes the gradients of another: the name of that.
inline constexpr char kGradientOfAttr[] = "tile.gradient_of";
/// On an operation of `attn`: the name of the target that it is compiled for.
inline constexpr char kTargetAttr[] = "tile.target";
/// On a lowered kernel: bytes of shared memory that a launch asks for.
inline constexpr char kSharedBytesAttr[] = "tile.shared_bytes";
/// Bytes of memory of its own that a CTA needs on a processor.
inline constexpr char kScratchBytesAttr[] = "tile.scratch_bytes";

/// On a function that launches kernels, what the package says of each argument
/// and of each result beyond its type: arrays of dictionaries, whose keys are
/// those of attnrt/PackageFormat.h.
inline constexpr char kArgsAttr[] = "tile.args";
inline constexpr char kResultsAttr[] = "tile.results";

/// On such a function: numbers of the arguments that kernels read element by
/// element, and so may lie anywhere.
inline constexpr char kByElementAttr[] = "tile.by_element";
/// The same of results that kernels write element by element.
inline constexpr char kResultsByElementAttr[] = "tile.results_by_element";

/// On a module: one of its kernels needs more registers than there are.
inline constexpr char kSpillsAttr[] = "tile.spills";

} // namespace attn::tile

#endif // ATTN_DIALECT_TILE_IR_ATTRIBUTENAMES_H
