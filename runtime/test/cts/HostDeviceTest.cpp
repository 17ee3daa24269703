//===- HostDeviceTest.cpp - What only the processor does ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Device/Host/Pool.h"
#include "Device/Host/Threads.h"
#include "DeviceFixture.h"

#include <gmock/gmock.h>

#include <atomic>
#include <deque>
#include <filesystem>
#include <mutex>
#include <set>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

using namespace attnrt;
using namespace attnrt::test;
using testing::HasSubstr;

namespace {
/// A device with a number of threads, which the process has afterwards as
/// before.
class HostDeviceTest : public testing::Test {
protected:
  void SetUp() override { before = *launchThreads(); }
  void TearDown() override {
    device.reset();
    ASSERT_TRUE(setLaunchThreads(before).isOk());
  }

  void open(int64_t threads) {
    if (threads > int64_t(mostThreads()))
      GTEST_SKIP() << "this runtime was built without oneTBB";
    ASSERT_TRUE(setLaunchThreads(threads).isOk());
    Expected<std::unique_ptr<Device>> opened = openDevice("host");
    ASSERT_TRUE(opened) << opened.status().message();
    device = std::move(*opened);
  }

  Expected<Kernel *> find(std::vector<AttnrtHostCode> codes,
                          const char *name = "k") {
    // Images live as long as the device.
    images.push_back(std::move(codes));
    ModuleImage image;
    image.name = "by hand";
    image.hostCode = images.back().data();
    image.hostCodes = images.back().size();
    Expected<Module *> module = device->load(image);
    if (!module)
      return module.status();
    return device->find(*module, name);
  }

  Status launch(Kernel *kernel, Dim3 grid, std::vector<void *> params = {}) {
    return device->launch(kernel, {grid, {}, 0}, params.data(), nullptr);
  }

  unsigned before = 1;
  std::deque<std::vector<AttnrtHostCode>> images;
  std::unique_ptr<Device> device;
};

/// What CTAs leave behind.
struct Trace {
  std::mutex mutex;
  std::vector<uint32_t> order;
  std::set<std::thread::id> threads;
  std::set<void *> scratch;
};
} // namespace

static void record(const AttnrtCta *cta, void *const *params) {
  auto *trace = parameter<Trace *>(params, 0);
  std::lock_guard<std::mutex> lock(trace->mutex);
  trace->order.push_back(cta->index[0]);
  trace->threads.insert(std::this_thread::get_id());
  trace->scratch.insert(cta->scratch);
}

/// Waits for another CTA, which must therefore run beside this one.
static void meet(const AttnrtCta *, void *const *params) {
  auto *arrived = parameter<std::atomic<int> *>(params, 0);
  ++*arrived;
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (*arrived < 2 && std::chrono::steady_clock::now() < end)
    std::this_thread::yield();
}

/// Fills its scratch, lets others run, and looks whether it is still its own.
static void keepScratch(const AttnrtCta *cta, void *const *params) {
  auto *clashes = parameter<std::atomic<int> *>(params, 0);
  auto *words = static_cast<uint32_t *>(cta->scratch);
  if (reinterpret_cast<uintptr_t>(words) % 64 != 0)
    ++*clashes;
  std::fill_n(words, 256, cta->index[0]);
  std::this_thread::yield();
  for (uint32_t i = 0; i < 256; ++i)
    if (words[i] != cta->index[0])
      ++*clashes;
}

static void writeOne(const AttnrtCta *, void *const *params) {
  *parameter<int *>(params, 0) = 1;
}
static void writeTwo(const AttnrtCta *, void *const *params) {
  *parameter<int *>(params, 0) = 2;
}

static size_t threadsOfProcess() {
  namespace fs = std::filesystem;
  return static_cast<size_t>(std::distance(
      fs::directory_iterator("/proc/self/task"), fs::directory_iterator()));
}

//===----------------------------------------------------------------------===//
// Order and threads
//===----------------------------------------------------------------------===//

