"""OpenEvolve's program database on the store, beside its own, and beside a second one."""

from __future__ import annotations

import math
import random
import subprocess
import sys
import uuid
from typing import Any

import pytest
from openevolve import database as own
from openevolve.config import DatabaseConfig
from openevolve.database import Program, ProgramDatabase
from openevolve.population import PopulationStrategy

from hegel_store.errors import InvalidInput, RunConflict
from hegel_store.integrations.openevolve import StoreProgramDatabase
from hegel_store.integrations.openevolve.programs import profile_id_of
from hegel_store.integrations.openevolve.standings import SHARED, standings_of
from hegel_store.store import Store
from tests.samples import rows

pytestmark = pytest.mark.any_server

RUN = ("news", "code", "r")


def configuration(**changes: Any) -> DatabaseConfig:
    given = {
        "num_islands": 3,
        "population_size": 20,
        "archive_size": 8,
        "feature_dimensions": ["x", "complexity"],
        "feature_bins": 4,
        "migration_interval": 5,
        "random_seed": 3,
    }
    return DatabaseConfig(**(given | changes))


def program(name: str, score: float, x: float = 0.0, code: str | None = None, **rest: Any) -> Any:
    metrics = {"combined_score": score, "x": x}
    return Program(id=name, code=name if code is None else code, metrics=metrics, **rest)


def open_database(store: Store, **changes: Any) -> StoreProgramDatabase:
    return StoreProgramDatabase(configuration(**changes), store, *RUN)


@pytest.fixture
def ids(monkeypatch: pytest.MonkeyPatch) -> random.Random:
    """Copies of programs get the same ids in both, from a generator that each begins anew."""
    made = random.Random(0)
    monkeypatch.setattr(own.uuid, "uuid4", lambda: uuid.UUID(int=made.getrandbits(128)))
    return made


def evolve(database: ProgramDatabase, seed: int, steps: int) -> list[Any]:
    """As the controller does: sample, add, count, migrate. What was seen on the way."""
    rng, seen = random.Random(seed), []
    for step in range(steps):
        island = step % len(database.islands)
        parent = None
        if database.programs:
            parent, inspirations = database.sample_from_island(island, 3)
            seen.append((parent.id, [other.id for other in inspirations]))
        child = program(
            f"{step}",
            rng.choice([0.5, rng.random()]),
            rng.gauss(0, 3),
            "".join(rng.choices("abc\n", k=rng.randint(1, 60))),
            parent_id=None if parent is None else parent.id,
            generation=step,
        )
        seen.append(database.add(child, iteration=step, target_island=island))
        database.increment_island_generation(island)
        if database.should_migrate():
            database.migrate_programs()
        best = database.get_best_program()
        seen.append((best.id, [top.id for top in database.get_top_programs(5)]))
    return seen


def state(database: ProgramDatabase) -> dict[str, Any]:
    names = (*SHARED, "islands", "island_feature_maps", "archive")
    found = {name: getattr(database, name) for name in names}
    found["ranges"] = {
        name: (stats["min"], stats["max"]) for name, stats in database.feature_stats.items()
    }
    return found | {"programs": list(database.programs), "standings": standings_of(database)}


STRATEGIES = {
    "its own": None,
    "rejects": PopulationStrategy(
        admit=lambda snapshot, program, island: program.generation % 3 < 2
    ),
    "newest": PopulationStrategy(replace_cell=lambda snapshot, program, other, island: True),
}


@pytest.mark.parametrize(
    ("changes", "strategy"),
    [
        ({}, "its own"),
        ({"feature_dimensions": ["complexity", "diversity"], "random_seed": 5}, "its own"),
        ({"feature_dimensions": ["score", "x"], "population_size": 7, "num_islands": 1}, "its own"),
        ({"random_seed": 8}, "rejects"),
        ({"random_seed": 9, "population_size": 12}, "newest"),
    ],
)
def test_it_decides_as_openevolve_does_in_memory(
    store: Store, ids: random.Random, changes: dict[str, Any], strategy: str
) -> None:
    """The same programs, seeds and strategy; and a database that is opened later is equal."""
    told = {"population_strategy": STRATEGIES[strategy]}
    memory = ProgramDatabase(configuration(**changes), **told)
    expected = evolve(memory, 1, 60)
    ids.seed(0)
    database = StoreProgramDatabase(configuration(**changes), store, *RUN, **told)
    assert evolve(database, 1, 60) == expected
    assert state(database) == state(memory)
    again = open_database(store, **changes)
    assert state(again) == state(database)
    for name, stored in again.programs.items():
        assert stored.to_dict() | {"timestamp": 0} == memory.programs[name].to_dict() | {
            "timestamp": 0
        }


