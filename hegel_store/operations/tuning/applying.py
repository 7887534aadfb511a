"""Changing the server's settings, all of them or none, and taking the change back.

ALTER SYSTEM writes postgresql.auto.conf, which the server reads when it is told to reload: until
then a change that was refused half-way has changed nothing, and is undone.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from sqlalchemy import Connection, Engine, exc

from hegel_store.database import translated
from hegel_store.errors import InvalidInput, PermissionDenied
from hegel_store.failures import NO_RIGHT, UNSUPPORTED, Failure, error_of, failure_of, sqlstate_of
from hegel_store.models.checks import check_text
from hegel_store.models.server_settings import (
    AppliedSetting,
    AppliedSettings,
    Machine,
    Outcome,
    ServerSetting,
    ServerSettings,
    SettingChange,
    Stage,
    Storage,
)
from hegel_store.operations.tuning import statements
from hegel_store.operations.tuning.planning import plan_settings
from hegel_store.operations.tuning.reading import read_settings, settings_of
from hegel_store.operations.tuning.restarting import EmbeddedRestart

RELOAD_SECONDS = 10.0
"""How long the server may take until it shows what it was told to read."""


def apply_settings(
    engine: Engine, values: Mapping[str, str], *, restart: bool = False
) -> AppliedSettings:
    """Give the server these settings by ALTER SYSTEM, and see what became of them.

    All or none: where the server refuses one, those before it are undone. With ``restart`` the
    embedded server is restarted where that is needed, which breaks everybody's connections; where
    it does not start, it gets its former settings back, and runs on.

    Raises InvalidInput for a setting that there is not or a value that the server refuses,
    PermissionDenied where the role may not (a superuser may), ConfigurationError where ``restart``
    is asked of another server than the embedded one of this process, or it did not start.
    """
    return apply_changes(engine, changes_to(read_settings(engine), values), restart=restart)


def apply_stage(
    engine: Engine,
    stage: Stage,
    machine: Machine,
    *,
    storage: Storage = "ssd",
    restart: bool = False,
) -> AppliedSettings:
    """Apply what plan_settings() says for a stage. Raises what apply_settings() does."""
    before = read_settings(engine)
    planned = plan_settings(before, machine, [stage], storage=storage)
    values = {each.name: each.wanted for each in planned}
    return apply_changes(engine, changes_to(before, values), restart=restart)


def roll_back(engine: Engine, to: ServerSettings, *, restart: bool = False) -> AppliedSettings:
    """Set and reset what differs from a snapshot, and nothing else.

    Raises what apply_settings() does.
    """
    return apply_changes(engine, changes_back(read_settings(engine), to), restart=restart)


class SettingsChange:
    """A change of settings that can be taken back: change() and revert(), each of which says what
    became of it. revert() goes back to what was there at the last change()."""

    def __init__(self, engine: Engine, values: Mapping[str, str], *, restart: bool = False) -> None:
        self._engine = engine
        self._values = dict(values)
        self._restart = restart
        self._before: ServerSettings | None = None

    def change(self) -> AppliedSettings:
        """Apply it. Raises what apply_settings() does."""
        before = read_settings(self._engine)
        # Without it, nothing can be changed either. Before the change, as half of it may be made.
        self._before = before if before.shows_altered else None
        return apply_settings(self._engine, self._values, restart=self._restart)

    def revert(self) -> AppliedSettings | None:
        """Take it back; None where nothing was changed. Raises what roll_back() does."""
        if self._before is None:
            return None
        return roll_back(self._engine, self._before, restart=self._restart)


def changes_to(server: ServerSettings, values: Mapping[str, str]) -> Sequence[SettingChange]:
    """What ALTER SYSTEM has to do for these values, by name; nothing for what is set to them.

    Raises InvalidInput for a setting that the server does not show, or that nobody can change.
    """
    changes = []
    for name in sorted(values):
        now, wanted = server[name], check_text(name, values[name])
        if now.context == "internal":
            raise InvalidInput(name, "belongs to how the server was built, and cannot be changed")
        if now.pending_restart or not now.is_set_to(wanted):
            changes.append(
                SettingChange(name=name, now=now.value, former=now.altered, wanted=wanted)
            )
    return changes


def changes_back(server: ServerSettings, to: ServerSettings) -> Sequence[SettingChange]:
    """What ALTER SYSTEM has to do to get back to a snapshot, by name.

    What ALTER SYSTEM had set then is set, and what it has set since is reset. In a snapshot by a
    role that did not see that, values count: those that differ are set, or reset where they were
    the default. What the snapshot does not name stays: secrets, for one.
    """
    changes = []
    for name in sorted(to.settings.keys() & server.settings.keys()):
        then, now = to[name], server[name]
        if now.context == "internal":
            continue
        if to.shows_altered:
            is_same = then.altered == now.altered
            wanted = then.altered
        else:
            is_same = now.is_set_to(then.value)
            wanted = None if then.source == "default" else then.value
        if not is_same:
            changes.append(
                SettingChange(name=name, now=now.value, former=now.altered, wanted=wanted)
            )
    return changes


def apply_changes(
    engine: Engine, changes: Sequence[SettingChange], *, restart: bool = False
) -> AppliedSettings:
    """Carry out what changes_to() or changes_back() found. Raises what apply_settings() does."""
    before = read_settings(engine)
    restarting = EmbeddedRestart(engine) if restart else None
    if not changes:
        return AppliedSettings(before=before, settings=(), restarted=False)
    if not before.shows_altered:
        raise PermissionDenied(
            "the role does not see pg_file_settings, and would not know what to go back to: "
            "ALTER SYSTEM is for a superuser",
            NO_RIGHT,
        )
    with (
        translated(),
        engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
    ):
        _alter(connection, changes)
        asked_at = connection.execute(statements.NOW).scalar_one()
        connection.execute(statements.RELOAD)
    after = _reloaded(engine, asked_at)
    restarted = restarting is not None and any(
        _outcome(after[each.name], each) == "restart" for each in changes
    )
    if restarting is not None and restarted:
        restarting.run()
        after = _reloaded(engine, asked_at)
    applied = [
        AppliedSetting(
            name=each.name,
            before=each.now,
            wanted=each.wanted,
            now=after[each.name].value,
            outcome=_outcome(after[each.name], each),
        )
        for each in changes
    ]
    return AppliedSettings(before=before, settings=applied, restarted=restarted)


def _alter(connection: Connection, changes: Sequence[SettingChange]) -> None:
    for done, each in enumerate(changes):
        try:
            _send(connection, each.name, each.wanted)
        except exc.DBAPIError as error:
            with suppress(exc.DBAPIError):
                for former in reversed(changes[:done]):
                    _send(connection, former.name, former.former)
            state = sqlstate_of(error)
            if state in (NO_RIGHT, UNSUPPORTED):  # the latter for allow_alter_system = off
                raise PermissionDenied(str(error.orig).strip(), state) from error
            if failure_of(error) is Failure.DATA:
                raise InvalidInput(each.name, str(error_of(error)).splitlines()[0]) from error
            raise


def _send(connection: Connection, name: str, value: str | None) -> None:
    connection.exec_driver_sql(
        statements.alter(name, value), execution_options={"no_parameters": True}
    )


def _reloaded(engine: Engine, asked_at: datetime) -> ServerSettings:
    """The settings, once the server has read its files, or has had time enough for it: it is told
    to by a signal."""
    deadline = time.monotonic() + RELOAD_SECONDS
    with translated(), engine.connect() as connection:
        while time.monotonic() < deadline:
            if connection.execute(statements.HAS_RELOADED, {"asked_at": asked_at}).scalar_one():
                break
            connection.rollback()
            time.sleep(0.02)
        connection.rollback()
        return settings_of(connection)


def _outcome(now: ServerSetting, change: SettingChange) -> Outcome:
    # In this order: "pending_restart" outlives the change that was pending, where it is reset.
    is_done = not now.from_altered if change.wanted is None else now.is_set_to(change.wanted)
    if is_done:
        return "effective"
    if now.pending_restart:
        return "restart"
    if now.source in ("database", "user", "database user", "command line"):
        return "overridden"
    return "not effective"
