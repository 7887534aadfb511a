"""Alembic from Python, for the checkout and the wheel alike, and what a database's version means.

``versions`` knows what is applied, ``running`` applies, ``rights`` says what is missing on the
server. ``comparing`` extends Alembic itself and imports it, which the store does without until it
migrates.
"""

from hegel_store.migrate.running import TIMEOUTS, connection_to, downgrade, upgrade
from hegel_store.migrate.versions import (
    Phase,
    current_revision,
    discarded,
    known_revisions,
    require_current,
    scripts,
)

__all__ = [
    "TIMEOUTS",
    "Phase",
    "connection_to",
    "current_revision",
    "discarded",
    "downgrade",
    "known_revisions",
    "require_current",
    "scripts",
    "upgrade",
]
