"""Engine, pool and connections; what a driver's error means in our exception tree."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal
from weakref import WeakSet

import psycopg
from sqlalchemy import Connection, Engine, Executable, Result, create_engine, event, exc
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy
from sqlalchemy.orm import Session

from hegel_store.addresses import DatabaseAddress
from hegel_store.connector import Connector, opened
from hegel_store.errors import (
    DatabaseError,
    HegelStoreError,
    MigrationRequired,
    OutcomeUnknown,
    PermissionDenied,
)
from hegel_store.failures import (
    Failure,
    constraint_of,
    error_of,
    failure_of,
    leaves_unknown,
    sqlstate_of,
)
from hegel_store.idle_connections import check_idle
from hegel_store.models.roles import Role
from hegel_store.observing.seam import SERVER, Server
from hegel_store.observing.tagging import tag
from hegel_store.pooling import POOL_PRESETS, WatchedPool
from hegel_store.settings import Settings, WhileEvaluating

logger = logging.getLogger("hegel_store")


RECYCLE_SECONDS = 3600

BOUND_TO = "hegel_corpus"
"""The execution option of an engine that names the corpus of its connections, or None."""
GIVES_WAY = "hegel_while_evaluating"
"""The one that says what background work on it does while an evaluation runs."""

_engines: WeakSet[Engine] = WeakSet()


class Database:
    """One engine with its pool. Safe for threads; a forked child gets connections of its own.

    ``role`` is the server's among those of a store: on a standby nothing is written, and nobody
    waits for a connection, as another server may answer. ``diagnose`` is called when a table or
    column is missing, and raises the error that says which of database and package is behind, if it
    finds one to be.
    """

    def __init__(
        self,
        address: DatabaseAddress,
        settings: Settings,
        diagnose: Callable[[Engine], object],
        role: Literal["primary", "standby"] = "primary",
    ) -> None:
        server = _server(address, role)
        self.size = POOL_PRESETS[settings.pool]
        # Most recently used first, so that connections which a burst opened can grow idle.
        self.engine: Engine = create_engine(
            address.url,
            creator=Connector(address, settings),
            poolclass=WatchedPool,
            pool_size=self.size.maximum,
            max_overflow=0,
            pool_timeout=settings.pool_timeout if role == "primary" else 0.0,
            pool_recycle=RECYCLE_SECONDS,
            pool_use_lifo=True,
            skip_autocommit_rollback=True,
            hide_parameters=True,
            execution_options={
                BOUND_TO: settings.corpus,
                GIVES_WAY: settings.while_evaluating,
                SERVER: server,
            },
        )
        pool: Any = self.engine.pool
        pool.server = server
        check_idle(self.engine, self.size.idle)
        event.listen(self.engine, "handle_error", _read_only(settings.role))
        if settings.tag_statements:
            tag(self.engine, settings.application_name)
        _engines.add(self.engine)
        self.autocommit = Autocommit(self.engine, diagnose)

    def warm(self) -> None:
        """Open the preset's minimum of connections."""
        held = []
        try:
            held = [self.engine.connect() for _ in range(self.size.minimum)]
        finally:
            for connection in held:
                connection.close()

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _server(address: DatabaseAddress, role: Literal["primary", "standby"]) -> Server:
    """Of several hosts nobody knows beforehand which one answers."""
    parameters = address.parameters
    host, port = (str(parameters.get(name, "")) for name in ("host", "port"))
    return Server(
        role=role,
        address=host if host and "," not in host else None,
        port=int(port) if port.isdecimal() else None,
        database=parameters.get("dbname"),
    )


def _read_only(role: Role | None) -> Callable[[ExceptionContext], PermissionDenied | None]:
    def refused(context: ExceptionContext) -> PermissionDenied | None:
        """A write was refused as read-only: the primary is elsewhere now, so connect anew. Unless
        it is the transaction that was begun so, or the role, whose transactions all are."""
        error = context.original_exception
        if failure_of(error) is not Failure.READ_ONLY:
            return None
        if role == "readonly":
            return PermissionDenied(f"this role only reads: {error}", sqlstate_of(error))
        driver: Any = (
            context.connection.connection.driver_connection if context.connection else None
        )
        context.is_disconnect = driver is None or not driver.read_only
        return None

    return refused


