"""The journal in SQL keeps the journal's contract."""

from __future__ import annotations

from pathlib import Path

from ingest.store.sql.database import open_database
from ingest.store.sql.journal import SqlJournal
from tests.contracts.journal import JournalContract


class TestSqlJournal(JournalContract):
    def open_journal(self, home: Path) -> SqlJournal:
        return SqlJournal(open_database(home), traces_days=0)  # the questions of the contract are of one old day
