"""Embedding spaces: what makes a corpus's vectors, and in which column they lie."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_NAMES = {384: "fast", 1536: "accurate"}


def default_space(dimensions: int) -> str:
    """The name of the space that vectors of this size belong to when none is given."""
    return DEFAULT_NAMES.get(dimensions, f"space_{dimensions}")


@dataclass(frozen=True, slots=True)
class Maker:
    """What makes vectors. Those of two makers are never compared.

    ``prefix`` is what the embedder puts before each text, and ``normalised`` whether its vectors
    have unit length.
    """

    model: str
    dimensions: int
    normalised: bool = True
    prefix: str = ""

    def told_from(self, other: Maker) -> str:
        """The model's name, with whatever else differs from ``other``."""
        told = self.model
        if self.model == other.model:
            if self.dimensions != other.dimensions:
                told += f" with {self.dimensions} dimensions"
            if self.normalised != other.normalised:
                told += " normalised" if self.normalised else " not normalised"
            if self.prefix != other.prefix:
                told += f" with the prefix {self.prefix!r}"
        return told


@dataclass(frozen=True, slots=True)
class Place:
    """Where the vectors of a space lie in a corpus (``slot``, a column of hegel_facts), and what
    makes them."""

    space: str
    slot: str
    maker: Maker

    def told_from(self, other: Place) -> str:
        """What makes the vectors, and where they lie as far as only that differs."""
        told = self.maker.told_from(other.maker)
        if self.space != other.space:
            told += f" in space {self.space!r}"
        elif self.maker == other.maker:
            told += f" in {self.slot}"
        return told
