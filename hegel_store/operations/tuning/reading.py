"""What the server's settings are, whatever this session has set for itself."""

from __future__ import annotations

from sqlalchemy import Connection, Engine

from hegel_store.database import translated
from hegel_store.models.server_settings import ServerSetting, ServerSettings
from hegel_store.operations.tuning import statements


def read_settings(engine: Engine) -> ServerSettings:
    """The settings that the role may see, with what ALTER SYSTEM has set of them.

    What only this session or its client has set is left out; what is set for the role or the
    database is there, and its ``source`` says so. Raises DatabaseError.
    """
    with translated(), engine.connect() as connection:
        return settings_of(connection)


def settings_of(connection: Connection) -> ServerSettings:
    """The same on a connection that is in no transaction; leaves it so."""
    version = int(connection.execute(statements.VERSION).scalar_one())
    shows_altered = bool(connection.execute(statements.MAY_SEE_FILES).scalar_one())
    altered = {}
    if shows_altered:
        altered = {row.name: row.setting for row in connection.execute(statements.ALTERED)}
    connection.execute(statements.FORGET_SESSION)
    settings = {
        row.name: ServerSetting(**row._mapping, altered=altered.get(row.name.lower()))
        for row in connection.execute(statements.SETTINGS)
    }
    connection.rollback()
    return ServerSettings(version=version, shows_altered=shows_altered, settings=settings)
