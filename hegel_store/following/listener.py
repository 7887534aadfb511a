"""The thread that keeps a connection open to hear of changes."""

from __future__ import annotations

import logging
import random
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg
import tenacity

from hegel_store.errors import HegelStoreError
from hegel_store.following.audience import Audience
from hegel_store.following.keys import CHANNEL, EVERYTHING
from hegel_store.following.line import Hushed, Line

logger = logging.getLogger("hegel_store")

PROBE_SECONDS = 5.0
"""A connection on which nothing was heard for so long is asked whether it is alive."""
ANSWER_SECONDS = 5.0
"""And it is given up when it has not answered for so long."""
FIRST_WAIT = 0.1
LONGEST_WAIT = 5.0
"""Seconds between attempts to connect: random, and longer from one to the next."""
RECHECK_SECONDS = 60.0
"""Where nothing can be listened to, it is tried again now and then: a standby may be promoted."""

WHERE = b"SELECT pg_backend_pid(), pg_is_in_recovery()"
LISTEN = f"LISTEN {CHANNEL}".encode()


class Listener(threading.Thread):
    """Tells the audience what it hears, and that it may have missed something whenever it begins
    to hear. A server that is away, or a wire that is cut, is connected to again."""

    def __init__(self, connect: Callable[[], psycopg.Connection[Any]], audience: Audience) -> None:
        super().__init__(name="hegel_store listener", daemon=True)
        self._connect = connect
        self._audience = audience
        self._ending = threading.Event()
        self._waker, self._other_end = socket.socketpair()
        self._is_away = False

    def end(self) -> None:
        """Let the thread end, soon. Also called when nobody holds the store any more."""
        self._ending.set()
        with suppress(OSError):
            self._other_end.send(b".")

    def run(self) -> None:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type((HegelStoreError, psycopg.Error, OSError)),
            wait=tenacity.wait_random_exponential(FIRST_WAIT, max=LONGEST_WAIT),
            stop=tenacity.stop_when_event_set(self._ending),
            sleep=tenacity.sleep_using_event(self._ending),
            before_sleep=self._note_attempt,
            reraise=True,
        )
        try:
            while not self._ending.is_set():
                with suppress(HegelStoreError, psycopg.Error, OSError):  # it has to end
                    line = retrying(self._open)
                    self._listen(line)
        except Hushed:
            pass
        except Exception:
            self._audience.fall_back("the listener failed")
            logger.exception("the listener failed")

    def _open(self) -> Line:
        connection = self._connect()
        try:
            connection.autocommit = True
            line = Line(connection, self._waker)
            pid, is_standby = line.ask(WHERE, ANSWER_SECONDS)
            if pid != str(connection.info.backend_pid).encode():
                self._audience.fall_back("a pooler stands in between")
            elif is_standby == b"t":
                self._audience.fall_back("the server is a standby")
            else:
                line.ask(LISTEN, ANSWER_SECONDS)
                self._audience.can_hear()
                if self._is_away:
                    logger.warning("new profiles are heard of again")
            self._is_away = False
        except BaseException:
            connection.close()
            raise
        return line

    def _listen(self, line: Line) -> None:
        """Until the connection is lost, or what it leads to may have changed."""
        try:
            if not self._audience.is_heard:
                line.close()
                self._ending.wait(RECHECK_SECONDS)
                return
            while True:
                payloads = line.hear(PROBE_SECONDS)
                if not payloads:
                    line.ask(b"", ANSWER_SECONDS)
                for payload in payloads:
                    self._audience.tell(None if payload == EVERYTHING else payload)
        except (HegelStoreError, psycopg.Error, OSError) as error:
            self._note(error)
            # One that is lost again and again is not to keep the processor busy.
            self._ending.wait(FIRST_WAIT * random.random())
        finally:
            line.close()

    def _note_attempt(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome is not None else None
        self._note(error)

    def _note(self, error: BaseException | None) -> None:
        """Say it once, and have everybody look for themselves."""
        if not self._is_away:
            logger.warning("new profiles are not heard of, and are looked for: %s", error)
        self._is_away = True
        self._audience.cannot_hear()
