"""Storing a batch of facts after each was compared with those that are near to it.

One writer at a time for each corpus and label, so that two who add what says the same do not both
find nothing there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import text

from hegel_store.database import Executor, translated
from hegel_store.errors import InvalidInput
from hegel_store.models import FactVerdict, JudgedFact, NewFact
from hegel_store.models.checks import check_number
from hegel_store.models.identifiers import uuid7
from hegel_store.models.vectors import DIMENSIONS, Vector, slot_for, stored_vector, vector_text
from hegel_store.repositories import fact_writing
from hegel_store.repositories.fact_verdicts import (
    Ended,
    Judge,
    Known,
    Neighbourhood,
    by_rules,
    decide,
)
from hegel_store.repositories.fact_writing import Content, Written, content_key
from hegel_store.search.near import near_statement
from hegel_store.search.vector import EF_SEARCH

# By names, as a label may not be there yet, and with a seed of our own (it spells "hegelnea"), as
# others hash names too. In the order of the keys, so that two writers do not deadlock.
LOCK = text(
    """
    SELECT pg_advisory_xact_lock(key)
    FROM (
        SELECT DISTINCT hashtextextended(
            new.corpus_id || ' / ' || coalesce(label.name, new.label, ''), 7522532437900813665
        ) AS key
        FROM unnest(
            CAST(:corpora AS text[]), CAST(:hashes AS bytea[]), CAST(:labels AS text[])
        ) AS new (corpus_id, hash, label)
        LEFT JOIN hegel_facts AS fact
          ON fact.corpus_id = new.corpus_id AND fact.content_hash = new.hash
         AND fact.deleted_at IS NULL
        LEFT JOIN hegel_labels AS label
          ON label.corpus_id = fact.corpus_id AND label.id = fact.label_id
        ORDER BY key
    ) AS wanted
    """
)
END = text(
    """
    UPDATE hegel_facts AS fact SET valid_to = least(clock_timestamp(), ended.valid_from)
    FROM unnest(
        CAST(:corpora AS text[]), CAST(:ids AS uuid[]), CAST(:valid_from AS timestamptz[])
    ) AS ended (corpus_id, id, valid_from)
    WHERE fact.corpus_id = ended.corpus_id AND fact.id = ended.id
    """
)
RECORD = text(
    """
    INSERT INTO hegel_fact_verdicts
        (corpus_id, id, old_fact_id, new_fact_id, verdict, similarity, content)
    SELECT * FROM unnest(
        CAST(:corpora AS text[]), CAST(:ids AS uuid[]), CAST(:old_ids AS uuid[]),
        CAST(:new_ids AS uuid[]), CAST(:verdicts AS text[]), CAST(:similarities AS float8[]),
        CAST(:contents AS text[])
    )
    """
)
COLUMNS = "corpus_id, id, old_fact_id, new_fact_id, verdict, similarity, content, judged_at"
OF_CORPUS = text(
    f"""
    SELECT {COLUMNS} FROM hegel_fact_verdicts
    WHERE corpus_id = :corpus_id
    ORDER BY id DESC LIMIT :limit
    """
)
# The newest of each side through its index, whatever the number of the others.
OF_FACT = text(
    f"""
    (
        SELECT {COLUMNS} FROM hegel_fact_verdicts
        WHERE corpus_id = :corpus_id AND old_fact_id = :fact_id
        ORDER BY id DESC LIMIT :limit
    )
    UNION
    (
        SELECT {COLUMNS} FROM hegel_fact_verdicts
        WHERE corpus_id = :corpus_id AND new_fact_id = :fact_id
        ORDER BY id DESC LIMIT :limit
    )
    ORDER BY id DESC LIMIT :limit
    """
)


@dataclass(frozen=True, slots=True)
class Judging:
    """From which ``similarity`` (cosine, 0..1) on facts are judged, and by whom."""

    similarity: float
    judge: Judge

    def lock(self, session: Executor, facts: Sequence[NewFact]) -> None:
        """Wait for the other writers of these facts' labels, and keep them waiting until the
        transaction ends."""
        with translated():
            session.execute(LOCK, _contents(facts, [fact.label for fact in facts]))

    def write(
        self,
        session: Executor,
        facts: Sequence[NewFact],
        vectors: Mapping[str, Mapping[Content, Vector]],
        homes: Mapping[str, str],
    ) -> Written:
        """Judge and store one batch, as fact_writing.write() does, with its locks taken.

        ``homes`` has the slot in which a corpus is compared; one that has none has no vectors.
        """
        known: dict[Content, Known] = {}
        near = Neighbourhood()
        for slot in sorted(set(homes.values())):
            here = [fact for fact in facts if homes.get(fact.corpus_id) == slot]
            known |= self._compare(session, here, vectors.get(slot, {}), slot, near)
        away = [fact for fact in facts if fact.corpus_id not in homes]
        known |= self._compare(session, away, {}, slot_for("embedding", DIMENSIONS[0]), near)
        of_each = [known[content_key(fact)] for fact in facts]
        decisions = decide(facts, of_each, near, self.judge)
        written = fact_writing.write(session, decisions.facts, vectors)
        # The ids that they got: a writer who does not judge may have stored a content meanwhile.
        stored = zip(of_each, written.ids, facts, decisions.facts, strict=True)
        ids = {own.id: identifier for own, identifier, fact, kept in stored if kept is fact}
        judged = [
            replace(
                one,
                fact_id=ids.get(one.fact_id, one.fact_id),
                other_id=ids.get(one.other_id, one.other_id),
            )
            for one in decisions.judged
        ]
        _end(session, [replace(one, id=ids.get(one.id, one.id)) for one in decisions.ended])
        _record(session, facts, judged)
        return replace(written, judged=judged)

    def _compare(
        self,
        session: Executor,
        facts: Sequence[NewFact],
        vectors: Mapping[Content, Vector],
        slot: str,
        near: Neighbourhood,
    ) -> Mapping[Content, Known]:
        """What is known of each content; adds what is near it, stored or in the batch."""
        if not facts:
            return {}
        first: dict[Content, NewFact] = {}
        labels: dict[Content, str | None] = {}
        for fact in facts:
            key = content_key(fact)
            first.setdefault(key, fact)
            labels[key] = labels.get(key) or fact.label
        texts = [vector_text(vectors[key]) if key in vectors else None for key in first]
        values = _contents(list(first.values()), list(labels.values()))
        values |= {"embeddings": texts, "similarity": self.similarity, "ef_search": EF_SEARCH}
        with translated():
            rows = session.execute(near_statement(slot), values).all()
        keys = list(first)
        known: dict[Content, Known] = {}
        stored: dict[UUID, Known] = {}
        groups: dict[tuple[str, str | None], list[tuple[Known, Vector]]] = defaultdict(list)
        for row in rows:
            key = keys[row.place]
            if key in known:
                continue
            known[key] = own = Known(row.id or uuid7(), first[key].content, row.live)
            stored[own.id] = own
            vector = vectors.get(key) if row.vector is None else stored_vector(row.vector)
            if vector is not None:
                groups[key[0], row.label].append((own, vector))
        for row in rows:
            if row.near_id is not None:
                other = stored.setdefault(row.near_id, Known(row.near_id, row.near_content, True))
                near.add(known[keys[row.place]], other, row.similarity)
        for group in groups.values():
            _add_batch(near, group, self.similarity)
        return known


def judging(wanted: bool, similarity: float, judge: Judge | None) -> Judging | None:
    """How to judge, if that is wanted. Raises InvalidInput, naming the argument."""
    share = check_number("similarity", similarity)
    if not 0 <= share <= 1:
        raise InvalidInput("similarity", f"must lie between 0 and 1, not {share}")
    if judge is not None and not wanted:
        raise InvalidInput("judge", "is only asked with near_duplicates='judge'")
    if judge is not None and not callable(judge):
        raise InvalidInput("judge", f"must be callable, not {type(judge).__name__}")
    return Judging(share, judge or by_rules) if wanted else None


def _contents(facts: Sequence[NewFact], labels: Sequence[str | None]) -> dict[str, Any]:
    keys = [content_key(fact) for fact in facts]
    return {
        "corpora": [corpus for corpus, _ in keys],
        "hashes": [digest for _, digest in keys],
        "labels": labels,
    }


def _add_batch(
    near: Neighbourhood, group: Sequence[tuple[Known, Vector]], similarity: float
) -> None:
    """The pairs within a batch, of one corpus and label."""
    # In the precision in which they are stored, or a pair would be near in one order alone.
    rows = np.array([vector for _, vector in group]).astype(np.float16).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = np.clip(rows @ rows.T, 0, 1)
    for one, other in np.argwhere(np.triu(cosines >= similarity, k=1)):
        near.add(group[one][0], group[other][0], float(cosines[one, other]))


def _end(session: Executor, ended: Sequence[Ended]) -> None:
    if ended:
        values = {
            "corpora": [one.corpus_id for one in ended],
            "ids": [one.id for one in ended],
            "valid_from": [one.valid_from for one in ended],
        }
        with translated():
            session.execute(END, values)


def _record(session: Executor, facts: Sequence[NewFact], judged: Sequence[JudgedFact]) -> None:
    if judged:
        given = [facts[one.position] for one in judged]
        values = {
            "corpora": [fact.corpus_id for fact in given],
            "ids": [uuid7() for _ in judged],
            "old_ids": [one.other_id for one in judged],
            "new_ids": [one.fact_id for one in judged],
            "verdicts": [one.verdict for one in judged],
            "similarities": [one.similarity for one in judged],
            "contents": [
                fact.content if one.verdict == "same" else None
                for fact, one in zip(given, judged, strict=True)
            ],
        }
        with translated():
            session.execute(RECORD, values)


def recorded(
    session: Executor, corpus_id: str, fact_id: UUID | None, limit: int
) -> list[FactVerdict]:
    """Verdicts of a corpus, or of those the ones on either side of which a fact stands."""
    values = {"corpus_id": corpus_id, "limit": limit}
    with translated():
        if fact_id is None:
            rows = session.execute(OF_CORPUS, values).all()
        else:
            rows = session.execute(OF_FACT, values | {"fact_id": fact_id}).all()
    return [FactVerdict(**row._mapping) for row in rows]
