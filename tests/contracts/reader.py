"""What every reader keeps to, whatever its format. A reader's test class inherits this and says what its file is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.block_json import block_from_json, block_to_json
from ingest.documents import Block, BlockKind, ReadFile
from ingest.errors import EmptyFile, FileRefused, TooLarge
from ingest.read.limits import Limits
from ingest.read.registry import FORMATS, format_of
from ingest.read.sandbox import Reader

INVISIBLE = ("\x00", "\x07", "\u200b", "\u00ad")


class ReaderContract:
    """name: of the file, with its ending. knows: which kinds of block the format tells apart.

    `sample` is the format's own file with, in this order: the heading "Storage"; the paragraph "Keep it cold at all
    times and away from light. Use it soon."; the deeper heading "Opening"; the list items "in the dark" and "upright";
    a table whose columns are named "Vaccine" and "Hours", with the rows ("Rubamor", "6") and ("Trivadex", "28").
    """

    name: str
    knows: frozenset[BlockKind] = frozenset(
        {BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.TABLE}
    )
    hostile: tuple[bytes, ...] = ()  # each is read or refused, and nothing worse

    def sample(self) -> bytes:
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def reader(cls) -> Iterator[Reader]:
        with Reader(Limits(wall_seconds=30, cpu_seconds=20)) as reader:
            yield reader

    @pytest.fixture
    def read(self, reader: Reader, tmp_path: Path) -> ReadFile:
        return self.read_bytes(reader, tmp_path, self.sample())

    def read_bytes(self, reader: Reader, folder: Path, data: bytes) -> ReadFile:
        path = folder / "kept"  # files are kept under their hash: the name alone tells the ending
        path.write_bytes(data)
        return reader.read(path, name=self.name)

    def blocks(self, read: ReadFile) -> list[Block]:
        return [block for page in read.pages for block in page.blocks]

    def test_the_registry_gives_the_file_to_this_reader(self) -> None:
        chosen = format_of(self.name, self.sample())
        assert self.name.endswith(chosen.endings)
        assert [one.version for one in FORMATS].count(chosen.version) == 1

    def test_every_word_is_read_in_its_order(self, read: ReadFile) -> None:
        text = "\n".join(block.text for block in self.blocks(read))
        words = ["Storage", "Keep it cold", "Use it soon", "Opening", "in the dark", "upright"]
        words += ["Vaccine", "Hours", "Rubamor", "6", "Trivadex", "28"]
        places = [text.find(word) for word in words]
        assert -1 not in places
        assert places == sorted(places)

    def test_headings_stand_at_their_levels(self, read: ReadFile) -> None:
        if BlockKind.HEADING not in self.knows:
            pytest.skip("the format has no headings")
        headings = {block.text: block.level for block in self.blocks(read) if block.kind is BlockKind.HEADING}
        assert list(headings) == ["Storage", "Opening"]
        assert headings["Storage"] < headings["Opening"]

    def test_list_items_are_told_from_paragraphs(self, read: ReadFile) -> None:
        if BlockKind.LIST_ITEM not in self.knows:
            pytest.skip("the format has no lists")
        items = [block.text for block in self.blocks(read) if block.kind is BlockKind.LIST_ITEM]
        assert [item.split(" ", 1)[-1] if item[0] in "•-*" else item for item in items] == ["in the dark", "upright"]
        paragraphs = [block for block in self.blocks(read) if block.kind is BlockKind.PARAGRAPH]
        assert [" ".join(block.text.split()) for block in paragraphs] == [
            "Keep it cold at all times and away from light. Use it soon."
        ]

    def test_a_table_has_its_cells_and_knows_which_name_its_columns(self, read: ReadFile) -> None:
        if BlockKind.TABLE not in self.knows:
            pytest.skip("the format has no tables")
        (table,) = [block for block in self.blocks(read) if block.kind is BlockKind.TABLE]
        assert table.cells == (("Vaccine", "Hours"), ("Rubamor", "6"), ("Trivadex", "28"))
        assert table.head == 1

    def test_every_block_says_where_it_stands(self, read: ReadFile) -> None:
        assert [page.number for page in read.pages] == list(range(1, len(read.pages) + 1))
        for page in read.pages:
            for block in page.blocks:
                assert block.page == page.number
                lines = block.text.split("\n")
                assert all(line.strip() for line in lines) or block.kind is BlockKind.BOOKMARK
                assert len(block.boxes) in (0, len(lines))
                assert len(block.cells) == (len(lines) if block.kind is BlockKind.TABLE else 0)
                for box in block.boxes:
                    assert -2 <= box.left <= box.right <= page.width + 2
                    assert -2 <= box.top <= box.bottom <= page.height + 2

    def test_a_block_travels_and_is_kept_as_json_unchanged(self, read: ReadFile) -> None:
        for block in self.blocks(read):
            assert block_from_json(block_to_json(block)) == block

    def test_an_empty_and_a_too_large_file_are_refused(self, reader: Reader, tmp_path: Path) -> None:
        with pytest.raises(EmptyFile):
            self.read_bytes(reader, tmp_path, b"")
        with Reader(Limits(file_mb=0)) as small, pytest.raises(TooLarge):
            self.read_bytes(small, tmp_path, self.sample())

    def test_a_file_cut_short_or_with_bytes_turned_is_read_or_refused(self, reader: Reader, tmp_path: Path) -> None:
        whole = self.sample()
        cut = [whole[: len(whole) * share // 10] for share in range(1, 10)]
        turned = [whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :] for at in range(9, len(whole), 211)][:20]
        for data in [*cut, *turned, *self.hostile, b"\xff" * 999, b"\0" * 999, bytes(range(256)) * 9]:
            with contextlib.suppress(FileRefused):
                text = "".join(block.text for block in self.blocks(self.read_bytes(reader, tmp_path, data)))
                assert not any(sign in text for sign in INVISIBLE)
        assert self.read_bytes(reader, tmp_path, whole).pages  # the next file finds a healthy reader
