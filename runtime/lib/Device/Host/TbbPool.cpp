//===- TbbPool.cpp - Threads of oneTBB ------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Device/Host/Pool.h"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <optional>
#include <thread>

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_scheduler_observer.h>
#include <sched.h>

using namespace attnrt;

namespace {

/// Keeps threads off the processor that the caller runs on, for as long as they
/// work for it. A thread that sleeps is often woken there, where it waits for
/// the caller, while others have nothing to do until the system balances them:
/// tens of milliseconds, on some machines.
class Placement : public tbb::task_scheduler_observer {
public:
  explicit Placement(tbb::task_arena &arena)
      : tbb::task_scheduler_observer(arena) {
    observe(true);
  }
  ~Placement() override { observe(false); }

  void setCaller() { caller = sched_getcpu(); }
  /// Threads that have worked for the caller at a time.
  unsigned threadsSeen() const { return seen; }
  void on_scheduler_entry(bool isWorker) override;
  void on_scheduler_exit(bool isWorker) override;

private:
  std::atomic<int> caller{-1};
  std::atomic<unsigned> present{0}, seen{0};
};

/// The processors of a thread that was placed; none where it was not.
thread_local std::optional<cpu_set_t> placedFrom;

} // namespace

void Placement::on_scheduler_entry(bool isWorker) {
  if (isWorker) {
    unsigned now = ++present, most = seen;
    while (most < now && !seen.compare_exchange_weak(most, now)) {
    }
  }
  int processor = caller;
  cpu_set_t all;
  if (!isWorker || processor < 0 || placedFrom ||
      sched_getaffinity(0, sizeof(all), &all) || CPU_COUNT(&all) < 2)
    return;
  cpu_set_t others = all;
  CPU_CLR(processor, &others);
  if (sched_setaffinity(0, sizeof(others), &others) == 0)
    placedFrom = all;
}

void Placement::on_scheduler_exit(bool isWorker) {
  if (isWorker)
    --present;
  if (!isWorker || !placedFrom)
    return;
  (void)sched_setaffinity(0, sizeof(*placedFrom), &*placedFrom);
  placedFrom.reset();
}

/// More threads than processors exist only where that is asked for. The limit
/// comes before the arena: oneTBB complains of an arena that is larger.
static std::unique_ptr<tbb::global_control> raiseLimit(unsigned count) {
  if (static_cast<int>(count) <= tbb::info::default_concurrency())
    return nullptr;
  return std::make_unique<tbb::global_control>(
      tbb::global_control::max_allowed_parallelism, count);
}

/// The handle comes first: it is what lets the destructor wait.
struct Pool::Threads {
  explicit Threads(unsigned count)
      : limit(raiseLimit(count)), arena(static_cast<int>(count)) {}

  tbb::task_scheduler_handle handle{tbb::attach{}};
  std::unique_ptr<tbb::global_control> limit;
  tbb::task_arena arena;
  Placement placement{arena};

  /// Shared with tasks that may outlive this.
  struct Awake {
    std::atomic<unsigned> runs{0};    // so far
    std::atomic<unsigned> threads{0}; // that wait for the next
    std::atomic<unsigned> tasks{0};   // that have not begun
  };
  std::shared_ptr<Awake> awake = std::make_shared<Awake>();

  template <typename Task>
  void enqueue(Task task);
  void wake();
  void keepAwake();
  bool hasBegunAll() const;
};

/// For a thread that is there: one that never comes would leave the task, and
/// whoever waits for it.
template <typename Task>
void Pool::Threads::enqueue(Task task) {
  if (awake->tasks.load() >= placement.threadsSeen())
    return;
  ++awake->tasks;
  arena.enqueue([awake = awake, task] {
    --awake->tasks;
    task();
  });
}

/// Lets threads that sleep find their place before there is work.
void Pool::Threads::wake() {
  placement.setCaller();
  if (awake->threads.load() != 0 || placement.threadsSeen() == 0)
    return;
  for (unsigned i = 0; i < placement.threadsSeen(); ++i)
    enqueue([] {});
  std::this_thread::yield();
}

/// Callers that run kernel after kernel would find the threads asleep each
/// time, and to wake one takes as long as a small kernel. So they stay for a
/// moment, in which they let others have the processor.
void Pool::Threads::keepAwake() {
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::microseconds kMoment(200);
  for (unsigned i = 0; i < placement.threadsSeen(); ++i)
    enqueue([awake = awake, seen = awake->runs.load()] {
      ++awake->threads;
      Clock::time_point end = Clock::now() + kMoment;
      while (awake->runs.load() == seen && Clock::now() < end)
        std::this_thread::yield();
      --awake->threads;
    });
}

/// Within a second. Threads that are gone, as those of the process that this
/// one was forked from, begin nothing.
bool Pool::Threads::hasBegunAll() const {
  using Clock = std::chrono::steady_clock;
  Clock::time_point end = Clock::now() + std::chrono::seconds(1);
  while (awake->tasks.load() != 0 && Clock::now() < end)
    std::this_thread::yield();
  return awake->tasks.load() == 0;
}

bool Pool::isParallel() { return true; }

Pool::Pool(unsigned count) : threads(std::make_unique<Threads>(count)) {}

/// Where the system gives no thread, oneTBB waits for it to end nonetheless.
static bool hasOtherThreads() {
  std::error_code error;
  std::filesystem::directory_iterator all("/proc/self/task", error);
  return error || std::distance(all, {}) > 1;
}

Pool::~Pool() {
  tbb::task_scheduler_handle handle = std::move(threads->handle);
  // Threads beyond the processors end only while they are allowed.
  std::unique_ptr<tbb::global_control> limit = std::move(threads->limit);
  ++threads->awake->runs;
  bool canWait = threads->hasBegunAll() && hasOtherThreads();
  threads.reset();
  if (canWait)
    (void)tbb::finalize(handle, std::nothrow);
  else
    handle.release();
}

void Pool::run(unsigned count, void (*work)(void *, unsigned), void *context) {
  threads->wake();
  ++threads->awake->runs;
  threads->arena.execute([&] {
    tbb::parallel_for(
        0u, count, [&](unsigned i) { work(context, i); },
        tbb::simple_partitioner());
  });
  threads->keepAwake();
}
