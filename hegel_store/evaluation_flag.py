"""The flag that an evaluation raises for as long as it runs, for background work to give way.

It is an advisory lock of a transaction that is kept open, on a connection of its own. A lock of a
session would outlive its client behind a transaction pooler; that of a transaction ends with it,
however it ends. The transaction has no snapshot between two statements, so that it holds up no
vacuum, and its allowance for being idle is the lease: a holder that says nothing for so long loses
the flag.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import IsolationLevel

from hegel_store.answering import within
from hegel_store.errors import ConfigurationError, DatabaseUnavailable, HegelStoreError

logger = logging.getLogger("hegel_store")

ANSWER_SECONDS = 5.0
"""For the server to raise, renew or lower it."""

LEASE_SECONDS = 30.0
"""How long the flag of a holder that hangs stays up."""

KEY = "hashtextextended('hegel_store is evaluated in ' || current_schema(), 0)"
"""One flag for each installation in a database."""

PREPARE = """
SELECT
    pg_is_in_recovery() AS is_standby,
    set_config('idle_in_transaction_session_timeout', %(lease)s, true),
    set_config('statement_timeout', '0', true),
    (SELECT set_config(name, '0', true) FROM pg_catalog.pg_settings
     WHERE name = 'transaction_timeout')
"""
RAISE = f"SELECT pg_advisory_xact_lock_shared({KEY})"
RENEW = "SELECT"

Connect = Callable[[], psycopg.Connection[Any]]


class EvaluationFlag:
    """Raises the flag by a thread that renews it each third of ``lease`` seconds."""

    def __init__(self, connect: Connect, *, lease: float = LEASE_SECONDS) -> None:
        self._connect = connect
        self._lease = lease

    @contextmanager
    def raised(self) -> Iterator[None]:
        """Keep it up while the block runs; lost with a connection, it is raised anew.

        Raises DatabaseUnavailable where it cannot be raised at first, and ConfigurationError on a
        standby.
        """
        connection = self._raise()
        ended = threading.Event()
        keeper = threading.Thread(
            target=self._keep, args=(connection, ended), name="hegel-evaluating", daemon=True
        )
        keeper.start()
        try:
            yield
        finally:
            ended.set()
            keeper.join()

    def _raise(self) -> psycopg.Connection[Any]:
        connection = self._connect()
        try:
            # A snapshot that is kept, as in the other levels, would hold up vacuum.
            connection.isolation_level = IsolationLevel.READ_COMMITTED
            lease = f"{round(self._lease * 1000)}ms"
            with within(ANSWER_SECONDS):
                row = connection.execute(PREPARE, {"lease": lease}).fetchone()
                if row is None or row[0]:
                    raise ConfigurationError(
                        "an evaluation is announced on the primary: nobody would see it on a "
                        "standby"
                    )
                connection.execute(RAISE)
        except psycopg.Error as error:
            connection.close()
            raise DatabaseUnavailable(f"the evaluation cannot be announced: {error}") from error
        except HegelStoreError:
            connection.close()
            raise
        return connection

    def _keep(self, connection: psycopg.Connection[Any] | None, ended: threading.Event) -> None:
        while not ended.wait(self._lease / 3):
            try:
                if connection is None:
                    connection = self._raise()
                else:
                    with within(ANSWER_SECONDS):
                        connection.execute(RENEW)
            except (HegelStoreError, psycopg.Error) as error:
                logger.warning("nobody knows of the evaluation meanwhile: %s", error)
                if connection is not None:
                    connection.close()
                connection = None
        if connection is not None:
            with suppress(psycopg.Error), within(ANSWER_SECONDS):
                connection.rollback()
            connection.close()
