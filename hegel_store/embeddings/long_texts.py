"""Vectors of texts that are longer than what a model reads at once."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from hegel_store.embeddings.protocol import Embedder, embed_distinct
from hegel_store.models.vectors import Vector, unit_vector

PIECE = 800
"""Characters. About 200 tokens of English, of which small models read 256 and forget the rest."""

PIECES = re.compile(rf".{{1,{PIECE}}}(?:\s|\Z)|.{{1,{PIECE}}}", re.DOTALL)


def embed_whole(embedder: Embedder, texts: Sequence[str]) -> list[Vector]:
    """The vector of each text, of unit length and shape (dimensions,), whatever the text's length.

    A long text is cut into pieces, mostly between words. Its vector is the mean of theirs,
    weighted by their characters. Raises what embed_distinct() does.
    """
    pieces = [PIECES.findall(text) or [text] for text in texts]
    vectors = embed_distinct(embedder, [piece for own in pieces for piece in own])
    return [
        unit_vector(
            "embedding",
            np.sum([max(len(piece), 1) * vectors[piece] for piece in own], axis=0),
        )
        for own in pieces
    ]
