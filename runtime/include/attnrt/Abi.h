/*===- Abi.h - What a package's host code calls -------------------*- C -*-===*\
|*
|* Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
|* See LICENSE for license information.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===
|*
|* The C interface between the host code that the compiler generates and
|* libattnrt.so. Changing a struct or a signature here means changing
|* lib/Package and the schema number of PackageFormat.h.
|*
|* A function returns an AttnrtCode. The text of the last failure of this
|* thread is attnrtLastError(). No function throws.
|*
\*===----------------------------------------------------------------------===*/

#ifndef ATTNRT_ABI_H
#define ATTNRT_ABI_H

#include <dlpack/dlpack.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As attnrt::Code in Status.h. */
enum AttnrtCode {
  ATTNRT_OK = 0,
  ATTNRT_WRONG = 1,
  ATTNRT_BAD_INPUT = 2,
  ATTNRT_DEVICE = 3,
};

/* kDLBool, for elements of one byte that are 0 or 1. Headers before DLPack 0.8
 * lack it. */
enum { ATTNRT_DL_BOOL = 6 };

/* What a kernel can take without a copy. Fixed-size, so that the compiler
 * writes it as a constant. */
enum { ATTNRT_MAX_RANK = 8 };
typedef struct AttnrtTensorSpec {
  const char *name; /* for messages: "argument 0", "result 1" */
  uint8_t typeCode; /* DLDataTypeCode */
  uint8_t typeBits;
  uint16_t rank;
  uint32_t alignment;             /* bytes; of the address and of every stride
                                     but the innermost one; 0 where the data is
                                     not read, and only the shape counts */
  int64_t shape[ATTNRT_MAX_RANK]; /* -1 where dynamic */
} AttnrtTensorSpec;

/* Rank, element type, static dimensions, innermost stride 1 (where that
 * dimension is larger than 1), alignment; a null strides pointer means compact
 * row-major. The message names the tensor, what was expected and what came. */
int attnrtCheckTensor(const DLTensor *tensor, const AttnrtTensorSpec *spec);

/* The stride of a dimension, in elements; row-major where the tensor has no
 * strides. */
int64_t attnrtStride(const DLTensor *tensor, int dim);

/* A tensor as a kernel's tensor map describes it: dimensions and strides (in
 * elements, without that of the last dimension) are given when it is made. */
typedef struct AttnrtBox {
  const char *name; /* for messages: "argument 0", "result 1" */
  uint8_t typeCode; /* DLDataTypeCode */
  uint8_t typeBits;
  uint16_t rank;
  uint32_t swizzle;               /* bytes: 32, 64 or 128 */
  int64_t shape[ATTNRT_MAX_RANK]; /* of the box, in elements */
} AttnrtBox;
enum { ATTNRT_TENSOR_MAP_BYTES = 128, ATTNRT_TENSOR_MAP_ALIGNMENT = 64 };

/* An open device: a GPU, the simulator, or the processor itself. */
typedef struct AttnrtDevice AttnrtDevice;

/* The device that tensors lie on, opened at first use. kDLCUDA and
 * kDLCUDAManaged: the CUDA device of that id; kDLCPU: the simulator, or the
 * device that the program made current where that is no GPU. Without tensors it
 * is the current device, which ATTNRT_DEVICE names. All tensors must lie on one
 * device: the message names the one that does not. */
int attnrtDeviceOf(DLTensor *const *args, int32_t numArgs,
                   DLTensor *const *results, int32_t numResults,
                   AttnrtDevice **device);

/* The same for a package whose code is for processors: all tensors must be
 * kDLCPU, and the device is `host`. */
int attnrtHostDeviceOf(DLTensor *const *args, int32_t numArgs,
                       DLTensor *const *results, int32_t numResults,
                       AttnrtDevice **device);

/* Writes the device's form of the map: ATTNRT_TENSOR_MAP_BYTES at an address
 * that is a multiple of ATTNRT_TENSOR_MAP_ALIGNMENT. Elements outside the
 * tensor are read as zero. The message names the tensor where its address or a
 * stride is no multiple of 16 bytes. */
