"""The vectors of a batch of facts, in every space that the store fills, and where they belong."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import text

from hegel_store.database import Autocommit, Executor, translated
from hegel_store.embeddings.protocol import embed_distinct
from hegel_store.models import NewFact
from hegel_store.models.spaces import Maker, Place, default_space
from hegel_store.models.vectors import Vector, slots_for
from hegel_store.repositories.fact_models import UNNAMED_MODEL
from hegel_store.repositories.fact_writing import Content, content_key, embedded_contents
from hegel_store.repositories.spaces import Spaces, mismatch, places_of
from hegel_store.search.spaces import COLUMNS, SPACE, place_of

Target = tuple[str, str]
"""A corpus and a space of it."""

# FOR SHARE: a cut-over waits for the facts that are being written, or they for it. What it has just
# retired is left out, and what has just taken its place may be as it was: then no row serves.
LOCK = text(
    f"""
    SELECT {COLUMNS} FROM hegel_embedding_spaces
    WHERE corpus_id = ANY(CAST(:corpora AS text[])) AND {SPACE} = ANY(CAST(:spaces AS text[]))
      AND state IN ('serving', 'filling')
    ORDER BY corpus_id, slot
    FOR SHARE
    """
)
# A new corpus takes the slot in which the space lies elsewhere, so that one search finds all.
CLAIM = text(
    f"""
    WITH usual AS MATERIALIZED (
        SELECT slot FROM hegel_embedding_spaces
        WHERE state = 'serving' AND {SPACE} = :space AND model = :model
          AND normalised = :normalised AND prefix = :prefix
          AND slot = ANY(CAST(:slots AS text[]))
        ORDER BY claimed_at DESC LIMIT 1
    )
    INSERT INTO hegel_embedding_spaces
        (corpus_id, space, slot, model, dimensions, normalised, prefix)
    SELECT corpus_id, :space, free.slot, :model, :dimensions, :normalised, :prefix
    FROM unnest(CAST(:corpora AS text[])) AS wanted (corpus_id), LATERAL (
        SELECT slot FROM unnest(CAST(:slots AS text[])) WITH ORDINALITY AS own (slot, number)
        WHERE NOT EXISTS (
            SELECT FROM hegel_embedding_spaces AS taken
            WHERE taken.corpus_id = wanted.corpus_id AND taken.slot = own.slot
        )
        ORDER BY slot IN (SELECT slot FROM usual) DESC, number
        LIMIT 1
    ) AS free
    ORDER BY corpus_id
    ON CONFLICT DO NOTHING
    """
)
OCCUPANTS = text(
    f"""
    SELECT {COLUMNS} FROM hegel_embedding_spaces
    WHERE corpus_id = :corpus_id AND slot = ANY(CAST(:slots AS text[])) ORDER BY slot
    """
)
ATTEMPTS = 3
"""How often others may be faster, by claiming a slot or by a cut-over, before it is an error."""


class SpaceMoved(Exception):
    """A space was moved to another slot while its texts were embedded: embed them anew."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """What a batch brings along for each corpus and space.

    ``vectors`` by what made them and by content. ``makers`` are those by whom every content has its
    vector, here or in one of ``places``, which is where it was looked for. ``given`` are the
    corpora and spaces with vectors that nobody here can make again.
    """

    vectors: Mapping[Target, Mapping[Maker, Mapping[Content, Vector]]]
    makers: Mapping[Target, Sequence[Maker]]
    places: Mapping[Target, Sequence[Place]]
    given: Collection[Target]

    def of(self, facts: Sequence[NewFact]) -> Embedded:
        """What belongs to these facts of the batch."""
        keys = set(map(content_key, facts))
        corpora = {corpus for corpus, _ in keys}
        vectors = {
            target: {
                maker: {key: vector for key, vector in made.items() if key in keys}
                for maker, made in by_maker.items()
            }
            for target, by_maker in self.vectors.items()
            if target[0] in corpora
        }
        vectors = {target: found for target, found in vectors.items() if any(found.values())}
        places = {target: found for target, found in self.places.items() if target[0] in corpora}
        return Embedded(vectors, self.makers, places, self.given)

    def made(self, space: str, maker: Maker) -> dict[Content, Vector]:
        """The vectors of all corpora in a space by one maker."""
        return {
            key: vector
            for (_, own), by_maker in self.vectors.items()
            if own == space
            for key, vector in by_maker.get(maker, {}).items()
        }


def needs_embedding(spaces: Spaces, facts: Sequence[NewFact]) -> bool:
    """Whether a text has to be embedded: one comes without its vector, or a space needs another."""
    if spaces.is_empty or not facts:
        return False
    return len(spaces.by_name) > 1 or any(fact.embedding is None for fact in facts)


def default_of(spaces: Spaces, dimensions: int) -> tuple[str, Maker]:
    """The space that given vectors of this size belong to, and what they count as made by."""
    if spaces.is_empty:
        return default_space(dimensions), Maker(UNNAMED_MODEL, dimensions)
    name, embedders = spaces.named(None)
    return name, next(iter(embedders))


def embedded(
    session: Executor,
    spaces: Spaces,
    facts: Sequence[NewFact],
    dimensions: int,
    before: Embedded | None = None,
) -> Embedded:
    """The vectors of these facts: given ones, and for the others those of the embedders.

    On the store, contents that have their vector already are left out, and a corpus that is being
    moved gets the vectors of both models. Else it gets those of the model that is known to serve
    it, or of the preferred one. What ``before`` has is being stored just now, and not made again.
    """
    texts = {content_key(fact): fact.content for fact in facts}
    given = {content_key(fact): fact.embedding for fact in facts if fact.embedding is not None}
    default, maker = default_of(spaces, dimensions)
    fixed = {(corpus, default) for corpus, _ in given}
    vectors: dict[Target, dict[Maker, dict[Content, Vector]]] = {}
    for key, vector in given.items():
        vectors.setdefault((key[0], default), {}).setdefault(maker, {})[key] = vector
    makers = {target: [maker] for target in fixed}
    places: dict[Target, list[Place]] = {}
    if not needs_embedding(spaces, facts):
        return Embedded(vectors, makers, places, fixed)
    corpora = sorted({corpus for corpus, _ in texts})
    if isinstance(session, Autocommit):
        for corpus, place in places_of(session, spaces.by_name, corpora, "serving", "filling"):
            places.setdefault((corpus, place.space), []).append(place)
    for name, embedders in spaces.by_name.items():
        for corpus in corpora:
            remembered = spaces.remembered(corpus, name)
            seen = places.get((corpus, name), [] if remembered is None else [remembered])
            known = [place.maker for place in seen if place.maker in embedders]
            makers.setdefault((corpus, name), known or [next(iter(embedders))])
        for maker, embedder in embedders.items():
            wanted = {
                key: content
                for key, content in texts.items()
                if maker in makers[key[0], name] and not (name == default and key in given)
            }
            for key in _there(session, wanted, places, name, maker):
                del wanted[key]
            had = {} if before is None else before.made(name, maker)
            new = [content for key, content in wanted.items() if key not in had]
            made = embed_distinct(embedder, new)
            for key, content in wanted.items():
                vector = had[key] if key in had else made[content]
                vectors.setdefault((key[0], name), {}).setdefault(maker, {})[key] = vector
    return Embedded(vectors, makers, places, fixed)


def _there(
    session: Executor,
    keys: Collection[Content],
    places: Mapping[Target, Sequence[Place]],
    space: str,
    maker: Maker,
) -> set[Content]:
    """Which of the contents have their vector by this maker in one of the places."""
    found: set[Content] = set()
    for slot in slots_for("embedder", maker.dimensions):
        place = Place(space, slot, maker)
        asked = [key for key in keys if place in places.get((key[0], space), ())]
        if asked:
            found |= embedded_contents(session, asked, slot)
    return found


def claimed(
    session: Executor, spaces: Spaces, batch: Embedded
) -> tuple[Mapping[str, Mapping[Content, Vector]], Mapping[Target, str]]:
    """The batch's vectors by the slot that they belong in, and in which slot each space serves,
    which stays so until the transaction ends. Spaces that a corpus has not yet are claimed.

    Raises EmbeddingSpaceMismatch where another model fills the space, and SpaceMoved where one of
    the store's does by now.
    """
    wanted = sorted(batch.vectors.keys() | batch.places.keys())
    slots: dict[str, dict[Content, Vector]] = {}
    homes: dict[Target, str] = {}
    for target, (serving, *filling) in _locked(session, batch, wanted).items():
        spaces.remember(target[0], serving)
        seen = batch.places.get(target, [serving])
        if serving.maker not in batch.makers[target] or serving not in seen:
            if target in batch.given or serving.maker not in spaces.by_name[target[1]]:
                given = Place(target[1], serving.slot, batch.makers[target][0])
                raise mismatch(serving, given, [target[0]])
            raise SpaceMoved
        homes[target] = serving.slot
        for place in (serving, *filling):
            made = batch.vectors.get(target, {}).get(place.maker, {})
            slots.setdefault(place.slot, {}).update(made)
    return slots, homes


def _locked(
    session: Executor, batch: Embedded, wanted: Sequence[Target]
) -> dict[Target, Sequence[Place]]:
    """The places of these spaces, the one that serves first, and then what is being filled."""
    if not wanted:
        return {}
    values = {
        "corpora": sorted({corpus for corpus, _ in wanted}),
        "spaces": sorted({space for _, space in wanted}),
    }
    for attempt in range(ATTEMPTS):
        with translated():
            rows = session.execute(LOCK, values).mappings().all()
        found: dict[Target, Sequence[Place]] = {}
        for state in ("serving", "filling"):
            for row in rows:
                target = row["corpus_id"], row["space"]
                if row["state"] == state and (state == "serving" or target in found):
                    found[target] = [*found.get(target, ()), place_of(row)]
        missing = [target for target in wanted if target not in found]
        if not missing:
            return {target: found[target] for target in wanted}
        if attempt < ATTEMPTS - 1:
            _claim(session, batch, missing)
    corpus, space = missing[0]
    maker = batch.makers[missing[0]][0]
    slots = slots_for("embedding", maker.dimensions)
    with translated():
        taken = session.execute(OCCUPANTS, {"corpus_id": corpus, "slots": list(slots)})
    raise mismatch(place_of(taken.mappings().all()[0]), Place(space, slots[0], maker), [corpus])


def _claim(session: Executor, batch: Embedded, missing: Sequence[Target]) -> None:
    grouped: dict[tuple[str, Maker], list[str]] = {}
    for corpus, space in missing:
        grouped.setdefault((space, batch.makers[corpus, space][0]), []).append(corpus)
    # In one order everywhere, so that two stores do not deadlock.
    for (space, maker), corpora in sorted(grouped.items(), key=str):
        values = asdict(maker) | {
            "space": space,
            "corpora": corpora,
            "slots": list(slots_for("embedding", maker.dimensions)),
        }
        with translated():
            session.execute(CLAIM, values)
