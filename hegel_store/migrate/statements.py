"""What operations of revisions send, or print when a script is asked for (``--sql``)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from alembic.runtime.migration import MigrationContext
from psycopg import sql
from sqlalchemy import Connection

from hegel_store.errors import InvalidInput
from hegel_store.models.checks import check_text

IDENTIFIER_BYTES = 63
"""Longer names are cut by the server, silently, and not found again."""


def check_identifier(field: str, value: object) -> str:
    """Return ``value`` if it is a name that PostgreSQL keeps whole; raises InvalidInput."""
    name = check_text(field, value)
    if not 1 <= len(name.encode()) <= IDENTIFIER_BYTES:
        raise InvalidInput(field, f"must be 1 to {IDENTIFIER_BYTES} bytes long, not {name!r:.80}")
    return name


def quoted(*parts: str) -> str:
    """A name, qualified when there are several parts."""
    return sql.Identifier(*parts).as_string()


def literal(value: object) -> str:
    """A value as SQL."""
    return sql.Literal(value).as_string()


def run(connection: Connection, statement: str) -> None:
    """Execute a statement as it is written: neither a colon nor a percent sign means anything."""
    connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def send(context: MigrationContext, statement: str, *, allowed: str | None = None) -> None:
    """Execute a statement as it is written, or print it.

    ``allowed`` is the rule of squawk's that a printed one breaks with reason, for those who lint
    scripts.
    """
    if context.as_sql:
        if allowed is not None:
            statement = f"-- squawk-ignore {allowed}\n{statement}"
        context.impl.static_output(statement + context.impl.command_terminator)
    else:
        run(connection_of(context), statement)


def connection_of(context: MigrationContext) -> Connection:
    """The connection of an online migration; inside an autocommit block, the block's."""
    if context.connection is None:
        raise InvalidInput("connection", "is missing: a script has none")
    return context.connection


@contextmanager
def outside_transactions(context: MigrationContext) -> Iterator[None]:
    """Alembic's autocommit block, from which a broken connection comes out as the error it was.

    Alembic's own ending of the block fails on a broken connection, with an error that says
    nothing of why.
    """
    failure: BaseException | None = None
    try:
        with context.autocommit_block():
            try:
                yield
            except BaseException as error:
                failure = error
                raise
    except BaseException:
        if failure is not None:
            raise failure from None
        raise


@contextmanager
def one_transaction(connection: Connection, *, keep: bool = True) -> Iterator[None]:
    """A transaction inside an autocommit block, committed, or rolled back unless ``keep``."""
    run(connection, "BEGIN")
    try:
        yield
    except BaseException:
        if not connection.invalidated:
            run(connection, "ROLLBACK")
        raise
    run(connection, "COMMIT" if keep else "ROLLBACK")


@contextmanager
def temporarily(context: MigrationContext, settings: Mapping[str, str | int]) -> Iterator[None]:
    """Change settings of the session, and put the former ones back, also after an error."""
    with _kept(context, settings):
        for name, value in settings.items():
            send(context, f"SET {name} = {literal(value)}")
        yield


@contextmanager
def only_at_home(context: MigrationContext) -> Iterator[None]:
    """Find tables and indexes in the schema that tables are made in, and nowhere else.

    A printed script does not know that schema, and another one on the search path may hold an
    installation of its own, with the same names.
    """
    with _kept(context, ["search_path"]):
        send(context, "SELECT set_config('search_path', quote_ident(current_schema()), false)")
        yield


@contextmanager
def _kept(context: MigrationContext, names: Collection[str]) -> Iterator[None]:
    """Put these settings back in the end, also after an error.

    The former values are kept in the session itself: a printed script cannot know them.
    """
    for name in names:
        send(
            context,
            f"SELECT set_config('hegel_former.{name}', current_setting('{name}'), false)",
        )
    try:
        yield
    finally:
        if context.as_sql or not connection_of(context).invalidated:
            for name in names:
                send(
                    context,
                    f"SELECT set_config('{name}', current_setting('hegel_former.{name}'), false)",
                )


@contextmanager
def unhurried(context: MigrationContext, settings: Mapping[str, str | int]) -> Iterator[None]:
    """Wait for locks, and go on, as long as it takes; with these other settings besides."""
    with temporarily(context, {"lock_timeout": 0, "statement_timeout": 0, **settings}):
        yield
