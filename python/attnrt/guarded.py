#===- guarded.py - Arrays between pages that nothing may touch -------------===#
#
# Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""An access beyond an array ends the process where it happens, as a kernel's
fault must not corrupt what lies beside it. Calls that may fault run in a child:

    arrays = [Guarded(n, "end") for n in sizes]
    signal_number = fault_of(lambda: function.call(args, results))
"""

import ctypes
import mmap
import os
import signal

PROT_NONE, PROT_WRITABLE = 0, mmap.PROT_READ | mmap.PROT_WRITE
SIDES = "begin", "end"

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int,
                       ctypes.c_int, ctypes.c_int, ctypes.c_long]
_libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_MAP_FAILED = ctypes.c_void_p(-1).value


class Guarded:
    """Memory that begins right after a guard page or ends right before one, as
    `side` says. Both pages are there in either case. The memory is shared with
    children."""

    def __init__(self, size, side):
        assert side in SIDES, side
        self.size, self.side = size, side
        page = mmap.PAGESIZE
        usable = max(1, -(-size // page)) * page
        self.mapped = usable + 2 * page
        self.mapping = _libc.mmap(None, self.mapped, PROT_NONE,
                                  mmap.MAP_SHARED | mmap.MAP_ANONYMOUS, -1, 0)
        if self.mapping == _MAP_FAILED:
            raise MemoryError(os.strerror(ctypes.get_errno()))
        first = self.mapping + page
        if _libc.mprotect(first, usable, PROT_WRITABLE) != 0:
            raise MemoryError(os.strerror(ctypes.get_errno()))
        self.address = first + (usable - size if side == "end" else 0)
        # What the page has besides, and nobody may change.
        self.slack = [(first, self.address - first),
                      (self.address + size,
                       first + usable - self.address - size)]
        for address, count in self.slack:
            ctypes.memset(address, 0xa5, count)

    def fill(self, data):
        assert len(data) == self.size
        ctypes.memmove(self.address, bytes(data), self.size)

    def bytes(self):
        return ctypes.string_at(self.address, self.size)

    def is_intact(self):
        """Whether the rest of the array's first and last page is as it was."""
        return all(ctypes.string_at(address, count) == b"\xa5" * count
                   for address, count in self.slack)

    def __del__(self):
        if getattr(self, "mapping", _MAP_FAILED) != _MAP_FAILED:
            _libc.munmap(self.mapping, self.mapped)


def fault_of(work):
    """The signal that ended `work()` in a child, or None. Raises where the work
    failed otherwise."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 1 if work() else 0
        finally:
            os._exit(status)
    _, state = os.waitpid(child, 0)
    if os.WIFSIGNALED(state):
        return signal.Signals(os.WTERMSIG(state))
    if os.WEXITSTATUS(state) != 0:
        raise RuntimeError("the work failed in the child")
    return None
