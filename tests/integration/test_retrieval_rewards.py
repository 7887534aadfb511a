"""What the rewards of steps say about the facts that these were shown, and which rows are read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from hegel_store.models import CategoryReward, Fact, FactReward, NewStep, SearchHit
from hegel_store.repositories import retrieval_statements as statements
from hegel_store.store import Store
from tests.plans import explain, nodes
from tests.samples import MAY, Steps, fact

CATEGORIES = {"beetles": "food", "worms": "food", "winter": "sleep", "garden": "places"}


def hits(*facts: Fact) -> list[SearchHit]:
    return [
        SearchHit(
            fact=each, score=1.0, vector_score=None, text_score=1.0, vector_rank=None, text_rank=1
        )
        for each in facts
    ]


@pytest.fixture
def known(store: Store) -> dict[str, Fact]:
    """Facts by a word of theirs; of three categories."""
    added = store.facts.add_many(
        fact(f"Hedgehogs and {word}.", category=category) for word, category in CATEGORIES.items()
    )
    return {
        word: store.facts.get("news", identifier)
        for word, identifier in zip(CATEGORIES, added.ids, strict=True)
    }


def log(store: Store, shown: Sequence[tuple[NewStep, Sequence[SearchHit]]]) -> None:
    store.steps.log_many([step for step, _ in shown])
    store.retrievals.log_many(shown)


def by_fact(store: Store, **options: Any) -> dict[UUID, FactReward]:
    return {row.fact_id: row for row in store.retrievals.reward_by_fact("news", **options)}


@pytest.fixture
def shown(store: Store, new: Steps, known: dict[str, Fact]) -> dict[str, Fact]:
    """Five steps of which two have a reward of 0.0, one of 1.0 and one none; and one was shown
    nothing, with a reward of 0.6: the mean is 0.4."""
    beetles, worms, winter = known["beetles"], known["worms"], known["winter"]
    log(
        store,
        [
            (new(reward=1.0, created_at=MAY), hits(beetles, worms)),
            (new(reward=0.0, created_at=MAY + timedelta(days=40)), hits(winter, beetles)),
            (new(created_at=MAY + timedelta(days=41)), hits(winter)),
            (new(reward=0.0, created_at=MAY + timedelta(days=42)), hits(winter)),
            (new(reward=0.6, created_at=MAY + timedelta(days=43)), []),
        ],
    )
    return known


def test_facts_come_with_the_mean_reward_of_their_steps_and_how_far_off_the_corpus_it_is(
    store: Store, shown: dict[str, Fact]
) -> None:
    expected = [("winter", 3, 2, 0.0, -0.4), ("beetles", 2, 2, 0.5, 0.1), ("worms", 1, 1, 1.0, 0.6)]
    rewards = store.retrievals.reward_by_fact("news")
    assert rewards == [
        FactReward(
            corpus_id="news",
            fact_id=shown[word].id,
            shown=times,
            rewarded_steps=rewarded,
            mean_reward=mean,
            difference=pytest.approx(difference),
        )
        for word, times, rewarded, mean, difference in expected
    ]
    assert store.retrievals.reward_by_fact("news", limit=1) == rewards[:1]
    assert store.retrievals.reward_by_fact("law") == []


def test_a_step_counts_once_in_a_category(store: Store, shown: dict[str, Fact]) -> None:
    expected = [("food", 3, 2, 0.5, 0.1), ("sleep", 3, 2, 0.0, -0.4)]
    rewards = store.retrievals.reward_by_category("news")
    assert rewards == [
        CategoryReward(
            corpus_id="news",
            category=category,
            shown=times,
            rewarded_steps=rewarded,
            mean_reward=mean,
            difference=pytest.approx(difference),
        )
        for category, times, rewarded, mean, difference in expected
    ]
    assert store.retrievals.reward_by_category("news", limit=1) == rewards[:1]


def test_of_a_time_both_means_are_of_that_time(store: Store, shown: dict[str, Fact]) -> None:
    later = by_fact(store, since=MAY + timedelta(days=40))
    assert shown["worms"].id not in later
    beetles = later[shown["beetles"].id]
    assert (beetles.shown, beetles.mean_reward) == (1, 0.0)
    assert beetles.difference == pytest.approx(-0.2)  # of 0.0, 0.0 and 0.6
    exactly = by_fact(store, since=MAY)
    assert exactly == by_fact(store)
    assert by_fact(store, since=MAY + timedelta(days=50)) == {}
    categories = store.retrievals.reward_by_category("news", since=MAY + timedelta(days=41))
    assert [(row.category, row.shown) for row in categories] == [("sleep", 2)]
    assert categories[0].difference == pytest.approx(-0.3)  # of 0.0 and 0.6


def test_steps_from_before_the_log_began_are_not_compared_with(
    store: Store, new: Steps, shown: dict[str, Fact]
) -> None:
    before = by_fact(store)
    store.steps.log(new(reward=-1000.0, created_at=MAY - timedelta(days=1)))
    assert by_fact(store) == before


def test_a_fact_without_a_rewarded_step_has_no_mean(
    store: Store, new: Steps, known: dict[str, Fact]
) -> None:
    store.retrievals.log(new(reward=1.0), hits(known["garden"]))  # the step is never stored
    log(store, [(new(), hits(known["garden"]))])
    (reward,) = store.retrievals.reward_by_fact("news")
    assert (reward.shown, reward.rewarded_steps) == (2, 0)
    assert reward.mean_reward is reward.difference is None
    (category,) = store.retrievals.reward_by_category("news")
    assert (category.category, category.shown, category.difference) == ("places", 2, None)


def test_the_steps_of_another_corpus_are_no_part_of_it(
    store: Store, new: Steps, shown: dict[str, Fact]
) -> None:
    before = by_fact(store)
    law = Steps(store, "law")
    store.facts.add_many([fact("Hedgehogs and courts.", "law")])
    found = store.facts.search("courts", corpus_id="law", mode="text")
    log(store, [(law(reward=9.0, created_at=MAY), found)])
    assert by_fact(store) == before
    (reward,) = store.retrievals.reward_by_fact("law")
    assert (reward.mean_reward, reward.difference) == (9.0, 0.0)


FILL = (
    "INSERT INTO hegel_facts (corpus_id, content, category)"
    " SELECT 'corpus ' || n % 4, 'fact ' || n, 'c' || n % 3 FROM generate_series(1, 400) AS n",
    "INSERT INTO hegel_prompt_profiles (corpus_id, source)"
    " SELECT 'corpus ' || n, '{}' FROM generate_series(0, 3) AS n",
    "SELECT hegel_ensure_step_month(timestamptz '2024-01-15Z' + n * interval '1 month')"
    " FROM generate_series(0, 11) AS n",
    "INSERT INTO hegel_training_steps"
    " (corpus_id, created_at, old_profile_id, query, predicted_answer, reward)"
    " SELECT corpus_id, timestamptz '2024-01-01Z' + n * interval '100 minutes', id, '', '', n % 3"
    " FROM generate_series(1, 5000) AS n JOIN hegel_prompt_profiles ON corpus_id = 'corpus '||n%4",
    "INSERT INTO hegel_retrievals"
    " SELECT corpus_id, step.id, step.created_at, old_profile_id, fact.id, n, 1.0 / n"
    " FROM (SELECT *, row_number() OVER (ORDER BY created_at) AS place"
    "       FROM hegel_training_steps) AS step"
    " CROSS JOIN generate_series(1, 5) AS n"
    " JOIN (SELECT *, row_number() OVER (PARTITION BY corpus_id ORDER BY id) AS number"
    "       FROM hegel_facts) AS fact USING (corpus_id)"
    " WHERE fact.number = 1 + (step.place * n) % 97"
    " ON CONFLICT DO NOTHING",
    "ANALYZE hegel_facts, hegel_training_steps, hegel_retrievals",
)


@pytest.fixture
def year(store: Store) -> Store:
    """A year of steps of four corpora."""
    with store.engine.begin() as connection:
        for statement in FILL:
            connection.execute(text(statement))
    return store


def plan_of(store: Store, statement: Any, **values: Any) -> list[dict[str, Any]]:
    """The nodes that a statement really ran by."""
    with store.engine.begin() as connection:
        found = list(nodes(explain(connection, statement, {"corpus_id": "corpus 1"} | values)))
    return [node for node in found if node["Actual Loops"] > 0]


def months(plan: list[dict[str, Any]]) -> set[str]:
    names = [node.get("Relation Name", "") for node in plan]
    return {name[-7:] for name in names if name.startswith("hegel_training_steps_")}


@pytest.mark.parametrize("statement", ["REWARD_BY_FACT", "REWARD_BY_CATEGORY"])
def test_only_the_months_of_the_time_are_read(year: Store, statement: str) -> None:
    rewards = getattr(statements, statement)
    since = datetime(2024, 11, 20, tzinfo=UTC)
    plan = plan_of(year, rewards, since=since, limit=10)
    assert months(plan) == {"2024_11", "2024_12"}
    assert "idx_hegel_retrievals_time" in [node.get("Index Name") for node in plan]
    everything = plan_of(year, rewards, since=None, limit=10)
    assert len(months(everything)) == 12


def test_without_a_time_the_months_before_the_log_are_not_read(year: Store) -> None:
    with year.engine.begin() as connection:
        connection.execute(
            text("DELETE FROM hegel_retrievals WHERE step_created_at < '2024-10-1Z'")
        )
        connection.execute(text("ANALYZE hegel_retrievals"))
    plan = plan_of(year, statements.REWARD_BY_FACT, since=None, limit=10)
    assert months(plan) == {"2024_10", "2024_11", "2024_12"}


def test_a_step_and_a_fact_are_looked_up_in_an_index_each(year: Store) -> None:
    with year.engine.connect() as connection:
        row = connection.execute(
            text("SELECT * FROM hegel_retrievals WHERE corpus_id = 'corpus 1' LIMIT 1")
        ).one()
    plan = plan_of(year, statements.OF_STEP, step_id=row.step_id)
    assert "pk_hegel_retrievals" in [node.get("Index Name") for node in plan]
    plan = plan_of(year, statements.OF_FACT, fact_id=row.fact_id, limit=5)
    (scan,) = (node for node in plan if node.get("Index Name"))
    assert scan["Index Name"] == "idx_hegel_retrievals_fact"
    # No more of them than are wanted, and one by which to see that the time is another.
    assert scan["Actual Rows"] <= 6
