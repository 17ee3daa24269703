//===- ElfSection.cpp - One section of a shared object --------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Package/ElfSection.h"

#include <cstring>
#include <elf.h>
#include <string>

using namespace attnrt;

#if defined(__x86_64__)
static constexpr Elf64_Half kThisMachine = EM_X86_64;
#elif defined(__aarch64__)
static constexpr Elf64_Half kThisMachine = EM_AARCH64;
#else
#error "name this machine's ELF number"
#endif

/// `size` bytes at `offset`, or none where they are not all in the file.
static std::optional<std::string_view> slice(std::string_view file,
                                             uint64_t offset, uint64_t size) {
  if (offset > file.size() || size > file.size() - offset)
    return std::nullopt;
  return file.substr(offset, size);
}

template <typename T>
static T readAs(std::string_view bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

static std::string describeMachine(Elf64_Half machine) {
  switch (machine) {
  case EM_X86_64:
    return "x86-64";
  case EM_AARCH64:
    return "aarch64";
  default:
    return "ELF machine " + std::to_string(machine);
  }
}

static Status checkHeader(const Elf64_Ehdr &header) {
  if (header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != ELFDATA2LSB)
    return Status::badInput("expected a 64-bit little-endian ELF file");
  if (header.e_type != ET_DYN)
    return Status::badInput("expected a shared object");
  if (header.e_machine != kThisMachine)
    return Status::device("it is for " + describeMachine(header.e_machine) +
                          "; this machine is " + describeMachine(kThisMachine));
  if (header.e_shentsize != sizeof(Elf64_Shdr) ||
      header.e_phentsize != sizeof(Elf64_Phdr))
    return Status::badInput("malformed ELF header");
  return Status::ok();
}

/// The loader trusts the segments, so they are checked for it.
static Status checkSegments(std::string_view file, const Elf64_Ehdr &header) {
  auto table = slice(file, header.e_phoff,
                     uint64_t(header.e_phnum) * sizeof(Elf64_Phdr));
  if (!table)
    return Status::badInput("truncated: segment table outside the file");
  for (size_t i = 0; i < header.e_phnum; ++i) {
    auto segment = readAs<Elf64_Phdr>(table->substr(i * sizeof(Elf64_Phdr)));
    if (!slice(file, segment.p_offset, segment.p_filesz))
      return Status::badInput("truncated: segment outside the file");
  }
  return Status::ok();
}

Expected<std::string_view> attnrt::findElfSection(std::string_view file,
                                                  std::string_view name) {
  auto headerBytes = slice(file, 0, sizeof(Elf64_Ehdr));
  if (file.substr(0, SELFMAG) != std::string_view(ELFMAG, SELFMAG))
    return Status::badInput("not an ELF file");
  if (!headerBytes)
    return Status::badInput("truncated in its ELF header");
  auto header = readAs<Elf64_Ehdr>(*headerBytes);
  Status status = checkHeader(header);
  if (status.isOk())
    status = checkSegments(file, header);
  if (!status.isOk())
    return status;

  auto table = slice(file, header.e_shoff,
                     uint64_t(header.e_shnum) * sizeof(Elf64_Shdr));
  if (!table)
    return Status::badInput("truncated: section table outside the file");
  if (header.e_shstrndx >= header.e_shnum)
    return Status::badInput("malformed ELF header: no section names");
  auto sectionAt = [&](size_t i) {
    return readAs<Elf64_Shdr>(table->substr(i * sizeof(Elf64_Shdr)));
  };
  Elf64_Shdr nameSection = sectionAt(header.e_shstrndx);
  auto names = slice(file, nameSection.sh_offset, nameSection.sh_size);
  if (!names)
    return Status::badInput("truncated: section names outside the file");

  for (size_t i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr section = sectionAt(i);
    if (section.sh_name >= names->size())
      return Status::badInput("malformed section name");
    std::string_view its = names->substr(section.sh_name);
    if (its.substr(0, its.find('\0')) != name)
      continue;
    if (section.sh_type == SHT_NOBITS)
      return Status::badInput("section " + std::string(name) + " is empty");
    auto bytes = slice(file, section.sh_offset, section.sh_size);
    if (!bytes)
      return Status::badInput("truncated: section " + std::string(name) +
                              " outside the file");
    return *bytes;
  }
  return Status::badInput("no section " + std::string(name) +
                          ": not an attn-mlir package");
}
