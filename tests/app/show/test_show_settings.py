import pytest
from pydantic import SecretStr

from app.settings import Settings, changed
from app.show.settings_table import in_use, rows, sent_where, shown, without_password


def with_key(**answer: object) -> Settings:
    return changed(Settings(), answer={"key": "sk-very-secret", **answer})


def test_every_setting_is_listed_with_the_variable_that_is_usual_for_it() -> None:
    variables = {row.name: row.variable for found in rows(Settings()).values() for row in found}
    assert variables["fast_keep"] == "SECOND_PASS_RANKING_FAST_KEEP"
    assert variables["base_url"] == "OPENAI_BASE_URL"


def test_a_key_is_never_shown_not_even_in_part() -> None:
    settings = with_key(base_url="https://me:hunter2@llm.example/v1")
    text = repr([rows(settings), sent_where(settings), in_use(settings)])
    assert "secret" not in text
    assert "hunter2" not in text
    assert "set (hidden)" in text


def test_nothing_is_sent_by_default_and_a_language_model_is_named() -> None:
    assert sent_where(Settings()) == []
    assert sent_where(with_key())[0][1] == "https://api.openai.com/v1"


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("cohere:rerank-v3.5", "https://api.cohere.com"),
        ("http://gpu:8080", "http://gpu:8080"),
        ("tei+http://gpu:8080", "http://gpu:8080"),
        ("llamacpp+http://gpu:8080", "http://gpu:8080"),
        ("vllm+https://me:hunter2@gpu:8000", "https://…@gpu:8000"),
        ("infinity+http://gpu:7997", "http://gpu:7997"),
        ("xinference+http://gpu:9997", "http://gpu:9997"),
        ("llm-listwise:gpt-4o-mini", "https://api.openai.com/v1"),
    ],
)
def test_a_reranker_that_sends_passages_away_is_named_with_its_address(name: str, address: str) -> None:
    [(what, where)] = sent_where(changed(Settings(), precise=name))
    assert what == "The question and the passages that the precise stage reads"
    assert address in where


def test_a_vendors_proxy_is_named_in_the_vendors_place() -> None:
    [(_, where)] = sent_where(changed(Settings(), precise="cohere:x", vendors={"cohere_url": "https://proxy.example"}))
    assert where.endswith("https://proxy.example")


@pytest.mark.parametrize(
    "name", ["none", "builtin", "late-interaction", "BAAI/bge-reranker-base", "flashrank:rank-T5-flan", "colbert:a/b"]
)
def test_a_reranker_on_this_machine_sends_nothing(name: str) -> None:
    assert sent_where(changed(Settings(), precise=name)) == []


@pytest.mark.parametrize(
    ("value", "text"), [(None, "not set"), (True, "on"), (False, "off"), (20, "20"), (SecretStr(""), "not set")]
)
def test_values_read_as_words(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_url_keeps_its_host_and_loses_its_password() -> None:
    assert without_password("postgresql://u:p@db/x") == "postgresql://…@db/x"
    assert without_password("https://host/v1") == "https://host/v1"


def test_a_changed_setting_is_marked() -> None:
    more = changed(Settings(), fast_keep=30)
    found = {row.name: row.changed for group in rows(more).values() for row in group}
    assert found["fast_keep"]
    assert not found["retrieve"]
