//===- OpenMp.cpp - Launches on the threads of OpenMP ---------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// PyTorch's operations run on threads of an OpenMP library, which stay awake
// for milliseconds between two of them. Launches of other threads would wait
// for the processors that those keep, so they run on the same ones. Which
// library that is only the process knows: PyTorch's wheels bring one along.
//
//===----------------------------------------------------------------------===//
#include "OpenMp.h"

#include "attnrt/Abi.h"

#include <algorithm>
#include <cstring>
#include <dlfcn.h>
#include <link.h>
#include <string>

namespace {

/// The functions that compilers call for `#pragma omp parallel`; all OpenMP
/// libraries of Linux have them.
struct OpenMp {
  void (*parallel)(void (*body)(void *), void *data, unsigned threads,
                   unsigned flags) = nullptr;
  int (*thread)() = nullptr;
  int (*threads)() = nullptr;
  int (*mostThreads)() = nullptr;
};

OpenMp openMp;

struct Launch {
  uint32_t count;
  void (*task)(void *context, unsigned index);
  void *context;
};

} // namespace

/// One of the threads: fewer may come than were asked for.
static void work(void *data) {
  const auto &launch = *static_cast<const Launch *>(data);
  auto step = static_cast<uint32_t>(openMp.threads());
  for (auto i = static_cast<uint32_t>(openMp.thread()); i < launch.count;
       i += step)
    launch.task(launch.context, i);
}

static void run(uint32_t count, void (*task)(void *, unsigned), void *context) {
  Launch launch = {count, task, context};
  auto most = static_cast<uint32_t>(std::max(openMp.mostThreads(), 1));
  openMp.parallel(work, &launch, std::min(count, most), /*flags=*/0);
}

/// Stops at the first OpenMP library of the process.
static int look(dl_phdr_info *object, size_t, void *path) {
  const char *name = std::strrchr(object->dlpi_name, '/');
  name = name ? name + 1 : object->dlpi_name;
  for (const char *known : {"libgomp", "libiomp5", "libomp"})
    if (std::strncmp(name, known, std::strlen(known)) == 0) {
      *static_cast<std::string *>(path) = object->dlpi_name;
      return 1;
    }
  return 0;
}

template <typename Function>
static bool find(void *library, const char *name, Function &into) {
  into = reinterpret_cast<Function>(dlsym(library, name));
  return into != nullptr;
}

bool attnpy::useOpenMp() {
  std::string path;
  if (!dl_iterate_phdr(look, &path))
    return false;
  void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD);
  if (!library || !find(library, "GOMP_parallel", openMp.parallel) ||
      !find(library, "omp_get_thread_num", openMp.thread) ||
      !find(library, "omp_get_num_threads", openMp.threads) ||
      !find(library, "omp_get_max_threads", openMp.mostThreads))
    return false;
  attnrtSetRunner(run);
  return true;
}