TEST_F(HostDeviceTest, OneThreadRunsInTheOrderOfTheGrid) {
  open(1);
  Trace trace, *address = &trace;
  Expected<Kernel *> kernel = find({{"k", "any", "", record, 0}});
  ASSERT_TRUE(launch(*kernel, {100}, {&address}).isOk());
  std::vector<uint32_t> expected(100);
  for (uint32_t i = 0; i < 100; ++i)
    expected[i] = i;
  EXPECT_EQ(trace.order, expected);
  EXPECT_EQ(trace.threads, std::set{std::this_thread::get_id()});
}

TEST_F(HostDeviceTest, EveryBlockRunsOnce) {
  open(std::min(4u, mostThreads()));
  Trace trace, *address = &trace;
  Expected<Kernel *> kernel = find({{"k", "any", "", record, 0}});
  ASSERT_TRUE(launch(*kernel, {5000}, {&address}).isOk());
  ASSERT_EQ(trace.order.size(), 5000u);
  EXPECT_EQ(std::set<uint32_t>(trace.order.begin(), trace.order.end()).size(),
            5000u);
  EXPECT_LE(trace.threads.size(), 4u);
}

TEST_F(HostDeviceTest, BlocksRunBesideEachOther) {
  open(2);
  if (!device)
    return;
  std::atomic<int> arrived{0}, *address = &arrived;
  Expected<Kernel *> kernel = find({{"k", "any", "", meet, 0}});
  ASSERT_TRUE(launch(*kernel, {2}, {&address}).isOk());
  EXPECT_EQ(arrived, 2);
}

TEST_F(HostDeviceTest, OneBlockRunsOnTheCallersThread) {
  open(std::min(4u, mostThreads()));
  size_t threads = threadsOfProcess();
  Trace trace, *address = &trace;
  Expected<Kernel *> kernel = find({{"k", "any", "", record, 64}});
  ASSERT_TRUE(launch(*kernel, {1}, {&address}).isOk());
  EXPECT_EQ(trace.threads, std::set{std::this_thread::get_id()});
  EXPECT_EQ(threadsOfProcess(), threads);
}

TEST_F(HostDeviceTest, ThreadsChangeBetweenLaunches) {
  open(1);
  std::atomic<int> arrived{0}, *address = &arrived;
  Expected<Kernel *> kernel = find({{"k", "any", "", meet, 0}});
  if (mostThreads() < 2)
    GTEST_SKIP() << "this runtime was built without oneTBB";
  ASSERT_TRUE(setLaunchThreads(3).isOk());
  ASSERT_TRUE(launch(*kernel, {2}, {&address}).isOk());
  EXPECT_EQ(arrived, 2);
  ASSERT_TRUE(setLaunchThreads(1).isOk());
  Trace trace, *traced = &trace;
  kernel = find({{"k", "any", "", record, 0}});
  ASSERT_TRUE(launch(*kernel, {10}, {&traced}).isOk());
  EXPECT_EQ(trace.threads.size(), 1u);
}

static std::atomic<unsigned> tasksOfProgram{0};

static void runBackwards(uint32_t count, void (*task)(void *, unsigned),
                         void *context) {
  tasksOfProgram += count;
  for (uint32_t i = count; i-- > 0;)
    task(context, i);
}

TEST_F(HostDeviceTest, ProgramsMayHaveThreadsOfTheirOwn) {
  open(std::min(4u, mostThreads()));
  Trace trace, *address = &trace;
  Expected<Kernel *> kernel = find({{"k", "any", "", record, 0}});
  attnrtSetRunner(runBackwards);
  Status status = launch(*kernel, {100}, {&address});
  attnrtSetRunner(nullptr);
  ASSERT_TRUE(status.isOk()) << status.message();
  EXPECT_EQ(std::set<uint32_t>(trace.order.begin(), trace.order.end()).size(),
            100u);
  if (mostThreads() > 1) {
    EXPECT_EQ(tasksOfProgram, 4u);
    EXPECT_EQ(trace.threads, std::set{std::this_thread::get_id()});
  }
  ASSERT_TRUE(launch(*kernel, {100}, {&address}).isOk());
  EXPECT_LE(tasksOfProgram, 4u); // back on the runtime's threads
}

