"""Sixty thousand facts whose attributes are known here too, so that a test can say what matches.

Vectors lie around centres that touch, in few directions, as those of real texts do; intents follow
the centres, every other attribute is drawn by chance. Loaded once for a whole run; nobody writes
there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
from pgvector import HalfVector
from pgvector.psycopg import register_vector
from psycopg.types.json import Jsonb

from hegel_store.models.identifiers import uuid7
from hegel_store.repositories.fact_models import UNNAMED_MODEL
from tests.bulk import facts_loaded

CORPUS = "multitude"
FACTS = 60_000
CENTRES = 60
DAY_0 = datetime(2024, 1, 1, tzinfo=UTC)
DELETED_ON = 120
EXPIRED_ON = 110
"""Days since DAY_0; facts are created on days 0 to 99."""

CATEGORIES = {"half": 0.5, "tenth": 0.1, "percent": 0.01, "thousandth": 0.001, "six": 0.0001}
"""Categories and the share of the facts in each; all others are in 'rest'."""
LABELS = {"often": 0.2, "seldom": 0.002}
COMMON = "badger"
"""A word that is in a third of the facts."""

COLUMNS = {
    "corpus_id": "text",
    "id": "uuid",
    "content": "text",
    "category": "text",
    "intent": "text",
    "confidence": "float8",
    "label_id": "uuid",
    "metadata": "jsonb",
    "created_at": "timestamptz",
    "deleted_at": "timestamptz",
    "expires_at": "timestamptz",
    "embedding_384": "halfvec",
}


@dataclass(frozen=True)
class Multitude:
    """The facts by columns, all in one order. ``vectors`` are as stored, of unit length."""

    ids: Sequence[UUID]
    contents: Sequence[str]
    vectors: np.ndarray
    intents: np.ndarray
    categories: np.ndarray
    labels: np.ndarray
    confidences: np.ndarray
    shards: np.ndarray
    days: np.ndarray
    deleted: np.ndarray
    expired: np.ndarray

    @property
    def live(self) -> np.ndarray:
        return ~self.deleted & ~self.expired

    def held(self, day: float) -> np.ndarray:
        """Which facts the memory held on that day."""
        return (
            (self.days <= day)
            & ~(self.deleted & (day >= DELETED_ON))
            & ~(self.expired & (day >= EXPIRED_ON))
        )

    def with_words(self, words: Sequence[str]) -> np.ndarray:
        """Which facts have any of the words."""
        wanted = set(words)
        return np.array([not wanted.isdisjoint(content.split()) for content in self.contents])

    def nearest(self, query: np.ndarray, among: np.ndarray, count: int) -> set[UUID]:
        """The exact answer."""
        places = np.flatnonzero(among)
        order = np.argsort(-(self.vectors[places] @ query), kind="stable")[:count]
        return {self.ids[place] for place in places[order]}


def moment(day: float) -> datetime:
    return DAY_0 + timedelta(days=float(day))


def vectors(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors, float32 (count, 384), rounded as they are stored, and the centre of each."""
    fixed = np.random.default_rng(0)
    centres = fixed.standard_normal((CENTRES, 24))
    directions = fixed.standard_normal((24, 384))
    random = np.random.default_rng(seed)
    chosen = random.integers(CENTRES, size=count)
    made = (centres[chosen] + 0.7 * random.standard_normal((count, 24))) @ directions
    made += 0.3 * random.standard_normal((count, 384))
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    stored = made.astype(np.float16).astype(np.float32)
    return stored / np.linalg.norm(stored, axis=1, keepdims=True), chosen


def word(rank: int) -> str:
    """A word for every number; no stemmer and no list of stop words knows any of them."""
    return "".join("bcdfghjklm"[int(digit)] + "o" for digit in str(rank + 100))


def imagine(seed: int = 1) -> Multitude:
    """The facts, the same ones every time but for their ids."""
    made, centres = vectors(FACTS, seed)
    random = np.random.default_rng(seed)
    # Ranks by Zipf's law: the r-th word is used as often as 1 / (r + 20).
    ranks = (20 * (1 + 20_000 / 20) ** random.random((FACTS, 7)) - 20).astype(int)
    commons = random.random(FACTS) < 1 / 3
    contents = [
        " ".join([*(word(rank) for rank in ranks[n]), *([COMMON] if commons[n] else []), f"n{n}"])
        for n in range(FACTS)
    ]
    gone = random.random(FACTS)
    return Multitude(
        ids=[uuid7() for _ in range(FACTS)],
        contents=contents,
        vectors=made,
        intents=np.array([f"intent {centre // 3}" for centre in centres]),
        categories=_shared(random, CATEGORIES),
        labels=_shared(random, LABELS),
        confidences=random.random(FACTS).round(4),
        shards=random.integers(1000, size=FACTS),
        days=random.uniform(0, 100, FACTS).round(3),
        deleted=gone < 0.04,
        expired=gone > 0.96,
    )


def _shared(random: np.random.Generator, shares: dict[str, float]) -> np.ndarray:
    """Names in exactly these shares, by chance; the others are 'rest'."""
    names = np.full(FACTS, "rest", dtype=object)
    begin = 0
    for name, share in shares.items():
        count = round(share * FACTS)
        names[begin : begin + count] = name
        begin += count
    return random.permutation(names)


def fill(url: str, facts: Multitude) -> None:
    """Load them into an empty, migrated database."""
    with facts_loaded(url, CORPUS, UNNAMED_MODEL, memory="1GB") as connection:
        register_vector(connection)
        labels = {name: uuid7() for name in LABELS}
        for name, identifier in labels.items():
            connection.execute(
                "INSERT INTO hegel_labels (corpus_id, id, name) VALUES (%s, %s, %s)",
                [CORPUS, identifier, name],
            )
        names = ", ".join(COLUMNS)
        with connection.cursor().copy(
            f"COPY hegel_facts ({names}) FROM STDIN (FORMAT binary)"
        ) as copy:
            copy.set_types(list(COLUMNS.values()))
            for n in range(FACTS):
                copy.write_row(
                    (
                        CORPUS,
                        facts.ids[n],
                        facts.contents[n],
                        facts.categories[n],
                        str(facts.intents[n]),
                        float(facts.confidences[n]),
                        labels.get(facts.labels[n]),
                        Jsonb({"shard": int(facts.shards[n]), "even": n % 2 == 0}),
                        moment(facts.days[n]),
                        moment(DELETED_ON) if facts.deleted[n] else None,
                        moment(EXPIRED_ON) if facts.expired[n] else None,
                        HalfVector(facts.vectors[n]),
                    )
                )
