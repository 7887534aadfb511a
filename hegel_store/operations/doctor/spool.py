"""Steps that wait on this machine's disk, which the database does not know of."""

from __future__ import annotations

from collections.abc import Iterator

from hegel_store.addresses import DatabaseAddress
from hegel_store.journal import DeadLetters, spool_folder
from hegel_store.journal.spool import DAMAGED, SUFFIX
from hegel_store.operations.doctor.findings import Finding, shown_bytes
from hegel_store.settings import Settings


def check_spool(address: DatabaseAddress, settings: Settings) -> Iterator[Finding]:
    """How much waits for this database, below the folder that writers here use. Only read: what a
    living writer has spooled is counted as well."""
    folder = spool_folder(address, settings.spool_directory)
    try:
        waiting = [path.stat().st_size for path in folder.glob(f"*/*{SUFFIX}")]
        damaged = len(list(folder.glob(f"*/*{DAMAGED}")))
        letters = DeadLetters(folder).read()
    except OSError as error:
        yield Finding(
            code="spool-unreadable",
            severity="look",
            subject=str(folder),
            seen=str(error),
            why="Steps that wait there are not seen.",
            remedy=f"ls -lR '{folder}'",
        )
        return
    if waiting:
        yield Finding(
            code="spool-waiting",
            severity="look",
            subject=str(folder),
            seen=f"{shown_bytes(sum(waiting))} of steps in {len(waiting)} files",
            why="These steps are not in the database yet: it was away, or their writer is gone.",
            remedy="hegel-store replay",
        )
    else:
        yield Finding(
            code="spool",
            severity="ok",
            subject=str(folder),
            seen="no steps wait on this machine",
            why="Steps wait here while the database is away.",
        )
    if damaged:
        yield Finding(
            code="spool-damaged",
            severity="look",
            subject=str(folder),
            seen=f"{damaged} files with bytes that are no step",
            why="They were torn off as they were written, or the disk has damaged them.",
            remedy=f"ls -l '{folder}'/*/*{DAMAGED}",
        )
    if letters:
        yield Finding(
            code="dead-letters",
            severity="look",
            subject=str(folder),
            seen=f"{len(letters)} steps set aside; the last one: {letters[-1].reason:.200}",
            why="The database refused them, and nothing tries again by itself.",
            remedy="hegel-store dead-letters",
        )