TEST_F(HostDeviceTest, LaunchesOfSeveralThreads) {
  open(std::min(2u, mostThreads()));
  std::atomic<int> clashes{0};
  Expected<Kernel *> kernel = find({{"k", "any", "", keepScratch, 1024}});
  auto work = [&] {
    std::atomic<int> *address = &clashes;
    for (int i = 0; i < 50; ++i)
      if (!launch(*kernel, {16}, {&address}).isOk())
        ++clashes;
  };
  std::vector<std::thread> callers;
  for (int i = 0; i < 3; ++i)
    callers.emplace_back(work);
  work();
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_EQ(clashes, 0);
}

/// In a process of its own, where nothing else uses oneTBB.
static int closeAndCount() {
  if (!setLaunchThreads(std::min(4u, mostThreads())).isOk())
    return 10;
  size_t threads = threadsOfProcess();
  {
    std::unique_ptr<Device> device = std::move(*openDevice("host"));
    AttnrtHostCode code{"k", "any", "", meet, 0};
    ModuleImage image;
    image.hostCode = &code;
    image.hostCodes = 1;
    Kernel *kernel = *device->find(*device->load(image), "k");
    std::atomic<int> arrived{0}, *address = &arrived;
    void *params[] = {&address};
    if (!device->launch(kernel, {{64}, {}, 0}, params, nullptr).isOk())
      return 11;
    if (Pool::isParallel() && threadsOfProcess() <= threads)
      return 12; // nobody to leave
  }
  return threadsOfProcess() == threads ? 0 : 13;
}

TEST(HostDevice, NoThreadStaysBehind) {
  EXPECT_EXIT(_exit(closeAndCount()), testing::ExitedWithCode(0), "");
}

//===----------------------------------------------------------------------===//
// Scratch
//===----------------------------------------------------------------------===//

TEST_F(HostDeviceTest, ScratchIsOfOneWorkerAlone) {
  open(std::min(4u, mostThreads()));
  std::atomic<int> clashes{0}, *address = &clashes;
  Expected<Kernel *> kernel = find({{"k", "any", "", keepScratch, 1024}});
  ASSERT_TRUE(launch(*kernel, {1000}, {&address}).isOk());
  EXPECT_EQ(clashes, 0);
}

TEST_F(HostDeviceTest, ScratchIsKeptAndCounted) {
  open(1);
  Trace trace, *address = &trace;
  Expected<Kernel *> small = find({{"k", "any", "", record, 100}});
  Expected<Kernel *> large = find({{"k", "any", "", record, 1000}});
  ASSERT_TRUE(launch(*large, {3}, {&address}).isOk());
  ASSERT_TRUE(launch(*small, {3}, {&address}).isOk());
  EXPECT_EQ(trace.scratch.size(), 1u);
  EXPECT_EQ(device->takePeakScratchBytes(), 1024u);
  EXPECT_EQ(device->takePeakScratchBytes(), 0u);
}

TEST_F(HostDeviceTest, TooMuchScratchSaysHowMuch) {
  open(1);
  Trace trace, *address = &trace;
  Expected<Kernel *> kernel =
      find({{"k", "any", "", record, uint64_t(1) << 46}});
  Status status = launch(*kernel, {1}, {&address});
  EXPECT_EQ(status.code(), Code::Device);
  EXPECT_THAT(status.message(), HasSubstr("kernel k: scratch for 1 thread"));
  EXPECT_THAT(status.message(), HasSubstr("asked for 64.0 TiB"));
  EXPECT_TRUE(trace.order.empty());
  kernel = find({{"k", "any", "", record, ~uint64_t(0)}});
  EXPECT_EQ(launch(*kernel, {1}, {&address}).code(), Code::Device);
}

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

TEST_F(HostDeviceTest, RefusesWhatTheProcessorLacks) {
  open(1);
  Expected<Kernel *> kernel =
      find({{"k", "x86-64-v9", "avx1024 fma", record, 0}});
  ASSERT_FALSE(kernel);
  EXPECT_EQ(kernel.status().code(), Code::Device);
  EXPECT_EQ(kernel.status().message(),
            "code is for x86-64-v9; this machine has no avx1024");
}

