"""Moving a space of a corpus to another model, while it is searched and written to.

::

    serving  --fill-->  serving + filling  --cut over-->  retired + serving  --discard-->  serving
                                           <--roll back--

Everything that is known stands in the database, so that a run that was killed is gone on with by
beginning it again. Between the steps searches and writers find a whole space: the serving one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row

from hegel_store.database import Autocommit, translated
from hegel_store.embeddings.protocol import Embedder, embed_distinct, maker_of
from hegel_store.errors import EmbedderMissing, InvalidInput, NotFound, ReembeddingRefused
from hegel_store.giving_way import Pace
from hegel_store.models.checks import check_integer, check_name, check_number
from hegel_store.models.spaces import Maker
from hegel_store.models.vectors import slots_for, vector_text
from hegel_store.operations import reembed_statements as statements
from hegel_store.operations.reembed_status import Plan, Progress, Slot, SpaceStatus
from hegel_store.search.spaces import place_of

FIRST = UUID(int=0)
ROUNDS = 3
"""How often a cut-over embeds what was added meanwhile before it gives up."""
PASSES = 10
"""How often a run goes through the corpus for facts that others have added or had locked."""
LOCKED_PAUSE = 0.2
"""Seconds until facts that others have locked are tried again."""

OnProgress = Callable[[Progress], None]


class Reembedding:
    """The steps by which a space of a corpus moves to ``embedder``'s model.

    Nothing is embedded inside a transaction. ``batch`` facts (1..1000) are stored at once, with
    ``pause`` seconds after each batch. A step that was interrupted is finished by calling it again.
    All raise InvalidInput, NotFound (no such space in the corpus), ReembeddingRefused, and
    TransactionConflict where a writer's transaction does not end within seconds.
    """

    def __init__(
        self,
        session: Autocommit,
        corpus_id: str,
        space: str,
        embedder: Embedder | None = None,
        *,
        batch: int = 200,
        pause: float = 0.0,
    ) -> None:
        self._session = session
        self._key = {
            "corpus_id": check_name("corpus_id", corpus_id),
            "space": check_name("space", space),
        }
        self._embedder = embedder
        self._batch = check_integer("batch", batch, minimum=1, maximum=1000)
        self._pause = check_number("pause", pause)
        if self._pause < 0:
            raise InvalidInput("pause", "must not be negative")

    def status(self) -> SpaceStatus:
        """The slots of the space, and how many facts each one lacks. Reads the whole corpus."""
        with self._transaction() as connection:
            slots = self._slots(connection)
            counts = {slot.name: self._count(connection, slot.name) for slot in slots}
        (facts, *_) = (count.facts for count in counts.values())
        missing = {name: count.missing for name, count in counts.items()}
        return SpaceStatus(**self._key, facts=facts, slots=slots, missing=missing)

    def plan(self) -> Plan:
        """What fill() would do, without doing it."""
        with self._transaction() as connection:
            slot = self._target(connection, self._slots(connection)).name
            count = self._count(connection, slot)
        return Plan(slot, count.missing, count.characters)

    def fill(self, on_progress: OnProgress | None = None) -> int:
        """Embed every live fact that has no vector of the model, and return how many there were.
        Searches go on against the old ones.

        Facts that are added meanwhile by stores without the model are embedded as well, in up to
        PASSES passes; those with it store both vectors. Where the model serves already, its gaps
        are filled. Raises EmbedderMissing.
        """
        with self._transaction() as connection:
            slots = self._slots(connection, lock=True)
            target = self._target(connection, slots)
            if target not in slots:
                self._begin(connection, slots[0], target)
        return self._fill(target, on_progress)

    def cut_over(self, on_progress: OnProgress | None = None) -> None:
        """Let the new vectors serve, from one moment to the next, and keep the old ones.

        Refused while a live fact lacks the new vector. With an embedder, what was added meanwhile
        is embedded first, in up to ROUNDS rounds. Writers wait for as long as it takes to look
        through the facts of the corpus.
        """
        for _ in range(1 if self._embedder is None else ROUNDS):
            if self._embedder is not None:
                self.fill(on_progress)
            with self._transaction() as connection:
                slots = self._slots(connection, lock=True)
                new = _in_state(slots, "filling", "there is nothing to cut over to: fill it first")
                self._require_model(new)
                missing = connection.execute(statements.lacking(new.name), self._key).scalar_one()
                if missing == 0:
                    self._swap(connection, slots[0], new, "retired")
                    return
        raise ReembeddingRefused(
            f"{missing:,} facts have no vector of {new.maker.model!r} yet: cut over with the "
            "model, which embeds them, or when fewer are added",
            missing,
        )

    def rollback(self, on_progress: OnProgress | None = None) -> int:
        """Let the old vectors serve again, at once; the new ones stay, to be cut over to once more.

        Returns how many live facts have no old vector, as they were added since the cut-over: only
        words find them. With the old embedder they are embedded first thing afterwards.
        """
        with self._transaction() as connection:
            slots = self._slots(connection, lock=True)
            old = _in_state(slots, "retired", "there is nothing to roll back to")
            self._require_model(old)
            self._swap(connection, slots[0], old, "filling")
        if self._embedder is not None:
            self.fill(on_progress)
        return self._lacking(old)

    def discard(self) -> int:
        """Empty the slot that does not serve, and free it; returns how many vectors were in it."""
        with self._transaction() as connection:
            _, *others = self._slots(connection, lock=True)
            if not others:
                raise ReembeddingRefused("there is nothing to discard")
            slot = others[0].name
            self._set_state(connection, slot, "discarding")
        key, after, emptied = self._key | {"slot": slot}, FIRST, 0
        pace = Pace(self._session, self._pause)
        pace.begin()
        while True:
            with self._transaction() as connection:
                values = key | {"after": after, "batch": self._batch}
                ids = connection.execute(statements.empty(slot), values).scalars().all()
                if not ids and connection.execute(statements.release(slot), key).rowcount:
                    return emptied
            emptied += len(ids)
            after = max(ids, default=FIRST)
            if not ids:
                time.sleep(LOCKED_PAUSE)
            pace.rest()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with translated(), self._session.transaction() as connection:
            connection.execute(statements.PATIENCE)
            yield connection

    def _slots(self, connection: Connection, *, lock: bool = False) -> Sequence[Slot]:
        """The slots of the space, the one that serves first; there is at most one other."""
        query = statements.LOCK if lock else statements.SLOTS
        rows = connection.execute(query, self._key).mappings().all()
        # Here and not in the statement, which sorts before it waits for the locks.
        rows = sorted(rows, key=lambda row: row["state"] != "serving")
        if not rows or rows[0]["state"] != "serving":
            name, corpus = self._key["space"], self._key["corpus_id"]
            raise NotFound("space", f"{name!r} in corpus {corpus!r}", "space")
        return [Slot(row["slot"], row["state"], place_of(row).maker) for row in rows]

    def _count(self, connection: Connection, slot: str) -> Row[Any]:
        return connection.execute(statements.count(slot), self._key).one()

    def _target(self, connection: Connection, slots: Sequence[Slot]) -> Slot:
        """The slot that the model serves from or is filling, or one that it can fill."""
        maker = self._maker()
        serving, *others = slots
        if serving.maker == maker:
            return serving
        for slot in others:
            if (slot.state, slot.maker) == ("filling", maker):
                return slot
            told = slot.maker.told_from(maker)
            raise ReembeddingRefused(f"{slot.name} holds vectors of {told!r}: discard them first")
        taken = set(connection.execute(statements.TAKEN, self._key).scalars())
        for name in slots_for("embedder", maker.dimensions):
            if name not in taken:
                return Slot(name, "filling", maker)
        raise ReembeddingRefused(f"no column for {maker.dimensions} dimensions is free")

    def _begin(self, connection: Connection, serving: Slot, target: Slot) -> None:
        # Release 0.1.0 gave spaces no names.
        connection.execute(statements.NAME, self._key | {"slot": serving.name})
        values = self._key | asdict(target.maker) | {"slot": target.name}
        connection.execute(statements.BEGIN, values)

    def _maker(self) -> Maker:
        return maker_of(self._given())

    def _given(self) -> Embedder:
        if self._embedder is None:
            raise EmbedderMissing("facts are embedded anew by an embedder, and none was given")
        return self._embedder

    def _require_model(self, slot: Slot) -> None:
        if self._embedder is not None and self._maker() != slot.maker:
            told = slot.maker.told_from(self._maker())
            raise ReembeddingRefused(f"{slot.name} holds vectors of {told!r}")

    def _fill(self, slot: Slot, on_progress: OnProgress | None) -> int:
        there_were = self._lacking(slot)
        pace = Pace(self._session, self._pause)
        pace.begin()
        began, done = time.monotonic(), 0
        for _ in range(PASSES):
            after, before, found = FIRST, done, False
            while rows := self._missing(slot, after):
                found = True
                done += self._store(slot, rows)
                after = rows[-1].id
                if on_progress is not None:
                    speed = done / max(time.monotonic() - began, 1e-9)
                    left = max(0, there_were - done)
                    on_progress(Progress(done, left, speed, left / speed if speed else 0.0))
                pace.rest()
            if not found:
                break
            if done == before:
                time.sleep(LOCKED_PAUSE)
        return done

    def _lacking(self, slot: Slot) -> int:
        with translated():
            result = self._session.execute(statements.lacking(slot.name), self._key)
        return int(result.scalar_one())

    def _missing(self, slot: Slot, after: UUID) -> Sequence[Row[Any]]:
        values = self._key | {"after": after, "batch": self._batch}
        with translated():
            return self._session.execute(statements.missing(slot.name), values).all()

    def _store(self, slot: Slot, rows: Sequence[Row[Any]]) -> int:
        made = embed_distinct(self._given(), [row.content for row in rows])
        values = {
            "ids": [row.id for row in rows],
            "vectors": [vector_text(made[row.content]) for row in rows],
        }
        still = self._key | asdict(slot.maker) | {"slot": slot.name, "state": slot.state}
        with self._transaction() as connection:
            if connection.execute(statements.STILL, still).one_or_none() is None:
                raise ReembeddingRefused(f"{slot.name} is not to be filled any more")
            return int(connection.execute(statements.store(slot.name), self._key | values).rowcount)

    def _swap(self, connection: Connection, serving: Slot, new: Slot, state: str) -> None:
        # In this order: one slot of a space may serve at a time.
        self._set_state(connection, serving.name, state)
        self._set_state(connection, new.name, "serving")

    def _set_state(self, connection: Connection, slot: str, state: str) -> None:
        connection.execute(statements.SET_STATE, self._key | {"slot": slot, "state": state})


def _in_state(slots: Sequence[Slot], state: str, otherwise: str) -> Slot:
    for slot in slots:
        if slot.state == state:
            return slot
    raise ReembeddingRefused(otherwise)
