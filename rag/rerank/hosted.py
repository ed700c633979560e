"""Hosted rerankers: six vendors, each with the request and the response that its documentation gives.

The question and the passages are sent to the vendor. Keys and addresses are in `vendors.py`.
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
from rag.rerank.vendors import Vendors, key_variables

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, kw_only=True)
class Vendor:
    """prefix: in front of the model's name, and of the vendor's fields in `Vendors`, whose address ends before `path`.
    batch: most passages a request. body: (model, question, texts) → request. rows, index and score: where the results
    are. cost: what was billed, by name → place in the response.
    """

    prefix: str
    title: str
    path: str
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
                path="/v2/rerank",
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
                path="/rerank",
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
                path="/rerank",
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
                path="/rerank",
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
                path="/models/rerank",
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
                path="/v1/reranking",
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
                key_variable=key_variables(self.vendor.prefix),
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


def hosted(prefix: str, model: str, vendors: Vendors, timeout_s: float) -> HostedReranker:
    """Raises RerankerUnavailable when the key is not set."""
    vendor, key = VENDORS[prefix], vendors.key(prefix)
    if not key:
        raise RerankerUnavailable(missing_key(vendor))
    return HostedReranker(vendor=vendor, model=model, base_url=vendors.url(prefix), key=key, timeout_s=timeout_s)


def missing_key(vendor: Vendor) -> str:
    return f"{vendor.title} needs a key in the environment variable {key_variables(vendor.prefix)}."


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
