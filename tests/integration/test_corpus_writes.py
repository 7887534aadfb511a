"""The counting of writes, by which an answer is known to be stale: it holds nobody up."""

from __future__ import annotations

import psycopg
import pytest

from hegel_store.store import Store
from tests.samples import fact

INSERT = "INSERT INTO hegel_facts (corpus_id, content) VALUES ('news', %s)"


def total(connection: psycopg.Connection, corpus_id: str = "news") -> int:
    (found,) = connection.execute(  # type: ignore[misc]
        "SELECT coalesce(sum(writes), 0) FROM hegel_corpus_writes WHERE corpus_id = %s", [corpus_id]
    ).fetchone()
    connection.rollback()
    return int(found)


def counters(connection: psycopg.Connection) -> int:
    (found,) = connection.execute("SELECT count(*) FROM hegel_corpus_writes").fetchone()  # type: ignore[misc]
    connection.rollback()
    return int(found)


def test_a_statement_counts_once_for_each_corpus_it_changes(
    store: Store, postgresql: psycopg.Connection
) -> None:
    store.facts.add_many(fact(f"{n}", corpus) for n in range(20) for corpus in ("news", "law"))
    assert (total(postgresql), total(postgresql, "law")) == (1, 1)
    postgresql.execute("UPDATE hegel_facts SET confidence = 0.5 WHERE corpus_id = 'law'")
    postgresql.execute("UPDATE hegel_facts SET confidence = 0.5 WHERE corpus_id = 'nowhere'")
    postgresql.execute("DELETE FROM hegel_facts WHERE corpus_id = 'law'")
    postgresql.commit()
    assert (total(postgresql), total(postgresql, "law")) == (1, 3)


@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_writers_of_one_corpus_do_not_wait_for_each_other(
    url: str, postgresql: psycopg.Connection, level: str
) -> None:
    """Nor does one above READ COMMITTED fail because another one has counted since it began."""
    postgresql.execute(INSERT, ["first"])
    postgresql.commit()
    with psycopg.connect(url) as one, psycopg.connect(url) as other:
        for connection in (one, other):
            connection.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
            connection.execute("SET LOCAL lock_timeout = '200ms'")
            connection.execute("SELECT 1")
        one.execute(INSERT, ["one"])
        other.execute(INSERT, ["other"])
        one.execute(INSERT, ["one more"])
        one.commit()
        other.execute(INSERT, ["other later"])
        other.commit()
    assert total(postgresql) == 5


def test_what_writers_beside_each_other_leave_is_drawn_together(
    url: str, postgresql: psycopg.Connection
) -> None:
    writers = [psycopg.connect(url) for _ in range(5)]
    for number, writer in enumerate(writers):
        writer.execute(INSERT, [f"fact {number}"])
    for writer in writers:
        writer.commit()
        writer.close()
    assert (counters(postgresql), total(postgresql)) == (5, 5)
    with psycopg.connect(url, autocommit=True) as one:
        writes = 0
        # Once in a hundred times; a chance of 1 in 10^13 that it does not happen.
        while counters(postgresql) > 1 and writes < 3000:
            one.execute("UPDATE hegel_facts SET confidence = 0.5 WHERE content = 'fact 1'")
            writes += 1
    assert (counters(postgresql), total(postgresql)) == (1, 5 + writes)


def test_a_counter_that_somebody_holds_is_left_to_him(
    url: str, postgresql: psycopg.Connection
) -> None:
    postgresql.execute(INSERT, ["held"])
    with psycopg.connect(url, autocommit=True) as other:
        for number in range(600):
            other.execute(INSERT, [f"fact {number}"])
        assert total(other) == 600
    postgresql.commit()
    assert total(postgresql) == 601


def test_a_role_that_may_only_write_facts_is_counted(
    url: str, postgresql: psycopg.Connection
) -> None:
    postgresql.execute("CREATE ROLE narrow LOGIN")
    postgresql.execute("GRANT SELECT, INSERT, UPDATE ON hegel_facts TO narrow")
    postgresql.commit()
    try:
        with psycopg.connect(url.replace("postgres@", "narrow@"), autocommit=True) as writer:
            assert writer.info.user == "narrow"
            writer.execute(INSERT, ["narrow"])
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                writer.execute("UPDATE hegel_corpus_writes SET writes = 0")
        assert total(postgresql) == 1
    finally:
        postgresql.execute("DROP OWNED BY narrow")
        postgresql.execute("DROP ROLE narrow")
        postgresql.commit()
