"""What the whole process asks of its memory allocator and of numpy's BLAS. Two settings, a third of a question's time.

Measured on 2 cores, 53 questions over 19,613 passages, 20 pairs a question: reading them took 225 ms with neither,
184 ms with the first, 140 ms with both.
"""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h
_KEPT_BYTES = 512 * 2**20
_MAPPED_BYTES = 32 * 2**20  # the most that glibc takes


def prepare_process() -> None:
    """Keep freed memory for the next tensor, and let BLAS compute in the thread that calls it.

    glibc hands a freed tensor back to the system at once and takes it anew for the next: 40,000 page faults a
    question. (The ingest worker gives back what a long document needed, once it is done.) OpenBLAS's own threads
    spin for a while after each product, on the core that torch's threads want next.
    """
    from threadpoolctl import threadpool_limits

    set_option = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if set_option:
        set_option(_TRIM_THRESHOLD, _KEPT_BYTES)
        set_option(_MMAP_THRESHOLD, _MAPPED_BYTES)
    threadpool_limits(1, user_api="blas")
