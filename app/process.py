"""What the whole process asks of its memory allocator and of numpy's BLAS. Two settings, a third of a question's time.

Measured on 2 cores, 53 questions over 19,613 passages, 20 pairs a question: reading them took 225 ms with neither,
184 ms with the first, 140 ms with both.
"""

from __future__ import annotations

from ingest.allocator import keep_freed_memory


def prepare_process() -> None:
    """Keep freed memory for the next tensor, and let BLAS compute in the thread that calls it.

    OpenBLAS's own threads spin for a while after each product, on the core that torch's threads want next.
    """
    from threadpoolctl import threadpool_limits

    keep_freed_memory()
    threadpool_limits(1, user_api="blas")
