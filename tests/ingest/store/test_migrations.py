"""A library of an earlier version opens with everything that it held."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

import ingest.store.sql.migrations
from ingest.documents import Status
from ingest.store.sql.store import open_store

SHA = "ab" * 32
STAGES = [
    {
        "name": "hybrid",
        "ms": 2.0,
        "ranking": [{"chunk_id": "d1-00001", "rank": 1}, {"chunk_id": "d1-00000", "rank": 2}],
    },
    {
        "name": "precise",
        "ms": 9.5,
        "ranking": [{"chunk_id": "d1-00000", "rank": 1}, {"chunk_id": "d1-00001", "rank": 2}],
    },
]
TRACE = json.dumps({"stages": STAGES, "evidence": ["d1-00000", "d1-00001"]})
OF_0001 = f"""
INSERT INTO collections VALUES ('k1', 'Annual reports', '2026-01-01 00:00:00');
INSERT INTO documents VALUES
  ('d1', 'k1', 'one.pdf', 'one', '{SHA}', 7, 'p1', 'e1', '', 'ready', '', 2, 1, 2, 1, 0, '2026-01-02 00:00:00', 1.5),
  ('d2', 'k1', 'two.pdf', 'two', '{"cd" * 32}', 7, 'p1', 'e1', '', 'parsing', '', 2, 0, 1, 0, 2,
   '2026-01-04 00:00:00', 0),
  ('d3', 'k1', 'three.pdf', 'three', '{"ef" * 32}', 7, 'p1', 'e1', 'd1', 'pending', '', 0, 0, 0, 0, 0,
   '2026-01-03 00:00:00', 0),
  ('d4', 'k1', 'four.pdf', 'four', '{"01" * 32}', 7, 'p1', 'e1', '', 'deleting', '', 0, 0, 0, 0, 0,
   '2026-01-03 00:00:00', 0);
INSERT INTO chunks VALUES ('d1-00000', 'd1', 0, 1, 'Results', 'The revenue rose.', '[]');
INSERT INTO vectors VALUES ('d1', 1, x'0000803f');
INSERT INTO conversations VALUES ('c1', 'Revenue', '', '2026-01-05 00:00:00');
INSERT INTO questions VALUES
  ('q1', 'c1', '2026-01-05 00:00:00', 'What rose?', 'answered', 1.0, '{TRACE}', '{{}}', '{{}}'),
  ('q2', 'c1', '2026-01-05 00:00:00', 'What?', 'answered', 1.0, '{{}}', '{{}}', '{{}}');
INSERT INTO marks VALUES ('q1', 'd1-00000', 1, 'one.pdf', 1, '2026-01-05 00:00:00');
INSERT INTO thumbs VALUES ('q1', 1, '[]', '', '2026-01-05 00:00:00');
INSERT INTO scores VALUES ('s1', 0.5, '2026-01-05 00:00:00');
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A data directory as version 0001 of the tables left it."""
    config = Config()
    config.set_main_option("script_location", str(Path(ingest.store.sql.migrations.__file__).parent))
    engine = create_engine(f"sqlite:///{tmp_path / 'library.sqlite3'}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    database = sqlite3.connect(tmp_path / "library.sqlite3")
    database.executescript(OF_0001)
    database.close()
    return tmp_path


def test_documents_questions_and_scores_of_the_first_version_are_all_there(home: Path) -> None:
    store = open_store(home)
    assert [(row.name, row.status) for row in store.documents.documents()] == [
        ("two.pdf", Status.PARSING),
        ("three.pdf", Status.PENDING),
        ("one.pdf", Status.READY),
    ]
    assert [item.chunk.text for item in store.documents.encoded_chunks("d1")] == ["The revenue rose."]
    assert store.documents.has_ready_documents()
    assert [row.id for row in store.documents.ready_documents()] == ["d1"]
    asked = store.journal.question("q1")
    assert (asked.thumb.value, len(asked.marks), asked.trace) == (1, 1, json.loads(TRACE))
    assert asked.figures == {"ms": {"hybrid": 2.0, "precise": 9.5}, "lifts": [1, -1], "new_first": True}
    assert store.journal.question("q2").trace == {}
    assert store.scores.get_scores(["s1"]) == {"s1": 0.5}
    store.close()


def test_the_first_versions_queue_goes_on_in_its_order(home: Path) -> None:
    store = open_store(home)
    assert [row.id for row in store.queue.recover(alone=True)] == ["d2"]
    assert store.queue.waiting() == 3
    claimed = [store.queue.claim_next() for _ in range(3)]
    assert [row.id for row in claimed] == ["d4", "d3", "d2"]  # deletions first; what was cut off, behind the others
    store.queue.save_chunks("d3", [], [])
    assert store.queue.mark_ready("d3") == ["d1"]
    assert [row.id for row in store.documents.ready_documents()] == ["d3"]
    store.queue.finish_delete("d4")
    assert store.documents.document("d4") is None
    store.close()


def test_the_migrations_build_the_tables_that_the_code_uses(home: Path) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from ingest.store.sql.tables import metadata

    store = open_store(home)
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    store.close()
