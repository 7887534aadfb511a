"""Settings, and the one place that reads the environment.

The database is named by, in this order: an explicit URL, ``DATABASE_URL``, ``POSTGRES_DSN`` (the
old name, which warns), and else the embedded server, where that is allowed.
"""

from __future__ import annotations

import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL

from hegel_store import embedded
from hegel_store.errors import ConfigurationError, InvalidInput

PoolPreset = Literal["light", "medium", "heavy"]


class Settings(BaseSettings):
    """What can be set, by keyword or by environment variable (``HEGEL_POOL`` and so on).

    Times are in seconds. ``statement_timeout`` 0 means none. ``pgbouncer`` says that a
    transaction pooler stands in between: prepared statements and startup options are then off,
    so set timeouts with ALTER ROLE there. Raises InvalidInput, naming the field.
    """

    model_config = SettingsConfigDict(env_prefix="HEGEL_", extra="forbid", env_ignore_empty=True)

    database_url: SecretStr | None = Field(
        None, validation_alias=AliasChoices("DATABASE_URL"), repr=False
    )
    postgres_dsn: SecretStr | None = Field(
        None, validation_alias=AliasChoices("POSTGRES_DSN"), repr=False
    )
    embedded: bool = False
    embedded_version: Literal[16, 18] = 18
    data_directory: Path | None = None

    pool: PoolPreset = "medium"
    pool_timeout: float = Field(30.0, gt=0)
    connect_timeout: int = Field(10, ge=1)
    statement_timeout: float = Field(0.0, ge=0)
    application_name: str = "hegel_store"
    pgbouncer: bool = False

    def __init__(self, **values: Any) -> None:
        problem = None
        try:
            super().__init__(**{key: item for key, item in values.items() if item is not None})
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            problem = InvalidInput(".".join(map(str, first["loc"])) or "settings", first["msg"])
        # Outside the handler: the driver's and pydantic's errors carry the input, which may hold
        # a password, and would stay reachable as the context of ours.
        if problem is not None:
            raise problem


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """Where the database is. ``parameters`` are libpq's; their values are kept out of repr."""

    parameters: _Hidden
    source: str

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
        if host and "," not in host and not host.startswith("/"):
            fields["host"] = str(rest.pop("host"))
            fields["port"] = int(rest.pop("port")) if "port" in rest else None
        # sslpassword would be printed; the connector passes it, the URL need not show it.
        rest.pop("sslpassword", None)
        return URL.create(
            "postgresql+psycopg", **fields, query={k: str(v) for k, v in rest.items()}
        )

    def __str__(self) -> str:
        return self.url.set(drivername="postgresql").render_as_string(hide_password=True)


class _Hidden(dict[str, Any]):
    """Connection parameters that do not print themselves: one of them is the password."""

    def __repr__(self) -> str:
        return "<connection parameters>"


def parse_address(text: str, source: str) -> DatabaseAddress:
    """Understand ``postgresql://``, ``postgres://``, SQLAlchemy's ``postgresql+driver://`` and
    libpq's ``host=... dbname=...``.

    Raises InvalidInput for anything else, without repeating the text, which may hold a password.
    """
    scheme, separator, rest = text.partition("://")
    if separator:
        family = scheme.partition("+")[0]
        if family not in ("postgresql", "postgres"):
            raise InvalidInput("url", f"{source} names a {family!r:.40} database, not PostgreSQL")
        text = f"postgresql://{rest}"
    parameters: dict[str, Any] | None = None
    with suppress(psycopg.ProgrammingError):
        parameters = dict(conninfo_to_dict(text))
    if not parameters:
        raise InvalidInput(
            "url", f"{source} is neither postgresql://user@host/database nor 'host=... dbname=...'"
        )
    return DatabaseAddress(_Hidden(parameters), source)


def named_address(settings: Settings, url: str | URL | None = None) -> DatabaseAddress | None:
    """The database that an argument or the environment names, or None when nothing does."""
    if url is not None:
        text = url if isinstance(url, str) else url.render_as_string(hide_password=False)
        return parse_address(text, "the url given")
    if settings.database_url is not None:
        return parse_address(settings.database_url.get_secret_value(), "DATABASE_URL")
    if settings.postgres_dsn is not None:
        warnings.warn(
            "POSTGRES_DSN is the old name of this setting: use DATABASE_URL",
            DeprecationWarning,
            stacklevel=2,
        )
        return parse_address(settings.postgres_dsn.get_secret_value(), "POSTGRES_DSN")
    return None


def resolve_address(settings: Settings, url: str | URL | None = None) -> DatabaseAddress:
    """The database to use, starting the embedded server when it is allowed and nothing is named.

    Raises ConfigurationError when nothing is named and ``settings.embedded`` is off.
    """
    address = named_address(settings, url)
    if address is not None:
        return address
    if not settings.embedded:
        raise ConfigurationError(
            "no database is named: pass a url, set DATABASE_URL, or allow the embedded server "
            "(embedded=True, -x embedded=true or HEGEL_EMBEDDED=1)"
        )
    return parse_address(
        embedded.start(settings.data_directory, version=settings.embedded_version),
        "the embedded server",
    )
