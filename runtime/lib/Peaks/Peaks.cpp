//===- Peaks.cpp - What the processor can do at best ----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Threads take pieces of work until none is left, so that one that comes late,
// or that another program keeps waiting, does not hold up the others. Each
// number is the best of some attempts.
//
//===----------------------------------------------------------------------===//

#include "attnrt/Peaks.h"

#include "Device/Host/Pool.h"
#include "Peaks/Products.h"
#include "attnrt/HostThreads.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>

#include <sys/mman.h>

using namespace attnrt;

static constexpr int kAttempts = 8;
/// Of an attempt at products, for each thread: about 10 ms together, far longer
/// than it takes a thread to wake up.
static constexpr unsigned kPiecesOfProducts = 100;
static constexpr int kStepsOfPiece = 20000;
/// Several times any cache that a few cores share.
static constexpr size_t kArrayBytes = size_t(256) << 20;
static constexpr size_t kPieceBytes = size_t(1) << 20;

/// What must not be optimised away ends here.
static std::atomic<uint64_t> sink;

namespace {
/// Memory in large pages where the system has them: otherwise reading it would
/// measure the translation of addresses.
class Array {
public:
  static std::unique_ptr<Array> create() {
    void *data = mmap(nullptr, kArrayBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED)
      return nullptr;
    (void)madvise(data, kArrayBytes, MADV_HUGEPAGE);
    std::memset(data, 1, kArrayBytes);
    return std::unique_ptr<Array>(new Array(static_cast<char *>(data)));
  }
  Array(const Array &) = delete;
  Array &operator=(const Array &) = delete;
  ~Array() { (void)munmap(data, kArrayBytes); }

  char *piece(unsigned i) const { return data + i * kPieceBytes; }

private:
  explicit Array(char *data) : data(data) {}
  char *data;
};

/// Best seconds of some attempts at `count` pieces of work.
class Stopwatch {
public:
  explicit Stopwatch(unsigned threads) : pool(threads) {}

  double bestSeconds(unsigned count, const std::function<void(unsigned)> &work);

private:
  Pool pool;
};
} // namespace

double Stopwatch::bestSeconds(unsigned count,
                              const std::function<void(unsigned)> &work) {
  using Clock = std::chrono::steady_clock;
  auto call = [](void *context, unsigned i) {
    (*static_cast<const std::function<void(unsigned)> *>(context))(i);
  };
  void *context = const_cast<std::function<void(unsigned)> *>(&work);
  double best = 0;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    Clock::time_point begin = Clock::now();
    pool.run(count, call, context);
    std::chrono::duration<double> took = Clock::now() - begin;
    if (attempt == 0 || took.count() < best)
      best = took.count();
  }
  return best;
}

static Peaks::Products measureProducts(Stopwatch &watch, unsigned threads,
                                       const ProductLoop *loop) {
  if (!loop)
    return {};
  unsigned pieces = threads * kPiecesOfProducts;
  double seconds = watch.bestSeconds(pieces, [&](unsigned) {
    sink += static_cast<uint64_t>(loop->run(kStepsOfPiece));
  });
  double flops = loop->flopsPerStep * kStepsOfPiece * pieces;
  return {loop->instructions, flops / seconds * 1e-9};
}

static uint64_t readPiece(const char *piece) {
  constexpr int kSums = 16;
  uint64_t sums[kSums] = {};
  for (size_t at = 0; at < kPieceBytes; at += sizeof sums) {
    uint64_t words[kSums];
    std::memcpy(words, piece + at, sizeof words);
    for (int i = 0; i < kSums; ++i)
      sums[i] += words[i];
  }
  uint64_t total = 0;
  for (uint64_t sum : sums)
    total += sum;
  return total;
}

/// Memory that is written need not be read before: where the compiler can say
/// so, the processor is told.
static void copyPiece(char *to, const char *from) {
#if defined(__clang__)
  typedef uint64_t Vector __attribute__((vector_size(16)));
  auto *target = reinterpret_cast<Vector *>(to);
  auto *source = reinterpret_cast<const Vector *>(from);
  for (size_t i = 0; i < kPieceBytes / sizeof(Vector); ++i)
    __builtin_nontemporal_store(source[i], target + i);
#else
  std::memcpy(to, from, kPieceBytes);
#endif
}

static Status measureMemory(Stopwatch &watch, Peaks &peaks) {
  std::unique_ptr<Array> from = Array::create(), to = Array::create();
  if (!from || !to)
    return Status::device("no memory to measure its bandwidth with: two "
                          "arrays of " +
                          std::to_string(kArrayBytes >> 20) + " MiB");
  constexpr unsigned kPieces = kArrayBytes / kPieceBytes;
  double reading = watch.bestSeconds(
      kPieces, [&](unsigned i) { sink += readPiece(from->piece(i)); });
  double copying = watch.bestSeconds(
      kPieces, [&](unsigned i) { copyPiece(to->piece(i), from->piece(i)); });
  peaks.readGbytesPerSecond = kArrayBytes / reading * 1e-9;
  peaks.copyGbytesPerSecond = 2 * kArrayBytes / copying * 1e-9;
  return Status::ok();
}

Expected<Peaks> attnrt::measurePeaks() {
  Expected<unsigned> threads = launchThreads();
  if (!threads)
    return threads.status();
  Stopwatch watch(*threads);
  Peaks peaks;
  peaks.threads = *threads;
  peaks.f32 = measureProducts(watch, *threads, f32Products());
  peaks.bf16 = measureProducts(watch, *threads, bf16Products());
  Status status = measureMemory(watch, peaks);
  return status.isOk() ? Expected<Peaks>(peaks) : status;
}
