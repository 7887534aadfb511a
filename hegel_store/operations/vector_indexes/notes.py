"""What is known of an index, kept in its comment: it moves with a rename, goes with a drop, and is
part of a dump.

A note is JSON that begins as NOTE_BEGINS of hegel_store.search.vector says. Searches that are
called with ``recall`` read it. A comment of somebody else is left alone, and read as no note.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hegel_store.models.vector_indexes import Measured
from hegel_store.search.vector import NOTE_BEGINS

OF_A_MEASUREMENT = ("effort", "recall", "queries", "measured_at")


def is_note(comment: str | None) -> bool:
    return comment is not None and comment.startswith(NOTE_BEGINS)


def read_note(comment: str | None) -> dict[str, Any]:
    """The note, empty where the comment is none."""
    if comment is None or not is_note(comment):
        return {}
    try:
        note = json.loads(comment)
    except ValueError:
        return {}
    return note if isinstance(note, dict) else {}


def recall_in(note: Mapping[str, Any]) -> dict[int, dict[int, float]]:
    """By k and by effort the recalls that were measured."""
    found = note.get("recall", {})
    return {int(k): {int(at): float(r) for at, r in of.items()} for k, of in found.items()}


def written(note: Mapping[str, Any]) -> str:
    """The comment for this note."""
    return json.dumps({"hegel_store": "vector index"} | dict(note))


def measured_in(measured: Measured, name: str, method: str) -> dict[str, Any]:
    """What a note says of this measurement of the index ``name``."""
    (found,) = (index for index in measured.indexes if index.name == name)
    return {
        "effort": "ef_search" if method == "hnsw" else "probes",
        "recall": {
            str(k): {str(at): round(recall, 4) for at, recall in of.items()}
            for k, of in found.table.items()
        },
        "queries": f"{measured.queries} from the {measured.queries_from}",
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
