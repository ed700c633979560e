"""Hosted rerankers: six vendors, each with the request and the response that its documentation gives.

The question and the passages are sent to the vendor. Keys and addresses come from the environment, by the names that
the vendors' own clients use.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ingest.documents import Chunk, Query
from ingest.errors import RerankerFailed, RerankerUnavailable
from rag.rerank.http import new_client, request_json
from rag.rerank.protocol import Scores, empty_scores

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, kw_only=True)
class Vendor:
    """prefix: in front of the model's name. base_url with `path` makes the address; `base_variables` override it, and
    may hold what the vendor's own client takes there. batch: most passages a request. body: (model, question, texts)
    → request. rows, index and score: where the results are. cost: what was billed, by name → place in the response.
    """

    prefix: str
    title: str
    base_url: str
    base_variables: tuple[str, ...]
    path: str
    key_variables: tuple[str, ...]
    batch: int
    body: Callable[[str, str, Sequence[str]], Mapping[str, Any]]
    rows: str = "results"
    score: str = "relevance_score"
    cost: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    headers: Callable[[str], Mapping[str, str]] = lambda key: {"Authorization": f"Bearer {key}"}
    listwise_models: tuple[str, ...] = ()


def _pinecone_body(model: str, question: str, texts: Sequence[str]) -> Mapping[str, Any]:
    body: dict[str, Any] = {
        "model": model,
        "query": question,
        "documents": [{"text": text} for text in texts],
        "rank_fields": ["text"],
        "top_n": len(texts),
        "return_documents": False,
    }
    if not model.startswith("cohere"):  # Pinecone's own and BGE refuse long passages unless told to cut them
        body["parameters"] = {"truncate": "END"}
    return body


VENDORS: Mapping[str, Vendor] = MappingProxyType(
    {
        vendor.prefix: vendor
        for vendor in (
            Vendor(
                prefix="cohere",
                title="Cohere",
                base_url="https://api.cohere.com",
                base_variables=("CO_API_URL",),
                path="/v2/rerank",
                key_variables=("CO_API_KEY", "COHERE_API_KEY"),
                batch=1000,
                body=lambda model, question, texts: {
                    "model": model,
                    "query": question,
                    "documents": list(texts),
                    "top_n": len(texts),
                },
                cost=MappingProxyType({"search_units": ("meta", "billed_units", "search_units")}),
            ),
            Vendor(
                prefix="jina",
                title="Jina",
                base_url="https://api.jina.ai/v1",
                base_variables=("JINA_BASE_URL",),
                path="/rerank",
                key_variables=("JINA_API_KEY",),
                batch=1000,
                body=lambda model, question, texts: {
                    "model": model,
                    "query": question,
                    "documents": list(texts),
                    "top_n": len(texts),
                    "return_documents": False,
                },
                cost=MappingProxyType({"tokens": ("usage", "total_tokens")}),
                listwise_models=("jina-reranker-v3",),
            ),
            Vendor(
                prefix="voyage",
                title="Voyage",
                base_url="https://api.voyageai.com/v1",
                base_variables=("VOYAGE_BASE_URL",),
                path="/rerank",
                key_variables=("VOYAGE_API_KEY",),
                batch=1000,
                body=lambda model, question, texts: {
                    "model": model,
                    "query": question,
                    "documents": list(texts),
                    "top_k": len(texts),
                    "return_documents": False,
                    "truncation": True,
                },
                rows="data",
                cost=MappingProxyType({"tokens": ("usage", "total_tokens")}),
            ),
            Vendor(
                prefix="pinecone",
                title="Pinecone",
                base_url="https://api.pinecone.io",
                base_variables=("PINECONE_CONTROLLER_HOST",),
                path="/rerank",
                key_variables=("PINECONE_API_KEY",),
                batch=100,
                body=_pinecone_body,
                rows="data",
                score="score",
                cost=MappingProxyType({"rerank_units": ("usage", "rerank_units")}),
                headers=lambda key: {"Api-Key": key, "X-Pinecone-Api-Version": "2025-10"},
            ),
            Vendor(
                prefix="zeroentropy",
                title="ZeroEntropy",
                base_url="https://api.zeroentropy.dev/v1",
                base_variables=("ZEROENTROPY_BASE_URL",),
                path="/models/rerank",
                key_variables=("ZEROENTROPY_API_KEY",),
                batch=1000,
                body=lambda model, question, texts: {
                    "model": model,
                    "query": question,
                    "documents": list(texts),
                    "top_n": len(texts),
                },
                cost=MappingProxyType({"tokens": ("total_tokens",)}),
            ),
            Vendor(
                prefix="mixedbread",
                title="Mixedbread",
                base_url="https://api.mixedbread.com",
                base_variables=("MIXEDBREAD_BASE_URL",),
                path="/v1/reranking",
                key_variables=("MXBAI_API_KEY",),
                batch=1000,
                body=lambda model, question, texts: {
                    "model": model,
                    "query": question,
                    "input": list(texts),
                    "top_k": len(texts),
                    "return_input": False,
                },
                rows="data",
                score="score",
                cost=MappingProxyType({"tokens": ("usage", "total_tokens")}),
            ),
        )
    }
)


@dataclass(frozen=True, kw_only=True)
class HostedReranker:
    """One vendor's model. Scores are the vendor's own, mostly 0..1, and mapped by index, never by place."""

    vendor: Vendor
    model: str
    base_url: str
    key: str = field(repr=False)
    timeout_s: float = 10.0
    client: httpx.Client = field(default_factory=new_client, repr=False, compare=False)

    @property
    def name(self) -> str:
        return f"{self.vendor.prefix}:{self.model}"

    @property
    def fingerprint(self) -> str:
        return f"{self.name}@{self.base_url}"

    @property
    def listwise(self) -> bool:
        return self.model.startswith(self.vendor.listwise_models) if self.vendor.listwise_models else False

    def score(self, query: Query, chunks: Sequence[Chunk]) -> Scores:
        if not chunks:
            return empty_scores()
        texts = [chunk.headed_text for chunk in chunks]
        values = np.empty(len(texts), dtype=np.float64)
        requests, cost = 0, dict.fromkeys(self.vendor.cost, 0.0)
        for start in range(0, len(texts), self.vendor.batch):
            batch = texts[start : start + self.vendor.batch]
            reply = request_json(
                self.client,
                "POST",
                self.base_url.rstrip("/") + self.vendor.path,
                who=self.vendor.title,
                timeout_s=self.timeout_s,
                body=self.vendor.body(self.model, query.text, batch),
                headers=self.vendor.headers(self.key),
                key_variable=" or ".join(self.vendor.key_variables),
            )
            values[start : start + len(batch)] = scores_by_index(
                found(reply.body, (self.vendor.rows,)), len(batch), score=self.vendor.score, who=self.vendor.title
            )
            requests += reply.requests
            for name, place in self.vendor.cost.items():
                cost[name] += _number(found(reply.body, place))
        batches = math.ceil(len(texts) / self.vendor.batch)
        details: dict[str, Any] = {"scored": len(texts), "requests": requests, "retries": requests - batches}
        return Scores(values=values, details=MappingProxyType(details | {k: round(v) for k, v in cost.items()}))


def hosted(prefix: str, model: str, environment: Mapping[str, str], timeout_s: float) -> HostedReranker:
    """Raises RerankerUnavailable when the key is not in the environment."""
    vendor = VENDORS[prefix]
    key = _first(environment, vendor.key_variables)
    if not key:
        raise RerankerUnavailable(missing_key(vendor))
    base_url = address(vendor, environment)
    return HostedReranker(vendor=vendor, model=model, base_url=base_url, key=key, timeout_s=timeout_s)


def address(vendor: Vendor, environment: Mapping[str, str]) -> str:
    """Where requests go: the vendor's own address, or a proxy named in the environment."""
    return _first(environment, vendor.base_variables) or vendor.base_url


