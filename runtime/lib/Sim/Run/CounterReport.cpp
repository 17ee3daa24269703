//===- CounterReport.cpp - Counts by what they mean -----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Run/CounterReport.h"

#include <algorithm>

using namespace attnrt;
using namespace attnrt::sim;

namespace {
/// Executions of one operation.
struct Executions {
  uint64_t count = 0;     // by warps
  uint64_t performed = 0; // of these, where the guard held for some lane
  uint64_t lanes = 0;     // for which it held

  void add(const Executions &other) {
    count += other.count;
    performed += other.performed;
    lanes += other.lanes;
  }
};

class Fold {
public:
  Fold(const Launch &launch, const Counters &counters)
      : launch(launch), kernel(launch.kernel), counters(counters) {}
  KernelCounters run();

private:
  void warpgroup(unsigned index);
  void specials();
  void products();
  void conflicts();
  void barriers();
  void mbarriers();

  const Launch &launch;
  const sim::Kernel &kernel;
  const Counters &counters;
  std::vector<Executions> executions; // by operation, of all warps
  KernelCounters out;
};
} // namespace

void Fold::warpgroup(unsigned index) {
  const OpCounts *counts = counters.of(index);
  InstructionCounts instructions;
  uint64_t runs = 0, lanes = 0;
  for (size_t i = 0; i < kernel.ops.size(); ++i) {
    runs += counts[i].runs;
    lanes += counts[i].lanes;
    instructions[kernel.facts[i].kind] += runs;
    executions[i].add({runs, runs - counts[i].skipped, lanes - counts[i].idle});
  }
  out.warpgroups.push_back(instructions);
}

void Fold::specials() {
  for (size_t i = 0; i < kernel.ops.size(); ++i) {
    const OpFacts &facts = kernel.facts[i];
    if (facts.kind == InstructionClass::Special)
      (facts.sem == Sem::Ex2 ? out.ex2 : out.otherSpecial) +=
          executions[i].lanes * facts.perLane;
  }
}

void Fold::products() {
  std::vector<uint64_t> performed(kernel.products.size());
  for (size_t i = 0; i < kernel.ops.size(); ++i)
    if (kernel.facts[i].product != OpFacts::kNoProduct)
      performed[kernel.facts[i].product] += executions[i].performed;
  for (size_t p = 0; p < performed.size(); ++p) {
    const ProductKind &product = kernel.products[p];
    bool isWgmma = product.sem == Sem::Wgmma;
    uint64_t count = isWgmma ? performed[p] / 4 : performed[p];
    if (count)
      out.products.push_back({isWgmma                    ? "wgmma"
                              : product.sem == Sem::Wmma ? "wmma"
                                                         : "mma",
                              product.shape, product.types,
                              product.fromRegisters, count,
                              count * product.flops});
    out.bytes[Traffic::WgmmaShared] += count * product.sharedBytes;
  }
}

void Fold::conflicts() {
  for (size_t i = 0; i < kernel.ops.size(); ++i) {
    const SharedCounts &counts = counters.shared[i];
    if (!counts.extra)
      continue;
    int line = kernel.ops[i].line;
    out.conflicts.push_back({line, launch.program.line(line),
                             launch.program.origin(line), counts.accesses,
                             counts.wavefronts, counts.extra});
  }
}

void Fold::barriers() {
  for (unsigned id = 0; id < kBarriers; ++id)
    if (counters.barriers[id].arrivals)
      out.barriers.push_back({id, counters.barriers[id]});
  out.clusterBarrier = counters.clusterBarrier;
}

void Fold::mbarriers() {
  for (const auto &[address, counts] : counters.mbarriers) {
    KernelCounters::MBarrier barrier;
    barrier.variable = "dynamic shared memory";
    barrier.offset = address - kernel.dynamicBase;
    for (const SharedVariable &var : kernel.shared)
      if (address - var.begin < var.bytes) {
        barrier.variable = var.name;
        barrier.offset = address - var.begin;
      }
    barrier.counts = counts;
    barrier.bytes = counts.bytes;
    out.mbarriers.push_back(std::move(barrier));
  }
}

