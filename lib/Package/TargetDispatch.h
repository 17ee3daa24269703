//===- TargetDispatch.h - Entries for several kinds of processors *- C++
//-*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTN_LIB_PACKAGE_TARGETDISPATCH_H
#define ATTN_LIB_PACKAGE_TARGETDISPATCH_H

#include "attn/Target/TargetRegistry.h"
#include "llvm/IR/Module.h"

#include <memory>
#include <string>
#include <vector>

namespace attn {

/// How messages name a target: the row `host` says nothing on another machine.
std::string displayNameOf(const TargetDesc &target);
/// What a processor must have, as AttnrtHostCode and AttnrtTarget list it.
std::string featureListOf(const TargetDesc &target);

/// A package's functions for one kind of processor.
struct TargetModule {
  const TargetDesc *target;
  std::unique_ptr<llvm::Module> module;
};

/// One module of them all. Each of `entries` calls its own of the target that
/// the runtime chooses; what else is visible outside is the first module's.
std::unique_ptr<llvm::Module> mergeTargets(std::vector<TargetModule> modules,
                                           llvm::ArrayRef<std::string> entries);

} // namespace attn

#endif // ATTN_LIB_PACKAGE_TARGETDISPATCH_H
