"""Populations: who is a candidate, how fit it is, who is fittest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from hegel_store.database import Executor, translated
from hegel_store.errors import HegelStoreError, NotFound
from hegel_store.models import PopulationMember
from hegel_store.models.checks import (
    check_id,
    check_integer,
    check_name,
    check_number,
    check_optional_json,
)

RETURNED = """
    corpus_id, task_type, population, island, profile_id, epoch, fitness_score AS fitness,
    objectives, generation, selection_count, children_count, descriptor, cell_key, evicted_at,
    population_metadata AS metadata, last_updated
"""
KEY = """
    corpus_id = :corpus_id AND task_type = :task_type AND population = :population
    AND island = :island AND profile_id = :profile_id
"""

# What is not given is left as it was; being added again ends an eviction.
ADD = text(
    f"""
    INSERT INTO hegel_profile_populations AS member (
        corpus_id, task_type, population, island, profile_id, fitness_score, objectives,
        generation, descriptor, cell_key, population_metadata)
    VALUES (
        :corpus_id, :task_type, :population, :island, :profile_id, CAST(:fitness AS float8),
        CAST(:objectives AS jsonb), coalesce(CAST(:generation AS int4), 1),
        CAST(:descriptor AS jsonb), CAST(:cell_key AS text), CAST(:metadata AS jsonb))
    ON CONFLICT (corpus_id, task_type, population, island, profile_id) DO UPDATE SET
        fitness_score = coalesce(excluded.fitness_score, member.fitness_score),
        objectives = member.objectives || excluded.objectives,
        generation = coalesce(CAST(:generation AS int4), member.generation),
        descriptor = member.descriptor || excluded.descriptor,
        cell_key = coalesce(excluded.cell_key, member.cell_key),
        population_metadata = member.population_metadata || excluded.population_metadata,
        evicted_at = NULL,
        last_updated = clock_timestamp()
    RETURNING {RETURNED}
    """
)

RECORD_FITNESS = text(
    f"""
    UPDATE hegel_profile_populations SET
        fitness_score = CAST(:fitness AS float8),
        objectives = objectives || CAST(:objectives AS jsonb),
        last_updated = clock_timestamp()
    WHERE {KEY}
    RETURNING {RETURNED}
    """
)

EVICT = text(
    f"""
    UPDATE hegel_profile_populations SET
        evicted_at = coalesce(evicted_at, clock_timestamp()), last_updated = clock_timestamp()
    WHERE {KEY}
    RETURNING {RETURNED}
    """
)

# A profile that lives on several islands counts once, where it is fittest. Asking of each member
# whether the same profile does better elsewhere keeps the walk of the fitness index, which stops
# at the limit; DISTINCT ON would read the whole scope first. NULLS LAST, though no score is null
# here, because the index is in that order and would not be used otherwise.
FITTEST = """
    SELECT {returned}
    FROM hegel_profile_populations AS member
    WHERE corpus_id = :corpus_id AND task_type = :task_type AND population = :population
      AND evicted_at IS NULL AND fitness_score IS NOT NULL
      {where}
    ORDER BY fitness_score DESC NULLS LAST, profile_id
    LIMIT :limit
"""
FITTEST_ON_ISLAND = text(FITTEST.format(returned=RETURNED, where="AND island = :island"))
FITTEST_ANYWHERE = text(
    FITTEST.format(
        returned=RETURNED,
        where="""AND NOT EXISTS (
          SELECT FROM hegel_profile_populations AS other
          WHERE other.corpus_id = member.corpus_id AND other.profile_id = member.profile_id
            AND other.task_type = member.task_type AND other.population = member.population
            AND other.evicted_at IS NULL
            AND (other.fitness_score > member.fitness_score
                 OR other.fitness_score = member.fitness_score AND other.island < member.island)
      )""",
    )
)


class PopulationRepository:
    """Candidate profiles of a scope with their fitness. Higher is fitter.

    ``session`` is any SQLAlchemy Session or Connection; nothing is committed here.
    """

    def __init__(self, session: Executor) -> None:
        self._session = session

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
    ) -> PopulationMember:
        """Make a profile a member, or update the member that it is (which ends its eviction).

        What is not given stays as it is; ``generation`` is 1 for a new member. ``objectives`` maps
        names to scores, ``descriptor`` holds raw behaviour descriptors; their keys are merged.
        Raises InvalidInput, and NotFound for a profile that the corpus does not have.
        """
        values = _key(corpus_id, task_type, profile_id, population, island) | {
            "fitness": None if fitness is None else check_number("fitness", fitness),
            "generation": (None if generation is None else check_integer("generation", generation)),
            "objectives": check_optional_json("objectives", objectives),
            "descriptor": check_optional_json("descriptor", descriptor),
            "cell_key": None if cell_key is None else check_name("cell_key", cell_key),
            "metadata": check_optional_json("metadata", metadata),
        }
        missing: dict[str, HegelStoreError] = {
            "fk_hegel_profile_populations_corpus_id_profile_id": NotFound(
                "profile", f"{profile_id} in corpus {corpus_id!r}", "profile_id"
            )
        }
        with translated(missing):
            return _member(self._session.execute(ADD, values).one())

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
    ) -> PopulationMember:
        """Set a member's fitness, and merge ``objectives`` into its own.

        Raises InvalidInput, and NotFound for a profile that is no member there.
        """
        values = _key(corpus_id, task_type, profile_id, population, island) | {
            "fitness": check_number("fitness", fitness),
            "objectives": check_optional_json("objectives", objectives),
        }
        return self._update(RECORD_FITNESS, values)

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
        return self._update(EVICT, _key(corpus_id, task_type, profile_id, population, island))

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
        values: dict[str, Any] = {
            "corpus_id": check_name("corpus_id", corpus_id),
            "task_type": check_name("task_type", task_type),
            "population": check_name("population", population),
            "limit": check_integer("limit", limit),
        }
        statement = FITTEST_ANYWHERE
        if island is not None:
            values["island"] = check_integer("island", island)
            statement = FITTEST_ON_ISLAND
        with translated():
            return [_member(row) for row in self._session.execute(statement, values).all()]

    def _update(self, statement: Any, values: dict[str, Any]) -> PopulationMember:
        with translated():
            row = self._session.execute(statement, values).one_or_none()
        if row is None:
            raise NotFound(
                "member",
                f"{values['profile_id']} on island {values['island']} of population "
                f"{values['population']!r} in scope ({values['corpus_id']!r}, "
                f"{values['task_type']!r})",
                "profile_id",
            )
        return _member(row)


def _key(
    corpus_id: str, task_type: str, profile_id: UUID, population: str, island: int
) -> dict[str, Any]:
    return {
        "corpus_id": check_name("corpus_id", corpus_id),
        "task_type": check_name("task_type", task_type),
        "profile_id": check_id("profile_id", profile_id),
        "population": check_name("population", population),
        "island": check_integer("island", island),
    }


def _member(row: Row[Any]) -> PopulationMember:
    return PopulationMember(**row._mapping)
