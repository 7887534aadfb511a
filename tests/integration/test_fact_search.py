"""Searching facts on a real database: what matches, in which order, and that nothing hides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import product
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import text

import hegel_store
from hegel_store.models import FactFilter, NewFact, SearchHit, SearchResult
from hegel_store.models.vectors import Vector
from hegel_store.store import Store
from tests.embedders import HashingEmbedder
from tests.samples import fact

ANIMALS = ("hedgehog", "badger", "weasel", "otter", "stoat")
PLACES = ("forest", "river", "🦔 garden", "שדה")
MODES = ("text", "vector", "hybrid")


def made_up_facts() -> list[NewFact]:
    return [
        NewFact(
            corpus_id=("news", "law")[n % 5 == 0],
            content=f"{ANIMALS[n % 5]} number {n} lives near the {PLACES[n % 4]}",
            category=("biology", "geography", "")[n % 2] or "biology",
            label=(None, *ANIMALS)[n % 6],
            intent=(None, "ask", "tell")[n % 3],
            confidence=n % 11 / 10,
            freshness=("fresh", "ageing", "stale")[n % 3],
            metadata={"n": n, "even": n % 2 == 0, "tags": ["a", "b"][: n % 3]},
            expires_at=(
                datetime.now(UTC) + timedelta(days=1 if n % 8 else -1) if n % 4 == 0 else None
            ),
        )
        for n in range(60)
    ]


@pytest.fixture
def filled(memory: Store) -> Store:
    """Sixty facts of two corpora; some expired, one in seven deleted, some without a vector."""
    facts = made_up_facts()
    added = memory.facts.add_many(facts)
    for forgotten, identifier in list(zip(facts, added.ids, strict=True))[::7]:
        memory.facts.forget(forgotten.corpus_id, identifier)
    with memory.engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE hegel_facts SET embedding_384 = NULL WHERE (metadata->>'n')::int % 9 = 0;"
                "UPDATE hegel_facts SET created_at = TIMESTAMPTZ '2024-01-01 00:00Z' "
                "+ (metadata->>'n')::int % 20 * INTERVAL '1 day', deleted_at = CASE "
                "WHEN deleted_at IS NOT NULL THEN TIMESTAMPTZ '2024-03-01 00:00Z' END"
            )
        )
    return memory


DAY_5 = datetime(2024, 1, 6, tzinfo=UTC)

# A filter, and the same condition said in SQL by hand.
FILTERS: dict[str, tuple[FactFilter, str]] = {
    "nothing": (FactFilter(), "true"),
    "category": (FactFilter(categories=["biology"]), "category = 'biology'"),
    "two categories": (
        FactFilter(categories=("biology", "geography", "x")),
        "category IN ('biology', 'geography')",
    ),
    "no category": (FactFilter(categories=[]), "false"),
    "label": (
        FactFilter(labels=["otter", "badger"]),
        "(SELECT name FROM hegel_labels l WHERE l.id = label_id) IN ('otter', 'badger')",
    ),
    "no label": (FactFilter(labels=[]), "false"),
    "confidence": (FactFilter(min_confidence=0.5), "confidence >= 0.5"),
    "any confidence": (FactFilter(min_confidence=0.0), "true"),
    "freshness": (FactFilter(freshness=["stale", "ageing"]), "freshness <> 'fresh'"),
    "no freshness": (FactFilter(freshness=[]), "false"),
    "intent": (FactFilter(intents=["ask"]), "intent = 'ask'"),
    "no intent": (FactFilter(intents=[]), "false"),
    "metadata": (FactFilter(metadata={"even": True}), "(metadata->>'n')::int % 2 = 0"),
    "nested metadata": (FactFilter(metadata={"tags": ["b"]}), "(metadata->>'n')::int % 3 = 2"),
    "empty metadata": (FactFilter(metadata={}), "true"),
    "after": (FactFilter(created_after=DAY_5), "(metadata->>'n')::int % 20 >= 5"),
    "before": (FactFilter(created_before=DAY_5), "(metadata->>'n')::int % 20 < 5"),
    "several": (
        FactFilter(categories=["biology"], min_confidence=0.3, metadata={"even": True}),
        "category = 'biology' AND confidence >= 0.3 AND (metadata->>'n')::int % 2 = 0",
    ),
}

LIVE = "deleted_at IS NULL AND (expires_at IS NULL OR expires_at > now())"
QUERY = "badger or otter at a river"
WORDS = "content ~ 'badger|otter|river'"


def matching(store: Store, conditions: Sequence[str]) -> set[UUID]:
    with store.engine.connect() as connection:
        return set(
            connection.execute(
                text(f"SELECT id FROM hegel_facts WHERE {' AND '.join(conditions)}")
            ).scalars()
        )


def channels(mode: str, words: str) -> str:
    return {
        "text": words,
        "vector": "embedding_384 IS NOT NULL",
        "hybrid": f"({words} OR embedding_384 IS NOT NULL)",
    }[mode]


def require_order(result: SearchResult) -> None:
    """Best first, ties by corpus and id."""
    keys = [(-hit.score, hit.fact.corpus_id, hit.fact.id) for hit in result]
    assert keys == sorted(keys)


@pytest.mark.parametrize("mode", MODES)
def test_search_returns_as_many_as_match_and_never_more(filled: Store, mode: str) -> None:
    for (name, (given, condition)), corpus in product(FILTERS.items(), (None, "news", "law", "x")):
        conditions = [LIVE, condition, channels(mode, WORDS)]
        if corpus is not None:
            conditions.append(f"corpus_id = '{corpus}'")
        expected = matching(filled, conditions)
        bare = matching(filled, [*conditions[:2], *conditions[3:], "embedding_384 IS NULL"])
        for limit in (1, 10, 500):
            found = filled.facts.search(
                QUERY, corpus_id=corpus, limit=limit, mode=mode, filters=given
            )
            ids = [hit.fact.id for hit in found]
            assert len(ids) == len(set(ids)) == min(limit, len(expected)), (name, corpus)
            assert set(ids) <= expected, (name, corpus)
            # Facts without a vector may be missed by a search for one, which says so.
            assert found.complete == (mode == "text" or len(ids) == limit or not bare)
            assert found.degraded is None
            require_order(found)


def test_grid_of_filters_tells_facts_apart(filled: Store) -> None:
    """Guards the test above: a filter that lets everything through would prove nothing."""
    everything = matching(filled, [LIVE])
    for given, condition in FILTERS.values():
        if condition not in ("true", "false"):
            assert (
                set() < matching(filled, [LIVE, condition]) < everything
                or len(given.categories or ()) == 3
            )
    assert len(everything) < 60


@pytest.mark.parametrize("mode", MODES)
def test_past_shows_what_was_held_then_and_deleted_later(filled: Store, mode: str) -> None:
    for days, gone in ((5, False), (59, False), (61, True)):
        moment = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=days)
        expected = matching(
            filled,
            [
                f"(metadata->>'n')::int % 20 <= {days}",
                "deleted_at IS NULL" if gone else "true",
                "(expires_at IS NULL OR expires_at > '2024-06-01')",
                channels(mode, WORDS),
            ],
        )
        found = filled.facts.search(QUERY, limit=500, mode=mode, filters=FactFilter(as_of=moment))
        assert {hit.fact.id for hit in found} == expected
        assert any(hit.fact.deleted_at for hit in found) is not gone
    long_ago = FactFilter(as_of=datetime(1999, 1, 1, tzinfo=UTC))
    assert list(filled.facts.search(QUERY, mode=mode, filters=long_ago)) == []


@pytest.mark.parametrize("mode", MODES)
def test_deleted_and_expired_facts_never_appear(filled: Store, mode: str) -> None:
    found = filled.facts.search(QUERY, limit=500, mode=mode)
    now = datetime.now(UTC)
    assert all(hit.fact.deleted_at is None for hit in found)
    assert all(hit.fact.expires_at is None or hit.fact.expires_at > now for hit in found)


def test_hits_carry_the_scores_and_ranks_of_the_channels_that_found_them(filled: Store) -> None:
    both = filled.facts.search(QUERY, limit=500)
    for mode in ("text", "vector"):
        score, rank = f"{mode}_score", f"{mode}_rank"
        alone = filled.facts.search(QUERY, limit=500, mode=mode)
        assert [getattr(hit, rank) for hit in alone] == list(range(1, len(alone) + 1))
        assert all(hit.score == getattr(hit, score) for hit in alone)
        fused = {h.fact.id: (getattr(h, score), getattr(h, rank)) for h in both if getattr(h, rank)}
        assert fused == {hit.fact.id: (getattr(hit, score), getattr(hit, rank)) for hit in alone}
    assert both.candidates == len(both)
    assert {hit.text_rank is None for hit in both} == {True, False}
    assert {hit.vector_rank is None for hit in both} == {True, False}


def stored_vectors(store: Store) -> dict[UUID, Vector]:
    with store.engine.connect() as connection:
        rows = connection.execute(
            text(f"SELECT id, embedding_384::text FROM hegel_facts WHERE {LIVE}")
        ).all()
    return {
        identifier: np.fromstring(vector.strip("[]"), sep=",", dtype=np.float64)
        for identifier, vector in rows
        if vector is not None
    }


def test_vector_order_is_that_of_a_brute_force_computation(filled: Store) -> None:
    query = HashingEmbedder().embed([QUERY])[0].astype(np.float16).astype(np.float64)
    cosine = {
        identifier: float(query @ vector / np.linalg.norm(query) / np.linalg.norm(vector))
        for identifier, vector in stored_vectors(filled).items()
    }
    for limit in (5, 500):
        found = filled.facts.search(QUERY, mode="vector", limit=limit)
        best = sorted(cosine.values(), reverse=True)[:limit]
        assert [hit.vector_score for hit in found] == pytest.approx(best, abs=1e-5)
        for hit in found:
            assert hit.vector_score == pytest.approx(cosine[hit.fact.id], abs=1e-5)


def test_fused_score_is_the_weighted_sum_of_the_scaled_channels(filled: Store) -> None:
    found = filled.facts.search(QUERY, limit=500, vector_weight=0.3)
    vectors = [hit.vector_score for hit in found if hit.vector_score is not None]
    farthest, nearest = min(vectors), max(vectors)

    def share_of_vector(hit: SearchHit) -> float:
        if hit.vector_score is None:  # without a vector
            return 0.0
        return 0.3 * (hit.vector_score - farthest) / (nearest - farthest)

    # All from 0, as fewer facts than asked for have any of the words, over the same range.
    with_words = [hit for hit in found if hit.text_score is not None]
    (scale,) = {
        round((hit.score - share_of_vector(hit)) / 0.7 / hit.text_score, 9) for hit in with_words
    }
    assert 0 < scale * max(hit.text_score for hit in with_words) <= 1
    others = [hit for hit in found if hit.text_score is None]
    assert others
    for hit in others:
        assert hit.score == pytest.approx(share_of_vector(hit), abs=1e-9)


def test_a_fact_that_only_the_text_channel_offers_is_compared_by_its_vector_too(
    memory: Store,
) -> None:
    """Of two facts with the same words, the one whose vector is nearer to the query's is first."""
    query = unit(1, 0)
    memory.facts.add_many(
        [
            *(fact(f"Filler {number}.", embedding=unit(1, 0.1 * number)) for number in range(20)),
            fact("Zebra one.", embedding=unit(-1, 1)),
            fact("Zebra two.", embedding=unit(1, 0.43)),
        ]
    )
    found = memory.facts.search("zebra", embedding=query, candidates=5, limit=5)
    zebras = [hit for hit in found if hit.text_score is not None]
    assert [hit.fact.content for hit in zebras] == ["Zebra two.", "Zebra one."]
    assert zebras[0].text_score == zebras[1].text_score
    assert zebras[0].vector_score is None
    assert zebras[0].score > zebras[1].score


