"""MAP-Elites: the best member of every cell of an island."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from hegel_store.database import Executor, translated
from hegel_store.errors import HegelStoreError, InvalidInput, IslandReset, NotFound
from hegel_store.models import Placement, PopulationMember
from hegel_store.models.checks import check_integer, check_name, check_number, check_text
from hegel_store.repositories import population_cell_statements as statements
from hegel_store.repositories.population_islands import entered
from hegel_store.repositories.population_rows import (
    contents_of,
    island_of,
    key_of,
    member_of,
)
from hegel_store.repositories.transactions import atomic

MAX_BINS = 1_000_000
MAX_FEATURES = 16


class PopulationCells:
    """The part of PopulationRepository that keeps one live holder in each cell."""

    _session: Executor

    def place(
        self,
        corpus_id: str,
        task_type: str,
        profile_id: UUID,
        cell_key: str,
        fitness: float,
        *,
        population: str = "default",
        island: int = 0,
        generation: int | None = None,
        objectives: Mapping[str, Any] | None = None,
        descriptor: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        epoch: int | None = None,
    ) -> Placement:
        """Let a profile hold a cell of an island if it is fitter than who holds it.

        The former holder is then evicted; otherwise the profile itself is stored as evicted, with
        its fitness and descriptor. The first of two equals stays. A profile that held another cell
        of the island leaves it. Those who place on one island at the same moment queue, so that the
        fittest of all holds the cell in the end, alone. What is not given stays as it is.

        Raises InvalidInput, NotFound for a profile that the corpus does not have, and IslandReset
        where the island is not in ``epoch``.
        """
        values = key_of(corpus_id, task_type, profile_id, population, island) | contents_of(
            check_number("fitness", fitness),
            generation,
            objectives,
            descriptor,
            check_name("cell_key", cell_key),
            metadata,
        )
        if epoch is not None:
            check_integer("epoch", epoch)
        missing: dict[str, HegelStoreError] = {
            "fk_hegel_profile_populations_corpus_id_profile_id": NotFound(
                "profile", f"{profile_id} in corpus {corpus_id!r}", "profile_id"
            )
        }
        with atomic(self._session) as connection:
            current = entered(connection, values, exclusive=True)
            if epoch is not None and epoch != current:
                raise IslandReset(island, epoch, current)
            with translated(missing):
                row = connection.execute(statements.PLACE, values | {"epoch": current}).one()
        found = row._asdict()
        replaced = found.pop("replaced")
        member = PopulationMember(**found)
        return Placement(member=member, placed=member.holds_cell, replaced=replaced)

    def cells(
        self, corpus_id: str, task_type: str, *, population: str = "default", island: int = 0
    ) -> Sequence[PopulationMember]:
        """Who holds the cells of an island, by cell key."""
        values = island_of(corpus_id, task_type, population, island)
        with translated():
            return [member_of(row) for row in self._session.execute(statements.HELD, values).all()]

    def rebin(
        self,
        corpus_id: str,
        task_type: str,
        features: Mapping[str, int],
        *,
        population: str = "default",
        island: int = 0,
    ) -> Sequence[PopulationMember]:
        """Make the cells of an island anew from the raw descriptors, and return who holds them.

        ``features`` maps names of descriptors to numbers of bins, in the order of the cell key.
        The bin of a value is floor((value - min) / (max - min) * bins), the last one for the
        maximum and the middle one where all values are equal, as in OpenEvolve; min and max are
        those of all members of this epoch, also of evicted ones. "2-0" is the third bin of the
        first feature and the first of the second.

        Where holders meet in a cell the fittest stays, ties by profile id, and the others are
        evicted. Nobody comes back: whom a cell has lost to a rival it does not get again. A holder
        that lacks a feature (or has no number there) lives on without a cell. Placing on the island
        waits meanwhile. Raises InvalidInput.
        """
        values = island_of(corpus_id, task_type, population, island)
        values |= _features(features)
        with atomic(self._session) as connection:
            values["epoch"] = entered(connection, values, exclusive=True)
            released = connection.execute(statements.RELEASE, values).all()
            values["holders"] = [row.profile_id for row in released]
            connection.execute(statements.REBIN, values)
            return [member_of(row) for row in connection.execute(statements.HELD, values).all()]


def _features(features: Mapping[str, int]) -> dict[str, Any]:
    if not isinstance(features, Mapping) or not 1 <= len(features) <= MAX_FEATURES:
        raise InvalidInput("features", f"must map 1 to {MAX_FEATURES} names to numbers of bins")
    return {
        "names": [check_text("features (a name)", name) for name in features],
        "bins": [
            check_integer(f"features.{name:.80}", bins, minimum=1, maximum=MAX_BINS)
            for name, bins in features.items()
        ],
    }
