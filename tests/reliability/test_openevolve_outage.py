"""The database goes away while OpenEvolve's programs are added, or a COMMIT is cut."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from openevolve.database import Program

from hegel_store.errors import DatabaseUnavailable
from hegel_store.store import Store
from tests.conftest import Server
from tests.integration.test_openevolve_store import open_database, program, state
from tests.proxy import Cut, proxy_to
from tests.reliability.test_gepa_outage import Line
from tests.samples import rows

pytestmark = pytest.mark.any_server


@pytest.fixture
def line(server: Server, url: str) -> Iterator[Line]:
    with proxy_to(Path(server.host)) as proxy:
        made = Line(proxy, url)
        with made.store:
            yield made


def stored(store: Store) -> set[str]:
    return {
        str(name)
        for (name,) in rows(
            store, "SELECT metadata #>> '{openevolve,program}' FROM hegel_prompt_profiles"
        )
    }


def test_while_the_database_is_away_it_samples_and_keeps_what_is_added(
    line: Line, store: Store
) -> None:
    database = open_database(line.store)
    for number in range(4):
        database.add(program(f"{number}", 0.5, number), number, number % 3)
    line.take_away()
    for number in range(4, 8):
        parent, _ = database.sample_from_island(0, 2)
        child = program(f"{number}", number / 10, number, parent_id=parent.id)
        assert database.add(child, number, 0) == child.id
        assert database.get(child.id) is child
        database.store_artifacts(child.id, {"log": "late"})
        database.increment_island_generation(0)
        assert database.get_best_program().id in "0123"
    odd = Program(id="odd", code="has no x", metrics={"combined_score": 1.0})
    assert database.add(odd) == "odd"  # which OpenEvolve cannot place, and drops
    database.save()
    assert isinstance(database.error, DatabaseUnavailable)
    with pytest.raises(DatabaseUnavailable):
        database.close()
    assert stored(store) == set("0123")
    line.give_back()
    database.close()
    assert database.error is None
    assert stored(store) == set("01234567")
    assert database.get_best_program().id == "7"
    again = open_database(store)
    assert state(again) == state(database)
    assert again.get_artifacts("7") == {"log": "late"}


@pytest.mark.parametrize("how", ["before", "after"])
def test_a_commit_that_is_cut_adds_a_program_once(line: Line, store: Store, how: Cut) -> None:
    database = open_database(line.store)
    cut = 0
    for number in range(24):
        if number % 6 == 5:
            line.proxy.cut_commits = [how]
            cut += 1
        database.add(program(f"{number}", number / 100, number % 5), number, number % 3)
    database.close()
    assert line.proxy.cuts == cut == 4
    assert stored(store) == {f"{number}" for number in range(24)}
    assert rows(store, "SELECT count(*) FROM hegel_profile_populations") == [(24,)]
    assert state(open_database(store)) == state(database)
