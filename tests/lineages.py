"""Scopes with everything that a scope can have, and their rows as they lie in the database."""

from __future__ import annotations

from sqlalchemy import text

from hegel_store.store import Store
from hegel_store.transfer.tables import TABLES
from tests.samples import rows

ODD = {"worker": {"system_prompt": 'Réponds.\n"\\u0041" \U0001f994\t'}, "a": [0.0, -0.0, 1e300]}


def imagine(store: Store, corpus_id: str = "news") -> None:
    """Two scopes, of which "qa" needs "summarise", and a third one that neither needs."""
    append = store.profiles.append
    first = append(corpus_id, "qa", ODD, metadata={"z": 1, "a": "\u2028"})
    other = append(corpus_id, "summarise", {"b": 1, "a": 2})
    second = append(corpus_id, "qa", {}, base=first)
    merged = append(corpus_id, "qa", {"n": 3}, base=second, parents=[first, other])
    append(corpus_id, "summarise", {}, base=other)
    append(corpus_id, "alone", {})
    store.profiles.annotate(corpus_id, first.id, performance_stats={"reward": 0.0})
    for alias, profile in [("production", first), ("staging", second), ("production", merged)]:
        store.profiles.set_alias(corpus_id, "qa", alias, profile.id, reason=f"v{profile.version}")
    add = store.populations.add
    add(corpus_id, "qa", first.id, fitness=0.1 + 0.2, objectives={"f1": 0.0}, generation=7)
    add(corpus_id, "qa", merged.id, island=3, population="pareto", cell_key="a|b")
    store.populations.evict(corpus_id, "qa", first.id)
    by_hand(
        store,
        """UPDATE hegel_prompt_profiles SET metadata = metadata || '{"exact": 1.10e-400}'
        WHERE version = 2""",
    )


def by_hand(store: Store, statement: str) -> None:
    with store.engine.begin() as connection:
        connection.execute(text(statement))


def everything(store: Store, corpus_id: str = "news", *, but: str = "alone") -> dict[str, object]:
    """All rows of a corpus in all columns, as text, but for those of one task type."""
    found: dict[str, object] = {}
    for name, carried in TABLES.items():
        where = f"corpus_id = '{corpus_id}'"
        if "task_type" in carried.table.columns:
            where += f" AND task_type <> '{but}'"
        held = rows(
            store,
            f"SELECT CAST(to_jsonb(r) - 'corpus_id' AS text) FROM {carried.table.name} AS r "
            f"WHERE {where} ORDER BY 1",
        )
        found[name] = held
    return found
