//===- AttnRopeScaling.td - Scaled rotary frequencies ------*- tablegen -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_ATTNROPESCALING_TD
#define ATTN_DIALECT_ATTN_IR_ATTNROPESCALING_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "attn/Dialect/Attn/IR/AttnDialect.td"

/// Written as a plain number: `factor = 8.0`.
class Attn_Number<string desc, string default = "">
    : AttrOrTypeParameter<"::llvm::APFloat", desc> {
  let comparator = "$_lhs.bitwiseIsEqual($_rhs)";
  let parser = "::attn::parseNumber($_parser)";
  let printer = "$_printer.printFloat($_self)";
  let defaultValue = !if(!empty(default), "",
                         "::llvm::APFloat(double(" # default # "))");
}

class Attn_OptionalNumber<string desc>
    : AttrOrTypeParameter<"std::optional<::llvm::APFloat>", desc> {
  let parser = "::attn::parseNumber($_parser)";
  let printer = "$_printer.printFloat(*$_self)";
  let defaultValue = "std::nullopt";
}

def Attn_RopeScalingAttrInterface : AttrInterface<"RopeScalingAttrInterface"> {
  let cppNamespace = "::attn";
  let description = [{
    How a context longer than the trained one changes the rotary frequencies of
    `attn.rope`.
  }];
  let methods = [
    InterfaceMethod<[{
      The frequencies in radians per position, one for each pair of rotary
      dims. Those of `#attn.rope_dynamic_ntk` are the ones of short contexts.
    }], "::llvm::SmallVector<double>", "getFrequencies",
    (ins "double":$base, "int64_t":$rotaryDims)>,
    InterfaceMethod<"The factor of cosine and sine.",
    "double", "getRotationFactor", (ins), [{}], [{ return 1.0; }]>,
    InterfaceMethod<"Checks that the attribute fits the base and the rotary dims.",
    "::llvm::LogicalResult", "verifyFor",
    (ins "::llvm::function_ref<::mlir::InFlightDiagnostic()>":$emitError,
         "double":$base, "int64_t":$rotaryDims), [{}], [{ return ::mlir::success(); }]>
  ];
}

class Attn_RopeScaling<string name, string attrMnemonic, list<string> methods = []>
    : AttrDef<Attn_Dialect, name, [DeclareAttrInterfaceMethods<
          Attn_RopeScalingAttrInterface, methods>]> {
  let mnemonic = attrMnemonic;
  let genVerifyDecl = 1;
  let assemblyFormat = "`<` struct(params) `>`";
}

def Attn_RopeLinearAttr : Attn_RopeScaling<"RopeLinear", "rope_linear"> {
  let summary = "Interpolates positions.";
  let description = [{
    Every frequency is divided by `factor`.

    Example: `#attn.rope_linear<factor = 4.0>`.
  }];
  let parameters = (ins Attn_Number<"longer context / trained one">:$factor);
}

def Attn_RopeNtkAttr : Attn_RopeScaling<"RopeNtk", "rope_ntk", ["verifyFor"]> {
  let summary = "Stretches low frequencies more than high ones.";
  let description = [{
    The base becomes base * factor^(rd / (rd - 2)), for rd rotary dims.

    Example: `#attn.rope_ntk<factor = 4.0>`.
  }];
  let parameters = (ins Attn_Number<"longer context / trained one">:$factor);
}

def Attn_RopeDynamicNtkAttr
    : Attn_RopeScaling<"RopeDynamicNtk", "rope_dynamic_ntk", ["verifyFor"]> {
  let summary = "Stretches low frequencies as the context grows.";
  let description = [{
    With L the number of positions, `offset` and the length of the input
    together, the base becomes base * r^(rd / (rd - 2)) where
    r = factor * max(L, original_length) / original_length - (factor - 1).

    Example: `#attn.rope_dynamic_ntk<factor = 2.0, original_length = 4096>`.
  }];
  let parameters = (ins Attn_Number<"growth of the base">:$factor,
                        "int64_t":$original_length);
  let extraClassDeclaration = [{
    /// r for a context of that many positions.
    double getStretch(double length);
  }];
}

def Attn_RopeYarnAttr : Attn_RopeScaling<"RopeYarn", "rope_yarn",
                                         ["getRotationFactor", "verifyFor"]> {
  let summary = "Interpolates low frequencies and keeps high ones.";
  let description = [{
    With dim(r) = rd * ln(original_length / (2 pi r)) / (2 ln base),
    low = max(floor(dim(beta_fast)), 0), high = min(ceil(dim(beta_slow)), rd - 1)
    and ramp_i = clamp((i - low) / (high - low), 0, 1), frequency i becomes
    freq_i / factor * ramp_i + freq_i * (1 - ramp_i). Where low = high, 0.001 is
    added to high. Cosine and sine are multiplied by `attention_factor`,
    0.1 * ln(factor) + 1 unless given.

    Example: `#attn.rope_yarn<factor = 40.0, original_length = 4096>`.
  }];
  let parameters = (ins Attn_Number<"longer context / trained one">:$factor,
      "int64_t":$original_length,
      Attn_Number<"turns above which a frequency is kept", "32.0">:$beta_fast,
      Attn_Number<"turns below which it is divided", "1.0">:$beta_slow,
      Attn_OptionalNumber<"factor of cosine and sine">:$attention_factor);
}

def Attn_RopeLlama3Attr : Attn_RopeScaling<"RopeLlama3", "rope_llama3"> {
  let summary = "Divides low frequencies and blends into high ones.";
  let description = [{
    With the wavelength w = 2 pi / freq: freq / factor where
    w > original_length / low_freq_factor; freq where
    w < original_length / high_freq_factor; between them
    (1 - t) * freq / factor + t * freq with
    t = (original_length / w - low_freq_factor) /
    (high_freq_factor - low_freq_factor).

    Example: `#attn.rope_llama3<factor = 8.0, original_length = 8192>`.
  }];
  let parameters = (ins Attn_Number<"longer context / trained one">:$factor,
      "int64_t":$original_length,
      Attn_Number<"wavelengths in the trained context", "1.0">:$low_freq_factor,
      Attn_Number<"the same", "4.0">:$high_freq_factor);
}

def Attn_RopeLongAttr : Attn_RopeScaling<"RopeLong", "rope_long",
                            ["getRotationFactor", "verifyFor"]> {
  let summary = "Divides each frequency by a factor of its own.";
  let description = [{
    Frequency i is divided by `factors[i]`; there are rd / 2 of them, those for
    short or for long contexts. Cosine and sine are multiplied by
    `attention_factor`, sqrt(1 + ln(factor) / ln(original_length)) unless given,
    and 1 where factor <= 1.

    Example:
    `#attn.rope_long<factor = 32.0, original_length = 4096, factors = [1.0, 1.5]>`.
  }];
  let parameters = (ins Attn_Number<"longer context / trained one">:$factor,
      "int64_t":$original_length,
      "::mlir::DenseF64ArrayAttr":$factors,
      Attn_OptionalNumber<"factor of cosine and sine">:$attention_factor);
}

#endif // ATTN_DIALECT_ATTN_IR_ATTNROPESCALING_TD
