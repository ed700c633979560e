"""The policies of the cascade: budget, cache, folding, diversity, caps and the gate."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ingest.documents import Chunk, Query
from ingest.errors import DiskFull, RerankerFailed
from rag.policies import ambiguity_gate, fold_duplicates, mmr, per_document_cap, unchanged
from rag.ranking import Candidate, Ranking
from rag.rerank.budget import FIRST_BATCH, Budgeted
from rag.rerank.cache import CachedReranker, score_key
from rag.rerank.protocol import Scores
from tests.fakes.passages import chunk, chunks, query


@dataclass
class LengthReranker:
    """A fake: a passage's score is the length of its text; each read takes `ms` on a clock of its own."""

    name: str = "length"
    fingerprint: str = "length@1"
    listwise: bool = False
    ms: float = 0.0
    now: float = 0.0
    read: list[list[str]] = field(default_factory=list)
    unread: frozenset[str] = frozenset()

    def clock(self) -> float:
        return self.now

    def score(self, query: Query, chunks: Sequence[Chunk]) -> Scores:
        self.read.append([chunk.text for chunk in chunks])
        self.now += self.ms * len(chunks) / 1000
        values = [np.nan if chunk.text in self.unread else float(len(chunk.text)) for chunk in chunks]
        return Scores(values=np.array(values), details={"scored": len(chunks), "truncated": 1, "settings": "x"})


@dataclass
class Memory:
    kept: dict[str, float] = field(default_factory=dict)

    def get_scores(self, keys: Sequence[str]) -> dict[str, float]:
        return {key: self.kept[key] for key in keys if key in self.kept}

    def put_scores(self, scores: dict[str, float]) -> None:
        self.kept |= scores


def texts(count: int) -> list[str]:
    return ["x" * (i + 1) for i in range(count)]


def ranking(found: Sequence[Chunk], scores: Sequence[float] | None = None, stage: str = "fast") -> Ranking:
    plain = Ranking(candidates=tuple(Candidate(chunk=chunk) for chunk in found))
    return plain.reordered(stage, list(scores) if scores else np.arange(len(plain), 0, -1))


def test_a_budget_stops_the_reading_and_leaves_the_rest_unread() -> None:
    inner = LengthReranker(ms=10)
    scores = Budgeted(inner=inner, budget_ms=200, clock=inner.clock).score(query(), chunks(texts(50)))
    read = int((~np.isnan(scores.values)).sum())
    assert read == 20
    np.testing.assert_array_equal(scores.values[:read], np.arange(1, read + 1))
    assert scores.details["scored"] == read
    assert scores.details["unread"] == 30
    assert scores.details["settings"] == "x"
    assert scores.details["truncated"] == len(inner.read)


def test_a_generous_budget_reads_everything() -> None:
    inner = LengthReranker(ms=1)
    scores = Budgeted(inner=inner, budget_ms=10_000, clock=inner.clock).score(query(), chunks(texts(100)))
    assert not np.isnan(scores.values).any()
    assert scores.details["unread"] == 0


def test_even_a_spent_budget_reads_the_first_few() -> None:
    inner = LengthReranker(ms=1000)
    scores = Budgeted(inner=inner, budget_ms=1, clock=inner.clock).score(query(), chunks(texts(50)))
    assert int((~np.isnan(scores.values)).sum()) == FIRST_BATCH


@given(st.integers(0, 60), st.floats(0, 50), st.floats(1, 2000))
def test_what_a_budget_reads_is_always_the_front(count: int, ms: float, budget: float) -> None:
    inner = LengthReranker(ms=ms)
    scores = Budgeted(inner=inner, budget_ms=budget, clock=inner.clock).score(query(), chunks(texts(count)))
    read = int((~np.isnan(scores.values)).sum())
    np.testing.assert_array_equal(scores.values[:read], np.arange(1, read + 1))
    assert np.isnan(scores.values[read:]).all()
    assert ms * read <= max(budget, ms * FIRST_BATCH) * 1.001  # never longer than asked, but for the first few
    assert read == count or ms * (read + 1) >= budget * 0.999  # and nothing left undone that there was time for


def test_a_pair_is_never_read_twice() -> None:
    inner, memory = LengthReranker(), Memory()
    first = CachedReranker(inner=inner, cache=memory).score(query(), chunks(texts(5)))
    second = CachedReranker(inner=inner, cache=memory).score(query(), chunks(texts(7)))
    np.testing.assert_array_equal(first.values, np.arange(1, 6))
    np.testing.assert_array_equal(second.values, np.arange(1, 8))
    assert inner.read == [texts(5), ["x" * 6, "x" * 7]]
    assert (first.details["scored"], first.details["cached"]) == (5, 0)
    assert (second.details["scored"], second.details["cached"]) == (2, 5)


