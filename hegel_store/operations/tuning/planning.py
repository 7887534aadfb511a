"""What would suit the machine better than what the server has.

M is the memory and C the cores; "docs" is PostgreSQL's manual, chapter "Server Configuration", and
pgtune the rules of https://pgtune.leopard.in.ua (its "mixed" and "oltp" applications). Where only
"ours" stands, the number is a choice of this package.

======  ===============================  ========================================================
stage   setting                          wanted
======  ===============================  ========================================================
A       effective_cache_size             3/4 M (pgtune; docs: "the effective size of the planner's
                                         assumption about the disk cache")
A       work_mem                         (M - M/4) / (3 max_connections), 4 to 256 MB (pgtune)
A       maintenance_work_mem             M/16, 64 MB to 2 GB (pgtune); an HNSW index is built
                                         several times faster when it fits in (pgvector, README)
A       random_page_cost                 1.1 for SSDs (docs: "e.g., 1.1"), 4 for disks (docs)
A       effective_io_concurrency         SSDs: 16 (the default since PostgreSQL 18), disks: 2
A       checkpoint_completion_target     0.9 (docs)
A       max_wal_size, min_wal_size       M/4, 1 to 8 GB, and a quarter of that (ours; pgtune has
                                         4 and 1 GB for "oltp")
A       wal_compression                  lz4, or pglz where the server has no lz4 (ours)
A       autovacuum_..._scale_factor      0.05 of a table for dead and for new rows, 0.05 for
                                         statistics (ours; the defaults are 0.2, 0.2 and 0.1)
B       max_parallel_workers_per_gather  C/2, 1 to 4 (pgtune)
B       max_parallel_maintenance_workers C/2, 1 to 4 (pgtune)
B       max_parallel_workers             C (pgtune)
B       io_workers (PostgreSQL 18)       C/4, 3 to 32, where io_method is worker (ours)
C       shared_buffers                   M/4 (docs: "a reasonable starting value ... is 25%")
C       wal_buffers                      16 MB where it is set to less: left alone it follows
                                         shared_buffers up to that (docs)
C       max_worker_processes             C + 4, at least 8 (pgtune: C; four for other background
                                         processes are ours)
C       huge_pages                       try, where it is off (docs: the default)
======  ===============================  ========================================================

A setting is left alone where the present value is as good: within the span that its rule says, a
fifth below what is wanted for most sizes. Stage A changes the planner's idea of costs, memory for
queries and the rhythm of writing; B how many processors a query takes from others; C needs a
restart, and can keep the server from starting, so it comes last and alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from hegel_store.models.checks import check_choice
from hegel_store.models.server_settings import (
    STAGES,
    Machine,
    PlannedSetting,
    ServerSetting,
    ServerSettings,
    Stage,
    Storage,
)

MB, GB = 2.0**20, 2.0**30
CLOSE = 0.8
"""Of what is wanted; nobody measures the difference that the last fifth makes."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """``good`` says whether a number is as good as ``wanted``."""

    stage: Stage
    name: str
    wanted: str
    good: Callable[[float], bool]
    why: str


def plan_settings(
    server: ServerSettings,
    machine: Machine,
    stages: Iterable[Stage] = STAGES,
    *,
    storage: Storage = "ssd",
) -> Sequence[PlannedSetting]:
    """The settings that should be changed, by stage and name; none that are as good already.

    The machine is taken to be the server's alone: where it is not, say so with a smaller one.
    Settings that the role does not see are left out. Raises InvalidInput for a stage or a storage
    that there is not.
    """
    wanted_stages = list(stages)
    for stage in wanted_stages:
        check_choice("stage", stage, STAGES)
    check_choice("storage", storage, ("ssd", "hdd"))
    planned = []
    for rule in _rules(server, machine, storage):
        now = server.settings.get(rule.name)
        if now is None or rule.stage not in wanted_stages or _is_as_good(now, rule):
            continue
        planned.append(
            PlannedSetting(
                stage=rule.stage,
                name=rule.name,
                now=now.value,
                wanted=rule.wanted,
                why=rule.why,
                needs_restart=now.context == "postmaster",
            )
        )
    return sorted(planned, key=lambda each: (each.stage, each.name))


def _is_as_good(now: ServerSetting, rule: _Rule) -> bool:
    if now.is_set_to(rule.wanted):
        return True
    number = now.amount
    if number is None:
        return False
    # A platform may lack what a setting is for, and take nothing but 0.
    is_refused = now.unit is None and now.most is not None and now.most < float(rule.wanted)
    return is_refused or rule.good(number)


def _rules(server: ServerSettings, machine: Machine, storage: Storage) -> Iterator[_Rule]:
    yield from _memory(server, machine)
    yield from _writing(server, machine)
    yield from _disks(storage)
    yield from _autovacuum()
    yield from _workers(server, machine)
    yield from _at_start(server, machine)


def _memory(server: ServerSettings, machine: Machine) -> Iterator[_Rule]:
    memory = machine.memory
    cache = 0.75 * memory
    yield _Rule(
        "A",
        "effective_cache_size",
        _size(cache),
        lambda now: CLOSE * cache <= now <= memory,
        f"3/4 of {_size(memory)}: what the planner may take to be cached",
    )
    connections = int(server["max_connections"].amount or 100)
    work = _between(4 * MB, 0.75 * memory / (3 * connections), 256 * MB)
    yield _Rule(
        "A",
        "work_mem",
        _size(work),
        lambda now: CLOSE * work <= now <= 2 * work,
        f"what is left beside shared_buffers, for 3 sorts in each of {connections} connections",
    )
    build = _between(64 * MB, memory / 16, 2 * GB)
    yield _Rule(
        "A",
        "maintenance_work_mem",
        _size(build),
        lambda now: CLOSE * build <= now <= memory / 4,
        "1/16 of the memory: vector indexes are built faster where they fit in",
    )


def _writing(server: ServerSettings, machine: Machine) -> Iterator[_Rule]:
    wal = _between(GB, machine.memory / 4, 8 * GB)
    yield _Rule(
        "A",
        "max_wal_size",
        _size(wal),
        lambda now: now >= CLOSE * wal,
        "fewer checkpoints while much is written; the disk has to have the room",
    )
    yield _Rule(
        "A",
        "min_wal_size",
        _size(wal / 4),
        lambda now: now >= CLOSE * wal / 4,
        "a quarter of max_wal_size is kept for the next load",
    )
    yield _Rule(
        "A",
        "checkpoint_completion_target",
        "0.9",
        lambda now: now >= 0.9,
        "checkpoints are spread over their interval",
    )
    compression = server.settings.get("wal_compression")
    if compression is not None and compression.value == "off":
        yield _Rule(
            "A",
            "wal_compression",
            "lz4" if "lz4" in compression.choices else "pglz",
            lambda now: False,
            "less to write after a checkpoint, for little time",
        )


def _disks(storage: Storage) -> Iterator[_Rule]:
    cost, ahead = (1.1, 16) if storage == "ssd" else (4.0, 2)
    yield _Rule(
        "A",
        "random_page_cost",
        f"{cost:g}",
        lambda now: abs(now - cost) <= 0.2,
        f"what a page out of order costs on {storage.upper()}s",
    )
    yield _Rule(
        "A",
        "effective_io_concurrency",
        str(ahead),
        lambda now: now >= ahead,
        f"how many reads {storage.upper()}s are asked for at once",
    )


def _autovacuum() -> Iterator[_Rule]:
    for name, what in (
        ("autovacuum_vacuum_scale_factor", "dead rows"),
        ("autovacuum_vacuum_insert_scale_factor", "new rows"),
        ("autovacuum_analyze_scale_factor", "rows with old statistics"),
    ):
        yield _Rule(
            "A", name, "0.05", lambda now: now <= 0.1, f"a large table gathers fewer {what}"
        )


def _workers(server: ServerSettings, machine: Machine) -> Iterator[_Rule]:
    cores = machine.cores
    half = int(_between(1, cores // 2, 4))
    for name, what in (
        ("max_parallel_workers_per_gather", "one query"),
        ("max_parallel_maintenance_workers", "building one index"),
    ):
        yield _Rule(
            "B",
            name,
            str(half),
            lambda now: half <= now <= max(2, cores),
            f"half of {cores} cores, 4 at most, for {what}",
        )
    yield _Rule(
        "B",
        "max_parallel_workers",
        str(cores),
        lambda now: now >= cores,
        "one for each core; no more than max_worker_processes start",
    )
    method = server.settings.get("io_method")
    if method is not None and method.value == "worker":
        readers = int(_between(3, cores // 4, 32))
        yield _Rule(
            "B",
            "io_workers",
            str(readers),
            lambda now: now >= readers,
            "a quarter of the cores' number reads for the others",
        )


def _at_start(server: ServerSettings, machine: Machine) -> Iterator[_Rule]:
    buffers = machine.memory / 4
    yield _Rule(
        "C",
        "shared_buffers",
        _size(buffers),
        lambda now: CLOSE * buffers <= now <= 0.4 * machine.memory,
        "1/4 of the memory; more than 2/5 is unlikely to work better",
    )
    if server["wal_buffers"].source != "default":
        yield _Rule(
            "C", "wal_buffers", "16MB", lambda now: now >= 16 * MB, "a segment of WAL, as it is"
        )
    processes = max(8, machine.cores + 4)
    yield _Rule(
        "C",
        "max_worker_processes",
        str(processes),
        lambda now: now >= processes,
        f"{machine.cores} parallel workers, and others beside them",
    )
    if server["huge_pages"].value == "off":
        yield _Rule(
            "C", "huge_pages", "try", lambda now: False, "fewer page tables, where there are any"
        )


def _between(least: float, value: float, most: float) -> float:
    return max(least, min(value, most))


def _size(size: float) -> str:
    return f"{int(size // MB)}MB"
