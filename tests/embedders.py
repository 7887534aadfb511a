"""A small working embedder: words hashed into directions, so that shared words mean nearness."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np

from hegel_store.models.vectors import Vector


class HashingEmbedder:
    """Each word points in a fixed random direction, a text in the sum of its words' directions.

    Deterministic and without a model to load. ``calls`` keeps the texts of each call of embed().
    """

    def __init__(self, name: str = "hashing", dimensions: int = 384) -> None:
        self.name = name
        self.dimensions = dimensions
        self.calls: list[list[str]] = []

    @property
    def embedded(self) -> list[str]:
        """Every text that was embedded, in order."""
        return [text for call in self.calls for text in call]

    def embed(self, texts: Sequence[str]) -> Vector:
        self.calls.append(list(texts))
        rows = [sum(map(self._direction, text.lower().split() or [""])) for text in texts]
        vectors = np.asarray(rows, dtype=np.float64).reshape(len(texts), self.dimensions)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors.astype(np.float32)

    def _direction(self, word: str) -> np.ndarray:
        seed = int.from_bytes(hashlib.sha256(f"{self.name} {word}".encode()).digest()[:8], "big")
        return np.random.default_rng(seed).standard_normal(self.dimensions)


class TopicEmbedder(HashingEmbedder):
    """A text points where its first word points, turned a little by its whole wording.

    So texts that begin with the same word have a cosine of about 0.98, and others of about 0.
    """

    def embed(self, texts: Sequence[str]) -> Vector:
        self.calls.append(list(texts))
        rows = [
            self._unit(re.split(r"\W", text.lower())[0]) + 0.15 * self._unit(f"wording {text}")
            for text in texts
        ]
        vectors = np.asarray(rows, dtype=np.float64).reshape(len(texts), self.dimensions)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors.astype(np.float32)

    def _unit(self, word: str) -> np.ndarray:
        direction = self._direction(word)
        return direction / np.linalg.norm(direction)


HASHING = HashingEmbedder()
"""For commands, which take an embedder by the name of its place."""
