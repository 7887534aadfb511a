"""The statements that move a space of a corpus to another slot.

The facts are changed in batches that skip what others have locked, and never wait: so no writer
meets a deadlock. A later pass finds what was skipped.
"""

from __future__ import annotations

from sqlalchemy import TextClause, text

from hegel_store.models.vectors import size_of
from hegel_store.search.spaces import COLUMNS, SPACE

SLOTS = text(
    f"""
    SELECT {COLUMNS} FROM hegel_embedding_spaces
    WHERE corpus_id = :corpus_id AND {SPACE} = :space
    ORDER BY state DESC, slot
    """
)
LOCK = text(f"{SLOTS.text} FOR UPDATE")
TAKEN = text("SELECT slot FROM hegel_embedding_spaces WHERE corpus_id = :corpus_id")
# Before anything waits: a writer's transaction that is never ended must not hold up an operator.
PATIENCE = text("SELECT set_config('lock_timeout', '10s', true)")
NAME = text(
    """
    UPDATE hegel_embedding_spaces SET space = :space
    WHERE corpus_id = :corpus_id AND slot = :slot AND space IS NULL
    """
)
BEGIN = text(
    """
    INSERT INTO hegel_embedding_spaces
        (corpus_id, space, slot, model, dimensions, normalised, prefix, state)
    VALUES (:corpus_id, :space, :slot, :model, :dimensions, :normalised, :prefix, 'filling')
    """
)
SET_STATE = text(
    """
    UPDATE hegel_embedding_spaces SET state = :state
    WHERE corpus_id = :corpus_id AND slot = :slot
    """
)
# Held while a batch is stored, so that the slot does not change its state meanwhile.
STILL = text(
    """
    SELECT slot FROM hegel_embedding_spaces
    WHERE corpus_id = :corpus_id AND slot = :slot AND state = :state AND model = :model
      AND normalised = :normalised AND prefix = :prefix
    FOR SHARE
    """
)


def count(slot: str) -> TextClause:
    """Live facts of a corpus, those of them without a vector in the slot, and their characters."""
    return text(
        f"""
        SELECT
            count(*) AS facts,
            count(*) FILTER (WHERE {slot} IS NULL) AS missing,
            coalesce(sum(char_length(content)) FILTER (WHERE {slot} IS NULL), 0) AS characters
        FROM hegel_facts
        WHERE corpus_id = :corpus_id AND deleted_at IS NULL
        """
    )


def lacking(slot: str) -> TextClause:
    """How many live facts of a corpus have no vector in the slot; other transactions may wait."""
    return text(
        f"""
        SELECT count(*) FROM hegel_facts
        WHERE corpus_id = :corpus_id AND deleted_at IS NULL AND {slot} IS NULL
        """
    )


def missing(slot: str) -> TextClause:
    """The next live facts without a vector, by id."""
    return text(
        f"""
        SELECT id, content FROM hegel_facts
        WHERE corpus_id = :corpus_id AND id > :after AND deleted_at IS NULL AND {slot} IS NULL
        ORDER BY id LIMIT :batch
        """
    )


def store(slot: str) -> TextClause:
    """Give these facts their vectors, as far as they are there and still have none."""
    return text(
        f"""
        WITH free AS (
            SELECT id FROM hegel_facts
            WHERE corpus_id = :corpus_id AND id = ANY(CAST(:ids AS uuid[]))
              AND deleted_at IS NULL AND {slot} IS NULL
            FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE hegel_facts AS fact SET {slot} = CAST(made.vector AS halfvec({size_of(slot)}))
        FROM free
        JOIN unnest(CAST(:ids AS uuid[]), CAST(:vectors AS text[])) AS made (id, vector) USING (id)
        WHERE fact.corpus_id = :corpus_id AND fact.id = free.id
        """
    )


def empty(slot: str) -> TextClause:
    """Take the vectors of the next facts, deleted ones too, out of the slot."""
    return text(
        f"""
        WITH free AS (
            SELECT id FROM hegel_facts
            WHERE corpus_id = :corpus_id AND id > :after AND {slot} IS NOT NULL
            ORDER BY id LIMIT :batch
            FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE hegel_facts AS fact SET {slot} = NULL
        FROM free WHERE fact.corpus_id = :corpus_id AND fact.id = free.id
        RETURNING fact.id
        """
    )


def release(slot: str) -> TextClause:
    """Free the slot, when nothing lies in it any more."""
    return text(
        f"""
        DELETE FROM hegel_embedding_spaces
        WHERE corpus_id = :corpus_id AND slot = :slot AND state = 'discarding' AND NOT EXISTS (
            SELECT FROM hegel_facts WHERE corpus_id = :corpus_id AND {slot} IS NOT NULL
        )
        """
    )
