"""Many facts for a benchmark: text whose words follow a natural distribution, real vectors mixed.

Sources are sentences of the standard library's docstrings with their vectors by the real model. A
fact mixes two of them: its words are drawn from both and from a long tail of rare words (ranks by
Zipf's law, so that the vocabulary grows with the facts as Heaps' law has it), its vector is the
mixture of theirs with noise. So words and vectors agree as they do in nature.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hegel_store.demo.corpus import standard_library
from hegel_store.embeddings.sentence_transformers import SentenceTransformerEmbedder
from hegel_store.models.identifiers import uuid7
from hegel_store.models.vectors import vector_text
from tests.bulk import facts_loaded

CORPUS = "crowd"
MODEL = "all-MiniLM-L6-v2"
BLOCK = 10_000
RARE_WORDS = 400_000
SHARES = {"c50": 0.5, "c10": 0.1, "c1": 0.01, "c01": 0.001, "c001": 0.0001}
"""Categories and the share of the facts in each; the others are in 'rest'."""

COLUMNS = "corpus_id, id, content, category, confidence, intent, metadata, embedding_384"


@dataclass(frozen=True)
class Sources:
    """Sentences as lists of words, and their unit vectors, float32 (sentences, 384)."""

    words: list[list[str]]
    vectors: np.ndarray


@dataclass(frozen=True)
class Query:
    """A question; most facts near it have its ``topic``."""

    text: str
    vector: np.ndarray
    topic: int


def sources(count: int = 6000) -> Sources:
    """The first ``count`` distinct sentences of 5 to 60 words, spread over the whole library."""
    sentences = dict.fromkeys(
        sentence
        for item in standard_library()
        for sentence in item.sentences
        if 5 <= len(sentence.split()) <= 60
    )
    chosen = list(sentences)[:: max(len(sentences) // count, 1)][:count]
    vectors = SentenceTransformerEmbedder().embed(chosen)
    return Sources([sentence.split() for sentence in chosen], vectors)


def facts(sources: Sources, count: int, seed: int = 1) -> Iterator[tuple[list[tuple], np.ndarray]]:
    """Blocks of rows for COLUMNS without the vector, and the vectors, float32 (rows, 384)."""
    random = np.random.default_rng(seed)
    names = [*SHARES, "rest"]
    # What is left of a half is shared by the rest: 1 - 0.5 - 0.1 - ...
    shares = [*SHARES.values(), 1 - sum(SHARES.values())]
    for begin in range(0, count, BLOCK):
        size = min(BLOCK, count - begin)
        pairs = random.integers(len(sources.words), size=(size, 2))
        weights = random.uniform(0.55, 0.9, size=size)
        lengths = np.clip(random.lognormal(3.0, 0.45, size=size).astype(int), 5, 120)
        categories = random.choice(len(names), size=size, p=shares)
        tail = _rare_words(random, lengths.sum())
        rows, used = [], 0
        for n in range(size):
            own = tail[used : used + lengths[n]]
            used += lengths[n]
            first, second = (sources.words[place] for place in pairs[n])
            content = " ".join(_drawn(random, first, second, weights[n], own))
            metadata = {"shard": int(random.integers(1000)), "topic": int(pairs[n, 0]) // 60}
            rows.append(
                (
                    CORPUS,
                    uuid7(),
                    f"{content} {begin + n}",
                    names[categories[n]],
                    float(random.random()),
                    f"topic {pairs[n, 0] // 60}",
                    json.dumps(metadata),
                )
            )
        yield rows, _mixed(random, sources.vectors, pairs, weights)


def queries(sources: Sources, count: int, seed: int = 2) -> list[Query]:
    """Short questions, made as the facts are."""
    random = np.random.default_rng(seed)
    pairs = random.integers(len(sources.words), size=(count, 2))
    weights = random.uniform(0.7, 0.95, size=count)
    vectors = _mixed(random, sources.vectors, pairs, weights)
    lengths = random.integers(4, 12, size=count)
    found = []
    for n in range(count):
        first, second = (sources.words[place] for place in pairs[n])
        own = _rare_words(random, lengths[n])
        words = _drawn(random, first, second, weights[n], own)
        found.append(Query(" ".join(words), vectors[n], int(pairs[n, 0]) // 60))
    return found


def fill(url: str, sources: Sources, count: int) -> None:
    """Load facts into an empty, migrated database."""
    with facts_loaded(url, CORPUS, MODEL, memory="2GB") as connection:
        for rows, vectors in facts(sources, count):
            with connection.cursor().copy(f"COPY hegel_facts ({COLUMNS}) FROM STDIN") as copy:
                for row, vector in zip(rows, vectors, strict=True):
                    copy.write_row((*row, vector_text(vector)))


def _mixed(
    random: np.random.Generator, vectors: np.ndarray, pairs: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    noise = random.normal(size=(len(pairs), vectors.shape[1])) / np.sqrt(vectors.shape[1])
    mixed = (
        weights[:, None] * vectors[pairs[:, 0]]
        + (1 - weights)[:, None] * vectors[pairs[:, 1]]
        + 0.35 * noise
    )
    return (mixed / np.linalg.norm(mixed, axis=1, keepdims=True)).astype(np.float32)


def _rare_words(random: np.random.Generator, count: int) -> list[str]:
    """Words of a tail by Zipf's law: the r-th is used as often as 1 / (r + 30)."""
    ranks = 30 * (1 + RARE_WORDS / 30) ** random.random(count) - 30
    return [_spelt(int(rank)) for rank in ranks]


def _spelt(rank: int) -> str:
    """A word to pronounce, another one for every rank; no word of English has so many o's."""
    syllables = []
    rank += 20
    while rank:
        rank, digit = divmod(rank, 20)
        syllables.append("bcdfghjklmnpqrstvwxz"[digit] + "o")
    return "".join(syllables)


def _drawn(
    random: np.random.Generator,
    first: list[str],
    second: list[str],
    weight: float,
    own: list[str],
) -> list[str]:
    """As many words as ``own`` has: a quarter of them these, the others from the two sentences."""
    picks = random.random(len(own))
    places = random.random(len(own))
    words = []
    for pick, place, rare in zip(picks, places, own, strict=True):
        if pick < 0.25:
            words.append(rare)
        elif pick < 0.25 + 0.75 * weight:
            words.append(first[int(place * len(first))])
        else:
            words.append(second[int(place * len(second))])
    return words
