"""Selection from 50,000 members, and fronts over examples, beside the bare driver, GEPA and Optuna.

    python tests/benchmarks/bench_populations.py [--rounds 200] [--url URL]

The bare way is the statement of the twenty fittest, sent by psycopg on a connection of its own.
Ways of the first table take turns; figures are medians. A selection writes its count and commits.
GEPA's front is made by its own functions of scores that are in memory; ours reads them from the
database. Optuna's storage is on the same server, with as many trials, filled by SQL.
"""

from __future__ import annotations

import platform
import random
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psycopg
from sqlalchemy import event

sys.path.insert(0, str(Path(__file__).parents[2]))

import hegel_store
from hegel_store.models.vectors import unit_vector, vector_text
from hegel_store.repositories import population_statements
from hegel_store.store import Store
from tests.benchmarks.servers import database, options
from tests.benchmarks.timing import measure

SCOPE = ("bench", "qa")
MEMBERS, ISLANDS, CANDIDATES, EXAMPLES = 50_000, 8, 2_000, 500
DIMENSIONS = 384
EVERY_MEMBER = {
    "ucb, on an island",
    "sigmoid, on an island",
    "front of 2 objectives",
}
"""The ways that read all members of the island, or of the population."""

PROFILES = """
    INSERT INTO hegel_prompt_profiles (corpus_id, task_type, source)
    SELECT 'bench', %s, '{"worker": {"system_prompt": "' || n || '"}}' FROM generate_series(1, %s) n
"""
FILL = """
    INSERT INTO hegel_profile_populations
        (corpus_id, task_type, island, profile_id, fitness_score, objectives, population_metadata)
    SELECT corpus_id, task_type, version %% %s, id, (hashint4(version) & 1048575) / 1048576.0,
           jsonb_build_object('accuracy', version %% 97, 'tokens', version %% 89),
           jsonb_build_object('note', repeat('x', 100))
    FROM hegel_prompt_profiles WHERE corpus_id = 'bench' AND task_type = 'qa' ORDER BY id
"""
MEMBER_IDS = "SELECT profile_id FROM hegel_profile_populations WHERE corpus_id = 'bench'"
VECTORS = """
    INSERT INTO hegel_population_vectors
        (corpus_id, task_type, population, content_hash, embedding, profile_id)
    SELECT 'bench', 'qa', 'default', sha256(CAST(CAST(id AS text) AS bytea)),
           CAST(vector AS halfvec), id
    FROM unnest(CAST(%s AS uuid[]), CAST(%s AS text[])) AS given (id, vector)
"""
FRONT_MEMBERS = """
    INSERT INTO hegel_profile_populations (corpus_id, task_type, profile_id, fitness_score)
    SELECT corpus_id, task_type, id, 0 FROM hegel_prompt_profiles
    WHERE corpus_id = 'bench' AND task_type = 'front'
"""
CANDIDATE_HASHES = """
    SELECT content_hash FROM hegel_prompt_profiles
    WHERE corpus_id = 'bench' AND task_type = 'front' ORDER BY version
"""
SCORES = """
    COPY hegel_scores (corpus_id, evaluator, content_hash, split, example_id, objective, score)
    FROM STDIN
"""
TRIALS = """
    INSERT INTO trials (number, study_id, state, datetime_start, datetime_complete)
    SELECT n, %s, 'COMPLETE', now(), now() FROM generate_series(0, %s - 1) n;
    INSERT INTO trial_values (trial_id, objective, value, value_type)
    SELECT trial_id, 0, number / 1000.0, 'FINITE' FROM trials WHERE study_id = %s;
"""


def main() -> None:
    """Fill a database, measure, print."""
    parser = options(__doc__ or "")
    parser.add_argument("--rounds", type=int, default=200)
    arguments = parser.parse_args()
    with database(arguments) as url, hegel_store.connect(url) as store:
        store.upgrade()
        with psycopg.connect(url, autocommit=True) as connection:
            _fill(connection)
            version = connection.info.server_version // 10000
            print(
                f"PostgreSQL {version}, Python {platform.python_version()}, psycopg "
                f"{psycopg.__version__}; {MEMBERS:,} members on {ISLANDS} islands"
            )
            _selections(store, connection, arguments.rounds)
            _novelty(store, connection)
            _fronts(store, connection)
            _optuna(store, connection, url)


def _fill(connection: psycopg.Connection[Any]) -> None:
    connection.execute(PROFILES, ("qa", MEMBERS))
    connection.execute(FILL, (ISLANDS,))
    connection.execute("VACUUM ANALYZE hegel_profile_populations")


