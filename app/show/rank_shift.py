"""Before → after: every candidate's place at each stage, as a bump chart and a table, with those that fell out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.show.passage import place, short
from ingest.documents import Chunk
from rag.stages import Kind
from rag.tracing import Answer, Trace

if TYPE_CHECKING:
    import altair
    import pandas

EVIDENCE, READ, FELL_OUT = "given to the answer", "read by the last stage, not used", "fell out"
FATES = (EVIDENCE, READ, FELL_OUT)


@dataclass(frozen=True, kw_only=True)
class Shift:
    """One candidate's way. ranks and scores: stage → place (from 1) and that stage's own score, where it has one; in
    the order in which the stages ran."""

    chunk: Chunk
    ranks: Mapping[str, int]
    scores: Mapping[str, float]
    fate: str
    evidence_number: int | None
    cited: bool
    relevant: bool | None

    @property
    def change(self) -> int | None:
        """Places won between the first and the last stage that ordered it; negative when it lost."""
        places = list(self.ranks.values())
        return places[0] - places[-1] if places else None


def shifts(trace: Trace, answer: Answer | None = None, marks: Mapping[str, bool] | None = None) -> list[Shift]:
    """Every candidate of fusion and rerankers: the evidence in its order, then by the last stage that ordered it.

    marks: chunk id → relevant, as a person judged it.
    """
    steps = [step for step in trace.stages if step.kind in (Kind.FUSION, Kind.RERANK)]
    ranks: dict[str, dict[str, int]] = {}
    scores: dict[str, dict[str, float]] = {}
    chunks: dict[str, Chunk] = {}
    for step in steps:
        for rank, candidate in enumerate(step.ranking, start=1):
            chunks.setdefault(candidate.chunk.id, candidate.chunk)
            ranks.setdefault(candidate.chunk.id, {})[step.name] = rank
            if mark := candidate.mark(step.name):
                scores.setdefault(candidate.chunk.id, {})[step.name] = mark.score
    numbers = {candidate.chunk.id: n for n, candidate in enumerate(trace.evidence, start=1)}
    cited = {citation.chunk_id for citation in answer.citations} if answer else set()
    last = steps[-1].name if steps else ""
    every = [
        Shift(
            chunk=chunk,
            ranks=ranks[chunk_id],
            scores=scores.get(chunk_id, {}),
            fate=EVIDENCE if chunk_id in numbers else READ if last in ranks[chunk_id] else FELL_OUT,
            evidence_number=numbers.get(chunk_id),
            cited=chunk_id in cited,
            relevant=(marks or {}).get(chunk_id),
        )
        for chunk_id, chunk in chunks.items()
    ]
    unranked = float("inf")
    late_to_early = [step.name for step in reversed(steps)]
    return sorted(
        every,
        key=lambda shift: (
            shift.evidence_number or unranked,
            *(shift.ranks.get(stage, unranked) for stage in late_to_early),
        ),
    )


def stages_of(shifts: Sequence[Shift]) -> list[str]:
    """The drawn stages in the order in which they ran; what reached the last of them went through all."""
    return max((list(shift.ranks) for shift in shifts), key=len, default=[])


def best(candidates: Sequence[Shift], count: int) -> list[Shift]:
    """Those that were among the first `count` at any stage, and all that were marked: what fits into a picture."""
    return [shift for shift in candidates if min(shift.ranks.values()) <= count or shift.relevant is not None]


def summary(trace: Trace, candidates: Sequence[Shift]) -> str:
    """One sentence of our own on what the stages changed."""
    evidence = [shift for shift in candidates if shift.fate == EVIDENCE]
    if not evidence:
        return "No passage was given to the answer."
    size = len(evidence)
    fresh = [shift for shift in evidence if next(iter(shift.ranks.values())) > size]
    climbed = max(evidence, key=lambda shift: shift.change or 0)
    if fresh:
        were = "was" if len(fresh) == 1 else "were"
        sentence = f"{len(fresh)} of the {size} passages given to the answer {were} not in hybrid's first {size}."
    elif climbed.change:
        sentence = f"All {size} were already in hybrid's first {size}; only their order changed."
    else:
        sentence = f"All {size} stand where hybrid search had put them."
    if fresh and (climbed.change or 0) > 0:
        sentence += f" Passage {climbed.evidence_number} climbed furthest, {_places(climbed.change or 0)}."
    fell = sum(shift.fate == FELL_OUT for shift in candidates)
    return f"{sentence} {fell} {'candidate' if fell == 1 else 'candidates'} fell out on the way."


def _places(number: int) -> str:
    return "1 place" if number == 1 else f"{number} places"


def chart(candidates: Sequence[Shift], *, height: int = 460) -> altair.LayerChart:
    """The bump chart: one line a candidate; ranks on a logarithmic scale, so that the places that count are apart."""
    import altair as alt
    import pandas as pd

    stages = stages_of(candidates)
    rows = pd.DataFrame([row for shift in candidates for row in _points(shift, stages)])
    deepest = int(rows["rank"].max())
    ticks = [tick for tick in (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000) if tick <= deepest]
    hover = alt.selection_point(fields=["id"], on="pointerover", nearest=True, clear="pointerout", empty=False)
    x = alt.X(
        "stage:N",
        sort=stages,
        title=None,
        scale=alt.Scale(type="point", padding=0.3),
        axis=alt.Axis(labelAngle=0, orient="top", domain=False, ticks=False, labelFontWeight=600, labelFontSize=13),
    )
    y = alt.Y(
        "rank:Q",
        title="rank",
        scale=alt.Scale(type="log", reverse=True, domain=[0.9, deepest * 1.15]),
        axis=alt.Axis(values=ticks, format="d", grid=True, domain=False),
    )
    colour = alt.Color(
        "fate:N",
        scale=alt.Scale(domain=list(FATES)),
        legend=alt.Legend(orient="bottom", title=None, columns=1, symbolType="stroke", labelLimit=320),
    )
    tooltip = [
        alt.Tooltip("passage:N", title="passage"),
        alt.Tooltip("way:N", title="ranks"),
        alt.Tooltip("score:N", title="score here"),
        alt.Tooltip("fate:N", title="fate"),
        alt.Tooltip("judged:N", title="marked"),
    ]
    line = (
        alt.Chart(rows)
        .mark_line(interpolate="monotone")
        .encode(
            x=x,
            y=y,
            detail="id:N",
            color=colour,
            strokeWidth=alt.condition(hover, alt.value(4), alt.StrokeWidth("weight:Q", scale=None, legend=None)),
            opacity=alt.condition(hover, alt.value(1), alt.Opacity("strength:Q", scale=None, legend=None)),
        )
    )
    point = (
        alt.Chart(rows)
        .mark_point(filled=True, size=64, opacity=1)
        .encode(
            x=x,
            y=y,
            color=colour,
            opacity=alt.condition(hover, alt.value(1), alt.Opacity("strength:Q", scale=None, legend=None)),
            shape=alt.Shape(
                "judged:N",
                scale=alt.Scale(
                    domain=["not marked", "relevant", "not relevant"], range=["circle", "triangle-up", "cross"]
                ),
                legend=None,
            ),
            tooltip=tooltip,
        )
        .add_params(hover)
    )
    labels = (
        alt.Chart(rows[rows["label"] != ""])
        .mark_text(align="left", dx=9, fontWeight=600)
        .encode(x=x, y=y, text="label:N", color=alt.Color("fate:N", scale=alt.Scale(domain=list(FATES)), legend=None))
    )
    drawn: altair.LayerChart = (line + point + labels).properties(height=height)
    return drawn


def _points(shift: Shift, stages: Sequence[str]) -> list[dict[str, Any]]:
    drawn = [stage for stage in stages if stage in shift.ranks]
    way = " → ".join(f"#{shift.ranks[stage]} {stage}" for stage in drawn)
    judgement = {True: "relevant", False: "not relevant", None: "not marked"}[shift.relevant]
    return [
        {
            "id": shift.chunk.id,
            "stage": stage,
            "rank": shift.ranks[stage],
            "score": f"{shift.scores[stage]:.3g}" if stage in shift.scores else "none",
            "passage": short(place(shift.chunk), 70),
            "way": way,
            "fate": shift.fate,
            "judged": judgement,
            "weight": 2.5 if shift.fate == EVIDENCE else 1.3,
            "strength": 1.0 if shift.fate == EVIDENCE else 0.5,
            "label": f"[{shift.evidence_number}]" if shift.evidence_number and stage == drawn[-1] else "",
        }
        for stage in drawn
    ]


def table(candidates: Sequence[Shift]) -> pandas.DataFrame:
    """One row a candidate, for a sortable table. Scores stay on each stage's own scale."""
    import pandas as pd

    judgement = {True: "relevant", False: "not relevant", None: ""}
    stages = stages_of(candidates)
    rows = []
    for shift in candidates:
        row: dict[str, Any] = {
            "fate": _fate_in_table(shift),
            "p.": shift.chunk.page,
            "document": shift.chunk.document_name,
        }
        for stage in stages:
            row[f"{stage} #"] = shift.ranks.get(stage)
        row["change"] = shift.change
        for stage in stages:
            row[f"{stage} score"] = shift.scores.get(stage)
        row["marked"] = judgement[shift.relevant]
        rows.append(row)
    frame = pd.DataFrame(rows)
    whole = [f"{stage} #" for stage in stages] + ["change"]
    return frame.astype(dict.fromkeys(whole, "Int64")) if rows else frame


def _fate_in_table(shift: Shift) -> str:
    if shift.evidence_number:
        return f"[{shift.evidence_number}] cited" if shift.cited else f"[{shift.evidence_number}] given"
    return "read, not used" if shift.fate == READ else "fell out"
