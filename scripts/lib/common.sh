#===- common.sh - What the scripts share -----------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
#
# Sourced by scripts/* with the root of the tree as working directory.
#
#===------------------------------------------------------------------------===#

# Kept in step with README.md. llvm-22-tools has FileCheck, not and lit.
debian_packages=(
  ca-certificates ccache clang-22 cmake lld-22 llvm-22-dev llvm-22-tools
  libmlir-22-dev mlir-22-tools ninja-build python3-venv zlib1g-dev
  libclang-rt-22-dev libcli11-dev libdlpack-dev libgmock-dev libgtest-dev
  libtbb-dev nlohmann-json3-dev)
python_packages=(matplotlib numpy nvidia-cuda-nvdisasm)

python=build/venv/bin/python
lit=/usr/lib/llvm-22/bin/lit
log=build/logs

# Compilations are shared between checkouts of this tree.
export CCACHE_DIR=${CCACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/ccache}
export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$PWD}
export CCACHE_NOHASHDIR=${CCACHE_NOHASHDIR:-1}
# Precompiled headers are used by what they are made of, not by when.
export CCACHE_PCH_EXTSUM=1
export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:-pch_defines,time_macros}

fail() { # message [status]
  echo "error: $1" >&2
  exit "${2:-1}"
}

# Runs a command with its output in a file, which is shown if it fails.
quietly() { # name command…
  local name=$1
  shift
  mkdir -p "$log"
  "$@" >"$log/$name.log" 2>&1 && return
  tail -n 30 "$log/$name.log" >&2
  return 1
}

is_installed() {
  dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'
}

install_debian_packages() {
  command -v dpkg-query >/dev/null ||
    fail "this is no Debian; install by hand: ${debian_packages[*]}"
  local package missing=()
  for package in "${debian_packages[@]}"; do
    is_installed "$package" || missing+=("$package")
  done
  [[ ${#missing[@]} -eq 0 ]] && return
  [[ $(id -u) -eq 0 ]] ||
    fail "not root; run: apt-get install ${missing[*]}"
  echo "-- installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  quietly apt-update apt-get update ||
    fail "apt-get update failed, see $log/apt-update.log"
  quietly apt-install apt-get install -y --no-install-recommends \
    "${missing[@]}" ||
    fail "apt-get could not install ${missing[*]}, see $log/apt-install.log"
}

# A file names what build/venv holds; it is written last.
install_python_packages() {
  local mark=build/venv/packages
  [[ -f $mark && $(<"$mark") == "${python_packages[*]}" ]] && return
  echo "-- installing ${python_packages[*]} into build/venv"
  rm -rf build/venv
  quietly venv /usr/bin/python3 -m venv build/venv ||
    fail "no Python environment could be made, see $log/venv.log"
  quietly pip "$python" -m pip install --disable-pip-version-check \
    "${python_packages[@]}" ||
    fail "pip could not install ${python_packages[*]}, see $log/pip.log"
  echo "${python_packages[*]}" >"$mark"
}

install_deps() {
  install_debian_packages
  install_python_packages
}

# Prints every tenth of ninja's steps where its own line would not be redrawn.
show_progress() {
  awk -F'[][/]' '
    /^\[[0-9]+\/[0-9]+\]/ {
      tenth = int(10 * $2 / $3)
      if (tenth > shown) {
        shown = tenth
        printf "-- built %d of %d files\n", $2, $3
        fflush()
      }
    }'
}

build() { # target…
  [[ -f build/build.ninja ]] || quietly configure cmake --preset dev ||
    fail "the build could not be configured, see $log/configure.log"
  echo "-- building ${*:-everything}"
  mkdir -p "$log"
  if [[ -t 1 ]]; then
    ninja -C build -j "$(nproc)" "$@" || fail "the build failed"
  elif ! ninja -C build -j "$(nproc)" "$@" 2>&1 | tee "$log/build.log" |
    show_progress; then
    tail -n 30 "$log/build.log" >&2
    fail "the build failed, see $log/build.log"
  fi
}

# As the compiler looks for them: ATTN_PTXAS, PATH, /usr/local/cuda/bin. A
# wrapper or link whose toolkit is gone does not count.
find_cuda_tool() {
  local tool
  for tool in "$(command -v "$1")" "/usr/local/cuda/bin/$1"; do
    [[ -n $tool ]] && "$tool" --version >/dev/null 2>&1 && echo "$tool" && return
  done
}

find_ptxas() {
  if [[ -n ${ATTN_PTXAS+set} ]]; then
    [[ -n $ATTN_PTXAS ]] && echo "$ATTN_PTXAS"
  else
    find_cuda_tool ptxas
  fi
}

# The last of what PyPI's package holds, where the toolkit has none.
find_nvdisasm() {
  find_cuda_tool nvdisasm ||
    compgen -G 'build/venv/lib/python3*/site-packages/nvidia/*/bin/nvdisasm' |
    tail -n 1
}

report_cuda_tool() { # name path what-without
  if [[ -n $2 ]]; then
    echo "-- found $1: $2"
  else
    echo "-- no $1: $3"
  fi
}

report_cuda() {
  report_cuda_tool ptxas "$(find_ptxas || true)" \
    "packages hold PTX only, registers and spills are not checked"
  report_cuda_tool nvcc "$(find_cuda_tool nvcc || true)" "nothing needs it"
  report_cuda_tool nvdisasm "$(find_nvdisasm || true)" \
    "machine code is not looked at"
}

# Everything that the tests need.
prepare() {
  install_deps
  build
  report_cuda
}

# What compiling and running take, and nothing that only tests need.
prepare_tools() {
  install_debian_packages
  build attn-compile attn-run
  report_cuda
}