def unit(*beginning: float) -> list[float]:
    """A vector of 384 numbers that begins so."""
    return [*beginning, *[0.0] * (384 - len(beginning))]


def test_reciprocal_ranks_may_be_fused_instead(filled: Store) -> None:
    found = filled.facts.search(QUERY, limit=500, fusion="rrf", vector_weight=0.25)
    require_order(found)
    expected = [
        (0.25 / (60 + hit.vector_rank) if hit.vector_rank else 0)
        + (0.75 / (60 + hit.text_rank) if hit.text_rank else 0)
        for hit in found
    ]
    assert [hit.score for hit in found] == pytest.approx(expected)


@pytest.mark.parametrize("mode", MODES)
def test_equally_good_facts_come_by_id_every_time(memory: Store, mode: str) -> None:
    direction = [1.0] + [0.0] * 383
    facts = [
        NewFact(corpus_id=corpus, content=f"hedgehog {chr(0x4E00 + n)}", embedding=direction)
        for n in range(8)
        for corpus in ("news", "law")
    ]
    memory.facts.add_many(facts)
    for limit in (3, 16, 100):
        runs = [
            [
                (hit.fact.corpus_id, hit.fact.id)
                for hit in memory.facts.search(
                    "hedgehog", mode=mode, limit=limit, embedding=direction
                )
            ]
            for _ in range(3)
        ]
        assert runs[0] == runs[1] == runs[2] == sorted(runs[0])
        assert len(runs[0]) == min(limit, 16)


