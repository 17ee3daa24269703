//===- AssembleForms.cpp - Each form as text for ptxas --------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// AssembleForms FILE.ptx
//
// Writes a module that has each form of Opcodes.def with each word of it, in
// instructions that the simulator decodes; what it calls supported has to be
// PTX, so ptxas takes them. Of words that exclude each other the first fitting
// choice is taken. Exits 1 where a word fits nowhere.
//
//===----------------------------------------------------------------------===//

#include "Decode/Forms.h"
#include "Run/Simulator.h"

#include <fstream>
#include <iostream>
#include <set>

using namespace attnrt;
using namespace attnrt::sim;

namespace {
/// An instruction, and what must stand around it.
struct Text {
  std::string before, instruction, after;
  std::string all() const { return before + instruction + "\n" + after; }
};
} // namespace

static std::string moduleOf(const std::string &body) {
  return ".version 9.0\n.target sm_90a\n.address_size 64\n"
         ".func (.param .align 32 .b8 r[32]) callee(.param .align 32 .b8 "
         "x[32])\n{\nret;\n}\n"
         ".visible .entry forms(.param .align 64 .b8 in[128])\n"
         ".reqntid 128, 1, 1\n.maxnreg 128\n{\n"
         ".reg .b16 %h<64>; .reg .b32 %r<160>; .reg .b64 %l<64>;\n"
         ".reg .pred %p<8>; .reg .b64 %at;\n" +
         body + "}\n";
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

static bool isIn(const Match &match, std::string_view space) {
  return match.has(space) ||
         match.has(std::string(space) +
                   "::" + (match.sem() == Sem::Ld ? "entry" : "func"));
}

static unsigned bytesOf(const OperandSpec &spec, const Match &match) {
  if (spec.bytes)
    return spec.bytes;
  unsigned bytes = ptx::bytesOf(match.type(spec.type < 0 ? 0 : spec.type));
  return std::max(2u, spec.wide ? 2 * bytes : bytes);
}

static unsigned countOf(const OperandSpec &spec, const Match &match) {
  if (spec.vector == -1)
    return match.has("v4") ? 4 : match.has("v2") ? 2 : 1;
  if (spec.vector != -2)
    return spec.vector;
  for (std::string_view word : match.modifiers)
    if (unsigned columns = wgmmaColumns(word))
      return match.type() == ptx::Type::F16 ? columns / 4 : columns / 2;
  return 0;
}

namespace {
/// Names registers that follow each other.
class Operands {
public:
  explicit Operands(const Match &match, int constant)
      : match(match), constant(constant) {}

  std::string of(const OperandSpec &spec) {
    switch (spec.kind) {
    case 'd':
    case 's':
      return value(spec);
    case 'p':
      return std::string("%p1") + (spec.secondPred ? "|%p2" : "");
    case 'q':
      return "%p3";
    case 'i':
      return std::to_string(constant);
    case 'k':
      return "1";
    case 'm':
      return address();
    case 't':
      return "[%at, " + vector(4, spec.vector) + "]";
    case 'h':
      return "%l60";
    case 'f':
      return "callee";
    case 'l':
      return match.sem() == Sem::Brx ? "targets" : "done";
    default:
      return registerOf(match.types.empty() ? 4 : ptx::bytesOf(match.type()));
    }
  }

private:
  std::string registerOf(unsigned bytes) {
    const char *kind = bytes == 2 ? "%h" : bytes == 4 ? "%r" : "%l";
    return kind + std::to_string(next++ % (bytes == 4 ? 160 : 48));
  }
  std::string vector(unsigned bytes, unsigned count) {
    std::string out = "{";
    for (unsigned i = 0; i < count; ++i)
      out += (i ? ", " : "") + registerOf(bytes);
    return out + "}";
  }
  std::string value(const OperandSpec &spec) {
    unsigned bytes = bytesOf(spec, match), count = countOf(spec, match);
    // Another block's barrier gives no state.
    if (match.sem() == Sem::Mbarrier && spec.kind == 'd' &&
        match.has("shared::cluster"))
      return "_";
    bool isOne = !count || (spec.vector == -1 && count == 1);
    if (!isOne)
      return vector(bytes, count);
    return registerOf(bytes) + (spec.secondPred ? "|%p2" : "");
  }
  std::string address() const {
    if (match.sem() == Sem::Ld && isIn(match, "param"))
      return "[in]";
    if (match.sem() == Sem::Ld && match.has("param::func"))
      return "[b]";
    if (match.sem() == Sem::St && isIn(match, "param"))
      return "[a]";
    return "[%at]";
  }

  const Match &match;
  int constant;
  unsigned next = 1;
};
} // namespace

/// What surrounds a call, or a .param of one.
static Text inCall(const Text &text, const Match &match) {
  const std::string call = "call (b), callee, (a);";
  const std::string begin = "{\n.param .align 32 .b8 a[32];\n"
                            ".param .align 32 .b8 b[32];\n";
  Text out{begin, call, ""};
  if (match.sem() == Sem::Call)
    out.instruction =
        std::string("call") + (match.has("uni") ? ".uni" : "") + call.substr(4);
  else if (match.sem() == Sem::St)
    out = {begin, text.instruction, call + "\n"};
  else
    out = {begin + call + "\n", text.instruction, ""};
  out.after += "}\n";
  return out;
}

static Text textOf(const Match &match, const std::vector<std::string> &words,
                   bool isLong, int constant) {
  Text out;
  for (const std::string &word : words)
    out.instruction += (out.instruction.empty() ? "" : ".") + word;
  Operands operands(match, constant);
  const char *separator = " ";
  for (const OperandSpec &spec : match.specs) {
    if ((spec.optional && !isLong) || match.sem() == Sem::Call)
      continue;
    out.instruction += separator + operands.of(spec);
    separator = ", ";
  }
  out.instruction += ";";
  Sem sem = match.sem();
  if (sem == Sem::Call || (sem == Sem::Ld && match.has("param::func")) ||
      (sem == Sem::St && isIn(match, "param")))
    return inCall(out, match);
  if (sem == Sem::Brx) {
    out.before = "{\ntargets: .branchtargets done;\n";
    out.after = "}\n";
  }
  if (sem == Sem::Brx || sem == Sem::Bra || sem == Sem::Ret ||
      sem == Sem::Exit || sem == Sem::Trap)
    out.instruction = "@%p3 " + out.instruction;
  return out;
}

//===----------------------------------------------------------------------===//
// Which words go together
//===----------------------------------------------------------------------===//

static bool decodes(const Text &text) {
  Expected<std::shared_ptr<const Program>> program =
      decode(moduleOf(text.all() + "done: ret;\n"));
  return bool(program);
}

namespace {
/// Tries the other words of a form until one with a given word decodes, those
/// that may be left out a few at a time.
class Choice {
public:
  Choice(const Form &form, size_t fixed, std::string_view word)
      : form(form), fixed(fixed), word(word) {}

  bool find(Text &out) {
    chosen = {std::string(form.opcode)};
    for (int spare : {0, 1, 2, 9})
      if (tryFrom(0, spare, out))
        return true;
    return false;
  }

private:
  bool tryFrom(size_t at, int spare, Text &out) {
    if (at == form.words.size())
      return tryOperands(out);
    std::vector<std::string_view> choices = form.words[at];
    if (at == fixed)
      choices = {word};
    bool mayLeaveOut = form.optional[at] && at != fixed;
    if (mayLeaveOut && tryFrom(at + 1, spare, out))
      return true;
    if (mayLeaveOut && --spare < 0)
      return false;
    for (std::string_view choice : choices) {
      bool isShape = choice.substr(0, 5) == "m64nN";
      chosen.push_back(isShape ? "m64n64" + std::string(choice.substr(5))
                               : std::string(choice));
      bool isFound = tryFrom(at + 1, spare, out);
      chosen.pop_back();
      if (isFound)
        return true;
    }
    return false;
  }

  bool tryOperands(Text &out) {
    Match match;
    std::vector<std::string> modifiers(chosen.begin() + 1, chosen.end());
    if (--budget < 0 || !matchModifiers(form, modifiers, match))
      return false;
    bool hasOptional = form.operands.find('?') != std::string_view::npos;
    for (int constant : {128, 16, 8})
      for (bool isLong : {true, false}) {
        if (!isLong && !hasOptional)
          continue;
        out = textOf(match, chosen, isLong, constant);
        if (decodes(out))
          return true;
      }
    return false;
  }

  const Form &form;
  size_t fixed;
  std::string_view word;
  std::vector<std::string> chosen;
  int budget = 5000;
};
} // namespace

/// An instruction with a word, wherever the form has it.
static bool findWith(const Form &form, std::string_view word, Text &out) {
  if (word.empty())
    return Choice(form, form.words.size(), word).find(out);
  for (size_t at = 0; at < form.words.size(); ++at)
    for (std::string_view known : form.words[at])
      if (known == word && Choice(form, at, word).find(out))
        return true;
  return false;
}

/// All instructions; false where a word has none.
static bool collect(std::vector<Text> &out) {
  bool isComplete = true;
  std::set<std::string> known;
  for (const Form &form : allForms()) {
    std::set<std::string_view> words = {""};
    for (const auto &alternatives : form.words)
      words.insert(alternatives.begin(), alternatives.end());
    for (std::string_view word : words) {
      Text text;
      if (!findWith(form, word, text)) {
        std::cerr << "error: no instruction for " << form.opcode << " "
                  << form.modifiers << ": " << word << "\n";
        isComplete = false;
      } else if (known.insert(text.all()).second) {
        out.push_back(text);
      }
    }
  }
  return isComplete;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    std::cerr << "usage: AssembleForms FILE.ptx\n";
    return 2;
  }
  std::vector<Text> texts;
  bool isComplete = collect(texts);
  std::string body;
  for (const Text &text : texts)
    body += text.all();
  std::ofstream out(argv[1]);
  out << moduleOf(body + "done: ret;\n");
  std::cout << texts.size() << " instructions\n";
  return out.good() && isComplete ? 0 : 1;
}
