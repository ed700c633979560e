"""Learned weights: one of a kind is in use, every one is kept, undoing is one call."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.errors import UnknownName
from ingest.store.sql.database import open_database
from ingest.store.sql.versions import SqlVersions, VersionState


@pytest.fixture
def versions(tmp_path: Path) -> SqlVersions:
    return SqlVersions(open_database(tmp_path))


def test_one_version_of_a_kind_is_current_and_undoing_brings_the_last_one_back(versions: SqlVersions) -> None:
    first = versions.add_version(kind="fusion", weights={"dense": 1.0}, scores={"mrr": 0.6})
    second = versions.add_version(kind="fusion", weights={"dense": 0.5}, scores={"mrr": 0.7})
    other = versions.add_version(kind="precise", weights={"path": "x"}, scores={})
    assert versions.current_version("fusion") is None
    versions.promote(first.id)
    versions.promote(other.id)
    assert versions.promote(second.id, "0.61 → 0.70").state == VersionState.CURRENT
    assert {v.id: v.state for v in versions.list_versions("fusion")} == {
        first.id: VersionState.RETIRED,
        second.id: VersionState.CURRENT,
    }
    back = versions.rollback("fusion")
    assert back is not None
    assert back.id == first.id
    assert versions.current_version("fusion").weights == {"dense": 1.0}  # type: ignore[union-attr]
    assert versions.rollback("fusion") is None
    assert versions.current_version("fusion") is None
    assert versions.current_version("precise").id == other.id  # type: ignore[union-attr]


def test_a_candidate_that_did_not_help_is_kept_aside_with_the_reason(versions: SqlVersions) -> None:
    aside = VersionState.KEPT_ASIDE
    versions.add_version(kind="fusion", weights={}, scores={}, state=aside, reason="no gain on unseen marks")
    found = versions.list_versions()[0]
    assert (found.state, found.reason) == (aside, "no gain on unseen marks")
    with pytest.raises(UnknownName):
        versions.promote("nothing")
