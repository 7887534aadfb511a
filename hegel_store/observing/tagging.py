"""What the server is told of a statement: which call it belongs to, and which correlation.

The call's name is a comment in the statement, and the same in every statement of the call, so that
a statement is prepared as often as without it. The correlation's id varies: in a comment it would
make each statement another one, which is planned anew each time and crowds the others out of
pg_stat_statements. It is part of the session's application_name instead, and set when that differs
from what the connection last had.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import psycopg
from sqlalchemy import Engine, event, exc

from hegel_store.observing.correlation import correlation_id
from hegel_store.observing.seam import current_name, name_calls

SET_NAME = "SELECT set_config('application_name', %s, false)"

MOST_BYTES = 63
"""Of an application_name: the server cuts off what is more."""


def tag(engine: Engine, application_name: str) -> None:
    """Tag the statements of this engine from now on."""
    name_calls()

    def execute(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
        name = current_name()
        cursor.execute(statement if name is None else commented(statement, name), parameters)
        return True  # it is done

    def announce(connection: Any, record: Any, proxy: Any) -> None:
        correlation = correlation_id()
        if record.info.get("correlation") == correlation:
            return
        # Outside of a transaction, whose rollback would take the name back.
        try:
            before, connection.autocommit = connection.autocommit, True
            connection.execute(SET_NAME, [named(application_name, correlation)])
            connection.autocommit = before
        except psycopg.OperationalError as error:
            raise exc.DisconnectionError("the connection broke") from error
        record.info["correlation"] = correlation

    # The innermost event, as the others slow all of SQLAlchemy's execution down.
    event.listen(engine, "do_execute", execute)
    event.listen(engine, "checkout", announce)


@lru_cache(maxsize=1024)
def commented(statement: str, name: str) -> str:
    """The statement with the name of its call in a comment behind its first word.

    There it is among the first characters, which pg_stat_activity shows, and in what
    pg_stat_statements keeps, which begins at the first word.
    """
    return re.sub(r"^(\s*[A-Za-z]+)\b", rf"\1 /* hegel_store {name} */", statement, count=1)


def named(application_name: str, correlation: str | None) -> str:
    """The session's name: the application's, cut where it has to be, and the id."""
    if correlation is None:
        return application_name
    room = MOST_BYTES - len(correlation) - 1
    return f"{application_name.encode()[:room].decode(errors='ignore')} {correlation}"
