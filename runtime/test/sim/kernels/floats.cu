//===- floats.cu - Single and double precision ----------------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Single and double precision: roundings, functions, and sums of many.
//
//===----------------------------------------------------------------------===//

extern "C" __global__ void roundings(const float *a, const float *b,
                                     const float *c, float *out) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  float x = a[i], y = b[i], z = c[i], *to = out + 16 * i;
  to[0] = __fadd_rn(x, y);
  to[1] = __fadd_rz(x, y);
  to[2] = __fadd_ru(x, y);
  to[3] = __fadd_rd(x, y);
  to[4] = __fmul_rn(x, y);
  to[5] = __fmul_rz(x, y);
  to[6] = __fmul_ru(x, y);
  to[7] = __fmul_rd(x, y);
  to[8] = __fmaf_rn(x, y, z);
  to[9] = __fmaf_rz(x, y, z);
  to[10] = __fmaf_ru(x, y, z);
  to[11] = __fmaf_rd(x, y, z);
  to[12] = __fdiv_rn(x, y);
  to[13] = __fdiv_rd(x, y);
  to[14] = __fsqrt_rn(fabsf(x));
  to[15] = __frcp_ru(y);
}

extern "C" __global__ void doubles(const double *a, const double *b,
                                   double *out) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  double x = a[i], y = b[i], *to = out + 8 * i;
  to[0] = x + y;
  to[1] = x * y;
  to[2] = fma(x, y, x);
  to[3] = x / y;
  to[4] = sqrt(fabs(x));
  to[5] = double(float(x));
  to[6] = double((long long)(x * 1000));
  to[7] = floor(x) + ceil(y) * 1024 + rint(x + y) * 1048576;
}

/// Functions that are approximations; the test has their bounds.
extern "C" __global__ void fast(const float *in, float *out) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  float x = in[i], *to = out + 8 * i;
  to[0] = exp2f(x);
  to[1] = __log2f(fabsf(x));
  to[2] = __sinf(x);
  to[3] = __cosf(x);
  to[4] = rsqrtf(fabsf(x));
  to[5] = __fdividef(x, 3.0f);
  to[6] = tanhf(x);
  to[7] = __expf(x);
}

/// A product of square matrices, tile by tile.
extern "C" __global__ void matmul(const float *a, const float *b, int n,
                                  float *c) {
  __shared__ float x[16][17], y[16][17];
  int row = blockIdx.y * 16 + threadIdx.y, column = blockIdx.x * 16 + threadIdx.x;
  float sum = 0;
  for (int t = 0; t < n; t += 16) {
    int inRow = t + threadIdx.x, inColumn = t + threadIdx.y;
    x[threadIdx.y][threadIdx.x] = row < n && inRow < n ? a[row * n + inRow] : 0;
    y[threadIdx.y][threadIdx.x] =
        inColumn < n && column < n ? b[inColumn * n + column] : 0;
    __syncthreads();
    for (int k = 0; k < 16; ++k)
      sum += x[threadIdx.y][k] * y[k][threadIdx.x];
    __syncthreads();
  }
  if (row < n && column < n)
    c[row * n + column] = sum;
}
