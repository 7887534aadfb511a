"""Ancestors and descendants as graphs: every profile once, with its rewards, however many ways
lead to it."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from hegel_store.errors import InvalidInput, NotFound
from hegel_store.models import LineageGraph, NewStep, PromptProfile
from hegel_store.repositories import profile_lineage_statements as statements
from hegel_store.store import Store
from tests.integration.test_profile_ancestry import counted_statements
from tests.plans import explain, nodes

NEXT = {"ancestors": "ancestry", "descendants": "descendants"}


def searched(links: dict[UUID, list[UUID]], start: UUID, depth: int | None) -> dict[UUID, int]:
    """Breadth-first search as it is in every book: the distance of all that is reached."""
    distance = {start: 0}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        if depth is not None and distance[here] >= depth:
            continue
        for other in links[here]:
            if other not in distance:
                distance[other] = distance[here] + 1
                waiting.append(other)
    return distance


# The parents of each profile, among those before it.
graphs = st.integers(1, 9).flatmap(
    lambda count: st.tuples(
        *(
            st.lists(st.integers(0, n - 1), unique=True, max_size=4) if n else st.just([])
            for n in range(count)
        )
    )
)


@given(graphs, st.data())
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
def test_graphs_are_those_of_a_breadth_first_search(store: Store, parents, data) -> None:
    made: list[PromptProfile] = []
    for n, of in enumerate(parents):
        task = ("qa", "summarise")[n % 2]
        made.append(store.profiles.append("news", task, {}, parents=[made[p] for p in of]))
    position = {profile.id: n for n, profile in enumerate(made)}
    up = {made[n].id: [made[p].id for p in of] for n, of in enumerate(parents)}
    down = {
        profile.id: [made[n].id for n, of in enumerate(parents) if position[profile.id] in of]
        for profile in made
    }
    start = made[data.draw(st.integers(0, len(made) - 1))].id
    depth = data.draw(st.none() | st.integers(0, 4))
    for links, direction in ((up, "ancestors"), (down, "descendants")):
        expected = searched(links, start, depth)
        graph = getattr(store.profiles, NEXT[direction])("news", start, depth=depth)
        assert (graph.corpus_id, graph.profile_id, graph.direction) == ("news", start, direction)
        assert {node.id: node.distance for node in graph.nodes} == expected
        assert len(graph.nodes) == len(expected)
        order = [(node.distance, -position[node.id]) for node in graph.nodes]
        assert order == sorted(order)
        assert [(edge.child_id, edge.parent_id, edge.position) for edge in graph.edges] == [
            (node.id, parent, place)
            for node in graph.nodes
            for place, parent in enumerate(up[node.id])
            if parent in expected
        ]
        for node in graph.nodes:
            profile = made[position[node.id]]
            assert (node.task_type, node.version) == (profile.task_type, profile.version)
            assert (node.created_at, node.content_hash) == (
                profile.created_at,
                profile.content_hash,
            )
    assert [p.id for p in store.profiles.lineage("news", start)] == [
        node.id for node in store.profiles.ancestry("news", start).nodes
    ]


def test_what_is_asked_about_must_be_there(store: Store) -> None:
    made = store.profiles.append("news", "qa", {})
    for ask in (store.profiles.ancestry, store.profiles.descendants):
        for corpus, profile_id in (("news", uuid4()), ("law", made.id)):
            with pytest.raises(NotFound) as caught:
                ask(corpus, profile_id)
            assert caught.value.field == "profile_id"
        for depth in (-1, 1.5, "1", True):
            with pytest.raises(InvalidInput) as refused:
                ask("news", made.id, depth=depth)
            assert refused.value.field == "depth"


def test_aliases_are_those_of_now(store: Store) -> None:
    first = store.profiles.append("news", "qa", {})
    second = store.profiles.append("news", "qa", {}, base=first)
    for alias, profile in (("champion", first), ("best", first), ("champion", second)):
        store.profiles.set_alias("news", "qa", alias, profile.id)
    named = {node.id: node.aliases for node in store.profiles.ancestry("news", second.id).nodes}
    assert named == {first.id: ("best",), second.id: ("champion",)}


def log(store: Store, profile: PromptProfile, *rewards: float | None, **rest: object) -> None:
    for reward in rewards:
        store.steps.log(
            NewStep(
                **{
                    "corpus_id": profile.corpus_id,
                    "task_type": "qa",
                    "old_profile_id": profile.id,
                    "query": "",
                    "predicted_answer": "",
                    "reward": reward,
                }
                | rest
            )
        )


def require_equal_to_the_log(store: Store, graph: LineageGraph) -> None:
    """What the graph says of rewards is what all steps add up to."""
    with store.engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT old_profile_id, count(*), count(reward), "
                "CAST(avg(CAST(reward AS numeric)) AS float8) FROM hegel_training_steps "
                "WHERE corpus_id = :corpus_id GROUP BY old_profile_id"
            ),
            {"corpus_id": graph.corpus_id},
        )
        sums = {row[0]: tuple(row[1:]) for row in rows}
    for node in graph.nodes:
        found = (node.steps, node.rewards, node.average_reward)
        assert found == sums.get(node.id, (0, 0, None))


def test_rewards_are_those_of_all_steps_of_any_task_month_and_kind(
    store: Store, postgresql: psycopg.Connection
) -> None:
    first = store.profiles.append("news", "qa", {})
    second = store.profiles.append("news", "qa", {}, base=first)
    silent = store.profiles.append("news", "qa", {}, base=second)
    log(store, first, 0.1, 0.2, 0.7, None)
    log(store, first, 0.0, task_type="summarise", step_type="evaluation")
    log(store, second, 0.0, 1.0 / 3, created_at=datetime(2024, 5, 31, 23, 59, tzinfo=UTC))
    log(store, second, -2.5, created_at=datetime(2023, 1, 1, tzinfo=UTC))
    log(store, second, None)
    graph = store.profiles.ancestry("news", silent.id)
    assert [(node.steps, node.rewards) for node in graph.nodes] == [(0, 0), (4, 3), (5, 4)]
    assert graph.nodes[2].average_reward == pytest.approx(0.25)
    require_equal_to_the_log(store, graph)
    # Folded; months that nobody has counted, as of before there were sums; counted again.
    store.steps.roll_up()
    require_equal_to_the_log(store, store.profiles.descendants("news", first.id))
    postgresql.execute("DELETE FROM hegel_step_months_counted WHERE month = '2024-05-01'")
    postgresql.execute(
        "DELETE FROM hegel_step_rollup WHERE day >= '2024-05-01' AND day < '2024-06-01'"
    )
    postgresql.commit()
    require_equal_to_the_log(store, store.profiles.descendants("news", first.id))
    store.steps.roll_up()
    require_equal_to_the_log(store, store.profiles.descendants("news", first.id))


DIAMONDS = 500
LINE = 5_000

FILL = """
    WITH made AS (
        SELECT n, hegel_uuidv7() AS id FROM generate_series(0, %(count)s) AS n
    ),
    profiles AS (
        INSERT INTO hegel_prompt_profiles (corpus_id, id, version, source)
        SELECT %(corpus)s, id, n + 1, '{}' FROM made ORDER BY n
        RETURNING id
    )
    INSERT INTO hegel_profile_parents (corpus_id, profile_id, parent_id, position)
    SELECT %(corpus)s, child.id, parent.id, rung.position
    FROM (SELECT count(*) FROM profiles) AS filled, made AS child
    CROSS JOIN LATERAL (SELECT * FROM (VALUES {rungs}) AS rung (kind, back, position)) AS rung
    JOIN made AS parent ON parent.n = child.n - rung.back
    WHERE child.n > 0 AND rung.kind = (child.n - 1) %% %(kinds)s"""


def fill(
    connection: psycopg.Connection, corpus: str, count: int, rungs: dict[int, list[int]]
) -> None:
    """Profiles in a row; the parents of number n stand so many places back, by (n - 1) modulo."""
    values = ", ".join(
        f"({kind}, {back}, {place})"
        for kind, backs in rungs.items()
        for place, back in enumerate(backs)
    )
    # Parents are checked at the end of a statement, and seen by it.
    connection.execute(
        FILL.replace("{rungs}", values), {"corpus": corpus, "count": count, "kinds": len(rungs)}
    )


# A diamond whose sides are one and two profiles long: a join, and from it to the next one.
LADDER = {0: [1], 1: [2], 2: [1], 3: [3, 1]}


@pytest.mark.parametrize(
    ("rungs", "count", "edges", "farthest"),
    [
        ({0: [1]}, LINE, LINE, LINE),
        (LADDER, 4 * DIAMONDS, 5 * DIAMONDS, 2 * DIAMONDS),
        ({0: [1, 2]}, LINE, 2 * LINE - 1, LINE // 2),
    ],
    ids=["line", "ladder of diamonds", "two parents each"],
)
def test_deep_and_tangled_lineages_are_one_quick_statement(
    store: Store, postgresql: psycopg.Connection, rungs, count, edges, farthest
) -> None:
    """By way of every length they would be millions of rows."""
    fill(postgresql, "news", count, rungs)
    postgresql.commit()
    newest, *_, oldest = store.profiles.history("news", "qa")
    for ask, start, end in (
        (store.profiles.ancestry, newest, oldest),
        (store.profiles.descendants, oldest, newest),
    ):
        with counted_statements(store.engine) as sent:
            graph = ask("news", start.id)
        assert len(sent) == 1
        assert (len(graph.nodes), len(graph.edges)) == (count + 1, edges)
        distance = {node.id: node.distance for node in graph.nodes}
        assert distance[end.id] == farthest == max(distance.values())
    assert len(store.profiles.lineage("news", newest.id)) == count + 1
    for statement, start in ((statements.ANCESTRY, newest), (statements.DESCENDANTS, oldest)):
        require_probes(store, statement, start, count + 1, edges)


def require_probes(store: Store, statement, start: PromptProfile, reached: int, edges: int) -> None:
    """Each table is read by an index, and not a row more often than it has to be."""
    values = {"corpus_id": "news", "profile_id": start.id, "depth": None}
    with store.engine.begin() as connection:
        plan = explain(connection, statement, values)
    read: dict[str, float] = {}
    for node in nodes(plan):
        table = node.get("Relation Name", "")
        if table in ("hegel_prompt_profiles", "hegel_profile_parents", "hegel_step_rollup"):
            assert "Index" in node["Node Type"] or "Bitmap" in node["Node Type"], node
            looked = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            read[table] = read.get(table, 0) + looked * node["Actual Loops"]
    # Rounded to two digits after the point, for each loop.
    assert read["hegel_prompt_profiles"] <= 1.05 * reached + 1
    assert read["hegel_profile_parents"] <= 1.05 * 2 * edges + 1