TEST_F(HostDeviceTest, TakesTheBestThatRuns) {
  open(1);
  int written = 0, *address = &written;
  Expected<Kernel *> kernel = find({{"k", "v9", "avx1024", nullptr, 0},
                                    {"k", "v2", "", writeTwo, 0},
                                    {"k", "v1", "", writeOne, 0}});
  ASSERT_TRUE(kernel) << kernel.status().message();
  ASSERT_TRUE(launch(*kernel, {1}, {&address}).isOk());
  EXPECT_EQ(written, 2);
}

//===----------------------------------------------------------------------===//
// What is asked for
//===----------------------------------------------------------------------===//

TEST_F(HostDeviceTest, ThreadsMustBeANumberThatMakesSense) {
  std::string most = std::to_string(mostThreads());
  for (const char *text :
       {"", "0", "-1", "two", "1.5", "99999999999999999999", "4 "}) {
    Status status = setLaunchThreads(std::string_view(text));
    EXPECT_EQ(status.code(), Code::BadInput) << text;
    EXPECT_THAT(status.message(), HasSubstr("got '" + std::string(text) + "'"));
  }
  EXPECT_EQ(setLaunchThreads(int64_t(mostThreads()) + 1).code(),
            Code::BadInput);
  EXPECT_TRUE(setLaunchThreads(int64_t(mostThreads())).isOk());
  EXPECT_EQ(attnrtSetThreads(0), ATTNRT_BAD_INPUT);
  EXPECT_EQ(attnrtSetThreads(1), ATTNRT_OK);
  EXPECT_EQ(attnrtThreads(), 1);
}

static int openWith(const char *variable, const char *value) {
  setenv(variable, value, 1);
  Expected<std::unique_ptr<Device>> device = openDevice("host");
  std::fprintf(stderr, "%s\n", device.status().message().c_str());
  return device ? 0 : static_cast<int>(device.status().code());
}

TEST(HostDevice, VariablesMustMakeSense) {
  // Each in a process of its own: what is read is kept.
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(_exit(openWith("ATTNRT_THREADS", "0")),
              testing::ExitedWithCode(2), "ATTNRT_THREADS: expected a number");
  EXPECT_EXIT(_exit(openWith("ATTNRT_THREADS", "many")),
              testing::ExitedWithCode(2), "got 'many'");
  EXPECT_EXIT(_exit(openWith("ATTNRT_THREADS", "1")),
              testing::ExitedWithCode(0), "");
  EXPECT_EXIT(_exit(openWith("ATTNRT_HOST_GUARD", "maybe")),
              testing::ExitedWithCode(2),
              "ATTNRT_HOST_GUARD: expected begin or end, got 'maybe'");
}

//===----------------------------------------------------------------------===//
// Guards
//===----------------------------------------------------------------------===//

/// Writes one byte at an offset of an array that has a guard on one side.
static void writeBeside(const char *guard, size_t bytes, std::ptrdiff_t at) {
  setenv("ATTNRT_HOST_GUARD", guard, 1);
  std::unique_ptr<Device> device = std::move(*openDevice("host"));
  DeviceAddress array = *device->allocate(bytes);
  // All of it is there.
  if (!device->fill(array, 1, bytes).isOk())
    _exit(1);
  reinterpret_cast<volatile char *>(array)[at] = 1;
  _exit(0);
}

TEST(HostDevice, GuardsEndTheProcess) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer handles the signal";
#endif
  auto faults = testing::KilledBySignal(SIGSEGV);
  EXPECT_EXIT(writeBeside("end", 100, 100), faults, "");
  EXPECT_EXIT(writeBeside("begin", 100, -1), faults, "");
  EXPECT_EXIT(writeBeside("begin", 4096, 4096), faults, "");
  EXPECT_EXIT(writeBeside("end", 4096, -1), faults, "");
  EXPECT_EXIT(writeBeside("end", 100, 99), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(writeBeside("begin", 100, 0), testing::ExitedWithCode(0), "");
}
