"""What the server of forks has imported, so that its processes have it from their beginning.

It runs nothing of a test: a fork would have the locks of threads, and not the threads. Those that
numpy and pyarrow begin when they are imported know of forks.
"""

from __future__ import annotations

import gc
import importlib
from contextlib import suppress

from hegel_store import migrate

MODULES = (
    "alembic.command",
    "alembic.config",
    "hegel_store.adoption",
    "hegel_store.archive",
    "hegel_store.migrate.comparing",
    "hegel_store.migrate.dimensions",
    "hegel_store.migrate.indexes",
    "hegel_store.store",
    "hegel_store.transfer",
    "logging.config",
    "psycopg",
    "pyarrow.parquet",
    "pytest",
    "sqlalchemy.dialects.postgresql.psycopg",
)

for name in MODULES:
    with suppress(ImportError):  # an extra that is not installed
        importlib.import_module(name)
migrate.known_revisions()  # which it remembers
gc.collect()
gc.freeze()  # or the first collection of each process would copy all of this
