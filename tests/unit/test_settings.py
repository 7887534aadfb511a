"""Which database is meant, what the settings take, and that neither shows a password."""

from __future__ import annotations

import logging
import pickle
import warnings
from pathlib import Path

import pytest
from sqlalchemy import URL
from sqlalchemy.engine import make_url

import hegel_store
from hegel_store.database import Connector
from hegel_store.errors import ConfigurationError, InvalidInput
from hegel_store.settings import (
    Settings,
    named_address,
    parse_address,
    resolve_address,
    standby_addresses,
)

SECRET = "s3cr3t/p@ss:w%rd €"  # noqa: S105
ENCODED = "s3cr3t%2Fp%40ss%3Aw%25rd%20%E2%82%AC"


def _named(url: str | URL | None = None) -> str | None:
    address = named_address(Settings(), url)
    return None if address is None else f"{address.url.database} from {address.source}"


def test_explicit_url_wins_over_everything(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql:///from_database_url")
    monkeypatch.setenv("POSTGRES_DSN", "postgresql:///from_postgres_dsn")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _named("postgresql:///explicit") == "explicit from the url given"


def test_database_url_wins_over_the_old_name_without_a_warning(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql:///from_database_url")
    monkeypatch.setenv("POSTGRES_DSN", "postgresql:///from_postgres_dsn")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _named() == "from_database_url from DATABASE_URL"


def test_old_name_works_and_warns_with_the_new_name(monkeypatch):
    monkeypatch.setenv("POSTGRES_DSN", "host=/run/pg dbname='old name'")
    with pytest.warns(DeprecationWarning, match="POSTGRES_DSN is the old name.*DATABASE_URL"):
        assert _named() == "old name from POSTGRES_DSN"


def test_empty_variables_count_as_not_set(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("POSTGRES_DSN", "postgresql:///old")
    with pytest.warns(DeprecationWarning, match="old name"):
        assert _named() == "old from POSTGRES_DSN"
    monkeypatch.setenv("POSTGRES_DSN", "")
    monkeypatch.setenv("HEGEL_POOL", "")
    assert _named() is None
    assert Settings().pool == "medium"


def test_empty_explicit_url_is_refused_and_does_not_fall_through(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql:///production")
    with pytest.raises(InvalidInput) as caught:
        hegel_store.connect("")
    assert caught.value.field == "url"


def test_line_end_of_a_secret_file_is_not_part_of_the_database_name(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://u@h/trailing\n")
    assert _named() == "trailing from DATABASE_URL"


def test_nothing_named_and_no_embedded_server_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("HEGEL_DATA_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("HEGEL_EMBEDDED", "1")
    with pytest.raises(ConfigurationError, match=r"no database is named.*DATABASE_URL"):
        hegel_store.connect(embedded=False)
    assert list(tmp_path.iterdir()) == []


def test_embedded_server_is_not_used_unless_told(tmp_path):
    with pytest.raises(ConfigurationError, match="HEGEL_EMBEDDED=1"):
        resolve_address(Settings(data_directory=tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://ada:{ENCODED}@db.example:6543/prompts?sslmode=require",
        f"postgres://ada:{ENCODED}@db.example:6543/prompts?sslmode=require",
        f"postgresql+psycopg2://ada:{ENCODED}@db.example:6543/prompts?sslmode=require",
        f"POSTGRESQL+asyncpg://ada:{ENCODED}@db.example:6543/prompts?sslmode=require",
        f"postgresql://db.example:6543/prompts?user=ada&password={ENCODED}&sslmode=require",
        f"host=db.example port=6543 user=ada dbname=prompts sslmode=require password='{SECRET}'",
        f"  dbname=prompts user=ada password = '{SECRET}' sslmode=require port=6543 "
        "host=db.example\n",
    ],
)
def test_every_spelling_of_an_address_means_the_same(text):
    address = parse_address(text, "the test")
    assert address.parameters == {
        "host": "db.example",
        "port": "6543",
        "user": "ada",
        "dbname": "prompts",
        "password": SECRET,
        "sslmode": "require",
    }
    assert address.url == URL.create(
        "postgresql+psycopg",
        username="ada",
        password=SECRET,
        host="db.example",
        port=6543,
        database="prompts",
        query={"sslmode": "require"},
    )


def test_sqlalchemy_url_object_is_taken_with_its_password():
    url = URL.create("postgresql+psycopg2", "ada", SECRET, "db.example", 6543, "prompts")
    address = named_address(Settings(), url)
    assert address.parameters["password"] == SECRET
    assert address.url == url.set(drivername="postgresql+psycopg")


def test_sqlalchemy_url_printed_with_its_password_is_taken():
    url = URL.create("postgresql", "ada", SECRET, "db.example", 6543, "prompts")
    address = parse_address(url.render_as_string(hide_password=False), "the test")
    assert address.parameters["password"] == SECRET


def test_sqlalchemy_url_object_may_name_several_hosts_its_own_way():
    url = make_url("postgresql+asyncpg://ada:x+y%20z@/my+db?host=a:5433&host=b&sslmode=require")
    address = named_address(Settings(), url)
    assert address.parameters == {
        "host": "a,b",
        "port": "5433,",
        "user": "ada",
        "password": "x+y z",
        "dbname": "my+db",
        "sslmode": "require",
    }


@pytest.mark.parametrize("query", [{"pool_size": "5"}, {"sslmode": "a\0b"}])
def test_sqlalchemy_url_object_with_what_libpq_does_not_take_is_refused(query):
    url = URL.create("postgresql", "ada", "hunter2", "h", database="d", query=query)
    with pytest.raises(InvalidInput, match="no parameters but those of libpq") as caught:
        hegel_store.connect(url)
    assert "hunter2" not in str(caught.value)


def test_sqlalchemy_url_object_of_another_database_is_refused():
    with pytest.raises(InvalidInput, match="names a mysql database"):
        hegel_store.connect(URL.create("mysql+pymysql", "ada", "hunter2", "h", database="d"))


@pytest.mark.parametrize(
    ("text", "hosts", "ports"),
    [
        ("postgresql://u@a:5433,b:5434/d?target_session_attrs=read-write", "a,b", "5433,5434"),
        ("postgresql://u@[2001:db8::1]:5433,b/d", "2001:db8::1,b", "5433,"),
        ("host=a,b port=5433 user=u dbname=d", "a,b", "5433"),
    ],
)
def test_several_hosts_are_kept_in_order(text, hosts, ports):
    address = parse_address(text, "the test")
    assert (address.parameters["host"], address.parameters["port"]) == (hosts, ports)
    assert make_url(str(address)).query["host"] == hosts


def test_standbys_are_read_as_the_role_whomever_their_urls_name():
    given = ["postgresql://owner:hunter2@b/d", "postgresql://hegel_eval:own@c/d", "host=e dbname=d"]

    def users(settings: Settings, url: str | None) -> list[tuple[str | None, str | None]]:
        found = standby_addresses(settings, resolve_address(settings, url), given)
        return [(one.parameters.get("user"), one.parameters.get("password")) for one in found]

    assert users(Settings(), "postgresql://a/d") == [
        ("owner", "hunter2"),
        ("hegel_eval", "own"),
        (None, None),
    ]
    evaluation = [("hegel_eval", None), ("hegel_eval", "own"), ("hegel_eval", None)]
    assert users(Settings(role="eval"), "postgresql://a/d") == evaluation
    own = Settings(role="eval", eval_url="postgresql://judge:x@a/d")
    assert users(own, None) == [("judge", None)] * 3


def test_single_ipv6_host_is_kept():
    address = parse_address("postgresql://u@[2001:db8::1]:5433/d", "the test")
    assert (address.url.host, address.url.port) == ("2001:db8::1", 5433)


@pytest.mark.parametrize("host", ["/var/run/postgresql", "/tmp/a b", "@abstract"])  # noqa: S108
def test_socket_hosts_are_kept(host):
    for text in (
        f"postgresql://u@/d?host={host.replace('/', '%2F').replace(' ', '%20')}",
        f"host='{host}' user=u dbname=d",
    ):
        address = parse_address(text, "the test")
        assert address.parameters == {"host": host, "user": "u", "dbname": "d"}
        assert address.url.query == {"host": host}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("mysql://ada:hunter2@h/d", "names a mysql database"),
        ("sqlite:///hunter2.db", "names a sqlite database"),
        ("prompts", "neither"),
        ("   ", "neither"),
        ("host=h passwrod=hunter2", "neither"),
        ("postgresql://ada:hunter2@h/d?pool_size=3", "neither"),
        ("postgresql://ada:hunter2%zz@h/d", "neither"),
        ("host=h password=hunter2\0", "neither"),
        ("host=h password=hunter2\ud800", "neither"),
        ("postgresql://ada:hunter2@h:port/d", "cannot be taken apart"),
        ("postgresql://ada:hun/ter2@h/d", "cannot be taken apart"),
        ("postgresql://ada:12/hunter2@h/d", "cannot be taken apart"),
        ("postgresql://ada:x@hunter2@h/d", "cannot be taken apart"),
        ("host=h port=54x32 password=hunter2", "cannot be taken apart"),
        ("host=h port=1,2 password=hunter2", "more ports than hosts"),
        ("postgresql+psycopg://ada:hunter2@/d?host=a:1&host=b:2", "twice"),
        ("ada:hunter2://x@h/d", "neither"),
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(text, why):
    with pytest.raises(InvalidInput, match=why) as caught:
        parse_address(text, "DATABASE_URL")
    assert caught.value.field == "url"
    assert "DATABASE_URL" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "ter2" not in str(caught.value)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_password_that_looks_like_a_scheme_is_a_password():
    address = parse_address("host=h password=mysql://x dbname=d", "the test")
    assert address.parameters["password"] == "mysql://x"  # noqa: S105


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://ada:{ENCODED}@h/d",
        f"postgresql://h/d?user=ada&password={ENCODED}",
        f"postgresql://ada@h/d?sslkey=k.pem&sslpassword={ENCODED}",
        f"postgresql://ada:{ENCODED}@a,b/d",
        f"host=/s user=ada password='{SECRET}' sslpassword='{SECRET}'",
    ],
)
def test_no_printed_form_shows_a_secret(text, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("DATABASE_URL", text)
    settings = Settings()
    address = named_address(settings)
    with hegel_store.connect() as store:
        printed = [
            form(thing)
            for thing in (
                settings,
                address,
                address.parameters,
                address.url,
                store,
                store.engine,
                store.engine.url,
                Connector(address, settings),
            )
            for form in (str, repr)
        ]
    printed += [settings.model_dump_json(), str(settings.model_dump()), caplog.text]
    for line in printed:
        assert SECRET not in line
        assert ENCODED not in line
        assert "s3cr3t" not in line
    # And yet it is used.
    assert SECRET in address.parameters.values()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("pool", "gigantic"),
        ("pool_timeout", 0),
        ("pool_timeout", float("nan")),
        ("pool_timeout", float("inf")),
        ("pool_timeout", "soon"),
        ("connect_timeout", 0),
        ("connect_timeout", 2.5),
        ("statement_timeout", -1),
        ("statement_timeout", float("inf")),
        ("statement_timeout", 2_147_484),
        ("embedded_version", 17),
        ("pgbouncer", "perhaps"),
        ("poool", "light"),
    ],
)
def test_what_is_no_setting_is_refused_by_its_name(setting, value):
    with pytest.raises(InvalidInput) as caught:
        hegel_store.connect("postgresql:///d", **{setting: value})
    assert caught.value.field == setting
    assert caught.value.__context__ is None
    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert (copy.field, str(copy)) == (setting, str(caught.value))


def test_refused_secret_is_not_repeated():
    with pytest.raises(InvalidInput) as caught:
        Settings(password="hunter2", database_url="postgresql://ada:hunter2@h/d")  # noqa: S106
    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None


def test_settings_come_from_the_environment_and_arguments_win(monkeypatch):
    for name, value in {
        "HEGEL_POOL": "heavy",
        "HEGEL_STATEMENT_TIMEOUT": "1.5",
        "HEGEL_PGBOUNCER": "true",
        "HEGEL_EMBEDDED_VERSION": "16",
        "HEGEL_DATA_DIRECTORY": "~/somewhere",
    }.items():
        monkeypatch.setenv(name, value)
    settings = Settings(pool="light", statement_timeout=None)
    assert settings.pool == "light"
    assert settings.statement_timeout == 1.5
    assert settings.pgbouncer is True
    assert settings.embedded_version == 16
    assert settings.data_directory == Path("~/somewhere")


def test_bad_setting_in_the_environment_is_refused_by_its_name(monkeypatch):
    monkeypatch.setenv("HEGEL_POOL", "gigantic")
    with pytest.raises(InvalidInput, match="light") as caught:
        Settings()
    assert caught.value.field == "pool"


def test_connecting_opens_no_connection():
    hegel_store.connect("postgresql://u@192.0.2.1:1/d").close()
