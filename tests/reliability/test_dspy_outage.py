"""The database goes away while an optimiser of DSPy runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dspy
import pytest

from hegel_store.errors import DatabaseUnavailable
from hegel_store.integrations.dspy import StoreCallback, compile_mipro, document_of
from hegel_store.store import Store
from tests.integration.test_dspy_mipro import require_equal
from tests.programs import compiled, course, metric, mipro, model, program
from tests.reliability.test_gepa_outage import Line, line

pytestmark = pytest.mark.any_server

__all__ = ["line"]


def away(line: Line, begin: int, end: int) -> Callable[..., float]:
    """A metric that takes the database away at one call, and gives it back at a later one."""
    turns = iter(range(1, 10**6))

    def score(*given: Any) -> float:
        turn = next(turns)
        if turn == begin:
            line.take_away()
        if turn == end:
            line.give_back()
        return metric(*given)

    return score


@pytest.mark.parametrize(("begin", "end"), [(2, 30), (40, 50)], ids=["bootstrapping", "trials"])
def test_mipro_goes_on_without_it_and_writes_later(
    store: Store, line: Line, begin: int, end: int
) -> None:
    optimizer, arguments = mipro(8, score=away(line, begin, end))
    best = compile_mipro(line.store, "news", "qa", "r", optimizer, program(), **arguments)
    assert course(best) == course(compiled(8))
    assert document_of(best) == document_of(compiled(8))
    require_equal(store, best)
    optimizer, arguments = mipro(8, score=unasked)
    again = compile_mipro(store, "news", "qa", "r", optimizer, program(), **arguments)
    assert course(again) == course(best)


def unasked(*given: Any) -> float:
    raise AssertionError("evaluated before")


def test_mipro_says_at_its_end_that_it_could_not_be_written(store: Store, line: Line) -> None:
    optimizer, arguments = mipro(8, score=away(line, 40, 10**6))
    with pytest.raises(DatabaseUnavailable):
        compile_mipro(line.store, "news", "qa", "r", optimizer, program(), **arguments)
    assert store.runs.get("news", "r").status == "running"
    line.give_back()
    optimizer, arguments = mipro(8)
    best = compile_mipro(line.store, "news", "qa", "r", optimizer, program(), **arguments)
    assert course(best) == course(compiled(8))
    require_equal(store, best)


def test_the_callback_writes_later(store: Store, line: Line) -> None:
    callback = StoreCallback(line.store, "news", "qa", run="r")
    optimizer, arguments = mipro(8, score=away(line, 40, 10**6))
    with dspy.context(lm=model(), callbacks=[callback]):
        best = optimizer.compile(program(), **arguments)
    assert isinstance(callback.error, DatabaseUnavailable)
    line.give_back()
    callback.close()
    require_equal(store, best)
