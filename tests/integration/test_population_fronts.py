"""Pareto fronts on a real database, beside their definitions and GEPA's own functions."""

from __future__ import annotations

import random
from collections import Counter
from uuid import UUID

import numpy as np
import pytest
from gepa import gepa_utils
from sqlalchemy import text

from hegel_store.errors import InvalidInput
from hegel_store.models import ExampleLeader
from hegel_store.repositories import population_example_statements as examples
from hegel_store.store import Store
from tests.plans import explain, nodes
from tests.samples import rows

SCOPE = ("news", "qa")
BOTH = {"accuracy": "maximize", "tokens": "minimize"}
MAKE_PROFILES = text(
    """
    INSERT INTO hegel_prompt_profiles (corpus_id, task_type, source)
    SELECT 'news', 'qa', '{"n": ' || n || '}' FROM generate_series(1, :count) AS n
    RETURNING id, content_hash
    """
)
ADD_MEMBERS = text(
    """
    INSERT INTO hegel_profile_populations (corpus_id, task_type, population, profile_id, objectives)
    SELECT 'news', 'qa', population, profile_id, CAST(objectives AS jsonb)
    FROM unnest(
        CAST(:populations AS text[]), CAST(:profiles AS uuid[]), CAST(:objectives AS text[])
    ) AS member (population, profile_id, objectives)
    """
)
ADD_SCORES = text(
    """
    INSERT INTO hegel_scores
        (corpus_id, evaluator, content_hash, split, example_id, objective, score)
    SELECT 'news', 'default', content_hash, split, 'e' || example, 'accuracy', score
    FROM unnest(CAST(:hashes AS bytea[]), CAST(:splits AS text[]), CAST(:examples AS int4[]),
                CAST(:scores AS float8[])) AS score (content_hash, split, example, score)
    """
)


def profiles(store: Store, count: int) -> list[tuple[UUID, bytes]]:
    with store.engine.begin() as connection:
        made = connection.execute(MAKE_PROFILES, {"count": count}).all()
    return sorted((row.id, row.content_hash) for row in made)


def members(store: Store, points: dict[str, list[dict[str, float]]]) -> list[UUID]:
    """The same profiles in each population, with these objectives."""
    ids = [made for made, _ in profiles(store, max(map(len, points.values())))]
    flat = [
        (population, ids[n], repr(point).replace("'", '"'))
        for population, own in points.items()
        for n, point in enumerate(own)
    ]
    names, chosen, objectives = zip(*flat, strict=True)
    with store.engine.begin() as connection:
        values = {"populations": names, "profiles": chosen, "objectives": objectives}
        connection.execute(ADD_MEMBERS, {name: list(own) for name, own in values.items()})
    return ids


def dominates(one: dict[str, float], other: dict[str, float], signs: dict[str, int]) -> bool:
    pairs = [(sign * one[name], sign * other[name]) for name, sign in signs.items()]
    return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)


def test_the_front_is_that_of_the_definition_on_many_random_populations(store: Store) -> None:
    """Of three objectives with many ties; missing ones and texts take no part."""
    rng = np.random.default_rng(5)
    names = ["accuracy", "tokens", "seconds"]
    points = {
        f"p{n}": [
            {
                name: (round(float(value), 3) if n % 2 else int(value * 4))
                for name, value in zip(names, rng.random(3), strict=True)
                if rng.random() > 0.03
            }
            for _ in range(int(rng.integers(1, 40)))
        ]
        for n in range(150)
    }
    ids = members(store, points)
    directions = {"accuracy": "maximize", "tokens": "minimize", "seconds": "minimize"}
    signs = {"accuracy": 1, "tokens": -1, "seconds": -1}
    for n, (population, own) in enumerate(points.items()):
        wanted = dict(list(directions.items())[: 1 + n % 3])
        used = {name: signs[name] for name in wanted}
        able = {ids[i]: point for i, point in enumerate(own) if used.keys() <= point.keys()}
        expected = {
            identifier
            for identifier, point in able.items()
            if not any(dominates(other, point, used) for other in able.values())
        }
        front = store.populations.pareto_front(*SCOPE, wanted, population=population)
        assert {member.profile_id for member in front} == expected
        gone = store.populations.prune_dominated(*SCOPE, wanted, population=population)
        assert {profile for _, profile in gone} == able.keys() - expected
        left = store.populations.pareto_front(*SCOPE, wanted, population=population)
        assert left == front


