"""Golden questions: what was asked, and where the answer stands. Read from JSONL, CSV or BEIR folders."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.documents import Chunk
from ingest.errors import GoldensUnreadable


@dataclass(frozen=True, kw_only=True)
class Golden:
    """A question with its evidence: pages (`relevant`: file name, 1-based physical page), or passages (`chunks`:
    chunk id, grade ≥ 1). Where chunks are given they decide, and `relevant` is for the reader only.

    answers: what a right answer says, each one enough. evidence: sentences of the documents that say it, word for word.
    """

    question: str
    relevant: tuple[tuple[str, int], ...] = ()
    id: str = ""
    answers: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    chunks: tuple[tuple[str, int], ...] = ()

    @property
    def by_page(self) -> bool:
        return not self.chunks

    @property
    def golds(self) -> tuple[str, ...]:
        """What a text must hold to answer: an answer, or a sentence that says it."""
        return (*self.answers, *self.evidence)

    @property
    def grades(self) -> dict[str, int]:
        """Key → grade of everything relevant. `key_of` gives the keys of passages."""
        return dict(self.chunks) if self.chunks else {_page_key(*page): 1 for page in self.relevant}

    def key_of(self, chunk: Chunk) -> str:
        """What a passage counts as: its id, or its page where the evidence is known by page."""
        return chunk.id if self.chunks else _page_key(chunk.document_name, chunk.page)


def _page_key(document: str, page: int) -> str:
    return f"{document}\n{page}"


@dataclass(frozen=True, kw_only=True)
class Beir:
    """A BEIR folder: its passages (id → title, text) and its questions, relevance by passage id."""

    passages: Mapping[str, tuple[str, str]]
    goldens: tuple[Golden, ...]


def read_goldens(path: Path) -> tuple[Golden, ...]:
    """Page-level goldens from a .jsonl or .csv file.

    JSONL: `{"question", "relevant": [{"document", "page"}], "answer"?, "evidence"?, "id"?}` a line. CSV: a header with
    question, document, page (and answer, id where known); rows of the same question are one golden with several pages.
    Raises GoldensUnreadable with the line and what was expected there.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise GoldensUnreadable(f"{path.name} cannot be read as UTF-8 text: {error}") from None
    read = goldens_from_csv if path.suffix.lower() == ".csv" else goldens_from_jsonl
    goldens = read(text, path.name)
    if not goldens:
        raise GoldensUnreadable(f"{path.name} holds no questions.")
    return goldens


def goldens_from_jsonl(text: str, name: str = "goldens") -> tuple[Golden, ...]:
    """Goldens from JSON lines; `name` is what errors call the file. Ids are line numbers where none are given."""
    return tuple(_golden(row, name, number) for number, row in _json_lines(text.split("\n"), name))


