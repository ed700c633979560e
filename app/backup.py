"""Backup and restore: one archive with the database, the files it names and what was learned.

Indexes are rebuilt from them. A backup is a snapshot of the database first, then exactly the files that it names, and
is read back before it gets its name. A restore moves the contents of the data directory, never the directory itself,
which may be a mount point; every step of it can be cut off and is finished or undone at the next start.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from ingest.errors import DiskFull, LibraryDamaged, LibraryInUse, SecondPassError
from ingest.store import names
from ingest.store.failpoints import reach
from ingest.store.files.folder import Files
from ingest.store.sql import snapshot

DATABASE = "library.sqlite3"
FILES, MODELS, MARKER = "files", "models", "samples-offered"
LOCKS = ("in-use.lock", "learning.lock")  # of this and of a learning process
STAYS = (*LOCKS, "lost+found")  # what a restore leaves where it is
# A restore's steps, as folders of the data directory: each is renamed to the next when it is complete.
UNPACKING, CHECKED, MOVING = "restoring.unpacking", "restoring.checked", "restoring.moving"
ASIDE, ASIDE_PART = "before-restore-", "before-restore.part"
_FILE_OF_A_MODEL = re.compile(r"\w[\w.-]{0,100}", re.ASCII)
_DAMAGE = (tarfile.TarError, EOFError, ValueError, zlib.error)
_PIECE = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What an archive holds. files: how many. missing: names of documents whose PDF is not in it, or not sound."""

    files: int
    missing: tuple[str, ...] = ()

    def note(self) -> str:
        """A sentence on what is missing, or ""."""
        if not self.missing:
            return ""
        few = ", ".join(name[:80] for name in self.missing[:5])
        return (
            f"Without the PDF of {len(self.missing)} ({few}{' and so on' if len(self.missing) > 5 else ''}): "
            "they answer, but their pages cannot be shown. Add those files again."
        )


def write_backup(home: Path, archive: Path) -> Contents:
    """Write everything of `home` that cannot be rebuilt to a .tar.gz. The app may be open, and at work.

    The archive appears under its name only when it was read back whole. A document that is deleted meanwhile is left
    out; one whose PDF is lost or damaged goes in without it and is named. Raises SecondPassError where there is no
    library or what was written cannot be read back, DiskFull where there is no room.
    """
    from ingest.store.sql.store import open_store

    if not (home / DATABASE).is_file():
        raise SecondPassError(f"{home} holds no library to back up. Choose the data directory with SECOND_PASS_HOME.")
    unfinished = archive.with_name(f"{archive.name}.unfinished")
    try:
        with tempfile.TemporaryDirectory(dir=archive.resolve().parent) as folder:
            database = Path(folder) / DATABASE
            store = open_store(home)
            try:
                store.snapshot(database)
            finally:
                store.close()
            reach("backup snapshot")
            with _private(unfinished) as raw, tarfile.open(fileobj=raw, mode="w:gz") as tar:
                missing = _add_files(tar, store.files, database, home / DATABASE)
                for version in filter(names.is_plain_name, snapshot.model_versions(database)):
                    for path in sorted((home / MODELS / version).glob("*")):
                        _add(tar, path, f"{MODELS}/{version}/{path.name}")
                if (home / MARKER).is_file():
                    _add(tar, home / MARKER, MARKER)
                _add(tar, database, DATABASE)
            database.unlink()
            contents = _read(unfinished, Path(folder), keep=False)
        if contents.missing != missing:
            raise SecondPassError(f"The backup {archive} could not be read back as it was written. Write it again.")
        unfinished.replace(archive)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise DiskFull(f"The backup {archive} could not be written ({error.strerror or error}).") from None
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return contents


def verify_backup(archive: Path) -> Contents:
    """Read an archive to its last byte: the database whole, every file what its name says. Raises SecondPassError."""
    with tempfile.TemporaryDirectory() as folder:
        return _read(archive, Path(folder), keep=False)


