//===- Passes.td - Passes that decide performance ----------*- tablegen -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef ATTN_SCHEDULE_PASSES_TD
#define ATTN_SCHEDULE_PASSES_TD

include "mlir/Pass/PassBase.td"

def SelectSchedule : Pass<"attn-select-schedule", "::mlir::ModuleOp"> {
  let summary = "Chooses how each operation is computed.";
  let description = [{
    Writes `tile.schedule` and `tile.target` on every `attn.sdpa` and operation on rows
    that has none. An attention gets the row of the schedule table for the target
    and the head dimensions, with the keys of `schedule` replaced; the schedule of
    rotary positions follows from the width of their rows alone. Fails when the
    target is unknown, a key is unknown or malformed, or the schedule needs a
    feature that the target lacks or more registers than it has; the error says how
    many more. A remark has the schedule that was chosen.
  }];
  let options = [
    Option<"target", "target", "std::string", /*default=*/"\"\"",
           "chip to compile for (default: the one whose code runs on the most)">,
    Option<"schedule", "schedule", "std::string", /*default=*/"\"\"",
           "keys of the schedule to override, e.g. q=128,kv=64">,
    Option<"relaxed", "relaxed", "unsigned", /*default=*/"0",
           "how often to halve the key tiles of the table, for kernels whose "
           "registers do not suffice otherwise">
  ];
  let dependentDialects = ["::attn::AttnDialect", "::attn::tile::TileDialect"];
}

#endif // ATTN_SCHEDULE_PASSES_TD
