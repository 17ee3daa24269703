//===- AbiTypes.h - Abi.h as LLVM types -------------------------*- C++ -*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The structs of attnrt/Abi.h and dlpack.h as the generated host code sees
// them. A change there is a change here.
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_PACKAGE_ABITYPES_H
#define ATTN_LIB_PACKAGE_ABITYPES_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/SymbolTable.h"

namespace attn::abi {

inline constexpr char kModuleSymbol[] = "attnpkg.module";
/// The attribute of a kernel's descriptor that holds what the package's JSON
/// says of the kernel.
inline constexpr char kKernelAttr[] = "attn.kernel";
/// The same for the entry of a function.
inline constexpr char kFunctionAttr[] = "attn.function";

inline std::string kernelSymbol(llvm::StringRef kernel) {
  return ("attnpkg.kernel." + kernel).str();
}

inline mlir::LLVM::LLVMPointerType pointerType(mlir::MLIRContext *context) {
  return mlir::LLVM::LLVMPointerType::get(context);
}
/// AttnrtModule: name, ptx, ptxBytes, cubin, cubinBytes, hostCode, hostCodes,
/// state.
mlir::LLVM::LLVMStructType moduleType(mlir::MLIRContext *context);
/// AttnrtHostCode: kernel, target, features, run, scratchBytes.
mlir::LLVM::LLVMStructType hostCodeType(mlir::MLIRContext *context);
/// AttnrtKernel: module, name, state.
mlir::LLVM::LLVMStructType kernelType(mlir::MLIRContext *context);
/// AttnrtTensorSpec: name, typeCode, typeBits, rank, alignment, shape; and
/// AttnrtBox, with `swizzle` for `alignment`.
mlir::LLVM::LLVMStructType tensorSpecType(mlir::MLIRContext *context);

/// Fields of DLTensor, as byte offsets.
struct DLTensorOffset {
  static constexpr int32_t data = 0, shape = 24, strides = 32, byteOffset = 40;
};

/// A constant C string of the module; equal texts share one.
mlir::Value emitString(mlir::OpBuilder &builder, mlir::Location loc,
                       mlir::SymbolTable &symbols, llvm::StringRef text);
/// A global with an initializer that `fields` gives, in order.
mlir::LLVM::GlobalOp
emitStruct(mlir::OpBuilder &builder, mlir::Location loc,
           mlir::Operation *module, llvm::StringRef name,
           mlir::LLVM::LLVMStructType type, bool isConstant,
           llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::OpBuilder &)>
               fields);
/// Lets other objects of a package refer to the global, and nobody else: two
/// packages in one process have globals of the same names.
void makeHidden(mlir::LLVM::GlobalOp global);
/// Bytes of an element in memory; an i1 is a byte.
inline uint32_t elementBytes(mlir::Type elementType) {
  return (elementType.getIntOrFloatBitWidth() + 7) / 8;
}
mlir::Value emitConstant(mlir::OpBuilder &builder, mlir::Location loc,
                         unsigned bits, int64_t value);

} // namespace attn::abi

#endif // ATTN_LIB_PACKAGE_ABITYPES_H
