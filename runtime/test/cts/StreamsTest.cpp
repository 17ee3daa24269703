//===- StreamsTest.cpp - Work on several streams --------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DeviceFixture.h"
#include "attnrt/DriverApi.h"

#include <gmock/gmock.h>

using namespace attnrt;
using namespace attnrt::test;
using testing::HasSubstr;

/// await (u64 flag, u32 value): until the flag has the value.
/// set (u64 flag, u32 value).
/// answer (u64 flag, u32 first, u32 rounds): waits for each other value from
/// `first` on, and sets the next one.
/// note (u64 log, u32 who, u32 rounds): writes its name at the next place of
/// the log, whose first word counts, and computes for a while, again and again.
static constexpr char kTalk[] = R"(
.version 7.0
.target sm_80
.address_size 64

.visible .entry await(.param .u64 flag, .param .u32 value)
{
  .reg .pred %p<2>; .reg .b32 %r<4>; .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [flag];
  ld.param.u32 %r1, [value];
WAIT:
  ld.acquire.gpu.global.u32 %r2, [%rd1];
  setp.ne.u32 %p1, %r1, %r2;
  @%p1 bra WAIT;
  ret;
}
.visible .entry set(.param .u64 flag, .param .u32 value)
{
  .reg .b32 %r<2>; .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [flag];
  ld.param.u32 %r1, [value];
  st.release.gpu.global.u32 [%rd1], %r1;
  ret;
}
.visible .entry answer(.param .u64 flag, .param .u32 first, .param .u32 rounds)
{
  .reg .pred %p<3>; .reg .b32 %r<6>; .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [flag];
  ld.param.u32 %r1, [first];
  ld.param.u32 %r2, [rounds];
WAIT:
  ld.acquire.gpu.global.u32 %r3, [%rd1];
  setp.ne.u32 %p1, %r1, %r3;
  @%p1 bra WAIT;
  add.u32 %r4, %r1, 1;
  st.release.gpu.global.u32 [%rd1], %r4;
  add.u32 %r1, %r1, 2;
  sub.u32 %r2, %r2, 1;
  setp.ne.u32 %p2, %r2, 0;
  @%p2 bra WAIT;
  ret;
}
.visible .entry note(.param .u64 log, .param .u32 who, .param .u32 rounds)
{
  .reg .pred %p<3>; .reg .b32 %r<6>; .reg .b64 %rd<4>;
  ld.param.u64 %rd1, [log];
  ld.param.u32 %r1, [who];
  ld.param.u32 %r2, [rounds];
AGAIN:
  atom.add.global.u32 %r3, [%rd1], 1;
  mul.wide.u32 %rd2, %r3, 4;
  add.s64 %rd3, %rd1, %rd2;
  st.global.u32 [%rd3+4], %r1;
  mov.u32 %r4, 2000;
COMPUTE:
  sub.u32 %r4, %r4, 1;
  setp.ne.u32 %p1, %r4, 0;
  @%p1 bra COMPUTE;
  sub.u32 %r2, %r2, 1;
  setp.ne.u32 %p2, %r2, 0;
  @%p2 bra AGAIN;
  ret;
}
)";

namespace {
class StreamsTest : public DeviceTest {
protected:
  void SetUp() override {
    DeviceTest::SetUp();
    if (!device)
      return;
    api = device->driverApi();
    module = load(kTalk);
    first = take(api->createStream());
    second = take(api->createStream());
    flag = upload(std::vector<uint32_t>{0});
  }

  Status queue(const char *name, void *stream, std::vector<void *> params) {
    Kernel *kernel = take(device->find(module, name));
    return device->launch(kernel, {{1}, {1}}, params.data(), stream);
  }
  Status await(uint32_t value, void *stream) {
    return queue("await", stream, {&flag, &value});
  }
  Status set(uint32_t value, void *stream) {
    return queue("set", stream, {&flag, &value});
  }
  uint32_t flagNow() { return download<uint32_t>(flag, 1)[0]; }
  std::vector<uint32_t> logOfTwo(uint32_t rounds);

  DriverApi *api = nullptr;
  Module *module = nullptr;
  void *first = nullptr, *second = nullptr;
  DeviceAddress flag = 0;
};
} // namespace

INSTANTIATE_TEST_SUITE_P(Cts, StreamsTest, testing::Values("sim", "cuda"),
                         [](const auto &info) {
                           return std::string(info.param);
                         });

TEST_P(StreamsTest, AKernelWaitsForOneOfAnotherStream) {
  expectOk(await(1, first));
  expectOk(set(2, first));
  expectOk(set(1, second));
  expectOk(api->synchronizeStream(first));
  EXPECT_EQ(flagNow(), 2u);
  expectOk(device->synchronize());
}

/// Streams do not wait for the default one, nor it for them.
TEST_P(StreamsTest, AKernelOfTheDefaultStreamWaitsToo) {
  expectOk(await(1, nullptr));
  expectOk(set(1, first));
  expectOk(device->synchronize());
  expectOk(await(2, first));
  expectOk(set(2, nullptr));
  expectOk(api->synchronizeStream(first));
  EXPECT_EQ(flagNow(), 2u);
}

TEST_P(StreamsTest, KernelsAnswerEachOther) {
  uint32_t even = 0, odd = 1, rounds = 300;
  expectOk(queue("answer", first, {&flag, &odd, &rounds}));
  expectOk(queue("answer", second, {&flag, &even, &rounds}));
  expectOk(api->synchronizeStream(second));
  expectOk(api->synchronizeStream(first));
  EXPECT_EQ(flagNow(), 2 * rounds);
}

