"""What is advised for the vector indexes, by what was measured on the live table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Engine, text

from hegel_store.database import translated
from hegel_store.embeddings.protocol import Embedder
from hegel_store.errors import DatabaseError, NotFound
from hegel_store.models.checks import check_choice, check_number
from hegel_store.models.vector_indexes import Advice, Measured, MeasuredIndex, Method, VectorIndex
from hegel_store.operations.vector_indexes import statements
from hegel_store.operations.vector_indexes.catalog import indexes, place_of
from hegel_store.operations.vector_indexes.estimating import lists_for
from hegel_store.operations.vector_indexes.measuring import measure
from hegel_store.schema.vector_keys import SLOTS
from hegel_store.search.vector import EF_SEARCH, index_of

USUAL = {"m": 16, "ef_construction": 64}
MOST = {"m": 100, "ef_construction": 1000}
"""That pgvector takes."""


def plan(
    engine: Engine,
    *,
    method: Method = "hnsw",
    target: float = 0.95,
    k: int = 10,
    sample: int = 50,
    seed: int | None = None,
    embedder: Embedder | None = None,
) -> Sequence[Advice]:
    """What to do with each index that searches of facts use, in columns that hold vectors.

    None is needed where an exact search is as fast. An HNSW index whose recall@k is below
    ``target`` (0..1) should have twice the m and ef_construction, and at least pgvector's 16 and
    64; an IVFFlat one (``method``, or the index that is there) lists by the number of rows. What
    is measured, and how, says measure(); where nothing can be, the advice follows the number of
    rows and says so.

    Raises InvalidInput. Changes nothing.
    """
    check_choice("method", method, ("hnsw", "ivfflat"))
    check_number("target", target)
    with translated(), engine.connect() as connection:
        known = {index.name for index in indexes(connection)}
        places = [place_of(connection, index_of(slot)) for slot in SLOTS if index_of(slot) in known]
        rows = {
            place.slot: connection.execute(text(statements.count_live(place.slot))).scalar_one()
            for place in places
        }
    advised = []
    for place in places:
        if not rows[place.slot]:
            continue
        measured, why_not = None, ""
        try:
            measured = measure(engine, place.name, k=k, sample=sample, seed=seed, embedder=embedder)
        except (DatabaseError, NotFound) as error:
            why_not = str(error)
        wanted: Method = "ivfflat" if method == "ivfflat" else place.serving.method
        advised.append(advice(place.serving, rows[place.slot], wanted, target, measured, why_not))
    return advised


def advice(
    index: VectorIndex,
    rows: int,
    method: Method,
    target: float,
    measured: Measured | None,
    why_not: str = "",
) -> Advice:
    """What follows from ``measured``; where it is None, from the number of rows, with ``why_not``
    as the reason that nothing was."""
    lists, probes = lists_for(rows)
    ivfflat = {"lists": lists, "probes": probes}
    built: Mapping[str, int] = USUAL if method == "hnsw" else {"lists": lists}
    effort: int | None = EF_SEARCH if method == "hnsw" else probes
    of_rows = f"{rows:,} rows: " + ", ".join(f"{key} {value}" for key, value in built.items())
    chosen: Method | None = method
    if measured is None:
        change = index.method != method or index.parameters != built or not index.valid
        why = f"by the number of rows alone, {of_rows}. Nothing could be measured: {why_not}"
    else:
        found = next(each for each in measured.indexes if each.name == index.name)
        told = _told(measured, found)
        if measured.exact_p50 <= found.p50:
            chosen, built, effort, change = None, {}, None, False
            why = f"{told}: none is needed, as an exact search is as fast, and finds everything"
        elif index.method != method or method == "ivfflat":
            change = index.method != method or index.parameters != built
            why = f"{told}. By the number of rows, {of_rows} and {probes} probes"
        elif found.recall < target:
            change = True
            built = {
                key: min(max(2 * index.parameters[key], usual), MOST[key])
                for key, usual in USUAL.items()
            }
            why = f"{told}, which is below {target:g}: a denser graph finds more"
        else:
            change, built = False, index.parameters
            why = f"{told}, which is enough"
    return Advice(
        name=index.name,
        column=index.column,
        rows=rows,
        method=chosen,
        parameters=built,
        effort=effort,
        ivfflat=ivfflat,
        change=change,
        why=why,
        measured=measured,
    )


def _told(measured: Measured, found: MeasuredIndex) -> str:
    return (
        f"an exact search takes {measured.exact_p50:.1f} ms, this index {found.p50:.1f} ms with a "
        f"recall@{measured.k} of {found.recall:.3f}"
    )
