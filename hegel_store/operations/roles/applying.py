"""Makes the roles as they should be, or takes them away, in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Connection, Engine

from hegel_store.database import translated
from hegel_store.errors import ConfigurationError
from hegel_store.models.roles import (
    DEFAULT_PREFIX,
    ROLES,
    Role,
    RoleDifference,
    check_prefix,
    role_name,
)
from hegel_store.operations.roles import statements
from hegel_store.operations.roles.examining import examined
from hegel_store.operations.roles.settings import DEFAULTS, RoleSettings
from hegel_store.retries import logged, until_locked

logger = logging.getLogger("hegel_store")

ATTEMPTS = 10
"""Of two seconds, with pauses: an owner changes only where a table is free for a moment."""


def apply(
    engine: Engine,
    *,
    prefix: str = DEFAULT_PREFIX,
    settings: Mapping[Role, RoleSettings] = DEFAULTS,
) -> list[RoleDifference]:
    """Run the remedies of all differences, all or none, and return the differences there were.

    Needs a superuser, or a role that may create roles and owns the database and what is in it,
    which becomes a member of the migrate role. Run again after an upgrade it needs the migrate
    role alone. Raises PermissionDenied, and what differences() does; TransactionConflict where
    somebody holds a table for longer than twenty seconds.
    """
    found: list[RoleDifference] = []

    def make_so(connection: Connection) -> None:
        found[:] = examined(connection, prefix, settings)
        _send(connection, *_script(connection, prefix, found))

    _alone(engine, make_so)
    return found


def plan(
    engine: Engine,
    *,
    prefix: str = DEFAULT_PREFIX,
    settings: Mapping[Role, RoleSettings] = DEFAULTS,
) -> list[str]:
    """The SQL that apply() would run now, to be run in one transaction; changes nothing."""
    with translated(), engine.connect() as connection:
        return _script(connection, prefix, examined(connection, prefix, settings))


def drop(engine: Engine, *, prefix: str = DEFAULT_PREFIX) -> list[str]:
    """Drop the roles, and give what they own to who is connected; returns the SQL that was run.

    Everybody who may use the schema can call the functions again, as before the roles were made.
    Raises ConfigurationError where one of these roles is who is connected, PermissionDenied, and
    DatabaseError where a role has something in another database still.
    """
    check_prefix(prefix)
    names = [role_name(prefix, role) for role in ROLES]
    done: list[str] = []

    def undo(connection: Connection) -> None:
        place = connection.execute(statements.PLACE).one()
        if place.me in names:
            raise ConfigurationError(f"connect as an administrator, not as {place.me}, to drop it")
        there = connection.execute(statements.ROLES_THERE, {"names": names}).all()
        functions = [
            f"{statements.quoted(place.home, row.name)}({row.arguments})"
            for row in connection.execute(statements.FUNCTIONS_THERE)
            if there and "PUBLIC" not in row.executors
        ]
        _send(connection, *(statements.become(row.name) for row in there if not row.may_become))
        done[:] = statements.undoing(prefix, [row.name for row in there], functions)
        _send(connection, *done)

    _alone(engine, undo)
    return done


def _script(connection: Connection, prefix: str, found: Sequence[RoleDifference]) -> list[str]:
    """The remedies, with what a role that is no superuser has to do before them."""
    place = connection.execute(statements.PLACE).one()
    remedies = [difference.remedy for difference in found]
    if place.is_superuser or not found:
        return remedies
    owner = role_name(prefix, "migrate")
    there = connection.execute(statements.ROLES_THERE, {"names": [owner]}).one_or_none()
    become = [] if there is not None and there.may_become else [statements.become(owner)]
    made = 0 if there is not None else 1  # the first remedy of all is then to make it
    return [statements.load_vector(place.vector_home), *remedies[:made], *become, *remedies[made:]]


def _alone(engine: Engine, change: Callable[[Connection], None]) -> None:
    """Call it in a transaction, one caller at a time, again where locks were not to be had."""

    def attempt() -> None:
        with engine.begin() as connection:
            connection.execute(statements.TAKE_TURNS)
            change(connection)

    with translated():
        until_locked(attempt, ATTEMPTS, logged(logger))


def _send(connection: Connection, *texts: str) -> None:
    for text in texts:
        connection.exec_driver_sql(text, execution_options={"no_parameters": True})
