"""Populations on a real database: membership, fitness, and who is fittest."""

from __future__ import annotations

import math
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from hegel_store.errors import InvalidInput, NotFound
from hegel_store.repositories import population_statements as statements
from hegel_store.store import Store
from tests.plans import explain, nodes


def profiles(store: Store, count: int, corpus: str = "news") -> list[UUID]:
    """Ids of new profiles, in ascending order."""
    return sorted(store.profiles.append(corpus, "qa", {"n": n}).id for n in range(count))


def fittest(store: Store, **options: object) -> list[UUID]:
    return [m.profile_id for m in store.populations.fittest("news", "qa", **options)]


def test_new_member_has_what_was_given_and_otherwise_nothing(store: Store) -> None:
    first, second = profiles(store, 2)
    bare = store.populations.add("news", "qa", first)
    assert (bare.population, bare.island, bare.generation, bare.epoch) == ("default", 0, 1, 0)
    assert (bare.fitness, bare.objectives, bare.descriptor, bare.metadata) == (None, {}, {}, {})
    assert (bare.cell_key, bare.evicted_at) == (None, None)
    assert (bare.selection_count, bare.children_count) == (0, 0)
    full = store.populations.add(
        "news",
        "qa",
        str(second),
        fitness=0.0,
        population="élite 🦔",
        island=3,
        generation=0,
        objectives={"brevity": 0.0},
        descriptor={"length": 1e23},
        cell_key="1:2",
        metadata={"": None},
    )
    assert store.populations.fittest("news", "qa", population="élite 🦔") == [full]
    assert (full.profile_id, full.fitness, full.generation) == (second, 0.0, 0)
    assert (full.objectives, full.descriptor) == ({"brevity": 0.0}, {"length": 1e23})
    assert (full.cell_key, full.metadata) == ("1:2", {"": None})


def test_member_added_again_keeps_what_is_not_given(store: Store) -> None:
    (profile,) = profiles(store, 1)
    store.populations.add(
        "news",
        "qa",
        profile,
        fitness=0.5,
        generation=7,
        objectives={"a": 1, "b": 2},
        descriptor={"x": 1},
        cell_key="c",
        metadata={"m": 1},
    )
    again = store.populations.add("news", "qa", profile, objectives={"b": 0})
    assert (again.fitness, again.generation, again.cell_key) == (0.5, 7, "c")
    assert again.objectives == {"a": 1, "b": 0}
    assert (again.descriptor, again.metadata) == ({"x": 1}, {"m": 1})
    lowered = store.populations.add("news", "qa", profile, fitness=0.0, generation=0)
    assert (lowered.fitness, lowered.generation) == (0.0, 0)
    assert len(fittest(store)) == 1


def test_eviction_hides_a_member_until_it_is_added_again(store: Store) -> None:
    (profile,) = profiles(store, 1)
    store.populations.add("news", "qa", profile, fitness=1.0)
    evicted = store.populations.evict("news", "qa", profile)
    assert evicted.evicted_at is not None
    assert fittest(store) == []
    assert store.populations.evict("news", "qa", profile).evicted_at == evicted.evicted_at
    scored = store.populations.record_fitness("news", "qa", profile, 2.0)
    assert scored.evicted_at == evicted.evicted_at
    assert fittest(store) == []
    assert store.populations.add("news", "qa", profile).evicted_at is None
    assert fittest(store) == [profile]


def test_fitness_is_recorded_with_its_objectives(store: Store) -> None:
    (profile,) = profiles(store, 1)
    store.populations.add("news", "qa", profile, objectives={"a": 1})
    member = store.populations.record_fitness("news", "qa", profile, 0, objectives={"b": 0.0})
    assert (member.fitness, member.objectives) == (0.0, {"a": 1, "b": 0.0})
    assert store.populations.fittest("news", "qa") == [member]


def test_fittest_come_best_first_and_ties_by_id(store: Store) -> None:
    ids = profiles(store, 7)
    scores = [0.0, 0.5, -1.5, 0.5, None, 0.0, 0.5]
    for identifier, fitness in zip(ids, scores, strict=True):
        store.populations.add("news", "qa", identifier, fitness=fitness)
    expected = [ids[1], ids[3], ids[6], ids[0], ids[5], ids[2]]
    assert fittest(store) == expected
    for limit in range(8):
        assert fittest(store, limit=limit) == expected[:limit]


