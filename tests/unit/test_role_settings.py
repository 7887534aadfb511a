"""Where a role connects to, by how large a pool; and nobody's password is sent for another user."""

from __future__ import annotations

import pytest

import hegel_store
from hegel_store.addresses import DatabaseAddress
from hegel_store.connector import Connector
from hegel_store.errors import ConfigurationError, InvalidInput
from hegel_store.models.roles import ROLES
from hegel_store.pooling import POOL_PRESETS
from hegel_store.settings import Settings, resolve_address

MAIN = "postgresql://ada:ada-secret@main:5433/news?sslmode=require"


def resolved(url: str | None = None, **settings: object) -> DatabaseAddress:
    return resolve_address(Settings(**settings), url)


@pytest.mark.parametrize("role", ROLES)
def test_without_a_url_of_its_own_a_role_is_a_user_of_the_database_that_is_named(monkeypatch, role):
    monkeypatch.setenv("DATABASE_URL", MAIN)
    assert resolved(role=role).parameters == {
        "host": "main",
        "port": "5433",
        "dbname": "news",
        "sslmode": "require",
        "user": f"hegel_{role}",
    }
    assert resolved(role=role, role_prefix="crew").parameters["user"] == f"crew_{role}"
    assert resolved().parameters["user"] == "ada"


@pytest.mark.parametrize(
    "url",
    [
        MAIN,
        "host=main user=ada password=ada-secret dbname=news",
        "postgresql://main/news?user=ada&password=ada-secret",
        "postgresql://:ada-secret@main/news",
    ],
)
def test_the_password_of_another_user_is_not_sent(url):
    settings = Settings(role="app")
    address = resolve_address(settings, url)
    sent = Connector(address, settings)._parameters
    assert sent["user"] == "hegel_app"
    assert "ada-secret" not in map(str, sent.values())
    assert "password" not in sent


def test_the_password_of_the_roles_own_user_is_sent():
    settings = Settings(role="app")
    address = resolve_address(settings, "postgresql://hegel_app:own@main/news")
    sent = Connector(address, settings)._parameters
    assert (sent["user"], sent["password"]) == ("hegel_app", "own")


@pytest.mark.parametrize("role", ROLES)
def test_a_role_connects_to_its_own_url_as_whoever_that_names(monkeypatch, role):
    monkeypatch.setenv("DATABASE_URL", MAIN)
    monkeypatch.setenv(f"HEGEL_{role.upper()}_URL", "postgresql://eve:eve-secret@own/other")
    for other in ROLES:
        found = resolved(role=other)
        if other == role:
            assert found.source == f"HEGEL_{role.upper()}_URL"
            assert found.parameters == {
                "host": "own",
                "dbname": "other",
                "user": "eve",
                "password": "eve-secret",
            }
        else:
            assert found.parameters["host"] == "main"
    assert resolved().parameters["host"] == "main", "of no role"
    given = resolved(role=role, **{f"{role}_url": "postgresql://keyword/other"})
    assert given.parameters["host"] == "keyword", "wins over the environment"


def test_a_roles_own_url_names_the_database_where_nothing_else_does(monkeypatch):
    monkeypatch.setenv("HEGEL_READONLY_URL", "postgresql://eve@own/other")
    monkeypatch.setenv("HEGEL_ROLE", "readonly")
    assert resolved(database_schema="tenant").schema == "tenant"
    assert resolved().parameters["user"] == "eve"
    with pytest.raises(ConfigurationError, match="no database is named"):
        resolved(role="app")


def test_a_url_that_is_given_wins_over_the_roles_own(monkeypatch):
    monkeypatch.setenv("HEGEL_EVAL_URL", "postgresql://eve:eve-secret@own/other")
    found = resolved(MAIN, role="eval")
    assert (found.parameters["host"], found.parameters["user"]) == ("main", "hegel_eval")
    assert "password" not in found.parameters


def test_a_roles_own_url_that_is_none_is_refused_by_its_name_and_shown_nowhere(monkeypatch):
    monkeypatch.setenv("HEGEL_EVAL_URL", "mysql://eve:eve-secret@own/other")
    settings = Settings(role="eval")
    with pytest.raises(InvalidInput, match="HEGEL_EVAL_URL names a mysql database") as refused:
        resolve_address(settings)
    for shown in (str(refused.value), repr(settings), settings.model_dump_json()):
        assert "eve-secret" not in shown


@pytest.mark.parametrize("role", ["boss", "hegel_app", ""])
def test_what_is_no_role_is_refused(role):
    with pytest.raises(InvalidInput) as refused:
        Settings(role=role)
    assert refused.value.field == "role"


def test_each_role_has_a_pool_of_its_size():
    sizes = {role: Settings(role=role).pool for role in ROLES}
    assert sizes == {"migrate": "light", "app": "medium", "eval": "light", "readonly": "light"}
    with hegel_store.connect(MAIN, role="eval") as store:
        assert store._database.size == POOL_PRESETS["light"]
    with hegel_store.connect(MAIN) as store:
        assert store._database.size == POOL_PRESETS["medium"]


@pytest.mark.parametrize("role", ROLES)
def test_the_size_of_a_roles_pool_is_set_by_environment_and_by_keyword(monkeypatch, role):
    monkeypatch.setenv(f"HEGEL_{role.upper()}_POOL", "heavy")
    for other in (*ROLES, None):
        assert (Settings(role=other).pool == "heavy") == (other == role)
    assert Settings(role=role, **{f"{role}_pool": "medium"}).pool == "medium"


def test_a_pool_that_is_given_wins_and_one_of_the_environment_over_what_is_not_set(monkeypatch):
    monkeypatch.setenv("HEGEL_POOL", "heavy")
    assert Settings(role="eval").pool == "heavy"
    monkeypatch.setenv("HEGEL_EVAL_POOL", "light")
    assert Settings(role="eval").pool == "light"
    assert Settings(role="eval", pool="medium").pool == "medium"
    assert Settings(role="eval", pool=None).pool == "light", "none is given"
    assert Settings(role="eval", pool="medium", eval_pool="heavy").pool == "medium"
    assert Settings(eval_pool="light").pool == "heavy", "of no role"


def test_a_size_that_there_is_not_is_refused_by_its_name(monkeypatch):
    monkeypatch.setenv("HEGEL_APP_POOL", "gigantic")
    with pytest.raises(InvalidInput) as refused:
        Settings(role="eval")
    assert refused.value.field == "app_pool"
