"""How a ProgramDatabase in memory and the rows of its run are kept the same."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from hegel_store.errors import (
    BudgetExceeded,
    DatabaseUnavailable,
    HegelStoreError,
    OutcomeUnknown,
    PoolExhausted,
    StatementTimeout,
    TransactionConflict,
)
from hegel_store.integrations.openevolve.keeping import Entered, Keeping, Prompted
from hegel_store.integrations.openevolve.standings import (
    Standing,
    dump_shared,
    restore,
    restore_shared,
    standings_of,
)
from hegel_store.repositories.runs import ENDED
from hegel_store.store import Store
from hegel_store.unit_of_work import UnitOfWork

logger = logging.getLogger("hegel_store")

AWAY = (
    DatabaseUnavailable,
    OutcomeUnknown,
    PoolExhausted,
    StatementTimeout,
    TransactionConflict,
)
"""After these a controller goes on with what it has in memory, and writes later."""
NOTHING_READ = -1

Result = TypeVar("Result")
Addition = tuple[Any, int | None, int | None]
"""A program, its iteration and the island that it is meant for."""


class Replica:
    """Brings ``database``, a ProgramDatabase, up to date before it is asked or changed, and writes
    what has changed. ``work`` is the transaction of a change, None outside of one.

    ``readd`` adds what ``waiting`` has, programs that could not be written before. ``error`` is
    what kept it from writing last, ``on_end`` is called when the run has ended or may spend no
    more.
    """

    def __init__(
        self, database: Any, store: Store, keeping: Keeping, readd: Callable[..., object]
    ) -> None:
        self.work: UnitOfWork | None = None
        self.error: HegelStoreError | None = None
        self.on_end: Callable[[], object] = lambda: None
        self.standings: dict[str, Standing] = {}
        self.entered: dict[str, Entered] = {}
        self.rewritten: set[str] = set()
        self.waiting: dict[str, Addition] = {}
        self.annotated: dict[str, Any] = {}
        self.prompted: list[Prompted] = []
        self._early: list[Prompted] = []
        self._database = database
        self._store = store
        self._keeping = keeping
        self._readd = readd
        self._version = NOTHING_READ
        self._saved = b""
        self._looking = False
        self._ended = False

    @property
    def is_behind(self) -> bool:
        """Whether there is something that was not written yet."""
        return bool(self.waiting or self.annotated or self.prompted)

    def look(self, read: Callable[[], Result]) -> Result:
        """Read from what is as new as the database, if that is there."""
        if self.work is not None or self._looking:
            return read()
        self._looking = True
        try:
            self.follow()
            return read()
        finally:
            self._looking = False

    def follow(self) -> None:
        """Read what others have changed, and whether the run has ended. Asks by one query; an
        error of a database that is away is kept, and logged."""
        try:
            run = self._store.runs.get(self._keeping.corpus_id, self._keeping.run_id)
            if run.status in ENDED:
                self.on_end()
            if run.state_version != self._version or self.waiting:
                self.change(lambda work: None)
        except AWAY as error:
            self.error = error
            logger.warning("going on without the database: %s", error)

    def change(self, decide: Callable[[UnitOfWork], Result]) -> Result:
        """Let ``decide`` change the database on its newest state, and write what has changed, as
        one transaction. After an error the memory is read anew before it is used again.

        What waits goes before, each program by itself; one that OpenEvolve cannot place is dropped,
        as it would have been.
        """
        for name in list(self.waiting):
            try:
                self._transact(partial(self._add_waiting, name))
            except AWAY:
                raise
            except Exception:
                logger.exception("program %s cannot be added", name)
            del self.waiting[name]
        return self._transact(decide)

    def _transact(self, decide: Callable[[UnitOfWork], Result]) -> Result:
        self._ended = False
        try:
            with self._store.begin() as work:
                self.work = work
                version, saved = self._keeping.lock(work)
                if version != self._version:
                    self._adopt(work, saved)
                result = decide(work)
                version = self._write(work, version)
        except BaseException as error:
            self._version = NOTHING_READ
            if isinstance(error, HegelStoreError):
                self.error = error
            raise
        finally:
            self.work = None
            self.entered.clear()
            self.rewritten.clear()
        self._version, self.error = version, None
        self.annotated = {
            name: self.annotated[name] for name in self.annotated if name in self.waiting
        }
        self.prompted = self._early
        if self._ended:
            self.on_end()
        return result

    def _add_waiting(self, name: str, work: UnitOfWork) -> None:
        # Where the connection broke during a COMMIT it may be there, and evicted since.
        if self._keeping.find(work, name) is None:
            self._readd(work, *self.waiting[name])

    def forget(self) -> None:
        """Read everything again next time."""
        self._version = NOTHING_READ
        self._database.programs = {}

    def _adopt(self, work: UnitOfWork, saved: bytes) -> None:
        known = {
            name: program
            for name, program in self._database.programs.items()
            if name in self.standings
        }
        programs, self.standings = self._keeping.live(work, known)
        restore(self._database, programs, self.standings)
        restore_shared(self._database, saved)
        self._saved = saved

    def _write(self, work: UnitOfWork, version: int) -> int:
        before, after = self.standings, standings_of(self._database)
        changed = {
            name
            for name, standing in before.items()
            if after.get(name) != standing or name in self.rewritten
        }
        # As a cell has one holder at any moment, whoever loses one does so first.
        losing = {
            name: replace(after[name], cell_key=None) if name in after else None
            for name in changed
            if name not in after or after[name].cell_key != before[name].cell_key
        }
        self._keeping.change(work, before, losing)
        for name, entered in self._new(after).items():
            parent = self._keeping.parent_of(work, entered.program, before)
            self._keeping.add(work, entered, after.get(name), parent)
            if name in self.entered and not entered.program.metadata.get("migrant"):
                self._spend(work)
        gaining = {
            name: after[name]
            for name in changed
            if name in after and losing.get(name) != after[name]
        }
        self._keeping.change(work, before, gaining)
        self.standings = after
        self._note(work)
        shared = dump_shared(self._database)
        moved = before != after or self.entered or self.rewritten or self.annotated
        if moved or shared != self._saved:
            self._saved = shared
            return self._keeping.save(work, shared, version)
        return version

    def _new(self, after: Mapping[str, Standing]) -> dict[str, Entered]:
        """What was added, and the copies that OpenEvolve makes for an empty island, which it does
        not add."""
        copies = {
            name: Entered(
                program=self._database.programs[name], island=standing.island, features={}
            )
            for name, standing in after.items()
            if name not in self.standings and name not in self.entered
        }
        return self.entered | copies

    def _note(self, work: UnitOfWork) -> None:
        for name, program in self.annotated.items():
            if name not in self.entered and name not in self.waiting:
                self._keeping.annotate(work, program)
        self._early = []
        for prompted in self.prompted:
            name = prompted.program_id
            program = self._database.programs.get(name) or self._keeping.find(work, name)
            if program is None:  # asked about before it is added
                self._early.append(prompted)
            else:
                parent = self._keeping.parent_of(work, program, self.standings)
                self._keeping.log(work, prompted, program, parent)

    def _spend(self, work: UnitOfWork) -> None:
        try:
            run = work.runs.spend(self._keeping.corpus_id, self._keeping.run_id)
            self._ended = self._ended or run.evaluations_left == 0
        except BudgetExceeded:  # what was under way when others spent the last is not thrown away
            self._ended = True
