"""Scores that were paid for outlive the process, and are never more than the setting allows."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.store.sql.database import open_database
from ingest.store.sql.scores import SqlScores


def test_scores_outlive_the_process(tmp_path: Path) -> None:
    new = {f"{number:064x}": number / 7 for number in range(1200)}
    SqlScores(open_database(tmp_path)).put_scores(new)
    again = SqlScores(open_database(tmp_path))
    assert again.get_scores([*new, "unknown"]) == new
    again.put_scores({f"{0:064x}": 9.0})
    assert again.get_scores([f"{0:064x}"]) == {f"{0:064x}": 9.0}
    assert again.get_scores([]) == {}
    again.put_scores({})


def test_only_the_newest_scores_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.store.sql.scores.PRUNE_EVERY", 3)
    scores = SqlScores(open_database(tmp_path), most=2)
    for number in range(9):
        scores.put_scores({f"k{number}": 1.0})
        assert len(scores.get_scores([f"k{number}" for number in range(9)])) <= 2 + 3
    scores.prune()
    assert set(scores.get_scores([f"k{number}" for number in range(9)])) == {"k7", "k8"}
    assert scores.prune() == 0
