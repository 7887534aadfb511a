"""An embedder of a service, on one that really listens and fails when told to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from hegel_store.embeddings import CircuitBreaker, Embedder, RemoteEmbedder
from hegel_store.embeddings.protocol import embed_distinct
from hegel_store.errors import CircuitOpen, EmbedderUnavailable, InvalidInput
from tests.embedders import HashingEmbedder
from tests.services import Service, embedding_service

TEXTS = [f"text {n}" for n in range(23)]


@pytest.fixture
def service() -> Iterator[Service]:
    with embedding_service() as running:
        yield running


def remote(service: Service, **options: Any) -> RemoteEmbedder:
    return RemoteEmbedder(
        service.request, **{"name": "api", "dimensions": 8, "longest_wait": 0.01, **options}
    )


def test_it_fulfils_the_protocol(service: Service) -> None:
    embedder = remote(service)
    assert isinstance(embedder, Embedder)
    assert (embedder.name, embedder.dimensions) == ("api", 8)
    vectors = embedder.embed(TEXTS)
    assert (vectors.dtype, vectors.shape) == (np.float32, (23, 8))
    assert list(embed_distinct(embedder, TEXTS)) == TEXTS


def test_nothing_is_sent_for_no_texts(service: Service) -> None:
    assert remote(service).embed([]).shape == (0, 8)
    assert service.asked == []


def test_rows_have_unit_length_and_the_order_of_the_texts(service: Service) -> None:
    # Later batches answer sooner: each waits until the next one has been answered.
    answered = [threading.Event() for _ in range(6)]
    answered[5].set()

    def backwards(texts: list[str]) -> Any:
        number = TEXTS.index(texts[0]) // 5
        answered[min(number + 1, 5)].wait(30)
        answered[number].set()
        return service.vectors(texts)

    service.answer = backwards
    made = remote(service, batch_size=5, concurrency=5).embed(TEXTS)
    assert np.allclose(made, HashingEmbedder("service", 8).embed(TEXTS), atol=1e-6)
    assert sorted(map(len, service.asked)) == [3, 5, 5, 5, 5]


def test_no_more_requests_are_under_way_than_allowed(service: Service) -> None:
    lock, together = threading.Lock(), threading.Barrier(3)
    running, most = 0, 0

    def counted(texts: list[str]) -> Any:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait(30)
        with lock:
            running -= 1
        return service.vectors(texts)

    service.answer = counted
    remote(service, batch_size=1, concurrency=3).embed(TEXTS[:12])
    assert most == 3


def test_a_request_that_fails_is_made_again(service: Service) -> None:
    def third_time(texts: list[str]) -> Any:
        return service.vectors(texts) if len(service.asked) == 3 else service.down(texts)

    service.answer = third_time
    assert remote(service).embed(["a"]).shape == (1, 8)
    assert service.asked == [["a"]] * 3


def test_after_the_last_attempt_the_embedder_and_the_cause_are_named(service: Service) -> None:
    service.answer = service.down
    with pytest.raises(EmbedderUnavailable, match="'api' is unavailable: ") as caught:
        remote(service, attempts=3).embed(["a"])
    assert not isinstance(caught.value, CircuitOpen)
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.retryable
    assert len(service.asked) == 3


def test_only_what_may_be_retried_is() -> None:
    calls = []
    breaker = CircuitBreaker(failures=1)

    def refused(texts: Any) -> Any:
        calls.append(texts)
        raise LookupError("no such model")

    with pytest.raises(LookupError, match="no such model"):
        RemoteEmbedder(refused, name="api", dimensions=8, breaker=breaker).embed(["a"])
    assert len(calls) == 1
    assert breaker.state == "closed"
    with pytest.raises(EmbedderUnavailable, match="no such model"):
        RemoteEmbedder(
            refused, name="api", dimensions=8, attempts=2, longest_wait=0, retry_on=(LookupError,)
        ).embed(["a"])
    assert len(calls) == 3


def test_a_batch_that_fails_for_good_ends_the_call(service: Service) -> None:
    service.answer = service.down
    embedder = remote(
        service, batch_size=1, concurrency=2, attempts=1, breaker=CircuitBreaker(failures=1000)
    )
    with pytest.raises(EmbedderUnavailable):
        embedder.embed([f"text {n}" for n in range(500)])
    assert len(service.asked) < 500


def test_batches_that_wait_are_woken_when_another_fails(service: Service) -> None:
    first_failed = threading.Event()

    def request(texts: Any) -> Any:
        if texts == ["a"]:
            first_failed.set()
            raise ConnectionError("try again")
        first_failed.wait(30)
        raise LookupError("no such model")

    # Were they not woken, the waits of the other batch would exceed the test's time limit.
    waiting = RemoteEmbedder(
        request,
        name="api",
        dimensions=8,
        batch_size=1,
        attempts=1000,
        longest_wait=10_000.0,
        breaker=CircuitBreaker(failures=1000),
    )
    with pytest.raises(LookupError):
        waiting.embed(["a", "b"])


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [[1.0] * 8],
        [[1.0] * 7] * 2,
        [[1.0] * 8, [1.0] * 7],
        [[1.0] * 7 + [float("nan")], [1.0] * 8],
        [[1.0] * 7 + [float("inf")], [1.0] * 8],
        [[0.0] * 8, [1.0] * 8],
        [["x"] * 8] * 2,
        {"data": []},
        None,
    ],
)
def test_what_is_no_row_for_each_text_is_refused(service: Service, rows: Any) -> None:
    service.answer = lambda texts: rows
    with pytest.raises(InvalidInput, match="'api' returned"):
        remote(service).embed(["a", "b"])
    assert len(service.asked) == 1, "asking again would not help"


def test_large_numbers_keep_their_direction(service: Service) -> None:
    service.answer = lambda texts: [[3e38, 3e38, 0, 0, 0, 0, 0, 0]]
    assert np.allclose(remote(service).embed(["a"])[0, :2], 0.5**0.5)


def test_a_service_that_keeps_failing_is_left_alone(service: Service) -> None:
    service.answer = service.down
    clock = iter(range(100))
    breaker = CircuitBreaker(failures=3, retry_after=1000.0, clock=lambda: float(next(clock)))
    embedder = remote(service, attempts=10, breaker=breaker)
    with pytest.raises(CircuitOpen, match="asked again in"):
        embedder.embed(["a"])
    with pytest.raises(CircuitOpen):
        embedder.embed(["a"])
    assert len(service.asked) == 3
    assert embedder.breaker is breaker


def test_an_open_breaker_ends_the_attempts_even_where_every_error_is_retried() -> None:
    calls = []

    def down(texts: Any) -> Any:
        calls.append(texts)
        raise LookupError("no such model")

    embedder = RemoteEmbedder(
        down,
        name="api",
        dimensions=8,
        # Were it tried again, the waits would exceed the test's time limit.
        attempts=1000,
        longest_wait=10_000.0,
        retry_on=(Exception,),
        breaker=CircuitBreaker(failures=1),
    )
    with pytest.raises(CircuitOpen) as caught:
        embedder.embed(["a"])
    assert type(caught.value) is CircuitOpen
    assert caught.value.__cause__ is None
    assert len(calls) == 1


def test_a_service_that_is_back_is_used_again(service: Service) -> None:
    now = 0.0
    breaker = CircuitBreaker(failures=1, retry_after=60.0, clock=lambda: now)
    embedder = remote(service, breaker=breaker)
    service.answer = service.down
    with pytest.raises(EmbedderUnavailable):
        embedder.embed(["a"])
    service.answer = service.vectors
    with pytest.raises(CircuitOpen):
        embedder.embed(["a"])
    now = 60.0
    assert embedder.embed(["a"]).shape == (1, 8)
    assert breaker.state == "closed"


def test_each_embedder_has_a_breaker_of_its_own(service: Service) -> None:
    assert remote(service).breaker is not remote(service).breaker


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"name": " "}, "name"),
        ({"dimensions": 0}, "dimensions"),
        ({"batch_size": 0}, "batch_size"),
        ({"concurrency": 0}, "concurrency"),
        ({"attempts": 0}, "attempts"),
        ({"longest_wait": -1.0}, "longest_wait"),
    ],
)
def test_options_out_of_range_are_refused(
    service: Service, options: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        remote(service, **options)
    assert caught.value.field == field
