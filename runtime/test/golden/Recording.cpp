//===- Recording.cpp - What a device answered -----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Recording.h"

#include "Hash.h"
#include "Packing.h"

namespace attnrt::golden {

static constexpr std::string_view kMagic = "attngold";
static constexpr uint32_t kSchema = 1;
/// More words than any probe has.
static constexpr uint64_t kMostWords = uint64_t(1) << 26;

const Answer *Recording::find(const std::string &probe) const {
  for (const Answer &answer : answers)
    if (answer.probe == probe)
      return &answer;
  return nullptr;
}

namespace {

class Writer {
public:
  void number(uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i)
      out += static_cast<char>(value >> (8 * i));
  }
  void string(const std::string &text) {
    number(text.size(), 4);
    out += text;
  }
  std::string out;
};

/// Beyond the end everything is zero, and `isShort` says so.
class Reader {
public:
  explicit Reader(std::string_view bytes) : rest(bytes) {}
  uint64_t number(unsigned bytes) {
    std::string_view from = take(bytes);
    uint64_t value = 0;
    for (size_t i = 0; i < from.size(); ++i)
      value |= uint64_t(static_cast<uint8_t>(from[i])) << (8 * i);
    return value;
  }
  std::string string() { return std::string(take(number(4))); }

  std::string_view rest;
  bool isShort = false;

private:
  std::string_view take(size_t bytes) {
    if (bytes > rest.size()) {
      isShort = true;
      rest = {};
      return {};
    }
    std::string_view out = rest.substr(0, bytes);
    rest.remove_prefix(bytes);
    return out;
  }
};

} // namespace

static void write(Writer &to, const Answer &answer) {
  to.string(answer.probe);
  to.number(answer.ptxHash, 8);
  to.number(answer.inputHash, 8);
  to.number(static_cast<uint8_t>(answer.outcome), 1);
  to.string(answer.message);
  to.number(answer.words.size(), 8);
  to.string(answer.words.empty() ? "" : pack(answer.words));
}

std::string serialize(const Recording &recording) {
  Writer to;
  to.out = kMagic;
  to.number(kSchema, 4);
  to.string(recording.kind);
  to.string(recording.name);
  to.string(recording.driver);
  to.number(recording.chip, 4);
  to.string(recording.date);
  to.number(recording.seed, 8);
  to.number(recording.isSmall, 1);
  to.number(recording.answers.size(), 4);
  for (const Answer &answer : recording.answers)
    write(to, answer);
  to.number(hashOf(to.out), 8);
  return std::move(to.out);
}

static Status readAnswer(Reader &from, Answer &answer) {
  answer.probe = from.string();
  answer.ptxHash = from.number(8);
  answer.inputHash = from.number(8);
  uint64_t outcome = from.number(1);
  answer.message = from.string();
  uint64_t words = from.number(8);
  std::string packed = from.string();
  if (from.isShort)
    return Status::badInput("truncated");
  if (outcome > static_cast<uint8_t>(Outcome::Skipped) || words > kMostWords)
    return Status::badInput("the answer to " + answer.probe + " is none");
  answer.outcome = static_cast<Outcome>(outcome);
  if (words)
    answer.words = unpack(packed, words);
  return Status::ok();
}

Expected<Recording> parseRecording(const std::string &bytes) {
  if (bytes.compare(0, kMagic.size(), kMagic))
    return Status::badInput("no golden vectors");
  constexpr size_t kHashBytes = 8;
  if (bytes.size() < kMagic.size() + kHashBytes)
    return Status::badInput("truncated");
  std::string_view body(bytes.data(), bytes.size() - kHashBytes);
  Reader hash(std::string_view(bytes).substr(body.size()));
  if (hash.number(kHashBytes) != hashOf(body))
    return Status::badInput("the checksum differs: truncated or altered");
  Reader from(body.substr(kMagic.size()));
  if (uint64_t schema = from.number(4); schema != kSchema)
    return Status::badInput("expected schema " + std::to_string(kSchema) +
                            ", got " + std::to_string(schema));
  Recording out;
  out.kind = from.string();
  out.name = from.string();
  out.driver = from.string();
  out.chip = static_cast<uint32_t>(from.number(4));
  out.date = from.string();
  out.seed = from.number(8);
  out.isSmall = from.number(1);
  for (uint64_t left = from.number(4); left && !from.isShort; --left) {
    out.answers.emplace_back();
    Status status = readAnswer(from, out.answers.back());
    if (!status.isOk())
      return status;
  }
  if (from.isShort || !from.rest.empty())
    return Status::badInput("its answers do not end where it does");
  return out;
}

} // namespace attnrt::golden
