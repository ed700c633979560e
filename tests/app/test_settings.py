"""Settings: groups that are the parts' own option values, read from the file, the environment and the caller."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from app.evaluation import changed_options
from app.setting_fields import FORMERLY, names_of, settings_of
from app.settings import FILE, Settings, changed, read_groups, read_settings
from app.show.settings_table import rows
from ingest.errors import SettingsError
from rag.engine import Options


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty working directory, and none of the variables that a setting is read from."""
    for name in names_of(Settings):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@dataclass(frozen=True, kw_only=True)
class OptionsAndOneMore(Options):
    colour: Annotated[int, Field(ge=1, description="A setting that a test adds.")] = 7


@dataclass(frozen=True, kw_only=True)
class SettingsAndOneMore(Settings):
    ranking: OptionsAndOneMore = OptionsAndOneMore()


def test_one_line_makes_a_setting_of_the_file_the_environment_the_page_and_a_comparison(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    defaults = SettingsAndOneMore()
    assert read_groups(defaults, {}).ranking.colour == 7
    FILE.write_text("[ranking]\ncolour = 8\n")
    assert read_groups(defaults, {}).ranking.colour == 8
    monkeypatch.setenv("SECOND_PASS_RANKING_COLOUR", "9")
    read = read_groups(defaults, {})
    assert read.ranking.colour == 9
    (row,) = (row for row in rows(read)["ranking"] if row.name == "colour")
    assert (row.value, row.changed, row.description) == ("9", True, "A setting that a test adds.")
    assert row.variable == "SECOND_PASS_RANKING_COLOUR"
    assert changed_options(read.ranking, "colour=10").colour == 10
    with pytest.raises(SettingsError, match=r"colour.*greater than or equal to 1"):
        changed_options(read.ranking, "colour=0")


def test_the_page_has_a_row_for_every_field_of_every_group() -> None:
    settings = Settings()
    shown = {group: [row.name for row in found] for group, found in rows(settings).items()}
    assert shown == {group: list(values) for group, values in asdict(settings).items()}
    assert all(setting.description for setting in settings_of(Settings))


def test_every_default_is_a_value_that_its_field_accepts() -> None:
    for setting in settings_of(Settings):
        assert setting.value_of(setting.default) == setting.default


def test_the_environment_wins_over_the_file_and_the_caller_over_both(monkeypatch: pytest.MonkeyPatch) -> None:
    FILE.write_text('[ranking]\nprecise = "none"\nfast_keep = 30\nevidence = 3\n')
    monkeypatch.setenv("SECOND_PASS_RANKING_PRECISE", "a/b")
    monkeypatch.setenv("SECOND_PASS_RANKING_FAST_KEEP", "40")
    ranking = read_settings(ranking={"precise": "c/d"}).ranking
    assert (ranking.precise, ranking.fast_keep, ranking.evidence) == ("c/d", 40, 3)


BEFORE = {
    "home": "elsewhere", "collection": "mine", "embedding": "a/b", "device": "cuda", "threads": "2",
    "retrieve": "50", "fusion": "rrf", "fast": "none", "fast_keep": "30", "precise": "none", "evidence": "3",
    "gate_margin": "1.5", "budget_ms": "80", "fold_duplicates": "false", "diversity": "0.5", "per_document": "2",
    "score_cache": "false", "answer_threshold": "0.5", "signals": "false", "host": "0.0.0.0", "port": "80",
    "api_key": "k", "log_level": "ERROR", "chunk_tokens": "100", "chunk_overlap": "10", "max_file_mb": "9",
    "max_pages": "9", "parse_memory_mb": "512", "parse_cpu_seconds": "9", "parse_wall_seconds": "9",
    "reranker_timeout": "3", "llm_model": "m", "llm_timeout": "3", "openai_api_key": "k",
    "openai_base_url": "http://gpu", "rerank_api_key": "k",
}  # fmt: skip


def test_the_names_of_before_the_groups_are_all_known() -> None:
    assert set(FORMERLY) == set(BEFORE)


@pytest.mark.parametrize("variable", [False, True])
def test_a_setting_that_is_gone_says_why(variable: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if variable:
        monkeypatch.setenv("SECOND_PASS_BACKEND", "onnx")
    else:
        FILE.write_text('backend = "onnx"\n')
    with pytest.raises(SettingsError, match="optimum"):
        read_settings()


@pytest.mark.parametrize(("name", "text"), BEFORE.items())
def test_a_flat_name_of_before_is_read_from_the_file_and_the_environment(
    name: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = names_of(Settings)[name]
    expected = setting.value_of(text)
    assert expected != setting.default
    FILE.write_text(f'{name} = "{text}"\n')
    assert getattr(getattr(read_settings(), setting.group), setting.name) == expected
    FILE.unlink()
    monkeypatch.setenv(f"SECOND_PASS_{name.upper()}", text)
    assert getattr(getattr(read_settings(), setting.group), setting.name) == expected


def test_vendors_keys_are_read_by_the_vendors_own_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COHERE_API_KEY", "one")
    monkeypatch.setenv("OPENAI_API_KEY", "two")
    monkeypatch.setenv("VOYAGE_BASE_URL", "https://proxy.example")
    settings = read_settings()
    assert settings.vendors.key("cohere") == "one"
    assert settings.answer.token == "two"
    assert settings.vendors.url("voyage") == "https://proxy.example"
    monkeypatch.setenv("CO_API_KEY", "the name that Cohere's own client reads first")
    assert read_settings().vendors.key("cohere").startswith("the name")


def test_a_variable_that_is_set_to_nothing_is_as_if_it_were_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "")
    monkeypatch.setenv("SECOND_PASS_RANKING_EVIDENCE", "")
    monkeypatch.setenv("SECOND_PASS_UNHEARD_OF", "")
    assert read_settings() == Settings()


def test_no_key_is_printed_with_the_settings_or_in_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for setting in settings_of(Settings):
        if setting.name.endswith("key"):
            monkeypatch.setenv(setting.variable, "hunter2")
    settings = read_settings()
    assert settings.vendors.key("jina") == settings.answer.token == "hunter2"
    shown = [row for found in rows(settings).values() for row in found if row.name.endswith("key")]
    assert {row.value for row in shown} == {"set (hidden)"}
    assert "hunter2" not in f"{settings!r} {settings} {asdict(settings)} {shown}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[ranking]\nprecice = 'none'", "ranking.precice: there is no such setting. Did you mean ranking.precise"),
        ("precice = 'none'", "precice: there is no such setting. Did you mean precise"),
        ("[rankin]\nprecise = 'none'", "Did you mean ranking.precise"),
        ("[ranking]\nevidence = 0", "ranking.evidence: Input should be greater than or equal to 1"),
        ("[ranking]\nfusion = 'rff'", "'learned' or 'rrf'"),
        ("precise = 'none'\n[ranking]\nprecise = 'builtin'", "stands there twice"),
        ("[ranking", "second-pass.toml cannot be read"),
        ("ranking = 3", "ranking: there is no such setting"),
    ],
)
def test_what_is_wrong_in_the_file_is_said_with_its_place_and_the_nearest_name(text: str, said: str) -> None:
    FILE.write_text(text)
    with pytest.raises(SettingsError) as caught:
        read_settings()
    assert "second-pass.toml" in str(caught.value)
    assert said in str(caught.value)


