//===- Precompiled.cpp - Where shared headers are compiled ----------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Precompiled headers belong to a target with a source; this is that source.
//
//===----------------------------------------------------------------------===//
