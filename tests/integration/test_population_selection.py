"""Selection on a real database: who is chosen how often, what is counted, what is read."""

from __future__ import annotations

import math
import random
import statistics
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from hegel_store.errors import InvalidInput
from hegel_store.repositories import population_draw_statements as statements
from hegel_store.store import Store
from tests.plans import explain, nodes
from tests.samples import rows

FILL_PROFILES = text(
    """
    INSERT INTO hegel_prompt_profiles (corpus_id, task_type, source, id)
    SELECT 'news', 'qa', '{}', CAST(md5('profile' || n) AS uuid)
    FROM generate_series(1, :members) AS n
    """
)
FILL = text(
    """
    INSERT INTO hegel_profile_populations
        (corpus_id, task_type, population, island, profile_id, fitness_score, evicted_at)
    SELECT 'news', 'qa', 'default', CASE WHEN n <= :first THEN 0 ELSE 1 END,
           CAST(md5('profile' || n) AS uuid), n * 7 % 1000 / 1000.0,
           CASE WHEN n % 10 = 0 THEN now() END
    FROM generate_series(1, :members) AS n
    """
)


def fill(store: Store, members: int, first: int | None = None) -> None:
    """Members of two islands, ``first`` of them (by default all) on island 0; a tenth evicted."""
    with store.engine.begin() as connection:
        connection.execute(FILL_PROFILES, {"members": members})
        connection.execute(FILL, {"members": members, "first": members if first is None else first})
        connection.execute(text("ANALYZE hegel_profile_populations"))


def candidates(store: Store, fitness: list[float | None], **options: object) -> list[UUID]:
    ids = sorted(store.profiles.append("news", "qa", {}).id for _ in fitness)
    for identifier, score in zip(ids, fitness, strict=True):
        store.populations.add("news", "qa", identifier, fitness=score, **options)
    return ids


def counts(store: Store) -> dict[UUID, int]:
    query = "SELECT profile_id, selection_count FROM hegel_profile_populations"
    return {profile: count for profile, count in rows(store, query) if count}


def unlikely(observed: list[int], expected: list[float]) -> float:
    """How many standard deviations a chi-squared statistic lies above its mean.

    By its cube root, which is nearly normal also for few degrees of freedom, as the statistic is
    not (Wilson and Hilferty, 1931): beyond 4.5 lie three of a million.
    """
    freedom = len(observed) - 1
    found = sum((o - e) ** 2 / e for o, e in zip(observed, expected, strict=True))
    spread = 2 / (9 * freedom)
    return ((found / freedom) ** (1 / 3) - (1 - spread)) / math.sqrt(spread)


METHODS = {
    "tournament": lambda store, rng, **rest: store.populations.tournament(
        "news", "qa", size=3, rng=rng, **rest
    ),
    "shifted": lambda store, rng, **rest: store.populations.fitness_proportional(
        "news", "qa", rng=rng, **rest
    ),
    "sigmoid": lambda store, rng, **rest: store.populations.fitness_proportional(
        "news", "qa", rng=rng, weighting="sigmoid", **rest
    ),
    "epsilon greedy": lambda store, rng, **rest: store.populations.epsilon_greedy(
        "news", "qa", epsilon=0.5, rng=rng, **rest
    ),
    "ucb": lambda store, rng, **rest: store.populations.ucb("news", "qa", **rest),
}
Method = Callable[..., list]


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
class TestEveryMethod:
    def test_chooses_nobody_from_nobody(self, store: Store, method: Method) -> None:
        assert method(store, random.Random(1)) == []
        _, evicted = candidates(store, [None, 1.0])
        store.populations.evict("news", "qa", evicted)
        assert method(store, random.Random(1), count=3) == []
        assert counts(store) == {}
        assert method(store, random.Random(1), count=0) == []

    def test_chooses_live_scored_members_alone_and_counts_each_choice(
        self, store: Store, method: Method
    ) -> None:
        fill(store, 300, first=200)
        (unscored,) = candidates(store, [None])
        store.populations.add("news", "qa", unscored, population="other", fitness=9.0)
        chosen = method(store, random.Random(7), count=20, island=1)
        assert len(chosen) == 20
        assert {member.island for member in chosen} == {1}
        live = "SELECT profile_id FROM hegel_profile_populations WHERE evicted_at IS NULL"
        assert {(member.profile_id,) for member in chosen} <= set(rows(store, live))
        assert counts(store) == Counter(member.profile_id for member in chosen)
        assert all(member.selection_count == counts(store)[member.profile_id] for member in chosen)
        everywhere = method(store, random.Random(7), count=20)
        assert len(everywhere) == 20
        assert sum(counts(store).values()) == 40

    def test_lone_member_is_chosen(self, store: Store, method: Method) -> None:
        (only,) = candidates(store, [-3.5])
        (chosen,) = method(store, random.Random(2))
        assert (chosen.profile_id, chosen.fitness, chosen.generation) == (only, -3.5, 1)
        assert (chosen.selection_count, chosen.children_count, chosen.epoch) == (1, 0, 0)

    def test_concurrent_callers_lose_no_count(self, store: Store, method: Method) -> None:
        candidates(store, [0.1, 0.5, 0.5, 0.9])

        def work(seed: int) -> int:
            rng = random.Random(seed)
            return sum(len(method(store, rng, count=3)) for _ in range(25))

        with ThreadPoolExecutor(4) as pool:
            chosen = sum(pool.map(work, range(4)))
        assert chosen == 300
        assert sum(counts(store).values()) == 300

    def test_equal_seeds_make_equal_choices(self, store: Store, method: Method) -> None:
        fill(store, 500, first=300)

        def once() -> list[UUID]:
            with store.begin() as work:
                chosen = method(work, random.Random(11), count=9)
                work.session.rollback()
            return [member.profile_id for member in chosen]

        assert once() == once()
        assert len(set(once())) > 1


