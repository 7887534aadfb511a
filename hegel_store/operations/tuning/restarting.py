"""Restarting the embedded server, for settings that are read at the start alone."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

from hegel_store import embedded
from hegel_store.database import translated
from hegel_store.operations.tuning import statements


class EmbeddedRestart:
    """Remembers what ALTER SYSTEM has set by now, to be put back where the server does not start.

    Raises ConfigurationError where the engine's server is not the embedded one of this process,
    and PermissionDenied for a role that may not see where it keeps its data.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        with translated(), engine.connect() as connection:
            self._folder = Path(connection.execute(statements.DATA_DIRECTORY).scalar_one())
        self._former = embedded.altered_settings(self._folder)

    def run(self) -> None:
        """Restart it. Raises ConfigurationError where it did not start with what is set now."""
        try:
            embedded.restart(self._folder, self._former)
        finally:
            self._engine.dispose()