def test_another_question_reranker_or_passage_is_another_key() -> None:
    inner, memory = LengthReranker(), Memory()
    cached = CachedReranker(inner=inner, cache=memory)
    cached.score(query(), chunks(texts(2)))
    cached.score(query("another?"), chunks(texts(2)))
    inner.fingerprint = "length@2"
    cached.score(query(), chunks(texts(2)))
    headed = [chunk("x", section="Income")]
    cached.score(query(), headed)
    assert len(inner.read) == 4


def test_the_parts_of_a_key_do_not_run_together() -> None:
    assert score_key("a", "bc", ["d"]) != score_key("ab", "c", ["d"])
    assert score_key("a", "b", ["cd"]) != score_key("a", "b", ["c", "d"])
    assert score_key("a", "b", ["\udcff"]) != score_key("a", "b", ["?"])


def test_a_list_is_cached_whole_or_not_at_all() -> None:
    inner, memory = LengthReranker(listwise=True), Memory()
    cached = CachedReranker(inner=inner, cache=memory)
    cached.score(query(), chunks(texts(5)))
    again = cached.score(query(), chunks(texts(5)))
    assert again.details == {"scored": 0, "cached": 5}
    cached.score(query(), chunks(texts(4)))
    cached.score(query(), chunks(texts(5)[::-1]))
    assert [len(read) for read in inner.read] == [5, 4, 5]


def test_unread_passages_are_not_cached() -> None:
    inner, memory = LengthReranker(unread=frozenset({"xx"})), Memory()
    cached = CachedReranker(inner=inner, cache=memory)
    first = cached.score(query(), chunks(texts(3)))
    assert np.isnan(first.values).tolist() == [False, True, False]
    cached.score(query(), chunks(texts(3)))
    assert inner.read[1] == ["xx"]


def test_an_unknown_version_caches_nothing() -> None:
    inner, memory = LengthReranker(fingerprint=""), Memory()
    CachedReranker(inner=inner, cache=memory).score(query(), chunks(texts(3)))
    assert memory.kept == {}


def test_a_failure_is_not_cached() -> None:
    class Failing(LengthReranker):
        def score(self, query: Query, chunks: Sequence[Chunk]) -> Scores:
            raise RerankerFailed("no")

    memory = Memory()
    with pytest.raises(RerankerFailed):
        CachedReranker(inner=Failing(), cache=memory).score(query(), chunks(texts(3)))
    assert memory.kept == {}


@pytest.mark.parametrize("broken", ["get_scores", "put_scores"])
def test_a_broken_cache_costs_time_and_not_the_scores(broken: str) -> None:
    def fail(_: object) -> dict[str, float]:
        raise DiskFull("The disk is full.")

    memory = Memory()
    setattr(memory, broken, fail)
    scores = CachedReranker(inner=LengthReranker(), cache=memory).score(query(), chunks(texts(3)))
    np.testing.assert_array_equal(scores.values, [1, 2, 3])
    assert scores.note == "The score cache could not be used: The disk is full."


PARAGRAPH = (
    "The company recognises revenue when control of the promised goods passes to the customer, which is mostly at "
    "shipment, and measures it at the amount that it expects to receive for those goods after rebates and returns"
)


def test_a_near_copy_is_folded_into_the_better_placed() -> None:
    near = PARAGRAPH.replace("mostly", "usually").upper()
    found = [chunk(PARAGRAPH, 0, document="old"), chunk("Something else.", 1), chunk(near, 0, document="new")]
    applied = fold_duplicates(ranking(found), threshold=0.7)
    assert [c.chunk.document_id for c in applied.ranking] == ["old", "a"]
    assert applied.note == "1 near-duplicate passage folded into the best placed copy."


def test_a_near_copy_is_folded_in_a_script_without_spaces_too() -> None:
    text = "东京塔建成于昭和年间，是日本的地标，位于东京都港区，每年有很多游客来参观。"
    found = [chunk(text, 0, document="old"), chunk(text.replace("很多", "许多"), 0, document="new"), chunk("别的。", 1)]
    assert [c.chunk.document_id for c in fold_duplicates(ranking(found), threshold=0.7).ranking] == ["old", "a"]


def test_passages_that_differ_in_a_number_are_no_copies() -> None:
    found = [chunk(f"{PARAGRAPH} in {year}.", year, document=str(year)) for year in (2018, 2019)]
    assert fold_duplicates(ranking(found), threshold=0.5).ranking == ranking(found)


