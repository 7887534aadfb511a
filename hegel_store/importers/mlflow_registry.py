"""Prompts as they lie in the tables of an MLflow registry, read without MLflow.

A prompt is a registered model with a tag that says so, each of its versions a model version whose
text is in a tag. Tables and tags are those of MLflow 3.17; older registries have no ``workspace``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    create_engine,
    exc,
    inspect,
    make_url,
    select,
)

from hegel_store.errors import ConfigurationError, DatabaseError, InvalidInput

IS_PROMPT = "mlflow.prompt.is_prompt"
TEXT = "mlflow.prompt.text"
TYPE = "_mlflow_prompt_type"
MODEL_CONFIG = "_mlflow_prompt_model_config"
RESPONSE_FORMAT = "_mlflow_prompt_response_format"
OWN_TAGS = (IS_PROMPT, TEXT, TYPE, MODEL_CONFIG, RESPONSE_FORMAT, "_mlflow_experiment_ids")
DELETED = "Deleted_Internal"
"""The stage of a version that was deleted, of which MLflow keeps the row."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_metadata = MetaData()
# Left out: the columns that only models use.
models = Table("registered_models", _metadata, Column("name", String), Column("workspace", String))
model_tags = Table(
    "registered_model_tags",
    _metadata,
    *(Column(name, String) for name in ("name", "key", "value", "workspace")),
)
aliases = Table(
    "registered_model_aliases",
    _metadata,
    *(Column(name, String) for name in ("name", "alias", "workspace")),
    Column("version", Integer),
)
versions = Table(
    "model_versions",
    _metadata,
    *(Column(name, String) for name in ("name", "description", "user_id", "current_stage")),
    Column("workspace", String),
    Column("version", Integer),
    Column("creation_time", BigInteger),
)
version_tags = Table(
    "model_version_tags",
    _metadata,
    *(Column(name, String) for name in ("name", "key", "value", "workspace")),
    Column("version", Integer),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptVersion:
    """One version that was not deleted. ``template`` is a text, or the messages of a chat."""

    number: int
    template: str | list[Any]
    created_at: datetime
    user: str | None
    commit_message: str | None
    tags: Mapping[str, str]
    model_config: Any
    response_format: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A prompt with its versions, oldest first, and the numbers that its aliases point at."""

    name: str
    versions: Sequence[PromptVersion]
    aliases: Mapping[str, int]


def read_prompts(
    uri: str, names: Sequence[str] | None = None, workspace: str = "default"
) -> Iterator[Prompt]:
    """The prompts of a registry, or those of these names, in the order of their names.

    All at one moment. Raises ConfigurationError for an address that is none of a database,
    InvalidInput for a registry or a prompt that is not there or cannot be read, and DatabaseError.
    """
    with _registry(uri) as connection:
        found = connection.scalars(_prompts(connection, workspace)).all()
        missing = sorted(set(names or ()) - set(found))
        if missing:
            raise InvalidInput("names", f"the registry has no prompt {missing[0]!r:.80}")
        for name in found:
            if names is None or name in names:
                yield _prompt(connection, name, workspace)


def shown(uri: str) -> str:
    """The address of a registry without its password."""
    return make_url(uri).render_as_string(hide_password=True)


@contextmanager
def _registry(uri: str) -> Iterator[Connection]:
    try:
        url = make_url(uri)
    except exc.ArgumentError:
        raise InvalidInput("tracking_uri", "must be the URI of a database") from None
    kind = url.get_backend_name()
    if kind not in ("sqlite", "postgresql"):
        raise ConfigurationError(
            f"prompts are read from sqlite:/// and postgresql://, not from {kind!r}: "
            "give the address of the database behind the server"
        )
    if kind == "sqlite" and not Path(url.database or "").is_file():
        raise InvalidInput("tracking_uri", f"there is no file {url.database}")
    if kind == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    engine = create_engine(url, hide_parameters=True)
    try:
        with engine.connect() as connection:
            if kind == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ")
            missing = set(_metadata.tables) - set(inspect(connection).get_table_names())
            if missing:
                raise InvalidInput(
                    "tracking_uri", f"is no registry of MLflow: it has no {sorted(missing)[0]}"
                )
            yield connection
    except exc.DBAPIError as error:
        raise DatabaseError(f"{shown(uri)}: {error.orig}") from error
    finally:
        engine.dispose()


def _of(
    connection: Connection, statement: Select[Any], table: Table, workspace: str
) -> Select[Any]:
    """Only this workspace, where the registry has any."""
    columns = {column["name"] for column in inspect(connection).get_columns(table.name)}
    return statement.where(table.c.workspace == workspace) if "workspace" in columns else statement


def _prompts(connection: Connection, workspace: str) -> Select[Any]:
    is_prompt = select(model_tags.c.name).where(
        model_tags.c.key == IS_PROMPT, model_tags.c.value == "true"
    )
    return _of(connection, is_prompt, model_tags, workspace).order_by(model_tags.c.name)


def _prompt(connection: Connection, name: str, workspace: str) -> Prompt:
    def rows(table: Table, *columns: Column[Any]) -> list[Any]:
        statement = select(*columns).where(table.c.name == name)
        return list(connection.execute(_of(connection, statement, table, workspace)))

    tags: dict[int, dict[str, str]] = {}
    c = version_tags.c
    for number, key, value in rows(version_tags, c.version, c.key, c.value):
        tags.setdefault(number, {})[key] = value
    made = [
        _version(name, row, tags.get(row.version, {}))
        for row in rows(versions, *(each for each in versions.c if each.name != "workspace"))
        if row.current_stage != DELETED
    ]
    return Prompt(
        name=name,
        versions=sorted(made, key=lambda version: version.number),
        aliases=dict(rows(aliases, aliases.c.alias, aliases.c.version)),
    )


def _version(name: str, row: Any, tags: Mapping[str, str]) -> PromptVersion:
    where = f"{name} version {row.version}"
    if TEXT not in tags:
        raise InvalidInput("tracking_uri", f"{where} has no text")
    template: Any = tags[TEXT]
    if tags.get(TYPE) == "chat":
        template = _document(f"{where}: its messages", template)
        if not isinstance(template, list):
            raise InvalidInput("tracking_uri", f"{where} has no list of messages")
    return PromptVersion(
        number=row.version,
        template=template,
        created_at=EPOCH + timedelta(milliseconds=row.creation_time or 0),
        user=row.user_id,
        commit_message=row.description,
        tags={key: value for key, value in tags.items() if key not in OWN_TAGS},
        model_config=_document(f"{where}: its model config", tags.get(MODEL_CONFIG)),
        response_format=_document(f"{where}: its response format", tags.get(RESPONSE_FORMAT)),
    )


def _document(what: str, text: str | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("tracking_uri", f"{what} is no JSON: {error}") from None
