"""No error and no log line holds the password, even where a traceback captures the locals."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text

import hegel_store
from hegel_store import migrate
from hegel_store.addresses import parse_address
from hegel_store.database import translated
from hegel_store.errors import DatabaseUnavailable, HegelStoreError
from hegel_store.store import Store
from tests.servers import own_server

pytestmark = pytest.mark.any_server

SECRETS = ("hunter2!", "k3y phrase")
UNREACHABLE = "postgresql://ada:hunter2!@/d?host=/nonexistent/dir&sslpassword=k3y%20phrase"

CALLS: dict[str, Callable[[Store], object]] = {
    "check": lambda store: store.check(),
    "read": lambda store: store.profiles.latest("c", "qa"),
    "write": lambda store: store.profiles.append("c", "qa", {"worker": {}}),
    "block": lambda store: _use_block(store),
    "engine": lambda store: store.engine.connect(),
    "raw": lambda store: store.engine.raw_connection(),
    "upgrade": lambda store: store.upgrade(),
    "downgrade": lambda store: migrate.downgrade(store.address, "base"),
}


def _use_block(store: Store) -> None:
    with store.begin() as work:
        work.profiles.latest("c", "qa")


@pytest.fixture(scope="module")
def password_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server that asks for a password, and a URL with a wrong one."""
    with own_server(request.config.getoption("--postgres")) as server:
        server.execute("CREATE ROLE ada LOGIN PASSWORD 'the right one'")
        rules = server.data / "pg_hba.conf"
        rules.write_text("local all ada scram-sha-256\n" + rules.read_text())
        server.execute("SELECT pg_reload_conf()")
        yield server.url(user="ada", password="hunter2!")  # noqa: S106


def _rendered(error: BaseException) -> str:
    """The error and everything that can be reached from it, as an error reporter would print."""
    pages = []
    pending: list[BaseException | None] = [error]
    seen = set()
    while pending:
        current = pending.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        # Lookups of suppressed contexts too: a reporter may follow them.
        pending += [current.__cause__, current.__context__, getattr(current, "orig", None)]
        detail = traceback.TracebackException.from_exception(current, capture_locals=True)
        pages += [*detail.format(), repr(current), repr(current.args), repr(vars(current))]
    return "\n".join(pages)


def _failure(url: str, call: Callable[[Store], object]) -> BaseException:
    """The error, from frames in which no URL is a local but this one, which is cut off."""
    store = hegel_store.connect(url, connect_timeout=2)
    del url
    with pytest.raises(HegelStoreError) as caught:
        call(store)
    error = caught.value
    del caught
    return error


def _assert_clean(output: str) -> None:
    for secret in SECRETS:
        assert secret not in output
        assert secret.replace(" ", "%20") not in output


@pytest.mark.parametrize("call", CALLS)
def test_failed_connect_holds_no_password(call, caplog):
    caplog.set_level(logging.DEBUG)
    error = _failure(UNREACHABLE, CALLS[call])
    assert isinstance(error, DatabaseUnavailable)
    rendered = _rendered(error)
    assert "/nonexistent/dir" in rendered
    _assert_clean(rendered)
    _assert_clean(caplog.text)


@pytest.mark.slow
@pytest.mark.parametrize("call", CALLS)
def test_refused_password_is_not_repeated(call, password_url, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    error = _failure(password_url, CALLS[call])
    assert isinstance(error, DatabaseUnavailable)
    assert 'password authentication failed for user "ada"' in str(error)
    _assert_clean(_rendered(error))
    _assert_clean(caplog.text)
    _assert_clean("".join(capfd.readouterr()))


@pytest.mark.parametrize("more", ["&connect_timeout=soon", "&sslmode=perhaps", "&port=99999"])
def test_parameter_that_libpq_refuses_does_not_bring_the_password_along(more):
    for call in CALLS.values():
        _assert_clean(_rendered(_failure(UNREACHABLE + more, call)))


def test_password_that_cannot_be_encoded_is_not_quoted():
    url = hegel_store.settings.URL.create(
        "postgresql", "ada", "hunter2!\udc80", query={"host": "/nonexistent"}
    )
    with pytest.raises(HegelStoreError) as caught:
        hegel_store.connect(url).check()
    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None


def test_refused_variable_leaves_no_password_in_the_traceback(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://ada:hunter2!@h:port/d")
    with pytest.raises(HegelStoreError, match="DATABASE_URL") as caught:
        hegel_store.connect()
    _assert_clean(_rendered(caught.value))


def test_failed_statement_shows_neither_password_nor_parameters(url, caplog):
    caplog.set_level(logging.DEBUG)

    def fail(store: Store) -> None:
        with store.begin() as work, translated():
            work.session.execute(text("SELECT 1 / CAST(:zero AS int)"), {"zero": "0"})

    error = _failure(url.replace("postgres@", "postgres:hunter2!@", 1), fail)
    assert "division by zero" in str(error)
    _assert_clean(_rendered(error))
    _assert_clean(caplog.text)


def test_address_can_be_shown_to_anybody():
    address = parse_address(UNREACHABLE, "the test")
    assert str(address) == "postgresql://ada:***@/d?host=%2Fnonexistent%2Fdir"
