"""Every error this package raises.

::

    HegelStoreError
    ├── InvalidInput            a value was refused before anything was sent (.field)
    ├── NotFound                a row that was named does not exist (.what, .key, .field)
    ├── ProfileConflict         a stale expected version or alias (.expected, .current)
    ├── StepConflict            an id was used again for a different step
    ├── IslandReset             a result of an earlier epoch (.given, .current)
    ├── RunConflict             a run or its state is not as expected (.expected, .current)
    ├── ImportConflict          an import would change what is there (.line, .reason)
    ├── EmbeddingSpaceMismatch  vectors of two models would meet (.slot, .stored, .given)
    ├── ReembeddingRefused      a space is not in the state for this step (.missing)
    ├── IndexRefused            a vector index is not rebuilt, or not swapped (.index, .reason)
    ├── EmbedderMissing         a vector was needed and there is no embedder
    ├── EmbedderUnavailable     its service did not answer (.embedder, .reason; retryable)
    │   └── CircuitOpen         it has failed so often that it is not asked now (.seconds)
    ├── BudgetExceeded          an allowance, for embedding or of a run, does not reach
    ├── TransactionOpen         what takes long was asked for inside a transaction
    ├── SpoolFull               no room to keep steps that the database does not take (retryable)
    ├── FlushTimeout            steps were not committed in the time given (.pending; retryable)
    ├── WriterClosed            a step was given to a writer that has been closed
    ├── ConfigurationError      settings contradict each other or the server
    └── DatabaseError           the server said no
        ├── DatabaseUnavailable it cannot be reached (retryable)
        ├── OutcomeUnknown      the connection broke during COMMIT, or a write's own
        ├── PoolExhausted       no connection became free in time (retryable)
        │   └── NestedCheckout  the thread itself holds what it waits for (.held, .size)
        ├── TransactionConflict deadlock or serialization failure (retryable)
        ├── StatementTimeout    the server cancelled the statement
        ├── PermissionDenied    the role lacks a grant
        ├── MigrationRequired   the database is behind this package
        ├── PackageOutdated     the database is ahead of this package
        └── ServerUnsupported   PostgreSQL or pgvector is missing or too old

``retryable`` is a property of the class: whether the whole transaction may simply be run again.
"""

from __future__ import annotations

from uuid import UUID


class HegelStoreError(Exception):
    """Base class: catching it catches everything the package raises on purpose."""

    retryable = False


class InvalidInput(HegelStoreError):
    """A value was refused; ``field`` names it (dotted for nested values)."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason

    def __reduce__(self) -> tuple[type[InvalidInput], tuple[str, str]]:
        return type(self), (self.field, self.reason)


class NotFound(HegelStoreError):
    """The row named by ``key`` does not exist in this corpus; ``field`` is the argument."""

    def __init__(self, what: str, key: str, field: str) -> None:
        super().__init__(f"{field}: there is no {what} {key}")
        self.what = what
        self.key = key
        self.field = field

    def __reduce__(self) -> tuple[type[NotFound], tuple[str, str, str]]:
        return type(self), (self.what, self.key, self.field)


class ProfileConflict(HegelStoreError):
    """Someone else moved the scope or the alias first.

    ``expected`` is what the caller thought, ``current`` what the database holds: version numbers
    for an append, profile ids (or None) for an alias.
    """

    def __init__(
        self, subject: str, expected: int | UUID | None, current: int | UUID | None
    ) -> None:
        super().__init__(f"{subject}: expected {expected}, but the current one is {current}")
        self.subject = subject
        self.expected = expected
        self.current = current

    def __reduce__(self) -> tuple[type[ProfileConflict], tuple[object, ...]]:
        return type(self), (self.subject, self.expected, self.current)


class StepConflict(HegelStoreError):
    """A different step is already stored under this (created_at, id)."""


class IslandReset(HegelStoreError):
    """The island was reset since the epoch that a result belongs to; nothing was stored.

    ``given`` is the result's epoch, ``current`` the island's.
    """

    def __init__(self, island: int, given: int, current: int) -> None:
        super().__init__(f"epoch: island {island} is in epoch {current}, not in {given}")
        self.island = island
        self.given = given
        self.current = current

    def __reduce__(self) -> tuple[type[IslandReset], tuple[int, int, int]]:
        return type(self), (self.island, self.given, self.current)


class RunConflict(HegelStoreError):
    """A run is not what the caller takes it for: its status, what it was started with, its state.

    ``expected`` is what the caller thought, ``current`` what the database holds: in words, or
    version numbers for a state.
    """

    def __init__(self, subject: str, expected: int | str | None, current: int | str | None) -> None:
        super().__init__(f"{subject}: expected {expected}, but it is {current}")
        self.subject = subject
        self.expected = expected
        self.current = current

    def __reduce__(self) -> tuple[type[RunConflict], tuple[object, ...]]:
        return type(self), (self.subject, self.expected, self.current)


class ImportConflict(HegelStoreError):
    """``line`` of a file and the database say different things of the same row."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line} of the file: {reason}")
        self.line = line
        self.reason = reason

    def __reduce__(self) -> tuple[type[ImportConflict], tuple[int, str]]:
        return type(self), (self.line, self.reason)


