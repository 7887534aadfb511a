"""Indexes on the steps, which are partitioned by month."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from hegel_store.errors import DatabaseError, InvalidInput
from tests.migrations.catalog import catalog
from tests.migrations.planted import Chain, definition, in_background
from tests.migrations.test_index_interruptions import is_building, is_invalid, parts
from tests.servers import wait_until

STEPS = "hegel_training_steps"
CREATE = f"op.create_index_concurrently('made', '{STEPS}', 'reward', partitioned=True)"
DROP = "op.drop_index_concurrently('made', partitioned=True)"


@pytest.fixture
def chain(url: str, tmp_path: Path) -> Chain:
    return Chain(url, tmp_path / "versions")


@pytest.fixture
def months(postgresql: psycopg.Connection) -> list[str]:
    """Two months, made; the names of their tables."""
    make_month(postgresql, 0)
    make_month(postgresql, 1)
    return tables(postgresql)


def make_month(connection: psycopg.Connection, later: int) -> None:
    connection.execute(
        "SELECT hegel_ensure_step_month(date_trunc('month', now()) + %s * interval '1 month')",
        [later],
    )
    connection.commit()


def tables(connection: psycopg.Connection) -> list[str]:
    rows = connection.execute(
        f"SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = '{STEPS}'::regclass"
        " ORDER BY 1"
    ).fetchall()
    connection.rollback()
    return [name for (name,) in rows]


def require_complete(connection: psycopg.Connection, index: str = "made") -> None:
    """The index is valid and every month has its valid part."""
    assert definition(connection, index) is not None
    attached = [part for part in parts(connection) if part[1] == index]
    assert len(attached) == len(tables(connection))
    assert all(part[2] for part in attached)


def add_step(connection: psycopg.Connection) -> None:
    """Leave a transaction open that has written a step of this month."""
    connection.execute(
        f"""
        WITH profile AS (
            INSERT INTO hegel_prompt_profiles (corpus_id, task_type, source)
            VALUES ('news', hegel_uuidv7()::text, '{{}}') RETURNING id
        )
        INSERT INTO {STEPS}
            (corpus_id, created_at, old_profile_id, query, predicted_answer, reward)
        SELECT 'news', now(), id, 'q', 'a', 1.0 FROM profile
        """
    )


def test_every_month_gets_its_part_and_so_does_a_later_one(chain, postgresql, months):
    before = catalog(postgresql), parts(postgresql)
    chain.plant(CREATE, DROP)
    assert chain.upgrade() == "2s, 15min"
    require_complete(postgresql)
    assert {part[0] for part in parts(postgresql) if part[1] == "made"} == {
        month.replace(STEPS, "made") for month in months
    }
    make_month(postgresql, 2)
    require_complete(postgresql)
    postgresql.execute(f"DROP TABLE {tables(postgresql)[-1]}")
    postgresql.commit()
    assert chain.downgrade() == "2s, 15min"
    assert (catalog(postgresql), parts(postgresql)) == before


def test_an_index_made_before_the_first_month_is_complete(chain, postgresql):
    chain.plant(CREATE)
    chain.upgrade()
    require_complete(postgresql)
    make_month(postgresql, 0)
    require_complete(postgresql)


def test_a_vector_index_of_a_partitioned_table_is_built_by_parts(chain, postgresql):
    postgresql.execute(
        "CREATE TABLE hegel_pictures (shelf int, embedding halfvec(3)) PARTITION BY LIST (shelf)"
    )
    postgresql.execute(
        "CREATE TABLE hegel_pictures_1 PARTITION OF hegel_pictures FOR VALUES IN (1)"
    )
    postgresql.commit()
    chain.plant("op.create_hnsw_index('made', 'hegel_pictures', 'embedding', partitioned=True)")
    chain.plant(
        "op.create_ivfflat_index('also', 'hegel_pictures', 'embedding', lists=2, partitioned=True)"
    )
    chain.upgrade()
    assert "hnsw" in str(definition(postgresql, "made"))
    assert "hnsw" in str(definition(postgresql, "made_1"))
    assert "ivfflat" in str(definition(postgresql, "also"))
    chain.plant("op.rebuild_hnsw_index('made', 'hegel_pictures', 'embedding', m=4)")
    with pytest.raises(InvalidInput, match="table: hegel_pictures is partitioned"):
        chain.upgrade()


def test_partitions_of_partitions_are_gone_down_into(chain, postgresql):
    postgresql.execute(
        f"""
        CREATE TABLE years (year int, half int) PARTITION BY LIST (year);
        CREATE TABLE years_1 PARTITION OF years FOR VALUES IN (1) PARTITION BY LIST (half);
        CREATE TABLE {"years_" + "x" * 56} PARTITION OF years_1 FOR VALUES IN (1);
        CREATE TABLE {"years_" + "x" * 55}y PARTITION OF years_1 FOR VALUES IN (2);
        CREATE TABLE years_2 PARTITION OF years FOR VALUES IN (2);
        """
    )
    postgresql.commit()
    before = catalog(postgresql)
    chain.plant("op.create_index_concurrently('made', 'years', 'half', partitioned=True)", DROP)
    chain.upgrade()
    assert definition(postgresql, "made") is not None
    built = postgresql.execute(
        "SELECT count(*) FROM pg_partition_tree('made') JOIN pg_index ON indexrelid = relid "
        "WHERE indisvalid"
    ).fetchone()
    assert built == (5,)
    postgresql.commit()
    chain.downgrade()
    assert catalog(postgresql) == before


def test_a_month_that_is_made_during_the_build_is_in_the_index(chain, postgresql, months, url):
    add_step(postgresql)
    postgresql.commit()
    chain.plant(CREATE)
    postgresql.execute(f"UPDATE {months[0]} SET reward = 2")  # the build waits for its end
    with (
        psycopg.connect(url, autocommit=True) as watcher,
        in_background(chain.upgrade) as errors,
    ):
        wait_until(lambda: is_building(watcher))
        assert is_invalid(watcher)
        with psycopg.connect(url) as other:
            make_month(other, 2)
        assert is_building(watcher)
        postgresql.commit()
    assert errors == []
    assert len(tables(postgresql)) == 3
    require_complete(postgresql)


def test_a_part_that_failed_is_built_again(chain, postgresql, months):
    add_step(postgresql)
    add_step(postgresql)
    postgresql.commit()
    chain.plant(
        f"op.create_index_concurrently('made', '{STEPS}', 'created_at, reward', unique=True,"
        " partitioned=True)"
    )
    with pytest.raises(DatabaseError, match="is duplicated"):
        chain.upgrade()
    assert is_invalid(postgresql)
    assert is_invalid(postgresql, months[0].replace(STEPS, "made"))
    postgresql.execute(f"UPDATE {STEPS} SET reward = random()")
    postgresql.commit()
    chain.upgrade()
    require_complete(postgresql)


def interrupt(chain: Chain, connection: psycopg.Connection, months: list[str]) -> None:
    """The state after an attempt that was stopped when one part was there and not attached."""
    connection.execute(f"CREATE INDEX made ON ONLY {STEPS} (reward)")
    connection.execute(f"CREATE INDEX {months[0].replace(STEPS, 'made')} ON {months[0]} (reward)")
    connection.commit()
    assert is_invalid(connection)
    connection.commit()


def test_what_an_attempt_has_built_is_not_built_again(chain, postgresql, months):
    interrupt(chain, postgresql, months)
    oid = "SELECT 'made'::regclass::oid, %s::regclass::oid"
    first = postgresql.execute(oid, [months[0].replace(STEPS, "made")]).fetchone()
    postgresql.commit()
    chain.plant(CREATE)
    chain.upgrade()
    require_complete(postgresql)
    assert postgresql.execute(oid, [months[0].replace(STEPS, "made")]).fetchone() == first


def test_dropping_takes_what_an_attempt_has_built_and_not_attached(chain, postgresql, months):
    before = catalog(postgresql), parts(postgresql)
    interrupt(chain, postgresql, months)
    chain.plant(DROP)
    chain.upgrade()
    assert (catalog(postgresql), parts(postgresql)) == before


def test_an_index_whose_missing_month_was_detached_is_made_anew(chain, postgresql, months):
    interrupt(chain, postgresql, months)
    part = months[0].replace(STEPS, "made")
    postgresql.execute(f"ALTER INDEX made ATTACH PARTITION {part}")
    postgresql.execute(f"ALTER TABLE {STEPS} DETACH PARTITION {months[1]}")
    postgresql.commit()
    assert is_invalid(postgresql)
    postgresql.commit()
    chain.plant(CREATE)
    chain.upgrade()
    require_complete(postgresql)


def test_a_part_with_another_definition_is_refused(chain, postgresql, months):
    part = months[0].replace(STEPS, "made")
    postgresql.execute(f"CREATE INDEX {part} ON {months[0]} (reward DESC)")
    postgresql.commit()
    chain.plant(CREATE)
    with pytest.raises(DatabaseError, match="is there already, with another definition"):
        chain.upgrade()


@pytest.mark.parametrize(
    "operation",
    [
        f"op.create_index_concurrently('made', '{STEPS}', 'reward')",
        "op.create_index_concurrently('made', 'hegel_facts', 'category', partitioned=True)",
        "op.drop_index_concurrently('idx_hegel_training_steps_old_profile')",
        "op.drop_index_concurrently('idx_hegel_facts_by_category', partitioned=True)",
    ],
)
def test_a_table_that_is_not_as_it_was_called_is_refused(chain, postgresql, operation):
    before = catalog(postgresql)
    chain.plant(operation)
    with pytest.raises(InvalidInput, match=r"^partitioned: "):
        chain.upgrade()
    assert catalog(postgresql) == before


def test_reindexing_takes_every_month_and_what_was_left_in_one(chain, postgresql, months):
    before = catalog(postgresql), parts(postgresql)
    name = "idx_hegel_training_steps_old_profile"
    add_step(postgresql)
    with psycopg.connect(chain.url, autocommit=True) as impatient:
        impatient.execute("SET lock_timeout = '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            impatient.execute(f"REINDEX INDEX CONCURRENTLY {name}")
    postgresql.commit()
    assert parts(postgresql) != before[1]
    chain.plant(f"op.reindex_concurrently('{name}')")
    chain.upgrade()
    assert (catalog(postgresql), parts(postgresql)) == before
