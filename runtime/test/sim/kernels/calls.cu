//===- calls.cu - Functions, pointers to them and the stack ---------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include <cassert>
#include <cstdio>

struct Mixed {
  char tag; // and padding, which nobody writes
  int count;
  double weight;
};

__noinline__ __device__ int fibonacci(int n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}
__noinline__ __device__ int odd(int n);
__noinline__ __device__ int even(int n) { return n == 0 ? 1 : odd(n - 1); }
__noinline__ __device__ int odd(int n) { return n == 0 ? 0 : even(n - 1); }
__noinline__ __device__ Mixed doubled(Mixed value, int more) {
  value.count += more;
  value.weight *= 2;
  return value;
}

using Step = int (*)(int);
__device__ int increment(int x) { return x + 1; }
__device__ int twice(int x) { return x * 2; }
__device__ Step steps[2] = {increment, twice};

struct Shape {
  __device__ virtual int area() const = 0;
  __device__ virtual ~Shape() {}
};
struct Square : Shape {
  int side;
  __device__ Square(int side) : side(side) {}
  __device__ int area() const override { return side * side; }
};
struct Strip : Shape {
  int length;
  __device__ Strip(int length) : length(length) {}
  __device__ int area() const override { return length; }
};

/// Lanes recurse to different depths, and meet again behind the call.
extern "C" __global__ void recursion(int *out) {
  out[threadIdx.x] = fibonacci(threadIdx.x % 11);
}
extern "C" __global__ void mutual(int *out) {
  int other = __shfl_xor_sync(~0u, even(threadIdx.x), 1);
  out[threadIdx.x] = 2 * other + odd(threadIdx.x);
}
extern "C" __global__ void deep(int *out, int n) { *out = even(n); }
extern "C" __global__ void structs(Mixed *out) {
  Mixed value;
  value.tag = 1;
  value.count = threadIdx.x;
  value.weight = 3;
  value = doubled(value, 5);
  out[threadIdx.x].count = value.count;
  out[threadIdx.x].weight = value.weight;
}
extern "C" __global__ void pointers(int *out) {
  out[threadIdx.x] = steps[threadIdx.x & 1](threadIdx.x);
}
extern "C" __global__ void objects(int *out) {
  int n = threadIdx.x;
  Shape *shape = n & 1 ? static_cast<Shape *>(new Square(n)) : new Strip(n);
  out[n] = shape->area();
  delete shape;
}
extern "C" __global__ void powers(double *out, const double *x) {
  out[threadIdx.x] = pow(x[threadIdx.x], 1.7) + sin(x[threadIdx.x]);
}
extern "C" __global__ void greet(int limit) {
  printf("%d of %s: %5.2f %c %llx\n", (int)threadIdx.x, "warp",
         1.5 * blockIdx.x, 'x', 0xfedcba9876543210ull);
  assert(threadIdx.x < limit);
}
extern "C" __global__ void stack(int *out, int n) {
  int *values = static_cast<int *>(alloca(n * sizeof(int)));
  for (int i = 0; i < n; ++i)
    values[i] = i * threadIdx.x;
  int sum = 0;
  for (int i = 0; i < n; ++i)
    sum += values[(i + threadIdx.x) % n];
  out[threadIdx.x] = sum;
}
/// Where there is no room, malloc gives nothing.
extern "C" __global__ void exhaust(int *out) {
  out[0] = malloc(1 << 22) != nullptr;
  out[1] = malloc(1 << 22) != nullptr;
  out[2] = malloc(1 << 22) != nullptr;
}
extern "C" __global__ void afterFree(int *out) {
  int *value = static_cast<int *>(malloc(sizeof(int)));
  *value = 7;
  free(value);
  *out = *value;
}