def read_backup(archive: Path, home: Path, *, force: bool = False) -> Contents:
    """Bring a backup back into `home`. The indexes are rebuilt at the next start.

    It is unpacked inside `home` and checked before anything is moved. A data directory that is not empty is refused,
    or with `force` its contents go into its folder `before-restore-1`. Raises SecondPassError, LibraryInUse or
    DiskFull, and then `home` is as it was.
    """
    home = home.resolve()
    existed = home.exists()
    try:
        home.mkdir(parents=True, exist_ok=True)
        with _alone(home):
            finish_restore(home)
            if _contents(home) and not force:
                raise SecondPassError(
                    f"{home} is not empty. Use --force to put what it holds aside and restore in its place, or name "
                    "another data directory with SECOND_PASS_HOME."
                )
            try:
                contents = _read(archive, home / UNPACKING, keep=True)
                snapshot.queue_unfinished(home / UNPACKING / DATABASE)
                reach("restore unpacked")
                (home / UNPACKING).rename(home / CHECKED)
            except BaseException:
                shutil.rmtree(home / UNPACKING, ignore_errors=True)
                raise
            finish_restore(home)
        return contents
    except BaseException as error:
        if not existed:
            shutil.rmtree(home, ignore_errors=True)
        if isinstance(error, OSError):
            raise SecondPassError(f"{home} cannot be written to ({error.strerror or error}).") from None
        raise


def finish_restore(home: Path) -> str:
    """What a restore left half done: undone where the archive was not checked yet, finished where it was.

    To be called by who holds the data directory's lock, before anything in it is opened. Returns a sentence on what
    was done, "" where there was nothing.
    """
    said = ""
    if (home / UNPACKING).exists():
        shutil.rmtree(home / UNPACKING)
        said = "A restore was cut off before its archive was checked: it was undone, the library is as it was before."
    if (home / CHECKED).exists():
        aside = home / ASIDE_PART
        for path in _contents(home):
            aside.mkdir(exist_ok=True)
            path.rename(aside / path.name)
            reach("restore put aside")
        if aside.exists():
            aside.rename(_free_name(home))
        reach("restore all aside")
        (home / CHECKED).rename(home / MOVING)
    if (home / MOVING).exists():
        for path in sorted((home / MOVING).iterdir()):
            path.rename(home / path.name)
            reach("restore moved in")
        (home / MOVING).rmdir()
        said = "A restore that was cut off has been finished; what was there before is in the folder before-restore-…."
    return said


def _contents(home: Path) -> list[Path]:
    """What a restore would put aside."""
    steps = (*STAYS, UNPACKING, CHECKED, MOVING, ASIDE_PART)
    return sorted(path for path in home.iterdir() if path.name not in steps and not path.name.startswith(ASIDE))


def _free_name(home: Path) -> Path:
    number = 1
    while (aside := home / f"{ASIDE}{number}").exists():
        number += 1
    return aside


def _add_files(tar: tarfile.TarFile, files: Files, database: Path, live: Path) -> tuple[str, ...]:
    """Add every file that the snapshot names; returns the names of documents that go in without theirs."""
    named = snapshot.named_files(database)
    gone = {sha256: name for sha256, name in named.items() if not _add_kept(tar, files, sha256)}
    if not gone:
        return ()
    still = snapshot.named_files(live)  # a deletion is on record before its file goes
    snapshot.forget_files(database, gone.keys() - still.keys())
    return tuple(sorted(name for sha256, name in gone.items() if sha256 in still and not _add_kept(tar, files, sha256)))


def _add_kept(tar: tarfile.TarFile, files: Files, sha256: str) -> bool:
    """Add one kept file; False when it is not there or not what its name says."""
    try:
        path = files.path(sha256)
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                return False
    except (OSError, LibraryDamaged):
        return False
    try:
        _add(tar, path, f"{FILES}/{sha256[:2]}/{sha256}")
    except FileNotFoundError:  # between the two looks
        return False
    return True


def _add(tar: tarfile.TarFile, path: Path, name: str) -> None:
    """Under a name of its own and without its owner's."""
    with path.open("rb") as file:
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = os.fstat(file.fileno()).st_size, int(path.stat().st_mtime), 0o600
        tar.addfile(info, file)