@pytest.mark.parametrize(("members", "first"), [(20, 13), (400, 60), (1500, 1500), (1500, 1300)])
def test_drawing_is_uniform_over_all_members_of_all_islands(
    store: Store, members: int, first: int
) -> None:
    fill(store, members, first)
    rng = random.Random(members + first)
    draws = Counter(
        (member.island, member.profile_id)
        for _ in range(10)
        for member in store.populations.tournament("news", "qa", size=1, count=1000, rng=rng)
    )
    live = rows(
        store,
        "SELECT island, profile_id FROM hegel_profile_populations WHERE evicted_at IS NULL",
    )
    assert sum(draws.values()) == 10_000
    observed = [draws[member] for member in live]
    assert abs(unlikely(observed, [10_000 / len(live)] * len(live))) < 4.5


def test_a_tournament_is_won_by_its_fittest_as_often_as_its_size_says(store: Store) -> None:
    fitness = [float(n) for n in range(10)]
    ids = candidates(store, fitness)
    rng = random.Random(3)
    won = Counter(
        member.profile_id
        for _ in range(10)
        for member in store.populations.tournament("news", "qa", size=4, count=1000, rng=rng)
    )
    expected = [10_000 * (((n + 1) / 10) ** 4 - (n / 10) ** 4) for n in range(10)]
    observed = [won[identifier] for identifier in ids]
    assert unlikely(observed[2:], [*expected[2:]]) < 4.5


def test_roulette_gives_each_its_share_also_of_negative_fitness(store: Store) -> None:
    fitness = [-4.0, -3.0, -1.0, 0.0, 1.0]
    ids = candidates(store, fitness)
    rng = random.Random(5)
    won = Counter(
        member.profile_id
        for _ in range(10)
        for member in store.populations.fitness_proportional("news", "qa", count=1000, rng=rng)
    )
    assert won[ids[0]] == 0
    expected = [10_000 * (score + 4) / 13 for score in fitness[1:]]
    assert unlikely([won[identifier] for identifier in ids[1:]], expected) < 4.5


