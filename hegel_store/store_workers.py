"""What training loops and workers ask of a store beside its repositories."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Unpack

from hegel_store.connector import Connector
from hegel_store.embeddings.prewarming import Prewarming
from hegel_store.errors import (
    EmbedderMissing,
)
from hegel_store.evaluation_flag import EvaluationFlag
from hegel_store.following import Following, ProfileCache, ProfileFollower, follow
from hegel_store.giving_way import Pace, is_evaluated
from hegel_store.journal import StepWriter, WriterOptions, spool_folder
from hegel_store.models.budgets import BudgetAlert
from hegel_store.models.checks import check_integer
from hegel_store.repositories import (
    Budget,
    ProfileRepository,
)
from hegel_store.repositories.query_log import most_frequent_queries
from hegel_store.store_parts import StoreParts


class ForWorkers(StoreParts):
    """The part of Store that writes in the background, follows, and gives way."""

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
    def evaluating(self) -> Iterator[None]:
        """Tell all workers, for as long as the block runs, that an evaluation is under way.

        The background work of those that connected with ``while_evaluating="slow"`` or ``"stop"``
        gives way from its next batch on. Any number of evaluations may do so at once. When this
        process dies the flag falls with it; when it hangs, or its machine is gone, within 30
        seconds. A connection that is lost is opened again. Works through a transaction pooler,
        of which it holds one server connection.

        Raises DatabaseUnavailable, and ConfigurationError on a standby, where no other worker
        would see it.
        """
        with EvaluationFlag(Connector(self.address, self.settings)).raised():
            yield

    @property
    def is_evaluated(self) -> bool:
        """Whether an evaluation is under way: one small statement. Never on a standby, to which
        locks are not replicated."""
        return is_evaluated(self._database.autocommit)

    def give_way(self) -> float:
        """Rest between two pieces of work of your own, as ``while_evaluating`` says, and return
        for how many seconds: "stop" waits until no evaluation is under way; "slow" waits nine times
        as long as it has been since the last call, at most a minute or until then."""
        return self._pace.rest()

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

    def prewarm(self, texts: Iterable[str] = (), *, most_frequent: int = 100) -> Prewarming:
        """Embed these texts and the queries that were asked the most, in the background.

        So that a CachedEmbedder has them when they are asked. The queries are those that some
        store with ``query_log=True`` counted. Gives way to evaluations between two batches of
        texts. Returns at once; what fails is logged, and raises nothing. Raises EmbedderMissing,
        and InvalidInput for ``most_frequent`` below 0.
        """
        embedder = self._spaces.preferred
        if embedder is None:
            raise EmbedderMissing("there is no embedder to embed in advance with")
        check_integer("most_frequent", most_frequent)
        given = list(texts)
        session = self._database.autocommit
        return Prewarming(
            embedder,
            lambda: [*given, *most_frequent_queries(session, most_frequent)],
            Pace(session).rest,
        )
