"""What a cache of vectors is: its keys, its values and what it tells about itself."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from hegel_store.embeddings.protocol import Embedder
from hegel_store.errors import InvalidInput
from hegel_store.models.checks import check_name, check_text
from hegel_store.models.vectors import Vector


class Space(NamedTuple):
    """Which vectors may be exchanged for one another: what made them, and what it was told.

    ``namespace`` keeps those of one use from those of another, such as training and evaluation.
    """

    model: str
    dimensions: int
    prefix: str
    namespace: str = ""

    def __str__(self) -> str:
        """At most 300 characters, and different for different spaces: a prefix, which may be a
        page of instructions, is shown by its hash, and a name may hold colons."""
        told = hashlib.sha256(self.prefix.encode()).hexdigest()[:32] if self.prefix else ""
        named = f"{self.model}:{self.dimensions}:{told}"
        return f"{named}:{self.namespace}" if self.namespace else named


class CacheKey(NamedTuple):
    """One text in one space; ``digest`` is the SHA-256 of its UTF-8 bytes."""

    space: Space
    digest: bytes


@dataclass(frozen=True, slots=True)
class CacheStatistics:
    """``hits`` and ``misses`` count the vectors that were asked for in this process.

    ``entries`` and ``bytes`` say what the cache holds now, by whomever; None where it cannot tell.
    """

    hits: int
    misses: int
    entries: int | None
    bytes: int | None

    @property
    def hit_rate(self) -> float:
        """The share of hits; 0.0 when nothing was asked for yet."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else 0.0


@runtime_checkable
class VectorCache(Protocol):
    """Keeps vectors by key, in this process or beyond. Safe for threads.

    ``get_many`` returns those of the keys that are there: float32 vectors of unit length, shape
    (dimensions,), that nobody can write to. ``put_many`` may keep what it is given or not. Both
    may raise: CachedEmbedder then does without them for a while.
    """

    def get_many(self, keys: Sequence[CacheKey]) -> Mapping[CacheKey, Vector]: ...
    def put_many(self, vectors: Mapping[CacheKey, Vector]) -> None: ...
    @property
    def statistics(self) -> CacheStatistics: ...


def space_of(embedder: Embedder) -> Space:
    """The space of what the embedder makes; asks for its dimensions, which may load a model.

    Raises InvalidInput for a name or a ``prefix`` (where the embedder has one) that is not text.
    """
    prefix = getattr(embedder, "prefix", None) or ""
    return Space(
        check_name("embedder", embedder.name),
        embedder.dimensions,
        check_text("prefix", prefix),
    )


def key_of(space: Space, text: str) -> CacheKey:
    """The key of a text, any one that Python holds: a lone surrogate counts as well."""
    if not isinstance(text, str):
        raise InvalidInput("texts", f"must be texts, not {type(text).__name__}")
    return CacheKey(space, hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())


def packed(vector: Vector) -> bytes:
    """The vector as little-endian float32, four bytes a dimension: every bit of it."""
    return np.asarray(vector, dtype="<f4").tobytes()


def unpacked(raw: bytes, dimensions: int) -> Vector | None:
    """What packed() was given, or None when these bytes are no unit vector of this size.

    So that an entry which was cut off or written by somebody else is a miss, and not an error for
    as long as it stays. The vector lies in ``raw`` itself, which nobody can write to.
    """
    if len(raw) != 4 * dimensions:
        return None
    vector = np.frombuffer(raw, dtype="<f4")
    length = math.sqrt(float(vector @ vector))
    return vector if abs(length - 1.0) <= 0.011 else None  # also None where one is NaN
