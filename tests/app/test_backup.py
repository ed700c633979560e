"""A backup comes back whole, a bad one changes nothing, and what is there is never overwritten."""

import io
import tarfile
from pathlib import Path

import pytest
from filelock import FileLock

from app.backup import read_backup, write_backup
from ingest.errors import DiskFull, LibraryInUse, SecondPassError
from tests.fakes.library_parts import open_store, ready_document


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    store = open_store(home)
    ready_document(store, b"%PDF one", name="one.pdf")
    ready_document(store, b"%PDF two", name="two.pdf", count=5)
    store.close()
    (home / "vectors").mkdir()
    (home / "vectors" / "index.bin").write_bytes(b"can be rebuilt")
    return home


def documents(home: Path) -> dict[str, tuple[int, bytes]]:
    store = open_store(home)
    try:
        return {
            document.name: (
                len(store.documents.document_chunks(document.id)),
                store.files.path(document.sha256).read_bytes(),
            )
            for document in store.documents.documents()
        }
    finally:
        store.close()


def test_what_is_backed_up_comes_back(home: Path, tmp_path: Path) -> None:
    archive = tmp_path / "library.tar.gz"
    assert write_backup(home, archive).files == 3
    assert read_backup(archive, tmp_path / "elsewhere").files == 3
    assert documents(tmp_path / "elsewhere") == documents(home)
    assert not (tmp_path / "elsewhere" / "vectors").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"home", "library.tar.gz", "elsewhere"}


def test_a_backup_is_written_while_the_library_is_open_for_writing(home: Path, tmp_path: Path) -> None:
    store = open_store(home)
    ready_document(store, b"%PDF three", name="three.pdf")
    write_backup(home, tmp_path / "library.tar.gz")
    store.close()
    read_backup(tmp_path / "library.tar.gz", tmp_path / "elsewhere")
    assert "three.pdf" in documents(tmp_path / "elsewhere")


def test_a_library_that_is_there_is_refused_or_put_aside(home: Path, tmp_path: Path) -> None:
    archive = tmp_path / "library.tar.gz"
    write_backup(home, archive)
    before = documents(home)
    store = open_store(home)
    ready_document(store, b"%PDF later", name="later.pdf")
    store.close()
    with pytest.raises(SecondPassError, match="not empty"):
        read_backup(archive, home)
    read_backup(archive, home, force=True)
    assert documents(home) == before
    assert "later.pdf" in documents(home / "before-restore-1")


def test_a_library_in_use_is_not_replaced(home: Path, tmp_path: Path) -> None:
    archive = tmp_path / "library.tar.gz"
    write_backup(home, archive)
    with FileLock(home / "in-use.lock"), pytest.raises(LibraryInUse, match="Close it"):
        read_backup(archive, home, force=True)


def archive_of(path: Path, *members: tuple[str, bytes | None]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            if data is None:
                info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            info.size = len(data or b"")
            tar.addfile(info, io.BytesIO(data or b""))
    return path


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: archive_of(path, ("../outside", b"x")), "no backup"),
        (lambda path: archive_of(path, ("library.sqlite3", None)), "links"),
        (lambda path: archive_of(path, ("something", b"x")), "no library.sqlite3"),
        (lambda path: archive_of(path, ("library.sqlite3", b"not a database at all" * 100)), "damaged"),
        (lambda path: (path.write_bytes(b"not gzip"), path)[1], "no .tar.gz"),
        (lambda path: (path.write_bytes(b""), path)[1], "damaged or no"),
    ],
)
def test_a_bad_archive_is_refused_and_nothing_is_left_behind(home: Path, tmp_path: Path, make, said: str) -> None:
    archive = make(tmp_path / "bad.tar.gz")
    before = documents(home)
    with pytest.raises(SecondPassError, match=said):
        read_backup(archive, home, force=True)
    assert documents(home) == before
    assert {path.name for path in tmp_path.iterdir()} == {"home", "bad.tar.gz"}


def test_half_an_archive_is_refused(home: Path, tmp_path: Path) -> None:
    archive = tmp_path / "library.tar.gz"
    write_backup(home, archive)
    archive.write_bytes(archive.read_bytes()[:400])
    with pytest.raises(SecondPassError, match="damaged"):
        read_backup(archive, tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()


def test_a_place_that_cannot_be_written_is_said_and_no_half_archive_stays(home: Path, tmp_path: Path) -> None:
    with pytest.raises(DiskFull, match="could not be written"):
        write_backup(home, tmp_path / "no" / "such" / "folder.tar.gz")
    with pytest.raises(SecondPassError, match="no library"):
        write_backup(tmp_path / "empty", tmp_path / "library.tar.gz")
    assert {path.name for path in tmp_path.iterdir()} == {"home"}
