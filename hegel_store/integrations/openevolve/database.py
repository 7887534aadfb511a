"""A ProgramDatabase of OpenEvolve that lives in the store."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from openevolve.database import ProgramDatabase

from hegel_store.errors import HegelStoreError, InvalidInput
from hegel_store.integrations.openevolve.beginning import begin
from hegel_store.integrations.openevolve.keeping import Entered, Keeping
from hegel_store.integrations.openevolve.notes import ProgramNotes
from hegel_store.integrations.openevolve.programs import details_of, source_of
from hegel_store.integrations.openevolve.replica import AWAY, Replica
from hegel_store.integrations.openevolve.standings import home_of
from hegel_store.store import Store
from hegel_store.unit_of_work import UnitOfWork

logger = logging.getLogger("hegel_store")


class StoreProgramDatabase(ProgramNotes, ProgramDatabase):  # type: ignore[misc]  # mypy does not read openevolve
    """The programs of a run, shared by as many controllers as like, on any machines.

    A program is a profile, ``{role: {"system_prompt": code}}``, with its parent, and a member of
    ``population`` (by default named as the run) on its island: its metrics are the objectives,
    the raw values of its features the descriptor, the cell that it holds is its cell. What
    OpenEvolve removes is evicted. The prompts that made it are steps of the run, unless
    ``log_prompts`` is off in the configuration.

    Every decision is OpenEvolve's own code: it works on a copy in memory, which follows the
    database. A change locks the run, brings the copy up to date, decides, and is one transaction;
    so changes of all controllers have an order, and none is made of what is no longer so. Samples
    are drawn from a copy that is as new as the database, by the generator of the module random,
    which ``config.random_seed`` seeds: give every controller another one.

    While the database is away, it samples what it has in memory, and keeps what is added, which
    is written before the next change or by close(). ``error`` is what kept it from writing last.

    The run is started, or found: its islands, features, bins and sizes have to be the same. One
    that is finished or has failed is reopened. Raises InvalidInput for ``config.db_path``, and
    RunConflict for a run that was stopped or is configured otherwise.
    """

    def __init__(
        self,
        config: Any,
        store: Store,
        corpus_id: str,
        task_type: str,
        run: str,
        *,
        population: str | None = None,
        role: str = "worker",
        budget: int | None = None,
        population_strategy: Any = None,
    ) -> None:
        if config.db_path is not None:
            raise InvalidInput("config.db_path", "is not used: programs are kept in the database")
        self._store = store
        self._keeping = Keeping(
            corpus_id,
            task_type,
            run,
            population=run if population is None else population,
            role=role,
            feature_dimensions=config.feature_dimensions,
        )
        self._role = role
        self._replica = Replica(self, store, self._keeping, self._add_here)
        self._measured: dict[str, float] | None = None
        self._novel: dict[str, bool] = {}
        super().__init__(config, population_strategy=population_strategy)
        begin(store, self._keeping, config, budget)
        self.load()

    @property
    def error(self) -> HegelStoreError | None:
        """What kept it from writing, None when all is written."""
        return self._replica.error

    def on_end(self, end: Callable[[], object]) -> None:
        """Call ``end`` when the run was ended, from anywhere, or its budget is spent."""
        self._replica.on_end = end

    def load(self, path: str | None = None) -> None:
        """Read the population as it stands. There is no folder: ``path`` is not looked at."""
        self._replica.forget()
        self._replica.change(lambda work: None)

    def save(self, path: str | None = None, iteration: int = 0) -> None:
        """Write what could not be written before, if the database is there. All else is stored
        already: no folder is made."""
        if self._replica.is_behind:
            self._try(lambda work: None)

    def close(self) -> None:
        """Write what is not yet written. Raises what keeps it from that."""
        if self._replica.is_behind:
            self._replica.change(lambda work: None)

    def add(
        self, program: Any, iteration: int | None = None, target_island: int | None = None
    ) -> str | None:
        """Add a program, on the newest population. Once: a second time changes nothing.

        Returns its id; None where the strategy rejects it, and where its island was reset since
        its parent was added (both are stored as evicted). Raises InvalidInput for a code that has
        NUL characters or lone surrogates, and for what is no JSON.
        """
        source_of(program, self._role)
        details_of(program, self._keeping.run_id)
        if self._replica.work is not None:
            return self._add_here(self._replica.work, program, iteration, target_island)
        self._judge(program, target_island)
        # By the time that it has the lock, another controller may have begun.
        is_first = not self.programs and program.parent_id is None
        try:
            return self._replica.change(
                lambda work: self._add_here(work, program, iteration, target_island, is_first)
            )
        except AWAY as error:
            logger.warning("program %s waits for the database: %s", program.id, error)
            self._replica.waiting[program.id] = (program, iteration, target_island)
            return str(program.id)

    def get(self, program_id: str) -> Any:
        """A program by its id, also one that left the population; None where there is none."""
        if program_id in self.programs:
            return self.programs[program_id]
        if program_id in self._replica.waiting:
            return self._replica.waiting[program_id][0]
        if self._replica.work is not None:
            return self._keeping.find(self._replica.work, program_id)
        with suppress(*AWAY), self._store.begin() as work:
            return self._keeping.find(work, program_id)
        return None

    def sample(self, num_inspirations: int | None = None) -> Any:
        """As OpenEvolve's. An empty island gets a copy of the best program, which is stored."""
        sample = super().sample

        def drawn() -> Any:
            if self.islands[self.current_island] or not self.programs:
                return sample(num_inspirations)
            with suppress(*AWAY):
                return self._replica.change(lambda work: sample(num_inspirations))
            return sample(num_inspirations)

        return self._replica.look(drawn)

    def sample_from_island(self, island_id: int, num_inspirations: int | None = None) -> Any:
        """As OpenEvolve's."""
        sample = super().sample_from_island
        return self._replica.look(lambda: sample(island_id, num_inspirations))

    def get_best_program(self, metric: str | None = None) -> Any:
        """As OpenEvolve's, of all controllers."""
        best = super().get_best_program
        return self._replica.look(lambda: best(metric))

    def get_top_programs(
        self, n: int = 10, metric: str | None = None, island_idx: int | None = None
    ) -> Any:
        """As OpenEvolve's, of all controllers."""
        top = super().get_top_programs
        return self._replica.look(lambda: top(n, metric, island_idx))

    def increment_island_generation(self, island_idx: int | None = None) -> None:
        """As OpenEvolve's: the children of all controllers count. Artifacts and prompts of the
        program that was added are written with it."""
        increment = super().increment_island_generation
        self._try(lambda work: increment(island_idx))

    def migrate_programs(self) -> None:
        """Copy programs between islands, all of it or nothing. Of several controllers that find the
        same migration due, one migrates."""
        due, migrate = self.last_migration_generation, super().migrate_programs

        def unless_done(work: UnitOfWork) -> None:
            if self.last_migration_generation == due:
                migrate()

        self._try(unless_done)

    def reset_island(self, island_idx: int) -> int:
        """Evict all programs of an island and begin its next epoch, which is returned.

        Children of programs that were there, still under way, do not get onto it. The best program
        of all stays, on no island. OpenEvolve fills an empty island with a copy of it.
        """
        return self._replica.change(lambda work: self._reset(work, island_idx % len(self.islands)))

    def _try(self, decide: Callable[[UnitOfWork], object]) -> None:
        try:
            self._replica.change(decide)
        except AWAY as error:
            logger.warning("going on without the database: %s", error)

    def _add_here(
        self,
        work: UnitOfWork,
        program: Any,
        iteration: int | None,
        target_island: int | None,
        is_first: bool = False,
    ) -> str | None:
        """Add a program in the transaction of a change."""
        if program.id in self.programs:
            return str(program.id)
        if is_first:
            for other in self.programs.values():
                if other.parent_id is None and other.code == program.code:
                    return str(other.id)
        island = None if target_island is None else target_island % len(self.islands)
        parent = self._keeping.parent_of(work, program, self._replica.standings)
        # A result of an earlier epoch: the island was reset while it was made.
        late = parent is not None and parent.was_reset and island in (None, parent.island)
        self._measured = {}
        try:
            added = None if late else super().add(program, iteration, target_island)
            self._replica.entered[program.id] = Entered(
                program=program,
                island=home_of(self, program) if added is not None or island is None else island,
                features=self._measured,
            )
        finally:
            self._measured = None
            self._novel.pop(program.id, None)
        return added

    def _update_feature_stats(self, feature_name: str, value: float) -> None:
        # The first value in the course of an addition is that of the program that is added.
        if self._measured is not None:
            self._measured.setdefault(feature_name, value)
        super()._update_feature_stats(feature_name, value)

    def _is_novel(self, program_id: str, island_idx: int) -> bool:
        known = self._novel.pop(program_id, None)
        return bool(super()._is_novel(program_id, island_idx)) if known is None else known

    def _judge(self, program: Any, target_island: int | None) -> None:
        """Ask the models of the novelty check, which take long, before the lock is taken."""
        if self.embedding_client is None or program.id in self.programs:
            return
        parent = self.programs.get(program.parent_id)
        if target_island is None:
            target_island = self.current_island if parent is None else home_of(self, parent)
        self.programs[program.id] = program
        try:
            novel = super()._is_novel(program.id, target_island % len(self.islands))
        finally:
            del self.programs[program.id]
        self._novel[program.id] = bool(novel)

    def _reset(self, work: UnitOfWork, island: int) -> int:
        epoch = work.populations.reset_island(
            self._keeping.corpus_id,
            self._keeping.task_type,
            population=self._keeping.population,
            island=island,
        )
        for name, standing in self._replica.standings.items():
            if standing.island == island and name != self.best_program_id:
                del self.programs[name]
                self.archive.discard(name)
            elif standing.island == island:
                self._replica.rewritten.add(name)
        self.islands[island], self.island_feature_maps[island] = set(), {}
        self.island_best_programs[island] = None
        return epoch
