"""The family of built-in models: what belongs together, and that what one learned is not used with the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.learning import current_fusion, shipped_fusion
from app.model_family import FAMILIES, embedder_fingerprint, family_in_use, family_note
from app.settings import read_settings
from ingest.embed.token_projection import trained_projection
from ingest.store.sql.database import open_database
from ingest.store.sql.versions import SqlVersions, VersionState
from rag.refuse import read_calibration


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_a_family_has_all_its_weights(family) -> None:
    projection = trained_projection(family.fast)
    assert projection.matrix is not None
    assert projection.matrix.shape == (384, len(projection.scale))
    assert set(shipped_fusion(family).weights) == {"hybrid", "fast", "precise"}
    read_calibration(family.calibration)


def test_the_setting_chooses_the_family_and_each_has_its_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECOND_PASS_MODELS_FAMILY", "multilingual")
    multilingual = read_settings()
    english = read_settings(models={"family": "english"})
    assert (family_in_use(multilingual).name, family_in_use(english).name) == ("multilingual", "english")
    assert embedder_fingerprint(multilingual) != embedder_fingerprint(english)


def test_a_machine_that_the_multilingual_model_is_not_built_for_has_the_english_ones_and_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = read_settings(models={"family": "multilingual"})
    assert "probability" in family_note(settings)
    monkeypatch.setattr("sys.platform", "win32")
    assert family_in_use(settings) == FAMILIES["english"]
    assert "not built for this machine" in family_note(settings)
    assert embedder_fingerprint(settings) == embedder_fingerprint(read_settings(models={"family": "english"}))
    assert family_note(read_settings(models={"family": "english"})) == ""


def test_weights_that_were_learned_with_one_family_are_not_used_with_the_other(tmp_path: Path) -> None:
    versions = SqlVersions(open_database(tmp_path))
    learned = {"weights": {"hybrid": {"dense": 9.0}}, "family": "multilingual"}
    version = versions.add_version(
        kind="fusion", weights=learned, scores={}, state=VersionState.CANDIDATE, reason="a test"
    )
    versions.promote(version.id)
    assert current_fusion(versions, tmp_path, FAMILIES["multilingual"]).version == version.id
    assert current_fusion(versions, tmp_path, FAMILIES["english"]) == shipped_fusion(FAMILIES["english"])
