"""Backup and restore: one archive with the database, the files and what was learned. Indexes are rebuilt from them."""

from __future__ import annotations

import shutil
import sqlite3
import tarfile
import tempfile
from pathlib import Path

from ingest.errors import DiskFull, LibraryInUse, SecondPassError

DATABASE = "library.sqlite3"
# What the database can be rebuilt into, and what belongs to a running process.
LEFT_OUT = ("vectors", "keywords", "tokens", "evaluations", "in-use.lock")


def write_backup(home: Path, archive: Path) -> int:
    """Write everything of `home` that cannot be rebuilt to a .tar.gz; returns how many files. The app may be open.

    The database goes in as one consistent snapshot. The archive appears under its name only when it is whole. Raises
    SecondPassError where there is no library or no room.
    """
    from ingest.store.sql.store import open_store

    if not (home / DATABASE).is_file():
        raise SecondPassError(f"{home} holds no library to back up. Choose the data directory with SECOND_PASS_HOME.")
    kept = [
        path
        for path in sorted(home.rglob("*"))
        if path.is_file() and not path.is_symlink() and _belongs(path.relative_to(home))
    ]
    unfinished = archive.with_name(f"{archive.name}.unfinished")
    try:
        with tempfile.TemporaryDirectory(dir=archive.resolve().parent) as folder:
            snapshot = Path(folder) / DATABASE
            store = open_store(home)
            try:
                store.snapshot(snapshot)
            finally:
                store.close()
            with tarfile.open(unfinished, "w:gz") as tar:
                tar.add(snapshot, DATABASE)
                for path in kept:
                    tar.add(path, path.relative_to(home).as_posix(), recursive=False)
        unfinished.replace(archive)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise DiskFull(f"The backup {archive} could not be written ({error.strerror or error}).") from None
    return len(kept) + 1


def _belongs(path: Path) -> bool:
    inside = path.parts[0] not in LEFT_OUT and not path.parts[0].endswith(".damaged")
    return inside and not path.name.startswith(DATABASE)


def read_backup(archive: Path, home: Path, *, force: bool = False) -> int:
    """Bring a backup back as `home`; returns how many files. The indexes are rebuilt at the next start.

    It is unpacked beside `home` and checked before anything is moved. A data directory that is not empty is refused,
    or with `force` kept aside under another name. Raises SecondPassError, LibraryInUse or DiskFull, and then `home`
    is as it was.
    """
    home = home.resolve()
    if home.exists() and any(home.iterdir()) and not force:
        raise SecondPassError(
            f"{home} is not empty. Use --force to put it aside and restore in its place, or name another data "
            "directory with SECOND_PASS_HOME."
        )
    _refuse_if_in_use(home)
    home.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f"{home.name}.restoring-", dir=home.parent))
    try:
        count = _unpack(archive, beside)
        _check(archive, beside / DATABASE)
        if home.exists():
            if any(home.iterdir()):
                home.rename(_free_name(home))
            else:
                home.rmdir()
        beside.rename(home)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return count


def _unpack(archive: Path, folder: Path) -> int:
    try:
        with tarfile.open(archive, "r:gz") as tar:
            members = tar.getmembers()
            if any(not (member.isfile() or member.isdir()) for member in members):
                raise SecondPassError(f"{archive} is no backup of Second Pass: it holds links or devices.")
            tar.extractall(folder, members, filter="data")
            return sum(member.isfile() for member in members)
    except tarfile.FilterError as error:
        raise SecondPassError(f"{archive} is no backup of Second Pass: {error}.") from None
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise SecondPassError(f"{archive} is damaged or no .tar.gz archive ({error}).") from None
    except OSError as error:
        if error.errno is None or isinstance(error, FileNotFoundError):  # gzip says "not a gzipped file" without errno
            raise SecondPassError(f"{archive} is damaged or no .tar.gz archive ({error}).") from None
        raise DiskFull(f"The backup could not be unpacked beside the data directory ({error.strerror}).") from None


def _check(archive: Path, database: Path) -> None:
    if not database.is_file():
        raise SecondPassError(f"{archive} is no backup of Second Pass: it holds no {DATABASE}.")
    connection = sqlite3.connect(database)
    try:
        (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.DatabaseError as error:
        verdict = str(error)
    finally:
        connection.close()
    if verdict != "ok":
        raise SecondPassError(f"The database in {archive} is damaged ({verdict}); nothing was restored.")


def _refuse_if_in_use(home: Path) -> None:
    from filelock import FileLock, Timeout

    if not (home / "in-use.lock").exists():
        return
    try:
        with FileLock(home / "in-use.lock", timeout=0):
            return
    except Timeout:
        raise LibraryInUse(f"Second Pass has {home} open. Close it before you restore a backup there.") from None


def _free_name(home: Path) -> Path:
    number = 1
    while (aside := home.with_name(f"{home.name}.before-restore-{number}")).exists():
        number += 1
    return aside
