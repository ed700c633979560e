"""Memory that tensors leave behind: kept for the next one, and given back when a long document is done.

glibc hands a freed tensor back to the system at once and takes it anew for the next: 40,000 page faults a question.
Told to keep it, it keeps what a long document needed too (240 MB after four filings) until it is asked to let go.
Other allocators are left as they are.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h
_KEPT_BYTES = 512 * 2**20
_MAPPED_BYTES = 32 * 2**20  # the most that glibc takes


def keep_freed_memory() -> None:
    """For the whole process, once at its start."""
    if set_option := _glibc("mallopt"):
        set_option(_TRIM_THRESHOLD, _KEPT_BYTES)
        set_option(_MMAP_THRESHOLD, _MAPPED_BYTES)


def give_memory_back() -> None:
    """Let go now of what is free."""
    if trim := _glibc("malloc_trim"):
        trim(0)


def _glibc(name: str) -> Callable[..., int] | None:
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
