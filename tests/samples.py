"""Makes the values that tests of several files log and look for."""

from __future__ import annotations

from hegel_store.models import NewStep
from hegel_store.store import Store


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