# --- words --------------------------------------------------------------------------------------


def test_rarer_words_weigh_more(memory: Store) -> None:
    common = [f"hedgehog {chr(0x4E00 + n)}" for n in range(30)]
    memory.facts.add_many(NewFact(corpus_id="news", content=c) for c in [*common, "a porcupine"])
    found = memory.facts.search("hedgehog porcupine", mode="text")
    assert found[0].fact.content == "a porcupine"
    assert len(found) == 10


def test_words_are_stemmed_in_the_language_of_the_fact(memory: Store) -> None:
    memory.facts.add_many(
        [
            NewFact(corpus_id="news", content="running hedgehogs", language="english"),
            NewFact(corpus_id="news", content="laufende Igel der Wälder", language="german"),
            NewFact(corpus_id="news", content="running otters", language="simple"),
        ]
    )

    def found(query: str, language: str) -> set[str]:
        hits = memory.facts.search(query, mode="text", language=language)
        return {hit.fact.content.split()[1] for hit in hits}

    assert found("runs hedgehog", "english") == {"hedgehogs"}
    assert found("Wald", "german") == {"Igel"}
    assert found("running", "simple") == {"otters"}
    assert found("der", "german") == set()


def test_query_without_words_matches_nothing_by_text(filled: Store) -> None:
    with_vector = matching(filled, [LIVE, channels("vector", "")])
    for query in ("", " ", "the and of", "!!! ...", "'", "\\", "\u200b"):
        found = filled.facts.search(query, mode="text")
        assert (list(found), found.complete, found.candidates) == ([], True, 0)
        hybrid = filled.facts.search(query, limit=500)
        assert {hit.fact.id for hit in hybrid} == with_vector