def test_different_passages_all_stay_and_nothing_is_said() -> None:
    before = ranking([chunk("alpha beta gamma delta", 0), chunk("epsilon zeta eta theta", 1), chunk("", 2)])
    assert fold_duplicates(before) == unchanged(before)


@given(st.lists(st.sampled_from(["one two three four", "five six seven eight nine", "ten", "", "1", "2"]), max_size=12))
def test_folding_keeps_the_first_of_each_and_the_order(words: list[str]) -> None:
    before = ranking([chunk(text, i) for i, text in enumerate(words)])
    kept = [candidate.chunk.text for candidate in fold_duplicates(before).ranking]
    assert kept == list(dict.fromkeys(words))


def test_a_hundred_candidates_fold_without_comparing_every_word() -> None:
    generator = np.random.default_rng(0)
    vocabulary = [f"word{i}" for i in range(2000)]
    found = [chunk(" ".join(generator.choice(vocabulary, 200)), i) for i in range(99)]
    before = ranking([*found, chunk(found[3].text, 99)])
    assert len(fold_duplicates(before).ranking) == 99


def test_a_document_gives_at_most_its_share() -> None:
    found = [chunk(str(i), i, document="ab"[i % 4 == 3]) for i in range(8)]
    applied = per_document_cap(ranking(found), 2)
    assert [c.chunk.position for c in applied.ranking] == [0, 1, 3, 7]
    assert applied.note == "4 passages left out: at most 2 of one document."
    assert per_document_cap(ranking(found), 6).note == ""
    with pytest.raises(ValueError, match="at least one"):
        per_document_cap(ranking(found), 0)


def test_mmr_puts_a_different_passage_before_a_second_alike() -> None:
    found = [chunk("red apple pie", 0), chunk("red apple pies", 1), chunk("stock market fall", 2)]
    before = ranking(found, [3.0, 2.9, 2.5])
    applied = mmr(before, 0.6, 2)
    assert [c.chunk.position for c in applied.ranking] == [0, 2, 1]
    assert "Diversity 0.6" in applied.note
    assert mmr(before, 0.0, 2).ranking == before


def test_mmr_takes_vectors_where_there_are_any() -> None:
    found = [chunk("one", 0), chunk("two", 1), chunk("three", 2)]
    east, north = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
    vectors = {"a-0": east, "a-1": east, "a-2": north}
    applied = mmr(ranking(found, [3.0, 2.9, 2.8]), 0.5, 3, vectors)
    assert [c.chunk.position for c in applied.ranking] == [0, 2, 1]


@given(
    st.lists(st.sampled_from(["a b", "a c", "d e f", "", "a b c d"]), min_size=1, max_size=10),
    st.floats(0, 1),
    st.integers(1, 12),
)
def test_mmr_loses_and_invents_nothing(words: list[str], diversity: float, limit: int) -> None:
    before = ranking([chunk(text, i) for i, text in enumerate(words)])
    after = mmr(before, diversity, limit).ranking
    assert sorted(c.chunk.id for c in after) == sorted(c.chunk.id for c in before)
    assert after.candidates[0] == before.candidates[0]


def test_the_gate_closes_only_when_the_first_leads_by_enough() -> None:
    found = chunks(texts(4))
    assert ambiguity_gate(ranking(found, [9, 1, 1, 1]), "fast", 0.3).note == "skipped: margin 2.31 > 0.30"
    assert ambiguity_gate(ranking(found, [2, 1.9, 1, 0]), "fast", 0.3).note == ""
    assert ambiguity_gate(ranking(found, [1, 1, 1, 1]), "fast", 0.0).note == ""
    assert ambiguity_gate(ranking(found[:2], [9, 1]), "fast", 0.3).note == ""
    assert ambiguity_gate(ranking(found, [9, 1, 1, 1]), "hybrid", 0.3).note == ""


@given(st.lists(st.floats(-100, 100).map(lambda x: round(x, 3)), min_size=3, max_size=20), st.floats(0.5, 9))
def test_the_gate_does_not_mind_the_scale_of_scores(scores: list[float], scale: float) -> None:
    found = chunks(texts(len(scores)))
    spread = float(np.std(scores))
    assume(spread > 1e-6)
    first, second = sorted(scores, reverse=True)[:2]
    assume(abs((first - second) / spread - 0.37) > 1e-6)
    plain, scaled = (
        ambiguity_gate(ranking(found, values), "fast", 0.37)
        for values in (scores, [score * scale + 5 for score in scores])
    )
    assert bool(scaled.note) == bool(plain.note)
