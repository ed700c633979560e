"""What the whole process asks of the system: private files, its log, its memory allocator and numpy's BLAS. The last
two are a third of a question's time.

Measured on 2 cores, 53 questions over 19,613 passages, 20 pairs a question: reading them took 225 ms with neither,
184 ms with the first, 140 ms with both.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from ingest.allocator import keep_freed_memory


def keep_files_private() -> None:
    """Whatever this process writes from now on, only its owner reads: folders 0700, files 0600."""
    os.umask(0o077)


def prepare_process(log_level: str) -> None:
    """Log our own lines from that level on, and compute without needless waiting.

    Freed memory is kept for the next tensor, and BLAS computes in the thread that calls it: OpenBLAS's own threads
    spin for a while after each product, on the core that torch's threads want next.
    """
    from threadpoolctl import threadpool_limits

    keep_files_private()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for package in ("app", "ingest", "rag"):
        logging.getLogger(package).setLevel(log_level)
    keep_freed_memory()
    threadpool_limits(1, user_api="blas")


def environment_of_child(home: Path) -> dict[str, str]:
    """For a Python process with that data directory and the code that runs here, wherever it was started or installed.

    Its working directory stays ours, so that it reads the same second-pass.toml.
    """
    own = str(Path(__file__).resolve().parent.parent)
    return {
        **os.environ,
        "SECOND_PASS_HOME": str(home.resolve()),
        "PYTHONPATH": os.pathsep.join([own, *filter(None, sys.path)]),
    }
