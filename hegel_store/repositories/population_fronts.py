"""Pareto fronts: members that are not worse than another one in everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args
from uuid import UUID

from hegel_store.database import Executor, translated
from hegel_store.errors import InvalidInput
from hegel_store.models import SelectedMember
from hegel_store.models.checks import check_choice, check_integer, check_name
from hegel_store.repositories import population_front_statements as statements
from hegel_store.repositories.population_rows import scope_of, selected_of

Direction = Literal["maximize", "minimize"]
SIGNS: dict[str, float] = {"maximize": 1.0, "minimize": -1.0}
MAX_OBJECTIVES = 16


class PopulationFronts:
    """The part of PopulationRepository that compares members by several objectives.

    A member dominates another one when it is worse in none of the objectives and better in one.
    ``directions`` says which objectives count and which way, {"accuracy": "maximize", "tokens":
    "minimize"}. A member that lacks one of them, or has no number there, takes no part: it is in no
    front, dominates nobody and is dominated by nobody. ``fitness`` takes no part either.
    """

    _session: Executor

    def pareto_front(
        self,
        corpus_id: str,
        task_type: str,
        directions: Mapping[str, Direction],
        *,
        population: str = "default",
        island: int | None = None,
    ) -> Sequence[SelectedMember]:
        """The live, scored or unscored members that no other one dominates, best in the first
        objective first.

        Equal members do not dominate each other. On all islands when ``island`` is None, where a
        profile on two of them is two members. Nothing is counted. One statement; it compares each
        member with others until one is found that dominates it. Raises InvalidInput.
        """
        values = compared(corpus_id, task_type, directions, population, island)
        with translated():
            rows = self._session.execute(statements.front(len(directions)), values).all()
        return [selected_of(row) for row in rows]

    def prune_dominated(
        self,
        corpus_id: str,
        task_type: str,
        directions: Mapping[str, Direction],
        *,
        population: str = "default",
        island: int | None = None,
    ) -> Sequence[tuple[int, UUID]]:
        """Evict every member that another one dominates, as (island, profile).

        What stays is pareto_front(), and those that take no part. One statement.
        """
        values = compared(corpus_id, task_type, directions, population, island)
        with translated():
            rows = self._session.execute(statements.prune(len(directions)), values).all()
        return sorted((row.island, row.profile_id) for row in rows)


def compared(
    corpus_id: str,
    task_type: str,
    directions: Mapping[str, Direction],
    population: str,
    island: int | None,
) -> dict[str, Any]:
    """The parameters of a comparison by objectives. Raises InvalidInput."""
    values = scope_of(corpus_id, task_type, population)
    values["island"] = None if island is None else check_integer("island", island)
    if not isinstance(directions, Mapping) or not 1 <= len(directions) <= MAX_OBJECTIVES:
        raise InvalidInput("directions", f"must map 1 to {MAX_OBJECTIVES} objectives to directions")
    for name, direction in directions.items():
        check_name("directions (a name)", name)
        check_choice(f"directions.{name:.80}", direction, get_args(Direction))
    values["objectives"] = list(directions)
    values["signs"] = [SIGNS[direction] for direction in directions.values()]
    return values
