"""The same candidates placed here and added to OpenEvolve's own program database."""

from __future__ import annotations

import random
from typing import Any
from uuid import UUID

import pytest
from openevolve import database as openevolve_database
from openevolve.config import DatabaseConfig

from hegel_store.store import Store

pytestmark = pytest.mark.any_server

SCOPE = ("news", "qa")


def cells_of_openevolve(
    database: Any, program: type, candidates: list[tuple[UUID, float, float, float]]
) -> list[str]:
    """Add all, and return the cell key that each was given at that moment."""
    keys = []
    for identifier, fitness, x, y in candidates:
        added = program(
            id=str(identifier),
            code=f"# {identifier}",
            metrics={"combined_score": fitness, "x": x, "y": y},
        )
        database.add(added, target_island=0)
        keys.append(database._feature_coords_to_key(database._calculate_feature_coords(added)))
    return keys


@pytest.mark.parametrize("seed", range(12))
def test_cells_are_held_by_whom_openevolve_lets_hold_them(store: Store, seed: int) -> None:
    """Its cell keys, our placing; at the end the keys from our raw descriptors are its own."""
    config = DatabaseConfig(
        in_memory=True,
        population_size=10_000,
        archive_size=10_000,
        num_islands=1,
        feature_dimensions=["x", "y"],
        feature_bins=5,
        random_seed=seed,
    )
    rng = random.Random(seed)
    ids = [store.profiles.append(*SCOPE, {"n": n}).id for n in range(60)]
    candidates = [
        (identifier, rng.choice([rng.random(), 0.5]), rng.gauss(0, 3), rng.choice([1, 2, 2.5, 9]))
        for identifier in ids
    ]
    database = openevolve_database.ProgramDatabase(config)
    keys = cells_of_openevolve(database, openevolve_database.Program, candidates)
    for (identifier, fitness, x, y), key in zip(candidates, keys, strict=True):
        store.populations.place(*SCOPE, identifier, key, fitness, descriptor={"x": x, "y": y})
    held = {m.cell_key: str(m.profile_id) for m in store.populations.cells(*SCOPE)}
    assert held == database.island_feature_maps[0]
    left = store.populations.rebin(*SCOPE, {"x": database.feature_bins, "y": database.feature_bins})
    fitness_of = {str(candidate[0]): candidate[1] for candidate in candidates}
    expected: dict[str, float] = {}
    for identifier in held.values():
        program = database.programs[identifier]
        key = database._feature_coords_to_key(database._calculate_feature_coords(program))
        expected[key] = max(expected.get(key, -1.0), fitness_of[identifier])
    assert {m.cell_key: m.fitness for m in left} == expected
