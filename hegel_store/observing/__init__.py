"""What the store tells of its work to those who listen: log, metrics, traces.

Nothing is told until somebody listens, and no optional package is imported before
``events.start()``, ``metrics.start()`` or ``tracing.start()`` ask for it.
"""

from hegel_store.observing.correlation import correlated, correlation_id
from hegel_store.observing.seam import (
    Call,
    Embedding,
    Framing,
    Listener,
    Server,
    embedding_by,
    flush,
    is_watched,
    listen,
    name_calls,
    note_repeat,
    observed,
    stop,
    tell,
)

__all__ = [
    "Call",
    "Embedding",
    "Framing",
    "Listener",
    "Server",
    "correlated",
    "correlation_id",
    "embedding_by",
    "flush",
    "is_watched",
    "listen",
    "name_calls",
    "note_repeat",
    "observed",
    "stop",
    "tell",
]
