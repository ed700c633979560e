"""Small traces for tests: each stage is a list of passages, written as "a.pdf:3" (page 3) or "a.pdf:3#2"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ingest.documents import Chunk
from rag.fuse import LinearFusion
from rag.ranking import Candidate, Ranking, merged
from rag.stages import kind_of
from rag.tracing import Step, Trace


def chunk(name: str, text: str = "") -> Chunk:
    place, _, number = name.partition("#")
    document, _, page = place.partition(":")
    return Chunk(
        id=name,
        document_id=f"id-{document}",
        document_name=document,
        position=int(number or 0),
        page=int(page or 1),
        section="",
        text=text or f"text of {name}",
    )


def trace(
    question: str,
    stages: Mapping[str, Sequence[str]],
    *,
    scores: Mapping[str, Sequence[float]] | None = None,
    parts: Mapping[str, Sequence[Mapping[str, float]]] | None = None,
    texts: Mapping[str, str] | None = None,
    model: str = "builtin",
    ms: float = 1.0,
    evidence: int = 5,
) -> Trace:
    """A trace whose stages order the named passages; scores fall by 1 a rank unless given."""
    made = {name: chunk(name, (texts or {}).get(name, "")) for names in stages.values() for name in names}
    steps: list[Step] = []
    history = Ranking()
    for stage, names in stages.items():
        known = {candidate.chunk.id: candidate for candidate in history}
        ranking = Ranking(candidates=tuple(known.get(name) or Candidate(chunk=made[name]) for name in names))
        falling = [-float(i) for i in range(len(names))]
        ranking = ranking.reordered(stage, (scores or {}).get(stage) or falling, (parts or {}).get(stage))
        count = len(names)
        kind = kind_of(stage)
        steps.append(Step(name=stage, kind=kind, ms=ms, ranking=ranking, intake=count, scored=count, model=model))
        kept = {candidate.chunk.id: candidate for candidate in history}
        kept |= {candidate.chunk.id: candidate for candidate in ranking}
        history = merged([Ranking(candidates=tuple(kept.values()))])
    last = steps[-1].ranking if steps else Ranking()
    return Trace(question=question, searched=question, steps=tuple(steps), evidence=last.top(evidence))


def fused_trace(question: str, seed: int, weights: LinearFusion) -> Trace:
    """A trace whose precise stage was really fused, with the evidence known to the cross-encoder and not to late."""
    rng = np.random.default_rng(seed)
    chunks = [
        Chunk(
            id=f"{question}-{i}",
            document_id=f"d{i % 3}",
            document_name=f"d{i % 3}.pdf",
            position=i,
            page=i // 3 + 1,
            section="",
            text=f"passage {i}",
        )
        for i in range(20)
    ]
    ranking = Ranking(candidates=tuple(Candidate(chunk=one) for one in chunks))
    dense = ranking.reordered("dense", rng.random(20))
    late = np.array([float(rng.normal()) - 1.5 * (c.chunk.position == 7) for c in dense])
    fast = dense.reordered("fast", late, [{"late": float(value)} for value in late])
    logits = np.array([float(rng.normal()) + 2.5 * (c.chunk.position == 7) for c in fast])
    late_again = np.array([mark.parts["late"] for c in fast if (mark := c.mark("fast"))])
    precise = weights.reorder("precise", question, fast, {"cross-encoder": logits, "late": late_again})
    steps = tuple(
        Step(name=name, kind=kind_of(name), ms=1.0, ranking=order, model="builtin")
        for name, order in (("dense", dense), ("fast", fast), ("precise", precise))
    )
    return Trace(question=question, searched=question, steps=steps, evidence=precise.top(5))
