"""Index operations that wait, fail or are killed, and are run again."""

from __future__ import annotations

import time
from pathlib import Path

import psycopg
import pytest

from hegel_store.errors import DatabaseError, DatabaseUnavailable
from tests.migrations.catalog import catalog
from tests.migrations.planted import Chain, add_facts, definition, in_background
from tests.servers import wait_until

TIMEOUTS = "2s, 15min"
CREATE = "op.create_index_concurrently('made', 'hegel_facts', 'category, intent')"
DROP = "op.drop_index_concurrently('made')"


@pytest.fixture
def chain(url: str, tmp_path: Path) -> Chain:
    return Chain(url, tmp_path / "versions")


def write(connection: psycopg.Connection) -> None:
    """Leave a transaction open that has written a fact: a build has to wait for its end."""
    connection.execute("INSERT INTO hegel_facts (corpus_id, content) VALUES ('news', 'open')")


def is_building(connection: psycopg.Connection) -> bool:
    """Whether a migrator waits for other transactions in the middle of a build."""
    return bool(
        connection.execute(
            "SELECT FROM pg_stat_progress_create_index JOIN pg_locks USING (pid) WHERE NOT granted"
        ).fetchall()
    )


def is_invalid(connection: psycopg.Connection, index: str = "made") -> bool:
    row = connection.execute(
        "SELECT FROM pg_index WHERE indexrelid = to_regclass(%s) AND NOT indisvalid", [index]
    ).fetchone()
    return row is not None


@pytest.fixture
def watcher(url):
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def test_a_build_waits_for_an_old_transaction_for_longer_than_a_lock_is_waited_for(
    chain, postgresql, watcher, caplog
):
    """And nobody waits for the build meanwhile: neither readers nor writers."""
    caplog.set_level("WARNING", "hegel_store.migrate")
    chain.plant(CREATE)
    write(postgresql)
    with (
        in_background(chain.upgrade) as errors,
        psycopg.connect(chain.url, autocommit=True) as writer,
    ):
        wait_until(lambda: is_building(watcher))
        writer.execute("SET lock_timeout = '1s'")
        until = time.monotonic() + 3  # longer than the lock timeout
        while time.monotonic() < until:
            writer.execute(
                "INSERT INTO hegel_facts (corpus_id, content) VALUES ('news', hegel_uuidv7()::text)"
            )
            writer.execute("SELECT count(*) FROM hegel_facts")
            time.sleep(0.1)
        assert is_building(watcher)
        postgresql.commit()
    assert errors == []
    assert definition(postgresql, "made") is not None
    assert caplog.records == [], "it was tried once"


def test_dropping_waits_for_an_old_transaction_too(chain, postgresql, watcher):
    chain.plant(CREATE, DROP)
    chain.upgrade()
    write(postgresql)
    with in_background(chain.downgrade) as errors:
        wait_until(lambda: is_invalid(watcher))
        time.sleep(3)
        postgresql.commit()
    assert errors == []
    assert watcher.execute("SELECT to_regclass('made')").fetchone() == (None,)


def test_a_build_that_failed_is_run_again_once_the_data_allow_it(chain, postgresql, watcher):
    add_facts(postgresql, 3)
    postgresql.execute("UPDATE hegel_facts SET intent = 'same'")
    postgresql.commit()
    chain.plant("op.create_index_concurrently('made', 'hegel_facts', 'intent', unique=True)")
    with pytest.raises(DatabaseError, match="is duplicated"):
        chain.upgrade()
    assert is_invalid(watcher)
    with pytest.raises(DatabaseError, match="is duplicated"):
        chain.upgrade()
    postgresql.execute("UPDATE hegel_facts SET intent = id::text")
    postgresql.commit()
    assert chain.upgrade() == TIMEOUTS
    assert "UNIQUE" in str(definition(postgresql, "made"))


@pytest.mark.parametrize("how", ["cancel", "terminate"])
def test_a_build_that_an_administrator_stopped_is_run_again(chain, postgresql, watcher, how):
    chain.plant(CREATE)
    write(postgresql)
    with in_background(chain.upgrade) as errors:
        wait_until(lambda: is_building(watcher))
        watcher.execute(f"SELECT pg_{how}_backend(pid) FROM pg_stat_progress_create_index")
        wait_until(lambda: errors)
    postgresql.commit()
    (error,) = errors
    assert isinstance(error, DatabaseUnavailable) is (how == "terminate"), error
    assert how == "terminate" or "canceling statement" in str(error)
    assert is_invalid(watcher)
    chain.upgrade()
    assert definition(postgresql, "made") is not None


def test_a_migrator_killed_during_a_build_leaves_it_to_the_next_one(chain, postgresql, watcher):
    """The server goes on building and holds the migration lock as long: the next migrator waits,
    and finds the index built."""
    chain.plant(CREATE)
    write(postgresql)
    first = chain.begin_upgrade()
    wait_until(lambda: is_building(watcher))
    first.kill()
    second = chain.begin_upgrade()
    time.sleep(1)
    assert second.is_running()
    assert is_building(watcher), "the server noticed nothing"
    oid = watcher.execute("SELECT 'made'::regclass::oid").fetchone()
    postgresql.commit()
    assert second.outcome() == 0
    assert definition(postgresql, "made") is not None
    assert watcher.execute("SELECT 'made'::regclass::oid").fetchone() == oid


