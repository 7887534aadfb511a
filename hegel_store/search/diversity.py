"""Maximal marginal relevance: the best facts that do not say the same (Carbonell & Goldstein 1998).

Chosen one after another: the fact with the highest (1 - d) x relevance - d x likeness, where
relevance is its score scaled to 0..1 over the pool and likeness the highest cosine similarity to
a fact that was chosen before it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hegel_store.models.vectors import Vector


def choose(
    scores: Sequence[float], vectors: Sequence[Vector | None], limit: int, diversity: float
) -> list[int]:
    """Positions of the facts chosen, in order, at most ``limit``.

    ``vectors`` are of unit length; a fact without one is like no other. With a ``diversity`` of 0
    this is the order of the scores, with 1 the score only chooses the first.
    """
    raw = np.asarray(scores, dtype=np.float64)
    spread = np.ptp(raw) if len(raw) else 0.0
    relevance = (raw - raw.min(initial=np.inf)) / spread if spread else raw * 0
    size = next((len(vector) for vector in vectors if vector is not None), 1)
    known = np.array([np.zeros(size) if vector is None else vector for vector in vectors])
    likeness = np.zeros(len(relevance))
    left = np.ones(len(relevance), dtype=bool)
    chosen: list[int] = []
    while len(chosen) < min(limit, len(relevance)):
        worth = (1 - diversity) * relevance - diversity * likeness
        # The first of equals: the pool comes in the order of the scores, ties by id.
        best = int(np.argmax(np.where(left, worth if chosen else raw, -np.inf)))
        chosen.append(best)
        left[best] = False
        alike = known @ known[best]
        likeness = alike if len(chosen) == 1 else np.maximum(likeness, alike)
    return chosen
