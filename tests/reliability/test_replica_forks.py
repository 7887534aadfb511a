"""A store with standbys on both sides of a fork."""

from __future__ import annotations

from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hegel_store.errors import DatabaseUnavailable
from hegel_store.store import Store
from tests.reliability.forking import in_child
from tests.reliability.reading import read, server_of, states

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]

LONG = 30.0
SESSION = text("SELECT current_setting('data_directory'), pg_backend_pid()")


def sessions(store: Store) -> set[tuple[str, int]]:
    """Those of the standbys, each with its process, that some units of work were on."""
    found = set()
    for _ in range(12):
        with store.begin(read_only=True) as work:
            assert server_of(work)[0], "a standby"
            found.add(tuple(work.session.execute(SESSION).one()))
    assert len({data for data, _ in found}) == 2, "both standbys"
    return found


def test_a_child_reads_on_standbys_over_connections_of_its_own(connect, servers, corpus):
    store = connect(replica_wait=LONG)
    store.profiles.append(corpus, "qa", {})
    parents = sessions(store)

    def work() -> object:
        assert sessions(store).isdisjoint(parents)
        store.profiles.append(corpus, "qa", {})
        assert read(store, corpus)[0]
        return read(store, corpus)[1], store.write_position()

    for version in (2, 3):
        answer = in_child(work)
        assert answer.startswith(f"({version}, "), answer
        token = answer.partition("'")[2].rstrip("')")
        assert read(store, corpus, after=token) == (True, version)
        assert sessions(store) == parents, "nothing of the parent's was disturbed"


def test_a_child_that_leaves_the_unit_of_work_it_was_forked_in_does_not_end_it(
    connect, servers, corpus
):
    store = connect(replica_wait=LONG)
    store.profiles.append(corpus, "qa", {})
    with store.begin(read_only=True) as work:
        before = tuple(work.session.execute(SESSION).one())

        def leave() -> object:
            with pytest.raises(DatabaseUnavailable):
                work.profiles.latest(corpus, "qa")
            with suppress(DBAPIError):
                work.session.rollback()
            work.session.close()
            return read(store, corpus)

        assert in_child(leave) == "(True, 1)"
        assert tuple(work.session.execute(SESSION).one()) == before
        assert work.profiles.latest(corpus, "qa").version == 1
    assert "away" not in states(store)
