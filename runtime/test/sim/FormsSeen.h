//===- FormsSeen.h - Which forms the tests decode ---------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With ATTNRT_TEST_FORMS a test leaves each form that it runs with each word of
// it in a file of its own in that directory; EveryForm looks for those that are
// missing.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_TEST_SIM_FORMSSEEN_H
#define ATTNRT_TEST_SIM_FORMSSEEN_H

#include "Decode/Forms.h"
#include "Ptx/Parser.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <unordered_set>

#include <unistd.h>

namespace attnrt::sim {

/// "add | ?rn|rz|rm|rp f64 | d0 s0 s0 | rz": the form and one of its words.
inline std::string lineFor(const Form &form, std::string_view word) {
  return std::string(form.opcode) + " | " + std::string(form.modifiers) +
         " | " + std::string(form.operands) + " | " + std::string(word);
}

/// The forms that fit: which of them the operands choose is not asked.
inline void addForms(const ptx::Instruction &inst, std::set<std::string> &out) {
  for (const Form &form : allForms()) {
    Match match;
    if (form.opcode != inst.opcode ||
        inst.operands.size() > form.specs.size() ||
        !matchModifiers(form, inst.modifiers, match))
      continue;
    out.insert(lineFor(form, ""));
    for (const std::string &modifier : inst.modifiers) {
      out.insert(lineFor(form, modifier));
      if (wgmmaColumns(modifier))
        out.insert(
            lineFor(form, "m64nN" + modifier.substr(modifier.find('k'))));
    }
  }
}

inline void noteForms(std::string_view ptx) {
  const char *directory = std::getenv("ATTNRT_TEST_FORMS");
  if (!directory)
    return;
  struct Seen {
    std::filesystem::path directory;
    std::set<std::string> lines;
    std::unordered_set<std::string> texts; // run again, they show nothing new
    ~Seen() {
      std::filesystem::create_directories(directory);
      std::ofstream out(directory / std::to_string(getpid()), std::ios::app);
      for (const std::string &line : lines)
        out << line << "\n";
    }
  };
  static Seen seen{directory, {}, {}};
  if (!seen.texts.emplace(ptx).second)
    return;
  Expected<ptx::Module> module = ptx::parse(ptx);
  if (!module)
    return;
  for (const auto *bodies : {&module->entries, &module->functions})
    for (const ptx::Entry &body : *bodies)
      for (const ptx::Instruction &inst : body.body)
        addForms(inst, seen.lines);
}

} // namespace attnrt::sim

#endif // ATTNRT_TEST_SIM_FORMSSEEN_H
