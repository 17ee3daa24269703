//===- AttnAttrs.td - Attributes of the attn dialect -------*- tablegen -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_ATTNATTRS_TD
#define ATTN_DIALECT_ATTN_IR_ATTNATTRS_TD

include "mlir/IR/AttrTypeBase.td"
include "attn/Dialect/Attn/IR/AttnDialect.td"
include "attn/Dialect/Attn/IR/AttnEnums.td"
include "attn/Dialect/Attn/IR/AttnRopeScaling.td"

class Attn_Attr<string name, string attrMnemonic> : AttrDef<Attn_Dialect, name> {
  let mnemonic = attrMnemonic;
}

def Attn_LayoutAttr : EnumAttr<Attn_Dialect, Attn_Layout, "layout"> {
  let assemblyFormat = "`<` $value `>`";
}

def Attn_MaskedRowAttr : EnumAttr<Attn_Dialect, Attn_MaskedRow, "masked_row"> {
  let assemblyFormat = "`<` $value `>`";
}

def Attn_PrecisionAttr : EnumAttr<Attn_Dialect, Attn_Precision, "precision"> {
  let assemblyFormat = "`<` $value `>`";
}

def Attn_PairingAttr : EnumAttr<Attn_Dialect, Attn_Pairing, "pairing"> {
  let assemblyFormat = "`<` $value `>`";
}

def Attn_NormKindAttr : EnumAttr<Attn_Dialect, Attn_NormKind, "norm_kind"> {
  let assemblyFormat = "`<` $value `>`";
}

def Attn_CausalAttr : Attn_Attr<"Causal", "causal"> {
  let summary = "Aligns the causal diagonal.";
  let description = [{
    Query row i stands at key position p and keeps the keys j <= p, with p = i
    (`top_left`), p = i + Sk - Sq (`bottom_right`) or p = i + n
    (`offset = n`). The clause `causal(…)` of `attn.sdpa` spells the same
    parameters. `attn-expand-masks` replaces it by a `keep` region.

    Example: `#attn.causal<offset = -3>`.
  }];
  let parameters = (ins "CausalKind":$kind, "int64_t":$offset);
  let builders = [AttrBuilder<(ins "CausalKind":$kind), [{
    return $_get($_ctxt, kind, /*offset=*/0);
  }]>];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Attn_WindowAttr : Attn_Attr<"Window", "window"> {
  let summary = "Bounds the distance between query position and key.";
  let description = [{
    A row at position p keeps the keys j with p - left <= j <= p + right. Both
    are counts of keys, at least 0, or `inf` for no bound on that side. The
    clause `window(…)` of `attn.sdpa` spells the same parameters.
    `attn-expand-masks` replaces it by a `keep` region.

    Example: `#attn.window<128, inf>`.
  }];
  let parameters = (ins "int64_t":$left, "int64_t":$right);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The count that stands for `inf`.
    static constexpr int64_t kUnbounded = -1;
    bool isLeftBounded() const { return getLeft() != kUnbounded; }
    bool isRightBounded() const { return getRight() != kUnbounded; }
  }];
}

#endif // ATTN_DIALECT_ATTN_IR_ATTNATTRS_TD
