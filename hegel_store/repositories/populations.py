"""Populations: who is a candidate, how fit it is, who is fittest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, TextClause

from hegel_store.database import Executor, translated
from hegel_store.errors import HegelStoreError, IslandReset, NotFound
from hegel_store.models import PopulationMember, Proposal
from hegel_store.models.checks import (
    check_id,
    check_integer,
    check_number,
    check_optional_json,
)
from hegel_store.repositories import population_statements as statements
from hegel_store.repositories.population_cells import PopulationCells
from hegel_store.repositories.population_examples import PopulationExamples
from hegel_store.repositories.population_fronts import PopulationFronts
from hegel_store.repositories.population_islands import PopulationIslands
from hegel_store.repositories.population_novelty import PopulationNovelty, settle
from hegel_store.repositories.population_rows import (
    contents_of,
    island_of,
    key_of,
    member_of,
    scope_of,
)
from hegel_store.repositories.population_selection import PopulationSelection
from hegel_store.repositories.spaces import Spaces
from hegel_store.repositories.transactions import atomic


class PopulationRepository(
    PopulationSelection,
    PopulationFronts,
    PopulationExamples,
    PopulationIslands,
    PopulationCells,
    PopulationNovelty,
):
    """Candidate profiles of a scope with their fitness. Higher is fitter.

    ``session`` is any SQLAlchemy Session or Connection; nothing is committed here. The first of
    ``spaces`` embeds what is proposed.
    """

    def __init__(self, session: Executor, *, spaces: Spaces | None = None) -> None:
        self._session = session
        self._spaces = spaces or Spaces()

    def add(
        self,
        corpus_id: str,
        task_type: str,
        profile_id: UUID,
        *,
        fitness: float | None = None,
        population: str = "default",
        island: int = 0,
        generation: int | None = None,
        objectives: Mapping[str, Any] | None = None,
        descriptor: Mapping[str, Any] | None = None,
        cell_key: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        epoch: int | None = None,
        proposal: Proposal | None = None,
    ) -> PopulationMember:
        """Make a profile a member, or update the member that it is (which ends its eviction).

        What is not given stays as it is; ``generation`` is 1 for a new member. ``objectives`` maps
        names to scores, ``descriptor`` holds raw behaviour descriptors; their keys are merged.
        ``epoch`` is the one in which the work on this member began (a parent's, say): the member
        of an island that was reset since is refused, whoever resets it at the same moment.
        ``proposal`` is the claim that propose() gave for this content: it ends in the same
        transaction, and from then on the member is what others are near to.

        Raises InvalidInput, NotFound for a profile that the corpus does not have, IslandReset.
        """
        values = key_of(corpus_id, task_type, profile_id, population, island) | contents_of(
            fitness, generation, objectives, descriptor, cell_key, metadata
        )
        missing: dict[str, HegelStoreError] = {
            "fk_hegel_profile_populations_corpus_id_profile_id": NotFound(
                "profile", f"{profile_id} in corpus {corpus_id!r}", "profile_id"
            )
        }
        if proposal is None:
            with translated(missing):
                row = _added(self._session, values, epoch)
        else:
            with atomic(self._session) as connection:
                with translated(missing):
                    row = _added(connection, values, epoch)
                if row is not None:
                    settle(connection, proposal, values, profile_id)
        if row is None:
            raise self._reset(values)
        return member_of(row)

    def record_fitness(
        self,
        corpus_id: str,
        task_type: str,
        profile_id: UUID,
        fitness: float,
        *,
        population: str = "default",
        island: int = 0,
        objectives: Mapping[str, Any] | None = None,
        epoch: int | None = None,
    ) -> PopulationMember:
        """Set a member's fitness, and merge ``objectives`` into its own.

        With ``epoch``, only while the island is in it. Raises InvalidInput, IslandReset, and
        NotFound for a profile that is no member there.
        """
        values = key_of(corpus_id, task_type, profile_id, population, island) | {
            "fitness": check_number("fitness", fitness),
            "objectives": check_optional_json("objectives", objectives),
        }
        if epoch is None:
            return self._update(statements.RECORD_FITNESS, values)
        values["epoch"] = check_integer("epoch", epoch)
        with translated():
            row = self._session.execute(statements.RECORD_FITNESS_IN_EPOCH, values).one_or_none()
        if row is None:
            current = self.island_epoch(corpus_id, task_type, population=population, island=island)
            raise _no_member(values) if current == epoch else IslandReset(island, epoch, current)
        return member_of(row)

    def count_children(
        self,
        corpus_id: str,
        task_type: str,
        parents: Iterable[UUID],
        *,
        population: str = "default",
        island: int = 0,
    ) -> None:
        """Count one more child for each of ``parents``, twice for one that is named twice.

        Those that are no members of the island are passed over. Counters move by what they are,
        so that concurrent callers lose no child. One statement.
        """
        values = island_of(corpus_id, task_type, population, island)
        values["parents"] = [check_id("parents", parent) for parent in parents]
        with translated():
            self._session.execute(statements.COUNT_CHILDREN, values)

    def evict(
        self,
        corpus_id: str,
        task_type: str,
        profile_id: UUID,
        *,
        population: str = "default",
        island: int = 0,
    ) -> PopulationMember:
        """Take a member out of selection. Nothing is deleted. Raises NotFound."""
        key = key_of(corpus_id, task_type, profile_id, population, island)
        return self._update(statements.EVICT, key)

    def fittest(
        self,
        corpus_id: str,
        task_type: str,
        *,
        limit: int = 20,
        population: str = "default",
        island: int | None = None,
    ) -> Sequence[PopulationMember]:
        """The fittest members, best first, ties by profile id.

        Only scored members that are not evicted. Over all islands when ``island`` is None, each
        profile once, where it is fittest.
        """
        values = scope_of(corpus_id, task_type, population)
        values["limit"] = check_integer("limit", limit)
        statement = statements.FITTEST_ANYWHERE
        if island is not None:
            values["island"] = check_integer("island", island)
            statement = statements.FITTEST_ON_ISLAND
        with translated():
            return [member_of(row) for row in self._session.execute(statement, values).all()]

    def _update(self, statement: TextClause, values: dict[str, Any]) -> PopulationMember:
        with translated():
            row: Row[Any] | None = self._session.execute(statement, values).one_or_none()
        if row is None:
            raise _no_member(values)
        return member_of(row)


def _added(session: Executor, values: dict[str, Any], epoch: int | None) -> Row[Any] | None:
    """The new member; None where the island is in another epoch."""
    if epoch is None:
        return session.execute(statements.ADD, values).one()
    values["epoch"] = check_integer("epoch", epoch)
    # The first answers with no row also where the island's own is just being made.
    return (
        session.execute(statements.ADD_IN_EPOCH, values).one_or_none()
        or session.execute(statements.ADD_IN_EPOCH, values).one_or_none()
    )


def _no_member(values: Mapping[str, Any]) -> NotFound:
    return NotFound(
        "member",
        f"{values['profile_id']} on island {values['island']} of population "
        f"{values['population']!r} in scope ({values['corpus_id']!r}, {values['task_type']!r})",
        "profile_id",
    )
