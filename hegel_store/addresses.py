"""Addresses of databases, as they are written: URLs and libpq's connection strings."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import Conninfo
from sqlalchemy import URL

from hegel_store.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """Where the database is. ``parameters`` are libpq's; their values are kept out of repr.

    ``schema`` is where our tables are; None leaves that to the connection's search_path.
    """

    parameters: _Hidden
    source: str
    schema: str | None = None

    @property
    def url(self) -> URL:
        """The address for SQLAlchemy; printing it masks the password."""
        rest = dict(self.parameters)
        fields: dict[str, Any] = {
            "username": rest.pop("user", None),
            "password": rest.pop("password", None),
            "database": rest.pop("dbname", None),
        }
        host = str(rest.get("host", ""))
        if host and "," not in host and not host.startswith(("/", "@")):
            fields["host"] = str(rest.pop("host"))
            fields["port"] = int(rest.pop("port")) if "port" in rest else None
        # The connector passes these; the URL would print them.
        for secret in _secret_parameters() & rest.keys():
            del rest[secret]
        return URL.create(
            "postgresql+psycopg", **fields, query={k: str(v) for k, v in rest.items()}
        )

    def as_user(self, user: str) -> DatabaseAddress:
        """The password of another user is left out: libpq then looks for the user's own in its
        password file."""
        parameters = dict(self.parameters)
        if parameters.get("user") != user:
            parameters.pop("password", None)
        return replace(self, parameters=_Hidden(parameters | {"user": user}))

    def __str__(self) -> str:
        return self.url.set(drivername="postgresql").render_as_string(hide_password=True)


class _Hidden(dict[str, Any]):
    """Connection parameters that do not print themselves: one of them is the password."""

    def __repr__(self) -> str:
        return "<connection parameters>"


@cache
def _secret_parameters() -> frozenset[str]:
    """The parameters that libpq itself would not show."""
    return frozenset(o.keyword.decode() for o in Conninfo.get_defaults() if o.dispchar)


def parse_address(given: str | URL, source: str) -> DatabaseAddress:
    """Understand ``postgresql://``, ``postgres://``, ``postgresql+driver://``, libpq's
    ``host=... dbname=...`` and SQLAlchemy's URL objects.

    Raises InvalidInput for anything else, without repeating it: it may hold a password.
    """
    try:
        return _parsed(given, source)
    except InvalidInput as error:
        # Without the frames whose locals hold the password; a reporter may print them.
        problem = error.with_traceback(None)
    del given
    raise problem


def _parsed(given: str | URL, source: str) -> DatabaseAddress:
    text = given.strip() if isinstance(given, str) else f"{given.get_backend_name()}://"
    url = re.match(r"([a-z][a-z0-9]*)(?:\+\w+)?://", text, re.IGNORECASE)
    if url:
        if url[1].lower() not in ("postgresql", "postgres"):
            raise InvalidInput("url", f"{source} names a {url[1]:.40} database, not PostgreSQL")
        # SQLAlchemy writes a space in a password as it is, which libpq refuses.
        text = f"postgresql://{text[url.end() :].replace(' ', '%20')}"
        _refuse_repeated(text, source)
    parameters: dict[str, Any] | None = None
    with suppress(psycopg.Error, UnicodeError):
        text = text if isinstance(given, str) else _conninfo(given)
        parameters = dict(conninfo_to_dict(text))
    if not parameters or "\0" in text:
        raise InvalidInput(
            "url",
            f"{source} is neither postgresql://user@host/database nor 'host=... dbname=...', "
            "with no parameters but those of libpq",
        )
    if isinstance(given, str):
        _refuse_torn(parameters, "%40" in text or not url, source)
    return DatabaseAddress(_Hidden(parameters), source)


def _conninfo(url: URL) -> str:
    """Printed and read again, a URL object would lose what SQLAlchemy and libpq write apart."""
    from sqlalchemy.dialects.postgresql import psycopg as psycopg_dialect

    dialect: Any = psycopg_dialect.dialect
    return make_conninfo(**dialect().create_connect_args(url)[1])


def _refuse_repeated(url: str, source: str) -> None:
    """libpq would take the last and drop the others; SQLAlchemy repeats ``host``."""
    names = re.findall(r"[?&](\w+)=", url.rpartition("@")[2])
    if len(names) != len(set(names)):
        raise InvalidInput(
            "url", f"{source} has a parameter twice; several hosts are written host1:5432,host2"
        )


def _refuse_torn(parameters: dict[str, Any], at_sign_meant: bool, source: str) -> None:
    """An unescaped @ or / tears a password apart, and its pieces would be printed as the host,
    the port or the database."""
    hosts = str(parameters.get("host", "")).split(",")
    ports = str(parameters.get("port", "")).split(",")
    if (
        any("@" in host[1:] for host in hosts)
        or any(port and not port.isdecimal() for port in ports)
        or ("@" in str(parameters.get("dbname", "")) and not at_sign_meant)
    ):
        raise InvalidInput(
            "url",
            f"{source} cannot be taken apart: the port must be a number, and in the user and the "
            "password %40 stands for @, %2F for /, %3A for :, %25 for %",
        )
    if len(ports) > len(hosts):
        raise InvalidInput("url", f"{source} has more ports than hosts")
