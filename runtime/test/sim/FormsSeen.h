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

/// The forms of all instructions that the text has.
inline std::set<std::string> formsIn(std::string_view ptx) {
  std::set<std::string> out;
  Expected<ptx::Module> module = ptx::parse(ptx);
  if (!module)
    return out;
  for (const auto *bodies : {&module->entries, &module->functions})
    for (const ptx::Entry &body : *bodies)
      for (const ptx::Instruction &inst : body.body)
        addForms(inst, out);
  return out;
}

/// Notes what the text runs, and keeps a text that has something new, for
/// whoever has an assembler to hold it against.
inline void noteForms(std::string_view ptx) {
  const char *directory = std::getenv("ATTNRT_TEST_FORMS");
  if (!directory)
    return;
  struct Seen {
    std::filesystem::path directory;
    std::set<std::string> lines;
    std::unordered_set<std::string> texts; // run again, they show nothing new
    int kept = 0;
    void keep(std::string_view ptx, const std::set<std::string> &forms) {
      std::filesystem::path place = directory.string() + "-texts";
      std::filesystem::create_directories(place);
      std::ofstream out(place / (std::to_string(getpid()) + "-" +
                                 std::to_string(kept++) + ".ptx"));
      out << ptx << "\n";
      for (const std::string &form : forms)
        out << "// form: " << form << "\n";
    }
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
  size_t before = seen.lines.size();
  std::set<std::string> forms = formsIn(ptx);
  seen.lines.insert(forms.begin(), forms.end());
  if (seen.lines.size() != before)
    seen.keep(ptx, forms);
}

} // namespace attnrt::sim

#endif // ATTNRT_TEST_SIM_FORMSSEEN_H
