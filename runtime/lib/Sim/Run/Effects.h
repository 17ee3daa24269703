//===- Effects.h - Whether warps change what others see ---------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_SIM_RUN_EFFECTS_H
#define ATTNRT_SIM_RUN_EFFECTS_H

#include "Machine/Cluster.h"

namespace attnrt::sim {

/// Watches a cluster while it lives. A store of the value that is there, or an
/// atomic that fails, changes nothing.
class Effects final : public Observer {
public:
  explicit Effects(Cluster &cluster);
  ~Effects() override;
  Effects(const Effects &) = delete;
  Effects &operator=(const Effects &) = delete;

  uint64_t interests() const override;
  void on(const Event &event, const Cta &cta) override;
  /// Something has changed.
  bool any();

private:
  void settle();
  void write(const Event &event, const Cta &home);

  struct Write {
    const uint8_t *at;
    unsigned bytes;
    uint8_t before[16];
  };
  Cluster &cluster;
  uint64_t noted;
  size_t printed;
  bool changed = false;
  /// Stores that may not have happened yet.
  std::vector<Write> writes;
};

} // namespace attnrt::sim

#endif // ATTNRT_SIM_RUN_EFFECTS_H
