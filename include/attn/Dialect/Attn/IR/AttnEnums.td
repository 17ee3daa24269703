//===- AttnEnums.td - Conventions that are one word --------*- tablegen -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_DIALECT_ATTN_IR_ATTNENUMS_TD
#define ATTN_DIALECT_ATTN_IR_ATTNENUMS_TD

include "mlir/IR/EnumAttr.td"
include "attn/Dialect/Attn/IR/AttnDialect.td"

//===----------------------------------------------------------------------===//
// Layout: the order of the dimensions of query, key, value and output
//===----------------------------------------------------------------------===//

def Attn_LayoutBHSD : I32EnumAttrCase<"BHSD", 0, "bhsd">;
def Attn_LayoutBSHD : I32EnumAttrCase<"BSHD", 1, "bshd">;

def Attn_Layout : I32EnumAttr<"Layout", "order of the four dimensions",
                              [Attn_LayoutBHSD, Attn_LayoutBSHD]> {
  let cppNamespace = "::attn";
  let genSpecializedAttr = 0;
}

//===----------------------------------------------------------------------===//
// MaskedRow: what a row without any kept key yields
//===----------------------------------------------------------------------===//

// O = 0; what FlashAttention, cuDNN, ONNX 25 and torch's safe softmax do.
def Attn_MaskedRowZero : I32EnumAttrCase<"Zero", 0, "zero">;
// O = NaN; a plain softmax over scores that are all -inf.
def Attn_MaskedRowNaN : I32EnumAttrCase<"NaN", 1, "nan">;
// O = mean of all values; a softmax over scores that are all one finite fill.
def Attn_MaskedRowUniform : I32EnumAttrCase<"Uniform", 2, "uniform">;

def Attn_MaskedRow : I32EnumAttr<"MaskedRow", "output of a row without a kept key",
    [Attn_MaskedRowZero, Attn_MaskedRowNaN, Attn_MaskedRowUniform]> {
  let cppNamespace = "::attn";
  let genSpecializedAttr = 0;
}

//===----------------------------------------------------------------------===//
// CausalKind: which key position a query row stands at
//===----------------------------------------------------------------------===//

def Attn_CausalTopLeft : I32EnumAttrCase<"TopLeft", 0, "top_left">;
def Attn_CausalBottomRight : I32EnumAttrCase<"BottomRight", 1, "bottom_right">;
def Attn_CausalOffset : I32EnumAttrCase<"Offset", 2, "offset">;

def Attn_CausalKind : I32EnumAttr<"CausalKind", "alignment of the causal diagonal",
    [Attn_CausalTopLeft, Attn_CausalBottomRight, Attn_CausalOffset]> {
  let cppNamespace = "::attn";
  let genSpecializedAttr = 0;
}

//===----------------------------------------------------------------------===//
// Pairing: which elements of a row attn.rope turns together
//===----------------------------------------------------------------------===//

def Attn_PairingHalf : I32EnumAttrCase<"Half", 0, "half">;
def Attn_PairingInterleaved : I32EnumAttrCase<"Interleaved", 1, "interleaved">;

def Attn_Pairing : I32EnumAttr<"Pairing", "elements that are rotated together",
                               [Attn_PairingHalf, Attn_PairingInterleaved]> {
  let cppNamespace = "::attn";
  let genSpecializedAttr = 0;
}

//===----------------------------------------------------------------------===//
// NormKind: what attn.norm divides a row by
//===----------------------------------------------------------------------===//

def Attn_NormRms : I32EnumAttrCase<"Rms", 0, "rms">;
def Attn_NormL2 : I32EnumAttrCase<"L2", 1, "l2">;
def Attn_NormLayer : I32EnumAttrCase<"Layer", 2, "layer">;

def Attn_NormKind : I32EnumAttr<"NormKind", "what a row is divided by",
                                [Attn_NormRms, Attn_NormL2, Attn_NormLayer]> {
  let cppNamespace = "::attn";
  let genSpecializedAttr = 0;
}

//===----------------------------------------------------------------------===//
// Precision: what matrix instructions make of f32 operands
//===----------------------------------------------------------------------===//

// Two parts of 11 bits each, and the three products that f32 can tell.
def Attn_PrecisionTF32x3 : I32EnumAttrCase<"TF32x3", 0, "tf32x3">;
// Rounded to 11 bits, one product.
def Attn_PrecisionTF32 : I32EnumAttrCase<"TF32", 1, "tf32">;

def Attn_Precision : I32EnumAttr<"Precision", "products of f32 operands",
                                 [Attn_PrecisionTF32x3, Attn_PrecisionTF32]> {
  let cppNamespace = "::attn";
  let genSpecializedAttr = 0;
}

#endif // ATTN_DIALECT_ATTN_IR_ATTNENUMS_TD
