"""A connection that hears notifications, and never waits for the server without a limit."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.pq import ExecStatus

from hegel_store.errors import DatabaseUnavailable

ANSWERED = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK, ExecStatus.EMPTY_QUERY)


class Hushed(Exception):
    """Somebody wrote to the waker: there is something else to do than to listen."""


class Line:
    """``waker`` is a socket; what arrives there ends any waiting here with Hushed."""

    def __init__(self, connection: psycopg.Connection[Any], waker: socket.socket) -> None:
        self._connection = connection
        self._server = connection.pgconn
        self._poller = select.poll()
        self._poller.register(connection.fileno(), select.POLLIN)
        self._poller.register(waker.fileno(), select.POLLIN)
        self._waker = waker

    def ask(self, query: bytes, seconds: float) -> Sequence[bytes | None]:
        """The first row of the answer, in text; empty where there is none.

        Raises DatabaseUnavailable when there is no answer in time, psycopg.Error for a refusal.
        """
        ends_at = time.monotonic() + seconds
        self._server.send_query(query)
        row: Sequence[bytes | None] = ()
        while True:
            while self._server.is_busy():
                if not self._is_readable(ends_at - time.monotonic()):
                    raise DatabaseUnavailable(f"the server did not answer within {seconds:g} s")
                self._server.consume_input()
            result = self._server.get_result()
            if result is None:
                return row
            if result.status not in ANSWERED:
                raise psycopg.errors.error_from_result(result)
            if result.ntuples:
                row = [result.get_value(0, column) for column in range(result.nfields)]

    def hear(self, seconds: float) -> set[str]:
        """The payloads that have arrived, waited for at most so long; empty when none has.

        Raises psycopg.OperationalError when the connection is lost.
        """
        payloads = self._heard()
        if not payloads and self._is_readable(seconds):
            self._server.consume_input()
            payloads = self._heard()
        return payloads

    def close(self) -> None:
        self._connection.close()

    def _heard(self) -> set[str]:
        payloads = set()
        while (notice := self._server.notifies()) is not None:
            payloads.add(notice.extra.decode())
        return payloads

    def _is_readable(self, seconds: float) -> bool:
        ready = {descriptor for descriptor, _ in self._poller.poll(max(0.0, seconds) * 1000)}
        if self._waker.fileno() in ready:
            raise Hushed
        return bool(ready)