def test_rows_say_what_memory_says(store: Store) -> None:
    database = open_database(store)
    evolve(database, 2, 60)
    names = {profile_id_of("r", name): name for name in database.programs}
    held = [{}, {}, {}]
    for island in range(3):
        for member in store.populations.cells("news", "code", population="r", island=island):
            held[island][member.cell_key] = names[member.profile_id]
    assert held == database.island_feature_maps
    live = store.populations.fittest("news", "code", population="r", limit=1000)
    assert {names[member.profile_id] for member in live} == set(database.programs)
    assert names[live[0].profile_id] == database.get_best_program().id or (
        live[0].fitness == database.get_best_program().metrics["combined_score"]
    )
    for member in live:
        stored = database.programs[names[member.profile_id]]
        assert member.fitness == stored.metrics["combined_score"]
        assert member.objectives == stored.metrics
        assert member.generation == stored.generation
        assert member.descriptor == {"x": stored.metrics["x"], "complexity": len(stored.code)}
    assert store.runs.get("news", "r").evaluations_spent == 60


def test_nothing_is_deleted_and_every_child_has_its_parent(store: Store) -> None:
    database = open_database(store)
    evolve(database, 2, 60)
    stored = rows(
        store,
        "SELECT id, base_profile_id, metadata #>> '{openevolve,program}',"
        " (metadata #>> '{openevolve,record}')::jsonb ->> 'parent_id'"
        " FROM hegel_prompt_profiles",
    )
    assert {str(step) for step in range(60)} <= {name for _, _, name, _ in stored}
    for identifier, base, name, parent in stored:
        assert identifier == profile_id_of("r", str(name))
        assert base == (None if parent is None else profile_id_of("r", str(parent)))
        assert database.get(str(name)).id == name
    counts = "SELECT count(*), count(*) FILTER (WHERE evicted_at IS NULL) FROM "
    assert rows(store, counts + "hegel_profile_populations") == [
        (len(stored), len(database.programs))
    ]
    (children,) = rows(store, "SELECT sum(children_count) FROM hegel_profile_populations")
    assert children == (sum(parent is not None for *_, parent in stored),)
    assert database.get("nobody") is None


def test_two_databases_see_each_other_and_overwrite_nothing(store: Store) -> None:
    one, two = open_database(store), open_database(store, random_seed=4)
    rng = random.Random(5)
    best = -math.inf
    for step in range(60):
        mine, other = (one, two) if rng.random() < 0.5 else (two, one)
        score = rng.random()
        best = max(best, score)
        mine.add(program(f"{step}", score, rng.gauss(0, 3)), iteration=step, target_island=step % 3)
        mine.increment_island_generation(step % 3)
        if other.should_migrate():
            other.migrate_programs()
        seen = other.get_best_program()
        assert seen.metrics["combined_score"] == best
        assert state(other) == state(mine) or step not in mine.programs
    one.get_best_program(), two.get_best_program()
    assert state(one) == state(two)
    assert sum(one.island_generations) == 60
    names = {name for (name,) in rows(store, "SELECT source FROM hegel_prompt_profiles")}
    assert len(names) == 60
    held = rows(
        store,
        "SELECT island, cell_key, count(*) FROM hegel_profile_populations"
        " WHERE holds_cell AND evicted_at IS NULL GROUP BY 1, 2",
    )
    assert {count for *_, count in held} == {1}


