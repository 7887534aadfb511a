"""The corpus of a load test: made before it, and taken away after it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Table, delete, text

from hegel_store import schema
from hegel_store.database import translated
from hegel_store.errors import ConfigurationError
from hegel_store.load.plan import LoadPlan
from hegel_store.models import NewFact, NewStep
from hegel_store.row_counts import count_rows
from hegel_store.seeding.data import load_seed_data
from hegel_store.store import Store

TASK_TYPES = ("qa", "summary", "review")
CATEGORIES = ("account", "billing", "sync", "sharing", "security")
VERSIONS = 12
QUESTIONS = 500
COUNTED_BY_TRIGGERS = ("hegel_corpus_writes", "hegel_step_rollup")
"""Filled by what is deleted elsewhere, so that they are emptied last."""

MAY_DELETE = text(
    """
    SELECT bool_and(has_table_privilege(to_regclass(quote_ident(name)), 'DELETE'))
    FROM unnest(CAST(:tables AS text[])) AS name
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """What the users of a load test call with. ``profiles`` are those of a task type, the oldest
    first; ``questions`` are asked by Zipf's law, so the first ones are asked the most."""

    corpus_id: str
    profiles: dict[str, list[UUID]]
    words: Sequence[str]
    questions: Sequence[str]


def refuse_used(store: Store, corpus_id: str) -> None:
    """Raise ConfigurationError for a corpus that holds something already, which would be removed
    with what the load test adds."""
    held = [f"{table} {rows:,}" for table, rows in count_rows(store, corpus_id).items() if rows]
    if held:
        raise ConfigurationError(
            f"the corpus {corpus_id!r} holds something ({', '.join(held)}): a load test needs one "
            "of its own"
        )


def may_remove(store: Store) -> bool:
    """Whether the role may delete what a load test makes. Raises DatabaseError."""
    names = [table.name for table in _tables()]
    with translated(), store.engine.connect() as connection:
        return bool(connection.scalar(MAY_DELETE, {"tables": names}))


def fill(store: Store, plan: LoadPlan) -> Corpus:
    """Store profiles, members, facts and steps in the plan's corpus."""
    drawn = random.Random(plan.seed)
    words = _words()
    profiles = {task_type: _profiles(store, plan, task_type, drawn) for task_type in TASK_TYPES}
    contents = [sentence(drawn, words) + f" ({number})" for number in range(plan.facts)]
    store.facts.add_many(
        NewFact(
            corpus_id=plan.corpus_id,
            content=content,
            category=drawn.choice(CATEGORIES),
            confidence=drawn.random(),
        )
        for content in contents
    )
    corpus = Corpus(
        corpus_id=plan.corpus_id,
        profiles=profiles,
        words=words,
        questions=[
            " ".join(drawn.choice(contents).split()[: drawn.randint(3, 6)])
            for _ in range(QUESTIONS)
        ],
    )
    store.steps.log_many(step(corpus, drawn) for _ in range(plan.steps))
    return corpus


def _words() -> Sequence[str]:
    """Those of the seed data's facts, in order."""
    facts = (fact for facts in load_seed_data().facts.values() for fact in facts)
    words = {word.strip(".,;:()").lower() for fact in facts for word in fact.content.split()}
    return sorted(word for word in words if word.isalpha())


def _profiles(store: Store, plan: LoadPlan, task_type: str, drawn: random.Random) -> list[UUID]:
    made: list[UUID] = []
    for version in range(VERSIONS):
        profile = store.profiles.append(
            plan.corpus_id,
            task_type,
            {"worker": {"system_prompt": f"Answer in version {version}. " * 60}},
            base=made[-1] if made else None,
        )
        store.populations.add(plan.corpus_id, task_type, profile.id, fitness=drawn.random())
        made.append(profile.id)
    return made


def sentence(drawn: random.Random, words: Sequence[str]) -> str:
    """A dozen words, drawn by Zipf's law."""
    return " ".join(words[zipf(drawn, len(words))] for _ in range(12))


def zipf(drawn: random.Random, count: int) -> int:
    """A rank from 0 to count - 1: the r-th is drawn about as often as 1 / (r + 1)."""
    return min(int((count + 1) ** drawn.random()) - 1, count - 1)


def step(corpus: Corpus, drawn: random.Random) -> NewStep:
    """A step of any of the profiles."""
    task_type = drawn.choice(TASK_TYPES)
    return NewStep(
        corpus_id=corpus.corpus_id,
        task_type=task_type,
        old_profile_id=drawn.choice(corpus.profiles[task_type]),
        query=drawn.choice(corpus.questions),
        predicted_answer=sentence(drawn, corpus.words),
        reward=drawn.random(),
        debate_trace={"rounds": [{"worker": sentence(drawn, corpus.words)} for _ in range(4)]},
    )


def remove(store: Store, corpus_id: str) -> int:
    """Delete all rows of the corpus in one transaction, and return how many there were."""
    with translated(), store.engine.begin() as connection:
        return sum(
            connection.execute(delete(table).where(table.c.corpus_id == corpus_id)).rowcount
            for table in _tables()
        )


def _tables() -> Iterator[Table]:
    """Those with a corpus, what refers to others before these."""
    ours = [table for table in reversed(schema.metadata.sorted_tables) if "corpus_id" in table.c]
    yield from sorted(ours, key=lambda table: table.name in COUNTED_BY_TRIGGERS)
