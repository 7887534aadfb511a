"""Seeding a real database: what is there afterwards, and that a second run changes nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import text

import hegel_store
from hegel_store.errors import (
    ConfigurationError,
    InvalidInput,
    MigrationRequired,
)
from hegel_store.models import FactFilter, NewFact
from hegel_store.models.vectors import Vector
from hegel_store.row_counts import count_rows
from hegel_store.seeding import (
    Calendar,
    StepGenerator,
    load_seed_data,
    seed_store,
)
from hegel_store.store import Store

DATA = load_seed_data()
FACTS = sum(map(len, DATA.facts.values()))
VERSIONS = sum(len(scope.versions) for scope in DATA.scopes)
ALIASES = sum(len(scope.aliases) for scope in DATA.scopes)
SCOPE = DATA.scopes[0]
SCRIPT = Path(__file__).parents[2] / "seeds" / "load.py"


class BrokenOff(Exception):
    """The plug is pulled in the middle of a run."""


class LetterEmbedder:
    """A small real embedder: how often each character code occurs, modulo 384."""

    name = "letters"
    dimensions = 384

    def embed(self, texts: Sequence[str]) -> Vector:
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, content in zip(vectors, texts, strict=True):
            np.add.at(row, [ord(letter) % self.dimensions for letter in content], 1)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def rows(store: Store, query: str) -> list[tuple[Any, ...]]:
    with store.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def hashes(store: Store) -> Mapping[str, tuple[int, str]]:
    """(rows, hash of every column of every row) of each table that seeding fills."""
    tables = (*count_rows(store), "hegel_profile_alias_moves", "hegel_embedding_spaces")
    return {
        table: rows(
            store,
            "SELECT count(*), coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '')"
            f" FROM {table} AS t",
        )[0]
        for table in tables
    }


def stored_steps(store: Store) -> list[tuple[Any, ...]]:
    return rows(
        store,
        """
        SELECT id, created_at, corpus_id, task_type, old_profile_id, new_profile_id, query,
               predicted_answer, gold_answer, reward, run_id, debate_trace
        FROM hegel_training_steps ORDER BY id
        """,
    )


def generated_steps(store: Store, count: int) -> list[tuple[Any, ...]]:
    """What the generator makes for the profiles that are stored."""
    generator = StepGenerator(DATA, profile_ids(store), Calendar())
    return [
        (
            *(step.id, step.created_at, step.corpus_id, step.task_type),
            *(step.old_profile_id, step.new_profile_id, step.query, step.predicted_answer),
            *(step.gold_answer, step.reward, step.run_id, step.debate_trace),
        )
        for step in sorted(generator.generate(count), key=lambda step: step.id)
    ]


def profile_ids(store: Store) -> dict[tuple[str, str], list[UUID]]:
    return {
        scope.key: [profile.id for profile in reversed(store.profiles.history(*scope.key))]
        for scope in DATA.scopes
    }


# What is there afterwards


def test_first_run_fills_every_table(store: Store) -> None:
    counts = seed_store(store, steps=120)
    assert counts == count_rows(store)
    assert counts["hegel_scopes"] == len(DATA.scopes)
    assert counts["hegel_prompt_profiles"] == VERSIONS
    assert counts["hegel_profile_populations"] == VERSIONS
    assert counts["hegel_profile_aliases"] == ALIASES
    assert counts["hegel_facts"] == FACTS
    assert counts["hegel_labels"] > 30
    assert counts["hegel_training_steps"] == 120


def test_lineage_of_a_merge_leads_to_both_parents(store: Store) -> None:
    seed_store(store, steps=0)
    for scope in DATA.scopes:
        stored = list(reversed(store.profiles.history(*scope.key)))
        assert [profile.profile for profile in stored] == [v.profile for v in scope.versions]
        merge = next(version for version in scope.versions if len(version.parents) == 2)
        lineage = store.profiles.lineage(scope.corpus_id, stored[merge.version - 1].id)
        assert [profile.version for profile in lineage] == [
            merge.version,
            *sorted(merge.parents, reverse=True),
            1,
        ]


def test_roles_of_a_profile_keep_the_order_they_were_written_in(store: Store) -> None:
    seed_store(store, steps=0)
    latest = store.profiles.latest(*SCOPE.key)
    assert latest is not None
    assert list(latest.profile) == ["worker", "reviewer", "retrieval", "rounds"]


def test_steps_lie_in_three_months_with_zero_and_missing_rewards(store: Store) -> None:
    seed_store(store, steps=600)
    months = rows(
        store,
        """
        SELECT tableoid::regclass::text, count(*) FROM hegel_training_steps
        GROUP BY 1 ORDER BY 1
        """,
    )
    assert [table[-7:] for table, _ in months] == ["2026_07", "2026_08", "2026_09"]
    assert min(count for _, count in months) > 100
    [(zero, missing, between, unchanged)] = rows(
        store,
        """
        SELECT count(*) FILTER (WHERE reward = 0.0), count(*) FILTER (WHERE reward IS NULL),
               count(*) FILTER (WHERE reward > 0 AND reward < 1),
               count(*) FILTER (WHERE new_profile_id IS NULL)
        FROM hegel_training_steps
        """,
    )
    assert zero > 60
    assert missing > 15
    assert between > 60
    assert unchanged == 600 - (VERSIONS - len(DATA.scopes))


@pytest.mark.any_server
def test_until_moves_the_steps(store: Store) -> None:
    seed_store(store, steps=60, until=date(2025, 1, 1))
    assert rows(
        store, "SELECT DISTINCT extract(year FROM created_at)::int FROM hegel_training_steps"
    ) == [(2024,)]


@pytest.mark.any_server
def test_another_seed_adds_other_steps(store: Store) -> None:
    seed_store(store, steps=50)
    assert seed_store(store, steps=50, seed=8)["hegel_training_steps"] == 100


def test_fittest_of_each_scope_is_in_production(store: Store) -> None:
    seed_store(store, steps=0)
    for scope in DATA.scopes:
        production = store.profiles.by_alias(*scope.key, "production")
        fittest = store.populations.fittest(*scope.key, limit=1)
        assert production is not None
        assert [member.profile_id for member in fittest] == [production.id]


def test_facts_are_found_by_word_and_filter_in_three_languages(store: Store) -> None:
    seed_store(store, steps=0)
    found = store.facts.search(
        "idempotency key",
        corpus_id="quarry-review",
        mode="text",
        filters=FactFilter(categories=["errors"], min_confidence=0.9),
    )
    assert found[0].fact.content.startswith("A retry without the idempotency key")
    assert rows(store, "SELECT language FROM hegel_facts GROUP BY 1 HAVING count(*) > 5") != []
    german = store.facts.search("Datei", mode="text", language="german", limit=3)
    assert {hit.fact.language for hit in german} == {"german"}  # the stem of "Dateien"


def test_facts_learned_by_a_loop_name_their_profile(store: Store) -> None:
    seed_store(store, steps=0)
    learned = {
        (corpus, fact.content, fact.learned_by.task_type, fact.learned_by.version)
        for corpus, facts in DATA.facts.items()
        for fact in facts
        if fact.learned_by
    }
    assert len(learned) > 10
    assert learned == set(
        rows(
            store,
            """
            SELECT corpus_id, content, profile.task_type, version
            FROM hegel_facts AS fact
            JOIN hegel_prompt_profiles AS profile USING (corpus_id)
            WHERE profile.id = fact.profile_id
            """,
        )
    )


# Again


def test_second_run_changes_no_row(store: Store) -> None:
    seed_store(store, steps=300)
    first = hashes(store)
    assert all(count for table, (count, _) in first.items() if table != "hegel_embedding_spaces")
    seed_store(store, steps=300)
    assert hashes(store) == first


@pytest.mark.any_server
def test_longer_run_adds_only_steps(store: Store) -> None:
    seed_store(store, steps=200)
    before, steps = hashes(store), {row[0] for row in stored_steps(store)}
    seed_store(store, steps=260)
    after = hashes(store)
    assert {table for table in after if after[table] != before[table]} == {"hegel_training_steps"}
    assert after["hegel_training_steps"][0] == 260
    assert steps < {row[0] for row in stored_steps(store)}


@pytest.mark.any_server
def test_run_broken_off_among_the_steps_is_finished_by_the_next(store: Store) -> None:
    def pull_the_plug(done: int) -> None:
        if done >= 1_000:
            raise BrokenOff

    with pytest.raises(BrokenOff):
        seed_store(store, steps=2_500, on_steps=pull_the_plug)
    assert count_rows(store)["hegel_training_steps"] == 1_000
    seed_store(store, steps=2_500)
    assert stored_steps(store) == generated_steps(store, 2_500)


@pytest.mark.any_server
def test_run_broken_off_among_the_profiles_is_finished_by_the_next(store: Store) -> None:
    first, second = SCOPE.versions[:2]
    base = store.profiles.append(*SCOPE.key, first.profile)
    store.profiles.append(*SCOPE.key, second.profile, base=base)
    counts = seed_store(store, steps=10)
    assert counts["hegel_prompt_profiles"] == VERSIONS
    assert [profile.version for profile in store.profiles.history(*SCOPE.key)] == list(
        range(len(SCOPE.versions), 0, -1)
    )


@pytest.mark.any_server
@pytest.mark.slow
def test_killed_run_is_finished_by_the_next(store: Store, url: str) -> None:
    command = [sys.executable, str(SCRIPT), "--url", url, "--steps", "12000", "--no-embeddings"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while count_rows(store)["hegel_training_steps"] == 0:
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    there = count_rows(store)["hegel_training_steps"]
    assert there < 12_000
    assert there % 1_000 == 0, "a batch is stored whole or not at all"
    seed_store(store, steps=12_000)
    assert count_rows(store)["hegel_training_steps"] == 12_000


@pytest.mark.any_server
def test_progress_is_told_from_nothing_to_all(store: Store) -> None:
    told: list[int] = []
    seed_store(store, steps=2_100, on_steps=told.append)
    assert told == [0, 1_000, 2_000, 2_100]


@pytest.mark.any_server
def test_what_a_loop_did_since_is_left_alone(store: Store) -> None:
    seed_store(store, steps=40)
    corpus, task = SCOPE.key
    latest = store.profiles.latest(corpus, task)
    assert latest is not None
    mine = store.profiles.append(corpus, task, {"worker": {"system_prompt": "mine"}}, base=latest)
    store.profiles.set_alias(corpus, task, "production", mine.id)
    store.populations.add(corpus, task, mine.id, fitness=0.99)
    fallen = store.populations.fittest(corpus, task)[-1]
    store.populations.evict(corpus, task, fallen.profile_id, island=fallen.island)
    store.populations.record_fitness(corpus, task, latest.id, 0.1, island=1)
    store.facts.add_many([NewFact(corpus_id=corpus, content="The office closes at six.")])
    before = hashes(store)
    seed_store(store, steps=40)
    assert hashes(store) == before


# With vectors


@pytest.mark.any_server
def test_facts_stored_without_vectors_get_them_later(url: str, store: Store) -> None:
    without = "SELECT count(*) FROM hegel_facts WHERE embedding_384 IS NULL"
    seed_store(store, steps=0)
    assert rows(store, without) == [(FACTS,)]
    embedder = LetterEmbedder()
    with hegel_store.connect(url, embedder=embedder) as embedding_store:
        seed_store(embedding_store, steps=0, embedder=embedder)
        assert rows(store, without) == [(0,)]
        first = hashes(store)
        assert first["hegel_facts"][0] == FACTS
        question = "Was a corrected invoice sent?"
        assert embedding_store.facts.search(question, mode="vector", limit=3).complete
        seed_store(embedding_store, steps=0, embedder=embedder)
        assert hashes(store) == first


# Refused


def test_scope_with_other_profiles_is_refused_and_nothing_is_written(store: Store) -> None:
    last = DATA.scopes[-1]
    store.profiles.append(*last.key, {"worker": {"system_prompt": "somebody else's"}})
    before = hashes(store)
    with pytest.raises(ConfigurationError, match=f"{last.corpus_id}/{last.task_type}"):
        seed_store(store, steps=50)
    assert hashes(store) == before


def test_scope_with_the_same_prompts_of_other_descent_is_refused(store: Store) -> None:
    for version in SCOPE.versions[:2]:
        store.profiles.append(*SCOPE.key, version.profile)
    with pytest.raises(ConfigurationError, match="version 2"):
        seed_store(store, steps=50)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"steps": -1}, "steps"),
        ({"steps": 10**9}, "steps"),
        ({"steps": 1.5}, "steps"),
        ({"until": date(1990, 1, 1)}, "until"),
        ({"until": date(2200, 1, 1)}, "until"),
    ],
)
def test_bad_option_is_refused_and_nothing_is_written(
    store: Store, options: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        seed_store(store, **options)
    assert refusal.value.field == field
    assert not any(count_rows(store).values())


def test_database_that_was_not_migrated_is_told_from_a_broken_one(empty_url: str) -> None:
    with hegel_store.connect(empty_url) as store, pytest.raises(MigrationRequired):
        seed_store(store, steps=1)


# The command


def script(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, timeout=120
    )


@pytest.mark.any_server
def test_command_shows_rows_added_and_rows_now(url: str, store: Store) -> None:
    first = script("--url", url, "--steps", "1500", "--no-embeddings")
    assert first.returncode == 0, first.stderr
    assert "without vectors: as asked" in first.stdout
    assert "1500/1500" in first.stdout
    table = {
        line.split()[1]: line.split()[3:6:2]
        for line in first.stdout.splitlines()
        if "hegel_" in line
    }
    assert table["hegel_training_steps"] == ["1,500", "1,500"]
    assert table["hegel_facts"] == [str(FACTS), str(FACTS)]
    second = script("--url", url, "--steps", "1500", "--no-embeddings")
    assert second.returncode == 0, second.stderr
    assert count_rows(store)["hegel_training_steps"] == 1_500


@pytest.mark.any_server
@pytest.mark.parametrize(
    "arguments", [("--steps", "-5"), ("--steps", "many"), ("--until", "soon"), ("--seed", "x")]
)
def test_command_refuses_what_it_does_not_understand(url: str, arguments: Sequence[str]) -> None:
    answer = script("--url", url, "--no-embeddings", *arguments)
    assert answer.returncode == 2
    assert arguments[0] in answer.stderr


@pytest.mark.any_server
def test_command_asks_for_a_migration_first(empty_url: str) -> None:
    answer = script("--url", empty_url, "--no-embeddings")
    assert answer.returncode == 1
    assert "hegel-store upgrade" in answer.stderr
