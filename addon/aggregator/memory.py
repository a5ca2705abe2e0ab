"""Asks the C library, the engine and the kernel to keep less memory than they would by themselves."""

import ctypes
import mmap
from collections.abc import Iterator
from pathlib import Path

import _duckdb

_M_ARENA_MAX = -8
_ARENAS = 2
_MAPPINGS = Path("/proc/self/maps")
_PURGE = b"arena.4096.purge"
"""Of jemalloc: what all arenas hold and nobody uses."""


def limit_arenas() -> None:
    """Let all threads share two arenas, instead of some for each thread; call it before they start."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Give back what is free, and let go of code that ran once; takes some ms without the interpreter's lock.

    A start touches most of the libraries' code, and little of it is used again. Code that is still needed
    comes back from the page cache.
    """
    libc = ctypes.CDLL(None)
    malloc_trim = getattr(libc, "malloc_trim", None)
    if malloc_trim is not None:
        malloc_trim(0)
    give_back_engine()
    madvise = getattr(libc, "madvise", None)
    if madvise is not None:
        for start, end in _code():
            madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), mmap.MADV_DONTNEED)


def give_back_engine() -> None:
    """Give back what the engine holds in an allocator of its own and does not use, which takes less time."""
    mallctl = getattr(ctypes.CDLL(_duckdb.__file__), "duckdb_je_mallctl", None)
    if mallctl is not None:
        mallctl(_PURGE, None, None, None, ctypes.c_size_t(0))


def _code() -> Iterator[tuple[int, int]]:
    """Where code of files is mapped: it is never changed, so that a page that went comes back the same."""
    try:
        mappings = _MAPPINGS.read_text().splitlines()
    except OSError:
        return
    for mapping in mappings:
        addresses, permissions, _, _, inode, *_ = mapping.split(maxsplit=5)
        if permissions == "r-xp" and inode != "0":
            start, _, end = addresses.partition("-")
            yield int(start, 16), int(end, 16)