def test_of_two_that_find_a_migration_due_one_migrates(store: Store) -> None:
    one, two = open_database(store), open_database(store)
    for island in range(3):
        one.add(program(f"{island}", 0.5, island), target_island=island)
    for _ in range(5):
        one.increment_island_generation(0)
    assert two.get_best_program().id in one.programs
    assert (one.should_migrate(), two.should_migrate()) == (True, True)
    two.migrate_programs()
    migrated = len(two.programs)
    one.migrate_programs()
    assert (len(one.programs), one.should_migrate()) == (migrated, False)
    assert migrated > 3


def test_of_two_that_begin_with_the_same_program_one_adds_it(store: Store) -> None:
    one, two = open_database(store), open_database(store)
    assert one.add(program("a", 0.5, code="x")) == "a"
    assert two.add(program("b", 0.5, code="x")) == "a"
    assert list(two.programs) == list(one.programs) == ["a"]
    assert one.add(program("a", 0.5, code="x")) == "a"
    assert rows(store, "SELECT count(*) FROM hegel_prompt_profiles") == [(1,)]


def test_artifacts_of_any_kind_are_had_by_others(store: Store) -> None:
    one, two = open_database(store), open_database(store)
    one.add(program("a", 0.5))
    assert two.get_best_program().id == "a"
    left = {"log": "l\x00ng" * 50_000, "image": bytes(range(256))}
    one.store_artifacts("a", left)
    one.save()
    two.get_best_program()
    assert two.get_artifacts("a") == one.get_artifacts("a") == left
    assert open_database(store).get_artifacts("a") == left
    one.store_artifacts("nobody", left)
    assert one.get_artifacts("nobody") == {}


def test_what_a_model_was_asked_is_a_step_of_the_run(store: Store) -> None:
    database = open_database(store)
    database.log_prompt("a", "evaluation", {"system": "s", "user": "how good"}, ["good"])
    database.add(program("a", 0.5))
    database.add(program("b", 0.75, parent_id="a"))
    database.log_prompt("b", "diff", {"system": "s", "user": "n\x00 \ud800"}, ["b"], {"tokens": 3})
    database.increment_island_generation(0)
    database.save()
    first, second = sorted(store.steps.by_run("news", "r"), key=lambda step: step.created_at)
    a, b = profile_id_of("r", "a"), profile_id_of("r", "b")
    assert (first.old_profile_id, first.new_profile_id, first.query) == (a, a, "how good")
    assert (second.old_profile_id, second.new_profile_id, second.reward) == (a, b, 0.75)
    assert (second.query, second.predicted_answer) == ("n\ufffd ?", "b")
    assert second.debate_trace["token_usage"] == {"tokens": 3}
    silent = open_database(store, log_prompts=False)
    silent.log_prompt("b", "other", {"user": ""}, [])
    silent.close()
    assert len(store.steps.by_run("news", "r")) == 2


def test_children_of_an_island_that_was_reset_do_not_get_onto_it(store: Store) -> None:
    one, two = open_database(store), open_database(store)
    one.add(program("best", 0.9, 1.0), target_island=1)
    one.add(program("parent", 0.4, 2.0), target_island=1)
    one.add(program("elsewhere", 0.3), target_island=0)
    assert two.get_best_program().id == "best"
    assert one.reset_island(1) == 1
    assert two.add(program("late", 0.5, parent_id="parent"), target_island=1) is None
    assert two.add(program("moved", 0.5, parent_id="parent"), target_island=0) == "moved"
    assert set(two.programs) == {"best", "elsewhere", "moved"}
    assert two.get_best_program().id == "best"
    assert (two.islands[1], two.get("late").parent_id) == (set(), "parent")
    copy, _ = two.sample_from_island(1, 2)
    assert copy.id in two.programs
    two.set_current_island(1)
    founder, _ = two.sample(2)
    while founder.parent_id != "best":  # until it explores, which fills the island
        founder, _ = two.sample(2)
    assert two.islands[1] == {founder.id}
    child = program("child", 0.6, parent_id=founder.id)
    assert two.add(child, target_island=1) == "child"
    assert state(open_database(store)) == state(two)


