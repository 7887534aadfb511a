"""The machine that the server runs on, when that is this one."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Engine

from hegel_store.database import translated
from hegel_store.models.server_settings import Machine
from hegel_store.operations.tuning import statements

PROCESSES = Path("/proc")
CONTAINER = Path("/sys/fs/cgroup")
"""Where Linux says what a container may use (control groups, version 2, and version 1 below)."""


def read_machine(engine: Engine) -> Machine | None:
    """Memory and cores of this machine, or of the container that this process is in; None where the
    server is not seen to run here.

    A host name proves nothing, as a tunnel ends at localhost too: the process that answers has to
    be among this machine's, or the connection to go through a Unix socket where there is no /proc
    to look into. Raises DatabaseError.
    """
    with translated(), engine.connect() as connection:
        row = connection.execute(statements.WHO_ANSWERS).one()
        if PROCESSES.is_dir():
            if not _is_postgres(row.pid):
                return None
        elif not row.through_a_socket:
            return None
    return Machine(memory=_memory(), cores=_cores())


def _is_postgres(pid: int) -> bool:
    try:
        return (PROCESSES / str(pid) / "comm").read_text().startswith("postgres")
    except OSError:
        return False


def _memory() -> int:
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = [
        limit
        for name in ("memory.max", "memory/memory.limit_in_bytes")
        if (limit := _number(CONTAINER / name, 0)) is not None
    ]
    return int(min([whole, *limits]))


def _cores() -> int:
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        cores = os.cpu_count() or 1
    quota, period = _number(CONTAINER / "cpu.max", 0), _number(CONTAINER / "cpu.max", 1)
    if quota and period:
        cores = min(cores, max(1, int(quota / period)))
    return cores


def _number(path: Path, place: int) -> int | None:
    """The number at this place of a file, None where it says "max" or is not there."""
    with suppress(OSError, ValueError, IndexError):
        return int(path.read_text().split()[place])
    return None
