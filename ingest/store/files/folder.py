"""The files themselves, kept under the SHA-256 of their bytes, never under the name they came with."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from ingest.errors import DiskFull
from ingest.store.failpoints import reach
from ingest.store.names import is_sha256, sha256_name

_PIECE = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Label:
    """Under which name and in which collection a file came in."""

    name: str
    collection: str


@dataclass(frozen=True, kw_only=True)
class SetAside:
    """A kept file that no document names. bytes: its size. label: how it came in, as far as that is known."""

    sha256: str
    bytes: int
    label: Label


class Files:
    """`folder/ab/abcdef…`: the first two hex digits, then the whole hash; beside it `abcdef….label`, how it came in.

    A kept file may be the only copy. So a program only ever moves it to `quarantine` beside the folder, from where it
    comes back as soon as a document names it; it is unlinked when a person deleted its document or says `discard`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._aside = folder.with_name("quarantine")

    def path(self, sha256: str) -> Path:
        """Where the file with that hash lies. Raises LibraryDamaged for anything that is no SHA-256 in hex."""
        return self.folder / sha256_name(sha256)[:2] / sha256

    def keep(self, source: Path | bytes, label: Label) -> tuple[str, int]:
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
        with disk_full("file"), whole_or_nothing(self.folder) as (file, move_to):
            file.write(json.dumps({"name": label.name, "collection": label.collection}).encode())
            move_to(_label_path(target))
        reach("file kept")
        return digest.hexdigest(), size

    def kept_at(self, sha256: str) -> datetime | None:
        """When the file was written here last; None when it is not here."""
        path = self.path(sha256)
        return datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.exists() else None

    def remove(self, sha256: str) -> None:
        """For good, because a person deleted the last document that had it. What is no hash names no kept file."""
        if is_sha256(sha256):
            _unlink(self.path(sha256))

    def hashes(self) -> set[str]:
        """Every hash that is kept."""
        return {path.name for path in self.folder.glob("??/*") if is_sha256(path.name)}

    def changed(self, sha256: str) -> bool:
        """Whether the file no longer holds the bytes that came in (reads all of them); False when it is gone."""
        path = self.path(sha256)
        if not path.exists():
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() != sha256

    def sweep(self) -> int:
        """Remove temporary files that a crash left behind; returns how many."""
        left = list(self.folder.glob(".*.part")) if self.folder.exists() else []
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)

    # ---- files that no document names ---------------------------------------------------------------------

    def agree_with(self, named: Collection[str]) -> int:
        """Set aside what no document names, and bring back what one does; returns how many were set aside now."""
        for one in self.set_aside_files():
            if one.sha256 in named:
                self._move(self._aside / one.sha256, self.path(one.sha256))
        unnamed = self.hashes() - set(named)
        for sha256 in unnamed:
            self.set_aside(sha256)
        return len(unnamed)

    def set_aside(self, sha256: str) -> None:
        """Move a kept file to where only a person removes it."""
        self._move(self.path(sha256), self._aside / sha256)

    def set_aside_files(self) -> list[SetAside]:
        """By name."""
        found = [
            SetAside(sha256=path.name, bytes=path.stat().st_size, label=_label(path))
            for path in self._aside.glob("*")
            if is_sha256(path.name)
        ]
        return sorted(found, key=lambda one: (one.label.name, one.sha256))

    def set_aside_path(self, one: SetAside) -> Path:
        return self._aside / one.sha256

    def discard(self, one: SetAside) -> None:
        """For good, because a person said so (or it is a document again)."""
        _unlink(self.set_aside_path(one))

    def _move(self, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        if _label_path(source).exists():
            os.replace(_label_path(source), _label_path(target))
        os.replace(source, target)
        _sync_folder(target.parent)


def _unlink(path: Path) -> None:
    """The one place that unlinks a kept file."""
    path.unlink(missing_ok=True)
    _label_path(path).unlink(missing_ok=True)


def _label_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.label")


def _label(path: Path) -> Label:
    """What its label says; without one a name made of its hash, and the ending that its first bytes ask for."""
    try:
        said = json.loads(_label_path(path).read_bytes())
        return Label(name=str(said["name"]), collection=str(said["collection"]))
    except (OSError, ValueError, KeyError, TypeError):
        with path.open("rb") as file:
            ending = ".pdf" if b"%PDF-" in file.read(1024) else ".txt"
        return Label(name=f"recovered-{path.name[:8]}{ending}", collection="default")


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
