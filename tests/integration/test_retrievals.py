"""The log of what steps were shown: stored once, and read by step and by fact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

import hegel_store
from hegel_store.errors import InvalidInput
from hegel_store.models import NewStep, Retrieval, SearchHit, SearchResult
from hegel_store.repositories import RetrievalRepository
from hegel_store.store import Store
from tests.samples import MAY, Steps, fact, rows


@pytest.fixture
def found(store: Store) -> SearchResult:
    """Three facts, found by their words."""
    store.facts.add_many(
        [
            fact("Hedgehogs eat beetles and hedgehogs."),
            fact("Hedgehogs sleep through the winter months."),
            fact("A hedgehog 🦔 was seen in the garden of the neighbours."),
        ]
    )
    result = store.facts.search("hedgehog", corpus_id="news", mode="text")
    assert len(result) == 3
    return result


def expected(step: NewStep, hits: Sequence[SearchHit]) -> list[Retrieval]:
    return [
        Retrieval(
            corpus_id=step.corpus_id,
            step_id=step.id,
            step_created_at=step.created_at,
            profile_id=step.old_profile_id,
            fact_id=hit.fact.id,
            rank=place,
            score=hit.score,
        )
        for place, hit in enumerate(hits, start=1)
    ]


def logged(store: Store) -> int:
    ((count,),) = rows(store, "SELECT count(*) FROM hegel_retrievals")
    return count


def test_what_a_step_was_shown_is_read_back_by_rank(
    store: Store, new: Steps, found: SearchResult
) -> None:
    step = new(created_at=MAY)
    assert store.retrievals.log(step, found) == 3
    assert store.retrievals.of_step("news", step.id) == expected(step, found)
    assert store.retrievals.of_step("news", str(step.id)) == expected(step, found)
    assert store.retrievals.of_step("news", uuid4()) == []
    assert store.retrievals.of_step("law", step.id) == []


def test_logging_again_stores_nothing_new_and_changes_nothing(
    store: Store, new: Steps, found: SearchResult
) -> None:
    step = new()
    assert store.retrievals.log(step, found[:2]) == 2
    assert store.retrievals.log(store.steps.log(step), found[:2]) == 0
    second = [replace(hit, score=0.5) for hit in reversed(found)]
    assert store.retrievals.log(step, second) == 1
    stored = store.retrievals.of_step("news", step.id)
    third = expected(step, second)[0]
    assert third.fact_id == found[2].fact.id
    assert set(stored) == {*expected(step, found[:2]), third}


def test_a_fact_that_is_given_twice_keeps_its_better_rank(
    store: Store, new: Steps, found: SearchResult
) -> None:
    step = new()
    assert store.retrievals.log(step, [found[0], found[1], found[0]]) == 2
    assert store.retrievals.of_step("news", step.id) == expected(step, found[:2])


def test_a_step_that_found_nothing_leaves_nothing(store: Store, new: Steps) -> None:
    nothing = store.facts.search("hedgehog", corpus_id="news", mode="text")
    assert store.retrievals.log(new(), nothing) == 0
    assert store.retrievals.log_many([]) == store.retrievals.log_many([(new(), [])]) == 0
    assert logged(store) == 0


def test_scores_of_zero_and_below_are_kept(store: Store, new: Steps, found: SearchResult) -> None:
    step = new()
    hits = [replace(found[0], score=0.0), replace(found[1], score=-0.25)]
    store.retrievals.log(step, hits)
    assert [row.score for row in store.retrievals.of_step("news", step.id)] == [0.0, -0.25]


def test_a_fact_knows_the_newest_steps_that_were_shown_it(
    store: Store, new: Steps, found: SearchResult
) -> None:
    ids = sorted(UUID(int=n << 64 | 8 << 60) for n in range(1, 4))
    steps = [new(id=identifier, created_at=MAY) for identifier in ids]
    late = new(created_at=MAY + timedelta(days=40))
    store.retrievals.log_many([(step, found[:1]) for step in [late, *steps]])
    store.retrievals.log(new(created_at=MAY), found[1:])
    shown = [row.step_id for row in store.retrievals.of_fact("news", found[0].fact.id)]
    assert shown == [late.id, *reversed(ids)]
    few = store.retrievals.of_fact("news", found[0].fact.id, limit=2)
    assert [row.step_id for row in few] == shown[:2]
    assert store.retrievals.of_fact("law", found[0].fact.id) == []
    assert store.retrievals.of_fact("news", uuid4()) == []


def test_many_steps_are_logged_all_or_none(store: Store, new: Steps, found: SearchResult) -> None:
    def shown() -> Iterator[tuple[NewStep, Sequence[SearchHit]]]:
        for _ in range(2_000):
            yield new(), found
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.retrievals.log_many(shown())
    assert logged(store) == 0
    pairs = [(new(), found) for _ in range(2_000)]
    assert store.retrievals.log_many(pairs) == 6_000
    assert store.retrievals.log_many([*pairs, (new(), found)]) == 3
    assert logged(store) == 6_003


def test_it_is_part_of_a_unit_of_work(store: Store, new: Steps, found: SearchResult) -> None:
    step = new()
    with pytest.raises(KeyboardInterrupt):
        _log_and_break(store, step, found)
    assert (logged(store), store.steps.recent("news", "qa")) == (0, [])
    with store.begin() as work:
        work.retrievals.log(work.steps.log(step), found)
        assert work.retrievals.log_many([(step, found)]) == 0
        assert work.retrievals.of_step("news", step.id) == expected(step, found)
    assert logged(store) == 3


def _log_and_break(store: Store, step: NewStep, found: SearchResult) -> None:
    with store.begin() as work:
        work.retrievals.log(work.steps.log(step), found)
        raise KeyboardInterrupt


def test_the_step_may_come_later(
    store: Store, new: Steps, found: SearchResult, tmp_path: Path
) -> None:
    step = new(reward=1.0)
    with store.step_writer(spool_dir=tmp_path) as writer:
        writer.log(step)
        assert store.retrievals.log(step, found) == 3
    (stored,) = store.steps.recent("news", "qa")
    assert [row.step_id for row in store.retrievals.of_step("news", stored.id)] == [step.id] * 3


def test_logging_changes_no_fact_and_a_forgotten_one_stays_in_the_log(
    store: Store, new: Steps, found: SearchResult
) -> None:
    """Nor does it lock one: the system columns, where a lock is noted, are as they were."""
    of_facts = "SELECT id, ctid::text, xmin::text, xmax::text FROM hegel_facts ORDER BY id"
    before = rows(store, of_facts)
    step = new()
    store.retrievals.log(step, found)
    assert rows(store, of_facts) == before
    store.facts.forget("news", [hit.fact.id for hit in found])
    assert store.retrievals.of_step("news", step.id) == expected(step, found)


def test_the_same_steps_may_be_logged_by_many_threads_at_once(
    url: str, new: Steps, found: SearchResult
) -> None:
    """In whatever order: those who insert the same rows in two orders wait for each other."""
    threads = 6
    barrier = Barrier(threads)
    steps = [new() for _ in range(20)]
    hits = [replace(found[0], fact=replace(found[0].fact, id=uuid4())) for _ in range(300)]

    with hegel_store.connect(url, pool="heavy") as store:

        def log(thread: int) -> int:
            own = hits if thread % 2 else list(reversed(hits))
            new = 0
            for step in steps:
                barrier.wait(20)
                new += store.retrievals.log(step, own)
            return new

        with ThreadPoolExecutor(threads) as pool:
            assert sum(pool.map(log, range(threads))) == logged(store) == 6_000


def test_a_fact_of_another_corpus_is_refused(store: Store, new: Steps, found: SearchResult) -> None:
    law = Steps(store, "law")
    with pytest.raises(InvalidInput) as caught:
        store.retrievals.log(law(), found)
    assert caught.value.field == "hits[0]"
    with pytest.raises(InvalidInput) as caught:
        store.retrievals.log_many([(new(), found), (law(), found)])
    assert caught.value.field == "shown[1][0]"
    assert logged(store) == 0


def test_what_is_no_step_no_hit_or_no_number_is_refused_by_name(
    store: Store, new: Steps, found: SearchResult
) -> None:
    log, log_many = store.retrievals.log, store.retrievals.log_many
    nan = [replace(found[0], score=float("nan"))]
    refused = [
        (lambda: log(new().id, found), "step"),
        (lambda: log(new(), "hits"), "hits"),
        (lambda: log(new(), iter(found)), "hits"),
        (lambda: log(new(), [hit.fact for hit in found]), "hits[0]"),
        (lambda: log(new(), nan), "hits[0].score"),
        (lambda: log_many([new()]), "shown[0]"),
        (lambda: log_many([(new(), found), (new(), nan)]), "shown[1][0].score"),
        (lambda: store.retrievals.of_step("", uuid4()), "corpus_id"),
        (lambda: store.retrievals.of_step("news", "1"), "step_id"),
        (lambda: store.retrievals.of_fact("news", None), "fact_id"),
        (lambda: store.retrievals.of_fact("news", uuid4(), limit=-1), "limit"),
        (lambda: store.retrievals.reward_by_fact("news", since="2024"), "since"),
        (lambda: store.retrievals.reward_by_category("news", limit=1.5), "limit"),
    ]
    for call, field in refused:
        with pytest.raises(InvalidInput) as caught:
            call()
        assert caught.value.field == field
    assert logged(store) == 0


def test_inserting_and_reading_is_all_that_a_role_needs(
    store: Store, new: Steps, found: SearchResult
) -> None:
    role = f"logger_{uuid4().hex[:8]}"
    step = new()
    with store.engine.connect() as connection:
        connection.execute(text(f"CREATE ROLE {role}"))
        connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {role}"))
        connection.execute(text(f"GRANT SELECT, INSERT ON hegel_retrievals TO {role}"))
        connection.execute(text(f"SET LOCAL ROLE {role}"))
        repository = RetrievalRepository(connection)
        assert (repository.log(step, found), repository.log(step, found)) == (3, 0)
        assert repository.of_step("news", step.id) == expected(step, found)
