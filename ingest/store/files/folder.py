"""The PDFs themselves, kept under the SHA-256 of their bytes, never under the name they came with."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ingest.errors import DiskFull
from ingest.store.failpoints import reach

_PIECE = 1 << 20


class Files:
    """`folder/ab/abcdef…`: the first two hex digits, then the whole hash."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def keep(self, source: Path | bytes) -> tuple[str, int]:
        """Copy a file or its bytes in; returns (sha256, size in bytes). Keeping the same bytes twice keeps one file.

        Raises DiskFull, with nothing left behind; OSError when the source cannot be read.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        with disk_full("file"), whole_or_nothing(self.folder) as (file, move_to):
            for piece in _pieces(source):
                digest.update(piece)
                size += file.write(piece)
            target = self.path(digest.hexdigest())
            target.parent.mkdir(exist_ok=True)
            move_to(target)
        reach("file kept")
        return digest.hexdigest(), size

    def remove(self, sha256: str) -> None:
        self.path(sha256).unlink(missing_ok=True)

    def hashes(self) -> set[str]:
        """Every hash that is kept."""
        return {path.name for path in self.folder.glob("??/*") if len(path.name) == 64}

    def sweep(self) -> int:
        """Remove temporary files that a crash left behind; returns how many."""
        left = list(self.folder.glob(".*.part")) if self.folder.exists() else []
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)


class _Move:
    def __init__(self) -> None:
        self.target: Path | None = None

    def __call__(self, target: Path) -> None:
        self.target = target


@contextmanager
def whole_or_nothing(folder: Path) -> Iterator[tuple[BinaryIO, _Move]]:
    """A temporary file in `folder` that takes its place, whole and on disk, when the block ends well.

    The block is given the open file and a function that says where it belongs.
    """
    move = _Move()
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file, move
            file.flush()
            os.fsync(file.fileno())
        assert move.target is not None
        os.replace(name, move.target)
        _sync_folder(move.target.parent)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def disk_full(what: str) -> Iterator[None]:
    """ENOSPC and EDQUOT as DiskFull."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                f"The disk is full: nothing was kept of this {what}. Free some space and try again."
            ) from error
        raise


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":  # elsewhere a folder cannot be opened
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _pieces(source: Path | bytes) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    with source.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
