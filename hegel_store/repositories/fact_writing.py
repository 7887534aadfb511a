"""The statements that store a batch of facts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from hegel_store.database import Executor, translated
from hegel_store.errors import HegelStoreError, InvalidInput, NotFound
from hegel_store.models import JudgedFact, NewFact
from hegel_store.models.identifiers import uuid7
from hegel_store.models.vectors import Vector, size_of, vector_text
from hegel_store.repositories.label_writing import find_or_make

Content = tuple[str, bytes]
"""What makes facts equal: the corpus and the SHA-256 of the content."""


def embedded_statement(slot: str) -> str:
    """Which of the wanted contents are stored with a vector in this slot."""
    return f"""
        SELECT corpus_id, content_hash
        FROM hegel_facts
        JOIN unnest(CAST(:corpora AS text[]), CAST(:hashes AS bytea[]))
            AS wanted (corpus_id, hash) USING (corpus_id)
        WHERE content_hash = wanted.hash AND deleted_at IS NULL AND {slot} IS NOT NULL
    """


KIND = "general"
"""Of the labels that facts name."""

FIELDS = (
    ("corpus_id", "text"),
    ("id", "uuid"),
    ("label_id", "uuid"),
    ("content", "text"),
    ("category", "text"),
    ("intent", "text"),
    ("confidence", "float8"),
    ("freshness", "text"),
    ("language", "text"),
    ("metadata", "jsonb"),
    ("seen_count", "int4"),
    ("profile_id", "uuid"),
    ("step_id", "uuid"),
    ("valid_from", "timestamptz"),
    ("expires_at", "timestamptz"),
)
NAMES = ", ".join(name for name, _ in FIELDS)


def insert_statement(slots: Sequence[str]) -> str:
    """Insert a batch, with vectors in these slots; an equal content is reinforced instead, and
    revived if it expired or ended.

    Rows go in by (corpus, hash), so that two writers of the same contents do not deadlock.
    """
    names = ", ".join([NAMES, *slots])
    given = [f"CAST(:{name} AS {kind}[])" for name, kind in FIELDS]
    given += [f"CAST(:{slot} AS text[])" for slot in slots]
    vectors = [f"CAST({slot} AS halfvec({size_of(slot)}))" for slot in slots]
    filled = [f", {slot} = coalesce(fact.{slot}, excluded.{slot})" for slot in slots]
    return f"""
        INSERT INTO hegel_facts AS fact ({names})
        SELECT {", ".join([NAMES, *vectors])}
        FROM unnest({", ".join(given)}) AS new ({names})
        ON CONFLICT (corpus_id, content_hash) WHERE deleted_at IS NULL DO UPDATE SET
            seen_count = fact.seen_count + excluded.seen_count,
            last_seen_at = clock_timestamp(),
            confidence = greatest(fact.confidence, excluded.confidence),
            freshness = excluded.freshness,
            expires_at = CASE
                WHEN fact.expires_at IS NOT NULL AND excluded.expires_at IS NOT NULL
                THEN greatest(fact.expires_at, excluded.expires_at)
            END,
            valid_to = NULL,
            label_id = coalesce(fact.label_id, excluded.label_id){"".join(filled)}
        RETURNING corpus_id, content_hash, id, (xmax = 0) AS added
    """


@dataclass(frozen=True, slots=True)
class Written:
    """The ids of a batch, in its order, how many of them are new rows, and what was judged: there
    a position is one in the batch."""

    ids: Sequence[UUID]
    added: int
    judged: Sequence[JudgedFact] = ()


def content_key(fact: NewFact) -> Content:
    """The same hash as the database's hegel_content_hash()."""
    return fact.corpus_id, hashlib.sha256(fact.content.encode()).digest()


def embedded_contents(session: Executor, keys: Sequence[Content], slot: str) -> set[Content]:
    """Which of these contents have their vector in the slot already."""
    values = {"corpora": [corpus for corpus, _ in keys], "hashes": [digest for _, digest in keys]}
    with translated():
        rows = session.execute(text(embedded_statement(slot)), values).all()
    return {(row.corpus_id, bytes(row.content_hash)) for row in rows}


def write(
    session: Executor,
    facts: Sequence[NewFact],
    vectors: Mapping[str, Mapping[Content, Vector]],
) -> Written:
    """Store one batch. ``vectors`` are those of the contents that were embedded or given, by slot.

    Raises NotFound for an unknown profile.
    """
    grouped: dict[Content, list[NewFact]] = {}
    for fact in facts:
        grouped.setdefault(content_key(fact), []).append(fact)
    keys = sorted(grouped)
    slots = sorted(vectors)
    named = {(fact.corpus_id, fact.label, KIND) for fact in facts if fact.label is not None}
    labels = find_or_make(session, dict.fromkeys(sorted(named)))
    columns: dict[str, list[Any]] = {name: [] for name, _ in FIELDS}
    for slot in slots:
        of_slot = vectors[slot]
        columns[slot] = [vector_text(of_slot[key]) if key in of_slot else None for key in keys]
    for key in keys:
        fact = grouped[key][0]
        label = next((same.label for same in grouped[key] if same.label is not None), None)
        expiries = [same.expires_at for same in grouped[key] if same.expires_at is not None]
        values = {
            "id": uuid7(),
            "label_id": None if label is None else labels[fact.corpus_id, label, KIND].id,
            "confidence": max(same.confidence for same in grouped[key]),
            # One that never expires outlasts the others.
            "expires_at": max(expiries) if len(expiries) == len(grouped[key]) else None,
            "metadata": fact.metadata_json,
            "seen_count": len(grouped[key]),
        }
        for name, _ in FIELDS:
            columns[name].append(values[name] if name in values else getattr(fact, name))
    profiles = sorted({str(fact.profile_id) for fact in facts if fact.profile_id is not None})
    missing: dict[str, HegelStoreError] = {
        "fk_hegel_facts_corpus_id_profile_id": NotFound(
            "profile", f"{', '.join(profiles)} in the corpus of its fact", "profile_id"
        )
    }
    with translated(missing):
        rows = session.execute(text(insert_statement(slots)), columns).all()
    ids = {(row.corpus_id, bytes(row.content_hash)): row.id for row in rows}
    return Written([ids[content_key(fact)] for fact in facts], sum(row.added for row in rows))


def problem(position: int, fact: object, dimensions: int) -> InvalidInput | None:
    """Why a fact cannot be stored, as far as it shows without the database."""
    if not isinstance(fact, NewFact):
        return InvalidInput(f"facts[{position}]", f"must be a NewFact, not {type(fact).__name__}")
    if fact.embedding is not None and len(fact.embedding) != dimensions:
        return InvalidInput(
            "embedding", f"has {len(fact.embedding)} dimensions, the others {dimensions}"
        )
    return None
