import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rag.fuse import (
    LinearFusion,
    number_matches,
    reciprocal_ranks,
    standardised,
    title_matches,
    vouching,
    words,
)
from rag.ranking import merged
from tests.rag.test_ranking import ranking


def test_reciprocal_rank_fusion_is_the_published_formula() -> None:
    both = merged([ranking(2).reordered("bm25", [2, 1]), ranking(2).reordered("dense", [1, 2])])
    expected = [1 / 61 + 1 / 62, 1 / 62 + 1 / 61]
    np.testing.assert_allclose(reciprocal_ranks(both, ("bm25", "dense")), expected)
    np.testing.assert_allclose(reciprocal_ranks(both, ("bm25",)), [1 / 61, 1 / 62])


@given(st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), min_size=1, max_size=50))
def test_standardised_values_are_finite_and_keep_the_order(values: list[float]) -> None:
    raw = np.array(values)
    out = standardised(raw)
    assert np.isfinite(out).all()
    present = ~np.isnan(raw)
    assert (np.diff(out[present][np.argsort(raw[present], kind="stable")]) >= -1e-9).all()


def test_years_are_found_however_they_are_written() -> None:
    assert "2018" in words("FY2018 revenue")
    assert "2018" in words("revenue in FY18")
    assert "2022" in words("3M_2022_10K.pdf")


def test_the_title_that_the_question_names_matches_best() -> None:
    titles = ["BESTBUY 2023 10K", "BESTBUY 2019 10K", "WALMART 2023 10K"]
    scores = title_matches("What was Best Buy's cash flow in FY2023?", titles)
    assert scores.argmax() == 0
    assert scores[1] > 0
    assert title_matches("what is it?", titles).tolist() == [0, 0, 0]


def test_numbers_count_only_when_they_match_exactly() -> None:
    assert number_matches("store at 8 C in 2021", ["8 C since 2021", "18 C since 2021", "no"]).tolist() == [1, 0.5, 0]
    assert number_matches("no numbers", ["1", "2"]).tolist() == [0, 0]


def test_a_title_is_matched_in_any_script_and_without_accents() -> None:
    titles = ["大阪の歴史", "東京都の予算", "Geschäftsbericht Köln", "التقرير السنوي"]
    assert title_matches("東京の予算はいくらですか？", titles).argmax() == 1
    assert title_matches("geschaftsbericht KOLN", titles).argmax() == 2
    assert title_matches("ما هو التّقرير السنويّ؟", titles).argmax() == 3
    assert title_matches("いつですか？", titles).tolist() == [0, 0, 0, 0]


def test_numbers_match_however_a_country_writes_them() -> None:
    texts = ["1.234,5 Mio. in 2021", "1,234.5m in 2021", "١٬٢٣٤٫٥ في ٢٠٢١", "1234 in 2021"]
    assert number_matches("1,234.5 in 2021", texts).tolist() == [1, 1, 1, 0.5]


def test_passages_of_one_page_vouch_for_each_other() -> None:
    candidates = ranking(3)
    assert vouching(candidates, np.array([1.0, 2.0, 3.0]), "document").tolist() == [3, 3, 3]
    assert vouching(candidates, np.array([1.0, 2.0, 3.0]), "page").tolist() == [0, 1, 2]


def test_the_weighted_sum_orders_by_its_signals_and_keeps_them_raw() -> None:
    fusion = LinearFusion(weights={"fast": {"late": 1.0, "bm25": 0.5}}, version="test")
    before = ranking(3).reordered("bm25", [30.0, 20.0, 10.0])
    after = fusion.reorder("fast", "question", before, {"late": np.array([0.1, 0.2, 0.9])})
    assert [c.chunk.position for c in after] == [2, 0, 1]
    assert dict(after.candidates[0].mark("fast").parts) == {"bm25": 10.0, "late": 0.9}  # type: ignore[union-attr]


def test_learning_sees_the_same_signals_that_the_order_was_made_of() -> None:
    fusion = LinearFusion(weights={"hybrid": {"bm25": 0.7, "title": 0.2}}, version="test")
    before = ranking(4).reordered("bm25", [4.0, 3.0, 2.0, 1.0])
    names, matrix = fusion.matrix("hybrid", "passage 3", before, {})
    weights = np.array([fusion.weights["hybrid"][name] for name in names])
    after = fusion.reorder("hybrid", "passage 3", before)
    by_id = {c.chunk.id: c.mark("hybrid").score for c in after}  # type: ignore[union-attr]
    np.testing.assert_allclose(matrix @ weights, [by_id[c.chunk.id] for c in before])
