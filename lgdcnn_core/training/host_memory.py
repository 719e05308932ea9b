"""Keep freed memory in the process while a network trains.

A training step frees and allocates some hundred arrays of megabytes. The GNU C library returns such memory to the
system at once and requests it again, page by page, which cost a quarter of a step on a virtual machine. Kept memory
becomes fragmented, because the arrays of each batch have other sizes: a training on OQMD held 6 GiB, and used one or
two of them.
"""

import ctypes
import mmap
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

# Parameters of mallopt, numbered in glibc's malloc.h.
TRIM_THRESHOLD: Final = -1
TOP_PAD: Final = -2
MMAP_THRESHOLD: Final = -3
MMAP_MAX: Final = -4

KEEPING: Final = {MMAP_MAX: 0, TRIM_THRESHOLD: 2**31 - 1, TOP_PAD: 64 * 2**20}
"""All arrays are in one heap, which grows by 64 MiB and never shrinks."""

USUAL: Final = {MMAP_MAX: 65536, TRIM_THRESHOLD: 64 * 2**20, TOP_PAD: 128 * 2**10, MMAP_THRESHOLD: 32 * 2**20}
"""The values that the library itself reaches after it has freed arrays of this size."""

GROWTH: Final = 2 * 2**30
"""Bytes by which the process may grow through fragmented memory before it returns unused memory to the system."""


@contextmanager
def kept() -> Iterator[Callable[[], None]]:
    """Keep freed memory, and return all of it at the end. Without the GNU C library this does nothing.

    Yields
    ------
    A function to call after each step. It returns unused memory whenever the process has grown by another `GROWTH`.
    """
    libc = _glibc()
    if libc is None:
        yield lambda: None
        return
    size = resident_bytes()

    def give_back() -> None:
        nonlocal size
        if resident_bytes() > size + GROWTH:
            libc.malloc_trim(0)
            size = resident_bytes()

    _set(libc, KEEPING)
    try:
        yield give_back
    finally:
        _set(libc, USUAL)
        libc.malloc_trim(0)


def resident_bytes() -> int:
    """Return the memory that this process holds, in bytes, as Linux counts it."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE


def peak_bytes() -> int | None:
    """Return the peak memory of this process, in bytes; None on platforms that do not report it, such as Windows."""
    try:
        import resource
    except ModuleNotFoundError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # Linux counts in KiB


def _glibc() -> ctypes.CDLL | None:
    """Return the C library of this process if it is GNU's, else None."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "gnu_get_libc_version") else None


def _set(libc: ctypes.CDLL, parameters: dict[int, int]) -> None:
    for parameter, value in parameters.items():
        libc.mallopt(parameter, value)
