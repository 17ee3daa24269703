//===- Forms.cpp - The table of forms, and matching against it ------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Decode/Forms.h"

using namespace attnrt::sim;

namespace {
struct Row {
  Sem sem;
  std::string_view modifiers, operands;
};
} // namespace

static constexpr Row kRows[] = {
#define FORM(sem, modifiers, operands) {Sem::sem, modifiers, operands},
#include "Decode/Opcodes.def"
};

static constexpr std::string_view kNames[] = {
#define OPCODE(sem, name, rule) name,
#include "Decode/Opcodes.def"
};

static std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    size_t end = text.find(by);
    if (end != 0)
      out.push_back(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return out;
}

static OperandSpec parseSpec(std::string_view text) {
  OperandSpec spec;
  if (text[0] == '?') {
    spec.optional = true;
    text.remove_prefix(1);
  }
  spec.kind = text[0];
  text.remove_prefix(1);
  for (; !text.empty(); text.remove_prefix(1)) {
    char c = text[0];
    if (c == '+') {
      spec.wider = true;
    } else if (c == '.') {
      spec.selects = true;
    } else if (c == 'w') {
      spec.wide = true;
      spec.type = 0;
    } else if (c == '|') {
      spec.secondPred = true;
      break;
    } else if (c == '*') {
      spec.vector = text[1] == 'v' ? -1 : text[1] == 'a' ? -2 : text[1] - '0';
      break;
    } else if (text.size() >= 2 &&
               (text.substr(0, 2) == "16" || text.substr(0, 2) == "32" ||
                text.substr(0, 2) == "64")) {
      spec.bytes = c == '1' ? 2 : c == '3' ? 4 : 8;
      text.remove_prefix(1);
    } else {
      spec.type = c - '0';
    }
  }
  return spec;
}

static Form makeForm(const Row &row) {
  Form form{row.sem,
            kNames[static_cast<int>(row.sem)],
            row.modifiers,
            row.operands,
            {},
            {},
            {}};
  for (std::string_view word : split(row.modifiers, ' ')) {
    bool optional = word[0] == '?';
    form.optional.push_back(optional);
    form.words.push_back(split(optional ? word.substr(1) : word, '|'));
  }
  for (std::string_view text : split(row.operands, ' '))
    form.specs.push_back(parseSpec(text));
  return form;
}

const std::vector<Form> &attnrt::sim::allForms() {
  static const std::vector<Form> forms = [] {
    std::vector<Form> out;
    for (const Row &row : kRows)
      out.push_back(makeForm(row));
    return out;
  }();
  return forms;
}

bool attnrt::sim::isOpcode(std::string_view name) {
  for (std::string_view known : kNames)
    if (known == name)
      return true;
  return false;
}

unsigned attnrt::sim::firstTarget(Sem which) {
#define SINCE(sem, arch)                                                       \
  if (which == Sem::sem)                                                       \
    return arch;
#include "Decode/Opcodes.def"
  return 0;
}

unsigned attnrt::sim::wgmmaColumns(std::string_view shape) {
  if (shape.substr(0, 4) != "m64n")
    return 0;
  unsigned columns = 0;
  for (char c : shape.substr(4)) {
    if (c < '0' || c > '9' || columns > 256)
      break;
    columns = 10 * columns + (c - '0');
  }
  return columns % 8 == 0 && columns <= 256 ? columns : 0;
}

/// `m64nNk16` stands for all its shapes.
static bool isWord(std::string_view word, std::string_view modifier) {
  if (word == modifier)
    return true;
  if (word.substr(0, 5) != "m64nN")
    return false;
  unsigned columns = wgmmaColumns(modifier);
  return columns && modifier == "m64n" + std::to_string(columns) +
                                    std::string(word.substr(5));
}

bool attnrt::sim::matchModifiers(const Form &form,
                                 const std::vector<std::string> &modifiers,
                                 Match &match) {
  if (modifiers.size() > 32)
    return false;
  match = Match();
  match.form = &form;
  uint32_t used = 0;
  size_t firstType = 0; // that may come next
  for (size_t w = 0; w < form.words.size(); ++w) {
    bool found = false;
    for (size_t m = 0; m < modifiers.size() && !found; ++m) {
      if (used >> m & 1)
        continue;
      for (std::string_view word : form.words[w])
        found |= isWord(word, modifiers[m]);
      std::optional<ptx::Type> type = ptx::typeNamed(modifiers[m]);
      found = found && !(type && m < firstType);
      if (!found)
        continue;
      used |= 1u << m;
      firstType = type ? m : firstType;
      if (type)
        match.types.push_back(*type);
      else
        match.modifiers.push_back(modifiers[m]);
    }
    if (!found && !form.optional[w])
      return false;
  }
  if (used != (modifiers.size() == 32 ? ~0u : (1u << modifiers.size()) - 1))
    return false;
  for (const OperandSpec &spec : form.specs)
    if (spec.kind != 'h' || match.has("L2::cache_hint"))
      match.specs.push_back(spec);
  return true;
}

std::string attnrt::sim::describeForms() {
  std::string out = "| opcode | modifiers | operands |\n|---|---|---|\n";
  for (const Form &form : allForms()) {
    std::string modifiers;
    for (char c : form.modifiers) {
      if (c == '|')
        modifiers += '\\';
      modifiers += c;
    }
    std::string operands;
    for (char c : form.operands) {
      if (c == '|')
        operands += '\\';
      operands += c;
    }
    out += "| `" + std::string(form.opcode) + "`";
    if (unsigned since = firstTarget(form.sem))
      out += " (sm_" + std::to_string(since) + ")";
    out += " | " + modifiers + " | " + operands + " |\n";
  }
  return out;
}