def _selections(store: Store, connection: psycopg.Connection[Any], rounds: int) -> None:
    own, rng = store.populations, random.Random(1)
    values = {"corpus_id": "bench", "task_type": "qa", "population": "default", "limit": 20}
    bare = str(population_statements.FITTEST_ANYWHERE.compile(store.engine))
    commit = "UPDATE hegel_scopes SET last_version = last_version WHERE corpus_id = 'bench'"
    sampled = {"rng": rng, "size": 4}
    ways: dict[str, Callable[[Any], object]] = {
        "top 20, bare psycopg": lambda _: connection.execute(bare, values, prepare=True).fetchall(),
        "top 20": lambda _: own.fittest(*SCOPE),
        "top 20 of an island": lambda n: own.fittest(*SCOPE, island=n % ISLANDS),
        "one row updated, bare psycopg": lambda _: connection.execute(commit, prepare=True),
        "tournament of 4, on an island": lambda n: own.tournament(
            *SCOPE, island=n % ISLANDS, **sampled
        ),
        "tournament of 4": lambda _: own.tournament(*SCOPE, **sampled),
        "8 tournaments of 4": lambda _: own.tournament(*SCOPE, count=8, **sampled),
        "epsilon greedy": lambda _: own.epsilon_greedy(*SCOPE, epsilon=0.1, rng=rng),
        "ucb, on an island": lambda n: own.ucb(*SCOPE, island=n % ISLANDS),
        "roulette, on an island": lambda n: own.fitness_proportional(
            *SCOPE, rng=rng, island=n % ISLANDS
        ),
        "sigmoid, on an island": lambda n: own.fitness_proportional(
            *SCOPE, rng=rng, island=n % ISLANDS, weighting="sigmoid"
        ),
        "front of 2 objectives": lambda _: own.pareto_front(
            *SCOPE, {"accuracy": "maximize", "tokens": "minimize"}
        ),
    }
    trips = {name: _statements(store, way) for name, way in ways.items()}
    # Apart, so that what reads every member leaves the others the processor's cache.
    slow = {name: way for name, way in ways.items() if name in EVERY_MEMBER}
    times = measure({name: way for name, way in ways.items() if name not in slow}, range(rounds))
    times |= measure(slow, range(rounds // 4))
    base = times["top 20, bare psycopg"].p50
    print("\n| | ms | to bare top 20 | statements |\n| --- | --- | --- | --- |")
    for name in ways:
        sent = "1" if "bare" in name else trips[name]
        print(f"| {name} | {times[name].p50:.2f} | {times[name].p50 / base:.1f} | {sent} |")


def _statements(store: Store, way: Callable[[Any], object]) -> int:
    sent = []

    def note(*arguments: object) -> None:
        sent.append(arguments)

    way(0)
    event.listen(store.engine, "before_cursor_execute", note)
    way(1)
    event.remove(store.engine, "before_cursor_execute", note)
    return len(sent)


def _novelty(store: Store, connection: psycopg.Connection[Any]) -> None:
    """Proposals with their vectors at hand, so that no model is asked."""
    own, rng = store.populations, np.random.default_rng(2)
    ids = [row[0] for row in connection.execute(MEMBER_IDS)]
    first = own.propose(*SCOPE, {"worker": {}}, threshold=0.9, embedding=[1.0] * DIMENSIONS)
    own.withdraw(first)
    print(f"\nproposals, vectors of {DIMENSIONS} dimensions\n")
    print("| members | new, ms | known, ms |\n| --- | --- | --- |")
    done, vectors = 0, rng.standard_normal((0, DIMENSIONS))
    for members in (1_000, 10_000, MEMBERS):
        while done < members:
            part = ids[done : done + 1_000]
            vectors = rng.standard_normal((len(part), DIMENSIONS))
            written = [vector_text(unit_vector("vector", vector)) for vector in vectors]
            connection.execute(VECTORS, (part, written))
            done += len(part)
        connection.execute("VACUUM ANALYZE hegel_population_vectors")
        took: dict[bool, list[float]] = {True: [], False: []}
        for n, known in enumerate(vectors[:20]):
            for embedding in (known, rng.standard_normal(DIMENSIONS)):
                candidate = {"worker": {"n": f"{members} {n} {embedding is known}"}}
                started = time.perf_counter()
                proposal = own.propose(*SCOPE, candidate, threshold=0.9, embedding=embedding)
                took[proposal.is_new].append((time.perf_counter() - started) * 1e3)
                own.withdraw(proposal)
        print(f"| {members:,} | {median(took[True]):.2f} | {median(took[False]):.2f} |")


def _fronts(store: Store, connection: psycopg.Connection[Any]) -> None:
    connection.execute(PROFILES, ("front", CANDIDATES))
    connection.execute(FRONT_MEMBERS)
    hashes = [row[0] for row in connection.execute(CANDIDATE_HASHES)]
    rng = np.random.default_rng(3)
    matrices = {
        "any score": rng.random((CANDIDATES, EXAMPLES)),
        "0 or 1, one in a thousand": (rng.random((CANDIDATES, EXAMPLES)) < 0.001).astype(float),
    }
    print(f"\n{CANDIDATES:,} candidates, {EXAMPLES} examples; the front, in ms\n")
    print("| scores | ours | GEPA | leaders | left |\n| --- | --- | --- | --- | --- |")
    for name, scores in matrices.items():
        with connection.cursor().copy(SCORES) as copy:
            for own, row in zip(hashes, scores.tolist(), strict=True):
                start = f"bench\tdefault\t\\\\x{own.hex()}\t{name}\te"
                copy.write(
                    "".join(f"{start}{j}\taccuracy\t{score}\n" for j, score in enumerate(row))
                )
        connection.execute("VACUUM ANALYZE hegel_scores")
        took = []
        for _ in range(5):
            started = time.perf_counter()
            front = store.populations.example_front(
                "bench", "front", {"accuracy": "maximize"}, split=name
            )
            took.append((time.perf_counter() - started) * 1e3)
        theirs, leaders, left = _gepa(scores)
        if left is not None and left != len(front):
            raise SystemExit(f"{len(front)} are left, {left} by GEPA")
        print(f"| {name} | {median(took):.0f} | {theirs} | {leaders} | {len(front)} |")


def _gepa(scores: np.ndarray[Any, Any]) -> tuple[str, str, int | None]:
    """Milliseconds for GEPA's front of the same scores, how many lead, how many are left."""
    if find_spec("gepa") is None:
        return "not installed", "", None
    from gepa.gepa_utils import remove_dominated_programs

    lists = scores.tolist()
    started = time.perf_counter()
    best = [max(column) for column in zip(*lists, strict=True)]
    fronts = {j: {i for i, row in enumerate(lists) if row[j] == best[j]} for j in range(len(best))}
    means = [sum(row) / len(row) for row in lists]
    left = remove_dominated_programs(fronts, scores=means)
    took = (time.perf_counter() - started) * 1e3
    count = len({i for front in left.values() for i in front})
    return f"{took:.0f}", str(len({i for f in fronts.values() for i in f})), count


def _optuna(store: Store, connection: psycopg.Connection[Any], url: str) -> None:
    if find_spec("optuna") is None:
        print("\nOptuna is not installed here (pip install optuna), so it is not measured.")
        return
    import optuna
    from optuna.trial import TrialState

    storage = optuna.storages.RDBStorage(url.replace("postgresql:", "postgresql+psycopg:", 1))
    study = optuna.create_study(storage=storage, direction="maximize")
    for statement in TRIALS.strip().split(";")[:2]:
        count = statement.count("%s")
        connection.execute(statement, (study._study_id, MEMBERS)[:count])
    connection.execute("VACUUM ANALYZE trials, trial_values")

    def top(_: int) -> object:
        fresh = optuna.storages.RDBStorage(
            url.replace("postgresql:", "postgresql+psycopg:", 1), skip_table_creation=True
        )
        started = time.perf_counter()
        trials = fresh.get_all_trials(study._study_id, deepcopy=False)
        best = sorted(trials, key=lambda trial: -trial.value)[:20]
        return len(best), (time.perf_counter() - started) * 1e3

    theirs = median(top(n)[1] for n in range(3))  # type: ignore[index]
    ours = median(_milliseconds(lambda: store.populations.fittest(*SCOPE)) for _ in range(21))
    pending = [storage.create_new_trial(study._study_id) for _ in range(21)]
    records = median(
        _milliseconds(partial(storage.set_trial_state_values, trial, TrialState.COMPLETE, [0.5]))
        for trial in pending
    )
    ids = [member.profile_id for member in store.populations.fittest(*SCOPE, island=0, limit=21)]
    own = median(
        _milliseconds(partial(store.populations.record_fitness, *SCOPE, profile, 0.5, island=0))
        for profile in ids
    )
    print(f"\n| | hegel_store | Optuna {optuna.__version__} |\n| --- | --- | --- |")
    print(f"| the 20 best of {MEMBERS:,}, ms | {ours:.2f} | {theirs:.0f} |")
    print(f"| one result recorded, ms | {own:.2f} | {records:.2f} |")


def _milliseconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1e3


if __name__ == "__main__":
    main()
