"""Changing data in batches: importing this in ``env.py`` gives ``op.run_in_batches`` to every
revision."""

from __future__ import annotations

import logging
import re
import time
from dataclasses import dataclass

from alembic.operations import MigrateOperation, Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import bindparam, text
from sqlalchemy.dialects import postgresql

from hegel_store.errors import InvalidInput
from hegel_store.migrate.statements import (
    connection_of,
    literal,
    one_transaction,
    outside_transactions,
    send,
    temporarily,
)
from hegel_store.models.checks import check_integer, check_number, check_text

logger = logging.getLogger("hegel_store.migrate")

MAX_BATCH = 1000
"""Rows that are locked together, and for how long replicas and writers wait for them."""

# A lock on the rows that are picked, and what only looks like one: literals and comments.
LOCKS = re.compile(r"\bFOR\s+(?:NO\s+KEY\s+)?UPDATE\b", re.IGNORECASE)
NOT_SQL = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)


@Operations.register_operation("run_in_batches")
@dataclass
class RunInBatches(MigrateOperation):
    statement: str
    size: int
    pause: float

    @classmethod
    def run_in_batches(
        cls, operations: Operations, statement: str, *, size: int = 1000, pause: float = 0.0
    ) -> None:
        """Run ``statement`` again and again, each time a transaction, until it changes no row.

        It has to pick, with ``LIMIT :batch``, rows that still need the change, so that it goes on
        where an interrupted attempt stopped, and to lock them while it picks them::

            UPDATE hegel_facts SET intent = 'unknown'
            WHERE (corpus_id, id) IN (
                SELECT corpus_id, id FROM hegel_facts WHERE intent IS NULL
                LIMIT :batch FOR UPDATE
            )

        Without the lock, a value that somebody else commits in between would be overwritten: the
        row would be changed as one that was picked, whatever it holds by then.

        ``size`` is 1..1000 rows, ``pause`` seconds between two batches. A colon that begins no
        parameter is written ``\\:``.

        Raises InvalidInput for a statement without ``:batch`` or with another parameter, for one
        without ``FOR UPDATE`` or ``FOR NO KEY UPDATE``, for one that skips locked rows, which
        would be left as they are, and, after rolling back, for one that changes more rows than
        ``size``.
        """
        check_text("statement", statement)
        if set(text(statement).compile().params) != {"batch"}:
            raise InvalidInput("statement", "must have the parameter :batch and no other")
        if not LOCKS.search(NOT_SQL.sub(" ", statement)):
            raise InvalidInput(
                "statement",
                "must lock the rows that it picks, FOR UPDATE or FOR NO KEY UPDATE: what others "
                "change meanwhile would be overwritten",
            )
        if "SKIP LOCKED" in " ".join(statement.upper().split()):
            raise InvalidInput("statement", "must not skip locked rows: nobody comes back for them")
        check_integer("size", size, minimum=1, maximum=MAX_BATCH)
        if check_number("pause", pause) < 0:
            raise InvalidInput("pause", "must not be negative")
        operations.invoke(cls(statement, size, pause))


@Operations.implementation_for(RunInBatches)
def _run_in_batches(operations: Operations, operation: RunInBatches) -> None:
    context = operations.get_context()
    with outside_transactions(context):
        if context.as_sql:
            # All batches are one statement here, which the timeout of one must not end.
            with temporarily(context, {"statement_timeout": 0}):
                send(context, _loop(operation))
        else:
            _run(context, operation)


def _run(context: MigrationContext, operation: RunInBatches) -> None:
    connection = connection_of(context)
    statement, changed = text(operation.statement), 0
    while True:
        with one_transaction(connection):
            batch = connection.execute(statement, {"batch": operation.size}).rowcount
            if batch > operation.size:
                raise InvalidInput(
                    "statement",
                    f"changes {batch} rows at once instead of {operation.size}: LIMIT it by :batch",
                )
        if batch <= 0:
            return
        changed += batch
        logger.info("%d rows changed", changed)
        time.sleep(operation.pause)


def _loop(operation: RunInBatches) -> str:
    """The same as a DO block, which may commit where no transaction is open around it."""
    statement = (
        text(operation.statement)
        .bindparams(bindparam("batch", operation.size))
        .compile(
            dialect=postgresql.dialect(paramstyle="named"),  # type: ignore[no-untyped-call]
            compile_kwargs={"literal_binds": True},
        )
    )
    body = f"""
DECLARE
    changed bigint;
BEGIN
    LOOP
        EXECUTE {_dollar_quoted(str(statement), "batch")};
        GET DIAGNOSTICS changed = ROW_COUNT;
        EXIT WHEN changed = 0;
        COMMIT;
        PERFORM pg_sleep({literal(operation.pause)});
    END LOOP;
END
"""
    return f"DO {_dollar_quoted(body, 'loop')}"


def _dollar_quoted(content: str, tag: str) -> str:
    while f"${tag}$" in content:
        tag += "_"
    return f"${tag}${content}${tag}$"
