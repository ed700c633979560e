"""Names → rerankers. A new one is one file and one line in FAMILIES."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec

from ingest.errors import RerankerUnavailable, UnknownName
from rag.rerank import hub
from rag.rerank.budget import Budgeted
from rag.rerank.cache import CachedReranker
from rag.rerank.options import RerankOptions
from rag.rerank.protocol import Reranker

NOTHING_LEAVES = "nothing leaves this machine"


@dataclass(frozen=True, kw_only=True)
class Family:
    """prefix: the name itself, or what stands before a model's name ("cohere:"). make: (rest of the name, options) →
    reranker, without loading anything. problem: why it cannot run here, or "". examples: full names that are offered.
    """

    prefix: str
    what: str
    make: Callable[[str, RerankOptions], Reranker]
    problem: Callable[[RerankOptions], str]
    examples: tuple[str, ...] = ()
    sends: str = NOTHING_LEAVES
    local: bool = False

    @property
    def exact(self) -> bool:
        return not self.prefix.endswith((":", "/"))

    def matches(self, name: str) -> bool:
        if self.prefix == HUB:  # a hub name or a path; a prefix that no other family knows is a mistake, not a path
            return "/" in name and ":" not in name
        return name == self.prefix if self.exact else name.startswith(self.prefix)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the Settings page. `note` says what it is, or why it cannot run here; `sends` what goes where."""

    name: str
    family: str
    usable: bool
    note: str
    sends: str


def make_reranker(name: str, *, options: RerankOptions) -> Reranker:
    """The reranker of that name, with the budget and the score cache that `options` ask for. Nothing is loaded yet.

    Raises UnknownName with the known and the nearest, RerankerUnavailable for a missing key, extra or server.
    """
    return with_policies(bare_reranker(name, options), options, local=family_of(name).local)


def bare_reranker(name: str, options: RerankOptions) -> Reranker:
    """Without budget and cache."""
    family = family_of(name)
    rest = name if family.exact or family.prefix == HUB else name.removeprefix(family.prefix)
    if not family.exact and not rest.strip():
        raise RerankerUnavailable(f"{name} names no model. For example: {', '.join(family.examples)}.")
    return family.make(rest, options)


def with_policies(reranker: Reranker, options: RerankOptions, *, local: bool) -> Reranker:
    """A time budget makes sense where passages are read one by one on this machine; a server has its timeout."""
    if options.budget_ms and local and not reranker.listwise:
        reranker = Budgeted(inner=reranker, budget_ms=options.budget_ms)
    if options.cache and reranker.name not in UNCACHED:
        reranker = CachedReranker(inner=reranker, cache=options.cache)
    return reranker


class Rerankers:
    """Keeps the rerankers that were asked for, so that a model is loaded once. One per process; thread-safe."""

    def __init__(self, options: RerankOptions) -> None:
        self.options = options
        self._lock = threading.Lock()
        self._made: dict[str, Reranker] = {}

    def get(self, name: str, *, budget_ms: float | None = None, cached: bool = True) -> Reranker:
        """The reranker of that name under this question's budget. Raises as `make_reranker`."""
        with self._lock:
            if name not in self._made:
                self._made[name] = bare_reranker(name, self.options)
        chosen = replace(self.options, budget_ms=budget_ms, cache=self.options.cache if cached else None)
        return with_policies(self._made[name], chosen, local=family_of(name).local)


def family_of(name: str) -> Family:
    """Raises UnknownName."""
    for family in FAMILIES:
        if family.matches(name):
            return family
    raise UnknownName("reranker", name, known_names())


def known_names() -> list[str]:
    return [name for family in FAMILIES for name in (family.examples or (family.prefix,))]


def known(options: RerankOptions | None = None) -> list[Row]:
    """Every family with the names offered for it, for the Settings page. Asks no network and loads no model."""
    chosen = options or RerankOptions()
    rows = []
    for family in FAMILIES:
        problem = family.problem(chosen)
        for name in family.examples or (family.prefix,):
            trouble = problem
            if family.prefix == HUB and not trouble and hub.found_here(name) is None:
                trouble = "not on this machine: fetched from the model hub at first use"
            rows.append(
                Row(
                    name=name,
                    family=family.what,
                    usable=not trouble,
                    note=trouble or family.what,
                    sends=family.sends,
                )
            )
    return rows


def _nothing(_: RerankOptions) -> str:
    return ""


def _package(package: str, extra: str) -> Callable[[RerankOptions], str]:
    def problem(_: RerankOptions) -> str:
        if find_spec(package) is not None:
            return ""
        return f"needs an extra: pip install 'second-pass[{extra}]'"

    return problem


def _none(_: str, options: RerankOptions) -> Reranker:
    from rag.rerank.previous_order import PreviousOrder

    return PreviousOrder()


def _late_interaction(_: str, options: RerankOptions) -> Reranker:
    from rag.rerank.late_interaction import LateInteraction

    if options.token_vectors is None:
        raise RerankerUnavailable("late-interaction needs the library's token vectors, and there are none here.")
    return LateInteraction(token_vectors=options.token_vectors)


def _builtin(_: str, options: RerankOptions) -> Reranker:
    from rag.rerank.cross_encoder import builtin

    if options.precise_folder is None:
        raise RerankerUnavailable("builtin needs the folder of its weights (data/models/precise).")
    return builtin(
        folder=options.precise_folder, device=options.device, precision=options.precision, threads=options.threads
    )


def _builtin_problem(options: RerankOptions) -> str:
    if options.precise_folder is not None and not (options.precise_folder / "precise.safetensors").is_file():
        return f"{options.precise_folder / 'precise.safetensors'} is missing"
    return ""


def _cross_encoder(name: str, options: RerankOptions) -> Reranker:
    from rag.rerank.cross_encoder import hub_cross_encoder

    return hub_cross_encoder(
        name,
        device=options.device,
        backend=options.backend,
        precision=options.precision,
        threads=options.threads,
    )


HUB = "owner/"  # stands for every hub name and folder
UNCACHED = ("none", "late-interaction")  # cheaper than the look-up

FAMILIES: tuple[Family, ...] = (
    Family(prefix="none", what="keeps the previous order", make=_none, problem=_nothing),
    Family(
        prefix="late-interaction",
        what="built in: MaxSim over token vectors made at ingest",
        make=_late_interaction,
        problem=_nothing,
    ),
    Family(
        prefix="builtin",
        what="built in: our own small cross-encoder",
        make=_builtin,
        problem=_builtin_problem,
        local=True,
    ),
    Family(
        prefix=HUB,
        what="cross-encoder of the model hub, or a folder",
        make=_cross_encoder,
        problem=_nothing,
        examples=(
            "cross-encoder/ms-marco-MiniLM-L6-v2",
            "cross-encoder/ms-marco-MiniLM-L12-v2",
            "cross-encoder/ms-marco-TinyBERT-L2-v2",
            "BAAI/bge-reranker-base",
            "BAAI/bge-reranker-large",
            "BAAI/bge-reranker-v2-m3",
            "mixedbread-ai/mxbai-rerank-base-v1",
        ),
        local=True,
    ),
)
