//===- lanes.cu - What lanes tell each other ------------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the lanes of a warp tell each other: shuffles, votes, matches.
//
//===----------------------------------------------------------------------===//

/// Eight words a lane: one for each mode with its width.
extern "C" __global__ void shuffles(const int *in, int by, int *out) {
  int value = in[threadIdx.x], *to = out + 8 * threadIdx.x;
  to[0] = __shfl_up_sync(0xffffffff, value, by);
  to[1] = __shfl_down_sync(0xffffffff, value, by);
  to[2] = __shfl_xor_sync(0xffffffff, value, by);
  to[3] = __shfl_sync(0xffffffff, value, by);
  to[4] = __shfl_up_sync(0xffffffff, value, by, 8);
  to[5] = __shfl_down_sync(0xffffffff, value, by, 16);
  to[6] = __shfl_xor_sync(0xffffffff, value, by, 4);
  to[7] = __shfl_sync(0xffffffff, value, threadIdx.x + by, 8);
}

/// Of 64-bit values, which go in two halves.
extern "C" __global__ void wideShuffle(const long long *in, long long *out) {
  out[threadIdx.x] = __shfl_xor_sync(0xffffffff, in[threadIdx.x], 21);
}

extern "C" __global__ void votes(const int *in, unsigned *out) {
  int value = in[threadIdx.x];
  unsigned *to = out + 8 * threadIdx.x;
  to[0] = __ballot_sync(0xffffffff, value & 1);
  to[1] = __any_sync(0xffffffff, value == 7);
  to[2] = __all_sync(0xffffffff, value >= 0);
  to[3] = __match_any_sync(0xffffffff, value);
  int isSame;
  to[4] = __match_all_sync(0xffffffff, value & 64, &isSame);
  to[5] = isSame;
  to[6] = __popc(__activemask());
  to[7] = 0;
}

extern "C" __global__ void reduxes(const int *in, int *out) {
  int value = in[threadIdx.x], *to = out + 8 * threadIdx.x;
  to[0] = __reduce_add_sync(0xffffffff, value);
  to[1] = __reduce_min_sync(0xffffffff, value);
  to[2] = __reduce_max_sync(0xffffffff, value);
  to[3] = __reduce_min_sync(0xffffffff, unsigned(value));
  to[4] = __reduce_max_sync(0xffffffff, unsigned(value));
  to[5] = __reduce_and_sync(0xffffffff, unsigned(value));
  to[6] = __reduce_or_sync(0xffffffff, unsigned(value));
  to[7] = __reduce_xor_sync(0xffffffff, unsigned(value));
}

/// The two halves of a warp part and each votes on its own.
extern "C" __global__ void diverged(const int *in, unsigned *out) {
  int value = in[threadIdx.x];
  unsigned seen;
  if (threadIdx.x % 32 < 16)
    seen = __ballot_sync(0x0000ffff, value & 1);
  else
    seen = ~__ballot_sync(0xffff0000, value & 2);
  __syncwarp();
  out[threadIdx.x] = __shfl_xor_sync(0xffffffff, seen, 16);
}