def test_a_misspelt_variable_of_ours_is_refused_with_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECOND_PASS_RANKING_PRECICE", "none")
    monkeypatch.setenv("SECOND_PASS_PORT", "eighty")
    with pytest.raises(SettingsError) as caught:
        read_settings()
    assert "SECOND_PASS_RANKING_PRECICE: there is no such setting. Did you mean SECOND_PASS_RANKING_PRECISE" in str(
        caught.value
    )
    assert "SECOND_PASS_PORT: Input should be a valid integer" in str(caught.value)


def test_a_value_that_may_be_unset_is_unset_by_none(monkeypatch: pytest.MonkeyPatch) -> None:
    FILE.write_text("[ranking]\ngate_margin = 1.5\n")
    monkeypatch.setenv("SECOND_PASS_RANKING_GATE_MARGIN", "none")
    monkeypatch.setenv("SECOND_PASS_RANKING_PRECISE", "none")
    ranking = read_settings().ranking
    assert ranking.gate_margin is None
    assert ranking.precise == "none"


def test_settings_are_changed_by_the_same_names() -> None:
    settings = changed(Settings(), home="/elsewhere", ranking={"evidence": 3})
    assert settings.library.home == Path("/elsewhere")
    assert settings.ranking == replace(Options(), evidence=3)


@pytest.mark.parametrize("text", ["fast_keep", "speed=3", "evidence=0", "fusion=other", "score_cache=perhaps"])
def test_a_comparison_that_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=text.partition("=")[0]):
        changed_options(Options(), text)


def test_a_comparison_changes_what_it_names_and_computes_scores_anew() -> None:
    options = changed_options(Options(gate_margin=1.0), "precise=none, gate_margin=none, evidence=3")
    assert options == Options(precise="none", gate_margin=None, evidence=3, score_cache=False)
    assert changed_options(Options(), "score_cache=true").score_cache
