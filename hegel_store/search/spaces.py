"""Which slot serves a space of a corpus: the table that says so, in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping

from hegel_store.models.spaces import DEFAULT_NAMES, Maker, Place

SPACE = f"""coalesce(space, CASE dimensions
            {" ".join(f"WHEN {size} THEN '{name}'" for size, name in DEFAULT_NAMES.items())}
            ELSE 'space_' || dimensions END)"""
"""The name of a row's space; release 0.1.0 gave none."""

COLUMNS = f"corpus_id, {SPACE} AS space, slot, model, dimensions, normalised, prefix, state"
"""What place_of() reads, and whose it is."""


def strangers(slot: str, corpus_given: bool) -> str:
    """The rows that forbid a search in this slot: it does not serve the space there, or not with
    vectors of the same maker, or another space lies in it.

    Parameters: space, model, normalised, prefix, and corpus_id when ``corpus_given``.
    """
    of_corpus = "AND corpus_id = :corpus_id" if corpus_given else ""
    return f"""
        SELECT {COLUMNS} FROM hegel_embedding_spaces
        WHERE (slot = '{slot}' OR state = 'serving' AND {SPACE} = :space)
          AND NOT (
              slot = '{slot}' AND state = 'serving' AND {SPACE} = :space AND model = :model
              AND normalised = :normalised AND prefix = :prefix
          )
          {of_corpus}
        ORDER BY state = 'serving' DESC, corpus_id, slot
        LIMIT 1"""


def place_of(row: RowMapping | Mapping[str, Any]) -> Place:
    """The place in a row that has COLUMNS."""
    maker = Maker(row["model"], row["dimensions"], row["normalised"], row["prefix"])
    return Place(row["space"], row["slot"], maker)
