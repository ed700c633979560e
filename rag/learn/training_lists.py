"""Training lists from pairs: questions asked of textbooks, and wrong passages that our own retrieval would bring.

Hard negatives come from dense vectors and BM25 merged by reciprocal rank fusion (k = 60). What is likely to be right
after all is left out: near-copies of the right passage, and what the bi-encoder likes much better
("positive-aware mining", Moreira et al. 2024, NV-Retriever).
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.embed.minilm import minilm_folder
from ingest.errors import TrainingDataUnreadable
from rag.learn.token_projection import late_interaction, projected, token_states
from rag.learn.train_cross_encoder import TrainingList
from rag.rerank.builtin_weights import FAST_WEIGHTS, load_tokenizer

RRF_K = 60
NEAR_COPY = 0.93  # cosine with the right passage
MUCH_BETTER = 0.15  # cosine with the question, above the right passage's
SHARED_FIVE_GRAMS = 0.25  # of the shorter passage's
WRONG_KEPT = 16


@dataclass(frozen=True, kw_only=True)
class TrainingPair:
    """A question and the passage that answers it; ``title`` is "" where the source has none."""

    source: str
    question: str
    passage: str
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class TrainingPassage:
    """Unlabelled text with the title of the chapter or article it stands in."""

    source: str
    text: str
    title: str = ""


def _source(name: str) -> str:
    """The source's family: "natural-questions-qed" and "openstax/physics-book" are of two."""
    return "nq" if name.startswith("natural-questions") else name.split("/")[0]


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            return [json.loads(line) for line in file]
    except FileNotFoundError as error:
        raise TrainingDataUnreadable(f"{path} is missing: give the folder that holds it.") from error
    except (OSError, EOFError, ValueError) as error:
        raise TrainingDataUnreadable(f"{path} is not gzipped JSON lines ({error}): copy it again.") from error


def read_pairs(path: Path | str) -> list[TrainingPair]:
    """Pairs from gzipped JSON lines ``{"source","query","passage","title"?}``; raises TrainingDataUnreadable."""
    try:
        return [
            TrainingPair(
                source=_source(row["source"]),
                question=row["query"],
                passage=row["passage"],
                title=row.get("title") or "",
            )
            for row in _rows(Path(path))
        ]
    except KeyError as error:
        raise TrainingDataUnreadable(f"{path}: a line has no {error}; each needs source, query and passage.") from error


def read_passages(path: Path | str) -> list[TrainingPassage]:
    """Passages from gzipped JSON lines ``{"source","passage","title"?}``; raises TrainingDataUnreadable."""
    try:
        return [
            TrainingPassage(source=_source(row["source"]), text=row["passage"], title=row.get("title") or "")
            for row in _rows(Path(path))
        ]
    except KeyError as error:
        raise TrainingDataUnreadable(f"{path}: a line has no {error}; each needs source and passage.") from error


def read_answers(path: Path | str) -> list[TrainingPair]:
    """Pairs from gzipped JSON lines ``{"source","lang","question","passage","title"?}``; raises TrainingDataUnreadable.

    The source carries the language: "jaquad-ja".
    """
    try:
        return [
            TrainingPair(
                source=f"{_source(row['source'])}-{row['lang']}",
                question=row["question"],
                passage=row["passage"],
                title=row.get("title") or "",
            )
            for row in _rows(Path(path))
        ]
    except KeyError as error:
        raise TrainingDataUnreadable(
            f"{path}: a line has no {error}; each needs source, lang, question, passage."
        ) from error


DEFINITION = re.compile(
    r"(?:(?<=[.!?] )|^)(?:(?:An?|The) )?([A-Za-z][a-z]+(?: [a-z]+){0,2}) "
    r"(is|are|refers to|is defined as|consists of|occurs when|was|were) "
    r"(?=(?:an?|the|any|when|how|one|those|where)\b)([^.?!]{25,220})[.]"
)
NO_SUBJECT = frozenset(
    "this that these those it they he she there what which who one some many most all each both another other result "
    "example figure table here such goal first second problem reason question answer following same number part time "
    "people".split()
)
ASKED = {
    "is": ("what is %s", "what is meant by %s?", "define %s", "What is the meaning of %s?"),
    "are": ("what are %s", "What are %s?"),
    "was": ("who or what was %s", "what was %s"),
    "were": ("what were %s", "who were %s"),
}