KernelCounters Fold::run() {
  out.kernel = kernel.name;
  out.launches = 1;
  out.bytes = counters.traffic;
  executions.resize(kernel.ops.size());
  for (unsigned index = 0; index < counters.warpgroups(); ++index)
    warpgroup(index);
  specials();
  products();
  conflicts();
  barriers();
  mbarriers();
  return std::move(out);
}

/// What `isSame` finds in both is added up by `add`, the rest appended.
template <typename T, typename IsSame, typename Add>
static void unite(std::vector<T> &into, const std::vector<T> &from,
                  IsSame isSame, Add add) {
  for (const T &item : from) {
    auto known = std::find_if(into.begin(), into.end(),
                              [&](const T &old) { return isSame(old, item); });
    if (known == into.end())
      into.push_back(item);
    else
      add(*known, item);
  }
}

/// Launches of one kernel, the blocks of which may differ in size.
static void unite(KernelCounters &into, const KernelCounters &from) {
  into.launches += from.launches;
  into.warpgroups.resize(
      std::max(into.warpgroups.size(), from.warpgroups.size()));
  for (size_t i = 0; i < from.warpgroups.size(); ++i)
    into.warpgroups[i].add(from.warpgroups[i]);
  into.ex2 += from.ex2;
  into.otherSpecial += from.otherSpecial;
  into.bytes.add(from.bytes);
  into.clusterBarrier.add(from.clusterBarrier);
  unite(
      into.products, from.products,
      [](auto &a, auto &b) {
        return a.instruction == b.instruction && a.shape == b.shape &&
               a.types == b.types && a.fromRegisters == b.fromRegisters;
      },
      [](auto &a, auto &b) {
        a.count += b.count;
        a.flops += b.flops;
      });
  unite(
      into.conflicts, from.conflicts,
      [](auto &a, auto &b) { return a.ptxLine == b.ptxLine; },
      [](auto &a, auto &b) {
        a.accesses += b.accesses;
        a.wavefronts += b.wavefronts;
        a.extra += b.extra;
      });
  unite(
      into.barriers, from.barriers,
      [](auto &a, auto &b) { return a.id == b.id; },
      [](auto &a, auto &b) { a.counts.add(b.counts); });
  unite(
      into.mbarriers, from.mbarriers,
      [](auto &a, auto &b) {
        return a.variable == b.variable && a.offset == b.offset;
      },
      [](auto &a, auto &b) {
        a.counts.add(b.counts);
        a.bytes += b.bytes;
      });
}

static bool isWorse(const KernelCounters::Conflict &a,
                    const KernelCounters::Conflict &b) {
  return a.extra != b.extra ? a.extra > b.extra : a.ptxLine < b.ptxLine;
}

static void addTotals(const KernelCounters &counters, ExecutionReport &report) {
  report.warpInstructions += counters.instructions().sum();
  for (const KernelCounters::Product &product : counters.products)
    (product.instruction == "mma" ? report.mmaInstructions
                                  : report.wgmmaInstructions) += product.count;
  for (const KernelCounters::Conflict &conflict : counters.conflicts)
    report.bankConflicts += conflict.extra;
  for (Traffic which :
       {Traffic::TensorLoad, Traffic::TensorStore, Traffic::TensorReduce,
        Traffic::BulkLoad, Traffic::BulkStore, Traffic::BulkReduce,
        Traffic::BulkRemote, Traffic::Multicast})
    report.bulkBytes += counters.bytes[which];
}

void attnrt::sim::addCounters(const Launch &launch, const Counters &counters,
                              ExecutionReport &report) {
  KernelCounters folded = Fold(launch, counters).run();
  addTotals(folded, report);
  KernelCounters *into = nullptr;
  for (KernelCounters &known : report.counters)
    if (known.kernel == folded.kernel)
      into = &known;
  if (into)
    unite(*into, folded);
  else
    into = &report.counters.emplace_back(std::move(folded));
  std::sort(into->conflicts.begin(), into->conflicts.end(), isWorse);
}
