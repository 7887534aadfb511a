"""Where steps wait on the local disk while the database is away.

Each writer has a folder of its own, locked as long as it lives; the folder of one that died is
replayed by the next. A segment is deleted when all of it has been stored: a crash in its middle
replays it from the front, which stores nothing twice.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hegel_store.disk import sync_folder
from hegel_store.errors import SpoolFull
from hegel_store.journal import segments
from hegel_store.models.identifiers import uuid7

logger = logging.getLogger("hegel_store.journal")

SEGMENT_BYTES = 16 * 2**20
OWNER = "owner"
SUFFIX = ".steps"
DAMAGED = ".damaged"
"""The suffix of a segment that is kept because some of its bytes are no record."""


@dataclass(frozen=True, slots=True)
class Portion:
    """Records from the front of a segment, and how many entries of it these are with those before
    them; ``is_last`` when there are no others."""

    records: Sequence[bytes]
    end: int
    is_last: bool


class Spool:
    """The segments in one folder, which this process has locked. Not for several threads.

    ``limit`` bounds their bytes.
    """

    def __init__(self, folder: Path, lock: int, limit: int) -> None:
        self.folder = folder
        self._lock: int | None = lock
        self._limit = limit
        self._segments = sorted(folder.glob(f"*{SUFFIX}"))
        self._position = 0
        self._read: tuple[Path, list[tuple[bytes | None, int]]] | None = None
        self.bytes = sum(path.stat().st_size for path in self._segments)

    @property
    def is_empty(self) -> bool:
        return not self._segments

    def append(self, records: Sequence[bytes]) -> None:
        """Add to the end, durably. Raises SpoolFull, with nothing added."""
        data = segments.framed(records)
        if self.bytes + len(data) > self._limit:
            raise SpoolFull(f"the spool {self.folder} has reached {self._limit:,} bytes")
        # What is being read from is not written to any more: it may be deleted in between.
        if not self._segments or self._is_closed(self._segments[-1]):
            self._segments.append(self.folder / f"{uuid7()}{SUFFIX}")
        path = self._segments[-1]
        try:
            segments.append(path, data)
        except OSError as error:
            if not path.exists() or path.stat().st_size == 0:
                path.unlink(missing_ok=True)
                self._segments.pop()
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise SpoolFull(f"the disk of the spool {self.folder} is full") from error
            raise SpoolFull(f"the spool {self.folder} cannot be written: {error}") from error
        self.bytes += len(data)

    def first(self, most: int, most_bytes: int) -> Portion:
        """The first records that are not done with; none of what is damaged, which is reported."""
        path = self._segments[0]
        entries = self._entries(path)
        records: list[bytes] = []
        size, place = 0, self._position
        while place < len(entries) and len(records) < most and size < most_bytes:
            record, _ = entries[place]
            place += 1
            if record is not None:
                records.append(record)
                size += len(record)
        return Portion(records, place, place == len(entries))

    def done(self, portion: Portion) -> None:
        """What is in it has been stored."""
        if not portion.is_last:
            self._position = portion.end
            return
        path = self._segments.pop(0)
        self.bytes -= path.stat().st_size
        if any(record is None for record, _ in self._entries(path)):
            path.rename(path.with_suffix(DAMAGED))
        else:
            path.unlink()
        self._read, self._position = None, 0

    def close(self) -> None:
        """Let go of the folder, and remove it when nothing is left in it."""
        if self._lock is None:
            return
        if self.is_empty and not list(self.folder.glob(f"*{DAMAGED}")):
            (self.folder / OWNER).unlink(missing_ok=True)
            self.folder.rmdir()
        os.close(self._lock)
        self._lock = None

    def leave(self) -> None:
        """In a forked child: the folder is the parent's, who holds the lock as long as any copy of
        the descriptor is open."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _is_closed(self, path: Path) -> bool:
        is_read = self._read is not None and self._read[0] == path
        return is_read or path.stat().st_size >= SEGMENT_BYTES

    def _entries(self, path: Path) -> list[tuple[bytes | None, int]]:
        if self._read is None or self._read[0] != path:
            entries = list(segments.read(path.read_bytes()))
            self._read = path, entries
            begin = 0
            for record, end in entries:
                if record is None:
                    logger.error(
                        "bytes %d to %d of %s are no step: torn off while they were written, or "
                        "damaged since; the file is kept as %s",
                        begin,
                        end,
                        path,
                        path.with_suffix(DAMAGED).name,
                    )
                begin = end
        return self._read[1]


def own(root: Path, limit: int) -> Spool:
    """A new folder below ``root``. Raises SpoolFull where none can be made."""
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        while True:
            folder = root / str(uuid7())
            folder.mkdir(mode=0o700)
            lock = locked(folder)
            if lock is not None:  # or somebody has just taken it for one that was left
                sync_folder(root)
                return Spool(folder, lock, limit)
    except OSError as error:
        raise SpoolFull(f"no spool can be made in {root}: {error}") from error


def left_behind(root: Path, limit: int) -> list[Spool]:
    """The folders of writers that are gone, the oldest first, locked for this one."""
    found = []
    folders = sorted(path for path in root.glob("*") if path.is_dir()) if root.is_dir() else []
    for folder in folders:
        lock = locked(folder)
        if lock is None:
            continue
        spool = Spool(folder, lock, limit)
        if spool.is_empty:
            spool.close()
        else:
            found.append(spool)
    return found


def locked(folder: Path) -> int | None:
    """A descriptor that holds the folder's lock; None when a living writer has it, or had it and
    has just removed the folder."""
    path = folder / OWNER
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_ino == path.stat().st_ino:
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None
