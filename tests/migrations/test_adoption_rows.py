"""What becomes of the rows of an earlier schema."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

import hegel_store
from hegel_store.addresses import parse_address
from hegel_store.adoption import adopt
from hegel_store.models import NewStep
from hegel_store.store import Store
from tests.migrations.earlier_schema import (
    ADRIFT,
    BARE,
    CHILD,
    CIRCLE,
    ELSEWHERE,
    FIRST,
    LAST,
    NOWHERE,
    OBJECT,
    OURS,
    STEPS,
    TWIN,
    Old,
    at,
    rows,
)


@pytest.fixture(params=[OURS, BARE], ids=["ours and roles", "bare and document"])
def old(request: pytest.FixtureRequest, empty_postgresql: psycopg.Connection) -> Old:
    """An earlier schema, filled, in a database that was never migrated."""
    return request.param.made(empty_postgresql)


@pytest.fixture
def adopted(old: Old, empty_url: str) -> Iterator[Store]:
    adopt(parse_address(empty_url, "the test"))
    with hegel_store.connect(empty_url) as connected:
        yield connected


def test_roles_are_lifted_and_what_has_no_place_is_kept(old, adopted):
    first = adopted.profiles.get("news", FIRST)
    roles = {
        "worker": {"system_prompt": "Réponds 🦔."},
        "reviewer": {"system_prompt": "Check.", "strict": True},
    }
    assert first.profile == roles | ({"rounds": 3} if old.has_document else {})
    assert first.performance_stats == {"wins": 2}
    assert first.metadata == {}
    assert first.created_at == at(1).replace(tzinfo=UTC)
    assert first.updated_at == first.created_at
    metadata = {id: adopted.profiles.get("news", id).metadata for id in (TWIN, OBJECT, ADRIFT)}
    assert metadata == {
        TWIN: {"adopted": {"metadata": ["a list"]}},
        OBJECT: {"adopted": {"metadata": {"adopted": "a pet", "of": "mine"}}},
        ADRIFT: {"adopted": {"base_profile_id": str(NOWHERE), "50% :off": 0.5}},
    }
    assert adopted.profiles.get("default", ELSEWHERE).metadata == {
        "adopted": {"base_profile_id": str(FIRST)}
    }


def test_history_lineage_and_search_work_and_appending_goes_on(adopted):
    history = adopted.profiles.history("news", "qa")
    assert [profile.version for profile in history] == [6, 5, 4, 3, 2, 1]
    stand_in = history[-1]
    assert [profile.id for profile in history[:-1]] == [OBJECT, TWIN, FIRST, CHILD, ADRIFT]
    assert (stand_in.profile, "missing" in stand_in.metadata["stands_for"]) == ({}, True)
    assert [p.id for p in adopted.profiles.lineage("news", CHILD)] == [CHILD, TWIN, FIRST]
    assert [p.id for p in adopted.profiles.search("Réponds", role="worker")] == [FIRST]
    assert adopted.profiles.latest("news", "qa").id == OBJECT
    made = adopted.profiles.append("news", "qa", {}, base=OBJECT, expected_version=6)
    assert made.version == 7
    assert adopted.profiles.latest("news", "qa") == made


def test_a_circle_of_bases_is_cut_where_the_older_one_would_be_the_child(adopted):
    older, younger = (adopted.profiles.get("circle", id) for id in CIRCLE)
    assert older.base_profile_id is None
    assert older.metadata == {"adopted": {"base_profile_id": str(younger.id)}}
    assert younger.base_profile_id == older.id


def test_steps_keep_their_rewards_and_what_they_refer_to(adopted, empty_postgresql):
    found = {step.id.int: step for step in adopted.steps.recent("news", "qa", limit=STEPS)}
    assert len(found) == STEPS - 2
    assert found[1].reward == 0.0
    assert found[1].new_profile_id == CHILD
    assert found[1].gold_answer == "Là-bas 🦔."
    assert found[1].created_at == at(2).replace(tzinfo=UTC)
    assert (found[2].reward, found[2].metrics["adopted"]["metrics"]) == (
        None,
        {"n": 0.5, "adopted": 1},
    )
    assert found[2].metrics["adopted"]["processing_time_ms"] == -1
    assert found[3].reward is None
    assert found[3].metrics["adopted"]["reward"] == "NaN"
    stand_in = adopted.profiles.history("news", "qa")[-1].id
    assert {found[3].old_profile_id, found[4].old_profile_id} == {stand_in}
    assert found[4].metrics["adopted"] == {
        "old_profile_id": str(NOWHERE),
        "new_profile_id": str(ELSEWHERE),
    }
    assert (found[6].query, found[6].debate_trace) == ("", {})
    assert found[6].metrics["adopted"] == {"debate_trace": ["Pro", "Contra"]}
    assert found[LAST].created_at.month == 12
    assert found[LAST].metrics["adopted"] == {"reward": 10**400}
    (step,) = adopted.steps.recent("default", "qa")
    assert step.metrics["adopted"] == {"step_type": "dreaming", "old_profile_id": str(FIRST)}
    (step,) = adopted.steps.recent("news", "summary")
    assert step.created_at == datetime(2000, 1, 1, tzinfo=UTC)
    ((cost,),) = rows(
        empty_postgresql,
        """
        SELECT metrics #>> '{adopted,cost}'
        FROM hegel_training_steps WHERE metrics @? '$.adopted.cost'
        """,
    )
    assert cost == "0.1234567890123456789"
    assert adopted.steps.log(
        NewStep(
            corpus_id="news",
            task_type="qa",
            old_profile_id=FIRST,
            query="",
            predicted_answer="",
        )
    )


def test_contents_of_all_plain_steps_are_those_of_the_old_table(old, adopted, empty_postgresql):
    compared = """
        SELECT id, query, predicted_answer, reward::float8, created_at{}, old_profile_id
        FROM {} WHERE query ~ '^q[0-9]+$' ORDER BY id
    """
    table = f"hegel_adopted.{old.prefix}training_steps"
    theirs = rows(empty_postgresql, compared.format(" AT TIME ZONE 'UTC'", table))
    assert len(theirs) == STEPS - 8
    assert rows(empty_postgresql, compared.format("", "hegel_training_steps")) == theirs


def test_several_members_of_one_profile_are_all_kept_the_newest_in_its_population(adopted):
    fittest = adopted.populations.fittest("news", "qa")
    assert [(member.profile_id, member.fitness) for member in fittest] == [
        (CHILD, 0.7),
        (FIRST, 0.5),
    ]
    assert (fittest[0].selection_count, fittest[1].generation) == (5, 4)
    assert fittest[1].metadata == {"adopted": {"id": str(UUID(int=1))}}
    (second,) = adopted.populations.fittest("news", "qa", population="default#2")
    assert (second.fitness, second.metadata) == (0.9, {"adopted": {"id": str(UUID(int=2))}})
    assert adopted.populations.fittest("news", "qa", population="default#3") == []
    third = adopted.populations.add("news", "qa", FIRST, population="default#3", fitness=0.1)
    assert third.metadata["adopted"] == {
        "id": str(UUID(int=3)),
        "fitness_score": "NaN",
        "metadata": [1],
    }
    (zero,) = adopted.populations.fittest("default", "qa")
    assert zero.fitness == 0.0


def test_a_member_of_a_missing_profile_is_kept_and_evicted(adopted, empty_postgresql):
    kept = rows(
        empty_postgresql,
        """
        SELECT fitness_score, evicted_at IS NOT NULL, population_metadata #>> '{adopted,profile_id}'
        FROM hegel_profile_populations JOIN hegel_prompt_profiles AS profile
          ON profile.id = profile_id AND profile.metadata ? 'stands_for'
        """,
    )
    assert kept == [(0.99, True, str(NOWHERE))]


def test_roles_of_a_column_come_last_and_a_document_they_hide_is_kept(empty_url, empty_postgresql):
    BARE.make_tables(empty_postgresql)
    empty_postgresql.execute("ALTER TABLE prompt_profiles ADD role_prompts text")
    document = {"worker": 1, "rounds": 3, "role_prompts": {"worker": "a", "judge": "b"}}
    plain = {"role_prompts": ["no", "roles"], "rounds": 2}
    for id, given, roles in (
        (FIRST, document, '{"judge": "c", "critic": null}'),
        (CHILD, plain, " "),
        (TWIN, None, '{"worker": ""}'),
    ):
        BARE.insert(
            empty_postgresql,
            "prompt_profiles",
            id=id,
            corpus_id=" ",
            profile=None if given is None else Jsonb(given),
            role_prompts=roles,
        )
    empty_postgresql.commit()
    adopt(parse_address(empty_url, "the test"))
    with hegel_store.connect(empty_url) as store:
        found = {profile.id: profile for profile in store.profiles.history("default", "qa")}
    assert found[FIRST].profile == {
        "worker": {"system_prompt": "a"},
        "judge": {"system_prompt": "c"},
        "critic": None,
        "rounds": 3,
    }
    assert found[FIRST].metadata["adopted"]["profile"] == document
    assert found[CHILD].profile == plain
    assert "profile" not in found[CHILD].metadata["adopted"]
    assert found[TWIN].profile == {"worker": {"system_prompt": ""}}


def test_numbers_keep_the_digits_that_a_double_precision_has_not(empty_url, empty_postgresql):
    BARE.make_tables(empty_postgresql)
    # A careless setting of the database's must not cost digits either.
    name = sql.Identifier(empty_postgresql.info.dbname)
    empty_postgresql.execute(sql.SQL("ALTER DATABASE {} SET extra_float_digits = -10").format(name))
    empty_postgresql.execute(
        "ALTER TABLE profile_populations ALTER fitness_score TYPE float8 USING NULL"
    )
    whole = ("0.1", "0.25", "0.10000", "-12.5", "3e-7", "1e300", "0", "12345678901234.5")
    longer = ("0.12345678901234567890123", "9007199254740993", "0.1000000000000000055511151231")
    for id, reward in enumerate((*whole, *longer)):
        BARE.step(empty_postgresql, id, reward=reward)
    BARE.profile(empty_postgresql, FIRST, {})
    BARE.member(empty_postgresql, 1, fitness_score=0.1 + 0.2)
    empty_postgresql.commit()
    adopt(parse_address(empty_url, "the test"))
    found = rows(
        empty_postgresql,
        "SELECT reward, metrics #>> '{adopted,reward}' FROM hegel_training_steps ORDER BY id",
    )
    assert found == [
        *((float(reward), None) for reward in whole),
        *((float(reward), reward) for reward in longer),
    ]
    fitness = "SELECT fitness_score, population_metadata FROM hegel_profile_populations"
    assert rows(empty_postgresql, fitness) == [
        (0.1 + 0.2, {"adopted": {"id": str(UUID(int=1))}}),
    ]
