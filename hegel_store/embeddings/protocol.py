"""What the store asks of an embedder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from hegel_store.errors import InvalidInput
from hegel_store.models.vectors import Vector


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into vectors of one model.

    ``name`` identifies the model: vectors of two names are never compared. ``embed`` returns a
    float32 array of shape (len(texts), dimensions) whose rows have unit length.
    """

    @property
    def name(self) -> str: ...
    @property
    def dimensions(self) -> int: ...
    def embed(self, texts: Sequence[str]) -> Vector: ...


def embed_distinct(embedder: Embedder, texts: Sequence[str]) -> dict[str, Vector]:
    """Embed each distinct text once; the vectors by text, each of shape (dimensions,).

    Raises InvalidInput when the embedder breaks its contract, so that a wrong vector is refused
    here and not stored.
    """
    distinct = list(dict.fromkeys(texts))
    if not distinct:
        return {}
    made = embedder.embed(distinct)
    try:
        vectors = np.asarray(made, dtype=np.float32)
    except (TypeError, ValueError):
        raise InvalidInput("embedding", f"{embedder.name!r} returned rows of no one size") from None
    expected = (len(distinct), embedder.dimensions)
    if vectors.shape != expected:
        raise InvalidInput(
            "embedding", f"{embedder.name!r} returned shape {vectors.shape}, not {expected}"
        )
    lengths = np.linalg.norm(vectors, axis=1)
    if not np.allclose(lengths, 1.0, atol=0.01):  # also False where a length is NaN
        raise InvalidInput("embedding", f"{embedder.name!r} returned vectors not of unit length")
    return dict(zip(distinct, vectors, strict=True))