def missing_key(vendor: Vendor) -> str:
    return f"{vendor.title} needs a key in the environment variable {' or '.join(vendor.key_variables)}."


def scores_by_index(rows: Any, count: int, *, score: str, who: str) -> NDArray[np.float64]:
    """(count,) scores from rows of {"index", score}. Raises RerankerFailed unless each index stands there once."""
    values = np.full(count, np.nan)
    if not isinstance(rows, list):
        raise RerankerFailed(f"{who} answered without a list of results.")
    for row in rows:
        index, value = (row.get("index"), row.get(score)) if isinstance(row, dict) else (None, None)
        if isinstance(index, bool) or not isinstance(index, int):
            raise RerankerFailed(f"{who} answered a result without an index.")
        if not 0 <= index < count:
            raise RerankerFailed(f"{who} answered index {index}, and there were {count} passages.")
        if not np.isnan(values[index]):
            raise RerankerFailed(f"{who} answered index {index} twice.")
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise RerankerFailed(f"{who} answered a score that is not a number.")
        values[index] = value
    missing = int(np.isnan(values).sum())
    if missing:
        raise RerankerFailed(f"{who} left out {missing} of {count} passages.")
    return values


def found(body: Any, place: Sequence[str]) -> Any:
    """What stands at that place in nested JSON objects, or None."""
    for name in place:
        if not isinstance(body, dict):
            return None
        body = body.get(name)
    return body


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def _first(environment: Mapping[str, str], names: Sequence[str]) -> str:
    return next((environment[name].strip() for name in names if environment.get(name, "").strip()), "")
