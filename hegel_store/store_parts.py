"""What a store is put together from: where settings, database and repositories meet."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine

from hegel_store import migrate
from hegel_store.addresses import DatabaseAddress
from hegel_store.connector import Connector
from hegel_store.database import Database
from hegel_store.deadlines import TimedAutocommit
from hegel_store.embeddings.protocol import Embedder
from hegel_store.following import Notices
from hegel_store.giving_way import Pace
from hegel_store.replicas import Replicas, Standby
from hegel_store.repositories import (
    FactRepository,
    LabelRepository,
    PopulationRepository,
    ProfileRepository,
    RetrievalRepository,
    RunRepository,
    ScoreRepository,
    StepRepository,
)
from hegel_store.repositories.query_log import QueryLog
from hegel_store.repositories.result_cache import ResultCache
from hegel_store.repositories.spaces import Embedders, Spaces
from hegel_store.settings import Settings


class StoreParts:
    """The database, its standbys, and the repositories whose calls are committed one by one."""

    def __init__(
        self,
        address: DatabaseAddress,
        settings: Settings,
        embedder: Embedder | None = None,
        embedders: Embedders | None = None,
        replicas: Sequence[DatabaseAddress] = (),
    ) -> None:
        self.address = address
        self._spaces = Spaces(embedder, embedders)
        self.settings = settings
        self._database = Database(address, settings, migrate.require_current)
        self._replicas = Replicas(
            self._database,
            [
                Standby(
                    Database(one, settings, migrate.require_current, "standby"),
                    one,
                    pooled=settings.pgbouncer,
                )
                for one in replicas
            ],
            wait=settings.replica_wait,
            staleness=settings.replica_staleness,
            outage=settings.replica_outage,
            patience=settings.pool_timeout,
        )
        autocommit = self._database.autocommit
        self.profiles = ProfileRepository(autocommit)
        self.steps = StepRepository(autocommit)
        self.populations = PopulationRepository(autocommit, spaces=self._spaces)
        self._log = QueryLog(autocommit) if settings.query_log else None
        self.result_cache = (
            ResultCache(autocommit, settings.result_cache_seconds, settings.result_cache_bytes)
            if settings.result_cache
            else None
        )
        self.facts = FactRepository(
            autocommit, spaces=self._spaces, log=self._log, results=self.result_cache
        )
        self.labels = LabelRepository(autocommit, self._spaces.preferred)
        self.retrievals = RetrievalRepository(autocommit)
        self.runs = RunRepository(autocommit)
        self.scores = ScoreRepository(autocommit)
        self._looking = TimedAutocommit(self.engine, migrate.require_current)
        self._pace = Pace(autocommit)
        connect = None if settings.pgbouncer else Connector(address, settings)
        self._notices = Notices(connect, settings.follow_seconds)

    @property
    def engine(self) -> Engine:
        """The SQLAlchemy engine, for statements of your own."""
        return self._database.engine

    def _new_database(self) -> Database:
        database = Database(self.address, self.settings, migrate.require_current)
        self._replicas.watch(database.engine)
        return database
