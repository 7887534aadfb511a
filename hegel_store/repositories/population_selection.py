"""Selection: which members are the next parents."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any, Literal, get_args

from sqlalchemy import TextClause

from hegel_store.database import Executor, translated
from hegel_store.errors import InvalidInput
from hegel_store.models import SelectedMember
from hegel_store.models.checks import check_choice, check_integer, check_number
from hegel_store.repositories import population_draw_statements as statements
from hegel_store.repositories.population_rows import scope_of, selected_of

Weighting = Literal["shifted", "sigmoid"]

MAX_COUNT = 1_000
MAX_SIZE = 1_000
MAX_DRAWS = 100_000
"""Numbers sent with one statement."""
USUALLY_KEPT = 0.5
"""Of the members that are drawn by weight: the mean weight to the largest one."""
MORE_DRAWS = 24


class PopulationSelection:
    """The part of PopulationRepository that chooses parents.

    Chosen from are scored members that are not evicted, on one island or on all (a profile on two
    islands is two members). A member may be chosen again, by the same call too. Every choice counts
    in ``selection_count``, in the statement that makes it and by what the counter is then, so that
    concurrent callers lose none. Chance comes from ``rng``: equal seeds make equal choices of equal
    populations. An empty population yields nothing.
    """

    _session: Executor

    def tournament(
        self,
        corpus_id: str,
        task_type: str,
        *,
        size: int,
        rng: random.Random,
        count: int = 1,
        population: str = "default",
        island: int | None = None,
    ) -> Sequence[SelectedMember]:
        """The fittest of ``size`` members drawn at random, with replacement; ``count`` times.

        Ties by profile id. Size 1 draws uniformly. What is read does not grow with the population
        (see hegel_store.repositories.population_draw_statements). One statement, and a further one
        where chance or an island much smaller than the largest has left it short of members.
        """
        values = _selection(corpus_id, task_type, population, island)
        values["size"] = check_integer("size", size, minimum=1, maximum=MAX_SIZE)
        wanted = check_integer("count", count, maximum=MAX_COUNT)
        statement = statements.TOURNAMENT if island is None else statements.TOURNAMENT_ON_ISLAND
        chosen: list[SelectedMember] = []
        share = statements.ACCEPTED
        while len(chosen) < wanted:
            missing = wanted - len(chosen)
            draws = min(math.ceil(1.75 * missing * size / share) + 8, MAX_DRAWS)
            values["count"] = missing
            for name in ("islands", "starts", "slots"):
                values[name] = [rng.random() for _ in range(draws)]
            found = self._select(statement, values)
            if not found and not self._anybody(values):
                break
            chosen += found
            share = min(share, len(found) * size / draws) or share / 8
        return chosen

    def fitness_proportional(
        self,
        corpus_id: str,
        task_type: str,
        *,
        rng: random.Random,
        count: int = 1,
        weighting: Weighting = "shifted",
        sharpness: float = 1.0,
        population: str = "default",
        island: int | None = None,
    ) -> Sequence[SelectedMember]:
        """Members with a chance in proportion to their weight (roulette wheel); ``count`` spins.

        "shifted" weighs fitness - lowest fitness, which holds for negative fitness too: the least
        fit is never chosen, unless all are equal and have equal chances. "sigmoid" weighs
        sigmoid(sharpness * (fitness - median) / MAD) / (1 + children_count), as ShinkaEvolve does
        (with a sharpness of 10); MAD is the median absolute deviation, at least 1e-6.

        Draws members at random and keeps each with the chance of its weight to the largest one, so
        that "shifted" reads little of a large population, and "sigmoid" the fitness of all members,
        for the median. Where too few are kept, as of weights that are next to nothing but for one,
        a further statement adds up the weights of all.
        """
        values = _selection(corpus_id, task_type, population, island)
        check_choice("weighting", weighting, get_args(Weighting))
        wanted = check_integer("count", count, maximum=MAX_COUNT)
        if not 1e-3 <= check_number("sharpness", sharpness) <= 1e3:
            raise InvalidInput("sharpness", f"must be between 0.001 and 1000, not {sharpness}")
        if weighting == "sigmoid":
            values["sharpness"] = sharpness
        draws = math.ceil(1.75 * wanted / (statements.ACCEPTED * USUALLY_KEPT)) + MORE_DRAWS
        spun = values | {"size": 1, "count": wanted}
        for name in ("islands", "starts", "slots", "chances"):
            spun[name] = [rng.random() for _ in range(draws)]
        chosen = self._select(statements.SPINS[weighting, island is not None], spun)
        if len(chosen) < wanted:
            values["points"] = [rng.random() for _ in range(wanted - len(chosen))]
            chosen += self._select(statements.WHEELS[weighting], values)
        return chosen

    def epsilon_greedy(
        self,
        corpus_id: str,
        task_type: str,
        *,
        epsilon: float,
        rng: random.Random,
        count: int = 1,
        population: str = "default",
        island: int | None = None,
    ) -> Sequence[SelectedMember]:
        """Any member with a probability of ``epsilon``, otherwise the fittest; ``count`` times.

        Those that are the fittest by choice come first. Two statements at most, for what is of
        each kind.
        """
        if not 0 <= check_number("epsilon", epsilon) <= 1:
            raise InvalidInput("epsilon", f"must be between 0 and 1, not {epsilon}")
        wanted = check_integer("count", count, maximum=MAX_COUNT)
        explored = sum(rng.random() < epsilon for _ in range(wanted))
        values = _selection(corpus_id, task_type, population, island)
        values["count"] = wanted - explored
        chosen = list(self._select(statements.FITTEST, values)) if wanted > explored else []
        chosen += self.tournament(
            corpus_id,
            task_type,
            size=1,
            rng=rng,
            count=explored,
            population=population,
            island=island,
        )
        return chosen

    def ucb(
        self,
        corpus_id: str,
        task_type: str,
        *,
        c: float = 1.0,
        count: int = 1,
        population: str = "default",
        island: int | None = None,
    ) -> Sequence[SelectedMember]:
        """The members with the highest upper confidence bound, ``count`` different ones.

        The bound is fitness + c * sqrt(2 * ln(N) / n) for a member selected n times of N in all
        (UCB1, Auer et al., 2002, with c = 1 for fitness between 0 and 1). Members that were never
        selected come first, the fittest of them first. No chance takes part; two callers of one
        moment may choose the same member, and both are counted. Reads every member. One statement.
        """
        values = _selection(corpus_id, task_type, population, island)
        values["c"] = check_number("c", c)
        if not 0 <= c <= 1e6:
            raise InvalidInput("c", f"must be between 0 and 1,000,000, not {c}")
        values["count"] = check_integer("count", count, maximum=MAX_COUNT)
        return self._select(statements.UCB, values)

    def _anybody(self, values: dict[str, Any]) -> bool:
        with translated():
            return bool(self._session.execute(statements.ANYBODY, values).scalar_one())

    def _select(self, statement: TextClause, values: dict[str, Any]) -> list[SelectedMember]:
        with translated():
            return [selected_of(row) for row in self._session.execute(statement, values).all()]


def _selection(
    corpus_id: str, task_type: str, population: str, island: int | None
) -> dict[str, Any]:
    return scope_of(corpus_id, task_type, population) | {
        "island": None if island is None else check_integer("island", island)
    }
