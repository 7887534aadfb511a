"""Puts the documentation into the store's memory, so that a second run adds nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select

from hegel_store.demo.progress import Progress
from hegel_store.demo.questions import DocumentedFact
from hegel_store.embeddings import Embedder
from hegel_store.models import NewFact
from hegel_store.models.vectors import slots_for
from hegel_store.schema import facts as facts_table
from hegel_store.store import Store

CHUNK = 64  # texts embedded at a time, between two movements of the progress bar


@dataclass(frozen=True, slots=True)
class Memory:
    """What the corpus holds after loading. ``strangers`` are live facts of another origin."""

    added: int
    strangers: int


def remember(
    store: Store,
    corpus_id: str,
    facts: Sequence[DocumentedFact],
    embedder: Embedder | None,
    progress: Progress,
) -> Memory:
    """Store ``facts`` that the corpus lacks, with vectors when there is an ``embedder``.

    Facts stored without a vector get theirs when the embedder comes later.
    """
    there = _there(store, corpus_id, embedder)
    wanted = {fact.content for fact in facts}
    missing = [fact for fact in facts if not there.get(fact.content, False)]
    if missing:
        progress.begin("remembering the documentation", len(missing))
    # One call, because the store brings its word statistics up to date at the end of each.
    result = store.facts.add_many(_new_facts(corpus_id, missing, embedder, progress))
    return Memory(result.added, len(there.keys() - wanted))


def _there(store: Store, corpus_id: str, embedder: Embedder | None) -> dict[str, bool]:
    """Live facts of the corpus by content, and whether they have all that is wanted of them."""
    columns = facts_table.c
    complete: ColumnElement[bool] = columns.content.is_not(None)
    if embedder is not None:
        slots = slots_for("embedder", embedder.dimensions)
        complete = or_(*(columns[slot].is_not(None) for slot in slots))
    with store.engine.connect() as connection:
        rows = connection.execute(
            select(columns.content, complete.label("complete")).where(
                columns.corpus_id == corpus_id, columns.deleted_at.is_(None)
            )
        )
        return {row.content: row.complete for row in rows}


def _new_facts(
    corpus_id: str,
    facts: Sequence[DocumentedFact],
    embedder: Embedder | None,
    progress: Progress,
) -> Iterator[NewFact]:
    # Texts of like length together: a batch is padded to its longest, which costs as much again.
    ordered = sorted(facts, key=lambda fact: (len(fact.content), fact.name))
    for start in range(0, len(ordered), CHUNK):
        chunk = ordered[start : start + CHUNK]
        vectors = None if embedder is None else embedder.embed([fact.content for fact in chunk])
        for position, fact in enumerate(chunk):
            yield NewFact(
                corpus_id=corpus_id,
                content=fact.content,
                category=fact.kind,
                label=fact.name,
                metadata={"module": fact.module, "parameters": list(fact.parameters)},
                embedding=None if vectors is None else vectors[position],
            )
        progress.advance(len(chunk))
