"""What the store asks of an embedder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from hegel_store.errors import InvalidInput
from hegel_store.models.checks import check_name, check_text
from hegel_store.models.spaces import Maker
from hegel_store.models.vectors import Vector, slot_for
from hegel_store.observing import embedding_by, is_watched

MOST_PREFIX = 1000


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into vectors of one model.

    ``name`` identifies the model: vectors of two names are never compared. ``embed`` returns a
    float32 array of shape (len(texts), dimensions) whose rows have unit length.

    An embedder may also have a ``prefix``, what it puts before each text ("" where it has none),
    and ``normalised``: False where the rows have other lengths than one. Both are recorded with
    the vectors, and vectors that differ in them are never compared either. ``provider`` is who
    makes the vectors, for traces; by default the class.
    """

    @property
    def name(self) -> str: ...
    @property
    def dimensions(self) -> int: ...
    def embed(self, texts: Sequence[str]) -> Vector: ...


def maker_of(embedder: Embedder) -> Maker:
    """What the store records of an embedder. Raises InvalidInput naming ``embedder``."""
    slot_for("embedder", embedder.dimensions)
    normalised = getattr(embedder, "normalised", True)
    if not isinstance(normalised, bool):
        raise InvalidInput("embedder", f"normalised must be a bool, not {normalised!r:.80}")
    prefix = check_text("embedder", getattr(embedder, "prefix", ""))
    if len(prefix) > MOST_PREFIX:
        raise InvalidInput("embedder", f"its prefix has more than {MOST_PREFIX} characters")
    return Maker(check_name("embedder", embedder.name), embedder.dimensions, normalised, prefix)


def embed_distinct(embedder: Embedder, texts: Sequence[str]) -> dict[str, Vector]:
    """Embed each distinct text once; the vectors by text, each of shape (dimensions,).

    Raises InvalidInput when the embedder breaks its contract, so that a wrong vector is refused
    here and not stored.
    """
    distinct = list(dict.fromkeys(texts))
    if not distinct:
        return {}
    if is_watched():
        with embedding_by(embedder, len(distinct)):
            made = embedder.embed(distinct)
    else:
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
    if not getattr(embedder, "normalised", True):
        # The largest that a halfvec holds, in the worst of directions.
        if not ((lengths > 0) & (lengths < 65_504)).all():
            raise InvalidInput("embedding", f"{embedder.name!r} returned vectors of no length")
    elif not np.allclose(lengths, 1.0, atol=0.01):  # also False where a length is NaN
        raise InvalidInput("embedding", f"{embedder.name!r} returned vectors not of unit length")
    return dict(zip(distinct, vectors, strict=True))