def test_a_build_that_goes_on_outside_of_the_migration_lock_is_waited_for(
    chain, postgresql, watcher
):
    """As after a kill where the application's env.py holds no lock."""
    chain.plant(CREATE)
    write(postgresql)

    def build() -> None:
        with psycopg.connect(chain.url, autocommit=True) as builder:
            builder.execute("CREATE INDEX CONCURRENTLY made ON hegel_facts (category, intent)")

    with in_background(build) as building, in_background(chain.upgrade) as errors:
        wait_until(lambda: is_building(watcher))
        oid = watcher.execute("SELECT 'made'::regclass::oid").fetchone()
        time.sleep(3)
        postgresql.commit()
    assert (building, errors) == ([], [])
    assert definition(postgresql, "made") is not None
    assert watcher.execute("SELECT 'made'::regclass::oid").fetchone() == oid


def test_who_else_holds_the_lock_is_waited_for_in_the_queue(chain, watcher):
    """An autovacuum gives way to who is queued, and to nobody else."""
    chain.plant(CREATE)
    waiting = (
        "SELECT FROM pg_locks WHERE NOT granted AND mode = 'ShareUpdateExclusiveLock'"
        " AND relation = 'hegel_facts'::regclass"
    )
    with psycopg.connect(chain.url) as holder:
        holder.execute("LOCK TABLE hegel_facts IN SHARE UPDATE EXCLUSIVE MODE")
        with in_background(chain.upgrade) as errors:
            wait_until(lambda: watcher.execute(waiting).fetchall())
            holder.commit()
    assert errors == []
    assert definition(watcher, "made") is not None


def test_another_build_is_waited_for_as_long_as_a_statement_may_take(chain, postgresql, watcher):
    """And by who may not look into the other's session, too."""
    watcher.execute("CREATE ROLE waiting_builder LOGIN")
    watcher.execute("GRANT ALL ON SCHEMA public TO waiting_builder")
    watcher.execute("ALTER TABLE hegel_labels OWNER TO waiting_builder")
    watcher.execute("GRANT ALL ON hegel_store_version TO waiting_builder")
    postgresql.execute("INSERT INTO hegel_labels (corpus_id, name) VALUES ('news', 'open')")

    def build() -> None:
        with psycopg.connect(chain.url, autocommit=True) as builder:
            builder.execute("CREATE INDEX CONCURRENTLY made ON hegel_labels (kind)")

    theirs = Chain(chain.url.replace("postgres@", "waiting_builder@"), chain.folder)
    theirs.plant(
        "op.create_index_concurrently('also', 'hegel_labels', 'kind',"
        " build={'statement_timeout': '1500ms'})"
    )
    try:
        with in_background(build) as building:
            wait_until(lambda: is_building(watcher))
            started = time.monotonic()
            with pytest.raises(DatabaseError, match=r"not done after 1\.5 s"):
                theirs.upgrade()
            assert 1.4 < time.monotonic() - started < 10
            assert is_building(watcher)
            postgresql.commit()
        assert building == []
        assert theirs.upgrade() == TIMEOUTS
        assert definition(watcher, "also") is not None
    finally:
        watcher.execute("REASSIGN OWNED BY waiting_builder TO CURRENT_USER")
        watcher.execute("DROP OWNED BY waiting_builder")
        watcher.execute("DROP ROLE waiting_builder")


NEAR = "'idx_hegel_facts_embedding_384', 'hegel_facts', 'embedding_384'"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("upgrade", "downgrade"),
    [
        (CREATE, DROP),
        (
            f"op.rebuild_hnsw_index({NEAR}, m=4, where='deleted_at IS NULL')",
            f"op.rebuild_hnsw_index({NEAR}, where='deleted_at IS NULL')",
        ),
        (
            "op.create_index_concurrently('made', 'hegel_training_steps', 'reward',"
            " partitioned=True)",
            "op.drop_index_concurrently('made', partitioned=True)",
        ),
        (DROP.replace("made", "idx_hegel_facts_by_category"), "op.execute('SELECT 1')"),
    ],
    ids=["create", "rebuild", "partitioned", "drop"],
)
def test_a_migrator_killed_at_any_statement_can_be_run_again(chain, postgresql, upgrade, downgrade):
    postgresql.execute("SELECT hegel_ensure_step_month(now())")
    postgresql.execute("SELECT hegel_ensure_step_month(now() + interval '40 days')")
    postgresql.commit()
    revision = chain.plant(upgrade, downgrade)
    chain.upgrade()
    wanted = catalog(postgresql), parts(postgresql)
    statement, outcome = 1, -9
    while outcome != 0:
        chain.downgrade()
        outcome = chain.begin_upgrade(killed_at=statement).outcome()
        assert outcome in (0, -9)
        chain.upgrade(revision)
        assert (catalog(postgresql), parts(postgresql)) == wanted, f"killed at {statement}"
        statement += 1
    assert statement > 12


def parts(connection: psycopg.Connection) -> list[tuple[str, ...]]:
    """The months' indexes, which the catalog leaves out."""
    found = connection.execute(
        """
        SELECT inhrelid::regclass::text, inhparent::regclass::text, indisvalid
        FROM pg_index
        LEFT JOIN pg_inherits ON inhrelid = indexrelid
        WHERE indrelid IN (SELECT inhrelid FROM pg_inherits
                           WHERE inhparent = 'hegel_training_steps'::regclass)
        ORDER BY 2, 1
        """
    ).fetchall()
    connection.rollback()
    return found
