"""The front over examples: members that are the best at something, as GEPA keeps them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence

from hegel_store.database import Executor, translated
from hegel_store.models import ExampleLeader, SelectedMember
from hegel_store.models.checks import check_integer, check_name
from hegel_store.repositories import population_draw_statements, population_example_statements
from hegel_store.repositories.population_fronts import Direction, compared
from hegel_store.repositories.population_rows import selected_of


class PopulationExamples:
    """The part of PopulationRepository that compares members example by example.

    Reads the scores that store.scores has of the live members' contents on a ``split``;
    ``directions`` names the objectives, each with its direction. With several objectives each pair
    of an example and an objective counts as an example. A member without a score on an example
    takes no part in it. Members of equal content share their scores and are one, the one with the
    lowest id.
    """

    _session: Executor

    def example_front(
        self,
        corpus_id: str,
        task_type: str,
        directions: Mapping[str, Direction],
        *,
        split: str,
        evaluator: str = "default",
        population: str = "default",
        island: int | None = None,
    ) -> Sequence[ExampleLeader]:
        """The members that the best scores cannot do without, by how many examples they lead.

        On each example all members with the best score lead. Then, from the lowest mean score up
        (ties by profile id), members are removed who on each of their examples share the lead with
        one who is left: remove_dominated_programs() of GEPA (Agrawal et al., 2025).

        One statement, which reads the leaders' scores and not all; the removal, each step of which
        depends on the one before, is done on what it returns. Means are those of the members'
        scores on the split, to be minimised ones negated.
        """
        values = compared(corpus_id, task_type, directions, population, island)
        values["split"] = check_name("split", split)
        values["evaluator"] = check_name("evaluator", evaluator)
        with translated():
            rows = self._session.execute(population_example_statements.LEADERS, values).all()
        shared = Counter(number for row in rows for number in row.numbers)
        front = []
        for row in rows:
            if all(shared[number] > 1 for number in row.numbers):
                shared.subtract(row.numbers)
            else:
                front.append(
                    ExampleLeader(
                        profile_id=row.profile_id,
                        island=row.island,
                        leads=len(row.numbers),
                    )
                )
        return sorted(front, key=lambda leader: (-leader.leads, leader.profile_id))

    def sample_example_front(
        self,
        corpus_id: str,
        task_type: str,
        directions: Mapping[str, Direction],
        *,
        split: str,
        rng: random.Random,
        count: int = 1,
        evaluator: str = "default",
        population: str = "default",
        island: int | None = None,
    ) -> Sequence[SelectedMember]:
        """Members of example_front(), each with a chance in proportion to the examples it leads.

        As GEPA selects its candidates. Each choice counts in ``selection_count``. Two statements: a
        member that is evicted between them is not returned.
        """
        wanted = check_integer("count", count, maximum=1_000)
        front = self.example_front(
            corpus_id,
            task_type,
            directions,
            split=split,
            evaluator=evaluator,
            population=population,
            island=island,
        )
        if not front:
            return []
        chosen = rng.choices(front, weights=[leader.leads for leader in front], k=wanted)
        values = compared(corpus_id, task_type, directions, population, island)
        values["islands"] = [leader.island for leader in chosen]
        values["profiles"] = [leader.profile_id for leader in chosen]
        with translated():
            rows = self._session.execute(population_draw_statements.CHOSEN, values).all()
        return [selected_of(row) for row in rows]
