"""What a database says of itself to a scrape: how many facts, which revision, how far behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, text

from hegel_store.database import translated
from hegel_store.errors import HegelStoreError
from hegel_store.migrate.versions import current_revision
from hegel_store.observing.metrics import gauge

COUNTED_BYTES = 64 * 2**20
"""A table that is larger is not counted at every scrape: the planner's estimate is taken."""

COUNTS = text(
    """
    SELECT
        CASE WHEN pg_table_size('hegel_facts') <= :counted_bytes
            THEN (SELECT count(*) FROM hegel_facts WHERE deleted_at IS NULL)
            ELSE (SELECT CAST(reltuples AS bigint) FROM pg_catalog.pg_class
                  WHERE oid = CAST('hegel_facts' AS regclass))
        END AS facts,
        (SELECT count(*) FROM hegel_labels WHERE deleted_at IS NULL) AS labels
    """
)
# Standbys that were given no name of their own are all called "walreceiver": those of one name are
# told apart by their addresses, and where that does not do by the processes that serve them.
LAGS = text(
    """
    SELECT
        CASE
            WHEN count(*) OVER (PARTITION BY name) = 1 THEN name
            WHEN client_addr IS NOT NULL AND count(*) OVER (PARTITION BY name, client_addr) = 1
                THEN concat_ws(' ', name, host(client_addr))
            ELSE concat_ws(' ', name, host(client_addr), pid)
        END AS replica,
        coalesce(extract(epoch FROM replay_lag), 0) AS seconds,
        pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) AS bytes
    FROM pg_catalog.pg_stat_replication
    CROSS JOIN LATERAL (
        SELECT coalesce(nullif(application_name, ''), CAST(pid AS text)) AS name
    ) AS named
    WHERE NOT pg_is_in_recovery() AND replay_lsn IS NOT NULL
    ORDER BY replica
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How far a replica is behind: ``seconds`` by its last report, and bytes of WAL. ``replica`` is
    its application_name, with its address or process where several have the same."""

    replica: str
    seconds: float
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauges:
    """``facts`` and ``labels`` are live ones; ``facts`` of a large table is estimated, and counts
    what was deleted. ``revision`` is None where nothing is migrated."""

    facts: int
    labels: int
    revision: str | None
    lags: Sequence[Lag]


def read_gauges(engine: Engine) -> Gauges:
    """Short statements. Replicas are seen by a role with pg_monitor's rights. Raises
    DatabaseError."""
    with translated(), engine.begin() as connection:
        revision = current_revision(connection)
        counts = connection.execute(COUNTS, {"counted_bytes": COUNTED_BYTES}).one()
        lags = connection.execute(LAGS).all()
    return Gauges(
        facts=max(0, counts.facts),
        labels=counts.labels,
        revision=revision,
        lags=[
            Lag(replica=row.replica, seconds=float(row.seconds), bytes=int(row.bytes))
            for row in lags
        ],
    )


class DatabaseGauges:
    """A collector for a registry of prometheus-client: it looks at each scrape.

    While the database cannot be asked, hegel_database_up is 0 and the others are missing.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def describe(self) -> Sequence[Any]:
        """Nothing: or it would be asked when it is registered."""
        return []

    def collect(self) -> Iterator[Any]:
        """The families of this moment."""
        try:
            gauges = read_gauges(self._engine)
        except HegelStoreError:
            yield gauge("hegel_database_up", "1 when the database answers", [({}, 0)])
            return
        yield gauge("hegel_database_up", "1 when the database answers", [({}, 1)])
        yield gauge("hegel_facts", "Facts in the database", [({}, gauges.facts)])
        yield gauge("hegel_labels", "Labels in the database", [({}, gauges.labels)])
        if gauges.revision is not None:
            number = int(gauges.revision.partition(".")[0])
            yield gauge(
                "hegel_migration_version",
                "The number of the database's revision",
                [({"revision": gauges.revision}, number)],
            )
        yield gauge(
            "hegel_replica_lag_seconds",
            "Seconds that a replica is behind",
            [({"replica": lag.replica}, lag.seconds) for lag in gauges.lags],
        )
        yield gauge(
            "hegel_replica_lag_bytes",
            "Bytes of WAL that a replica has not replayed",
            [({"replica": lag.replica}, lag.bytes) for lag in gauges.lags],
        )