def definition_pairs(passages: Sequence[TrainingPassage], rng: random.Random, limit: int) -> list[TrainingPair]:
    """ "A monopoly is a …" asks "what is monopoly": the passage that defines a word against those that only use it."""
    found: dict[str, TrainingPair] = {}
    for passage in passages:
        matches = [
            match
            for match in DEFINITION.finditer(passage.text)
            if not NO_SUBJECT & {match[1].split()[0].lower(), match[1].split()[-1].lower()}
        ]
        if matches:
            match = rng.choice(matches)
            subject = match[1] if match[1][0].islower() else match[1][0].lower() + match[1][1:]
            question = rng.choice(ASKED.get(match[2], ("what is %s", "what does %s mean?"))) % subject
            pair = TrainingPair(
                source=f"{passage.source}-definition", question=question, passage=passage.text, title=passage.title
            )
            found.setdefault(question, pair)
    return rng.sample(list(found.values()), min(limit, len(found)))


def sentence_pairs(passages: Sequence[TrainingPassage], rng: random.Random, limit: int) -> list[TrainingPair]:
    """A sentence asks for the passage it was taken out of ("inverse cloze task", Lee et al. 2019)."""
    pairs = []
    for passage in rng.sample(list(passages), min(2 * limit, len(passages))):
        sentences = re.split(r"(?<=[.!?]) (?=[A-Z])", passage.text)
        if len(sentences) >= 5:
            i = rng.randrange(1, len(sentences) - 1)
            if 8 <= len(sentences[i].split()) <= 35:
                rest = " ".join(sentences[:i] + sentences[i + 1 :])
                pairs.append(
                    TrainingPair(
                        source=f"{passage.source}-sentence", question=sentences[i], passage=rest, title=passage.title
                    )
                )
    return pairs[:limit]


def dense_vectors(
    texts: Sequence[str], *, max_length: int, progress: Callable[[int, int], None] | None = None
) -> NDArray[np.float32]:
    """(n, 384) float32: the embedding model's mean-pooled, L2-normalised vectors, as its card prescribes."""
    import torch
    from transformers import BertModel

    tokenizer = load_tokenizer()
    model: Any = BertModel.from_pretrained(minilm_folder(), dtype=torch.float32, use_safetensors=True)
    model.eval()
    ids = tokenizer(list(texts), truncation=True, max_length=max_length)["input_ids"]
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    vectors = np.zeros((len(ids), 384), np.float32)
    for start in range(0, len(order), 16):
        rows = order[start : start + 16]
        padded = tokenizer.pad({"input_ids": [ids[i] for i in rows]}, return_tensors="pt")
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            hidden = model(**padded).last_hidden_state
        mask = padded["attention_mask"][..., None]
        pooled = (hidden.float() * mask).sum(1) / mask.sum(1)
        vectors[rows] = torch.nn.functional.normalize(pooled, dim=-1).numpy()
        if progress is not None:
            progress(start + len(rows), len(order))
    return vectors


def keyword_search(pool: Sequence[str]) -> Callable[[str, int], list[int]]:
    """A BM25 search over ``pool`` in memory, stemmed: (question, limit) to positions in ``pool``, best first."""
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("body", stored=False, tokenizer_name="en_stem")
    builder.add_integer_field("position", stored=True)
    index = tantivy.Index(builder.build())
    writer = index.writer(50_000_000, 1)
    for position, text in enumerate(pool):
        writer.add_document(tantivy.Document(body=text, position=position))
    writer.commit()
    index.reload()
    searcher = index.searcher()

    def search(question: str, limit: int) -> list[int]:
        words = " ".join(re.findall(r"\w+", question.lower())[:60])
        if not words:
            return []
        hits = searcher.search(index.parse_query(words, ["body"]), limit).hits
        return [searcher.doc(address)["position"][0] for _, address in hits]

    return search


