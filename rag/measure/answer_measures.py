"""How good are the answers, and the refusals? Deterministic measures of one answer, and the report over many."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median, quantiles
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.measure.answer_text import exact_match, holds, number_matches, numbers, token_f1, tokens
from rag.measure.goldens import Golden
from rag.measure.report import Latency
from rag.measure.significance import Difference, Estimate, differences, estimates
from rag.tracing import Answer, Outcome, Trace

BINS = 10
REFUSED = (Outcome.NOT_IN_DOCUMENTS, Outcome.NO_DOCUMENTS)
# Shares and means over the answerable questions where each can be told; the order is that of the table.
MEASURES = {
    "answer@first": "a gold stands in the first paragraph",
    "answer@any": "a gold stands in the answer",
    "answer@evidence": "a gold stands in the evidence",
    "f1": "token F1 of the first paragraph",
    "exact": "the first paragraph is a gold",
    "number": "the gold's number stands in the answer (1 %, any unit)",
    "cited": "the answer cites something",
    "citation-precision": "cited pages that hold evidence",
    "citation-recall": "pages with evidence that are cited",
    "citation-map": "average precision of the cited pages, in order",
    "verbatim": "all that stands in quotation marks stands in the cited passage",
    "supported": "all numbers and names stand in the cited passages",
    "answered": "not refused",
}
_QUOTATION = re.compile(r"“([^”]*)”\s*((?:\[\d+\])+)")
_MARK = re.compile(r"\[(\d+)\]")
# Capitalised words that do not begin a sentence, a line or a quotation, where any word is capitalised.
_NAME = re.compile(r"(?<![.!?:…]\s)(?<![“\"(])(?<!^)\b[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)*", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class AnswerRow:
    """One answer against its golden. kind: "" for an answerable question, else what kind of unanswerable one.

    values: measure → 0..1 where it can be told. words: to read, in the first paragraph and in all. evidence_holds:
    whether a passage with the evidence was given to the answer. right: answered, and a gold stands in the answer.
    """

    id: str
    question: str
    kind: str
    outcome: Outcome
    confidence: float | None
    values: Mapping[str, float]
    words_first: int
    words_all: int
    evidence_holds: bool
    right: bool
    ms: float
    first: str = ""


@dataclass(frozen=True, kw_only=True)
class AnswerReport:
    """What an evaluation of answers comes to.

    false_answers: share of the unanswerable questions that got an answer, by kind and over all ("all").
    false_refusals: share of the answerable ones that were refused. auc: chance that an answerable question has a
    higher confidence than an unanswerable one. aurc: area under the risk-coverage curve (Geifman and El-Yaniv 2017;
    risk is the share of answers that are not right among the most confident). ece: expected calibration error of the
    confidence that the evidence answers, ten bins (Naeini et al. 2015). None where there is nothing to tell it by.
    """

    rows: tuple[AnswerRow, ...]
    measures: Mapping[str, Estimate]
    counts: Mapping[str, int]
    words_first: tuple[float, float]
    words_all: tuple[float, float]
    false_answers: Mapping[str, float] = field(default_factory=dict)
    false_refusals: float = 0.0
    auc: float | None = None
    aurc: float | None = None
    ece: float | None = None
    latency: Latency

    def to_json(self) -> dict[str, Any]:
        return {
            "questions": len(self.rows),
            "measures": {name: asdict(estimate) | {"n": self.counts[name]} for name, estimate in self.measures.items()},
            "words_to_read": {"first_paragraph": list(self.words_first), "answer": list(self.words_all)},
            "false_answers": dict(self.false_answers),
            "false_refusals": self.false_refusals,
            "auc": self.auc,
            "aurc": self.aurc,
            "ece": self.ece,
            "latency_ms": asdict(self.latency),
            "by_question": [
                {
                    "id": row.id,
                    "question": row.question,
                    "kind": row.kind,
                    "outcome": row.outcome.value,
                    "confidence": row.confidence,
                    "right": row.right,
                    "first_paragraph": row.first,
                    **row.values,
                }
                for row in self.rows
            ],
        }

    def table(self) -> str:
        """Plain text for a terminal, at most 120 characters wide."""
        lines = [f"{'answers':<20}{'mean (95 %)':>22}{'n':>7}  what is counted"]
        for name, estimate in self.measures.items():
            interval = f"{estimate.mean:.3f} ({estimate.low:.3f}–{estimate.high:.3f})"
            lines.append(f"{name:<20}{interval:>22}{self.counts[name]:>7}  {MEASURES[name]}")
        lines.append("")
        lines.append(
            f"Words to read, median and 9th decile: first paragraph {self.words_first[0]:.0f} and "
            f"{self.words_first[1]:.0f}, answer {self.words_all[0]:.0f} and {self.words_all[1]:.0f}"
        )
        lines.append(f"False refusals {self.false_refusals:.1%} of the answerable questions")
        for kind, share in self.false_answers.items():
            lines.append(f"False answers  {share:.1%} of the unanswerable questions: {kind}")
        told = {"AUC": self.auc, "AURC": self.aurc, "ECE": self.ece}
        lines.append(", ".join(f"{name} {value:.3f}" for name, value in told.items() if value is not None))
        lines.append(f"{len(self.rows)} questions; p50 {self.latency.p50:.0f} ms, p95 {self.latency.p95:.0f} ms")
        return "\n".join(filter(None, lines))


@dataclass(frozen=True, kw_only=True)
class AnswerComparison:
    """Two configurations over the same questions: each measure where both can tell it."""

    names: tuple[str, str]
    reports: tuple[AnswerReport, AnswerReport]
    differences: Mapping[str, Difference]

    def to_json(self) -> dict[str, Any]:
        return {
            "names": list(self.names),
            "reports": [report.to_json() for report in self.reports],
            "differences": {name: asdict(row) for name, row in self.differences.items()},
        }

    def table(self) -> str:
        """Plain text for a terminal, at most 120 characters wide."""
        lines = [f"A: {self.names[0]}", f"B: {self.names[1]}", ""]
        lines.append(f"{'measure':<20}{'A':>7}{'B':>7}{'B − A':>8}  {'95 % interval':<18}{'p':>6}  better/worse/same")
        for name, row in self.differences.items():
            interval = f"{row.low:+.3f} to {row.high:+.3f}"
            lines.append(
                f"{name:<20}{row.before:>7.3f}{row.after:>7.3f}{row.difference:>+8.3f}  {interval:<18}{row.p:>6.3f}"
                f"  {row.better}/{row.worse}/{row.same}"
            )
        return "\n".join(lines)


def measure_answer(golden: Golden, trace: Trace, answer: Answer, *, kind: str = "") -> AnswerRow:
    """One answer's measures. kind: "" where the golden's evidence is in the library, else why it cannot be answered."""
    first = first_paragraph(answer.text)
    refused = answer.outcome in REFUSED
    evidence = {chunk.id: chunk for chunk in trace.evidence.chunks}
    values: dict[str, float] = {}
    if not kind:
        values["answered"] = float(not refused)
        if golds := golden.golds:
            values["answer@first"] = float(holds(first, golds))
            values["answer@any"] = float(holds(answer.text, golds))
            values["answer@evidence"] = float(any(holds(chunk.headed_text, golds) for chunk in evidence.values()))
            values["f1"] = token_f1(first, golden.answers)
            values["exact"] = float(exact_match(first, golden.answers))
            matches = [number_matches(answer.text, gold) for gold in golden.answers]
            if any(match is not None for match in matches):
                values["number"] = float(any(matches))
    if not kind and not refused:
        values |= _citations(golden, trace, answer)
        values |= _support(trace, answer)
    return AnswerRow(
        id=golden.id,
        question=golden.question,
        kind=kind,
        outcome=answer.outcome,
        confidence=answer.confidence,
        values=values,
        words_first=len(first.split()),
        words_all=len(answer.text.split()),
        evidence_holds=not kind and any(golden.key_of(chunk) in golden.grades for chunk in evidence.values()),
        right=not kind and bool(values.get("answer@any", values.get("citation-recall", 0.0))),
        ms=trace.total_ms + answer.ms,
        first=first,
    )


def first_paragraph(text: str) -> str:
    """What a person reads first: up to the first empty line, without quotation marks and citation numbers."""
    paragraph = text.strip().split("\n\n")[0]
    return _MARK.sub("", paragraph).replace("“", "").replace("”", "").strip()


def report_answers(rows: Sequence[AnswerRow]) -> AnswerReport:
    """The report over answers to answerable and unanswerable questions; needs at least one answerable one."""
    answerable = [row for row in rows if not row.kind]
    unanswerable = [row for row in rows if row.kind]
    measures, counts = {}, {}
    for name in MEASURES:
        told = np.array([row.values[name] for row in answerable if name in row.values])
        if len(told):
            measures[name], counts[name] = estimates(told[:, None])[0], len(told)
    through: dict[str, float] = {}
    for kind in dict.fromkeys(row.kind for row in unanswerable):
        through[kind] = _share([row.outcome not in REFUSED for row in unanswerable if row.kind == kind])
    if len(through) > 1:
        through["all"] = _share([row.outcome not in REFUSED for row in unanswerable])
    known = [row for row in rows if row.confidence is not None]
    answered = [row for row in answerable if row.outcome not in REFUSED]
    p50, p95 = np.percentile([row.ms for row in rows], (50, 95))
    return AnswerReport(
        rows=tuple(rows),
        measures=measures,
        counts=counts,
        words_first=_middle_and_ninth([row.words_first for row in answered]),
        words_all=_middle_and_ninth([row.words_all for row in answered]),
        false_answers=through,
        false_refusals=_share([row.outcome in REFUSED for row in answerable]),
        auc=_auc(known),
        aurc=_aurc(known),
        ece=_ece(known),
        latency=Latency(p50=float(p50), p95=float(p95)),
    )


def compare_answers(before: AnswerReport, after: AnswerReport, names: tuple[str, str]) -> AnswerComparison:
    """Question by question, over the answerable ones. Raises ValueError for reports over other questions."""
    if [row.id for row in before.rows] != [row.id for row in after.rows]:
        raise ValueError("only reports over the same questions can be compared")
    results = {}
    for name in MEASURES:
        pairs = [
            (old.values[name], new.values[name])
            for old, new in zip(before.rows, after.rows, strict=True)
            if name in old.values and name in new.values
        ]
        if pairs:
            table = np.array(pairs)
            results[name] = differences(table[:, :1], table[:, 1:])[0]
    return AnswerComparison(names=names, reports=(before, after), differences=results)


def _citations(golden: Golden, trace: Trace, answer: Answer) -> dict[str, float]:
    chunks = {chunk.id: chunk for chunk in trace.evidence.chunks}
    cited = list(
        dict.fromkeys(golden.key_of(chunks[one.chunk_id]) for one in answer.citations if one.chunk_id in chunks)
    )
    values = {"cited": float(bool(answer.citations))}
    if not golden.grades:
        return values
    hits = [key in golden.grades for key in cited]
    precisions = [sum(hits[: place + 1]) / (place + 1) for place, hit in enumerate(hits) if hit]
    return values | {
        "citation-precision": sum(hits) / len(hits) if hits else 0.0,
        "citation-recall": sum(hits) / len(golden.grades),
        "citation-map": sum(precisions) / len(golden.grades),
    }


def _support(trace: Trace, answer: Answer) -> dict[str, float]:
    """Quotations against the passage they cite, numbers and names against all cited passages."""
    texts = {
        one.number: chunk.headed_text
        for one in answer.citations
        for chunk in trace.evidence.chunks
        if chunk.id == one.chunk_id
    }
    verbatim = []
    for quotation, marks in _QUOTATION.findall(answer.text):
        passage = " ".join(" ".join(tokens(texts.get(int(number), ""))) for number in _MARK.findall(marks))
        verbatim += [" ".join(tokens(part)) in passage for part in quotation.split(" … ")]
    cited = "\n".join(texts.values())
    said = _MARK.sub("", answer.text)
    prose = "\n".join(line for line in said.split("\n") if not line.startswith("|"))  # table heads are put together
    known, names = set(numbers(cited)), [name for name in _NAME.findall(prose) if tokens(name)]
    supported = all(value in known for value in numbers(said)) and all(holds(cited, [name]) for name in names)
    return ({"verbatim": float(all(verbatim))} if verbatim else {}) | {"supported": float(supported)}


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits) if hits else 0.0


def _middle_and_ninth(words: Sequence[int]) -> tuple[float, float]:
    if len(words) < 2:
        return (float(words[0]), float(words[0])) if words else (0.0, 0.0)
    return float(median(words)), float(quantiles(words, n=10)[-1])


def _confidences(rows: Sequence[AnswerRow]) -> NDArray[np.float64]:
    return np.array([row.confidence for row in rows], dtype=np.float64)


def _auc(rows: Sequence[AnswerRow]) -> float | None:
    labels = [not row.kind for row in rows]
    if len(set(labels)) < 2:
        return None
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(labels, _confidences(rows)))


def _aurc(rows: Sequence[AnswerRow]) -> float | None:
    if not rows:
        return None
    order = np.argsort(-_confidences(rows), kind="stable")
    wrong = np.array([not row.right for row in rows], dtype=np.float64)[order]
    return float((np.cumsum(wrong) / np.arange(1, len(wrong) + 1)).mean())


def _ece(rows: Sequence[AnswerRow]) -> float | None:
    if not rows:
        return None
    confidences, truth = _confidences(rows), np.array([row.evidence_holds for row in rows], dtype=np.float64)
    place = np.minimum((confidences * BINS).astype(int), BINS - 1)
    gaps = [
        np.sum(place == i) * abs(confidences[place == i].mean() - truth[place == i].mean()) for i in np.unique(place)
    ]
    return float(sum(gaps) / len(rows))