AWKWARD_QUERIES = [
    'o\'badger "badger"',
    "badger & !otter | (river <-> forest):*",
    "badger\\",
    "\\badger\\' '\\\\",
    "badger; DROP TABLE hegel_facts; --",
    "badger %s {x} $1 :corpus_id",
    "🦔 badger",
    "שדה badger שדה",
    "BADGER\t\nbadger",
    "badger-like https://badger.example.org/a?b=c badger@example.org",
    " ".join(f"word{n}" for n in range(10_000)) + " badger",
    "x" * 5_000 + " badger",
]


@pytest.mark.parametrize("mode", MODES)
def test_any_text_is_a_query(filled: Store, mode: str) -> None:
    badgers = matching(filled, [LIVE, channels(mode, "content ~ 'badger'")])
    for query in AWKWARD_QUERIES:
        found = filled.facts.search(query, mode=mode, limit=500)
        # Only the rarest words of a long query are looked for; what may lack some says so.
        assert badgers <= {hit.fact.id for hit in found} or not found.complete
        if mode == "text":
            assert found.complete or query.startswith("word0")


def test_content_is_searched_even_when_it_looks_like_an_operator(memory: Store) -> None:
    contents = ["C:\\new\\table", "it's o'clock", "a:b:c*", "100% & more", "e-mail: x@example.org"]
    memory.facts.add_many(NewFact(corpus_id="news", content=content) for content in contents)
    for content in contents:
        assert memory.facts.search(content, mode="text")[0].fact.content == content


def test_long_facts_are_stored_whole_and_found_by_their_beginning(store: Store) -> None:
    endings = {
        "chinese": " ".join(chr(0x4E00 + n // 200) + chr(0x4E00 + n % 200) for n in range(100_000)),
        "rare": " ".join(chr(0x20000 + n % 60_000) for n in range(400_000)),
        "hyphens": " ".join(
            chr(0x20000 + n % 60_000) + "-" + chr(0x20000 + n * 7 % 60_000) for n in range(200_000)
        ),
    }
    for language, (kind, ending) in product(("english", "simple", "russian"), endings.items()):
        content = f"{kind} {language} hedgehog {ending}"
        (identifier,) = store.facts.add_many(
            [NewFact(corpus_id="news", content=content, language=language)]
        ).ids
        assert store.facts.get("news", identifier).content == content
    assert len(store.facts.search("hedgehog", mode="text", language="simple")) == 9


# --- degradation --------------------------------------------------------------------------------


class Failing(HashingEmbedder):
    def embed(self, texts: Sequence[str]) -> Vector:
        raise ConnectionError("no model today")


@pytest.mark.parametrize(
    "failing", [lambda: Failing(), lambda: None], ids=["embedder fails", "no embedder"]
)
def test_hybrid_answers_from_text_when_it_has_no_vector_and_says_so(
    filled: Store, url: str, failing: Callable[[], HashingEmbedder | None]
) -> None:
    with hegel_store.connect(url, embedder=failing()) as store:
        degraded = store.facts.search(QUERY, limit=500)
    assert degraded.degraded == "embedder"
    by_text = filled.facts.search(QUERY, limit=500, mode="text")
    assert [hit.fact for hit in degraded] == [hit.fact for hit in by_text]
    assert by_text.degraded is None


def test_vector_mode_fails_with_its_embedder(filled: Store, url: str) -> None:
    with (
        hegel_store.connect(url, embedder=Failing()) as store,
        pytest.raises(ConnectionError),
    ):
        store.facts.search(QUERY, mode="vector")


def test_numbers_of_any_kind_are_taken(filled):
    half = Fraction(1, 2)
    options = {"vector_weight": half, "length_normalisation": half}
    found = filled.facts.search(QUERY, filters=FactFilter(min_confidence=half), **options)
    same = dict.fromkeys(options, 0.5)
    assert found == filled.facts.search(QUERY, filters=FactFilter(min_confidence=0.5), **same)
    assert len(found) > 0