def test_a_front_is_of_live_members_of_one_population_and_island(store: Store) -> None:
    points = [{"accuracy": 0.9, "tokens": 10.0}, {"accuracy": 0.5, "tokens": 20.0}]
    best, worse = members(store, {"default": points, "other": points[::-1]})
    worst = store.profiles.append(*SCOPE, {}).id
    store.populations.add(*SCOPE, worst, island=2, objectives={"accuracy": 0.1, "tokens": 30})
    one = {"accuracy": "maximize"}
    front = store.populations.pareto_front
    assert [m.profile_id for m in front(*SCOPE, BOTH)] == [best]
    assert [(m.profile_id, m.island) for m in front(*SCOPE, one, island=2)] == [(worst, 2)]
    assert front(*SCOPE, one)[0].fitness is None
    store.populations.evict(*SCOPE, best)
    assert [m.profile_id for m in front(*SCOPE, BOTH)] == [worse]
    assert store.populations.prune_dominated(*SCOPE, BOTH) == [(2, worst)]
    assert len(rows(store, "SELECT FROM hegel_profile_populations")) == 5


def matrices(count: int) -> list[np.ndarray]:
    """Scores of candidates on examples, NaN for none: of few values, of many, sparse, dense."""
    rng = np.random.default_rng(11)
    made = []
    for n in range(count):
        scores = rng.random((int(rng.integers(1, 12)), int(rng.integers(1, 9))))
        if n % 3 == 0:
            scores = np.round(scores)
        elif n % 3 == 1:
            scores = np.round(scores, 1)
        scores[rng.random(scores.shape) < (0.0, 0.2, 0.6)[n // 3 % 3]] = np.nan
        made.append(scores)
    return made


def store_matrices(store: Store, made: list[np.ndarray]) -> list[UUID]:
    """Each as a population, with a split of its name; candidates share their profiles."""
    known = profiles(store, max(len(scores) for scores in made))
    flat = [
        (known[i][1], f"m{n}", j, float(scores[i, j]))
        for n, scores in enumerate(made)
        for i, j in np.argwhere(~np.isnan(scores))
    ]
    hashes, splits, numbers, values = zip(*flat, strict=True)
    with store.engine.begin() as connection:
        connection.execute(
            ADD_MEMBERS,
            {
                "populations": [f"m{n}" for n, scores in enumerate(made) for _ in scores],
                "profiles": [known[i][0] for scores in made for i in range(len(scores))],
                "objectives": ["{}" for scores in made for _ in scores],
            },
        )
        connection.execute(
            ADD_SCORES,
            {
                "hashes": list(hashes),
                "splits": list(splits),
                "examples": [int(number) for number in numbers],
                "scores": list(values),
            },
        )
    return [identifier for identifier, _ in known]


def leading(store: Store, n: int, direction: str = "maximize") -> dict[UUID, ExampleLeader]:
    front = store.populations.example_front(
        *SCOPE, {"accuracy": direction}, split=f"m{n}", population=f"m{n}"
    )
    return {leader.profile_id: leader for leader in front}


def test_the_front_over_examples_is_that_of_gepa(store: Store) -> None:
    made = matrices(1500)
    ids = store_matrices(store, made)
    differing = pruned = 0
    for n, scores in enumerate(made):
        direction = "maximize" if n % 2 else "minimize"
        signed = scores if n % 2 else -scores
        fronts = {
            j: {int(i) for i in np.flatnonzero(signed[:, j] == np.nanmax(signed[:, j]))}
            for j in range(scores.shape[1])
            if not np.isnan(scores[:, j]).all()
        }
        found = leading(store, n, direction)
        means = [float(np.nanmean(row)) if not np.isnan(row).all() else 0.0 for row in signed]
        # GEPA leaves ties to the order of a set: broken here as they are by us.
        order = sorted(range(len(means)), key=lambda i: (round(means[i], 9), ids[i]))
        ranks = [order.index(i) for i in range(len(means))]
        left = gepa_utils.remove_dominated_programs(fronts, scores=ranks)
        freq = Counter(i for front in left.values() for i in front)
        assert {i: found[ids[i]].leads for i in freq} == freq, n
        assert len(found) == len(freq), n
        pruned += len({i for front in fronts.values() for i in front}) - len(freq)
        differing += len(freq) > 1
    assert pruned > 1000
    assert differing > 500


def test_leaders_are_selected_as_often_as_gepa_selects_them(store: Store) -> None:
    scores = np.array([[1, 0, 0, 1, 0.2], [0, 1, 0, 0, 0.1], [0, 0, 1, 0, 0.9], [0, 1, 1, 0, 0.0]])
    ids = store_matrices(store, [scores])
    means = scores.mean(axis=1)
    fronts = {j: set(np.flatnonzero(scores[:, j] == scores[:, j].max())) for j in range(5)}
    rng = random.Random(1)
    theirs = Counter(
        ids[gepa_utils.select_program_candidate_from_pareto_front(fronts, list(means), rng)]
        for _ in range(6000)
    )
    ours = Counter(
        member.profile_id
        for _ in range(6)
        for member in store.populations.sample_example_front(
            *SCOPE, {"accuracy": "maximize"}, split="m0", population="m0", rng=rng, count=1000
        )
    )
    assert theirs.keys() == ours.keys()
    for profile, times in theirs.items():
        assert abs(ours[profile] - times) < 5 * np.sqrt(2 * 6000 * 0.25)
    counted = rows(store, "SELECT profile_id, selection_count FROM hegel_profile_populations")
    assert {profile: count for profile, count in counted if count} == ours


def test_only_live_members_lead_and_equal_contents_are_one(store: Store) -> None:
    scores = np.array([[0.9, 0.1], [0.5, 0.5], [0.1, 0.4]])
    a, b, c = store_matrices(store, [scores])
    assert leading(store, 0).keys() == {a, b}
    store.populations.evict(*SCOPE, a, population="m0")
    assert leading(store, 0).keys() == {b}
    twin = store.profiles.append(*SCOPE, store.profiles.get("news", b).profile).id
    store.populations.add(*SCOPE, twin, population="m0")
    (leader,) = leading(store, 0).values()
    assert (leader.profile_id, leader.leads) == (min(b, twin), 2)
    store.populations.evict(*SCOPE, b, population="m0")
    store.populations.evict(*SCOPE, twin, population="m0")
    assert leading(store, 0).keys() == {c}
    store.populations.evict(*SCOPE, c, population="m0")
    assert leading(store, 0) == {}
    rng = random.Random(0)
    sample = store.populations.sample_example_front
    assert sample(*SCOPE, {"accuracy": "maximize"}, split="m0", population="m0", rng=rng) == []


def test_several_objectives_are_compared_example_by_example(store: Store) -> None:
    a, b, c = store_matrices(store, [np.array([[0.9, 0.9], [0.5, 0.5], [0.4, 0.4]])])
    copy = """
        INSERT INTO hegel_scores
        SELECT corpus_id, evaluator, content_hash, split, example_id, 'tokens', 100 * score
        FROM hegel_scores
    """
    with store.engine.begin() as connection:
        connection.execute(text(copy))
    front = store.populations.example_front(*SCOPE, BOTH, split="m0", population="m0")
    assert {leader.profile_id: leader.leads for leader in front} == {a: 2, c: 2}
    assert b not in {leader.profile_id for leader in front}


def test_the_front_over_examples_reads_the_index_of_best_scores(store: Store) -> None:
    store_matrices(store, [np.random.default_rng(2).random((300, 60))])
    values = {
        "corpus_id": "news",
        "task_type": "qa",
        "population": "m0",
        "island": None,
        "evaluator": "default",
        "split": "m0",
        "objectives": ["accuracy"],
        "signs": [1.0],
    }
    with store.engine.connect() as connection:
        connection.execute(text("ANALYZE hegel_scores, hegel_profile_populations"))
        found = list(nodes(explain(connection, examples.LEADERS, values)))
        connection.rollback()
    scans = [node for node in found if node.get("Relation Name") == "hegel_scores"]
    assert "idx_hegel_scores_best" in {node.get("Index Name") for node in scans}
    assert not [node for node in scans if node["Node Type"] == "Seq Scan"]
    read = sum(node["Actual Rows"] * node["Actual Loops"] for node in scans)
    assert read < 300 * 60, "the leaders' scores, not all"


def test_bad_input_is_refused(store: Store) -> None:
    own = store.populations
    for call, field in (
        (lambda: own.pareto_front(*SCOPE, {}), "directions"),
        (lambda: own.pareto_front(*SCOPE, {"a": "up"}), "directions.a"),
        (lambda: own.pareto_front(*SCOPE, {" ": "maximize"}), "directions (a name)"),
        (lambda: own.prune_dominated(*SCOPE, {"a": "minimize"}, island=-1), "island"),
        (lambda: own.example_front(*SCOPE, {"a": "minimize"}, split=""), "split"),
        (
            lambda: own.example_front(*SCOPE, {"a": "minimize"}, split="s", evaluator="\x00"),
            "evaluator",
        ),
    ):
        with pytest.raises(InvalidInput) as caught:
            call()
        assert caught.value.field == field
