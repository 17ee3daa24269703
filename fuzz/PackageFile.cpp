//===- PackageFile.cpp - Packages -----------------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The checksum lets no damage to the description through, so the reader gets it
// once more with the checksum made right.
//
//===----------------------------------------------------------------------===//

#include "InputFile.h"
#include "Target.h"

#include "attnrt/Package.h"
#include "attnrt/PackageFormat.h"

#include <algorithm>
#include <cstring>

using namespace attnrt;

const bool attn::fuzz::kIsText = false;

/// As it is, but where a description begins, its header says what follows.
static std::string withChecksum(std::string file) {
  PackageHeader header{kPackageMagic, kPackageSchema, 0, 0};
  size_t at = file.find(
      std::string(reinterpret_cast<const char *>(&header), 8));
  if (at == file.npos || file.size() - at < sizeof header)
    return file;
  std::memcpy(&header, &file[at], sizeof header);
  size_t room = file.size() - at - sizeof header;
  header.jsonBytes = std::min<uint64_t>(header.jsonBytes, room);
  header.checksum = fnv1a(&file[at + sizeof header], header.jsonBytes);
  std::memcpy(&file[at], &header, sizeof header);
  return file;
}

Status attn::fuzz::digest(std::string_view input) {
  Status status = readPackage(InputFile(input).path()).status();
  // Code of another machine is refused as such, not as damaged.
  if (status.code() == Code::Device)
    return Status();
  if (status.isOk() || !complaintAbout(status).empty())
    return status;
  // Its own answer matters only if it is a bad one.
  Status second =
      readPackage(InputFile(withChecksum(std::string(input))).path()).status();
  return complaintAbout(second).empty() ? status : second;
}