@pytest.mark.parametrize(("weighting", "island"), [("shifted", None), ("sigmoid", 1)])
def test_roulette_gives_each_of_many_its_share_wherever_it_lives(
    store: Store, weighting: str, island: int | None
) -> None:
    fill(store, 900, first=500)
    live = rows(
        store,
        "SELECT island, profile_id, fitness_score FROM hegel_profile_populations"
        f" WHERE evicted_at IS NULL AND island >= {island or 0} ORDER BY 1, 2",
    )
    fitness = [float(score) for _, _, score in live]  # type: ignore[arg-type]
    weights = [score - min(fitness) for score in fitness]
    if weighting == "sigmoid":
        median = statistics.median(fitness)
        mad = statistics.median(abs(score - median) for score in fitness)
        weights = [1 / (1 + math.exp(-(score - median) / mad)) for score in fitness]
    rng = random.Random(12)
    won = Counter(
        (member.island, member.profile_id)
        for _ in range(3)
        for member in store.populations.fitness_proportional(
            *("news", "qa"), rng=rng, weighting=weighting, island=island, count=1000
        )
    )
    assert sum(won.values()) == 3_000
    expected = [3_000 * weight / sum(weights) for weight in weights]
    # A chi-squared statistic needs a few of each: members of like weight are taken together.
    order = sorted(range(len(live)), key=expected.__getitem__)
    groups = [order[begin : begin + 20] for begin in range(0, len(order), 20)]
    observed = [sum(won[live[i][:2]] for i in group) for group in groups]
    summed = [sum(expected[i] for i in group) for group in groups]
    kept = [n for n, total in enumerate(summed) if total >= 5]
    assert len(kept) > 15
    assert unlikely([observed[n] for n in kept], [summed[n] for n in kept]) < 4.5


@pytest.mark.parametrize("weighting", ["shifted", "sigmoid"])
def test_roulette_ends_where_one_outweighs_all_others(store: Store, weighting: str) -> None:
    """Drawing keeps next to nobody, so that the weights are added up."""
    fill(store, 2_000)
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE hegel_profile_populations SET children_count = 1000"))
    (best,) = candidates(store, [1e9])
    rng = random.Random(4)
    for island in (None, 0):
        chosen = store.populations.fitness_proportional(
            "news", "qa", rng=rng, count=20, weighting=weighting, island=island
        )
        assert len(chosen) == 20
        most, times = Counter(member.profile_id for member in chosen).most_common(1)[0]
        assert most == best
        assert times == 20 if weighting == "shifted" else times >= 3


def test_roulette_of_equals_is_fair(store: Store) -> None:
    ids = candidates(store, [-1.0] * 4)
    rng = random.Random(5)
    chosen = store.populations.fitness_proportional("news", "qa", count=1000, rng=rng)
    won = Counter(member.profile_id for member in chosen)
    assert unlikely([won[identifier] for identifier in ids], [250.0] * 4) < 4.5


@pytest.mark.parametrize("weighting", ["shifted", "sigmoid"])
def test_roulette_bears_any_float(store: Store, weighting: str) -> None:
    ids = candidates(store, [-1.7e308, -1.0, 0.0, 5e-324, 1.7e308])
    rng = random.Random(5)
    chosen = store.populations.fitness_proportional(
        "news", "qa", count=50, rng=rng, weighting=weighting
    )
    assert len(chosen) == 50
    assert ids[4] in {member.profile_id for member in chosen}


def test_sigmoid_weights_follow_median_deviation_and_children(store: Store) -> None:
    fitness = [-2.0, 0.5, 1.0, 1.5, 8.0, 0.7]
    ids = candidates(store, fitness)
    children = [0, 3, 1, 0, 2, 0]
    parents = [i for i, n in zip(ids, children, strict=True) for _ in range(n)]
    store.populations.count_children("news", "qa", [*parents, uuid4()])
    median = statistics.median(fitness)
    mad = statistics.median(abs(score - median) for score in fitness)
    weights = [
        1 / (1 + math.exp(-2 * (score - median) / mad)) / (1 + n)
        for score, n in zip(fitness, children, strict=True)
    ]
    rng = random.Random(6)
    won = Counter(
        member.profile_id
        for _ in range(10)
        for member in store.populations.fitness_proportional(
            "news", "qa", count=1000, rng=rng, weighting="sigmoid", sharpness=2
        )
    )
    expected = [10_000 * weight / sum(weights) for weight in weights]
    observed = [won[identifier] for identifier in ids]
    assert min(expected[1:]) > 5
    assert unlikely(observed[1:], expected[1:]) < 4.5


def test_epsilon_says_how_often_anybody_is_chosen(store: Store) -> None:
    ids = candidates(store, [0.1, 0.9, 0.5])
    rng = random.Random(8)
    greedy = store.populations.epsilon_greedy("news", "qa", epsilon=0.0, count=5, rng=rng)
    assert [member.profile_id for member in greedy] == [ids[1]] * 5
    assert greedy[0].selection_count == 5
    chosen = store.populations.epsilon_greedy("news", "qa", epsilon=0.3, count=1000, rng=rng)
    won = Counter(member.profile_id for member in chosen)
    assert unlikely([won[identifier] for identifier in ids], [100.0, 800.0, 100.0]) < 4.5


