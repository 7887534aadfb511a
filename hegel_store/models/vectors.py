"""Embedding vectors: which sizes have a column, and what a usable vector is."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hegel_store.errors import InvalidInput
from hegel_store.models.checks import check_integer

DIMENSIONS = (384, 768, 1024, 1536)
"""Sizes that have a column (a *slot*) in hegel_facts in every database."""

MAX_DIMENSIONS = 4000
"""The largest halfvec that an HNSW index takes."""

_added: list[int] = []

Vector = npt.NDArray[np.float32]


def all_dimensions() -> tuple[int, ...]:
    """Sizes that have a column: those of every database, and those the application has added."""
    return (*DIMENSIONS, *_added)


def check_new_dimensions(dimensions: int) -> int:
    """Return ``dimensions`` if an application may add a column for vectors of this size.

    Raises InvalidInput outside 1..MAX_DIMENSIONS, and for a size of DIMENSIONS.
    """
    check_integer("dimensions", dimensions, minimum=1, maximum=MAX_DIMENSIONS)
    if dimensions in DIMENSIONS:
        raise InvalidInput("dimensions", f"{dimensions} has its column already")
    return dimensions


def register_dimensions(dimensions: int) -> bool:
    """Accept vectors of this size from now on; False when they are accepted already.

    hegel_store.schema.add_embedding_dimension() calls this: the column has to be known as well.
    """
    check_new_dimensions(dimensions)
    if dimensions in _added:
        return False
    _added.append(dimensions)
    return True


def slot_for(field: str, dimensions: int) -> str:
    """The column that holds vectors of this size, such as ``embedding_384``.

    Raises InvalidInput naming ``field`` when there is none.
    """
    if dimensions not in all_dimensions():
        sizes = ", ".join(map(str, all_dimensions()))
        raise InvalidInput(field, f"has {dimensions} dimensions; there are columns for {sizes}")
    return f"embedding_{dimensions}"


def slots_for(field: str, dimensions: int) -> tuple[str, ...]:
    """All columns for vectors of this size: one, and of DIMENSIONS a second one, in which a corpus
    is embedded anew while the first one serves. Raises as slot_for() does."""
    first = slot_for(field, dimensions)
    return (first, f"{first}_next") if dimensions in DIMENSIONS else (first,)


def key_function(slot: str) -> str:
    """The function that says by which expression of this column facts are ordered. Only columns
    that every database has have one."""
    return f"hegel_{slot}"


def has_key_function(slot: str) -> bool:
    """Whether there is one for this column: one of every database, not an application's own."""
    return size_of(slot) in DIMENSIONS


def size_of(slot: str) -> int:
    """How many dimensions the vectors in this column have."""
    return int(slot.split("_")[1])


def unit_vector(field: str, value: Any) -> Vector:
    """A float32 copy of ``value``, shape (dimensions,), scaled to unit length.

    Raises InvalidInput for anything that is not one row of finite numbers of a size that has a
    column, and for a zero vector, against which no cosine is defined.
    """
    try:
        vector = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidInput(field, "must be a sequence of numbers") from None
    if vector.ndim != 1:
        raise InvalidInput(field, f"must be one row of numbers, not of shape {vector.shape}")
    slot_for(field, vector.shape[0])
    if not np.isfinite(vector).all():
        raise InvalidInput(field, "has NaN or infinity")
    # Scaling by the largest entry first keeps the norm of very large and very small vectors
    # from overflowing or vanishing.
    largest = np.abs(vector).max()
    if largest == 0:
        raise InvalidInput(field, "is a zero vector, which has no direction to compare")
    vector = vector / largest
    unit: Vector = (vector / np.linalg.norm(vector)).astype(np.float32)
    return unit


def vector_text(vector: Vector) -> str:
    """The text form that pgvector reads: ``[0.1,0.2,...]``."""
    # Nine digits tell all float32 apart; as many as repr() writes take five times as long.
    return f"[{','.join(['%.9g'] * len(vector))}]" % tuple(vector.tolist())


def stored_vector(text: str) -> Vector:
    """The vector, of unit length, in the text form that pgvector prints."""
    return unit_vector("embedding", np.fromstring(text[1:-1], sep=",", dtype=np.float32))
