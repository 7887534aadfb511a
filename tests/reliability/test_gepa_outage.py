"""The database goes away while GEPA runs, or the connection breaks during a COMMIT."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import gepa
import pytest

import hegel_store
from hegel_store.addresses import parse_address
from hegel_store.errors import DatabaseUnavailable, OutcomeUnknown
from hegel_store.integrations.gepa import StoreAdapter, StoreCallback, optimize
from hegel_store.store import Store
from tests.conftest import Server
from tests.integration.test_gepa_store import require_equal, stored
from tests.proxy import Cut, Proxy, proxy_to
from tests.samples import rows
from tests.vocabulary import Vocabulary, arguments

pytestmark = pytest.mark.any_server


class Line:
    """To the server by a proxy, for a store of its own. It can be taken away, and given back."""

    def __init__(self, proxy: Proxy, url: str) -> None:
        self.proxy = proxy
        self.store = hegel_store.connect(proxy.url(str(parse_address(url, "it").url.database)))
        self._socket = proxy.folder / ".s.PGSQL.5432"
        self._aside = proxy.folder / "aside"

    def take_away(self) -> None:
        self._socket.rename(self._aside)
        self.proxy.cut_all()

    def give_back(self) -> None:
        self._aside.rename(self._socket)

    def adapter(self, away: int, back: int) -> Vocabulary:
        """Takes it away at one evaluation, and gives it back at a later one."""
        turns = iter(range(1, 10**6))

        def paid(candidate: Any, question: str) -> None:
            turn = next(turns)
            if turn == away:
                self.take_away()
            if turn == back:
                self.give_back()

        return Vocabulary(paid)


@pytest.fixture
def line(server: Server, url: str) -> Iterator[Line]:
    with proxy_to(Path(server.host)) as proxy:
        made = Line(proxy, url)
        with made.store:
            yield made


def test_the_database_may_be_away_for_a_while(line: Line, store: Store) -> None:
    seen: list[int] = []

    class Watch:
        def on_iteration_start(self, event: Any) -> None:
            seen.append(len(stored(store)))

    result = optimize(
        line.store,
        "news",
        "qa",
        "r",
        **arguments(400, adapter=line.adapter(60, 300), callbacks=[Watch()]),
    )
    assert result.candidates == gepa.optimize(**arguments(400)).candidates
    require_equal(store, result)
    run = store.runs.get("news", "r")
    assert (run.status, run.evaluations_spent) == ("finished", result.total_metric_calls)
    # While it was away nothing came, and then all of it at once.
    assert max(later - sooner for sooner, later in pairwise(seen)) > 2


def test_away_for_good_it_says_so_at_the_end_and_writes_when_it_is_back(
    line: Line, store: Store
) -> None:
    callback = StoreCallback(line.store, "news", "qa", run="r")
    result = gepa.optimize(**arguments(300, adapter=line.adapter(60, 10**6), callbacks=[callback]))
    assert result.total_metric_calls >= 300
    assert isinstance(callback.error, DatabaseUnavailable)
    with pytest.raises(DatabaseUnavailable):
        callback.close()
    assert len(stored(store)) < len(result.candidates)
    line.give_back()
    callback.close()
    assert callback.error is None
    require_equal(store, result)
    assert store.runs.get("news", "r").evaluations_spent == result.total_metric_calls


def test_it_stops_rather_than_go_on_unsaved(line: Line, store: Store) -> None:
    paid = 0

    class Watch:
        def on_budget_updated(self, event: Any) -> None:
            nonlocal paid
            paid = event["metric_calls_used"]

    with pytest.raises(DatabaseUnavailable):
        optimize(
            line.store,
            "news",
            "qa",
            "r",
            stop_on_error=True,
            **arguments(400, adapter=line.adapter(60, 10**6), callbacks=[Watch()]),
        )
    # The iteration that it was in, and no other one.
    assert 60 <= paid <= 60 + 2 * 3 + 10
    line.give_back()
    result = optimize(line.store, "news", "qa", "r", **arguments(400))
    assert result.candidates == gepa.optimize(**arguments(400)).candidates
    require_equal(store, result)


@pytest.mark.parametrize("how", ["before", "after"])
def test_a_commit_that_is_cut_is_found_out_about(line: Line, store: Store, how: Cut) -> None:
    cut = 0

    class Scissors:
        def on_iteration_end(self, event: Any) -> None:
            nonlocal cut
            if event["iteration"] % 5 == 0:
                line.proxy.cut_commits = [how]
                cut += 1

    result = optimize(line.store, "news", "qa", "r", **arguments(300, callbacks=[Scissors()]))
    assert line.proxy.cuts == cut > 3
    assert result.candidates == gepa.optimize(**arguments(300)).candidates
    require_equal(store, result)
    run = store.runs.get("news", "r")
    assert run.evaluations_spent == result.total_metric_calls


def test_without_the_database_evaluations_are_made_all_the_same(line: Line, store: Store) -> None:
    adapter = StoreAdapter(line.adapter(60, 200), line.store, "news", evaluator="f1", run_id="r")
    result = optimize(line.store, "news", "qa", "r", **arguments(400, adapter=adapter))
    assert result.candidates == gepa.optimize(**arguments(400)).candidates
    require_equal(store, result)
    # Those that were at work when it went away were recorded when it was back.
    claimed = "SELECT count(*) FROM hegel_evaluations WHERE state = 'claimed'"
    assert rows(store, claimed) == [(0,)]


def test_the_last_commit_is_cut(line: Line, store: Store) -> None:
    callback = StoreCallback(line.store, "news", "qa", run="r")
    result = gepa.optimize(**arguments(100, callbacks=[callback]))
    callback.close()
    line.proxy.cut_commits = ["before"]
    callback.on_optimization_end({"final_state": _state_of(result)})
    assert isinstance(callback.error, OutcomeUnknown)
    callback.close()
    require_equal(store, result)


def _state_of(result: Any) -> Any:
    class State:
        program_candidates = result.candidates
        parent_program_for_candidate = result.parents
        prog_candidate_val_subscores = result.val_subscores
        prog_candidate_objective_scores = result.val_aggregate_subscores
        total_num_evals = result.total_metric_calls

    return State()
