"""Settings, and the one place that reads the environment.

The database is named by, in this order: an explicit URL, ``DATABASE_URL``, ``POSTGRES_DSN`` (the
old name, which warns), and else the embedded server, where that is allowed.
"""

from __future__ import annotations

import logging
import re
import warnings
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import Conninfo
from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL

from hegel_store import embedded
from hegel_store.errors import ConfigurationError, InvalidInput
from hegel_store.models.roles import DEFAULT_PREFIX, Role, check_prefix, role_name

logger = logging.getLogger("hegel_store")

PoolPreset = Literal["light", "medium", "heavy"]
WhileEvaluating = Literal["go_on", "slow", "stop"]
ServerVersion = Annotated[
    # The environment says "16", and a Literal of numbers takes only numbers.
    Literal[16, 18],
    BeforeValidator(lambda value: int(value) if str(value).isdecimal() else value),
]


def _check_schema(name: str) -> str:
    if not 1 <= len(name.encode()) <= 63 or "\0" in name:
        raise ValueError("must have 1 to 63 bytes, and no NUL")
    if name == "$user" or name.startswith("pg_"):
        raise ValueError("must be the name of a schema, and of none that PostgreSQL reserves")
    return name


SchemaName = Annotated[str, AfterValidator(_check_schema)]


def _check_prefix(prefix: str) -> str:
    try:
        return check_prefix(prefix)
    except InvalidInput as error:
        raise ValueError(error.reason) from None


RolePrefix = Annotated[str, AfterValidator(_check_prefix)]


def _check_corpus(name: str) -> str:
    if not name.strip() or len(name) > 200 or "\0" in name:
        raise ValueError("must be the name of a corpus: 1 to 200 characters, not blank, no NUL")
    return name


CorpusName = Annotated[str, AfterValidator(_check_corpus)]

OLD_NAME = "POSTGRES_DSN is the old name of this setting: use DATABASE_URL"
LONGEST_TIMEOUT = 2_147_483
"""In seconds: the server counts milliseconds in 32 bits."""


class Settings(BaseSettings):
    """What can be set, by keyword or by environment variable (``HEGEL_POOL`` and so on).

    Times are in seconds. ``statement_timeout`` 0 means none; libpq waits at least two seconds for a
    connection. ``tag_statements`` tells the server which call a statement belongs to, and by the
    session's name which correlation. After ``answer_timeout`` (0 means never) without a sign of the
    server the client hangs up, so it has to be longer than any statement may take. ``pgbouncer``
    says that a transaction pooler stands in between: prepared statements and startup options are
    then off, so set timeouts with ALTER ROLE there. ``query_log`` counts the queries that are
    searched by meaning, texts and all. ``result_cache`` answers an identical search from memory
    until somebody writes to its corpus. ``follow_seconds`` pass between two looks for new profiles
    where there are no notifications. A standby is waited for during ``replica_wait``, and may be up
    to ``replica_staleness`` old. ``role`` connects as that role of ``role_prefix``, by the URL of
    its own (``eval_url`` and so on) where there is one, and with a pool of the size that suits it
    (``eval_pool`` and so on): ``pool`` is used instead where it is given by keyword, or is in the
    environment and the role's is not set. ``while_evaluating`` says what background work does while
    an evaluation runs. ``corpus`` binds every transaction to one corpus, beyond which a database
    with row-level security shows nothing (docs/how-to/row-security.md).
    Raises InvalidInput, naming the field.
    """

    model_config = SettingsConfigDict(env_prefix="HEGEL_", extra="forbid", env_ignore_empty=True)

    database_url: SecretStr | None = Field(
        None, validation_alias=AliasChoices("DATABASE_URL"), repr=False
    )
    postgres_dsn: SecretStr | None = Field(
        None, validation_alias=AliasChoices("POSTGRES_DSN"), repr=False
    )
    embedded: bool = False
    embedded_version: ServerVersion = 18
    data_directory: Path | None = None

    pool: PoolPreset = "medium"
    pool_timeout: float = Field(30.0, gt=0, le=LONGEST_TIMEOUT)
    connect_timeout: int = Field(10, ge=1, le=LONGEST_TIMEOUT)
    statement_timeout: float = Field(0.0, ge=0, le=LONGEST_TIMEOUT)
    answer_timeout: float = Field(0.0, ge=0, le=LONGEST_TIMEOUT)
    application_name: str = "hegel_store"
    tag_statements: bool = False
    database_schema: SchemaName | None = None
    pgbouncer: bool = False
    corpus: CorpusName | None = None
    query_log: bool = False
    spool_directory: Path | None = None
    result_cache: bool = False
    result_cache_seconds: float = Field(300.0, gt=0, le=LONGEST_TIMEOUT)
    result_cache_bytes: int = Field(64 * 2**20, ge=1)
    follow_seconds: float = Field(1.0, gt=0, le=LONGEST_TIMEOUT)
    replica_wait: float = Field(0.5, ge=0, le=LONGEST_TIMEOUT)
    replica_staleness: float = Field(10.0, ge=0, le=LONGEST_TIMEOUT)
    role: Role | None = None
    role_prefix: RolePrefix = DEFAULT_PREFIX
    migrate_url: SecretStr | None = Field(None, repr=False)
    app_url: SecretStr | None = Field(None, repr=False)
    eval_url: SecretStr | None = Field(None, repr=False)
    readonly_url: SecretStr | None = Field(None, repr=False)
    migrate_pool: PoolPreset = "light"
    app_pool: PoolPreset = "medium"
    eval_pool: PoolPreset = "light"
    readonly_pool: PoolPreset = "light"
    while_evaluating: WhileEvaluating = "go_on"

    def __init__(self, **values: Any) -> None:
        problem = None
        given = {key: item for key, item in values.items() if item is not None}
        try:
            super().__init__(**given)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            unknown = first["type"] == "extra_forbidden"
            reason = "there is no setting of this name" if unknown else first["msg"]
            problem = InvalidInput(".".join(map(str, first["loc"])) or "settings", reason)
        # Outside the handler: the driver's and pydantic's errors carry the input, which may hold
        # a password, and would stay reachable as the context of ours.
        if problem is not None:
            raise problem
        if self.role is not None and "pool" not in given:
            own, told = f"{self.role}_pool", self.model_fields_set
            if own in told or "pool" not in told:
                self.pool = getattr(self, own)


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


