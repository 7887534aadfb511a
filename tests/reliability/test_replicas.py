"""Read-only units of work on streaming standbys: real ones, stopped in their replay."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

import hegel_store
from hegel_store.cli import app
from hegel_store.errors import (
    ConfigurationError,
    DatabaseError,
    InvalidInput,
)
from hegel_store.replicas import Replicas
from hegel_store.store import Store
from hegel_store.unit_of_work import UnitOfWork
from tests.reliability.reading import read, server_of, states
from tests.reliability.standbys import Cluster
from tests.samples import Steps, fact

pytestmark = pytest.mark.slow

UNCHANGING = 3600.0
"""A staleness that no test reaches."""
LONG = 30.0


def pause(servers: Cluster) -> None:
    servers.catch_up()
    for one in servers.standbys:
        one.pause()


def test_each_read_after_a_write_is_on_a_standby_and_sees_it(connect, corpus, report):
    store = connect(replica_wait=LONG)
    began = time.perf_counter()
    for version in range(1, 101):
        store.profiles.append(corpus, "qa", {})
        assert read(store, corpus) == (True, version)
    report(f"100 appends, each read on a standby: {time.perf_counter() - began:.2f} s")


def test_without_the_position_the_same_reads_are_stale(connect, servers, corpus, monkeypatch):
    """What the tests of this file would see if nothing were waited for."""
    store = connect(replica_wait=0)
    pause(servers)
    store.profiles.append(corpus, "qa", {})
    assert read(store, corpus) == (False, 1)
    monkeypatch.setattr(Replicas, "_needed", lambda replicas, at_least: 0)
    assert read(store, corpus) == (True, 0)


def _log_in_the_background(store: Store, new: Steps) -> None:
    with store.step_writer() as writer:
        writer.log(new())
        writer.flush(timeout=LONG)


def _append_in_a_block(store: Store, new: Steps) -> None:
    with store.begin() as work:
        work.profiles.append(new.scope["corpus_id"], "qa", {})


def _by_hand(store: Store, new: Steps) -> None:
    with store.engine.begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS by_hand (id int)"))


def _empty_in_autocommit(store: Store, new: Steps) -> None:
    with store.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("TRUNCATE hegel_query_counts"))


WRITES: dict[str, Callable[[Store, Steps], object]] = {
    "a call": lambda store, new: store.profiles.append(new.scope["corpus_id"], "qa", {}),
    "a call of several statements": lambda store, new: store.facts.add_many(
        [fact("One fact.", new.scope["corpus_id"])]
    ),
    "COPY": lambda store, new: store.steps.log_many([new() for _ in range(300)]),
    "a unit of work": _append_in_a_block,
    "a writer in the background": _log_in_the_background,
    "a statement by hand": _by_hand,
    "TRUNCATE in autocommit": _empty_in_autocommit,
}


@pytest.mark.parametrize("way", WRITES)
def test_whatever_way_it_was_written_a_read_waits_for_it(connect, servers, corpus, way, tmp_path):
    store = connect(replica_wait=0, spool_directory=tmp_path, replica_staleness=UNCHANGING)
    new = Steps(store, corpus)
    pause(servers)
    assert read(store, corpus) == (True, 1)  # nothing was written since the standbys were there
    WRITES[way](store, new)
    assert read(store, corpus)[0] is False
    for one in servers.standbys:
        one.resume()
    servers.catch_up()
    assert read(store, corpus)[0] is True


def test_a_read_waits_for_a_standby_that_is_on_its_way(connect, servers, corpus):
    store = connect(replica_wait=LONG)
    pause(servers)
    store.profiles.append(corpus, "qa", {})
    with ThreadPoolExecutor(1) as thread:
        reading = thread.submit(read, store, corpus)
        time.sleep(0.2)
        assert not reading.done()
        servers.standbys[1].resume()
        assert reading.result(LONG) == (True, 1)


def test_who_was_late_is_not_waited_for_until_it_is_there_again(connect, servers, corpus):
    store = connect(replica_wait=1.5, replica_staleness=UNCHANGING)
    assert states(store) == ["fresh", "fresh"]
    pause(servers)
    store.profiles.append(corpus, "qa", {})
    began = time.monotonic()
    assert read(store, corpus) == (False, 1)
    assert time.monotonic() - began >= 1.4
    assert states(store) == ["behind", "behind"]
    began = time.monotonic()
    for _ in range(10):
        assert read(store, corpus) == (False, 1)
    assert time.monotonic() - began < 10.0, "ten waits would have been 15 s"
    found = store.check().replicas[0]
    assert found.missing_bytes > 0
    assert found.reason
    for one in servers.standbys:
        one.resume()
    servers.catch_up()
    assert read(store, corpus) == (True, 1)
    assert "fresh" in states(store)


def test_what_others_wrote_may_be_missing_for_no_longer_than_the_bound(connect, servers, corpus):
    other = connect()
    patient = connect(replica_wait=0, replica_staleness=UNCHANGING)
    strict = connect(replica_wait=0, replica_staleness=0.5)
    for store in (patient, strict):
        servers.catch_up()
        assert read(store, corpus) == (True, 0)
    pause(servers)
    other.profiles.append(corpus, "qa", {})
    time.sleep(0.6)
    assert read(patient, corpus) == (True, 0)
    assert read(strict, corpus) == (False, 1)


def test_an_idle_primary_leaves_no_standby_behind(connect, servers, corpus):
    store = connect(replica_wait=0, replica_staleness=0.05)
    servers.catch_up()
    for _ in range(5):
        time.sleep(0.06)
        assert read(store, corpus) == (True, 0)


def test_a_position_is_handed_to_another_process(connect, servers, corpus):
    writer, reader = connect(), connect(replica_wait=0, replica_staleness=UNCHANGING)
    assert read(reader, corpus) == (True, 0)
    pause(servers)
    writer.profiles.append(corpus, "qa", {})
    token = writer.write_position()
    assert read(reader, corpus) == (True, 0)
    assert read(reader, corpus, after=token) == (False, 1)
    for one in servers.standbys:
        one.resume()
    servers.catch_up()
    assert read(reader, corpus, after=token) == (True, 1)


@pytest.mark.parametrize("token", ["", "1", "16/B374D8480", "x/1", "1/2\n", 5])
def test_what_is_no_position_is_refused(connect, servers, token):
    with pytest.raises(InvalidInput, match="after"), connect().begin(read_only=True, after=token):
        pass


def test_a_position_is_for_reading(connect, servers):
    with pytest.raises(InvalidInput, match="after"), connect().begin(after="0/1"):
        pass


def _backend(store: Store) -> int:
    """The server's process that the next call to the primary is answered by."""
    with store.engine.connect() as connection:
        return int(connection.scalar(text("SELECT pg_backend_pid()")))


