"""Fills a store with the seed data and with generated steps, so that a second run adds nothing.

Each part looks at what is there and adds what is missing: a run that was broken off is finished
by running it again, and a database that a loop went on from keeps what the loop did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from hegel_store import schema
from hegel_store.database import translated
from hegel_store.embeddings.protocol import Embedder, embed_distinct
from hegel_store.errors import ConfigurationError
from hegel_store.models import NewFact, NewStep, PromptProfile
from hegel_store.models.checks import check_integer
from hegel_store.models.vectors import Vector, all_dimensions, slots_for
from hegel_store.row_counts import count_rows
from hegel_store.seeding.data import Scope, SeedData, SeedFact, SeedScope, load_seed_data
from hegel_store.seeding.steps import MAXIMUM_STEPS, StepGenerator
from hegel_store.seeding.timeline import DEFAULT_UNTIL, Calendar
from hegel_store.store import Store

STEPS_PER_BATCH = 1_000

ProfileIds = Mapping[Scope, Sequence[UUID]]
"""The stored profiles of each scope of the seed data, by version, oldest first."""


def seed_store(
    store: Store,
    *,
    steps: int = 300,
    seed: int = 7,
    until: date = DEFAULT_UNTIL,
    data: SeedData | None = None,
    embedder: Embedder | None = None,
    on_steps: Callable[[int], None] | None = None,
) -> dict[str, int]:
    """Add what is missing of the seed data and of ``steps`` generated steps.

    The steps lie in the 92 days before ``until``. ``embedder`` is the one that the store was
    connected with: facts that lack a vector get it then. ``on_steps`` is called before the first
    step and after each batch, with the number of steps gone through. Returns the rows that each
    table holds now (not only those of the seed data), by table name.

    Nothing is written when an argument is refused (InvalidInput) or when a scope holds profiles
    that are not those of the seed data (ConfigurationError). Two runs at once are safe: the slower
    one gets ProfileConflict and can be repeated.
    """
    check_integer("steps", steps, maximum=MAXIMUM_STEPS)
    calendar = Calendar(seed, until)
    data = data or load_seed_data()
    stored = {scope.key: _stored_profiles(store, scope) for scope in data.scopes}
    profile_ids = {scope.key: _append(store, scope, stored[scope.key]) for scope in data.scopes}
    for scope in data.scopes:
        _set_aliases(store, scope, profile_ids[scope.key])
        _add_members(store, scope, profile_ids[scope.key])
    _add_facts(store, data, profile_ids, embedder)
    generated = StepGenerator(data, profile_ids, calendar).generate(steps)
    _log_steps(store, generated, on_steps)
    return count_rows(store)


def _stored_profiles(store: Store, scope: SeedScope) -> Sequence[PromptProfile]:
    """Profiles of the scope that are there already, oldest first, and no others."""
    stored = list(reversed(store.profiles.history(scope.corpus_id, scope.task_type)))
    for profile, version in zip(stored, scope.versions, strict=False):
        base = stored[version.parents[0] - 1].id if version.parents else None
        if profile.profile != version.profile or profile.base_profile_id != base:
            raise ConfigurationError(
                f"{scope.corpus_id}/{scope.task_type} holds other profiles: its version "
                f"{profile.version} is not that of the seed data. Seed an empty database, or one "
                "that was seeded before"
            )
    # Versions beyond the seed data are what a loop added since.
    return stored[: len(scope.versions)]


def _append(store: Store, scope: SeedScope, stored: Sequence[PromptProfile]) -> list[UUID]:
    ids = [profile.id for profile in stored]
    for version in scope.versions[len(stored) :]:
        parents = [ids[parent - 1] for parent in version.parents]
        profile = store.profiles.append(
            scope.corpus_id,
            scope.task_type,
            version.profile,
            base=parents[0] if parents else None,
            parents=parents[1:],
            expected_version=version.version - 1,
            metadata={"change": version.change, "strategy": version.strategy},
        )
        ids.append(profile.id)
    return ids


def _set_aliases(store: Store, scope: SeedScope, ids: Sequence[UUID]) -> None:
    for alias, version in scope.aliases.items():
        # An alias that is there stays where it is: somebody may have moved it.
        if store.profiles.by_alias(scope.corpus_id, scope.task_type, alias) is None:
            store.profiles.set_alias(
                scope.corpus_id,
                scope.task_type,
                alias,
                ids[version - 1],
                expected=None,
                reason=scope.versions[version - 1].change,
            )


def _add_members(store: Store, scope: SeedScope, ids: Sequence[UUID]) -> None:
    """Every version becomes a member of the default population, unless it is one or was evicted."""
    members = schema.profile_populations.c
    with translated(), store.engine.connect() as connection:
        there = set(
            connection.scalars(
                select(members.profile_id)
                .where(members.corpus_id == scope.corpus_id, members.task_type == scope.task_type)
                .where(members.population == "default")
            )
        )
    generations: list[int] = []
    for version, profile_id in zip(scope.versions, ids, strict=True):
        generations.append(1 + max((generations[n - 1] for n in version.parents), default=0))
        if profile_id in there:
            continue
        profile = version.profile
        store.populations.add(
            scope.corpus_id,
            scope.task_type,
            profile_id,
            fitness=version.fitness,
            island=version.island,
            generation=generations[-1],
            objectives={"reward": version.fitness, "tokens": _token_limit(profile)},
            descriptor={
                "prompt_words": len(profile["worker"]["system_prompt"].split()),
                "rounds": profile["rounds"],
            },
            metadata={"change": version.change},
        )


def _token_limit(profile: Mapping[str, Any]) -> int:
    """Tokens that one answer may cost at most, over all rounds."""
    return int(profile["worker"]["max_tokens"]) * int(profile["rounds"])


def _add_facts(
    store: Store, data: SeedData, profile_ids: ProfileIds, embedder: Embedder | None
) -> None:
    for corpus_id, facts in data.facts.items():
        # add_many would merge a fact that is there, and count it as seen once more.
        there = _contents_there(store, corpus_id, with_vector=embedder is not None)
        missing = [fact for fact in facts if fact.content not in there]
        vectors: Mapping[str, Vector] = {}
        if embedder is not None:
            vectors = embed_distinct(embedder, [fact.content for fact in missing])
        store.facts.add_many(
            NewFact(
                corpus_id=corpus_id,
                content=fact.content,
                category=fact.category,
                label=fact.label,
                intent=fact.intent,
                confidence=fact.confidence,
                freshness=fact.freshness,
                language=fact.language,
                metadata=fact.metadata,
                embedding=vectors.get(fact.content),
                profile_id=_learned_with(corpus_id, fact, profile_ids),
            )
            for fact in missing
        )


def _learned_with(corpus_id: str, fact: SeedFact, profile_ids: ProfileIds) -> UUID | None:
    if fact.learned_by is None:
        return None
    return profile_ids[corpus_id, fact.learned_by.task_type][fact.learned_by.version - 1]


def _contents_there(store: Store, corpus_id: str, *, with_vector: bool) -> set[str]:
    """Contents of the corpus's live facts, or of those of them that have a vector."""
    facts = schema.facts.c
    statement = select(facts.content).where(
        facts.corpus_id == corpus_id, facts.deleted_at.is_(None)
    )
    if with_vector:
        slots = [slot for size in all_dimensions() for slot in slots_for("embedder", size)]
        statement = statement.where(or_(*(facts[slot].is_not(None) for slot in slots)))
    with translated(), store.engine.connect() as connection:
        return set(connection.scalars(statement))


def _log_steps(
    store: Store, generated: Iterator[NewStep], on_steps: Callable[[int], None] | None
) -> None:
    done = 0
    if on_steps is not None:
        on_steps(done)
    while batch := list(islice(generated, STEPS_PER_BATCH)):
        store.steps.log_many(batch)
        done += len(batch)
        if on_steps is not None:
            on_steps(done)
