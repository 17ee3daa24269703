//===- CodeImage.cpp - Device code from a program -------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A fatbin is a header and entries, each a header of its own and a payload: PTX
// or a cubin for one chip. CUDA 13 packs PTX with zstd, whose library is opened
// at run time, as only such fatbins need it.
//
//===----------------------------------------------------------------------===//

#include "Package/CodeImage.h"

#include <cstdint>
#include <cstring>

#include <dlfcn.h>

using namespace attnrt;

namespace {
struct FatbinHeader {
  uint32_t magic;
  uint16_t version, headerBytes;
  uint64_t bytes; // after this header
};

struct FatbinEntry {
  static constexpr uint16_t kPtx = 1;
  static constexpr uint64_t kZstd = 0x8000, kOtherCompression = 0x6000;
  uint16_t kind, version;
  uint32_t headerBytes;
  uint64_t payloadBytes;
  uint32_t compressedBytes, optionsOffset;
  uint16_t minor, major;
  uint32_t chip;
  uint32_t nameOffset, nameBytes;
  uint64_t flags, zero, textBytes;
};
static_assert(sizeof(FatbinHeader) == 16 && sizeof(FatbinEntry) == 64,
              "as they lie in files");
} // namespace

/// More than any PTX has; a damaged header must not ask for all memory.
static constexpr uint64_t kMaxTextBytes = uint64_t(1) << 28;

static Status damaged(const char *what) {
  return Status::badInput(std::string("damaged fatbin: ") + what);
}

template <typename T>
static T read(std::string_view blob, size_t at) {
  T value;
  std::memcpy(&value, blob.data() + at, sizeof value);
  return value;
}

/// Without the zeros that pad it.
static std::string_view trimmed(std::string_view text) {
  return text.substr(0, text.find('\0'));
}

//===----------------------------------------------------------------------===//
// zstd
//===----------------------------------------------------------------------===//

static Status decompress(std::string_view packed, std::string &text) {
  static void *const library = dlopen("libzstd.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return Status::device("the fatbin's PTX is compressed, and there is no "
                          "libzstd.so.1");
  using Decompress = size_t (*)(void *, size_t, const void *, size_t);
  using IsError = unsigned (*)(size_t);
  auto decompress =
      reinterpret_cast<Decompress>(dlsym(library, "ZSTD_decompress"));
  auto isError = reinterpret_cast<IsError>(dlsym(library, "ZSTD_isError"));
  if (!decompress || !isError)
    return Status::device("libzstd.so.1 cannot decompress");
  size_t bytes =
      decompress(text.data(), text.size(), packed.data(), packed.size());
  return !isError(bytes) && bytes == text.size()
             ? Status::ok()
             : damaged("its PTX cannot be decompressed");
}

//===----------------------------------------------------------------------===//
// Fatbins
//===----------------------------------------------------------------------===//

static Status takePtx(const FatbinEntry &entry, std::string_view payload,
                      CodeImage &image) {
  if (entry.flags & FatbinEntry::kOtherCompression)
    return Status::badInput("the fatbin's PTX is compressed in an unknown way; "
                            "make it with fatbinary --compress=false");
  if (!(entry.flags & FatbinEntry::kZstd)) {
    image.ptx = trimmed(payload);
    return Status::ok();
  }
  if (entry.compressedBytes > payload.size() || entry.textBytes > kMaxTextBytes)
    return damaged("its PTX has no sensible size");
  image.decompressed = std::make_unique<std::string>(entry.textBytes, '\0');
  Status status =
      decompress(payload.substr(0, entry.compressedBytes), *image.decompressed);
  image.ptx = trimmed(*image.decompressed);
  return status;
}

static Expected<CodeImage> readFatbin(std::string_view blob) {
  CodeImage image;
  image.binary = blob;
  size_t at = read<FatbinHeader>(blob, 0).headerBytes;
  uint32_t newest = 0;
  while (at < blob.size()) {
    if (blob.size() - at < sizeof(FatbinEntry))
      return damaged("an entry is cut off");
    auto entry = read<FatbinEntry>(blob, at);
    size_t rest = blob.size() - at;
    if (entry.headerBytes < sizeof(FatbinEntry) || entry.headerBytes > rest ||
        entry.payloadBytes > rest - entry.headerBytes)
      return damaged("an entry is larger than the file");
    if (entry.kind == FatbinEntry::kPtx && entry.chip >= newest) {
      newest = entry.chip;
      Status status = takePtx(
          entry, blob.substr(at + entry.headerBytes, entry.payloadBytes),
          image);
      if (!status.isOk())
        return status;
    }
    at += entry.headerBytes + entry.payloadBytes;
  }
  return image;
}

/// Both stop at the first byte that differs, so a short text is no overrun.
static bool isFatbin(const char *blob) {
  return std::strncmp(blob, "\x50\xed\x55\xba", 4) == 0;
}
static bool isElf(const char *blob) {
  return std::strncmp(blob, "\x7f\x45\x4c\x46", 4) == 0;
}

Expected<CodeImage> attnrt::readCode(std::string_view blob) {
  if (blob.size() >= sizeof(FatbinHeader) && isFatbin(blob.data())) {
    auto header = read<FatbinHeader>(blob, 0);
    if (header.headerBytes < sizeof header ||
        header.headerBytes > blob.size() ||
        header.bytes > blob.size() - header.headerBytes)
      return damaged("it is larger than its file");
    return readFatbin(blob.substr(0, header.headerBytes + header.bytes));
  }
  CodeImage image;
  if (blob.size() >= 4 && isElf(blob.data()))
    image.binary = blob;
  else
    image.ptx = trimmed(blob);
  return image;
}

Expected<CodeImage> attnrt::readCodeOfUnknownSize(const char *blob) {
  if (isElf(blob))
    return Status::badInput("expected PTX, got machine code");
  if (!isFatbin(blob))
    return readCode(blob);
  auto header = read<FatbinHeader>({blob, sizeof(FatbinHeader)}, 0);
  return readCode({blob, header.headerBytes + header.bytes});
}
