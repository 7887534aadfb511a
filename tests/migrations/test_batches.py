"""op.run_in_batches: small transactions, resumable, and the same from a printed script."""

from __future__ import annotations

import io
from pathlib import Path

import psycopg
import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations

import hegel_store.migrate.batches  # noqa: F401  # for its operation
from hegel_store.errors import DatabaseError, InvalidInput, TransactionConflict
from tests.migrations.planted import HEAD, Chain, in_background, psql
from tests.servers import wait_until

STATEMENT = """
UPDATE hegel_labels SET category = 'a:b 50%'
WHERE (corpus_id, id) IN (
    SELECT corpus_id, id FROM hegel_labels WHERE category IS NULL LIMIT :batch FOR UPDATE
) /* '\\:batch' is no parameter $loop$ */
"""
OPERATION = f"op.run_in_batches({STATEMENT!r}, size=40)"

# Every statement notes its transaction and how many rows it changed.
WITNESS = """
CREATE TABLE witness (transaction xid8, changed bigint);
CREATE FUNCTION witness() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO witness SELECT pg_current_xact_id(), count(*) FROM changed;
    RETURN NULL;
END $$;
CREATE TRIGGER witness AFTER UPDATE ON hegel_labels REFERENCING NEW TABLE AS changed
    EXECUTE FUNCTION witness();
"""

WAITING = "SELECT FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"


@pytest.fixture
def chain(url: str, tmp_path: Path) -> Chain:
    return Chain(url, tmp_path / "versions")


def fill(connection: psycopg.Connection, count: int = 130) -> None:
    connection.execute(WITNESS)
    connection.execute(
        "INSERT INTO hegel_labels (corpus_id, name) "
        "SELECT 'news', 'label ' || n FROM generate_series(1, %s) AS n",
        [count],
    )
    connection.commit()


def left(connection: psycopg.Connection) -> int:
    row = connection.execute(
        "SELECT count(*) FILTER (WHERE category IS DISTINCT FROM 'a:b 50%') FROM hegel_labels"
    ).fetchone()
    connection.rollback()
    assert row is not None
    return row[0]


def batches(connection: psycopg.Connection) -> list[int]:
    """How many rows each transaction changed."""
    rows = connection.execute(
        "SELECT sum(changed)::int FROM witness GROUP BY transaction HAVING sum(changed) > 0"
        " ORDER BY 1 DESC"
    ).fetchall()
    connection.rollback()
    return [changed for (changed,) in rows]


def test_every_row_is_changed_a_batch_a_transaction(chain, postgresql, caplog):
    caplog.set_level("INFO", "hegel_store.migrate")
    fill(postgresql)
    chain.plant(OPERATION)
    assert chain.upgrade() == "2s, 15min"
    assert left(postgresql) == 0
    assert batches(postgresql) == [40, 40, 40, 10]
    told = [record.getMessage() for record in caplog.records if "rows" in record.getMessage()]
    assert told == ["40 rows changed", "80 rows changed", "120 rows changed", "130 rows changed"]


def test_an_empty_table_needs_no_batch(chain, postgresql):
    postgresql.execute(WITNESS)
    postgresql.commit()
    chain.plant(OPERATION)
    chain.upgrade()
    assert batches(postgresql) == []


@pytest.mark.slow
def test_it_goes_on_where_a_killed_migrator_stopped(chain, postgresql):
    fill(postgresql)
    chain.plant(OPERATION)
    outcome, statement, most = -9, 1, 0
    while outcome != 0:
        outcome = chain.begin_upgrade(killed_at=statement).outcome()
        assert outcome in (0, -9)
        statement += 1
        done = sum(batches(postgresql))
        assert done >= most, "a batch that was committed is kept"
        most = done
    assert left(postgresql) == 0
    assert batches(postgresql) == [40, 40, 40, 10], "no row is changed twice"
    assert statement > 10


def test_a_row_that_stays_locked_ends_the_upgrade_and_the_next_one_goes_on(
    chain, postgresql, monkeypatch
):
    monkeypatch.setattr("hegel_store.migrate.running.ATTEMPTS", 2)
    fill(postgresql)
    chain.plant(OPERATION)
    postgresql.execute("UPDATE hegel_labels SET kind = 'held' WHERE name = 'label 100'")
    with pytest.raises(TransactionConflict):
        chain.upgrade()
    postgresql.rollback()
    assert batches(postgresql) == [40, 40]
    chain.upgrade()
    assert left(postgresql) == 0
    assert batches(postgresql) == [40, 40, 40, 10]


