"""Where the programs of a ProgramDatabase stand: what of its state is in rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

SHARED = (
    "island_generations",
    "last_migration_generation",
    "last_iteration",
    "best_program_id",
    "island_best_programs",
)
"""What all controllers have in common and is about no single program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Of one program: its island, whether it is a member of that (the best program may outlive its
    membership), the cell that it holds, and whether it is in the archive."""

    island: int
    on_island: bool
    cell_key: str | None
    archived: bool


def standings_of(database: Any) -> dict[str, Standing]:
    """The standing of each program, by its id."""
    holding = {
        program: key for cells in database.island_feature_maps for key, program in cells.items()
    }
    islands = {
        program: island for island, members in enumerate(database.islands) for program in members
    }
    return {
        identifier: Standing(
            island=islands.get(identifier, home_of(database, program)),
            on_island=identifier in islands,
            cell_key=holding.get(identifier),
            archived=identifier in database.archive,
        )
        for identifier, program in database.programs.items()
    }


def home_of(database: Any, program: Any) -> int:
    """The island that a program was meant for."""
    return int(program.metadata.get("island") or 0) % len(database.islands)


def restore(database: Any, programs: Mapping[str, Any], standings: Mapping[str, Standing]) -> None:
    """Give a ProgramDatabase these programs, in this order, in place of those that it has."""
    count = max([database.config.num_islands, *(s.island + 1 for s in standings.values())])
    database.programs = dict(programs)
    database.islands = [set() for _ in range(count)]
    database.island_feature_maps = [{} for _ in range(count)]
    database.archive = {name for name, standing in standings.items() if standing.archived}
    for name, standing in standings.items():
        if standing.on_island:
            database.islands[standing.island].add(name)
        if standing.cell_key is not None:
            database.island_feature_maps[standing.island][standing.cell_key] = name


def dump_shared(database: Any) -> bytes:
    """What is about no single program, as JSON."""
    shared = {name: getattr(database, name) for name in SHARED}
    return json.dumps(
        shared | {"feature_stats": database._serialize_feature_stats()}, default=float
    ).encode()


def restore_shared(database: Any, saved: bytes) -> None:
    """What dump_shared() has written, after restore()."""
    shared = json.loads(saved)
    if not shared:
        return
    latest = max(database.last_iteration, shared["last_iteration"])
    for name in SHARED:
        setattr(database, name, shared[name])
    database.last_iteration = latest
    database.feature_stats = database._deserialize_feature_stats(shared["feature_stats"])
    count = len(database.islands)
    database.island_generations = _padded(database.island_generations, count, 0)
    database.island_best_programs = _padded(database.island_best_programs, count, None)
    if database.best_program_id not in database.programs:
        database.best_program_id = None
    database._cleanup_stale_island_bests()


def _padded(values: Iterable[Any], count: int, filling: Any) -> list[Any]:
    given = list(values)
    return given + [filling] * (count - len(given))
