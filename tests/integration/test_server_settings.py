"""The server's settings: snapshots, plans, changes made wholly or not at all, and the way back."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

import hegel_store
from hegel_store.cli import app
from hegel_store.errors import ConfigurationError, InvalidInput, PermissionDenied
from hegel_store.models.server_settings import Machine, amount
from hegel_store.operations import tuning
from hegel_store.operations.tuning import machine as machines
from hegel_store.operations.tuning.statements import alter
from tests.commands import run
from tests.servers import (
    OwnServer,
    own_server,
)

MACHINE = Machine(memory=16 * 2**30, cores=8)
SIZE = ("--memory", "16GB", "--cores", "8")
ROLE = "clerk"


@pytest.fixture(scope="module")
def tuned(request: pytest.FixtureRequest) -> Iterator[OwnServer]:
    """A server of these tests' own, as settings are all databases'."""
    with own_server(request.config.getoption("--postgres")) as server:
        server.execute(f"CREATE ROLE {ROLE} LOGIN")
        yield server


@pytest.fixture
def engine(tuned: OwnServer) -> Iterator[Engine]:
    """As the server was left by ``initdb``."""
    with hegel_store.connect(tuned.url()) as store:
        yield store.engine
    tuned.execute("ALTER SYSTEM RESET ALL")
    tuned.execute("ALTER SYSTEM SET fsync = off")
    tuned.execute("SELECT pg_reload_conf()")


def altered(engine: Engine) -> dict[str, str]:
    server = tuning.read_settings(engine)
    found = {name: each.altered for name, each in server.settings.items() if each.altered}
    return {name: value for name, value in found.items() if name != "fsync"}


def invoke(*arguments: object) -> tuple[int, dict[str, object]]:
    done = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, json.loads(done.stdout)


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("64MB", "kB", 64 * 2**20),
        ("16384", "8kB", 128 * 2**20),
        ("5min", "s", 300_000),
        ("0.9", None, 0.9),
        ("-1", "kB", -1024),
        ("on", None, None),
        ("5 fortnights", None, None),
    ],
)
def test_values_are_compared_in_one_unit(value, unit, expected):
    assert amount(value, unit) == expected


def test_two_snapshots_differ_in_the_lines_of_what_differs(tuned, engine, tmp_path):
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    run("settings", "snapshot", first, "--url", tuned.url())
    tuning.apply_settings(engine, {"work_mem": "9MB"})
    run("settings", "snapshot", second, "--url", tuned.url())
    before, after = (path.read_text().splitlines() for path in (first, second))
    assert json.loads(before[0])["hegel_store settings"] == 1
    names = [json.loads(line)["name"] for line in before[1:]]
    assert names == sorted(names)
    assert len(names) > 300
    (line,) = set(after) - set(before)
    told = json.loads(line)
    assert (told["value"], told["unit"], told["source"]) == ("9MB", "kB", "configuration file")
    assert (told["context"], told["altered"], told["pending_restart"]) == ("user", "9MB", False)
    assert tuning.read_snapshot(second)["work_mem"].value == "9MB"


def test_what_the_session_has_set_does_not_hide_what_the_server_has(engine):
    """Every session of ours is without jit, and has a search_path."""
    server = tuning.read_settings(engine)
    assert (server["jit"].value, server["jit"].source) == ("on", "default")
    assert "public" in server["search_path"].value


def test_a_snapshot_holds_no_secrets_and_a_rollback_leaves_them(tuned, engine, tmp_path):
    before = tuning.read_settings(engine)
    path = tmp_path / "before.jsonl"
    tuning.write_snapshot(path, before)
    tuned.execute("ALTER SYSTEM SET primary_conninfo = 'host=a password=hunter2'")
    tuned.execute("ALTER SYSTEM SET archive_command = 'push --token hunter2 %p'")
    tuned.execute("SELECT pg_reload_conf()")
    after = tmp_path / "after.jsonl"
    tuning.write_snapshot(after, tuning.read_settings(engine))
    assert "hunter2" not in after.read_text()
    tuning.roll_back(engine, tuning.read_snapshot(path))
    assert set(altered(engine)) == {"primary_conninfo", "archive_command"}


@pytest.mark.parametrize(
    "text", ["", "[]", '{"hegel_store settings": 2, "server": 1}', "nothing", "HEAD\n{}"]
)
def test_a_file_that_is_no_snapshot_is_refused(tmp_path, text):
    path = tmp_path / "file"
    path.write_text(text.replace("HEAD", '{"hegel_store settings": 1, "server": 160000}'))
    with pytest.raises(InvalidInput, match="path"):
        tuning.read_snapshot(path)


def test_the_plan_follows_the_machine_and_has_a_reason_for_each_line(engine):
    server = tuning.read_settings(engine)
    plan = {each.name: each for each in tuning.plan_settings(server, MACHINE)}
    assert plan["effective_cache_size"].wanted == "12288MB"
    assert plan["work_mem"].wanted == "40MB"
    assert plan["maintenance_work_mem"].wanted == "1024MB"
    assert plan["shared_buffers"].wanted == "4096MB"
    assert plan["max_parallel_workers_per_gather"].wanted == "4"
    assert plan["random_page_cost"].now == "4"
    assert all(each.why for each in plan.values())
    assert {each.name for each in plan.values() if each.needs_restart} == {
        each.name for each in plan.values() if each.stage == "C"
    }
    small = tuning.plan_settings(server, Machine(memory=2**30, cores=1), storage="hdd")
    assert "random_page_cost" not in {each.name for each in small}
    work = next(each for each in small if each.name == "shared_buffers")
    assert work.wanted == "256MB"
    with pytest.raises(InvalidInput, match="stage"):
        tuning.plan_settings(server, MACHINE, ["D"])  # type: ignore[list-item]


def test_what_is_as_good_as_the_wanted_value_is_no_line(engine):
    values = {"work_mem": "60MB", "max_wal_size": "50GB", "effective_cache_size": "11GB"}
    tuning.apply_settings(engine, values)
    names = {each.name for each in tuning.plan_settings(tuning.read_settings(engine), MACHINE)}
    assert not names & set(values)
    tuning.apply_settings(engine, {"work_mem": "1GB", "effective_cache_size": "64GB"})
    names = {each.name for each in tuning.plan_settings(tuning.read_settings(engine), MACHINE)}
    assert {"work_mem", "effective_cache_size"} <= names, "too much is not as good"


@pytest.mark.parametrize("stage", ["A", "B"])
def test_a_stage_takes_effect_and_goes_back_to_the_letter(tuned, engine, tmp_path, stage):
    url = tuned.url()
    first, before, last = (tmp_path / name for name in ("first", "before", "last"))
    run("settings", "snapshot", first, "--url", url)
    _, dry = invoke("settings", "apply", stage, *SIZE, "--dry-run", "--url", url)
    assert dry["statements"]
    assert altered(engine) == {}
    code, done = invoke("settings", "apply", stage, *SIZE, "--snapshot", before, "--url", url)
    assert code == 0
    assert {each["outcome"] for each in done["settings"]} == {"effective"}
    assert done["needs_restart"] is False
    assert before.read_text() == first.read_text()
    assert tuning.plan_settings(tuning.read_settings(engine), MACHINE, [stage]) == []
    _, again = invoke("settings", "apply", stage, *SIZE, "--url", url)
    assert again["statements"] == []
    with pytest.raises(InvalidInput, match="not written over"):
        run("settings", "rollback", first, "--snapshot", before, "--url", url)
    _, dry = invoke("settings", "rollback", before, "--dry-run", "--url", url)
    assert len(dry["statements"]) == len(done["settings"])
    undo = tmp_path / "undo"
    text = run("settings", "rollback", before, "--snapshot", undo, "--url", url)
    assert "effective" in text
    run("settings", "snapshot", last, "--url", url)
    assert last.read_text() == first.read_text()


def test_stage_c_says_that_it_waits_for_a_restart(tuned, engine, tmp_path):
    before = tmp_path / "before"
    told = run("settings", "apply", "C", *SIZE, "--snapshot", before, "--url", tuned.url())
    assert "has to be restarted" in told
    assert tuning.read_settings(engine)["shared_buffers"].pending_restart
    back = tuning.roll_back(engine, tuning.read_snapshot(before))
    assert {each.outcome for each in back.settings} == {"effective"}
    assert altered(engine) == {}


def test_a_value_that_is_refused_undoes_those_before_it(engine):
    tuning.apply_settings(engine, {"maintenance_work_mem": "70MB"})
    values = {"jit": "off", "maintenance_work_mem": "80MB", "work_mem": "much"}
    with pytest.raises(InvalidInput, match="work_mem"):
        tuning.apply_settings(engine, values)
    assert altered(engine) == {"maintenance_work_mem": "70MB"}
    assert tuning.read_settings(engine)["maintenance_work_mem"].value == "70MB"
    for name in ("no_such_setting", "block_size"):
        with pytest.raises(InvalidInput):
            tuning.apply_settings(engine, {name: "1"})


def test_a_change_and_its_revert_can_be_handed_on(engine):
    tuning.apply_settings(engine, {"work_mem": "5MB"})
    guarded = tuning.SettingsChange(engine, {"work_mem": "7MB", "random_page_cost": "1.5"})
    assert guarded.revert() is None
    assert not guarded.change().needs_restart
    assert altered(engine) == {"work_mem": "7MB", "random_page_cost": "1.5"}
    guarded.revert()
    assert altered(engine) == {"work_mem": "5MB"}
    assert tuning.read_settings(engine)["work_mem"].value == "5MB"


def test_a_list_of_names_is_set_as_a_list(engine):
    tuning.apply_settings(engine, {"search_path": '"$user", public, "a,b"'})
    before = tuning.read_settings(engine)
    tuning.apply_settings(engine, {"search_path": "public"})
    tuning.roll_back(engine, before)
    assert tuning.read_settings(engine)["search_path"].value == '"$user", public, "a,b"'


def test_names_and_values_are_quoted():
    assert alter('x"; DROP', "it's") == """ALTER SYSTEM SET "x""; DROP" = 'it''s'"""
    assert alter("hnsw.ef_search", None) == 'ALTER SYSTEM RESET "hnsw"."ef_search"'


def test_what_the_role_overrides_is_told(tuned, engine):
    tuned.execute("ALTER ROLE postgres SET work_mem = '6MB'")
    try:
        engine.dispose()
        done = tuning.apply_settings(engine, {"work_mem": "8MB"})
    finally:
        tuned.execute("ALTER ROLE postgres RESET work_mem")
    assert [each.outcome for each in done.settings] == ["overridden"]


def test_a_role_without_the_right_is_told_what_to_set_by_hand(tuned, engine, tmp_path):
    url, before = tuned.url(user=ROLE), tmp_path / "before"
    code, told = invoke("settings", "apply", "A", *SIZE, "--snapshot", before, "--url", url)
    assert code == 5
    assert told["by_hand"]["effective_cache_size"] == "12288MB"
    assert not before.exists()
    shown = CliRunner().invoke(
        app, ["settings", "apply", "A", *SIZE, "--snapshot", str(before), "--url", url]
    )
    assert shown.exit_code == 5
    assert "  random_page_cost = 1.1" in shown.stdout
    assert altered(engine) == {}
    with hegel_store.connect(url) as store:
        with pytest.raises(PermissionDenied):
            tuning.apply_settings(store.engine, {"work_mem": "8MB"})
        partial = tuning.read_settings(store.engine)
    assert not partial.shows_altered
    assert altered(engine) == {}
    # A superuser can go back to what it saw, by the values.
    tuning.apply_settings(engine, {"work_mem": "9MB"})
    (change,) = tuning.changes_back(tuning.read_settings(engine), partial)
    assert (change.name, change.wanted) == ("work_mem", None)


def test_a_machine_elsewhere_has_to_be_described(tuned, engine, monkeypatch, tmp_path):
    here = tuning.read_machine(engine)
    assert here is not None
    assert here.cores >= 1
    (tmp_path / "memory.max").write_text(f"{2**30}\n")
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    monkeypatch.setattr(machines, "CONTAINER", tmp_path)
    assert tuning.read_machine(engine) == Machine(memory=2**30, cores=1)
    monkeypatch.setattr(machines, "PROCESSES", tmp_path)
    assert tuning.read_machine(engine) is None
    for given in ((), ("--memory", "8GB"), ("--memory", "much", "--cores", "2")):
        with pytest.raises(InvalidInput, match=r"memory|cores"):
            run("settings", "plan", *given, "--url", tuned.url())
    assert "effective_cache_size" in run("settings", "plan", *SIZE, "--url", tuned.url())


def test_another_server_is_not_restarted(engine):
    with pytest.raises(ConfigurationError, match="embedded"):
        tuning.apply_settings(engine, {"max_worker_processes": "9"}, restart=True)
    assert altered(engine) == {}