int attnrtEncodeTensorMap(AttnrtDevice *device, const AttnrtBox *box,
                          const void *address, const int64_t *dims,
                          const int64_t *strides, void *map);

/* Records a failure: printf-style, one line. Returns `code`. */
int attnrtFail(int code, const char *format, ...);
const char *attnrtLastError(void);

/* For programs that call entries of code for processors: on how many threads
 * launches run from now on, in all of the process, and on how many they do.
 * Until it is set, ATTNRT_THREADS says so, else there is one for each processor
 * that the process may use. The second function returns 0 where that variable
 * is no such number, with a message. */
int attnrtSetThreads(int32_t threads);
int32_t attnrtThreads(void);

/* For programs that have threads of their own, which would be in the way of
 * others: calls task(context, i) for each i < count, each once, and returns when
 * all have. None waits for another, so that one thread may take several. Null
 * is the runtime's own threads again. How many tasks a launch has, and so on how
 * many threads it runs at most, is as above. */
typedef void (*AttnrtRunner)(uint32_t count,
                             void (*task)(void *context, unsigned index),
                             void *context);
void attnrtSetRunner(AttnrtRunner runner);

/* For programs that measure: the most that the threads of launches together
 * were seen to do just now. Products are counted as a multiplication and an
 * addition; NaN and no instructions where the processor has none of the kind.
 * Bandwidth is that of arrays beyond the caches; what a copy moves is read and
 * written, and counts twice. */
typedef struct AttnrtPeaks {
  int32_t threads;
  char f32Instructions[28]; /* as /proc/cpuinfo spells them: "avx512f" */
  char bf16Instructions[32];
  double f32Gflops, bf16Gflops;
  double readGbytesPerSecond, copyGbytesPerSecond;
} AttnrtPeaks;
int attnrtMeasurePeaks(AttnrtPeaks *peaks);

/* For programs that call entries: what the device of host arrays executed since
 * the last call, as the object `sim` of the run record (JSON). Null where there
 * is no such device, or it keeps no such report. The text is this thread's
 * until the next call. */
const char *attnrtTakeReport(void);

/* One CTA of a kernel for a processor: where it is in the grid, and memory for
 * it alone. */
typedef struct AttnrtCta {
  uint32_t index[3];
  uint32_t grid[3];
  void *scratch; /* 64-byte aligned, of `scratchBytes` */
} AttnrtCta;

/* A kernel's code for one kind of processor. params[i] is the address of the
 * i-th parameter's value. */
typedef struct AttnrtHostCode {
  const char *kernel;
  const char *target;   /* for messages: "x86-64-v4" */
  const char *features; /* what the processor must have, as /proc/cpuinfo spells
                           it, separated by spaces */
  void (*run)(const AttnrtCta *cta, void *const *params);
  uint64_t scratchBytes;
} AttnrtHostCode;

/* A kind of processor; `features` as above. */
typedef struct AttnrtTarget {
  const char *name;
  const char *features;
} AttnrtTarget;

/* What a package with code for several kinds has, the best first. `chosen` is
 * the runtime's and starts as 0. */
typedef struct AttnrtTargets {
  const AttnrtTarget *targets;
  int32_t count;
  int32_t chosen;
} AttnrtTargets;

/* The first of them that this processor is; where it is none, -1 with a
 * message. */
int32_t attnrtChooseTarget(AttnrtTargets *targets);

/* One module of a package, for GPUs or for processors. `state` is the runtime's
 * and starts as null: the module is loaded on each device at its first use
 * there. */
typedef struct AttnrtModule {
  const char *name;
  const char *ptx;   /* null where the code is for processors */
  uint64_t ptxBytes; /* without the terminating zero */
  const void *cubin; /* null where no ptxas was at hand */
  uint64_t cubinBytes;
  const AttnrtHostCode *hostCode; /* of a kernel, the best first; null where the
                                     code is for GPUs */
  uint64_t hostCodes;
  void *state;
} AttnrtModule;

/* One kernel; `state` as above. */
typedef struct AttnrtKernel {
  AttnrtModule *module;
  const char *name;
  void *state;
} AttnrtKernel;

