"""Searches while the service behind the embedder is down."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import hegel_store
from hegel_store.embeddings import CircuitBreaker, RemoteEmbedder
from hegel_store.errors import CircuitOpen, EmbedderUnavailable
from hegel_store.models import NewFact
from hegel_store.store import Store
from tests.clocks import Clock
from tests.services import Service, embedding_service

pytestmark = pytest.mark.any_server


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service() -> Iterator[Service]:
    with embedding_service(dimensions=384) as running:
        yield running


@pytest.fixture
def memory(url: str, service: Service, clock: Clock) -> Iterator[Store]:
    """A store on the service, with three facts."""
    embedder = RemoteEmbedder(
        service.request,
        name="api",
        dimensions=384,
        attempts=2,
        longest_wait=0.0,
        breaker=CircuitBreaker(failures=4, retry_after=60.0, clock=clock),
    )
    with hegel_store.connect(url, embedder=embedder) as store:
        store.facts.add_many(
            NewFact(corpus_id="c", content=content)
            for content in ("hedgehogs sleep", "owls hunt", "hedgehogs eat beetles")
        )
        yield store


def test_search_answers_from_words_and_asks_no_more_of_a_service_that_is_down(
    memory: Store, service: Service, clock: Clock
) -> None:
    assert memory.facts.search("hedgehogs").degraded is None
    service.answer = service.down
    service.asked.clear()
    for _ in range(10):
        result = memory.facts.search("hedgehogs", mode="hybrid")
        assert result.degraded == "embedder"
        assert {hit.fact.content for hit in result} == {"hedgehogs sleep", "hedgehogs eat beetles"}
    assert len(service.asked) == 4, "two searches of two attempts, and then none"

    service.answer = service.vectors
    assert memory.facts.search("hedgehogs").degraded == "embedder"
    clock.now = 60.0
    assert memory.facts.search("hedgehogs").degraded is None
    assert len(service.asked) == 5


def test_what_cannot_do_without_vectors_says_that_the_service_is_down(
    memory: Store, service: Service
) -> None:
    service.answer = service.down
    for expected in (EmbedderUnavailable, EmbedderUnavailable, CircuitOpen):
        with pytest.raises(expected) as caught:
            memory.facts.search("hedgehogs", mode="vector")
        assert type(caught.value) is expected
    with pytest.raises(CircuitOpen):
        memory.facts.add_many([NewFact(corpus_id="c", content="moles dig")])
    assert len(memory.facts.search("moles", mode="text")) == 0
