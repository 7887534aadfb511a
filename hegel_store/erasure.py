"""Erasing a corpus wherever this machine can reach it: database, caches, spool and archives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from hegel_store.archive.sweeping import archives_with, without_corpus
from hegel_store.journal.sweeping import sweep_spool
from hegel_store.models.erasures import Erased, ErasurePlan, ErasureReceipt
from hegel_store.operations.erasing import CorpusErasure


class Erasure:
    """Removes everything of a corpus, for good: there is no undo.

    ``spool`` is the folder of this database, ``archives`` one with files of archived steps, if any:
    their names are told, and with ``rewrite_archives`` they are written anew. ``forget`` is called
    to let go of what this process remembers.
    """

    def __init__(
        self,
        database: CorpusErasure,
        corpus_id: str,
        spool: Path,
        archives: Path | None,
        rewrite_archives: bool,
        forget: Callable[[], object],
    ) -> None:
        self._database = database
        self._corpus_id = corpus_id
        self._spool = spool
        self._archives = archives
        self._rewrite = rewrite_archives
        self._forget = forget

    def plan(self) -> ErasurePlan:
        """What there is to remove; changes nothing."""
        return ErasurePlan(
            counts=self._database.count(),
            spool=sweep_spool(self._spool, self._corpus_id, dry_run=True),
            archives=self._named(),
            scopes=self._database.scopes(),
        )

    def run(self) -> Erased:
        """Remove it. Whatever ends a run, another one goes on with it.

        The spool comes first, so that nobody stores from it what is erased, and last again. Raises
        what CorpusErasure does, InvalidInput for archives that cannot be read, and OSError.
        """
        archives = self._named()
        before = sweep_spool(self._spool, self._corpus_id)
        self._forget()
        receipt = self._database.run()
        self._forget()
        if self._rewrite:
            for path in archives:
                without_corpus(Path(path), self._corpus_id)
        after = sweep_spool(self._spool, self._corpus_id)
        return Erased(
            receipt=receipt,
            spool=type(after)(
                steps=before.steps + after.steps,
                dead_letters=before.dead_letters + after.dead_letters,
                busy=after.busy,
            ),
            archives=archives,
            archives_rewritten=self._rewrite,
        )

    def receipts(self) -> Sequence[ErasureReceipt]:
        """Of former erasures of this name, the newest first."""
        return self._database.receipts()

    def _named(self) -> Mapping[str, int]:
        return {} if self._archives is None else archives_with(self._archives, self._corpus_id)