/* Starts a kernel on the device and the caller's stream. */
int attnrtLaunch(AttnrtDevice *device, void *stream, AttnrtKernel *kernel,
                 uint32_t gridX, uint32_t gridY, uint32_t gridZ,
                 uint32_t blockX, uint32_t blockY, uint32_t blockZ,
                 uint32_t sharedBytes, void *const *params);

/* Multiprocessors of the device. */
int attnrtMultiprocessors(AttnrtDevice *device, int64_t *count);

/* Device memory for the work that goes to the stream between the two calls:
 * uninitialised, 256-byte aligned. */
int attnrtAllocate(AttnrtDevice *device, void *stream, uint64_t bytes,
                   void **address);
int attnrtRelease(AttnrtDevice *device, void *stream, void *address);

// clang-format off
/* The symbols of a package, for each function (names in its description):
 *   entry      int (void *stream, DLTensor *const *args, DLTensor *const *results)
 *   shapes     int (DLTensor *const *args, int64_t *shapes)
 *              result shapes one after the other, each of its static rank
 *   flops      int (DLTensor *const *args, double *flops)
 * and for each of its results:
 *   reference  int (DLTensor *const *args, DLTensor *const *results,
 *                   int64_t rowBegin, int64_t rowEnd)
 *   baseline   the same signature
 * `shapes` reads the shapes of arguments only; their data may be null. So may
 * it be for `flops`, which reads on the host what tensors of a mask hold, and
 * counts all pairs of queries and keys where one of them has no data.
 * `reference` and `baseline` run on the host: args are host arrays of the
 * function's own element types, results host arrays of f64, all of them. They
 * write rows [rowBegin, rowEnd) of every result that names them; its `rows` in
 * the description say which dimensions count rows, and in which order. A result
 * with fewer rows ends earlier. */
// clang-format on
typedef int (*AttnrtEntry)(void *stream, DLTensor *const *args,
                           DLTensor *const *results);
typedef int (*AttnrtShapes)(DLTensor *const *args, int64_t *shapes);
typedef int (*AttnrtRows)(DLTensor *const *args, DLTensor *const *results,
                          int64_t rowBegin, int64_t rowEnd);
typedef int (*AttnrtFlops)(DLTensor *const *args, double *flops);

/* For programs that judge what a function computed. */

/* A function of a package, ready to be called. */
typedef struct AttnrtFunction AttnrtFunction;

/* Checks the file, loads it and finds the function. What was opened stays until
 * the process ends. */
int attnrtOpenFunction(const char *path, const char *name,
                       const AttnrtFunction **function);

/* The function's symbols, to be called. */
typedef struct AttnrtSymbols {
  AttnrtEntry entry;
  AttnrtShapes shapes;
  AttnrtFlops flops;
} AttnrtSymbols;
void attnrtSymbolsOf(const AttnrtFunction *function, AttnrtSymbols *symbols);

/* The verdict on one result. */
typedef struct AttnrtVerdict {
  int32_t judged; /* 0 where no array was given; nothing else is set then */
  int32_t passed;
  /* NaN where there was nothing finite to compare. */
  double maxAbsError, baselineMaxAbsError, tolerance;
  int64_t rowsJudged, rowsTotal;
  /* Of the largest error, or of the value that must not be there; a rank of -1
   * where there is none. */
  int32_t worstRank;
  int64_t worstIndex[ATTNRT_MAX_RANK];
  /* One line, empty where it passed. It begins with "outside the judged range"
   * where a result that did not pass is not wrong either. */
  char reason[256];
} AttnrtVerdict;

/* The judge (Verify.h has the rule): holds results of the function against its
 * reference and baseline, of which it samples rows where the function does a
 * lot of work; `seed` chooses them. Arguments and results may have any strides
 * and lie on the host or on CUDA devices; what is queued there is waited for. A
 * null result is not judged. `verdicts` has one entry for each result. A result
 * that is wrong is a verdict; the status is about the judge: that it could not
 * read an array, or that a shape or type is not the function's. */
int attnrtJudge(const AttnrtFunction *function, DLTensor *const *args,
                DLTensor *const *results, uint64_t seed,
                AttnrtVerdict *verdicts);

#ifdef __cplusplus
}
#endif

#endif /* ATTNRT_ABI_H */