def test_profile_on_several_islands_counts_once_where_it_is_fittest(store: Store) -> None:
    a, b, c = profiles(store, 3)
    for profile, island, fitness in (
        (a, 0, 0.2),
        (a, 2, 0.9),
        (a, 5, 0.9),
        (b, 1, 0.5),
        (b, 2, None),
        (c, 1, 0.9),
        (c, 0, 1.0),
    ):
        store.populations.add("news", "qa", profile, island=island, fitness=fitness)
    store.populations.evict("news", "qa", c, island=0)
    best = store.populations.fittest("news", "qa")
    assert [(m.profile_id, m.island, m.fitness) for m in best] == [
        (a, 2, 0.9),
        (c, 1, 0.9),
        (b, 1, 0.5),
    ]
    assert fittest(store, limit=1) == [a]
    assert fittest(store, island=1) == [c, b]
    assert fittest(store, island=0) == [a]
    assert fittest(store, island=9) == []


def test_populations_and_scopes_are_kept_apart(store: Store) -> None:
    (profile,) = profiles(store, 1)
    (stranger,) = profiles(store, 1, "law")
    store.populations.add("news", "qa", profile, fitness=0.1)
    store.populations.add("news", "qa", profile, population="other", fitness=0.2)
    store.populations.add("news", "summarise", profile, fitness=0.3)
    store.populations.add("law", "qa", stranger, fitness=0.4)
    assert [m.fitness for m in store.populations.fittest("news", "qa")] == [0.1]
    assert [m.fitness for m in store.populations.fittest("news", "qa", population="other")] == [0.2]
    store.populations.evict("news", "qa", profile)
    assert fittest(store, population="other") == [profile]


def test_unknown_profiles_and_members_are_not_found(store: Store) -> None:
    (profile,) = profiles(store, 1)
    (stranger,) = profiles(store, 1, "law")
    store.populations.add("news", "qa", profile)
    members = store.populations
    for call in (
        lambda: members.add("news", "qa", uuid4()),
        lambda: members.add("news", "qa", stranger),
        lambda: members.record_fitness("news", "qa", stranger, 1.0),
        lambda: members.record_fitness("news", "qa", profile, 1.0, island=1),
        lambda: members.record_fitness("news", "qa", profile, 1.0, population="other"),
        lambda: members.evict("news", "summarise", profile),
    ):
        with pytest.raises(NotFound) as caught:
            call()
        assert caught.value.field == "profile_id"


def test_fitness_must_be_a_number_in_the_database_too(store: Store) -> None:
    (profile,) = profiles(store, 1)
    store.populations.add("news", "qa", profile)
    with pytest.raises(InvalidInput) as caught:
        store.populations.record_fitness("news", "qa", profile, math.nan)
    assert caught.value.field == "fitness"
    with store.engine.connect() as connection, pytest.raises(Exception, match="is_finite"):
        connection.execute(text("UPDATE hegel_profile_populations SET fitness_score = 'NaN'"))


@pytest.mark.parametrize("island", [None, 3])
def test_choosing_the_fittest_walks_the_fitness_index_and_stops(
    store: Store, island: int | None
) -> None:
    fill_profiles = """
        INSERT INTO hegel_prompt_profiles (corpus_id, task_type, source)
        SELECT 'news', 'qa', '{}' FROM generate_series(1, 2000)
    """
    fill = """
        INSERT INTO hegel_profile_populations
            (corpus_id, task_type, population, island, profile_id, fitness_score, evicted_at)
        SELECT corpus_id, 'qa', population, version % 5 + again, id, version * 7 % 1000 / 1000.0,
               CASE WHEN version % 10 = 0 THEN now() END
        FROM hegel_prompt_profiles, generate_series(0, 1) AS again,
             unnest(ARRAY['default', 'other']) AS population
    """
    values = {"corpus_id": "news", "task_type": "qa", "population": "default", "limit": 20}
    statement = statements.FITTEST_ANYWHERE
    if island is not None:
        values["island"] = island
        statement = statements.FITTEST_ON_ISLAND
    with store.engine.begin() as connection:
        connection.execute(text(fill_profiles))
        connection.execute(text(fill))
        connection.execute(text("ANALYZE hegel_profile_populations"))
        found = list(nodes(explain(connection, statement, values)))
    kinds = [node["Node Type"] for node in found]
    assert kinds[0] == "Limit"
    assert not {"Sort", "Seq Scan"} & set(kinds)
    outer = next(node for node in found if node.get("Alias") == "member")
    assert outer["Index Name"] == "idx_hegel_profile_populations_fitness"
    assert outer["Actual Rows"] + outer.get("Rows Removed by Filter", 0) < 400
    best = store.populations.fittest("news", "qa", island=island)
    assert [(-m.fitness, m.profile_id) for m in best] == sorted(
        (-m.fitness, m.profile_id) for m in best
    )
    assert len({m.profile_id for m in best}) == 20
