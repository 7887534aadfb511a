"""Settings that are unsafe anywhere, or far off for the machine that the server runs on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from sqlalchemy import Row, text

from hegel_store.operations.doctor.findings import Finding, Severity, shown_bytes
from hegel_store.operations.doctor.patient import Patient

UNSAFE: dict[str, tuple[Severity, str]] = {
    "fsync": ("act", "A crash of the machine loses or tears what was committed."),
    "full_page_writes": ("act", "A crash of the machine leaves torn pages behind."),
    "autovacuum": ("act", "Dead rows and old transaction ids pile up until the server stops."),
    "track_counts": ("act", "Autovacuum does not know which tables have changed."),
    "synchronous_commit": ("look", "What was acknowledged last is lost in a crash."),
}
"""Settings that should not be off, how bad it is and why."""

SMALLEST_SHARE = 1 / 16
"""Of memory for shared_buffers: a quarter of the 25 % that PostgreSQL's manual starts from."""
LARGEST_SHARE = 0.5
WORKERS_OFF = 8
"""How many times as many parallel workers as cores, or as few, are far off."""

SETTINGS = text(
    """
    SELECT name, setting FROM pg_catalog.pg_settings
    WHERE name = ANY (CAST(:names AS text[])) AND setting IN ('off', 'false')
    ORDER BY name
    """
)
PENDING = text(
    """
    SELECT string_agg(name, ', ' ORDER BY name) FROM pg_catalog.pg_settings WHERE pending_restart
    """
)
SIZES = text(
    """
    SELECT
        host(inet_server_addr()) AS host,
        pg_size_bytes(current_setting('shared_buffers')) AS shared_buffers,
        pg_size_bytes(current_setting('effective_cache_size')) AS effective_cache_size,
        pg_size_bytes(current_setting('work_mem')) AS work_mem,
        CAST(current_setting('max_connections') AS int) AS max_connections,
        CAST(current_setting('max_parallel_workers') AS int) AS max_parallel_workers,
        pg_database_size(current_database()) AS database
    """
)


@dataclass(frozen=True, slots=True)
class Machine:
    """``memory`` in bytes, as far as this process may use it; ``cores`` likewise."""

    memory: int
    cores: int


def check_machine(patient: Patient) -> Iterator[Finding]:
    """Unsafe settings, those that wait for a restart, and sizes beside those of the machine, which
    are known where the server runs on this one."""
    for name, _ in patient.connection.execute(SETTINGS, {"names": list(UNSAFE)}):
        severity, why = UNSAFE[name]
        yield Finding(
            code="setting-unsafe",
            severity=severity,
            subject=name,
            seen="off",
            why=why,
            remedy=f"ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf();",
        )
    pending = patient.connection.scalar(PENDING)
    if pending:
        yield Finding(
            code="restart-pending",
            severity="look",
            subject="settings",
            seen=f"changed, and not in force before a restart: {pending}",
            why="The next restart, planned or not, changes how the server behaves.",
            remedy="pg_ctl restart    # at a time of your choosing",
        )
    sizes = patient.connection.execute(SIZES).one()
    machine = this_machine() if patient.is_direct and _is_local(sizes.host) else None
    if machine is None:
        yield Finding(
            code="machine-unknown",
            severity="ok",
            subject="the server's machine",
            seen="it is another one than this, so that its memory and cores are not known here",
            why="Settings were not compared with them.",
            remedy="hegel-store doctor    # on the server's machine, over its socket",
        )
        return
    yield from sizes_beside(machine, sizes)


def sizes_beside(machine: Machine, sizes: Row[tuple[object, ...]]) -> Iterator[Finding]:
    """What is far off, by the columns of SIZES. A small shared_buffers is far off only where the
    database does not fit into it."""
    memory = shown_bytes(machine.memory)
    sized = (
        (
            "shared_buffers",
            sizes.shared_buffers < min(machine.memory * SMALLEST_SHARE, sizes.database)
            or sizes.shared_buffers > machine.memory * LARGEST_SHARE,
            machine.memory // 4,
        ),
        (
            "effective_cache_size",
            sizes.effective_cache_size > 2 * machine.memory
            or sizes.effective_cache_size < min(machine.memory / 8, sizes.database),
            machine.memory * 3 // 4,
        ),
        (
            "work_mem",
            sizes.work_mem * sizes.max_connections > 2 * machine.memory,
            max(machine.memory // (4 * sizes.max_connections), 4 << 20),
        ),
    )
    found = [
        _far_off(
            name,
            f"{shown_bytes(getattr(sizes, name))}; memory {memory}, database "
            f"{shown_bytes(sizes.database)}, {sizes.max_connections} connections",
            f"'{wanted >> 20}MB'",
        )
        for name, is_wrong, wanted in sized
        if is_wrong
    ]
    if not machine.cores / WORKERS_OFF <= sizes.max_parallel_workers <= machine.cores * WORKERS_OFF:
        seen = f"{sizes.max_parallel_workers} workers; {machine.cores} cores"
        found.append(_far_off("max_parallel_workers", seen, str(machine.cores)))
    yield from found
    if not found:
        yield Finding(
            code="machine",
            severity="ok",
            subject="the server's machine",
            seen=f"{memory} of memory, {machine.cores} cores, shared_buffers "
            f"{shown_bytes(sizes.shared_buffers)}, {sizes.max_parallel_workers} parallel workers",
            why="No size is far off for this machine.",
        )


def _far_off(name: str, seen: str, wanted: str) -> Finding:
    in_force = (
        "  -- in force after a restart" if name == "shared_buffers" else " SELECT pg_reload_conf();"
    )
    return Finding(
        code="setting-far-off",
        severity="look",
        subject=name,
        seen=seen,
        why=WHY[name],
        remedy=f"ALTER SYSTEM SET {name} = {wanted};{in_force}",
    )


WHY = {
    "shared_buffers": "Too small, and pages are fetched from the kernel again and again; above "
    "half of memory, pages are kept twice and little is left for statements.",
    "effective_cache_size": "The planner believes that much to be cached, and takes or leaves "
    "indexes by it.",
    "work_mem": "When all connections sort at once, the machine runs out of memory.",
    "max_parallel_workers": "Too many take turns on the cores, too few leave them idle.",
}


def this_machine() -> Machine:
    """Memory and cores of this machine, or of the control group that this process is in."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in ("memory.max", "memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):
            memory = min(memory, int(Path("/sys/fs/cgroup", limit).read_text()))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Machine(memory, cores or 1)


def _is_local(host: str | None) -> bool:
    """Over a Unix socket the server has no address."""
    return host is None or ip_address(host).is_loopback