def _forget_after_fork() -> None:
    """Give the child pools of its own. The sockets stay the parent's: whatever the child still
    sends on an inherited one (the ROLLBACK of a block that it leaves) must not arrive there."""
    for engine in list(_engines):
        engine.dispose(close=False)
    hung_up, other_end = socket.socketpair()
    other_end.close()
    for connection in list(opened):
        with suppress(psycopg.Error):
            os.dup2(hung_up.fileno(), connection.fileno(), inheritable=False)
    hung_up.close()
    opened.clear()


os.register_at_fork(after_in_child=_forget_after_fork)


class Autocommit:
    """Runs each statement by itself, committed, on a pooled connection. Safe for threads.

    ``info`` is a place for repositories to remember things, as on a Session; ``corpus`` what the
    connections are bound to, if they are. ``while_evaluating`` says what background work does while
    an evaluation runs (hegel_store.giving_way).
    """

    def __init__(self, engine: Engine, diagnose: Callable[[Engine], object]) -> None:
        self._engine = engine
        self._diagnose = diagnose
        options = engine.get_execution_options()
        self.while_evaluating: WhileEvaluating = options.get(GIVES_WAY, "go_on")
        self.corpus: str | None = options.get(BOUND_TO)
        server = options.get(SERVER)
        self.info: dict[Any, Any] = {} if server is None else {SERVER: server}

    def execute(self, statement: Executable, parameters: Any = None) -> Result[Any]:
        """Run one statement and return its rows, all fetched.

        Raises OutcomeUnknown for one that writes and was sent, and whose answer did not come.
        """
        with self._diagnosed(), _known(), self._engine.connect() as connection:
            # The driver's switch: SQLAlchemy's isolation level costs ten times as much, here and
            # again when the connection goes back.
            driver: Any = connection.connection.driver_connection
            driver.autocommit = True
            result = connection.execute(statement, parameters)
            if result.cursor is not None and result.returns_rows:
                # As Result.freeze() does, for a fifth of its price.
                result.cursor_strategy = FullyBufferedCursorFetchStrategy(
                    result.cursor, initial_buffer=result.cursor.fetchall()
                )
            return result

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One connection in a transaction, for the calls that need several statements.

        Raises OutcomeUnknown when the connection broke during COMMIT.
        """
        with (
            self._diagnosed(),
            self._engine.connect() as connection,
            connection.begin() as transaction,
        ):
            yield connection
            with committing():
                transaction.commit()

    @contextmanager
    def _diagnosed(self) -> Iterator[None]:
        """Say which side is behind, once the connection is back in the pool: looking needs one."""
        try:
            yield
        except (exc.ProgrammingError, MigrationRequired) as error:
            if failure_of(error) is Failure.SCHEMA or isinstance(error, MigrationRequired):
                self._diagnose(self._engine)
            raise


Executor = Session | Connection | Autocommit
"""What a repository runs its statements on."""


def bound_to(session: Executor) -> str | None:
    """The corpus that the session's transactions are told, of a store that is bound to one."""
    if isinstance(session, Autocommit):
        return session.corpus
    source = session.get_bind() if isinstance(session, Session) else session
    corpus: str | None = source.get_execution_options().get(BOUND_TO)
    return corpus


@contextmanager
def _known() -> Iterator[None]:
    try:
        yield
    except exc.DBAPIError as error:
        if not leaves_unknown(error):
            raise
        raise OutcomeUnknown(
            f"the connection broke before the answer to a statement that writes: {error.orig}"
        ) from error


@contextmanager
def committing() -> Iterator[None]:
    """Say of a COMMIT without an answer that its outcome is unknown."""
    try:
        yield
    except exc.DBAPIError as error:
        if failure_of(error) not in (Failure.BROKEN, Failure.POOLER):
            raise
        raise OutcomeUnknown(f"the connection broke during COMMIT: {error.orig}") from error


@contextmanager
def translated(constraints: dict[str, HegelStoreError] | None = None) -> Iterator[None]:
    """Turn the driver's errors into ours.

    ``constraints`` maps names of constraints that the statement may violate to the error that
    says so in the caller's words.
    """
    try:
        yield
    except exc.DBAPIError as error:
        name = constraint_of(error)
        if name is not None and constraints is not None and name in constraints:
            raise constraints[name] from error
        raise error_of(error) from error
    except (exc.TimeoutError, psycopg.Error) as error:
        raise error_of(error) from error
    except exc.InvalidRequestError as error:
        # A unit of work that is used after its end, or closed in its middle.
        raise DatabaseError(str(error)) from error


@contextmanager
def one_snapshot(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads, and in which nothing changes.

    Begun so, and not told so by its first statement: on a bound connection that is the second one.
    """
    with engine.connect() as connection:
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection
