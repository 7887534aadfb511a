"""What went wrong, and whether it may be tried again: the one place that knows SQLSTATEs.

A code alone does not tell. Three kinds have none: a connection that broke without a word, one that
was never had, and a statement that the driver itself refuses. Nor does a class of codes: 57 holds
57P01, after which everything may be run again, and 57014, after which nothing may. The texts of
messages are never read, as a server may speak any language.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache

import psycopg
from sqlalchemy import exc

from hegel_store.errors import (
    DatabaseError,
    DatabaseUnavailable,
    MigrationRequired,
    PermissionDenied,
    PoolExhausted,
    StatementTimeout,
    TransactionConflict,
)


class Failure(Enum):
    """The kinds of failure of a database. The value is the error of our tree; its ``retryable``
    decides whether the transaction may simply be run again."""

    def __new__(cls, name: str, error: type[DatabaseError]) -> Failure:
        member = object.__new__(cls)
        member._value_ = name
        return member

    def __init__(self, name: str, error: type[DatabaseError]) -> None:
        self.error = error

    CONFLICT = "deadlock or serialization failure", TransactionConflict
    LOCK = "lock timeout", TransactionConflict
    MONTH = "no month for a step", TransactionConflict
    TIMEOUT = "statement or transaction timeout", StatementTimeout
    IDLE = "idle in a transaction", StatementTimeout
    READ_ONLY = "the server is read-only", DatabaseUnavailable
    BROKEN = "the connection broke", DatabaseUnavailable
    UNREACHABLE = "no connection was to be had", DatabaseUnavailable
    POOL = "no pooled connection became free", PoolExhausted
    POOLER = "the pooler broke it off", PoolExhausted
    POOLED_STATEMENT = "a prepared statement behind a pooler", DatabaseError
    RIGHTS = "a right is missing", PermissionDenied
    SCHEMA = "a table, column or function is missing", MigrationRequired
    OBJECT = "a type or operator is missing", DatabaseError
    CONSTRAINT = "a constraint is violated", DatabaseError
    DATA = "a value is refused", DatabaseError
    LIMIT = "a limit of the server", DatabaseError
    OTHER = "anything else", DatabaseError


CODES = {
    "40001": Failure.CONFLICT,  # serialization_failure
    "40P01": Failure.CONFLICT,  # deadlock_detected
    "55P03": Failure.LOCK,  # lock_not_available
    "57014": Failure.TIMEOUT,  # query_canceled
    "25P04": Failure.TIMEOUT,  # transaction_timeout
    "25P03": Failure.IDLE,  # idle_in_transaction_session_timeout
    "25006": Failure.READ_ONLY,  # read_only_sql_transaction
    "57P01": Failure.BROKEN,  # admin_shutdown
    "57P02": Failure.BROKEN,  # crash_shutdown
    "57P03": Failure.BROKEN,  # cannot_connect_now
    "57P05": Failure.BROKEN,  # idle_session_timeout
    "53300": Failure.UNREACHABLE,  # too_many_connections
    "08P01": Failure.POOLER,  # protocol_violation: all that PgBouncer says
    "42P05": Failure.POOLED_STATEMENT,  # duplicate_prepared_statement
    "26000": Failure.POOLED_STATEMENT,  # invalid_sql_statement_name
    "42501": Failure.RIGHTS,  # insufficient_privilege
    "42P01": Failure.SCHEMA,  # undefined_table
    "42703": Failure.SCHEMA,  # undefined_column
    "42883": Failure.SCHEMA,  # undefined_function
    "42704": Failure.OBJECT,  # undefined_object
}
CLASSES = {
    "22": Failure.DATA,
    "23": Failure.CONSTRAINT,
    "54": Failure.LIMIT,
}
"""By the first two characters, for codes that are not among CODES."""

UNIQUE = "23505"
UNSUPPORTED = "0A000"
FOREIGN_KEY = "23503"
CHECK = "23514"
TOO_COMPLEX = "54001"
NO_RIGHT = "42501"
NO_SCHEMA = "3F000"
SPOILT = "25P02"
NOT_READY = "55000"
CONCURRENT_UPDATE = "XX000"  # of two who replace one function at the same moment
"""Codes that are asked for, or given to errors of our own, one by one."""

_WRITES = re.compile(
    r"(?<!FOR )(?<!KEY )\b(?:INSERT|UPDATE|DELETE|MERGE|COPY)\b"
    # These begin a statement, and are names or arguments elsewhere.
    r"|\A(?>\s|--[^\n]*|/\*.*?\*/)*+"
    r"(?:TRUNCATE|CREATE|ALTER|DROP|GRANT|REVOKE|COMMENT|REFRESH|IMPORT|CALL|DO)\b",
    re.IGNORECASE | re.DOTALL,
)


def sqlstate_of(error: BaseException) -> str | None:
    """The five characters, of SQLAlchemy's errors, the driver's and ours; None without any."""
    source = error.orig if isinstance(error, exc.DBAPIError) else error
    state = getattr(source, "sqlstate", None)
    return state if isinstance(state, str) else None


def constraint_of(error: BaseException) -> str | None:
    """The constraint that was violated, if the server named one."""
    source = error.orig if isinstance(error, exc.DBAPIError) else error
    name = getattr(getattr(source, "diag", None), "constraint_name", None)
    return name if isinstance(name, str) else None


def failure_of(error: BaseException) -> Failure:
    """The kind of an error that SQLAlchemy, the driver or this package raised."""
    state = sqlstate_of(error)
    if isinstance(error, DatabaseUnavailable | PoolExhausted) and state is None:
        return Failure.POOL if isinstance(error, PoolExhausted) else Failure.UNREACHABLE
    if isinstance(error, exc.TimeoutError):
        return Failure.POOL
    if state == CHECK and not isinstance(error, DatabaseError) and constraint_of(error) is None:
        return Failure.MONTH  # a row that finds no partition violates a check without a name
    if state in CODES:
        return CODES[state]
    if isinstance(error, exc.DBAPIError):
        if error.connection_invalidated:
            return Failure.BROKEN
        if error.statement is None and isinstance(error.orig, psycopg.OperationalError):
            return Failure.UNREACHABLE
    return CLASSES.get((state or "")[:2], Failure.OTHER)


def lacks_lock(error: BaseException) -> bool:
    """Whether a lock was not to be had, in time or at all: the transaction may try once more."""
    return failure_of(error) is Failure.LOCK or sqlstate_of(error) == "40P01"


def is_refusal(error: BaseException) -> bool:
    """Whether the values themselves are refused, and would be however often they are sent."""
    return failure_of(error) in (Failure.DATA, Failure.CONSTRAINT, Failure.LIMIT)


def leaves_unknown(error: exc.DBAPIError) -> bool:
    """Whether nobody knows if a statement that commits by itself was carried out: it was sent, it
    writes, and no answer came. A pooler says the same of a statement that waited in vain for a
    connection and of one whose connection was lost."""
    return (
        failure_of(error) in (Failure.BROKEN, Failure.POOLER)
        and error.statement is not None
        and writes(error.statement)
    )


@lru_cache(maxsize=1024)
def writes(statement: str) -> bool:
    """Whether it inserts, updates or deletes, however deep inside, or begins with another command
    that writes. A function that a SELECT calls is not looked into."""
    return _WRITES.search(statement) is not None


def error_of(error: exc.DBAPIError | exc.TimeoutError | psycopg.Error) -> DatabaseError:
    """The error of our tree that says it."""
    failure, state = failure_of(error), sqlstate_of(error)
    message = str(error.orig if isinstance(error, exc.DBAPIError) else error).strip()
    return failure.error(_explained(failure, message), state)


def _explained(failure: Failure, message: str) -> str:
    """The server's words, with the remedy where there is one."""
    first = message.partition("\n")[0]
    match failure:
        case Failure.POOL:
            return f"no pooled connection became free in time ({message})"
        case Failure.POOLER:
            return f"{message} (the pooler in between has no server connection to spare)"
        case Failure.MONTH:
            return f"{first}: its month is being archived, or was dropped just now"
        case Failure.IDLE:
            return f"{message} (a block was left open without a statement: do slow work outside)"
        case Failure.POOLED_STATEMENT:
            return (
                f"{message} (is there a transaction pooler in between? connect with pgbouncer=True)"
            )
        case Failure.OBJECT:
            return f"{message} (is pgvector's schema on the search_path? `hegel-store check` tells)"
        case Failure.RIGHTS:
            return (
                f"{message} (is row-level security on? connect with corpus=..., "
                "`hegel-store isolation status` tells; `hegel-store roles verify` tells of grants)"
            )
        case Failure.SCHEMA:
            return (
                f"the schema is not the one this package needs ({first}): "
                "run `hegel-store upgrade`, and `hegel-store check` to see which side is behind"
            )
        case _:
            return message