def _read(archive: Path, folder: Path, *, keep: bool) -> Contents:
    """Read the whole archive and check it; with `keep`, `folder` then holds what it holds, else the database alone.

    Raises SecondPassError when it is no backup, DiskFull.
    """
    sound: set[str] = set()
    others = 0
    for path, file in _entries(archive):
        try:
            target = folder / path if keep or path.name == DATABASE else None
            digest = _copied(file, target)
        except _DAMAGE as error:
            raise _damaged(archive, error) from None
        except OSError as error:
            if error.errno is None:  # gzip says so
                raise _damaged(archive, error) from None
            raise DiskFull(f"The backup could not be unpacked in {folder.parent} ({error.strerror}).") from None
        if path.parts[0] != FILES:
            others += 1
        elif digest == path.name:
            sound.add(digest)
        elif target:
            target.unlink()
    database = folder / DATABASE
    if not database.is_file():
        raise SecondPassError(f"{archive} is no backup of Second Pass: it holds no {DATABASE}.")
    try:
        snapshot.check(database)
    except LibraryDamaged as error:
        raise SecondPassError(f"{archive} is no sound backup of Second Pass. {error}") from None
    named = snapshot.named_files(database)
    missing = tuple(sorted(name for sha256, name in named.items() if sha256 not in sound))
    return Contents(files=len(sound) + others, missing=missing)


def _entries(archive: Path) -> Iterator[tuple[PurePosixPath, IO[bytes]]]:
    """Each file of the archive that belongs to a library, in order, to be read before the next; the rest is passed
    over. The archive is read to its last byte, where its checksum stands."""
    try:
        with gzip.open(archive) as unpacked, tarfile.open(fileobj=unpacked, mode="r|") as tar:
            for member in tar:
                if not (member.isfile() or member.isdir()):
                    raise SecondPassError(f"{archive} is no backup of Second Pass: it holds links or devices.")
                tarfile.data_filter(member, ".")
                path = PurePosixPath(member.name)
                if member.isfile() and _belongs(path):
                    file = tar.extractfile(member)
                    assert file is not None
                    yield path, file
            while unpacked.read(_PIECE):
                pass
    except tarfile.FilterError as error:
        raise SecondPassError(f"{archive} is no backup of Second Pass: {error}.") from None
    except _DAMAGE as error:
        raise _damaged(archive, error) from None
    except OSError as error:
        if error.errno is None or isinstance(error, FileNotFoundError):  # gzip says "not a gzipped file" without errno
            raise _damaged(archive, error) from None
        raise


def _damaged(archive: Path, error: Exception) -> SecondPassError:
    return SecondPassError(f"{archive} is damaged or no .tar.gz archive ({error}).")


def _belongs(path: PurePosixPath) -> bool:
    match path.parts:
        case (name,):
            return name in (DATABASE, MARKER)
        case ("files", start, sha256):
            return names.is_sha256(sha256) and start == sha256[:2]
        case ("models", version, name):
            return names.is_plain_name(version) and _FILE_OF_A_MODEL.fullmatch(name) is not None
    return False


def _copied(file: IO[bytes], target: Path | None) -> str:
    """Read to the end, into `target` where there is one; returns the SHA-256."""
    digest = hashlib.sha256()
    with ExitStack() as stack:
        if target:
            target.parent.mkdir(parents=True, exist_ok=True)
        out = stack.enter_context(_private(target)) if target else None
        while piece := file.read(_PIECE):
            digest.update(piece)
            if out:
                out.write(piece)
    return digest.hexdigest()


@contextmanager
def _private(path: Path) -> Iterator[IO[bytes]]:
    """A new file that only its owner reads, whole on disk at the end of the block."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """While nothing else has the library open or learns from it. Raises LibraryInUse."""
    from filelock import FileLock, Timeout

    with ExitStack() as stack:
        try:
            for name in LOCKS:
                stack.enter_context(FileLock(home / name, timeout=0))
        except Timeout:
            raise LibraryInUse(f"Second Pass has {home} open. Close it before you restore a backup there.") from None
        yield