class EmbeddingSpaceMismatch(HegelStoreError):
    """Vectors of two models would be compared; ``stored`` and ``given`` name the models, with the
    prefix or whatever else differs. ``corpora`` are those in which they would, ``corpus_id`` is the
    first of them."""

    def __init__(self, slot: str, stored: str, given: str, *corpora: str) -> None:
        named = ", ".join(map(repr, corpora[:5])) + (", ..." if len(corpora) > 5 else "")
        where = f"{slot} of corpus {named}" if corpora else slot
        super().__init__(f"{where} holds vectors of {stored!r}, not of {given!r}")
        self.slot = slot
        self.stored = stored
        self.given = given
        self.corpora = corpora

    @property
    def corpus_id(self) -> str | None:
        return self.corpora[0] if self.corpora else None

    def __reduce__(self) -> tuple[type[EmbeddingSpaceMismatch], tuple[object, ...]]:
        return type(self), (self.slot, self.stored, self.given, *self.corpora)


class ReembeddingRefused(HegelStoreError):
    """The space cannot take this step of moving it to another model.

    ``missing`` is how many live facts lack the vector that they would be found by, 0 where that is
    not the reason.
    """

    def __init__(self, message: str, missing: int = 0) -> None:
        super().__init__(message)
        self.missing = missing

    def __reduce__(self) -> tuple[type[ReembeddingRefused], tuple[str, int]]:
        return type(self), (str(self), self.missing)


class IndexRefused(HegelStoreError):
    """``index`` cannot be rebuilt or swapped as things are; ``reason`` says what to do first."""

    def __init__(self, index: str, reason: str) -> None:
        super().__init__(f"{index}: {reason}")
        self.index = index
        self.reason = reason

    def __reduce__(self) -> tuple[type[IndexRefused], tuple[str, str]]:
        return type(self), (self.index, self.reason)


class EmbedderMissing(HegelStoreError):
    """A vector was needed, none was given, and the repository has no embedder."""


class BudgetExceeded(HegelStoreError):
    """What is left of an allowance is less than was asked for: of a corpus's for embedding in a
    month, or of the evaluations that a run may spend."""


class EmbedderUnavailable(HegelStoreError):
    """The service behind ``embedder`` did not answer, however often it was asked.

    The last thing that went wrong is the ``__cause__``. Nothing was stored.
    """

    retryable = True

    def __init__(self, embedder: str, reason: str) -> None:
        super().__init__(f"the embedder {embedder!r} is unavailable: {reason}")
        self.embedder = embedder
        self.reason = reason

    def __reduce__(self) -> tuple[type[EmbedderUnavailable], tuple[object, ...]]:
        return type(self), (self.embedder, self.reason)


