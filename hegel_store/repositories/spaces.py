"""The spaces that a store fills: their embedders, and where each was last seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from sqlalchemy import text

from hegel_store.database import Executor, translated
from hegel_store.embeddings.protocol import Embedder, maker_of
from hegel_store.errors import EmbeddingSpaceMismatch, InvalidInput
from hegel_store.models.checks import check_name
from hegel_store.models.spaces import Maker, Place, default_space
from hegel_store.search.spaces import COLUMNS, SPACE, place_of

Embedders = Mapping[str, Embedder | Sequence[Embedder]]
"""By the space that they fill; several when the space is being moved from one to another."""

PLACES = text(
    f"""
    SELECT {COLUMNS} FROM hegel_embedding_spaces
    WHERE state = ANY(CAST(:states AS text[])) AND {SPACE} = ANY(CAST(:spaces AS text[]))
      AND (CAST(:corpora AS text[]) IS NULL OR corpus_id = ANY(CAST(:corpora AS text[])))
    ORDER BY corpus_id, slot
    """
)

MOST_REMEMBERED = 10_000


class Spaces:
    """The embedders of a store by the space that they fill, and where each space was last seen.

    What is remembered may be out of date: whoever relies on it has the database check it. Safe for
    threads. Embedders are asked for their dimensions when first needed, as that loads a model.
    """

    def __init__(self, embedder: Embedder | None = None, embedders: Embedders | None = None):
        self._embedder = embedder
        self._named = {} if embedders is None else dict(embedders)
        self._seen: dict[tuple[str | None, str], Place] = {}

    @cached_property
    def by_name(self) -> Mapping[str, Mapping[Maker, Embedder]]:
        """What makes the vectors of each space, the preferred maker first; the first space is the
        default. Raises InvalidInput for an embedder without a name or a column."""
        found: dict[str, Mapping[Maker, Embedder]] = {}
        if self._embedder is not None:
            maker = maker_of(self._embedder)
            found[default_space(maker.dimensions)] = {maker: self._embedder}
        for name, given in self._named.items():
            if check_name("embedders", name) in found:
                raise InvalidInput("embedders", f"{name!r} is what `embedder` fills already")
            several = list(given) if isinstance(given, Sequence) else [given]
            if not several:
                raise InvalidInput("embedders", f"{name!r} has none")
            found[name] = {maker_of(each): each for each in several}
        return found

    @property
    def preferred(self) -> Embedder | None:
        """The first embedder of the default space, if there is one; loads no model."""
        if self._embedder is not None:
            return self._embedder
        for given in self._named.values():
            return next(iter(given), None) if isinstance(given, Sequence) else given
        return None

    @property
    def given(self) -> Sequence[Embedder]:
        """All embedders; loads no model."""
        found = [] if self._embedder is None else [self._embedder]
        for each in self._named.values():
            found += each if isinstance(each, Sequence) else [each]
        return found

    @property
    def is_empty(self) -> bool:
        """Whether there is no embedder at all."""
        return self._embedder is None and not self._named

    def named(self, space: str | None) -> tuple[str, Mapping[Maker, Embedder]]:
        """A space and its embedders; the default one for None. There has to be an embedder.

        Raises InvalidInput for a space that this store has no embedder for.
        """
        name = next(iter(self.by_name)) if space is None else space
        if name not in self.by_name:
            known = ", ".join(map(repr, self.by_name))
            raise InvalidInput("space", f"{name!r:.80} is none of this store's: {known}")
        return name, self.by_name[name]

    def remembered(self, corpus_id: str | None, space: str) -> Place | None:
        """Where the space was last seen in this corpus, or in all of them."""
        return self._seen.get((corpus_id, space))

    def remember(self, corpus_id: str | None, place: Place) -> None:
        if len(self._seen) >= MOST_REMEMBERED:
            self._seen = {}  # costs one more look at each
        self._seen[corpus_id, place.space] = place


def places_of(
    session: Executor, spaces: Iterable[str], corpora: Sequence[str] | None, *states: str
) -> list[tuple[str, Place]]:
    """Corpora, and the places in these states that the spaces have there; of all corpora for
    None."""
    values = {"spaces": list(spaces), "corpora": corpora, "states": list(states)}
    with translated():
        rows = session.execute(PLACES, values).mappings().all()
    return [(row["corpus_id"], place_of(row)) for row in rows]


def mismatch(stored: Place, given: Place, corpora: Sequence[str]) -> EmbeddingSpaceMismatch:
    """The error for vectors of ``given`` that would meet those of ``stored`` in these corpora."""
    return EmbeddingSpaceMismatch(
        stored.slot, stored.told_from(given), given.told_from(stored), *corpora
    )
