"""Embeds texts before somebody asks for them, in the background."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from hegel_store.embeddings.protocol import Embedder

logger = logging.getLogger("hegel_store.embeddings")

AT_ONCE = 32


class Prewarming:
    """Embeds what ``texts`` returns, which is called in the background as well, so that a
    CachedEmbedder keeps the vectors.

    Of ``total`` texts, 0 until they are known, ``done`` are embedded and ``failed`` could not be:
    by batches, so that one bad text fails with those beside it. Failures are logged and raise
    nothing. ``rest`` is called before each batch.
    """

    def __init__(
        self,
        embedder: Embedder,
        texts: Callable[[], Iterable[str]],
        rest: Callable[[], object] = lambda: None,
    ) -> None:
        self.total = 0
        self.done = 0
        self.failed = 0
        self._embedder = embedder
        self._texts = texts
        self._rest = rest
        # Nobody waits for it when the process ends.
        self._thread = threading.Thread(target=self._run, name="hegel-prewarming", daemon=True)
        self._thread.start()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end, at most so long; whether it is reached."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            texts = list(dict.fromkeys(self._texts()))
        except Exception as error:
            logger.warning("nothing is embedded in advance: %s", error)
            return
        self.total = len(texts)
        for start in range(0, len(texts), AT_ONCE):
            batch = texts[start : start + AT_ONCE]
            try:
                self._rest()
                self._embedder.embed(batch)
            except Exception as error:
                if not self.failed:
                    logger.warning("not everything is embedded in advance: %s", error)
                self.failed += len(batch)
            else:
                self.done += len(batch)
