"""Makes the values that tests of several files log and look for."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import text

from hegel_store.models import NewFact, NewStep
from hegel_store.store import Store

MAY = datetime(2024, 5, 17, 12, 30, 15, 123_456, tzinfo=UTC)


class Steps:
    """Makes steps of one profile in a scope."""

    def __init__(self, store: Store, corpus_id: str = "news", task_type: str = "qa") -> None:
        self.profile = store.profiles.append(corpus_id, task_type, {})
        self.scope = {"corpus_id": corpus_id, "task_type": task_type}

    def __call__(self, **changes: object) -> NewStep:
        values = {
            "old_profile_id": self.profile.id,
            "query": "Où dorment les hérissons ?",
            "predicted_answer": "",
        }
        return NewStep(**(self.scope | values | changes))


def fact(content: str, corpus_id: str = "news", **rest: object) -> NewFact:
    return NewFact(corpus_id=corpus_id, content=content, **rest)


def rows(store: Store, query: str) -> list[tuple[object, ...]]:
    with store.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def contents(store: Store) -> list[str]:
    """Contents of all stored facts, in order."""
    return [row[0] for row in rows(store, "SELECT content FROM hegel_facts ORDER BY content")]
