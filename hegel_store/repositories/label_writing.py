"""Labels found by name and kind, or made, however many ask for them at the same time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, text

from hegel_store.database import Executor, translated
from hegel_store.models import Label
from hegel_store.models.identifiers import uuid7

LabelKey = tuple[str, str, str]
"""Corpus, name and kind, of which there is one live label."""

COLUMNS = "label.corpus_id, label.id, label.name, label.kind, label.category, label.created_at"
FIND = text(
    f"""
    SELECT {COLUMNS}
    FROM hegel_labels AS label
    JOIN unnest(CAST(:corpora AS text[]), CAST(:names AS text[]), CAST(:kinds AS text[]))
        AS wanted (corpus_id, name, kind) USING (corpus_id, name, kind)
    WHERE label.deleted_at IS NULL
    """
)
# DO UPDATE and not DO NOTHING, which would return no row for a label that another transaction
# made since; in a fixed order, so that two writers of the same labels do not deadlock.
MAKE = text(
    f"""
    INSERT INTO hegel_labels AS label (corpus_id, id, name, kind, category)
    SELECT corpus_id, id, name, kind, category
    FROM unnest(
        CAST(:corpora AS text[]), CAST(:ids AS uuid[]), CAST(:names AS text[]),
        CAST(:kinds AS text[]), CAST(:categories AS text[])
    ) AS wanted (corpus_id, id, name, kind, category)
    ORDER BY corpus_id, name, kind
    ON CONFLICT (corpus_id, name, kind) WHERE deleted_at IS NULL DO UPDATE SET name = label.name
    RETURNING {COLUMNS}
    """
)


def find_or_make(session: Executor, wanted: Mapping[LabelKey, str | None]) -> dict[LabelKey, Label]:
    """The labels of these keys; the categories are for those that are made."""
    found: dict[LabelKey, Label] = {}
    for statement in (FIND, MAKE):
        rest = [key for key in wanted if key not in found]
        if not rest:
            break
        values: dict[str, Any] = {
            "corpora": [corpus_id for corpus_id, _, _ in rest],
            "names": [name for _, name, _ in rest],
            "kinds": [kind for _, _, kind in rest],
        }
        if statement is MAKE:
            values["ids"] = [uuid7() for _ in rest]
            values["categories"] = [wanted[key] for key in rest]
        with translated():
            labels = map(label_of, session.execute(statement, values))
            found |= {(label.corpus_id, label.name, label.kind): label for label in labels}
    return found


def label_of(row: Row[Any]) -> Label:
    """The label in a row that has COLUMNS."""
    return Label(
        corpus_id=row.corpus_id,
        id=row.id,
        name=row.name,
        kind=row.kind,
        category=row.category,
        created_at=row.created_at,
    )
