//===- Specials.cpp - Names of special registers --------------------------===//
//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Decode/Program.h"

using namespace attnrt::sim;

namespace {
struct SpecialName {
  std::string_view name;
  Special what;
};
} // namespace

static constexpr SpecialName kSpecials[] = {
    {"%tid.x", Special::TidX},
    {"%tid.y", Special::TidY},
    {"%tid.z", Special::TidZ},
    {"%ntid.x", Special::NTidX},
    {"%ntid.y", Special::NTidY},
    {"%ntid.z", Special::NTidZ},
    {"%ctaid.x", Special::CtaIdX},
    {"%ctaid.y", Special::CtaIdY},
    {"%ctaid.z", Special::CtaIdZ},
    {"%nctaid.x", Special::NCtaIdX},
    {"%nctaid.y", Special::NCtaIdY},
    {"%nctaid.z", Special::NCtaIdZ},
    {"%cluster_ctarank", Special::ClusterRank},
    {"%cluster_nctarank", Special::ClusterSize},
    {"%cluster_ctaid.x", Special::ClusterCtaIdX},
    {"%cluster_ctaid.y", Special::ClusterCtaIdY},
    {"%cluster_ctaid.z", Special::ClusterCtaIdZ},
    {"%cluster_nctaid.x", Special::ClusterNCtaIdX},
    {"%cluster_nctaid.y", Special::ClusterNCtaIdY},
    {"%cluster_nctaid.z", Special::ClusterNCtaIdZ},
    {"%clusterid.x", Special::ClusterIdX},
    {"%clusterid.y", Special::ClusterIdY},
    {"%clusterid.z", Special::ClusterIdZ},
    {"%nclusterid.x", Special::NClusterIdX},
    {"%nclusterid.y", Special::NClusterIdY},
    {"%nclusterid.z", Special::NClusterIdZ},
    {"%laneid", Special::LaneId},
    {"%warpid", Special::WarpId},
    {"%nwarpid", Special::NWarpId},
    {"%smid", Special::SmId},
    {"%nsmid", Special::NSmId},
    {"%gridid", Special::GridId},
    {"%lanemask_eq", Special::LaneMaskEq},
    {"%lanemask_lt", Special::LaneMaskLt},
    {"%lanemask_le", Special::LaneMaskLe},
    {"%lanemask_gt", Special::LaneMaskGt},
    {"%lanemask_ge", Special::LaneMaskGe},
    {"%dynamic_smem_size", Special::DynamicSmemSize},
    {"%total_smem_size", Special::TotalSmemSize},
};

std::optional<Special> attnrt::sim::specialNamed(std::string_view name) {
  for (const SpecialName &row : kSpecials)
    if (row.name == name)
      return row.what;
  return std::nullopt;
}
