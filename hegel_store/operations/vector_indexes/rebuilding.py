"""A vector index with other parameters: built beside the one that serves, measured, and swapped."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine

from hegel_store.database import translated
from hegel_store.embeddings.protocol import Embedder
from hegel_store.errors import DatabaseError, IndexRefused, InvalidInput, NotFound
from hegel_store.giving_way import Pace
from hegel_store.models.checks import check_choice, check_integer, check_number, check_text
from hegel_store.models.vector_indexes import Measured, Method, Rebuilt, VectorIndex
from hegel_store.operations.vector_indexes import statements
from hegel_store.operations.vector_indexes.building import OnProgress, build, heard
from hegel_store.operations.vector_indexes.catalog import Place, place_of
from hegel_store.operations.vector_indexes.estimating import lists_for
from hegel_store.operations.vector_indexes.measuring import measure
from hegel_store.operations.vector_indexes.notes import measured_in, written
from hegel_store.operations.vector_indexes.refusing import (
    expected_bytes,
    memory_warnings,
    require_room,
)
from hegel_store.operations.vector_indexes.session import send, session
from hegel_store.operations.vector_indexes.swapping import (
    exchange,
    form_of_serving,
    swap_statements,
)
from hegel_store.schema.vector_keys import other

PREDICATE = "(deleted_at IS NULL)"


def rebuild(
    engine: Engine,
    name: str,
    *,
    method: Method | None = None,
    m: int | None = None,
    ef_construction: int | None = None,
    lists: int | None = None,
    k: int = 10,
    recall: float = 0.95,
    latency_ratio: float = 3.0,
    sample: int = 50,
    seed: int | None = None,
    embedder: Embedder | None = None,
    maintenance_work_mem: str | None = None,
    drop_old: bool = False,
    dry_run: bool = False,
    on_progress: OnProgress | None = None,
) -> Rebuilt:
    """Build the index ``name`` anew, beside it, and let searches use the new one if it is as good.

    ``method``, ``m``, ``ef_construction`` and ``lists`` are those of the index that is there where
    they are not given (and where it has no lists, those of the number of rows). Nobody waits: the
    index is built CONCURRENTLY, nobody searches by it before the swap, and both are measured as
    measure() says, with its ``k``, ``sample``, ``seed`` and ``embedder``. The swap is refused, and
    the new index dropped, where its mean recall@k is below ``recall`` (0..1), or its median time
    more than ``latency_ratio`` times that of the old one.

    The old one is kept as ``name_kept``, written to and not searched, for roll_back(), until
    drop_kept(). One kept before is in the way: ``drop_old`` drops it first. An attempt that was
    killed is gone on with: what it had built to the end and the same is taken, else dropped.

    It gives way to evaluations before it builds, and before it measures, as the store's
    ``while_evaluating`` says.

    ``maintenance_work_mem`` is set for the build. With ``dry_run`` nothing is executed. Raises
    InvalidInput, NotFound, IndexRefused (an old one is kept, too little room on the disk, or
    somebody else is at it) and DatabaseError.
    """
    check_number("recall", recall)
    if check_number("latency_ratio", latency_ratio) <= 0:
        raise InvalidInput("latency_ratio", "must be above 0")
    check_integer("k", k, minimum=1, maximum=1000)
    check_integer("sample", sample, minimum=1, maximum=10_000)
    seed = check_integer("seed", random.randrange(2**31) if seed is None else seed)
    if maintenance_work_mem is not None:
        check_text("maintenance_work_mem", maintenance_work_mem)
    with translated(), session(engine) as connection:
        said = heard(connection)
        if maintenance_work_mem is not None:
            send(
                connection,
                statements.set_for_session("maintenance_work_mem", maintenance_work_mem),
            )
        server = connection.execute(statements.SETTINGS).one()
        place = place_of(connection, name)
        chosen, parameters = _wanted(connection, place, method, m, ef_construction, lists)
        size = expected_bytes(place, chosen, parameters, connection)
        warnings = [
            *require_room(name, server.folder, size),
            *memory_warnings(chosen, size, server.memory),
        ]
        done, creating = _beginning(place, chosen, parameters, drop_old)
        if dry_run:
            return _told(place, [*done, *creating, *swap_statements(place, "...")], warnings)
        pace = Pace.on(engine)
        pace.begin()
        send(connection, *done)
        seconds = None
        if creating:
            seconds = build(engine, connection, server.pid, creating[0], on_progress)
            done += creating
        warnings += said
        place = place_of(connection, name)
        if place.beside is None or not place.beside.valid:
            raise DatabaseError(f"{place.beside_name} was built and is INVALID all the same: again")
        pace.rest()
        measured, refused = _judged(
            engine, place, recall, latency_ratio, k=k, sample=sample, seed=seed, embedder=embedder
        )
        if refused is not None:
            last = [statements.drop(place.home, place.beside_name)]
            send(connection, *last)
        else:
            note = _note(place.beside, measured, seconds)
            last = [*swap_statements(place, note)]
            exchange(connection, last)
        return Rebuilt(
            name=name,
            swapped=refused is None,
            refused=refused,
            kept=place.kept_name if refused is None else None,
            statements=[*done, *last],
            build_seconds=seconds,
            warnings=warnings,
            measured=measured,
        )


def _told(place: Place, done: Sequence[str], warnings: Sequence[str]) -> Rebuilt:
    return Rebuilt(
        name=place.name,
        swapped=False,
        refused=None,
        kept=place.kept_name,
        statements=done,
        build_seconds=None,
        warnings=warnings,
        measured=None,
    )


def _wanted(
    connection: Connection,
    place: Place,
    method: Method | None,
    m: int | None,
    ef_construction: int | None,
    lists: int | None,
) -> tuple[Method, Mapping[str, int]]:
    """Method and parameters, checked as pgvector would."""
    there = place.serving
    chosen: Method = there.method if method is None else method
    check_choice("method", chosen, ("hnsw", "ivfflat"))
    old: Mapping[str, int] = there.parameters if chosen == there.method else {}
    if chosen == "ivfflat":
        for field, value in (("m", m), ("ef_construction", ef_construction)):
            if value is not None:
                raise InvalidInput(field, "is of HNSW indexes, not of IVFFlat")
        if lists is None:
            lists = old.get("lists") or lists_for(there.rows or 0)[0]
        return chosen, {"lists": check_integer("lists", lists, minimum=1, maximum=32_768)}
    if lists is not None:
        raise InvalidInput("lists", "is of IVFFlat indexes, not of HNSW")
    m = check_integer("m", old.get("m", 16) if m is None else m, minimum=2, maximum=100)
    if ef_construction is None:
        ef_construction = max(old.get("ef_construction", 64), 2 * m)
    check_integer("ef_construction", ef_construction, minimum=4, maximum=1000)
    if ef_construction < 2 * m:
        raise InvalidInput(
            "ef_construction", f"must be at least twice m, {2 * m}, not {ef_construction}"
        )
    return chosen, {"m": m, "ef_construction": ef_construction}


def _beginning(
    place: Place, method: Method, parameters: Mapping[str, int], drop_old: bool
) -> tuple[list[str], list[str]]:
    """What has to go before, and what builds the index, unless it was built already."""
    form = other(form_of_serving(place))
    dropped = []
    if place.kept is not None:
        if not drop_old:
            raise IndexRefused(
                place.name,
                f"{place.kept_name} is kept for going back: drop it first, or say that it may go",
            )
        dropped.append(statements.drop(place.home, place.kept_name))
    beside = place.beside
    if beside is not None:
        same = (beside.valid, beside.form, beside.method, beside.parameters, beside.predicate)
        predicate = place.serving.predicate or PREDICATE
        if same == (True, form, method, parameters, predicate):
            return dropped, []
        dropped.append(statements.drop(place.home, place.beside_name))
    create = statements.create(
        place.beside_name,
        place.home,
        place.slot,
        form,
        method,
        parameters,
        place.serving.predicate or PREDICATE,
    )
    return dropped, [create]


def _judged(
    engine: Engine, place: Place, recall: float, latency_ratio: float, **options: Any
) -> tuple[Measured | None, str | None]:
    """What was measured, and why the new index is not good enough, if it is not."""
    try:
        measured = measure(engine, place.name, **options)
    except NotFound:
        return None, None  # Fewer than two facts: any index is as good.
    *old, new = measured.indexes  # without the old one where it is INVALID
    if new.recall < recall:
        return measured, f"its recall@{measured.k} is {new.recall:.3f}, below {recall:g}"
    if old and new.p50 > latency_ratio * old[0].p50:
        return measured, (
            f"it takes {new.p50:.2f} ms, more than {latency_ratio:g} times the {old[0].p50:.2f} ms "
            "of the old one"
        )
    return measured, None


def _note(index: VectorIndex, measured: Measured | None, seconds: float | None) -> str:
    note: dict[str, Any] = {"rebuilt": True}
    if seconds is not None and index.rows is not None:
        note["built"] = {"rows": index.rows, "seconds": round(seconds, 3)}
    if measured is not None:
        note |= measured_in(measured, index.name, index.method)
    return written(note)
