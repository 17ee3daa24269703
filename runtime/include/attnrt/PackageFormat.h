//===- PackageFormat.h - The package, as writer and reader see it *- C++
//-*-===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A package is an ELF64 little-endian shared object that needs libattnrt.so.
// It holds host code and kernels, either for GPUs as PTX and (where ptxas was
// at hand) a cubin, or for processors as code of the file's own architecture.
// It describes itself in the section `.attn.package`:
//
//   PackageHeader, then `jsonBytes` bytes of UTF-8 JSON.
//
// The reader checks the file (ELF bounds, section, magic, schema, checksum)
// before it loads anything: loading a package runs its code.
//
// The JSON object:
//   {"schema": 3, "compiler": "attn-mlir 0.1.0", "target": "sm_80",
//    "host": null,                        or, where kernels are for processors,
//                                         what these must have, the best first:
//            [{"target": "x86-64-v3", "requires": ["avx2", "fma"]}]
//    "functions": [{
//      "name": "f_vjp",
//      "gradient_of": "f",               null, or not there, of other functions
//      "entry", "shapes", "flops": symbol names (Abi.h),
//      "args":    [{"roles": ["query"],  what the argument is to the operations
//                                        that read it: query, key, value,
//                                        sinks, capture, input, positions,
//                                        offsets; empty where unused
//                   "shape": [null, 32, null, 128], "type": "bf16"}],
//      "results": [{"role": "output",    output, lse or rotated
//                   "shape": […], "type": "f32",
//                   "judge": {
//                     "reference", "baseline": symbol names (Abi.h),
//                     "rows": [0, 1, 2], the dimensions that count rows, the
//                                        slowest first
//                     "chain": 8,        MMA steps or roundings behind a value
//                     "edges": [         places along the last of `rows` where
//                                        what is computed changes: a constant
//                                        plus multiples of argument dimensions
//                       {"const": 0,
//                        "terms": [{"arg": 1, "dim": 2, "coef": 1}]}]}}],
//      "kernels": ["f_0"]}],
//    "kernels": [{"name": "f_0", "block": [128, 1, 1],
//                 "smem_bytes": 49152,    static + dynamic
//                 "scratch_bytes": null,  of each thread, on processors
//                 "registers": 168, "spill_bytes": 0,     null without ptxas
//                 "ptxas_warnings": [],
//                 "rows_per_tile": 32,    rows of a result that one tile has,
//                                         along the last of its `rows`
//                 "schedule": {"text": "q=128,kv=64,warps=4,stages=2,heads=4",
//                              "keys": {"q": 128, "kv": 64, …}}}]}
// A null in a shape is a dynamic dimension. Types: "f16", "bf16", "f32";
// arguments also "i1" (a byte, 0 or 1), "i8", "i32" and "i64".
//
// Schema 3 added `host` and `scratch_bytes`, and two fields to AttnrtModule
// (Abi.h): code of schema 2 has a shorter one, which this runtime would read
// beyond its end.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNRT_PACKAGEFORMAT_H
#define ATTNRT_PACKAGEFORMAT_H

#include <cstddef>
#include <cstdint>

namespace attnrt {

inline constexpr char kPackageSection[] = ".attn.package";
inline constexpr uint32_t kPackageMagic = 0x4e545441; // "ATTN"
inline constexpr uint32_t kPackageSchema = 3;

/// Prefix of every exported symbol, so that a function called `strlen` in the
/// source never meets the C library's.
inline constexpr char kSymbolPrefix[] = "attnpkg_";

/// What follows the name of a function's entry in the names of its others.
inline constexpr char kShapesSuffix[] = "__shapes";
inline constexpr char kReferenceSuffix[] = "__reference";
inline constexpr char kBaselineSuffix[] = "__baseline";
inline constexpr char kFlopsSuffix[] = "__flops";

struct PackageHeader {
  uint32_t magic;
  uint32_t schema;
  uint64_t jsonBytes;
  uint64_t checksum; // fnv1a of the JSON
};
static_assert(sizeof(PackageHeader) == 24, "the header is a file format");

/// FNV-1a, 64 bit.
constexpr uint64_t fnv1a(const char *data, size_t size) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (size_t i = 0; i < size; ++i)
    hash = (hash ^ static_cast<unsigned char>(data[i])) * 0x100000001b3u;
  return hash;
}

} // namespace attnrt

#endif // ATTNRT_PACKAGEFORMAT_H