@pytest.mark.parametrize("where", ["a standby", "the primary"])
def test_a_read_only_unit_of_work_refuses_to_write(connect, servers, corpus, where):
    store = connect(replica_wait=0)
    if where == "the primary":
        pause(servers)
        store.profiles.append(corpus, "other", {})
    backend = _backend(store)
    seen = []

    def write(work: UnitOfWork) -> None:
        seen.append(server_of(work)[0])
        work.profiles.append(corpus, "qa", {})

    with pytest.raises(DatabaseError, match="read-only unit of work") as caught:
        store.transact(write, read_only=True)
    assert seen == [where == "a standby"]
    assert (caught.value.sqlstate, caught.value.retryable) == ("25006", False)
    assert _backend(store) == backend, "nothing is wrong with the connection"
    assert states(store).count("away") == 0
    assert store.profiles.latest(corpus, "qa") is None
    store.profiles.append(corpus, "qa", {})  # the connection that goes back writes again


def test_one_unit_of_work_is_on_one_standby_and_all_are_used(connect, servers):
    store = connect(replica_wait=LONG)
    used = set()
    for _ in range(60):
        with store.begin(read_only=True) as work:
            seen = {server_of(work) for _ in range(3)}
            assert len(seen) == 1
            used |= seen
    assert len(used) == 2
    assert all(is_standby for is_standby, _ in used)