def test_ucb_is_the_formula_of_its_paper(store: Store) -> None:
    fitness = [0.1, 0.9, 0.5, 0.9]
    ids = candidates(store, fitness)
    pulled = dict.fromkeys(ids, 0)
    score = dict(zip(ids, fitness, strict=True))

    def bound(identifier: UUID) -> float:
        if not pulled[identifier]:
            return math.inf
        total = sum(pulled.values())
        return score[identifier] + 0.5 * math.sqrt(2 * math.log(total) / pulled[identifier])

    for _ in range(60):
        expected = min(ids, key=lambda i: (-bound(i), -score[i], i))
        (chosen,) = store.populations.ucb("news", "qa", c=0.5)
        assert chosen.profile_id == expected
        pulled[expected] += 1
    several = store.populations.ucb("news", "qa", c=0.5, count=9)
    assert [m.profile_id for m in several] == sorted(ids, key=lambda i: (-bound(i), -score[i], i))


def test_children_are_counted_by_all_who_have_them_at_once(store: Store) -> None:
    ids = candidates(store, [0.1, 0.2])

    def work(turn: int) -> None:
        for _ in range(25):
            store.populations.count_children("news", "qa", ids if turn % 2 else ids[::-1])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    found = rows(store, "SELECT children_count FROM hegel_profile_populations")
    assert found == [(100,), (100,)]


def test_tournament_and_roulette_read_little_of_a_large_population(store: Store) -> None:
    fill(store, 20_000, first=15_000)
    rng = random.Random(9)
    values = {"corpus_id": "news", "task_type": "qa", "population": "default", "island": 0}
    values |= {"size": 4, "count": 1}
    values |= {name: [rng.random() for _ in range(48)] for name in ("islands", "starts", "slots")}
    values["chances"] = [rng.random() for _ in range(48)]
    for statement in (
        statements.TOURNAMENT_ON_ISLAND,
        statements.TOURNAMENT,
        statements.SPINS["shifted", True],
        statements.SPINS["shifted", False],
    ):
        with store.engine.connect() as connection:
            found = list(nodes(explain(connection, statement, values)))
            connection.rollback()
        members = [node for node in found if node.get("Relation Name")]
        assert {node["Relation Name"] for node in members} == {"hegel_profile_populations"}
        assert not [node for node in members if node["Node Type"] == "Seq Scan"]
        drawn = [
            n for n in members if n.get("Index Name") == "idx_hegel_profile_populations_sample"
        ]
        assert drawn
        read = sum(n["Actual Rows"] * n["Actual Loops"] for n in members)
        assert read < 2_500
        written = next(node for node in found if node["Node Type"] == "ModifyTable")
        assert written["Actual Rows"] == 1


def test_the_fittest_parent_is_found_by_the_fitness_index(store: Store) -> None:
    fill(store, 5_000)
    values = {"corpus_id": "news", "task_type": "qa", "population": "default", "island": None}
    with store.engine.connect() as connection:
        found = list(nodes(explain(connection, statements.FITTEST, values | {"count": 1})))
        connection.rollback()
    members = [node for node in found if node.get("Relation Name")]
    assert "idx_hegel_profile_populations_fitness" in {n.get("Index Name") for n in members}
    assert sum(n["Actual Rows"] * n["Actual Loops"] for n in members) < 50


def test_bad_input_is_refused(store: Store) -> None:
    members, rng = store.populations, random.Random(0)
    for call, field in (
        (lambda: members.tournament("news", "qa", size=0, rng=rng), "size"),
        (lambda: members.tournament("news", "qa", size=1, rng=rng, count=1001), "count"),
        (lambda: members.tournament("news", "qa", size=1, rng=rng, island=-1), "island"),
        (lambda: members.epsilon_greedy("news", "qa", rng=rng, epsilon=1.5), "epsilon"),
        (lambda: members.ucb("news", "qa", c=-1), "c"),
        (
            lambda: members.fitness_proportional("news", "qa", rng=rng, weighting="rank"),
            "weighting",
        ),
        (lambda: members.fitness_proportional(" ", "qa", rng=rng), "corpus_id"),
        (lambda: members.count_children("news", "qa", ["x"]), "parents"),
    ):
        with pytest.raises(InvalidInput) as caught:
            call()
        assert caught.value.field == field
