"""Loading facts in batches, one of which is written while the next one is embedded."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator, Sequence
from contextvars import ContextVar

import psycopg
import pytest

from hegel_store.errors import NotFound
from hegel_store.models import NewFact
from hegel_store.models.identifiers import uuid7
from hegel_store.models.vectors import Vector
from hegel_store.repositories.fact_batches import BATCH
from hegel_store.store import Store
from tests.embedders import HashingEmbedder
from tests.samples import rows


class Calling(HashingEmbedder):
    """Calls ``before[n]``, if there is one, before its n-th work (from 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.before: dict[int, object] = {}

    def embed(self, texts: Sequence[str]) -> Vector:
        call = self.before.get(len(self.calls) + 1)
        if call is not None:
            call()  # type: ignore[operator]
        return super().embed(texts)


@pytest.fixture
def embedder() -> Calling:
    return Calling()


def facts(count: int, name: str = "fact") -> list[NewFact]:
    return [NewFact(corpus_id="c", content=f"{name} {n}") for n in range(count)]


def stored(memory: Store) -> int:
    ((count,),) = rows(memory, "SELECT count(*) FROM hegel_facts")
    return count


def writers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if "add_many" in thread.name]


def test_a_batch_is_embedded_while_the_one_before_is_written(
    memory: Store, embedder: Calling, postgresql: psycopg.Connection
) -> None:
    """The first cannot be written before the second is embedded, which lets go of a lock."""
    postgresql.execute("LOCK TABLE hegel_facts IN SHARE MODE")
    embedder.before[2] = postgresql.rollback
    result = memory.facts.add_many(facts(2 * BATCH + 7))
    assert (result.added, stored(memory)) == (2 * BATCH + 7,) * 2
    assert [len(call) for call in embedder.calls] == [BATCH, BATCH, 7]
    assert writers() == []


def test_what_is_being_written_is_not_embedded_again(
    memory: Store, embedder: Calling, postgresql: psycopg.Connection
) -> None:
    """Nor is a vector replaced that was given."""
    postgresql.execute("LOCK TABLE hegel_facts IN SHARE MODE")
    threading.Timer(1.0, postgresql.rollback).start()
    given = NewFact(corpus_id="c", content="given", embedding=[1.0] + [0.0] * 383)
    first = [given, *facts(BATCH - 1)]
    result = memory.facts.add_many([*first, *first, *facts(2, "last")])
    assert (result.added, result.merged) == (BATCH + 2, BATCH)
    assert result.ids[:BATCH] == result.ids[BATCH : 2 * BATCH]
    assert sorted(embedder.embedded) == sorted(
        {fact.content for fact in first[1:]} | {"last 0", "last 1"}
    )
    (hit,) = memory.facts.search("", mode="vector", embedding=[1.0] + [0.0] * 383, limit=1)
    assert hit.fact.content == "given"
    assert hit.vector_score == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("fails", ["input", "embedder"])
def test_a_batch_is_stored_when_the_next_one_cannot_be_made(
    memory: Store, embedder: Calling, fails: str
) -> None:
    def broken() -> Iterator[NewFact]:
        yield from facts(BATCH)
        if fails == "input":
            raise ConnectionResetError
        yield from facts(1, "next")

    def fail() -> None:
        raise ConnectionResetError

    if fails == "embedder":
        embedder.before[2] = fail
    with pytest.raises(ConnectionResetError):
        memory.facts.add_many(broken())
    assert stored(memory) == BATCH
    assert writers() == []


def test_what_refuses_a_batch_is_raised_and_no_later_one_is_stored(
    memory: Store, embedder: Calling
) -> None:
    unknown = NewFact(corpus_id="c", content="unknown", profile_id=uuid7())

    def fail() -> None:
        raise ConnectionResetError

    with pytest.raises(NotFound):
        memory.facts.add_many([unknown, *facts(3 * BATCH)])
    assert len(embedder.calls) == 2
    embedder.before[4] = fail
    with pytest.raises(NotFound) as caught:
        memory.facts.add_many([unknown, *facts(BATCH), *facts(1, "other")])
    assert isinstance(caught.value.__context__, ConnectionResetError), "which came after it"
    assert stored(memory) == 0
    assert writers() == []


def test_a_judge_is_asked_in_the_context_of_the_caller(memory: Store) -> None:
    request: ContextVar[str] = ContextVar("request", default="none")
    seen = set()

    def judge(old: str, new: NewFact) -> str:
        seen.add(request.get())
        return "distinct"

    request.set("mine")
    near = [0.0] * 384
    given = []
    for n in range(BATCH):
        near[0], near[1] = 1.0, n / 1e4
        given.append(NewFact(corpus_id="c", content=f"fact {n}", embedding=list(near)))
    memory.facts.add_many(given, near_duplicates="judge", judge=judge)
    assert seen == {"mine"}


@pytest.fixture
def few_objects() -> Iterator[None]:
    """What is there already, a library of models perhaps, is not gone through to count objects."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.any_server
@pytest.mark.usefixtures("few_objects")
def test_no_more_than_three_batches_are_held_at_a_time(memory: Store) -> None:
    """The one that is written, the one that is embedded, and for a moment what is read."""
    most = 0

    def watched() -> Iterator[NewFact]:
        nonlocal most
        for n, fact in enumerate(facts_of(6 * BATCH)):
            if n % BATCH == 0:
                gc.collect()
                alive = sum(isinstance(thing, NewFact) for thing in gc.get_objects())
                most = max(most, alive)
            yield fact

    assert memory.facts.add_many(watched()).added == 6 * BATCH
    assert 0 < most <= 3 * BATCH


def facts_of(count: int) -> Iterator[NewFact]:
    for n in range(count):
        yield NewFact(corpus_id="c", content=f"fact {n}", metadata={"n": n})
