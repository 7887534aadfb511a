"""The store: its transactions, and connect(). What it is put together from is in store_parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from types import TracebackType
from typing import Any, TypeVar

from sqlalchemy import URL
from sqlalchemy.orm import Session

from hegel_store import migrate
from hegel_store.database import translated
from hegel_store.embeddings.protocol import Embedder
from hegel_store.errors import InvalidInput, MigrationRequired
from hegel_store.models import NewStep, PromptProfile, TrainingStep
from hegel_store.models.checks import check_integer, check_number
from hegel_store.observing import Call, correlated
from hegel_store.observing.seam import SERVER
from hegel_store.repositories import (
    FactRepository,
    LabelRepository,
    PopulationRepository,
    ProfileRepository,
    RetrievalRepository,
    RunRepository,
    ScoreRepository,
    StepRepository,
    word_counts,
)
from hegel_store.repositories.learning import learn
from hegel_store.repositories.spaces import Embedders
from hegel_store.retries import repeated
from hegel_store.settings import Settings, resolve_address, standby_addresses
from hegel_store.store_operations import ForOperators
from hegel_store.store_workers import ForWorkers
from hegel_store.unit_of_work import UnitOfWork, commit

T = TypeVar("T")


class Store(ForWorkers, ForOperators):
    """Profiles, steps, populations, facts, labels, retrievals, runs and scores of one database.

    Safe for threads, and after fork().

    The repositories on the store run each call as its own committed statement (add_many commits
    each batch, log_many all or nothing). ``begin()`` gives the same repositories in one
    transaction. ``result_cache`` is None unless the setting of this name is on.
    """

    @contextmanager
    def begin(self, *, read_only: bool = False, after: str | None = None) -> Iterator[UnitOfWork]:
        """One transaction: committed at the end of the block, rolled back on any error.

        With ``read_only`` it writes nothing (DatabaseError otherwise), and is read on a standby
        where the store has one that is fresh enough: that has replayed what this store committed
        before, what lies before ``after`` (a write_position(), of any process), and is at most
        ``replica_staleness`` old; while the primary is away and without ``after``, at most
        ``replica_outage``.

        A retryable error (TransactionConflict, DatabaseUnavailable) means that the whole block
        may be run again, as transact() does; OutcomeUnknown, that the connection broke during
        COMMIT. An error of the database spoils the transaction: a block that catches one and goes
        on raises DatabaseError at its end, and nothing of it is stored.
        """
        if after is not None and not read_only:
            raise InvalidInput("after", "goes with read_only=True: writes are on the primary")
        with self._replicas.reading(after) if read_only else nullcontext(self.engine) as bind:
            server = bind.get_execution_options()[SERVER]
            session = Session(bind, close_resets_only=False, info={SERVER: server})
            try:
                with correlated(), Call("transaction", server):
                    yield self._unit_of_work(session, read_only)
                    commit(session)
            except MigrationRequired:
                session.close()
                migrate.require_current(self.engine)  # says which side is behind
                raise
            finally:
                session.close()
        word_counts.refresh_corpus(self._database.autocommit, word_counts.added_in(session))

    def transact(
        self,
        block: Callable[[UnitOfWork], T],
        *,
        attempts: int = 5,
        seconds: float = 30.0,
        idempotent: bool = False,
        read_only: bool = False,
        after: str | None = None,
    ) -> T:
        """What ``block`` returns, run in a begin() of its own and, after a retryable error, in
        another one, all of it, what it decides included.

        At most ``attempts`` times, none of which begins later than ``seconds`` after the first,
        with random pauses between them. ``idempotent`` says that the block may be run again where
        nobody knows whether it was stored (OutcomeUnknown). ``read_only`` and ``after`` are those
        of begin(): where a standby dies in the middle, the next attempt is on another server.
        Raises what the last attempt did, as an error of ours where it came from a statement on the
        block's session.
        """
        check_integer("attempts", attempts, minimum=1)
        if check_number("seconds", seconds) < 0:
            raise InvalidInput("seconds", "must not be negative")

        def attempt() -> T:
            with translated(), self.begin(read_only=read_only, after=after) as work:
                return block(work)

        return repeated(attempt, attempts=attempts, seconds=seconds, idempotent=idempotent)

    def write_position(self) -> str:
        """Where the primary's log is (an LSN, "16/B374D848"): before it lies everything that this
        store has committed. Handed to another process, it is the ``after`` of what that reads.

        Raises DatabaseUnavailable.
        """
        return self._replicas.position()

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

    def close(self) -> None:
        """Write the queries that were counted, end what follows profiles, and close the pooled
        connections."""
        self._notices.close()
        if self._log is not None:
            self._log.close()
        self._database.close()
        self._replicas.close()

    def _unit_of_work(self, session: Session, read_only: bool) -> UnitOfWork:
        return UnitOfWork(
            session,
            ProfileRepository(session),
            StepRepository(session, months=None if read_only else self._database.autocommit),
            PopulationRepository(session, spaces=self._spaces),
            FactRepository(session, spaces=self._spaces, log=self._log),
            LabelRepository(session, self._spaces.preferred),
            RetrievalRepository(session),
            RunRepository(session),
            ScoreRepository(session),
        )

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
    replicas: Sequence[str | URL] = (),
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

    ``replicas`` are URLs of streaming standbys of that database, for begin(read_only=True). With a
    ``role`` they are read as the same user.

    Raises InvalidInput for a setting or URL that is not understood, ConfigurationError when no
    database is named or the embedded server cannot start.
    """
    resolved = Settings(embedded=embedded, **settings)
    if isinstance(replicas, str | URL):
        raise InvalidInput("replicas", "must be a list of URLs")
    address = resolve_address(resolved, url)
    standbys = standby_addresses(resolved, address, replicas)
    return Store(address, resolved, embedder, embedders, standbys)
