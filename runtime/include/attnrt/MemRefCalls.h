/*===- MemRefCalls.h - Calls of packages by MLIR programs --------*- C -*-===*\
|*
|* Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
|* See LICENSE for license information.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===
|*
|* How a program whose arrays are memrefs calls a function of a package. The
|* pass convert-attn-to-calls writes such calls:
|*
|*   AttnrtCall *call = attnrtBeginCall("graph.so", "layer_attention_0");
|*   attnrtPassF32(call, 4, &query);      each argument,
|*   attnrtPassF32(call, 4, &result);     then each result, in their order
|*   attnrtEndCall(call);
|*
|* When attnrtEndCall returns, the results are there. Code for processors runs
|* on the arrays where they are. Code for GPUs runs on the current device
|* (ATTNRT_DEVICE). What this device reaches (its own memory, shared memory,
|* memory that was registered) is not copied. Other arrays are copied to the
|* device for the call, and results back. With ATTNRT_VERBOSE=1 each call says
|* on standard error where it ran and what was copied.
|*
|* The functions return no status: an MLIR program could not read it. A failure
|* is one line `error: ...`, and the process exits with its code (Abi.h).
|*
\*===----------------------------------------------------------------------===*/

#ifndef ATTNRT_MEMREFCALLS_H
#define ATTNRT_MEMREFCALLS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A call that is being put together, on one thread. */
typedef struct AttnrtCall AttnrtCall;

/* The package is opened and checked at its first call. A relative path counts
 * from the working directory. */
AttnrtCall *attnrtBeginCall(const char *package, const char *function);

/* A memref of any rank, as MLIR passes one. */
typedef struct AttnrtMemRef {
  int64_t rank;
  void *descriptor; /* addresses, offset, sizes, strides */
} AttnrtMemRef;

/* The next array, by the type of its elements. The descriptor stays as it is
 * until the end of the call. The second form, and those at the end, are what
 * programs call that llvm-request-c-wrappers went over. */
#define ATTNRT_PASS(TYPE)                                                      \
  void attnrtPass##TYPE(AttnrtCall *call, int64_t rank, void *descriptor);     \
  void _mlir_ciface_attnrtPass##TYPE(AttnrtCall *call, AttnrtMemRef *memref);
ATTNRT_PASS(F16)
ATTNRT_PASS(BF16)
ATTNRT_PASS(F32)
ATTNRT_PASS(I1)
ATTNRT_PASS(I8)
ATTNRT_PASS(I32)
ATTNRT_PASS(I64)
#undef ATTNRT_PASS

/* Calls the function. */
void attnrtEndCall(AttnrtCall *call);

AttnrtCall *_mlir_ciface_attnrtBeginCall(const char *package,
                                         const char *function);
void _mlir_ciface_attnrtEndCall(AttnrtCall *call);

#ifdef __cplusplus
}
#endif

#endif /* ATTNRT_MEMREFCALLS_H */