def named_address(settings: Settings, url: str | URL | None = None) -> DatabaseAddress | None:
    """The database that an argument or the environment names, or None when nothing does."""
    if url is not None:
        return parse_address(url, "the url given")
    if settings.database_url is not None:
        return parse_address(settings.database_url.get_secret_value(), "DATABASE_URL")
    if settings.postgres_dsn is not None:
        # Both: Python hides deprecations from those who run a program, a log is read by them.
        logger.warning(OLD_NAME)
        warnings.warn(OLD_NAME, DeprecationWarning, stacklevel=2)
        return parse_address(settings.postgres_dsn.get_secret_value(), "POSTGRES_DSN")
    return None


def _own_address(settings: Settings) -> DatabaseAddress | None:
    """That of the role, where it has one."""
    if settings.role is None:
        return None
    name = f"{settings.role}_url"
    url: SecretStr | None = getattr(settings, name)
    return None if url is None else parse_address(url.get_secret_value(), f"HEGEL_{name.upper()}")


def _as_role(address: DatabaseAddress, settings: Settings) -> DatabaseAddress:
    """The address for the role's user. The password of another user is left out: libpq then looks
    for the role's own in its password file."""
    if settings.role is None:
        return address
    user = role_name(settings.role_prefix, settings.role)
    parameters = dict(address.parameters)
    if parameters.get("user") != user:
        parameters.pop("password", None)
    return replace(address, parameters=_Hidden(parameters | {"user": user}))


def resolve_address(settings: Settings, url: str | URL | None = None) -> DatabaseAddress:
    """The database to use, starting the embedded server when it is allowed and nothing is named.

    Raises ConfigurationError when nothing is named and ``settings.embedded`` is off.
    """
    own = _own_address(settings) if url is None else None
    if own is not None:
        return replace(own, schema=settings.database_schema)
    address = named_address(settings, url)
    if address is not None:
        return replace(_as_role(address, settings), schema=settings.database_schema)
    if not settings.embedded:
        raise ConfigurationError(
            "no database is named: pass a url, set DATABASE_URL, or allow the embedded server "
            "(embedded=True, -x embedded=true or HEGEL_EMBEDDED=1)"
        )
    started = embedded.start(settings.data_directory, version=settings.embedded_version)
    address = parse_address(started, "the embedded server")
    return replace(_as_role(address, settings), schema=settings.database_schema)