def mine_lists(
    pairs: Sequence[TrainingPair],
    pool: Iterable[TrainingPassage],
    *,
    skip: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> list[TrainingList]:
    """A list per pair: its passage, then up to 16 wrong ones from ``pool``, hardest first; under 6 it is dropped.

    ``skip`` leaves out that many of the hardest, for sources where several passages answer the same question.
    """
    titles = {passage.text: passage.title for passage in pool}
    titles |= {pair.passage: pair.title or titles.get(pair.passage, "") for pair in pairs}
    texts = sorted(titles)
    vectors = dense_vectors(texts, max_length=160, progress=progress)
    questions = dense_vectors([pair.question for pair in pairs], max_length=96)
    right = dense_vectors([pair.passage for pair in pairs], max_length=160)
    search = keyword_search(texts)
    lists = []
    for i, pair in enumerate(pairs):
        liked = vectors @ questions[i]
        copies = vectors @ right[i]
        ours = float(questions[i] @ right[i])
        dense = np.argsort(-liked, kind="stable")[:60].tolist()
        merged: dict[int, float] = {}
        for ranking in (dense, search(pair.question, 40)):
            for rank, position in enumerate(ranking):
                merged[position] = merged.get(position, 0.0) + 1 / (RRF_K + rank)
        wrong = [
            position
            for position in sorted(merged, key=lambda p: -merged[p])
            if copies[position] <= NEAR_COPY
            and liked[position] <= ours + MUCH_BETTER
            and not _share_much(pair.passage, texts[position])
        ]
        wrong = wrong[skip : skip + WRONG_KEPT]
        if len(wrong) >= 6:
            chosen = [pair.passage, *(texts[position] for position in wrong)]
            lists.append(
                TrainingList(
                    source=pair.source,
                    question=pair.question,
                    passages=tuple(chosen),
                    headers=tuple(titles[text] for text in chosen),
                )
            )
    return lists


def with_teacher(
    lists: Sequence[TrainingList],
    fast_dir: Path | str,
    *,
    passages: int = 8,
    progress: Callable[[int, int], None] | None = None,
) -> list[TrainingList]:
    """The lists, cut to their first ``passages``, with the fast model's late-interaction scores as their teacher.

    ``fast_dir`` is the folder of the fast model. What it knows out of domain would be lost on few and one-sided labels.
    """
    from safetensors.numpy import load_file

    weights = load_file(Path(fast_dir) / FAST_WEIGHTS)
    projection, idf = weights["projection"], weights["idf"]
    tokenizer = load_tokenizer()
    texts = sorted({text for item in lists for text in item.passages[:passages]})
    questions = sorted({item.question for item in lists})
    states: dict[str, NDArray[np.float16]] = {}
    for start in range(0, len(texts), 512):
        block = texts[start : start + 512]
        for text, rows in zip(block, token_states(block, max_length=192), strict=True):
            states[text] = projected(rows, projection).astype(np.float16)
        if progress is not None:
            progress(start + len(block), len(texts))
    asked = dict(zip(questions, token_states(questions, max_length=96), strict=True))
    taught = []
    for item in lists:
        chosen = item.passages[:passages]
        ids = tokenizer(item.question, truncation=True, max_length=96)["input_ids"][1:-1]
        vectors = projected(asked[item.question], projection)
        scores = [late_interaction(vectors, idf[ids], states[text].astype(np.float32)) for text in chosen]
        taught.append(replace(item, passages=chosen, headers=item.headers[:passages], teacher=tuple(scores)))
    return taught


def _share_much(one: str, other: str) -> bool:
    """Whether the two share more than a quarter of the shorter one's word five-grams."""
    grams = [
        {tuple(words[i : i + 5]) for i in range(len(words) - 4)}
        for words in (one.lower().split(), other.lower().split())
    ]
    return bool(grams[0] and grams[1]) and len(grams[0] & grams[1]) > SHARED_FIVE_GRAMS * min(map(len, grams))
