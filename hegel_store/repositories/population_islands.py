"""Islands: populations that evolve apart, exchange their best, and are begun anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from hegel_store.database import Executor, translated
from hegel_store.errors import InvalidInput, IslandReset
from hegel_store.models.checks import check_integer
from hegel_store.repositories import population_island_statements as statements
from hegel_store.repositories.population_rows import island_of, scope_of
from hegel_store.repositories.transactions import atomic


class PopulationIslands:
    """The part of PopulationRepository that concerns whole islands."""

    _session: Executor

    def island_epoch(
        self, corpus_id: str, task_type: str, *, population: str = "default", island: int = 0
    ) -> int:
        """How often the island was reset; 0 for one that never was, or is empty."""
        values = island_of(corpus_id, task_type, population, island)
        with translated():
            return int(self._session.execute(statements.READ_EPOCH, values).scalar_one())

    def reset_island(
        self, corpus_id: str, task_type: str, *, population: str = "default", island: int = 0
    ) -> int:
        """Evict all members of an island and begin its next epoch, which is returned.

        Results that are still under way belong to an earlier epoch: add() and record_fitness()
        refuse them when they are told theirs. Waits for adds of this moment, which are evicted
        with the others (FunSearch resets its weaker half so, and copies a founder from the others:
        migrate()).
        """
        values = island_of(corpus_id, task_type, population, island)
        with atomic(self._session) as connection:
            epoch = int(connection.execute(statements.RAISE_EPOCH, values).scalar_one())
            connection.execute(statements.EVICT_ALL, values)
        return epoch

    def migrate(
        self,
        corpus_id: str,
        task_type: str,
        source: int,
        target: int,
        *,
        count: int = 1,
        population: str = "default",
    ) -> Sequence[UUID]:
        """Copy the ``count`` fittest of island ``source`` to island ``target``.

        Copies keep fitness, objectives, generation and descriptor; their counts begin at 0, they
        hold no cell, and their metadata say ``migrated_from``. Who is or was a member of the target
        stays as it is there. Returns the profiles that were copied, fittest first.
        """
        if source == target:
            raise InvalidInput("target", "must be another island than the source")
        return [
            profile
            for _, profile in self._migrate(
                corpus_id, task_type, [source], [target], count, population
            )
        ]

    def migrate_ring(
        self,
        corpus_id: str,
        task_type: str,
        islands: int,
        *,
        count: int = 1,
        population: str = "default",
    ) -> Sequence[tuple[int, UUID]]:
        """Copy the ``count`` fittest of each of islands 0, 1, ... to the next, the last's to 0.

        All at once: nobody moves on by two islands. Returns the copies, as (island, profile).
        """
        check_integer("islands", islands, minimum=2, maximum=10_000)
        sources = list(range(islands))
        targets = [*sources[1:], 0]
        return self._migrate(corpus_id, task_type, sources, targets, count, population)

    def limit_siblings(
        self,
        corpus_id: str,
        task_type: str,
        *,
        per_parent: int,
        population: str = "default",
        island: int | None = None,
    ) -> Sequence[tuple[int, UUID]]:
        """Keep at most ``per_parent`` live members with the same base profile on an island.

        The fittest stay, ties by profile id; members that were not scored yet are the first to go.
        Profiles without a base are nobody's siblings. Returns who was evicted, as (island,
        profile). One statement.
        """
        values = scope_of(corpus_id, task_type, population) | {
            "island": None if island is None else check_integer("island", island),
            "per_parent": check_integer("per_parent", per_parent, minimum=1),
        }
        with translated():
            rows = self._session.execute(statements.LIMIT_SIBLINGS, values).all()
        return sorted((row.island, row.profile_id) for row in rows)

    def _migrate(
        self,
        corpus_id: str,
        task_type: str,
        sources: list[int],
        targets: list[int],
        count: int,
        population: str,
    ) -> list[tuple[int, UUID]]:
        values = scope_of(corpus_id, task_type, population)
        for field, islands in (("source", sources), ("target", targets)):
            for island in islands:
                check_integer(field, island)
        values |= {"sources": sources, "targets": targets, "count": check_integer("count", count)}
        with atomic(self._session) as connection:
            # In one order, and before the copies: their epoch is then the one that they live in.
            for target in sorted(targets):
                entered(connection, values | {"island": target}, exclusive=False)
            rows = connection.execute(statements.MIGRATE, values).all()
        return [(row.island, row.profile_id) for row in rows]

    def _reset(self, values: dict[str, Any]) -> IslandReset:
        with translated():
            current = self._session.execute(statements.READ_EPOCH, values).scalar_one()
        return IslandReset(values["island"], values["epoch"], int(current))


def entered(session: Session | Connection, island: dict[str, Any], *, exclusive: bool) -> int:
    """The epoch of an island, which stays until the end of the transaction.

    ``exclusive`` keeps others out who add in an epoch, place or migrate.
    """
    statement = statements.HOLD if exclusive else statements.ENTER
    epoch = session.execute(statement, island).scalar_one_or_none()
    if epoch is None:
        epoch = session.execute(statement, island).scalar_one()
    return int(epoch)