def _golden(row: Mapping[str, Any], name: str, number: int) -> Golden:
    try:
        return Golden(
            question=_text(row["question"]),
            relevant=_pages((page["document"], page["page"]) for page in row["relevant"]),
            id=str(row.get("id", "") or number),
            answers=_texts(row.get("answers") or row.get("answer")),
            evidence=_texts(row.get("evidence")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise GoldensUnreadable(
            f'{name}, line {number}: {_why(error)}. Expected {{"question": "…", "relevant": '
            f'[{{"document": "file.pdf", "page": 12}}]}}.'
        ) from None


def goldens_from_csv(text: str, name: str = "goldens") -> tuple[Golden, ...]:
    """Goldens from CSV with a header; comma, semicolon or tab. `name` is what errors call the file."""
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    pages: dict[str, list[tuple[str, int]]] = {}
    rows: dict[str, tuple[str, str]] = {}
    for number, row in enumerate(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter), start=2):
        row = {(key or "").strip().lower(): (value or "") for key, value in row.items() if isinstance(value, str)}
        try:
            question = _text(row["question"])
            pages.setdefault(question, []).extend(_pages([(row["document"], row["page"])]))
        except (KeyError, ValueError) as error:
            raise GoldensUnreadable(
                f"{name}, row {number}: {_why(error)}. Expected the columns question, document, page."
            ) from None
        rows.setdefault(question, (row.get("id", "") or str(number), row.get("answer", "")))
    return tuple(
        Golden(
            question=question,
            relevant=tuple(dict.fromkeys(places)),
            id=rows[question][0],
            answers=_texts(rows[question][1]),
        )
        for question, places in pages.items()
    )


def read_unanswerable(path: Path) -> tuple[Golden, ...]:
    """Questions that the documents do not answer, from JSON lines `{"question", "id"?}`. Raises GoldensUnreadable."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise GoldensUnreadable(f"{path.name} cannot be read as UTF-8 text: {error}") from None
    questions = []
    for number, row in _json_lines(text.split("\n"), path.name):
        try:
            questions.append(Golden(question=_text(row["question"]), id=str(row.get("id", "") or number)))
        except (KeyError, ValueError) as error:
            raise GoldensUnreadable(
                f'{path.name}, line {number}: {_why(error)}. Expected {{"question": "…"}}.'
            ) from None
    return tuple(questions)


def missing_documents(goldens: Iterable[Golden], names: Iterable[str]) -> tuple[str, ...]:
    """Files that goldens name and the library (`names`) does not hold, sorted: evidence that cannot be found."""
    return tuple(sorted({document for golden in goldens for document, _ in golden.relevant} - set(names)))


def read_beir(folder: Path) -> Beir:
    """A BEIR folder: corpus.jsonl, queries.jsonl, and qrels.tsv or qrels/test.tsv (Thakur et al. 2021).

    Questions without a relevant passage are left out, as the BEIR evaluation does. Raises GoldensUnreadable.
    """
    qrels = next((path for path in (folder / "qrels.tsv", folder / "qrels" / "test.tsv") if path.is_file()), None)
    if qrels is None or not (folder / "corpus.jsonl").is_file() or not (folder / "queries.jsonl").is_file():
        raise GoldensUnreadable(
            f"{folder.name} is no BEIR folder: it needs corpus.jsonl, queries.jsonl, and qrels.tsv or qrels/test.tsv."
        )
    passages = {row["_id"]: (row.get("title") or "", row["text"]) for row in _beir_rows(folder / "corpus.jsonl")}
    grades: dict[str, list[tuple[str, int]]] = {}
    for number, line in enumerate(qrels.read_text(encoding="utf-8").strip().split("\n"), start=1):
        cells = line.split("\t")
        if number == 1 and not cells[-1].strip().lstrip("-").isdigit():
            continue
        try:
            question_id, passage_id, grade = cells
            if int(grade) > 0:
                grades.setdefault(question_id, []).append((passage_id, int(grade)))
        except ValueError:
            raise GoldensUnreadable(
                f"{qrels.name}, line {number}: expected query id, passage id and grade, separated by tabs."
            ) from None
    goldens = tuple(
        Golden(
            question=row["text"],
            id=row["_id"],
            chunks=tuple(grades[row["_id"]]),
            answers=_texts(row.get("answers")),
        )
        for row in _beir_rows(folder / "queries.jsonl")
        if row["_id"] in grades
    )
    return Beir(passages=passages, goldens=goldens)


def _beir_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for number, row in _json_lines(lines, path.name):
            if not isinstance(row.get("_id"), str) or not isinstance(row.get("text"), str):
                raise GoldensUnreadable(f'{path.name}, line {number}: expected {{"_id": "…", "text": "…"}}.')
            yield row


def _json_lines(lines: Iterable[str], name: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise GoldensUnreadable(f"{name}, line {number}: not JSON ({error}).") from None
        if not isinstance(row, dict):
            raise GoldensUnreadable(f"{name}, line {number}: expected one JSON object a line.")
        yield number, row


def _pages(rows: Iterable[tuple[Any, Any]]) -> tuple[tuple[str, int], ...]:
    pages = tuple(dict.fromkeys((_text(document), int(page)) for document, page in rows))
    if not pages:
        raise ValueError("no relevant page is named")
    if any(page < 1 for _, page in pages):
        raise ValueError("pages count from 1")
    return pages


def _texts(value: Any) -> tuple[str, ...]:
    """A text or a list of texts; numbers count as what they look like, nothing as none."""
    values = value if isinstance(value, list) else [value]
    return tuple(str(one) for one in values if one not in (None, ""))


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("an empty question or document name")
    return value.strip()


def _why(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)
