"""Whether a store can work."""

from __future__ import annotations

from dataclasses import dataclass

from hegel_store import migrate
from hegel_store.addresses import DatabaseAddress
from hegel_store.database import Database, translated
from hegel_store.migrate.rights import require_pgvector, require_server
from hegel_store.models.replicas import ReplicaHealth
from hegel_store.replicas import Replicas


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What check_health() found: all of it well, or it would have raised. Only the standbys may be
    away."""

    address: str
    source: str
    server_version: str
    pgvector_version: str
    revision: str
    replicas: tuple[ReplicaHealth, ...] = ()


def check_health(database: Database, address: DatabaseAddress, replicas: Replicas) -> Health:
    """Look at the server, pgvector, the schema and the standbys. Raises what Store.check() does."""
    with translated():
        database.warm()
        with database.engine.connect() as connection:
            versions = require_server(connection)
            revision = migrate.require_current(database.engine)
            pgvector = require_pgvector(connection, versions)
    return Health(
        address=str(address),
        source=address.source,
        server_version=versions.server,
        pgvector_version=pgvector,
        revision=revision,
        replicas=replicas.health(),
    )