@pytest.mark.parametrize("value", [math.nan, math.inf, "much", True, None, 10**400])
def test_a_metric_that_is_no_number_costs_nobody_the_program(store: Store, value: Any) -> None:
    database = open_database(store, feature_dimensions=["complexity"])
    odd = Program(id="a", code="x", metrics={"combined_score": 0.5, "odd": value})
    database.add(odd)
    stored = open_database(store, feature_dimensions=["complexity"]).programs["a"]
    assert list(stored.metrics) == list(odd.metrics)
    assert repr(stored.metrics["odd"]) == repr(value)
    (member,) = store.populations.fittest("news", "code", population="r")
    assert member.objectives == {"combined_score": 0.5}


def test_what_no_row_can_hold_is_refused_and_nothing_of_it_is_stored(store: Store) -> None:
    database = open_database(store)
    for bad in (
        program("a", 0.5, code="n\x00"),
        program("a", 0.5, code="\ud800"),
        program("a", 0.5, metadata={"set": {1}}),
    ):
        with pytest.raises(InvalidInput):
            database.add(bad)
    assert (database.programs, database.error) == ({}, None)
    assert rows(store, "SELECT count(*) FROM hegel_prompt_profiles") == [(0,)]


def test_a_run_is_gone_on_with_as_it_was_begun(store: Store) -> None:
    with pytest.raises(InvalidInput, match="db_path"):
        open_database(store, db_path="folder")
    open_database(store)
    with pytest.raises(RunConflict, match="configuration"):
        open_database(store, feature_bins=7)
    store.runs.finish("news", "r")
    open_database(store)
    assert store.runs.get("news", "r").status == "running"
    store.runs.stop("news", "r", "too dear")
    with pytest.raises(RunConflict, match="stopped"):
        open_database(store)


def test_the_end_of_a_run_is_heard_of(store: Store) -> None:
    ends: list[str] = []
    one = StoreProgramDatabase(configuration(), store, *RUN, budget=2)
    one.on_end(lambda: ends.append("one"))
    one.add(program("a", 0.5))
    assert ends == []
    one.add(program("b", 0.5, 2.0, parent_id="a"))
    assert ends == ["one"]
    one.add(program("c", 0.5, 3.0, parent_id="a"))  # was under way
    assert ends == ["one", "one"]
    assert set(one.programs) == {"a", "b", "c"}
    run = store.runs.get("news", "r")
    assert (run.evaluations_spent, run.evaluations_left) == (2, 0)
    store.runs.stop("news", "r")
    one.sample_from_island(0)
    assert len(ends) == 3


class Embedder:
    """The letters that are in a program."""

    def get_embedding(self, code: str) -> list[float]:
        return [float(letter in code) for letter in "abcdefgh"]


class Judge:
    """Says that nothing which is so alike is new."""

    asked = 0

    async def generate_with_context(self, **given: Any) -> str:
        self.asked += 1
        return "NOT NOVEL"


def test_what_is_not_new_is_decided_as_openevolve_does(store: Store, ids: random.Random) -> None:
    found = []
    for kind in (ProgramDatabase, lambda given: StoreProgramDatabase(given, store, *RUN)):
        ids.seed(0)
        database = kind(configuration(novelty_llm=Judge(), similarity_threshold=0.9))
        database.embedding_client = Embedder()
        rng = random.Random(1)
        for step in range(40):
            code = "".join(rng.choices("abcd", k=3))
            database.add(program(f"{step}", rng.random(), rng.random(), code), step, step % 3)
        database.migrate_programs()
        found.append((state(database), database.novelty_llm.asked))
    assert found[0] == found[1]
    assert found[0][1] > 5
    assert state(open_database(store)) == found[0][0]


def test_without_openevolve_it_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['openevolve'] = None\n"
        "from hegel_store.errors import ConfigurationError\n"
        "import hegel_store.integrations.openevolve as integration\n"
        "try:\n"
        "    integration.StoreProgramDatabase\n"
        "except ConfigurationError as error:\n"
        "    print(error)\n"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "pip install 'hegel_store[openevolve]'" in said.stdout