class CircuitOpen(EmbedderUnavailable):
    """The service has failed so often that it is left alone for ``seconds`` more."""

    def __init__(self, embedder: str, seconds: float) -> None:
        super().__init__(
            embedder, f"it kept failing, and is asked again in {seconds:.1f} s at the earliest"
        )
        self.seconds = seconds

    def __reduce__(self) -> tuple[type[CircuitOpen], tuple[object, ...]]:
        return type(self), (self.embedder, self.seconds)


class TransactionOpen(HegelStoreError):
    """A transaction is open around what takes long, and would hold its locks meanwhile."""


class SpoolFull(HegelStoreError):
    """The database does not take steps, and there is no room to keep them in meanwhile."""

    retryable = True


class FlushTimeout(HegelStoreError):
    """``pending`` steps were not committed in the time given. They are not lost."""

    retryable = True

    def __init__(self, pending: int, seconds: float) -> None:
        super().__init__(f"{pending} steps were not committed within {seconds:g} s")
        self.pending = pending
        self.seconds = seconds

    def __reduce__(self) -> tuple[type[FlushTimeout], tuple[int, float]]:
        return type(self), (self.pending, self.seconds)


class WriterClosed(HegelStoreError):
    """The writer has been closed: what is logged now would never be stored."""


class ConfigurationError(HegelStoreError):
    """The settings cannot work: no database named, an unknown preset, an extra not installed."""


class DatabaseError(HegelStoreError):
    """The database refused or failed; ``sqlstate`` is its five-character code when it gave one."""

    def __init__(self, message: str, sqlstate: str | None = None) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate

    def __reduce__(self) -> tuple[type[DatabaseError], tuple[str, str | None]]:
        return type(self), (str(self), self.sqlstate)


class DatabaseUnavailable(DatabaseError):
    """The server cannot be reached, or the connection broke.

    Nothing was stored. A wrong database name or password looks the same, so bound the retries by
    time, as Store.transact() does.
    """

    retryable = True


class OutcomeUnknown(DatabaseError):
    """The connection broke during COMMIT, or during a call on the store itself that writes, which
    is committed by itself: it may or may not have been stored.

    Not retryable as it stands: look first, or repeat what is stored once however often it is sent
    (docs/reference/errors.md has the list: steps are, an append is with ``expected_version``).
    """


class PoolExhausted(DatabaseError):
    """Every pooled connection stayed busy for the whole pool timeout, or every one that a pooler
    in between has. Nothing was sent."""

    retryable = True


class NestedCheckout(PoolExhausted):
    """This thread holds ``held`` of the pool's ``size`` connections and asked for another, which
    nobody can give back.

    Running it again does the same: inside of a block use the block's repositories and not the
    store's, and end what holds a connection (a block, search_iter()) before the next call.
    """

    retryable = False

    def __init__(self, held: int, size: int) -> None:
        super().__init__(
            f"this thread holds {held} of the pool's {size} connections and asks for another, and "
            "none becomes free: use the repositories of the block inside of it, or end it first"
        )
        self.held = held
        self.size = size

    def __reduce__(self) -> tuple[type[NestedCheckout], tuple[int, int]]:  # type: ignore[override]
        return type(self), (self.held, self.size)


class TransactionConflict(DatabaseError):
    """Deadlock, serialization failure, lock timeout, or a month of steps that is being archived:
    run the whole transaction again."""

    retryable = True


class StatementTimeout(DatabaseError):
    """The statement ran longer than its timeout and was cancelled."""


class PermissionDenied(DatabaseError):
    """The database role lacks a grant for this."""


class MigrationRequired(DatabaseError):
    """The database is behind this package: run ``hegel-store upgrade``."""


class PackageOutdated(DatabaseError):
    """The database was migrated further than this package knows: upgrade the package."""


class ServerUnsupported(DatabaseError):
    """PostgreSQL is older than 16, or pgvector is missing or too old."""
