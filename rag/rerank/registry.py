"""Names → rerankers. A new one is one file and one line in FAMILIES."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from importlib.util import find_spec

from ingest.errors import RerankerUnavailable, UnknownName
from rag.rerank import hub
from rag.rerank.budget import Budgeted
from rag.rerank.cache import CachedReranker
from rag.rerank.extras import missing_extra
from rag.rerank.options import RerankOptions
from rag.rerank.protocol import Reranker

NOTHING_LEAVES = "nothing leaves this machine"


@dataclass(frozen=True, kw_only=True)
class Family:
    """prefix: what stands before a model's name ("cohere:"), or the whole name (`exact`). make: (rest of the name,
    options) → reranker, without loading anything. problem: why it cannot run here, or "". examples: full names that
    are offered. sends_to: (name, options) → the address that question and passages go to, or "". local: reads passages
    one by one on this machine. hub: its models are fetched from the model hub. server: the name is an address.
    """

    prefix: str
    what: str
    make: Callable[[str, RerankOptions], Reranker]
    problem: Callable[[RerankOptions], str]
    examples: tuple[str, ...] = ()
    sends_to: Callable[[str, RerankOptions], str] = lambda name, options: ""
    exact: bool = False
    local: bool = False
    hub: bool = False
    server: bool = False

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
    """Keeps the rerankers that were asked for, so that a model is loaded once. One per process; thread-safe.

    servers: the names in the settings. An address that is not among them is refused: what a visitor of the pages types
    must not decide which machines ours sends passages to.
    """

    def __init__(self, options: RerankOptions, *, servers: Collection[str] = ()) -> None:
        self.options = options
        self.servers = frozenset(servers)
        self._lock = threading.Lock()
        self._made: dict[str, Reranker] = {}

    def get(self, name: str, *, budget_ms: float | None = None, cached: bool = True) -> Reranker:
        """The reranker of that name under this question's budget. Raises as `make_reranker`."""
        if family_of(name).server and name not in self.servers:
            raise RerankerUnavailable("The address of a rerank server is taken from the settings only.")
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
            if family.hub and not trouble and hub.found_here(name.removeprefix(family.prefix)) is None:
                trouble = "not on this machine: fetched from the model hub at first use"
            rows.append(
                Row(
                    name=name,
                    family=family.what,
                    usable=not trouble,
                    note=trouble or family.what,
                    sends=_sends(family, name, chosen),
                )
            )
    return rows


def _sends(family: Family, name: str, options: RerankOptions) -> str:
    where = "that server" if family.server else family.sends_to(name, options)
    return f"the question and the passages, to {where}" if where else NOTHING_LEAVES


def _nothing(_: RerankOptions) -> str:
    return ""


def _package(package: str, extra: str) -> Callable[[RerankOptions], str]:
    def problem(_: RerankOptions) -> str:
        if find_spec(package) is not None:
            return ""
        return f"needs {missing_extra(extra)}"

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
    models = options.models
    return builtin(
        folder=options.precise_folder, device=models.device, precision=models.precision, threads=models.threads
    )


def _builtin_problem(options: RerankOptions) -> str:
    if options.precise_folder is not None and not (options.precise_folder / "precise.safetensors").is_file():
        return f"{options.precise_folder / 'precise.safetensors'} is missing"
    return ""


def _cross_encoder(name: str, options: RerankOptions) -> Reranker:
    from rag.rerank.cross_encoder import hub_cross_encoder

    return hub_cross_encoder(
        name,
        device=options.models.device,
        precision=options.models.precision,
        threads=options.models.threads,
    )


def _flashrank(model: str, options: RerankOptions) -> Reranker:
    from rag.rerank.other import flashrank

    return flashrank(model, cache_folder=options.flashrank_folder.expanduser())


def _colbert(model: str, options: RerankOptions) -> Reranker:
    from rag.rerank.other import colbert

    return colbert(model, device=options.models.device, precision=options.models.precision)


def _rerankers_package(rest: str, options: RerankOptions) -> Reranker:
    from rag.rerank.other import rerankers_package

    return rerankers_package(rest, device=options.models.device)


def _vendor(prefix: str, *models: str) -> Family:
    from rag.rerank.hosted import VENDORS, hosted, missing_key

    vendor = VENDORS[prefix]

    def problem(options: RerankOptions) -> str:
        return "" if options.vendors.key(prefix) else missing_key(vendor)

    return Family(
        prefix=f"{prefix}:",
        what=f"hosted by {vendor.title}",
        make=lambda model, options: hosted(prefix, model, options.vendors, options.timeout_s),
        problem=problem,
        examples=tuple(f"{prefix}:{model}" for model in models),
        sends_to=lambda _, options: options.vendors.url(prefix),
    )


