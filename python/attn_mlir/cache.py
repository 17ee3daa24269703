#===- cache.py - Packages on disk ------------------------------------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""A package's name is the hash of all that it was made from, so what is there is
right. Whoever makes one holds its lock: of several processes that start at once,
one compiles and the others wait. Files come into being by renaming, and the ones
that were used longest ago go when there are too many bytes.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import tempfile

from attn_mlir import settings
from attn_mlir.failures import CacheError


def key_of(parts):
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def _refusal(error):
    return CacheError(
        f"cannot use the cache of packages '{settings.cache_directory}': "
        f"{error.strerror or error}; ATTN_MLIR_CACHE names another folder")


def path_of(key):
    return os.path.join(settings.cache_directory, key + ".so")


def find(key):
    """The package's path, which is in use from now on; None without it."""
    path = path_of(key)
    try:
        os.utime(path)
    except FileNotFoundError:
        return None
    except PermissionError:
        pass  # of another user: it is read and never goes first or last
    except OSError as error:
        raise _refusal(error) from error
    return path


@contextlib.contextmanager
def _locked(key):
    try:
        os.makedirs(settings.cache_directory, exist_ok=True)
        path = os.path.join(settings.cache_directory, key + ".lock")
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise _refusal(error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def find_or_make(key, make):
    """`make(path)` writes the package to a path of its own."""
    path = find(key)
    if path:
        return path
    with _locked(key):
        path = find(key)
        if path:
            return path
        try:
            folder = tempfile.mkdtemp(prefix="making-",
                                      dir=settings.cache_directory)
        except OSError as error:
            raise _refusal(error) from error
        made = os.path.join(folder, key + ".so")
        try:
            make(made)
            os.replace(made, path_of(key))
        finally:
            with contextlib.suppress(OSError):
                os.remove(made)
            os.rmdir(folder)
    _shrink(keep=path_of(key))
    return path_of(key)


def entries():
    """(time of last use, bytes, path) of each package, the oldest first."""
    found = []
    with contextlib.suppress(FileNotFoundError):
        for entry in os.scandir(settings.cache_directory):
            if entry.name.endswith(".so"):
                with contextlib.suppress(FileNotFoundError):
                    status = entry.stat()
                    found.append((status.st_mtime, status.st_size, entry.path))
    return sorted(found)


def _shrink(keep):
    """A package that a process has open stays with it after it is gone here."""
    found = entries()
    total = sum(size for _, size, _ in found)
    for _, size, path in found:
        if total <= settings.cache_bytes:
            return
        if path == keep:
            continue
        total -= size
        for each in path, path[:-len(".so")] + ".lock":
            with contextlib.suppress(OSError):
                os.remove(each)
