"""Statements that are broken off when the server does not answer in time."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Executable, Result

from hegel_store.answering import within
from hegel_store.database import Autocommit

ANSWER_SECONDS = 10.0


class TimedAutocommit(Autocommit):
    """Runs each statement as Autocommit does, for ANSWER_SECONDS at most: then its connection is
    closed, and the caller gets the error of one that broke. The pool's question whether a
    connection that lay idle is alive counts."""

    def execute(self, statement: Executable, parameters: Any = None) -> Result[Any]:
        with within(ANSWER_SECONDS):
            return super().execute(statement, parameters)
