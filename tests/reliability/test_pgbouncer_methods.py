"""Every public method of the repositories through a real PgBouncer in transaction mode.

One that is new and is not called here fails test_every_public_method_is_called.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest

import hegel_store
from hegel_store import repositories
from tests.embedders import HashingEmbedder
from tests.reliability.pgbouncer import SERVER_CONNECTIONS, needs_pgbouncer, pooler
from tests.reliability.pooled_calls import CALLS, OTHERS, Scene

pytestmark = [needs_pgbouncer, pytest.mark.slow]


def _public(name: str) -> set[str]:
    """Methods and properties."""
    return {found for found in dir(getattr(repositories, name)) if not found.startswith("_")}


def test_every_public_method_is_called():
    assert set(CALLS) == set(repositories.__all__)
    for name, calls in CALLS.items():
        assert set(calls) == _public(name), name


@pytest.fixture(scope="module")
def scene(server, template, tmp_path_factory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("pooled")
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE hegel_pooled TEMPLATE {template.template_dbname}")
        try:
            with (
                pooler(server, server.url("hegel_pooled")) as pooled,
                hegel_store.connect(
                    pooled,
                    pgbouncer=True,
                    pool="light",
                    spool_directory=folder,
                    follow_seconds=0.05,
                    query_log=True,
                    result_cache=True,
                    embedder=HashingEmbedder(),
                ) as store,
            ):
                yield Scene(store, folder)
        finally:
            admin.execute("DROP DATABASE hegel_pooled WITH (FORCE)")


# In one order, as a call may build on what those before it have stored.
@pytest.mark.parametrize(
    ("name", "method"),
    [(name, method) for name, calls in CALLS.items() for method in calls],
)
def test_it_works_through_the_pooler(scene, name, method):
    found = CALLS[name][method](scene)
    assert found is not None
    assert found is not False
    _require_clean(scene)


@pytest.mark.parametrize("what", OTHERS)
def test_what_stands_on_the_repositories_works_through_the_pooler(scene, what):
    found = OTHERS[what](scene)
    assert found is not None
    assert found is not False
    _require_clean(scene)


# The pooler itself sets application_name. What SET TRANSACTION set is listed after its transaction,
# with the value that each one begins with.
LEFT_BEHIND = """
SELECT
    pg_backend_pid(),
    (SELECT count(*) FROM pg_prepared_statements),
    (SELECT count(*) FROM pg_cursors WHERE is_holdable),
    (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),
    (SELECT count(*) FROM pg_listening_channels()),
    (SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema()),
    ARRAY(SELECT name FROM pg_settings WHERE source = 'session'
          AND name NOT IN ('application_name', 'transaction_isolation', 'transaction_read_only')
        ORDER BY name)
"""


def _require_clean(scene: Scene) -> None:
    """Nothing is left on the server connections, all of which are looked at together."""
    url = str(scene.store.address)
    with ExitStack() as stack:
        seen = {}
        for _ in range(SERVER_CONNECTIONS):
            connection = stack.enter_context(psycopg.connect(url, prepare_threshold=None))
            pid, *left = connection.execute(LEFT_BEHIND).fetchone()
            seen[pid] = left
        assert len(seen) == SERVER_CONNECTIONS
    for left in seen.values():
        assert left == [0, 0, 0, 0, 0, []]


def test_what_is_left_behind_would_be_seen(scene):
    with psycopg.connect(str(scene.store.address), autocommit=True, prepare_threshold=None) as one:
        one.execute("SET lock_timeout = 5")
        with pytest.raises(AssertionError):
            _require_clean(scene)
        for _ in range(20):  # on whichever server connection it is
            one.execute("RESET lock_timeout")
    _require_clean(scene)