TEST_P(StreamsTest, AFillEndsAWait) {
  expectOk(await(7, first));
  expectOk(api->fill32(flag, 7, 1, second));
  expectOk(api->synchronizeStream(first));
}

TEST_P(StreamsTest, AStreamKeepsItsOrder) {
  DeviceAddress copy = take(device->allocate(4));
  auto *from = reinterpret_cast<void *>(flag);
  auto *to = reinterpret_cast<void *>(copy);
  expectOk(set(5, first));
  expectOk(api->copy(to, from, 4, first));
  expectOk(api->fill32(flag, 6, 1, first));
  expectOk(await(6, first));
  uint32_t host = 9, back = 0;
  expectOk(api->copy(from, &host, 4, first)); // is read at once
  host = 10;
  expectOk(await(9, first));
  expectOk(api->copy(&back, to, 4, first)); // has come when it returns
  EXPECT_EQ(back, 5u);
  expectOk(api->synchronizeStream(first));
  EXPECT_EQ(flagNow(), 9u);
}

TEST_P(StreamsTest, EventsOrderStreams) {
  void *event = take(api->createEvent()), *third = take(api->createStream());
  expectOk(api->waitEvent(second, event)); // recorded nothing: no wait
  expectOk(await(1, first));
  expectOk(set(2, first));
  expectOk(api->recordEvent(event, first));
  expectOk(api->waitEvent(second, event));
  expectOk(set(3, second)); // before the event it would keep `first` waiting
  expectOk(set(1, third));
  expectOk(api->synchronizeEvent(event));
  expectOk(device->synchronize());
  EXPECT_EQ(flagNow(), 3u);
  expectOk(api->destroyEvent(event));
  expectOk(api->destroyStream(third));
}

TEST_P(StreamsTest, MemoryIsFreedBehindTheWork) {
  DeviceAddress place = take(device->allocateOnStream(256, first));
  uint32_t value = 8;
  expectOk(await(1, first));
  expectOk(queue("set", first, {&place, &value}));
  expectOk(device->freeOnStream(place, first));
  expectOk(set(1, second));
  expectOk(device->synchronize());
  EXPECT_EQ(flagNow(), 1u);
  expectOk(api->destroyStream(second));
}

std::vector<uint32_t> StreamsTest::logOfTwo(uint32_t rounds) {
  DeviceAddress log = upload(std::vector<uint32_t>(1 + 2 * size_t(rounds), 0));
  uint32_t one = 1, two = 2;
  expectOk(queue("note", first, {&log, &one, &rounds}));
  expectOk(queue("note", second, {&log, &two, &rounds}));
  expectOk(device->synchronize());
  return download<uint32_t>(log, 1 + 2 * size_t(rounds));
}

TEST_P(StreamsTest, BothMakeProgress) {
  if (!isSim())
    GTEST_SKIP() << "time decides";
  std::vector<uint32_t> log = logOfTwo(100);
  size_t changes = 0;
  for (size_t i = 2; i < log.size(); ++i)
    changes += log[i] != log[i - 1];
  EXPECT_EQ(log[0], 200u);
  EXPECT_GT(changes, 10u); // at least as often as 65,536 instructions say
}

TEST_P(StreamsTest, WaitsThatNobodyEndsAreWrong) {
  if (!isSim())
    GTEST_SKIP() << "only the simulator sees hazards";
  expectOk(await(1, first)); // a launch alone is no hazard: the rest may follow
  expectOk(await(2, second));
  Status status = api->synchronizeStream(first);
  EXPECT_EQ(status.code(), Code::Wrong);
  EXPECT_THAT(status.message(), HasSubstr("kernel await: 1 hazard: deadlock"));
  EXPECT_THAT(status.message(), HasSubstr("asks again and again for 4 bytes"));
  EXPECT_THAT(status.message(), HasSubstr("kernel `await`"));
  EXPECT_EQ(device->takeExecutionReport()->hazards.size(), 2u);
  EXPECT_EQ(api->synchronizeStream(second).code(), Code::Wrong);
  EXPECT_EQ(await(1, nullptr).code(), Code::Ok); // the default stream's, too
  EXPECT_EQ(device->synchronize().code(), Code::Wrong);
  expectOk(set(1, first)); // and the device goes on
  expectOk(device->synchronize());
  EXPECT_EQ(flagNow(), 1u);
}

TEST_P(StreamsTest, WithoutStreamsAWaitIsWrongAtOnce) {
  if (!isSim())
    GTEST_SKIP() << "only the simulator sees hazards";
  expectOk(api->destroyStream(first));
  expectOk(api->destroyStream(second));
  EXPECT_EQ(await(1, nullptr).code(), Code::Wrong);
}

TEST_P(StreamsTest, HazardsSurfaceWhereSomebodyWaits) {
  if (!isSim())
    GTEST_SKIP() << "only the simulator sees hazards";
  DeviceAddress outside = flag + 4;
  uint32_t value = 1;
  expectOk(queue("set", first, {&outside, &value}));
  Status status = api->synchronizeStream(first);
  EXPECT_EQ(status.code(), Code::Wrong);
  EXPECT_THAT(status.message(), HasSubstr("kernel set: 1 hazard: oob"));
  expectOk(api->synchronizeStream(first)); // once
  // What is wrong with the launch itself is told at once.
  std::vector<void *> params = {&flag, &value};
  Kernel *kernel = take(device->find(module, "set"));
  EXPECT_EQ(device->launch(kernel, {{1}, {2000}}, params.data(), first).code(),
            Code::BadInput);
}
