"""Remembering facts on a real database: merging, forgetting, refusals, racing writers."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from uuid import UUID, uuid4

import numpy as np
import pytest
from sqlalchemy.orm import Session

import hegel_store
from hegel_store.errors import (
    EmbeddingSpaceMismatch,
    InvalidInput,
    NotFound,
)
from hegel_store.models import FactFilter
from hegel_store.repositories import FactRepository, fact_batches
from hegel_store.store import Store
from tests.embedders import HashingEmbedder
from tests.samples import contents, fact, rows
from tests.servers import wait_until

NOW = datetime.now(UTC)


def test_equal_contents_merge_within_the_input_and_with_what_is_stored(memory: Store) -> None:
    first = memory.facts.add_many(
        [fact("a"), fact("b"), fact("a"), fact("a", "law"), fact("A"), fact("a ")]
    )
    assert (first.added, first.merged, list(first.refused)) == (5, 1, [])
    assert first.ids[0] == first.ids[2]
    assert len(set(first.ids)) == 5
    again = memory.facts.add_many([fact("new 🦔"), fact("b"), fact("a")])
    assert (again.added, again.merged) == (1, 2)
    assert list(again.ids[1:]) == [first.ids[1], first.ids[0]]
    assert memory.facts.get("news", first.ids[0]).seen_count == 3
    assert memory.facts.add_many([]).ids == []


def test_merging_keeps_the_higher_confidence_and_the_first_label(memory: Store) -> None:
    given = [
        fact("a", confidence=0.0, category="c", intent="i", metadata={"n": 1}),
        fact("a", confidence=0.5, label="hedgehog"),
        fact("a", confidence=0.2, label="badger"),
    ]
    (identifier, *_) = memory.facts.add_many(given).ids
    stored = memory.facts.get("news", identifier)
    assert (stored.confidence, stored.label, stored.seen_count) == (0.5, "hedgehog", 3)
    assert (stored.category, stored.intent, stored.metadata) == ("c", "i", {"n": 1})
    memory.facts.add_many([fact("a", confidence=0.4, label="weasel")])
    assert memory.facts.get("news", identifier).confidence == 0.5
    memory.facts.add_many([fact("a", confidence=0.75)])
    stored = memory.facts.get("news", identifier)
    assert (stored.confidence, stored.label, stored.seen_count) == (0.75, "hedgehog", 5)


@pytest.mark.parametrize("batched", [True, False])
def test_merging_keeps_the_later_expiry_and_never_is_the_latest(
    memory: Store, batched: bool
) -> None:
    soon, later = NOW + timedelta(days=1), NOW + timedelta(days=2)
    for content, expiries, expected in (
        ("later second", [soon, later], later),
        ("later first", [later, soon], later),
        ("never second", [soon, None], None),
        ("never first", [None, later], None),
    ):
        given = [fact(content, expires_at=expiry) for expiry in expiries]
        batches = [given] if batched else [[one] for one in given]
        ids = [memory.facts.add_many(batch).ids[0] for batch in batches]
        assert memory.facts.get("news", ids[-1]).expires_at == expected, content


def test_expired_fact_comes_back_when_it_is_learned_again(memory: Store) -> None:
    (identifier,) = memory.facts.add_many(
        [fact("hedgehogs", expires_at=NOW - timedelta(days=1))]
    ).ids
    assert list(memory.facts.search("hedgehogs")) == []
    again = memory.facts.add_many([fact("hedgehogs")])
    assert (list(again.ids), again.added) == ([identifier], 0)
    assert [hit.fact.id for hit in memory.facts.search("hedgehogs")] == [identifier]


def test_forgotten_fact_is_kept_and_may_be_learned_anew(memory: Store) -> None:
    (old,) = memory.facts.add_many([fact("hedgehogs")]).ids
    assert memory.facts.forget("law", old) == 0
    assert memory.facts.forget("news", [old, uuid4(), str(old)]) == 1
    assert memory.facts.forget("news", old) == 0
    assert memory.facts.forget("news", []) == 0
    assert memory.facts.get("news", old).deleted_at is not None
    assert list(memory.facts.search("hedgehogs")) == []
    again = memory.facts.add_many([fact("hedgehogs")])
    assert again.added == 1
    assert again.ids[0] != old
    (hit,) = memory.facts.search("hedgehogs")
    assert (hit.fact.id, hit.vector_rank) == (again.ids[0], 1)


def test_fact_that_is_not_there_is_not_found(memory: Store) -> None:
    (identifier,) = memory.facts.add_many([fact("a")]).ids
    for corpus, key in (("news", uuid4()), ("law", identifier)):
        with pytest.raises(NotFound) as caught:
            memory.facts.get(corpus, key)
        assert caught.value.field == "fact_id"
    for call, field in (
        (lambda: memory.facts.get("", identifier), "corpus_id"),
        (lambda: memory.facts.get("news", "x"), "fact_id"),
        (lambda: memory.facts.forget("news", ["x"]), "fact_ids"),
    ):
        with pytest.raises(InvalidInput) as refused:
            call()
        assert refused.value.field == field


def test_fact_that_cannot_be_stored_takes_its_batch_with_it(memory: Store) -> None:
    with pytest.raises(NotFound) as caught:
        memory.facts.add_many([fact("a", label="l"), fact("b", profile_id=uuid4())])
    assert caught.value.field == "profile_id"
    with pytest.raises(InvalidInput) as refused:
        memory.facts.add_many([fact("a"), "b"])
    assert refused.value.field == "facts[1]"
    assert contents(memory) == []
    assert rows(memory, "SELECT 1 FROM hegel_labels") == []


def test_profile_of_another_corpus_is_unknown_to_a_fact(memory: Store) -> None:
    profile = memory.profiles.append("law", "qa", {})
    with pytest.raises(NotFound):
        memory.facts.add_many([fact("a", profile_id=profile.id)])
    (identifier,) = memory.facts.add_many(
        [fact("a", "law", profile_id=profile.id, step_id=profile.id)]
    ).ids
    stored = memory.facts.get("law", identifier)
    assert stored.profile_id == stored.step_id == profile.id


def test_refused_facts_are_reported_and_the_others_stored(
    memory: Store, embedder: HashingEmbedder
) -> None:
    count = fact_batches.BATCH + 30
    given: list[object] = [fact(f"fact {n}") for n in range(count)]
    given[7] = fact("unknown profile", profile_id=uuid4())
    given[fact_batches.BATCH + 3] = fact("another size", embedding=[1.0] * 768)
    given[fact_batches.BATCH + 9] = None
    result = memory.facts.add_many(given, on_error="report")
    assert [(r.position, type(r.error)) for r in result.refused] == [
        (7, NotFound),
        (fact_batches.BATCH + 3, InvalidInput),
        (fact_batches.BATCH + 9, InvalidInput),
    ]
    assert [position for position, i in enumerate(result.ids) if i is None] == [
        refused.position for refused in result.refused
    ]
    assert (result.added, result.merged) == (count - 3, 0)
    assert len(contents(memory)) == count - 3
    assert len(embedder.embedded) == count - 2, "nothing is embedded twice"


def test_facts_of_a_foreign_space_are_reported_and_the_others_stored(
    memory: Store, url: str
) -> None:
    memory.facts.add_many([fact("a")])
    with hegel_store.connect(url, embedder=HashingEmbedder("other")) as stranger:
        result = stranger.facts.add_many([fact("b"), fact("b", "law")], on_error="report")
    assert [(r.position, type(r.error)) for r in result.refused] == [(0, EmbeddingSpaceMismatch)]
    assert result.added == 1


def test_unit_of_work_stays_usable_after_a_refusal(store: Store) -> None:
    unknown = fact("unknown", profile_id=uuid4())
    with store.begin() as work:
        assert work.facts.add_many([fact("a")]).added == 1
        with pytest.raises(NotFound):
            work.facts.add_many([fact("b"), unknown])
        reported = work.facts.add_many([fact("c"), unknown, fact("d")], on_error="report")
        assert (reported.added, [r.position for r in reported.refused]) == (2, [1])
    assert contents(store) == ["a", "c", "d"]
    with Session(store.engine) as session:
        FactRepository(session).add_many([fact("e"), unknown], on_error="report")
        session.commit()
    assert contents(store) == ["a", "c", "d", "e"]


def test_label_is_made_once_however_many_writers_need_it(memory: Store) -> None:
    threads = 5
    barrier = Barrier(threads)

    def write(writer: int) -> Sequence[UUID | None]:
        barrier.wait()
        return memory.facts.add_many(
            fact(f"{writer} {n}", label=f"label {(n + writer) % 4}", corpus_id=corpus)
            for n in range(8)
            for corpus in ("news", "law")
        ).ids

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(write, range(threads)))
    labels = rows(memory, "SELECT corpus_id, name FROM hegel_labels ORDER BY 1, 2")
    assert labels == [(c, f"label {n}") for c in ("law", "news") for n in range(4)]
    assert rows(memory, "SELECT count(*) FROM hegel_facts WHERE label_id IS NULL") == [(0,)]


def test_writers_of_the_same_contents_in_any_order_merge_without_deadlock(memory: Store) -> None:
    threads = 5
    barrier = Barrier(threads)
    words = [f"fact {n}" for n in range(60)]

    def write(writer: int) -> list[UUID | None]:
        barrier.wait()
        order = words if writer % 2 else words[::-1]
        ids = memory.facts.add_many(map(fact, order)).ids
        return list(ids if writer % 2 else reversed(ids))

    with ThreadPoolExecutor(threads) as pool:
        outcomes = list(pool.map(write, range(threads)))
    assert all(ids == outcomes[0] for ids in outcomes)
    assert rows(memory, "SELECT DISTINCT seen_count FROM hegel_facts") == [(threads,)]
    assert rows(memory, "SELECT 1 FROM hegel_facts WHERE embedding_384 IS NULL") == []


def test_query_may_be_found_by_a_numpy_array_list_or_tuple(memory: Store) -> None:
    memory.facts.add_many([fact("a")])
    direction = np.ones(384)
    for embedding in (direction, direction.astype(np.float32), list(direction), tuple(direction)):
        assert len(memory.facts.search("", embedding=embedding, filters=FactFilter())) == 1


def test_a_fact_that_is_only_counted_touches_no_index(store):
    random = np.random.default_rng(1)
    facts = [fact(f"fact {n}", embedding=random.normal(size=384)) for n in range(300)]
    store.facts.add_many(facts)
    pages = "SELECT pg_relation_size('idx_hegel_facts_embedding_384')"
    before = rows(store, pages)
    # One at a time, so that each finds the room that the one before it left on the page.
    for one in facts[:60]:
        store.facts.add_many([one])
    updates = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables"
    wait_until(lambda: rows(store, f"{updates} WHERE relname = 'hegel_facts'")[0][0] >= 60)
    ((updated, hot),) = rows(store, f"{updates} WHERE relname = 'hegel_facts'")
    assert hot > 0.5 * updated
    assert rows(store, pages) == before
