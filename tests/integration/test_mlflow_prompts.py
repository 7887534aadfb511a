"""Prompts of an MLflow registry arrive with all that MLflow knows of them, each version once."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import MetaData, create_engine, inspect

from hegel_store.errors import ConfigurationError, DatabaseError, InvalidInput
from hegel_store.importers import PromptImport, import_mlflow_prompts
from hegel_store.importers.mlflow_registry import read_prompts
from hegel_store.store import Store
from tests.commands import run
from tests.foreign import write_mlflow_registry
from tests.samples import rows

pytestmark = pytest.mark.any_server

WRITTEN = Path(write_mlflow_registry.__file__).with_name("mlflow_registry.db")


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """What the real MLflow wrote."""
    return Path(shutil.copy(WRITTEN, tmp_path))


def uri(registry: Path) -> str:
    return f"sqlite:///{registry}"


def change(registry: Path, *statements: str) -> None:
    with sqlite3.connect(registry) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def added(registry: Path, number: int, text: str) -> None:
    """As MLflow adds a version to "greet"."""
    change(
        registry,
        f"""INSERT INTO model_versions (name, version, creation_time, current_stage, workspace)
        VALUES ('greet', {number}, {1_795_000_000_000 + number}, 'None', 'default')""",
        f"""INSERT INTO model_version_tags (name, version, key, value, workspace)
        VALUES ('greet', {number}, 'mlflow.prompt.text', '{text}', 'default')""",
    )


def require_all(store: Store) -> None:
    history = store.profiles.history("news", "greet")
    assert [profile.version for profile in history] == [3, 2, 1]
    assert [profile.metadata["mlflow"]["version"] for profile in history] == [3, 2, 1]
    assert [profile.base_profile_id for profile in history] == [None] * 3
    third, second, first = history
    assert first.profile == {"worker": {"system_prompt": "Hello {{name}}"}}
    assert first.metadata["mlflow"]["tags"] == {"team": "a"}
    assert second.profile == {"worker": {"system_prompt": "Hi {{name}}, ça va ?\n\U0001f994"}}
    assert second.metadata["mlflow"]["commit_message"] == "second"
    assert second.metadata["mlflow"]["model_config"] == {
        "model_name": "m",
        "temperature": 0.0,
        "max_tokens": 7,
    }
    assert third.metadata["mlflow"].keys() == {"prompt", "version", "created_at", "registry"}
    chat = store.profiles.latest("news", "support.chat")
    assert chat.profile["worker"]["messages"] == [
        {"role": "system", "content": "You are {{who}}."},
        {"role": "user", "content": "{{question}}"},
    ]
    assert chat.metadata["mlflow"]["response_format"]["type"] == "object"
    gaps = store.profiles.history("news", "gaps")
    assert [(p.version, p.metadata["mlflow"]["version"]) for p in gaps] == [(3, 4), (2, 3), (1, 1)]
    assert store.profiles.by_alias("news", "greet", "production").id == second.id
    assert store.profiles.by_alias("news", "gaps", "production").id == gaps[0].id
    assert rows(
        store,
        "SELECT reason FROM hegel_profile_alias_moves WHERE task_type = 'greet' ORDER BY alias",
    ) == [
        ("alias 'production' of prompt 'greet' in MLflow, at its version 2",),
        ("alias 'staging' of prompt 'greet' in MLflow, at its version 3",),
    ]


def test_every_version_of_every_prompt_arrives(store: Store, registry: Path) -> None:
    done = import_mlflow_prompts(store, uri(registry), "news")
    assert done == PromptImport(prompts=3, versions=7, stored=7, aliases=3, left=[])
    require_all(store)


def test_a_registry_in_postgresql_is_read_too(store: Store, registry: Path, other_url: str) -> None:
    """The same tables, copied from one database to the other."""
    source, target = (
        create_engine(uri(registry)),
        create_engine(other_url.replace("postgresql:", "postgresql+psycopg:")),
    )
    tables = MetaData()
    tables.reflect(source)
    for table in tables.tables.values():
        table.foreign_keys.clear()
        table.constraints = {c for c in table.constraints if c is table.primary_key}
        for column in table.columns:
            column.server_default = None
    with source.connect() as one, target.begin() as two:
        for table in tables.tables.values():
            table.create(two)
            found = [dict(row._mapping) for row in one.execute(table.select())]
            if found:
                two.execute(table.insert(), found)
    source.dispose()
    target.dispose()
    assert import_mlflow_prompts(store, other_url, "news").stored == 7
    require_all(store)


def test_a_second_run_stores_only_what_is_new(store: Store, registry: Path) -> None:
    import_mlflow_prompts(store, uri(registry), "news")
    before = rows(store, "SELECT * FROM hegel_prompt_profiles ORDER BY id")
    again = import_mlflow_prompts(store, uri(registry), "news")
    assert (again.stored, again.aliases, again.left) == (0, 0, [])
    assert rows(store, "SELECT * FROM hegel_prompt_profiles ORDER BY id") == before
    assert len(rows(store, "SELECT * FROM hegel_profile_alias_moves")) == 3
    added(registry, 4, "Servus")
    change(
        registry,
        "UPDATE registered_model_aliases SET version = 4 WHERE alias = 'staging'",
        "UPDATE model_versions SET current_stage = 'Deleted_Internal' WHERE name = 'greet' "
        "AND version = 1",
    )
    # From another place, as after a move of the registry.
    elsewhere = Path(shutil.move(registry, registry.with_name("moved.db")))
    later = import_mlflow_prompts(store, uri(elsewhere), "news")
    assert (later.versions, later.stored, later.aliases) == (7, 1, 1)
    assert [p.version for p in store.profiles.history("news", "greet")] == [4, 3, 2, 1]
    assert store.profiles.by_alias("news", "greet", "staging").version == 4


def test_names_task_types_and_roles_are_the_callers(store: Store, registry: Path) -> None:
    store.profiles.append("news", "qa", {"worker": {}})
    done = import_mlflow_prompts(
        store, uri(registry), "news", names=["greet"], task_types={"greet": "qa"}, role="reviewer"
    )
    assert (done.prompts, done.stored) == (1, 3)
    head = store.profiles.latest("news", "qa")
    assert (head.version, head.metadata["mlflow"]["version"]) == (4, 3)
    assert head.profile == {"reviewer": {"system_prompt": "Hey"}}
    assert store.profiles.latest("news", "greet") is None


def test_an_alias_at_a_profile_of_ones_own_is_left(store: Store, registry: Path) -> None:
    own = store.profiles.append("news", "greet", {})
    store.profiles.set_alias("news", "greet", "production", own.id)
    change(registry, "UPDATE registered_model_aliases SET version = 2 WHERE name = 'gaps'")
    done = import_mlflow_prompts(store, uri(registry), "news")
    assert (done.stored, done.aliases) == (7, 1)
    assert done.left == [
        "gaps@production: version 2 was deleted",
        f"greet@production: points at {own.id}, which is not of this prompt",
    ]
    assert store.profiles.by_alias("news", "greet", "production").id == own.id


def test_other_workspaces_are_other_prompts(store: Store, registry: Path) -> None:
    for table in inspect_tables(registry):
        change(registry, f"UPDATE {table} SET workspace = 'theirs' WHERE name = 'greet'")
    assert import_mlflow_prompts(store, uri(registry), "news").prompts == 2
    theirs = import_mlflow_prompts(store, uri(registry), "news", workspace="theirs")
    assert (theirs.prompts, theirs.stored) == (1, 3)


def test_a_registry_from_before_there_were_workspaces(store: Store, registry: Path) -> None:
    change(
        registry,
        *(
            statement
            for table in inspect_tables(registry)
            for statement in (
                f"CREATE TABLE plain AS SELECT * FROM {table}",
                f"DROP TABLE {table}",
                f"ALTER TABLE plain RENAME TO {table}",
                f"ALTER TABLE {table} DROP COLUMN workspace",
            )
        ),
    )
    assert import_mlflow_prompts(store, uri(registry), "news").stored == 7
    require_all(store)


def inspect_tables(registry: Path) -> list[str]:
    engine = create_engine(uri(registry))
    names = [name for name in inspect(engine).get_table_names() if name.startswith(("reg", "mod"))]
    engine.dispose()
    assert len(names) == 5
    return names


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM model_version_tags WHERE key = 'mlflow.prompt.text'", "has no text"),
        (
            "UPDATE model_version_tags SET value = '{' WHERE key = '_mlflow_prompt_model_config'",
            "greet version 2: its model config is no JSON",
        ),
        (
            "UPDATE model_version_tags SET value = '{}' WHERE key = 'mlflow.prompt.text' "
            "AND name = 'support.chat'",
            "has no list of messages",
        ),
        (
            "UPDATE model_version_tags SET value = char(0) || 'x' WHERE key = 'mlflow.prompt.text' "
            "AND name = 'greet'",
            "profile.worker.system_prompt: has a NUL",
        ),
        ("DROP TABLE model_versions", "it has no model_versions"),
    ],
)
def test_what_cannot_be_stored_is_refused(
    store: Store, registry: Path, statement: str, words: str
) -> None:
    change(registry, statement)
    with pytest.raises(InvalidInput, match=words):
        import_mlflow_prompts(store, uri(registry), "news", names=None)
    assert store.profiles.latest("news", "greet") is None


def test_addresses_that_are_none_are_refused(store: Store, registry: Path) -> None:
    for address in ("http://localhost:5000", "databricks://x"):
        with pytest.raises(ConfigurationError, match="database behind the server"):
            import_mlflow_prompts(store, address, "news")
    for address in ("mlruns", "sqlite:///" + str(registry) + "x", "sqlite://"):
        with pytest.raises(InvalidInput, match="tracking_uri"):
            import_mlflow_prompts(store, address, "news")
    with pytest.raises(DatabaseError) as failed:
        import_mlflow_prompts(store, "postgresql://u:secret@/x?host=/nowhere", "news")
    assert "secret" not in str(failed.value)
    for wrong, words in [
        ({"names": ["none"]}, "names"),
        ({"task_types": {"none": "qa"}}, "task_types"),
        ({"role": ""}, "role"),
        ({"task_types": {"greet": " "}}, "task_type"),
    ]:
        with pytest.raises(InvalidInput, match=words):
            import_mlflow_prompts(store, uri(registry), "news", **wrong)
    assert list(read_prompts(uri(registry), workspace="none")) == []


def test_the_command_says_what_it_did(store: Store, url: str, registry: Path) -> None:
    command = ("import-mlflow-prompts", uri(registry), "news", "--url", url)
    assert run(*command, "--name", "greet", "--task-type", "greet=qa") == (
        "3 of 3 versions of 1 prompts stored, 2 aliases moved\n"
    )
    assert json.loads(run(*command, "--name", "gaps", "--json"))["stored"] == 3
    own = store.profiles.append("news", "gaps", {})
    store.profiles.set_alias("news", "gaps", "production", own.id)
    assert "  left: gaps@production" in run(*command, "--name", "gaps")
    with pytest.raises(InvalidInput, match="task_type: must have a ="):
        run(*command, "--task-type", "greet")