def _server(prefix: str, example: str, what: str) -> Family:
    def make(rest: str, options: RerankOptions) -> Reranker:
        from rag.rerank.server import server_reranker

        return server_reranker(f"{prefix}{rest}", options.vendors.key("own_server"), options.timeout_s)

    return Family(
        prefix=prefix,
        what=what,
        make=make,
        problem=lambda _: f"{what}: give your server's address in the settings",
        examples=(example,),
        server=True,
        sends_to=lambda name, _: name[name.index("http") :],
    )


def _llm(prefix: str, what: str) -> Family:
    def make(model: str, options: RerankOptions) -> Reranker:
        from rag.rerank.chat import ChatModel
        from rag.rerank.llm import Listwise, Pairwise, Pointwise

        if trouble := problem(options):
            raise RerankerUnavailable(f"{prefix}{model}: {trouble}")
        chat = ChatModel(replace(options.chat, model=model))
        if prefix == "llm-listwise:":
            return Listwise(model=chat, timeout_s=options.timeout_s)
        if prefix == "llm-pointwise:":
            return Pointwise(model=chat, timeout_s=options.timeout_s)
        return Pairwise(model=chat, timeout_s=options.timeout_s)

    def problem(options: RerankOptions) -> str:
        if options.chat.configured:
            return ""
        return "needs a chat model: set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own"

    return Family(
        prefix=prefix,
        what=what,
        make=make,
        problem=problem,
        examples=(f"{prefix}gpt-4o-mini",),
        sends_to=lambda _, options: options.chat.address,
    )


HUB = "owner/"  # stands for every hub name and folder
UNCACHED = ("none", "late-interaction")  # cheaper than the look-up

FAMILIES: tuple[Family, ...] = (
    Family(prefix="none", what="keeps the previous order", make=_none, problem=_nothing, exact=True),
    Family(
        prefix="late-interaction",
        what="built in: MaxSim over token vectors made at ingest",
        make=_late_interaction,
        problem=_nothing,
        exact=True,
    ),
    Family(
        prefix="builtin",
        what="built in: our own small cross-encoder",
        make=_builtin,
        problem=_builtin_problem,
        exact=True,
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
        hub=True,
        local=True,
    ),
    Family(
        prefix="flashrank:",
        what="light ONNX models of FlashRank",
        make=_flashrank,
        problem=_package("flashrank", "flashrank"),
        examples=(
            "flashrank:ms-marco-TinyBERT-L-2-v2",
            "flashrank:ms-marco-MiniLM-L-12-v2",
            "flashrank:ms-marco-MultiBERT-L-12",
            "flashrank:rank-T5-flan",
        ),
        local=True,
    ),
    Family(
        prefix="colbert:",
        what="late interaction with a ColBERT-style model",
        make=_colbert,
        problem=_nothing,
        examples=("colbert:answerdotai/answerai-colbert-small-v1", "colbert:colbert-ir/colbertv2.0"),
        hub=True,
        local=True,
    ),
    _vendor("cohere", "rerank-v4.0-pro", "rerank-v3.5", "rerank-english-v3.0", "rerank-multilingual-v3.0"),
    _vendor("jina", "jina-reranker-v3", "jina-reranker-v2-base-multilingual"),
    _vendor("voyage", "rerank-2.5", "rerank-2.5-lite"),
    _vendor("pinecone", "pinecone-rerank-v0", "bge-reranker-v2-m3"),
    _vendor("zeroentropy", "zerank-2", "zerank-1-small"),
    _vendor("mixedbread", "mixedbread-ai/mxbai-rerank-large-v2"),
    _server("http://", "http://127.0.0.1:8080", "rerank server of your own, its dialect found out"),
    _server("https://", "https://rerank.example", "rerank server of your own, its dialect found out"),
    _server("tei+http", "tei+http://127.0.0.1:8080", "text-embeddings-inference"),
    _server("llamacpp+http", "llamacpp+http://127.0.0.1:8080", "llama.cpp, started with --reranking"),
    _server("vllm+http", "vllm+http://127.0.0.1:8000", "vLLM"),
    _server("infinity+http", "infinity+http://127.0.0.1:7997", "Infinity"),
    _server("xinference+http", "xinference+http://127.0.0.1:9997", "Xinference"),
    replace(
        _server("ollama+http", "ollama+http://127.0.0.1:11434", "Ollama"), problem=lambda _: "has no rerank endpoint"
    ),
    _llm("llm-listwise:", "a chat model orders the list (RankGPT)"),
    _llm("llm-pointwise:", "a chat model grades each passage 0-10"),
    _llm("llm-pairwise:", "a chat model compares the first ten in pairs: 90 requests"),
    Family(
        prefix="rerankers:",
        what="any model of the package rerankers (T5, RankVicuna, RankZephyr)",
        make=_rerankers_package,
        problem=_package("rerankers", "rerankers"),
        examples=("rerankers:unicamp-dl/InRanker-base", "rerankers:castorini/rank_zephyr_7b_v1_full"),
    ),
)
