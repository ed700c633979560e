"""The stages as data: what puts passages in an order, how many it reads and keeps, and which order it starts from."""

from __future__ import annotations

import json
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from pydantic import ConfigDict

from ingest.errors import SettingsError


class Kind(StrEnum):
    """What a step of a question's way does. Retrieval, fusion and reranking order passages by a score of their own;
    a policy folds, reorders or cuts an order without one; preparation orders nothing."""

    PREPARATION = "preparation"
    RETRIEVAL = "retrieval"
    FUSION = "fusion"
    RERANK = "rerank"
    POLICY = "policy"


RETRIEVERS = ("bm25", "dense")
HYBRID = "hybrid"
FAST, PRECISE = "fast", "precise"  # the two stages that are there without a setting
ENCODING, REWRITING, NAMED, PASSAGES = "encoding", "rewriting", "named documents", "passages"
FOLDING, GATE, CAP, DIVERSITY, EVIDENCE = "folding", "gate", "document cap", "diversity", "evidence"
_TAKEN = {*RETRIEVERS, HYBRID, ENCODING, REWRITING, NAMED, PASSAGES, FOLDING, GATE, CAP, DIVERSITY, EVIDENCE}
_TAKEN |= {"recall", "fusion", "found", "final", "answer", "total", "rerankers", ""}  # what reports call other things

OFF = "none"  # the reranker of a stage that is switched off
_BUILT_IN = ("late-interaction", "builtin")  # the scales of their scores are those that fusion weights were learned on
_SIGNALS = {FAST: "late", PRECISE: "cross-encoder"}


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One reranking stage; an entry of `stages` in the settings is one of these.

    reads: how many of the order before it, None for all that are passed on. keeps: how many it passes on, None for
    all. starts_from: the earlier stage whose order its own is compared with, "" for the one before it. signal: the
    name of its reranker's raw score among the signals, "" for the stage's name. fused: its score is the weighted sum
    of signals where there are weights for it, otherwise the reranker's own. timeout_s: None for the settings' own.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")  # a misspelt key of an entry is said, not passed over

    name: str
    reranker: str
    reads: int | None = None
    keeps: int | None = None
    starts_from: str = ""
    signal: str = ""
    fused: bool = False
    timeout_s: float | None = None


def entries(value: object) -> object:
    """What `stages` is in the environment, JSON, as the list that it is in a file; anything else as it is."""
    return json.loads(value) if isinstance(value, str) else value


def cascade(
    *, fast: str, fast_keep: int, precise: str, added: Sequence[Stage], timeout_s: float, learned: bool
) -> tuple[Stage, ...]:
    """The stages in the order in which they run: fast, precise, then `added`.

    An added stage of the name "fast" or "precise" takes that one's place. learned: whether the built-in rerankers'
    scores go into a weighted sum. Raises SettingsError for a name that is taken or a number under 1.
    """
    stages = {FAST: Stage(name=FAST, reranker=fast, keeps=fast_keep), PRECISE: Stage(name=PRECISE, reranker=precise)}
    names = [stage.name for stage in added]
    for stage in added:
        if stage.name in _TAKEN or names.count(stage.name) > 1:
            raise SettingsError(f'A stage cannot be called "{stage.name}": the name is taken. Give it another one.')
        if any(number is not None and number < 1 for number in (stage.reads, stage.keeps)):
            raise SettingsError(f"The stage {stage.name} must read and keep at least one passage.")
        stages[stage.name] = stage
    order = tuple(
        replace(
            stage,
            signal=stage.signal or _SIGNALS.get(stage.name, stage.name),
            fused=learned and stage.reranker in _BUILT_IN,
            timeout_s=stage.timeout_s or timeout_s,
        )
        for stage in stages.values()
    )
    for i, stage in enumerate(order):
        if stage.starts_from and stage.starts_from not in {*RETRIEVERS, HYBRID, *(row.name for row in order[:i])}:
            raise SettingsError(f"The stage {stage.name} starts from {stage.starts_from}, which is not before it.")
    return order


def learning_stage(stages: Sequence[Stage], weights: Container[str]) -> str:
    """The stage whose weights feedback moves: the last one that has any (`weights` holds the names of those)."""
    return next((stage.name for stage in reversed(stages) if stage.name in weights), PRECISE)


def kind_of(name: str) -> Kind:
    """The kind of a stage in a trace that was recorded before kinds were."""
    if name in RETRIEVERS:
        return Kind.RETRIEVAL
    return Kind.FUSION if name == HYBRID else Kind.RERANK
