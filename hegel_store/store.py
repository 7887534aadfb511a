"""The store: where settings, database and repositories meet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar, Unpack

from sqlalchemy import URL, Engine
from sqlalchemy.orm import Session

from hegel_store import migrate
from hegel_store.connector import Connector
from hegel_store.database import Database, translated
from hegel_store.deadlines import TimedAutocommit
from hegel_store.embeddings.prewarming import Prewarming
from hegel_store.embeddings.protocol import Embedder
from hegel_store.erasure import Erasure
from hegel_store.errors import (
    ConfigurationError,
    EmbedderMissing,
    InvalidInput,
    MigrationRequired,
)
from hegel_store.following import Following, Notices, ProfileCache, ProfileFollower, follow
from hegel_store.health import Health, check_health
from hegel_store.journal import StepWriter, WriterOptions, spool_folder
from hegel_store.models import NewStep, PromptProfile, TrainingStep
from hegel_store.models.budgets import BudgetAlert
from hegel_store.models.checks import check_integer, check_number
from hegel_store.operations.baselines import Baselines
from hegel_store.operations.erasing import CorpusErasure, HashedCache
from hegel_store.operations.prompt_index import PromptIndex
from hegel_store.operations.reembed import Reembedding
from hegel_store.repositories import (
    Budget,
    FactRepository,
    LabelRepository,
    PopulationRepository,
    ProfileRepository,
    RetrievalRepository,
    RunRepository,
    ScoreRepository,
    StepRepository,
)
from hegel_store.repositories.learning import learn
from hegel_store.repositories.query_log import QueryLog, most_frequent_queries
from hegel_store.repositories.result_cache import ResultCache
from hegel_store.repositories.spaces import Embedders, Spaces
from hegel_store.retries import repeated
from hegel_store.settings import DatabaseAddress, Settings, resolve_address
from hegel_store.unit_of_work import UnitOfWork, commit

T = TypeVar("T")


class Store:
    """Profiles, steps, populations, facts, labels, retrievals, runs and scores of one database.

    Safe for threads, and after fork().

    The repositories on the store run each call as its own committed statement (add_many commits
    each batch, log_many all or nothing). ``begin()`` gives the same repositories in one
    transaction. ``result_cache`` is None unless the setting of this name is on.
    """

    def __init__(
        self,
        address: DatabaseAddress,
        settings: Settings,
        embedder: Embedder | None = None,
        embedders: Embedders | None = None,
    ) -> None:
        self.address = address
        self._spaces = Spaces(embedder, embedders)
        self.settings = settings
        self._database = self._new_database()
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
        connect = None if settings.pgbouncer else Connector(address, settings)
        self._notices = Notices(connect, settings.follow_seconds)

    @property
    def engine(self) -> Engine:
        """The SQLAlchemy engine, for statements of your own."""
        return self._database.engine

    def budget(
        self,
        corpus_id: str,
        *,
        tokens: int | None = None,
        cost: float | None = None,
        price: float = 0.0,
        on_alert: Callable[[BudgetAlert], object] | None = None,
    ) -> Budget:
        """What embedding for a corpus may cost in a calendar month, counted for all workers.

        See hegel_store.repositories.budgets.Budget; a BudgetedEmbedder spends it.
        """
        return Budget(
            self._database.autocommit,
            corpus_id,
            tokens=tokens,
            cost=cost,
            price=price,
            on_alert=on_alert,
        )

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        """One transaction: committed at the end of the block, rolled back on any error.

        A retryable error (TransactionConflict, DatabaseUnavailable) means that the whole block
        may be run again, as transact() does; OutcomeUnknown, that the connection broke during
        COMMIT. An error of the database spoils the transaction: a block that catches one and goes
        on raises DatabaseError at its end, and nothing of it is stored.
        """
        session = Session(self.engine, close_resets_only=False)
        try:
            yield UnitOfWork(
                session,
                ProfileRepository(session),
                StepRepository(session, months=self._database.autocommit),
                PopulationRepository(session, spaces=self._spaces),
                FactRepository(session, spaces=self._spaces, log=self._log),
                LabelRepository(session, self._spaces.preferred),
                RetrievalRepository(session),
                RunRepository(session),
                ScoreRepository(session),
            )
            commit(session)
        except MigrationRequired:
            session.close()
            migrate.require_current(self.engine)  # says which side is behind
            raise
        finally:
            session.close()

    def transact(
        self,
        block: Callable[[UnitOfWork], T],
        *,
        attempts: int = 5,
        seconds: float = 30.0,
        idempotent: bool = False,
    ) -> T:
        """What ``block`` returns, run in a begin() of its own and, after a retryable error, in
        another one, all of it, what it decides included.

        At most ``attempts`` times, none of which begins later than ``seconds`` after the first,
        with random pauses between them. ``idempotent`` says that the block may be run again where
        nobody knows whether it was stored (OutcomeUnknown). Raises what the last attempt did, as an
        error of ours where it came from a statement on the block's session.
        """
        check_integer("attempts", attempts, minimum=1)
        if check_number("seconds", seconds) < 0:
            raise InvalidInput("seconds", "must not be negative")

        def attempt() -> T:
            with translated(), self.begin() as work:
                return block(work)

        return repeated(attempt, attempts=attempts, seconds=seconds, idempotent=idempotent)

    def learn(
        self,
        step: NewStep,
        profile: Mapping[str, Any],
        *,
        expected_version: int | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> tuple[PromptProfile, TrainingStep]:
        """Log a step and append the profile that it produced, both or neither.

        The profile is the next version of the step's scope, based on the one that answered it; the
        step is logged with it as ``new_profile_id``. Called again with the same step, as after an
        unknown outcome, it returns what is stored. Raises what append() and log() do.
        """
        with self.begin() as work:
            return learn(work.profiles, work.steps, step, profile, expected_version, metadata)

    def reembed(
        self,
        corpus_id: str,
        space: str,
        embedder: Embedder | None = None,
        *,
        batch: int = 200,
        pause: float = 0.0,
    ) -> Reembedding:
        """The steps that move a space of a corpus to ``embedder``'s model: fill(), cut_over(),
        rollback(), discard(); and status()."""
        return Reembedding(
            self._database.autocommit, corpus_id, space, embedder, batch=batch, pause=pause
        )

    def baselines(self, corpus_id: str) -> Baselines:
        """The recorded quality and latency of a corpus's searches: record(), check(), all(),
        get(), drop(); hegel_store.operations.baselines.guarded() holds a change against one."""
        return Baselines(self.engine, self._database.autocommit, self._spaces, corpus_id)

    def erasure(
        self,
        corpus_id: str,
        *,
        caches: Sequence[HashedCache] = (),
        spool_dir: str | Path | None = None,
        archives: str | Path | None = None,
        rewrite_archives: bool = False,
        batch: int = 1000,
        patience: float = 60.0,
    ) -> Erasure:
        """What removes everything of a corpus, for good: plan(), run(); see
        hegel_store.erasure.Erasure. The caches of this store's embedders lose its vectors, and
        ``caches`` as well."""

        def forget() -> None:
            if self._log is not None:
                self._log.forget(corpus_id)
            if self.result_cache is not None:
                self.result_cache.clear()

        own = [
            cache
            for embedder in self._spaces.given
            for cache in getattr(embedder, "caches", ())
            if isinstance(cache, HashedCache)
        ]
        erasing = CorpusErasure(
            self._database.autocommit,
            corpus_id,
            caches=[*own, *caches],
            batch=batch,
            patience=patience,
        )
        root = Path(spool_dir) if spool_dir is not None else self.settings.spool_directory
        return Erasure(
            erasing,
            corpus_id,
            spool_folder(self.address, root),
            None if archives is None else Path(archives),
            rewrite_archives,
            forget,
        )

    def prompt_index(self) -> PromptIndex:
        """The index for substrings of prompts: status(), add(), drop()."""
        return PromptIndex(self.engine)

    def step_writer(
        self, *, spool_dir: str | Path | None = None, **options: Unpack[WriterOptions]
    ) -> StepWriter:
        """A writer that logs steps in the background (see hegel_store.journal.StepWriter).

        Below ``spool_dir`` (by default the setting ``spool_directory``) each database has a folder,
        for the steps that wait while it is away. Raises InvalidInput for an option.
        """
        root = Path(spool_dir) if spool_dir is not None else self.settings.spool_directory
        folder = spool_folder(self.address, root)
        return StepWriter(self._new_database, folder, **options)

    def follow(
        self,
        corpus_id: str,
        task_type: str,
        *,
        timeout: float | None = None,
        after: int | None = None,
        alias: str | None = None,
    ) -> ProfileFollower:
        """An iterator over the new profiles of a scope, each as soon as it is committed.

        See hegel_store.following.follow(), which says what the arguments mean and what it raises.
        """
        return follow(
            self._looking,
            self._notices,
            corpus_id,
            task_type,
            timeout=timeout,
            after=after,
            alias=alias,
        )

    def profile_cache(
        self, *, max_staleness: float = 5.0, stale_if_away: float = 0.0, entries: int = 1000
    ) -> ProfileCache:
        """The current profiles in memory, for workers that serve them.

        See hegel_store.following.ProfileCache. Raises InvalidInput, naming the argument.
        """
        return ProfileCache(
            ProfileRepository(self._looking),
            self._notices,
            max_staleness=max_staleness,
            stale_if_away=stale_if_away,
            entries=entries,
        )

    @property
    def following(self) -> Following:
        """How followers and caches hear of changes: "notified", or "polling" where nothing can be
        listened to; "connecting" until that is known or while the connection is lost; "idle" until
        somebody follows."""
        return self._notices.following

    def upgrade(self, *, phase: migrate.Phase | None = None) -> None:
        """Migrate the database to this package's schema, like ``alembic upgrade head``.

        ``phase`` "pre" applies only what the release that is running bears, "post" the rest.
        Raises what hegel_store.migrate.upgrade() does, and ConfigurationError on a store that was
        connected with ``pgbouncer=True``: the migration lock belongs to a session.
        """
        if self.settings.pgbouncer:
            raise ConfigurationError("migrate over a direct connection, not through PgBouncer")
        migrate.upgrade(self.address, phase=phase)
        # What was opened before pgvector was there does not find it.
        self._database.close()

    def check(self) -> Health:
        """Whether the store can work: reachable, recent enough, pgvector there, migrated.

        Opens the pool's minimum of connections. Raises DatabaseUnavailable, ServerUnsupported,
        PermissionDenied, MigrationRequired or PackageOutdated.
        """
        return check_health(self._database, self.address)

    def prewarm(self, texts: Iterable[str] = (), *, most_frequent: int = 100) -> Prewarming:
        """Embed these texts and the queries that were asked the most, in the background.

        So that a CachedEmbedder has them when they are asked. The queries are those that some
        store with ``query_log=True`` counted. Returns at once; what fails is logged, and raises
        nothing. Raises EmbedderMissing, and InvalidInput for ``most_frequent`` below 0.
        """
        embedder = self._spaces.preferred
        if embedder is None:
            raise EmbedderMissing("there is no embedder to embed in advance with")
        check_integer("most_frequent", most_frequent)
        given = list(texts)
        session = self._database.autocommit
        return Prewarming(
            embedder, lambda: [*given, *most_frequent_queries(session, most_frequent)]
        )

    def close(self) -> None:
        """Write the queries that were counted, end what follows profiles, and close the pooled
        connections."""
        self._notices.close()
        if self._log is not None:
            self._log.close()
        self._database.close()

    def _new_database(self) -> Database:
        return Database(self.address, self.settings, migrate.require_current)

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Store {self.address}>"


def connect(
    url: str | URL | None = None,
    *,
    embedded: bool = True,
    embedder: Embedder | None = None,
    embedders: Embedders | None = None,
    **settings: Any,
) -> Store:
    """A store on the database named by ``url``, DATABASE_URL or POSTGRES_DSN, in this order.

    When nothing is named, the embedded server is used and announced in the log;
    ``embedded=False`` refuses that. ``settings`` are those of hegel_store.settings.Settings. No
    connection is opened yet.

    ``embedder`` fills the default space of its size: "fast" for 384 dimensions, "accurate" for
    1536, "space_768" for 768 and so on. ``embedders`` fill spaces by name, side by side; a space
    that is being moved from one model to another has both in a list, and the one that serves is
    asked. The first space is the one that searches use when they name none.

    Raises InvalidInput for a setting or URL that is not understood, ConfigurationError when no
    database is named or the embedded server cannot start.
    """
    resolved = Settings(embedded=embedded, **settings)
    return Store(resolve_address(resolved, url), resolved, embedder, embedders)
