"""Roles are made, compared with what they should be, and taken away."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

import hegel_store
from hegel_store.cli import app
from hegel_store.errors import ConfigurationError, DatabaseError, InvalidInput, PermissionDenied
from hegel_store.models.roles import ROLES
from hegel_store.operations import roles
from hegel_store.operations.roles import matrix
from hegel_store.store import Store
from tests.privileges import held_by
from tests.samples import Steps, rows

GOLDEN = Path(__file__).with_name("golden_privileges.txt")
NAMES = [f"hegel_{role}" for role in ROLES]

OURS = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relname LIKE 'hegel%'
  AND relkind IN ('r', 'p', 'v', 'm')
  AND NOT relispartition
"""


def execute(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def found(url: str, **options: object) -> set[tuple[str, str, str]]:
    with hegel_store.connect(url) as store:
        differences = roles.differences(store.engine, **options)
    return {(each.role, each.subject, each.problem) for each in differences}


def test_roles_may_do_what_the_golden_file_says_and_nothing_else(granted, store, request):
    Steps(store)()
    store.steps.log(Steps(store)(query="so that there is a month"))
    everybody = held_by(granted, [*NAMES[1:], "pg_monitor"])  # who has what PUBLIC has
    if request.config.getoption("--write-golden"):
        GOLDEN.write_text("\n".join(everybody) + "\n")
    assert everybody == GOLDEN.read_text().splitlines()
    assert "a month of" not in GOLDEN.read_text(), "months are granted to nobody"
    assert found(granted) == set()


def test_every_table_and_every_function_with_its_owners_rights_is_in_the_matrix(store):
    """A new one has to be written into hegel_store/operations/roles/matrix.py."""
    assert set(matrix.RELATIONS) == {name for (name,) in rows(store, OURS)}
    with_rights = rows(
        store,
        "SELECT DISTINCT proname FROM pg_proc WHERE prosecdef AND proname LIKE 'hegel%'"
        " AND prorettype <> 'trigger'::regtype",
    )
    assert set(matrix.WITH_OWNERS_RIGHTS) == {name for (name,) in with_rights}


def test_sessions_of_a_role_begin_with_its_settings(granted):
    with hegel_store.connect(granted, role="eval") as store, store.engine.connect() as connection:
        connection.execute(text("SELECT CAST('[1]' AS vector)"))
        shown = {
            name: connection.scalar(text("SELECT current_setting(:name)"), {"name": name})
            for name in roles.settings_with([])["eval"].values
        }
    assert shown == dict(roles.settings_with([])["eval"].values) | {"statement_timeout": "1min"} | {
        "idle_in_transaction_session_timeout": "1min"
    }


def test_each_difference_is_named_and_put_right(granted, store):
    execute(
        granted,
        "GRANT DELETE, TRUNCATE ON hegel_facts TO hegel_app",
        "REVOKE INSERT ON hegel_training_steps FROM hegel_eval",
        "GRANT SELECT ON hegel_runs TO PUBLIC",
        "GRANT UPDATE (source) ON hegel_prompt_profiles TO hegel_app",
        "GRANT EXECUTE ON FUNCTION hegel_count_words() TO hegel_readonly",
        "GRANT USAGE ON SEQUENCE hegel_step_rollup_id_seq TO hegel_app",
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
        "GRANT hegel_migrate TO hegel_app",
        "ALTER ROLE hegel_readonly CREATEDB BYPASSRLS CONNECTION LIMIT -1",
        "ALTER ROLE hegel_app NOLOGIN",
        f"ALTER ROLE hegel_eval IN DATABASE {store.engine.url.database} SET work_mem = '1GB'",
        f"ALTER ROLE hegel_app IN DATABASE {store.engine.url.database} RESET lock_timeout",
        "ALTER TABLE hegel_labels OWNER TO postgres",
        "SELECT hegel_ensure_step_month('2024-05-01')",
        "GRANT SELECT ON hegel_training_steps_2024_05 TO hegel_readonly",
    )
    differences = found(granted)
    assert differences >= {
        ("hegel_app", 'TABLE "public"."hegel_facts"', "has DELETE, TRUNCATE"),
        ("hegel_eval", 'TABLE "public"."hegel_training_steps"', "lacks INSERT"),
        ("PUBLIC", 'TABLE "public"."hegel_runs"', "has SELECT"),
        ("hegel_app", 'TABLE "public"."hegel_prompt_profiles"', 'has UPDATE ("source")'),
        ("hegel_readonly", 'FUNCTION "public"."hegel_count_words"()', "has EXECUTE"),
        ("hegel_app", 'SEQUENCE "public"."hegel_step_rollup_id_seq"', "has USAGE"),
        ("PUBLIC", 'SCHEMA "public"', "has CREATE"),
        ("hegel_app", "role", "belongs to hegel_migrate"),
        ("hegel_app", "role", "may not log in"),
        ("hegel_readonly", "role", "is CREATEDB, BYPASSRLS"),
        ("hegel_readonly", "role", "may not have 10 connections"),
        ("hegel_eval", "setting work_mem", "is 1GB"),
        ("hegel_app", "setting lock_timeout", "is not set"),
        ("hegel_migrate", 'TABLE "public"."hegel_labels"', "belongs to postgres"),
        ("hegel_readonly", 'TABLE "public"."hegel_training_steps_2024_05"', "has SELECT"),
    }
    assert len(differences) == 15
    assert len(roles.apply(store.engine)) == 15
    assert found(granted) == set()


def test_a_table_of_a_later_revision_is_granted_by_applying_again_as_the_migrate_role(granted):
    execute(granted, "REVOKE ALL ON hegel_scores FROM hegel_app, hegel_eval, hegel_readonly")
    with hegel_store.connect(granted, role="migrate") as owner:
        assert {each.problem for each in roles.apply(owner.engine)} == {
            "lacks DELETE, INSERT, SELECT, UPDATE",
            "lacks SELECT",
        }
    assert found(granted) == set()


def test_the_migrate_role_migrates_down_and_up(granted):
    with hegel_store.connect(granted, role="migrate") as owner:
        hegel_store.migrate.downgrade(owner.address, "0044.0")
        owner.upgrade()
        assert owner.check().revision
        roles.apply(owner.engine)
    assert found(granted) == set()


def test_the_plan_run_by_hand_leaves_nothing_to_do_and_changes_nothing_before(url, store):
    script = roles.plan(store.engine)
    assert rows(store, "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'hegel%'") == [(0,)]
    before = held_by(url, ["pg_monitor"])
    execute(url, *script)
    try:
        assert roles.plan(store.engine) == []
        assert held_by(url, ["pg_monitor"]) != before
    finally:
        roles.drop(store.engine)
    assert held_by(url, ["pg_monitor"]) == before, "dropped without a trace"
    assert rows(store, "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'hegel%'") == [(0,)]
    assert roles.drop(store.engine) == []


def test_who_is_no_superuser_applies_and_drops_what_it_owns(url, store):
    database = store.engine.url.database
    execute(
        url,
        "CREATE ROLE landlord LOGIN CREATEROLE",
        f"ALTER DATABASE {database} OWNER TO landlord",
    )
    for (name,) in rows(store, OURS):
        execute(url, f"ALTER TABLE {name} OWNER TO landlord")
    functions = (
        "SELECT oid::regprocedure::text FROM pg_proc WHERE proname LIKE 'hegel%'"
        " AND pronamespace = 'public'::regnamespace"
    )
    for (name,) in rows(store, functions):
        execute(url, f"ALTER FUNCTION {name} OWNER TO landlord")
    try:
        with hegel_store.connect(url.replace("postgres@", "landlord@")) as landlord:
            roles.apply(landlord.engine, prefix="team")
            assert roles.differences(landlord.engine, prefix="team") == []
            assert landlord.profiles.append("news", "qa", {}).version == 1
            roles.drop(landlord.engine, prefix="team")
            assert landlord.profiles.append("news", "qa", {}).version == 2
    finally:
        execute(
            url,
            f"ALTER DATABASE {database} OWNER TO postgres",
            "REASSIGN OWNED BY landlord TO postgres",
            "DROP OWNED BY landlord",
            "DROP ROLE landlord",
        )


def test_who_may_not_is_refused_and_changes_nothing(granted):
    with hegel_store.connect(granted, role="app") as training:
        assert roles.differences(training.engine) == []
        with pytest.raises(ConfigurationError, match="not as hegel_app"):
            roles.drop(training.engine)
        with pytest.raises(PermissionDenied):
            roles.apply(training.engine, prefix="other")


def test_roles_that_are_in_use_in_another_database_stay(granted, other_url, store):
    with hegel_store.connect(other_url) as other:
        roles.apply(other.engine)
        with pytest.raises(DatabaseError, match="cannot be dropped") as refused:
            roles.drop(store.engine)
        assert refused.value.sqlstate == "2BP01"
        assert found(granted) == set()
        execute(other_url, *(f"DROP OWNED BY {name} CASCADE" for name in NAMES))


def test_pgvector_and_the_tables_elsewhere_are_on_the_search_path_of_the_roles(empty_url):
    execute(empty_url, "CREATE SCHEMA extensions", "CREATE EXTENSION vector SCHEMA extensions")
    with hegel_store.connect(empty_url, database_schema="tenant") as store:
        store.upgrade()
        roles.apply(store.engine)
        assert roles.differences(store.engine) == []
        try:
            with hegel_store.connect(empty_url, role="app") as training:
                assert training.profiles.append("news", "qa", {}).version == 1
                assert list(training.facts.search("x", mode="text")) == []
            with psycopg.connect(empty_url.replace("postgres@", "hegel_app@")) as plain:
                assert plain.execute("SHOW search_path").fetchone() == ("tenant, extensions",)
        finally:
            roles.drop(store.engine)


def test_a_search_path_is_a_list_of_names_whatever_they_are(granted, store):
    execute(granted, "CREATE TABLE bystander ()")
    wicked = "x; DROP TABLE bystander; --"
    given = roles.settings_with([f'eval.search_path=Public,$user , "A ""b"", c",{wicked}'])
    roles.apply(store.engine, settings=given)
    assert roles.differences(store.engine, settings=given) == []
    with psycopg.connect(granted.replace("postgres@", "hegel_eval@")) as plain:
        path = plain.execute("SHOW search_path").fetchone()[0]
        assert path == f'public, "$user", "A ""b"", c", "{wicked.lower()}"'
        assert plain.execute("SELECT to_regclass('bystander')").fetchone() != (None,)


@pytest.mark.parametrize(
    "bad",
    [
        "work_mem=1",
        "boss.work_mem=1",
        "app.connections=0",
        "app.x; y=1",
        'app.search_path="open',
        "app.search_path=public,",
        'app.search_path=public, ""',
    ],
)
def test_settings_that_are_not_understood_are_refused(bad):
    with pytest.raises(InvalidInput) as refused:
        roles.settings_with([bad])
    assert refused.value.field == "set"


@pytest.mark.parametrize("bad", ["", "A", "pg_x", "a b", 'a"b', "x" * 51])
def test_prefixes_that_are_no_names_are_refused(store: Store, bad: str):
    for act in (roles.differences, roles.apply, roles.drop, roles.plan):
        with pytest.raises(InvalidInput) as refused:
            act(store.engine, prefix=bad)
        assert refused.value.field == "role_prefix"


def test_the_commands_plan_apply_verify_and_drop(url):
    def call(*arguments: str) -> tuple[int, str]:
        done = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["roles", *arguments, "--url", url])
        return done.exit_code, done.output

    own = ("--prefix", "crew", "--set", "eval.work_mem=7MB", "--set", "app.connections=3")
    status, script = call("plan", *own)
    assert (status, "SET work_mem TO '7MB';" in script) == (0, True)
    assert 'CREATE ROLE "crew_app" LOGIN CONNECTION LIMIT 3;' in script.splitlines()
    assert call("verify", *own)[0] == 1
    status, done = call("apply", *own, "--json")
    assert (status, len(json.loads(done))) == (0, len(script.splitlines()))
    assert call("verify", *own) == (0, "0 differences\n")
    status, table = call("verify", "--prefix", "crew")
    assert (status, "2 differences" in table, "is 7MB" in table) == (1, True, True)
    assert len(json.loads(call("verify", "--prefix", "crew", "--json")[1])) == 2
    assert call("drop", "--prefix", "crew")[0] == 1, "it asks first"
    assert call("drop", "--prefix", "crew", "--yes")[0] == 0
    status, said = call("verify", "--prefix", "crew")
    assert (status, "lacks" in said, said.count("crew_")) == (1, False, 4)
    assert "the role crew_app does not exist\n" in said
