"""What whoever runs the database asks of a store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hegel_store import migrate
from hegel_store.connector import MIGRATING_POOLED
from hegel_store.embeddings.protocol import Embedder
from hegel_store.erasure import Erasure
from hegel_store.errors import (
    ConfigurationError,
)
from hegel_store.health import Health, check_health
from hegel_store.journal import spool_folder
from hegel_store.operations.baselines import Baselines
from hegel_store.operations.erasing import CorpusErasure, HashedCache
from hegel_store.operations.prompt_index import PromptIndex
from hegel_store.operations.reembed import Reembedding
from hegel_store.store_parts import StoreParts


class ForOperators(StoreParts):
    """The part of Store that migrates, examines, moves and erases."""

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

    def upgrade(self, *, phase: migrate.Phase | None = None) -> None:
        """Migrate the database to this package's schema, like ``alembic upgrade head``.

        ``phase`` "pre" applies only what the release that is running bears, "post" the rest.
        Raises what hegel_store.migrate.upgrade() does, and ConfigurationError on a store that was
        connected with ``pgbouncer=True``: the migration lock belongs to a session.
        """
        if self.settings.pgbouncer:
            raise ConfigurationError(MIGRATING_POOLED)
        migrate.upgrade(self.address, phase=phase)
        # What was opened before pgvector was there does not find it.
        self._database.close()
        self._replicas.close()
        self._replicas.wrote()

    def check(self) -> Health:
        """Whether the store can work: reachable, recent enough, pgvector there, migrated.

        Opens the pool's minimum of connections, and asks each standby. Raises DatabaseUnavailable,
        ServerUnsupported, PermissionDenied, MigrationRequired or PackageOutdated.
        """
        return check_health(self._database, self.address, self._replicas)
