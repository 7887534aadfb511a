"""Threads that hold a connection and ask for another: told apart from a busy pool."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

import hegel_store
from hegel_store.errors import NestedCheckout, PoolExhausted
from hegel_store.store import Store
from tests.samples import Steps, rows

pytestmark = pytest.mark.any_server

SCOPE = ("c", "qa")
LONG = 60.0


@pytest.fixture
def store(url):
    """A pool of five, for which a thread would wait long."""
    with hegel_store.connect(url, pool="light", pool_timeout=LONG) as connected:
        yield connected


def test_a_thread_that_holds_every_connection_is_told_at_once(store):
    with ExitStack() as held:
        for _ in range(5):
            held.enter_context(store.engine.connect())
        began = time.monotonic()
        for _ in range(1000):
            with pytest.raises(NestedCheckout, match="repositories of the block") as caught:
                store.profiles.latest(*SCOPE)
        assert time.monotonic() - began < LONG / 2
        assert (caught.value.held, caught.value.size, caught.value.retryable) == (5, 5, False)
        assert isinstance(caught.value, PoolExhausted)
    assert store.engine.pool.checkedout() == 0
    store.profiles.append(*SCOPE, {})


def test_threads_that_wait_for_each_other_are_freed_by_the_one_that_is_told(store):
    """Each holds one of five and wants another: without that, all of them would wait."""
    together = threading.Barrier(5)
    began = time.monotonic()

    def work(number: int) -> str:
        try:
            with store.begin() as block:
                block.profiles.append(f"c{number}", "qa", {})
                together.wait(30)
                store.profiles.latest(*SCOPE)  # where block.profiles was meant
        except NestedCheckout:
            return "told"
        return "served"

    with ThreadPoolExecutor(5) as threads:
        outcomes = list(threads.map(work, range(5)))
    assert "told" in outcomes
    assert "served" in outcomes
    assert time.monotonic() - began < LONG / 2
    assert store.engine.pool.checkedout() == 0
    stored = rows(store, "SELECT count(*) FROM hegel_prompt_profiles")
    assert stored == [(outcomes.count("served"),)], "those that were told are rolled back whole"


def test_nested_checkouts_that_find_a_connection_are_left_alone(store):
    with store.begin() as block:
        block.profiles.append(*SCOPE, {})
        assert store.profiles.latest(*SCOPE) is None
        with store.begin() as inner:
            assert inner.profiles.latest(*SCOPE) is None


def test_a_thread_that_holds_one_is_told_after_the_timeout_while_others_work(url):
    with (
        hegel_store.connect(url, pool="light", pool_timeout=0.3) as store,
        ExitStack() as held,
        ThreadPoolExecutor(1) as others,
    ):
        for _ in range(4):
            held.enter_context(others.submit(store.engine.connect).result())
        with store.begin() as block, pytest.raises(NestedCheckout) as caught:  # noqa: PT012
            block.profiles.latest(*SCOPE)
            store.profiles.latest(*SCOPE)
        assert (caught.value.held, caught.value.size) == (1, 5)


def test_a_block_with_every_connection_makes_the_month_of_its_step_itself(store):
    """What the library itself does beside a block does not fail it."""
    new = Steps(store)
    store.steps._months_apart.info.clear()
    with ExitStack() as held:
        for _ in range(4):
            held.enter_context(store.engine.connect())
        with store.begin() as block:
            block.profiles.latest(*SCOPE)
            block.steps.log(new())
    assert len(store.steps.recent("news", "qa")) == 1


def test_connections_that_are_returned_by_another_thread_are_not_held_any_more(store):
    with ThreadPoolExecutor(1) as another:
        for _ in range(10):
            connection = another.submit(store.engine.connect).result()
            connection.close()
        assert store.engine.pool._holders == {}


def test_fifty_threads_with_blocks_and_calls_share_five_connections(store: Store):
    together = threading.Barrier(50)

    def work(number: int) -> int:
        together.wait()
        for n in range(3):
            store.transact(lambda block, n=n: block.profiles.append(f"c{number}", "qa", {"n": n}))
            store.profiles.latest(f"c{number}", "qa")
        return store.profiles.latest(f"c{number}", "qa").version

    with ThreadPoolExecutor(50) as threads:
        assert list(threads.map(work, range(50))) == [3] * 50
    assert store.engine.pool.checkedout() == 0