@pytest.mark.parametrize("lock", ["FOR UPDATE", "for no key\n update"])
@pytest.mark.parametrize("printed", [False, True])
def test_what_another_transaction_commits_meanwhile_is_kept(
    chain, postgresql, server, url, lock, printed
):
    """Its row was picked, is waited for, and needs the change no longer."""
    fill(postgresql)
    chain.plant(f"op.run_in_batches({STATEMENT.replace('FOR UPDATE', lock)!r}, size=40)")
    script = chain.script(f"{HEAD}:{chain.head}")
    postgresql.execute("UPDATE hegel_labels SET category = 'theirs' WHERE name = 'label 50'")
    postgresql.execute("UPDATE hegel_labels SET kind = 'theirs' WHERE name = 'label 60'")

    def run() -> None:
        if printed:
            psql(server.process.bin_path, url, script)
        else:
            chain.upgrade()

    with psycopg.connect(url, autocommit=True) as watcher, in_background(run) as errors:
        wait_until(lambda: watcher.execute(WAITING).fetchall())
        postgresql.commit()
    assert errors == []
    assert postgresql.execute(
        "SELECT name, category, kind FROM hegel_labels"
        " WHERE category <> 'a:b 50%' OR kind = 'theirs' ORDER BY 1"
    ).fetchall() == [("label 50", "theirs", "general"), ("label 60", "a:b 50%", "theirs")]
    postgresql.rollback()
    assert left(postgresql) == 1
    assert sum(batches(postgresql)) == 1 + 1 + 129


def test_a_statement_that_goes_beyond_its_limit_is_rolled_back(chain, postgresql):
    fill(postgresql)
    chain.plant(
        "op.run_in_batches(\"UPDATE hegel_labels SET category = 'x' WHERE category IS NULL"
        ' AND :batch > 0 /* */ AND EXISTS (SELECT FOR UPDATE)", size=40)'
    )
    with pytest.raises(InvalidInput, match="changes 130 rows at once instead of 40"):
        chain.upgrade()
    assert left(postgresql) == 130
    assert batches(postgresql) == []


def test_an_error_in_a_batch_is_told(chain, postgresql):
    fill(postgresql)
    chain.plant("op.run_in_batches('DELETE FROM hegel_missing LIMIT :batch FOR UPDATE')")
    with pytest.raises(DatabaseError, match="syntax error"):
        chain.upgrade()
    assert left(postgresql) == 130


def test_the_printed_script_changes_the_same_rows_in_the_same_batches(
    chain, postgresql, server, url
):
    fill(postgresql)
    chain.plant(f"op.run_in_batches({STATEMENT!r}, size=40, pause=0.01)")
    script = chain.script(f"{HEAD}:{chain.head}")
    assert "LIMIT 40 FOR UPDATE" in script
    psql(server.process.bin_path, url, script)
    assert left(postgresql) == 0
    assert batches(postgresql) == [40, 40, 40, 10]
    reached = postgresql.execute("SELECT version_num FROM hegel_store_version").fetchone()
    assert reached == (chain.head,)


@pytest.mark.parametrize(
    ("field", "statement", "options"),
    [
        ("statement", "UPDATE t SET a = 1 FOR UPDATE", {}),
        ("statement", "UPDATE t SET a = 1 LIMIT \\:batch FOR UPDATE", {}),
        ("statement", "UPDATE t SET a = :other LIMIT :batch FOR UPDATE", {}),
        ("statement", "UPDATE t SET a = 1 LIMIT :batch", {}),
        ("statement", "UPDATE t SET a = 'FOR UPDATE' LIMIT :batch", {}),
        ("statement", "UPDATE t SET a = 1 LIMIT :batch -- FOR UPDATE", {}),
        ("statement", "UPDATE t SET a = 1 LIMIT :batch /* FOR UPDATE */ FOR SHARE", {}),
        ("statement", "DELETE FROM t LIMIT :batch FOR UPDATE skip\n locked", {}),
        ("statement", None, {}),
        ("size", "DELETE FROM t LIMIT :batch FOR UPDATE", {"size": 0}),
        ("size", "DELETE FROM t LIMIT :batch FOR UPDATE", {"size": 1001}),
        ("size", "DELETE FROM t LIMIT :batch FOR UPDATE", {"size": 10.0}),
        ("pause", "DELETE FROM t LIMIT :batch FOR UPDATE", {"pause": -1}),
        ("pause", "DELETE FROM t LIMIT :batch FOR UPDATE", {"pause": float("nan")}),
    ],
)
def test_a_bad_argument_is_named_before_anything_is_sent(field, statement, options):
    printed = io.StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": printed}
    )
    with pytest.raises(InvalidInput) as refused:
        Operations(context).run_in_batches(statement, **options)
    assert refused.value.field == field
    assert printed.getvalue() == ""
