"""Settings that are read at the start: the embedded server restarts with them, and without them."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator

import psycopg
import pytest

import hegel_store
from hegel_store.errors import ConfigurationError
from hegel_store.models.server_settings import Machine
from hegel_store.operations import tuning
from hegel_store.store import Store
from tests.commands import run
from tests.servers import (
    postmaster_pid,
    process_is_gone,
    server_folder,
    wait_until,
)

pytestmark = pytest.mark.slow


@pytest.fixture
def private(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store on an embedded server of this process's own, which commands find, too."""
    version = request.config.getoption("--postgres")
    with server_folder() as folder:
        monkeypatch.setenv("HEGEL_DATA_DIRECTORY", str(folder))
        monkeypatch.setenv("HEGEL_EMBEDDED_VERSION", str(version))
        with hegel_store.connect() as store:
            yield store
        pid = postmaster_pid(folder / f"postgresql-{version}")
        if pid is not None:
            os.kill(pid, signal.SIGQUIT)
            wait_until(lambda: process_is_gone(pid))


def started(store: Store) -> object:
    with psycopg.connect(str(store.address.url.set(drivername="postgresql"))) as connection:
        return connection.execute("SELECT pg_postmaster_start_time()").fetchone()


def test_the_embedded_server_restarts_with_its_new_settings_and_goes_back(private, tmp_path):
    machine = Machine(memory=2**30, cores=10)
    first = started(private)
    done = tuning.apply_stage(private.engine, "C", machine, restart=True)
    assert done.restarted
    assert {each.outcome for each in done.settings} == {"effective"}
    server = tuning.read_settings(private.engine)
    assert (server["shared_buffers"].value, server["max_worker_processes"].value) == ("256MB", "14")
    second = started(private)
    assert second != first
    path = tmp_path / "before"
    tuning.write_snapshot(path, done.before)
    undo = tmp_path / "undo"
    back = json.loads(run("settings", "rollback", path, "--snapshot", undo, "--restart", "--json"))
    assert back["restarted"]
    assert started(private) != second
    assert tuning.read_settings(private.engine) == done.before

    # What needs no restart causes none.
    now = started(private)
    assert not tuning.apply_settings(private.engine, {"work_mem": "8MB"}, restart=True).restarted
    # The connections reserved for superusers are more than these: it does not start.
    with pytest.raises(ConfigurationError, match="runs with the former"):
        tuning.apply_settings(private.engine, {"max_connections": "2"}, restart=True)
    assert started(private) != now
    server = tuning.read_settings(private.engine)
    assert (server["max_connections"].value, server["work_mem"].value) == ("100", "8MB")
    assert server["max_connections"].altered is None
