//===- Module.cpp - What Python calls of the runtime ----------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "OpenMp.h"
#include "Table.h"

#include <dlfcn.h>

namespace nb = nanobind;
using attnpy::Function;
using attnpy::Table;

/// Packages find the runtime among what the process has for all to see, and an
/// extension's libraries are not of that.
static void showRuntime() {
  Dl_info runtime;
  if (!dladdr(reinterpret_cast<void *>(&attnrtLastError), &runtime) ||
      !dlopen(runtime.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_GLOBAL))
    throw std::runtime_error("libattnrt.so could not be shown to packages");
}

NB_MODULE(_native, module) {
  showRuntime();
  // Functions of packages live as long as the process.
  nb::set_leak_warnings(false);
  nb::class_<Function>(module, "Function")
      .def(nb::init<const std::string &, const std::string &, bool>())
      .def_ro("status", &Function::status)
      .def("__call__", &Function::call)
      .def("repeat", &Function::repeat)
      .def("shapes", &Function::shapes)
      .def("judge", &Function::judge);
  nb::class_<Table>(module, "Table")
      .def(nb::init<std::vector<bool>>())
      .def("add", &Table::add)
      .def("clear", &Table::clear)
      .def("__call__", &Table::call, nb::arg(), nb::arg(),
           nb::arg("has_lse") = true);
  module.def("last_error", [] { return std::string(attnrtLastError()); });
  module.def("threads", [] { return attnrtThreads(); });
  module.def("set_threads", [](int count) { return attnrtSetThreads(count); });
  module.def("use_openmp", &attnpy::useOpenMp);
  module.def("take_report", [] {
    const char *report = attnrtTakeReport();
    return report ? std::string(report) : std::string();
  });
}