def test_a_standby_whose_connections_are_all_in_use_is_not_waited_for(connect, servers, corpus):
    """Five of each standby are held: the eleventh unit of work is on the primary, at once."""
    store = connect(pool="light", pool_timeout=LONG, replica_wait=LONG)
    store.profiles.append(corpus, "qa", {})
    servers.catch_up()
    with ThreadPoolExecutor(1) as thread, ExitStack() as held:
        places = [server_of(held.enter_context(store.begin(read_only=True))) for _ in range(10)]
        assert Counter(places) == dict.fromkeys(set(places), 5)
        assert all(is_standby for is_standby, _ in places)
        assert thread.submit(read, store, corpus).result(10) == (False, 1)
        assert read(store, corpus) == (False, 1), "in the thread that holds them"
    assert read(store, corpus)[1] == 1
    assert states(store) == ["fresh", "fresh"]


def test_what_is_no_standby_is_left_out(servers, corpus):
    with hegel_store.connect(servers.url, replicas=[servers.primary.url()]) as store:
        assert read(store, corpus) == (False, 0)
        (found,) = store.check().replicas
        assert found.state == "away"
        assert "no standby" in found.reason


def test_without_replicas_a_read_only_unit_of_work_is_on_the_primary(servers, corpus):
    with hegel_store.connect(servers.url) as store:
        store.profiles.append(corpus, "qa", {})
        assert read(store, corpus) == (False, 1)
        assert store.check().replicas == ()


@pytest.mark.parametrize("given", ["postgresql:///x", ["mysql://x"]], ids=["text", "foreign"])
def test_replicas_are_urls_of_postgresql_in_a_list(servers, given):
    with pytest.raises(InvalidInput, match="replicas"):
        hegel_store.connect(servers.url, replicas=given)


def test_migrating_goes_to_the_primary(connect, servers, corpus):
    store = connect()
    store.upgrade()
    assert store.check().revision
    with pytest.raises(ConfigurationError):
        connect(pgbouncer=True).upgrade()


def test_the_command_shows_each_standby(servers):
    gone = "postgresql://postgres@/postgres?host=/nowhere"
    given = [f"--replica={one}" for one in [*servers.replicas, gone]]
    shown = CliRunner().invoke(app, ["check", "--url", servers.url, "--json", *given])
    assert shown.exit_code == 0, shown.output
    replicas = json.loads(shown.stdout)["replicas"]
    assert [one["state"] for one in replicas] == ["fresh", "fresh", "away"]
    assert replicas[2]["reason"]
    table = CliRunner().invoke(app, ["check", "--url", servers.url, *given], terminal_width=200)
    assert (table.stdout.count("fresh"), table.stdout.count("away")) == (2, 1)


def test_the_page_on_standbys_runs_as_it_stands(servers, capsys):
    """With the servers of the tests for those of the page."""
    page = Path(__file__).parents[2].joinpath("docs/how-to/replicas.md").read_text()
    urls = [servers.url, *servers.replicas]
    scope = {"hegel_store": hegel_store}
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 6
    for block in blocks:
        for named, real in zip(re.findall(r'"(postgresql://[^"]*)"', block), urls, strict=False):
            block = block.replace(f'"{named}"', f'"{real}"')
        exec(compile(block, "replicas.md", "exec"), scope)  # noqa: S102
    for opened in ("store", "reader"):
        scope[opened].close()
    assert capsys.readouterr().out.split().count("fresh") == 2
    assert (scope["newest"].version, scope["steps"]) == (1, [])


def test_an_evaluation_is_announced_on_the_primary_and_seen_there(connect, servers):
    """A standby has no locks of the primary's, nor would one of its own be seen anywhere."""
    store = connect()
    with hegel_store.connect(servers.replicas[0], while_evaluating="stop") as standby:
        with (
            pytest.raises(ConfigurationError, match="nobody would see it on a standby"),
            standby.evaluating(),
        ):
            pytest.fail("nobody was told")
        assert not standby.is_evaluated
        with store.evaluating():
            assert store.is_evaluated, "asked on the primary, also by a store with standbys"
            servers.catch_up()
            assert not standby.is_evaluated
            assert standby.give_way() < LONG
        assert not store.is_evaluated
