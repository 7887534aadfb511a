"""From the rows of a search to its hits, and what the server's refusals mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, Row, TextClause, text
from sqlalchemy.orm import Session

from hegel_store.database import translated
from hegel_store.errors import DatabaseError, InvalidInput
from hegel_store.failures import TOO_COMPLEX
from hegel_store.models import Fact, ScoreParts, SearchHit
from hegel_store.models.vectors import all_dimensions, slots_for
from hegel_store.repositories.spaces import mismatch
from hegel_store.search.spaces import COLUMNS, SPACE, place_of
from hegel_store.search.statement import Search, build

FACT_FIELDS = tuple(field.name for field in fields(Fact))

"""The SQLSTATE of a query that the server's parser cannot take apart on its stack."""


def own_vector() -> TextClause:
    """The statement for a fact's vector in the slot that serves a space of its corpus.

    Parameters: corpus_id, fact_id and space; with a space of null, that of the smallest vector. No
    row: no such fact; a vector of null: no such vector.
    """
    slots = [slot for size in all_dimensions() for slot in slots_for("embedder", size)]
    vector = " ".join(f"WHEN '{slot}' THEN CAST(fact.{slot} AS text)" for slot in slots)
    return text(
        f"""
        SELECT own.*
        FROM hegel_facts AS fact
        LEFT JOIN LATERAL (
            SELECT * FROM (
                SELECT {COLUMNS}, CASE slot {vector} END AS vector
                FROM hegel_embedding_spaces
                WHERE corpus_id = fact.corpus_id AND state = 'serving'
                  AND (CAST(:space AS text) IS NULL OR {SPACE} = :space)
            ) AS served
            WHERE vector IS NOT NULL
            ORDER BY dimensions, slot
            LIMIT 1
        ) AS own ON true
        WHERE fact.corpus_id = :corpus_id AND fact.id = :fact_id"""
    )


def fact_of(row: Row[Any]) -> Fact:
    """The fact in a row that has the columns of FACT_COLUMNS."""
    return Fact(**{name: getattr(row, name) for name in FACT_FIELDS})


def hit_of(row: Row[Any], explained: bool = False) -> SearchHit:
    parts = None
    if explained:
        words = getattr(row, "words", None) or {}
        parts = ScoreParts(vector=row.vector_part, text=row.text_part, words=words)
    return SearchHit(
        fact=fact_of(row),
        score=row.score,
        vector_score=row.vector_score,
        text_score=row.text_score,
        vector_rank=row.vector_rank,
        text_rank=row.text_rank,
        parts=parts,
    )


def streamed(session: Session | Connection, search: Search, batch: int) -> Iterator[SearchHit]:
    statement, parameters = build(search)
    options = {"stream_results": True, "max_row_buffer": batch}
    with answered(search):
        rows = session.execute(statement, parameters, execution_options=options)
        try:
            for place, row in enumerate(rows):
                if place == 0:
                    require_no_stranger(search, row)
                if row.score is not None:
                    yield hit_of(row)
        finally:
            rows.close()


@contextmanager
def answered(search: Search) -> Iterator[None]:
    try:
        with translated():
            yield
    except DatabaseError as error:
        if error.sqlstate != TOO_COMPLEX:
            raise
        raise InvalidInput(
            "query",
            f"has more words than the server can take apart with text_mode={search.text_mode!r}; "
            "'any' takes the rarest of them",
        ) from error


def require_no_stranger(search: Search, row: Row[Any]) -> None:
    if row.stranger is not None and search.place is not None:
        stored = place_of(row.stranger)
        raise mismatch(stored, search.place, [row.stranger["corpus_id"]])
