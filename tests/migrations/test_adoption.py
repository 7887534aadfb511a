"""A database with the three tables of an earlier, hand-written schema is taken over whole."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from alembic import command
from psycopg import sql
from sqlalchemy import Engine, event

import hegel_store
from hegel_store import cli, migrate
from hegel_store.addresses import parse_address
from hegel_store.adoption import adopt
from hegel_store.errors import DatabaseError, InvalidInput, PermissionDenied
from hegel_store.settings import Settings, resolve_address
from tests.migrations.earlier_schema import (
    BARE,
    COUNTED,
    KINDS,
    OBJECT,
    OURS,
    STEPS,
    Old,
    everything,
    killed_before_commit,
    killed_before_statement,
    old_rows,
    rows,
)

GUIDE = Path(__file__).parents[2] / "docs/how-to/adopt.md"


@pytest.fixture(params=[OURS, BARE], ids=["ours and roles", "bare and document"])
def old(request: pytest.FixtureRequest, empty_postgresql: psycopg.Connection) -> Old:
    """An earlier schema, filled, in a database that was never migrated."""
    return request.param.made(empty_postgresql)


def test_every_old_row_is_kept_as_it_was_and_stands_in_ours(old, empty_url, empty_postgresql):
    before = old_rows(empty_postgresql, old, "public")
    report = adopt(parse_address(empty_url, "the test"))
    assert old_rows(empty_postgresql, old, "hegel_adopted") == before
    counted = [(table.old_rows, table.rows) for table in report.tables]
    assert counted == COUNTED
    assert report.stand_ins == 2
    for kind in ("prompt_profiles", "training_steps"):
        theirs, ours = f"hegel_adopted.{old.prefix}{kind}", f"hegel_{kind}"
        missing = f"SELECT id FROM {theirs} EXCEPT SELECT id FROM {ours}"
        assert rows(empty_postgresql, missing) == []


def test_the_tables_in_python_equal_the_adopted_database(old, config, empty_url):
    adopt(parse_address(empty_url, "the test"))
    with migrate.connection_to(parse_address(empty_url, "the test")) as connection:
        config.attributes["connection"] = connection
        command.check(config)


def test_adopting_twice_changes_nothing(old, empty_url, empty_postgresql):
    address = parse_address(empty_url, "the test")
    report = adopt(address)
    before = everything(empty_postgresql)
    assert adopt(address) == report
    assert everything(empty_postgresql) == before


def test_a_run_killed_at_any_commit_is_finished_by_another(old, empty_url, empty_postgresql):
    address = parse_address(empty_url, "the test")
    before = old_rows(empty_postgresql, old, "public")
    survived = next(number for number in count(1) if not killed_before_commit(address, number))
    assert survived > 20
    assert [(table.old_rows, table.rows) for table in adopt(address).tables] == COUNTED
    assert old_rows(empty_postgresql, old, "hegel_adopted") == before
    with hegel_store.connect(empty_url) as store:
        assert [p.version for p in store.profiles.history("news", "qa")] == [6, 5, 4, 3, 2, 1]


def test_a_profile_appended_between_two_runs_comes_after_all_old_ones(old, empty_url):
    address = parse_address(empty_url, "the test")
    assert killed_before_statement(address, "INSERT INTO hegel_prompt_profiles")
    with hegel_store.connect(empty_url) as store:
        appended = store.profiles.append("news", "qa", {})
        assert appended.version == 7
        adopt(address)
        assert [p.version for p in store.profiles.history("news", "qa")] == [7, 6, 5, 4, 3, 2, 1]
        assert store.profiles.latest("news", "qa") == appended


def test_adoptions_side_by_side_do_it_once(old, empty_url):
    address = parse_address(empty_url, "the test")
    with ThreadPoolExecutor() as threads:
        reports = list(threads.map(lambda _: adopt(address), range(3)))
    assert [(table.old_rows, table.rows) for table in reports[0].tables] == COUNTED
    assert reports == [reports[0]] * 3


def test_a_writer_in_its_transaction_is_waited_for_by_trying_again(
    old, empty_url, empty_postgresql
):
    old.step(empty_postgresql, 99)
    release = threading.Timer(3.0, empty_postgresql.commit)  # longer than one lock timeout
    release.start()
    report = adopt(parse_address(empty_url, "the test"))
    release.join()
    assert report.tables[1].old_rows == STEPS + 1


def test_a_writer_that_comes_during_the_checks_waits_and_finds_its_table_gone(
    empty_url, empty_postgresql
):
    """Its row, which no plan has, would be in the old table only."""
    OURS.made(empty_postgresql)
    written = []

    def write() -> None:
        with psycopg.connect(empty_url) as connection:
            try:
                OURS.profile(connection, UUID(int=77), {})
                written.append("a row")
            except psycopg.errors.UndefinedTable:
                written.append("gone")

    writer = threading.Thread(target=write)
    waiting = (
        "SELECT FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )

    def begin(*given: object) -> None:
        if "CREATE TEMPORARY TABLE planned_members" in str(given[2]):
            writer.start()
            while writer.is_alive() and not rows(empty_postgresql, waiting):
                time.sleep(0.02)

    event.listen(Engine, "before_cursor_execute", begin)
    try:
        report = adopt(parse_address(empty_url, "the test"))
    finally:
        event.remove(Engine, "before_cursor_execute", begin)
    writer.join()
    assert written == ["gone"]
    assert [(table.old_rows, table.rows) for table in report.tables] == COUNTED


def test_partitions_move_along_and_their_names_are_free_for_ours(empty_url, empty_postgresql):
    OURS.make_tables(empty_postgresql)
    empty_postgresql.execute(
        """
        ALTER TABLE hegel_training_steps RENAME TO plain;
        CREATE TABLE hegel_training_steps (LIKE plain INCLUDING DEFAULTS)
            PARTITION BY RANGE (created_at);
        DROP TABLE plain;
        CREATE TABLE hegel_training_steps_2024_05 PARTITION OF hegel_training_steps
            FOR VALUES FROM ('2024-05-01') TO ('2024-06-01');
        CREATE TABLE "the 5% :rest" PARTITION OF hegel_training_steps DEFAULT
            PARTITION BY LIST (task_type);
        CREATE TABLE hegel_training_steps_2024_03 PARTITION OF "the 5% :rest" DEFAULT;
        """
    )
    OURS.fill(empty_postgresql)
    report = adopt(parse_address(empty_url, "the test"))
    assert [(table.old_rows, table.rows) for table in report.tables] == COUNTED
    moved = """
        SELECT relname FROM pg_class
        WHERE relnamespace = 'hegel_adopted'::regnamespace AND relispartition ORDER BY relname
    """
    assert [name for (name,) in rows(empty_postgresql, moved)] == [
        "hegel_training_steps_2024_03",
        "hegel_training_steps_2024_05",
        "the 5% :rest",
    ]


def test_rows_that_a_policy_hides_are_not_left_behind(empty_url, empty_postgresql):
    BARE.made(empty_postgresql)
    empty_postgresql.execute("CREATE EXTENSION vector")
    empty_postgresql.execute("CREATE ROLE hegel_adopter LOGIN")
    for statement in (
        "GRANT CREATE ON SCHEMA public TO hegel_adopter",
        sql.SQL("GRANT CREATE ON DATABASE {} TO hegel_adopter").format(
            sql.Identifier(empty_postgresql.info.dbname)
        ),
        *(f"ALTER TABLE {kind} OWNER TO hegel_adopter" for kind in KINDS),
        "ALTER TABLE profile_populations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    ):
        empty_postgresql.execute(statement)
    empty_postgresql.commit()
    before = everything(empty_postgresql)
    address = parse_address(empty_url.replace("//postgres@", "//hegel_adopter@"), "the test")
    try:
        with pytest.raises(PermissionDenied, match='security policy for table "profile_popul'):
            adopt(address)
        assert everything(empty_postgresql) == before
        empty_postgresql.execute("ALTER TABLE profile_populations NO FORCE ROW LEVEL SECURITY")
        empty_postgresql.commit()
        report = adopt(address)
    finally:
        empty_postgresql.rollback()
        empty_postgresql.execute("DROP OWNED BY hegel_adopter CASCADE")
        empty_postgresql.execute("DROP ROLE hegel_adopter")
        empty_postgresql.commit()
    assert [(table.old_rows, table.rows) for table in report.tables] == COUNTED


def test_old_tables_of_another_schema_are_kept_where_told(old, empty_url, empty_postgresql):
    empty_postgresql.execute('CREATE SCHEMA "the 5% :past"')
    for kind in KINDS:
        empty_postgresql.execute(
            sql.SQL('ALTER TABLE {} SET SCHEMA "the 5% :past"').format(old.table(kind))
        )
    empty_postgresql.commit()
    address = parse_address(empty_url, "the test")
    report = adopt(address, schema="the 5% :past", keep_in='kept "here" %s')
    assert [(table.old_rows, table.rows) for table in report.tables] == COUNTED
    assert adopt(address, schema="the 5% :past", keep_in='kept "here" %s') == report


def test_a_store_in_use_is_joined_by_the_old_rows(store, url, postgresql):
    BARE.made(postgresql)
    own = store.profiles.append("sport", "qa", {"worker": {}})
    adopt(parse_address(url, "the test"))
    assert store.profiles.history("sport", "qa") == [own]
    assert store.profiles.latest("news", "qa").id == OBJECT


def test_another_installation_is_passed_over_and_a_schema_that_is_missing_is_made(
    store, url, postgresql
):
    """The one in public is on the search path as well, as pgvector is there."""
    BARE.made(postgresql)
    own = store.profiles.append("news", "qa", {"worker": {}})
    address = resolve_address(Settings(database_schema="a new home"), url)
    report = adopt(address, schema="public")
    assert [(table.old_rows, table.rows) for table in report.tables] == COUNTED
    assert adopt(address, schema="public") == report
    assert store.profiles.history("news", "qa") == [own]
    with hegel_store.connect(url, database_schema="a new home") as other:
        assert other.profiles.latest("news", "qa").id == OBJECT


def test_what_was_written_before_the_end_is_discarded_to_go_on(old, empty_url, empty_postgresql):
    address = parse_address(empty_url, "the test")
    assert killed_before_statement(address, "FROM planned_profiles\n    GROUP BY")
    with hegel_store.connect(empty_url) as store:
        store.profiles.append("news", "qa", {})
    with pytest.raises(InvalidInput, match=r"this run changed no table, as .* other profiles"):
        adopt(address)
    migrate.downgrade(address, "base")
    assert [(table.old_rows, table.rows) for table in adopt(address).tables] == COUNTED


def test_an_upgrade_that_met_the_old_tables_first_does_no_harm(empty_url, empty_postgresql):
    """It makes the functions and stops at the first table whose name is taken."""
    OURS.made(empty_postgresql)
    address = parse_address(empty_url, "the test")
    with pytest.raises(DatabaseError, match="already exists"):
        migrate.upgrade(address)
    assert [(table.old_rows, table.rows) for table in adopt(address).tables] == COUNTED


def test_the_way_back_in_the_guide_leads_to_where_it_began(empty_url, empty_postgresql):
    old = BARE.made(empty_postgresql)
    before = old_rows(empty_postgresql, old, "public")
    address = parse_address(empty_url, "the test")
    report = adopt(address)
    missing, aside, dropping, back = re.findall(r"```sql\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert rows(empty_postgresql, missing) == []
    assert len(rows(empty_postgresql, aside)) == 6
    migrate.downgrade(address, "base")
    empty_postgresql.execute(back)
    empty_postgresql.commit()
    assert old_rows(empty_postgresql, old, "public") == before
    assert adopt(address) == report
    empty_postgresql.execute(dropping)
    empty_postgresql.commit()
    with hegel_store.connect(empty_url) as store:
        assert store.profiles.latest("news", "qa").id == OBJECT


def test_the_command_says_what_became_of_the_rows(old, empty_url, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["hegel-store", "adopt", "--url", empty_url])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    output = capsys.readouterr().out
    assert f"{old.prefix}training_steps: all 2,600 rows are in hegel_training_steps" in output
    assert '  reward: kept under "adopted" in 2 row(s)' in output
    assert "2 empty profile(s) stand for missing ones" in output
    assert output.endswith("The old tables are in schema hegel_adopted, unchanged.\n")
