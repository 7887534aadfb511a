"""Spaces by name: facts are written into all of them, and searched by one."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy import event

import hegel_store
from hegel_store.errors import EmbeddingSpaceMismatch, InvalidInput, TransactionOpen
from hegel_store.store import Store
from tests.embedders import HashingEmbedder
from tests.samples import fact, rows

ZOO = ["hedgehogs sleep in winter", "storks sleep on one leg", "bread is baked at night"]


def fast() -> HashingEmbedder:
    return HashingEmbedder("small", 384)


def accurate() -> HashingEmbedder:
    return HashingEmbedder("large", 1536)


@pytest.fixture
def both(url: str):
    spaces = {"fast": fast(), "accurate": accurate()}
    with hegel_store.connect(url, embedders=spaces) as store:
        store.facts.add_many([fact(content) for content in ZOO])
        yield store


def spaces_of(store: Store) -> list[tuple[object, ...]]:
    return rows(
        store,
        "SELECT corpus_id, space, slot, model, normalised, prefix, state "
        "FROM hegel_embedding_spaces ORDER BY corpus_id, slot",
    )


def scores(store: Store, space: str | None) -> dict[str, float]:
    found = store.facts.search("winter storks", corpus_id="news", mode="vector", space=space)
    return {hit.fact.content: hit.vector_score for hit in found}


def expected(embedder: HashingEmbedder) -> dict[str, float]:
    (query,) = embedder.embed(["winter storks"])
    return dict(zip(ZOO, embedder.embed(ZOO) @ query, strict=True))


def test_facts_are_written_into_every_space_and_searched_by_one(both):
    assert spaces_of(both) == [
        ("news", "accurate", "embedding_1536", "large", True, "", "serving"),
        ("news", "fast", "embedding_384", "small", True, "", "serving"),
    ]
    for space, embedder in (("fast", fast()), ("accurate", accurate()), (None, fast())):
        assert scores(both, space) == pytest.approx(expected(embedder), abs=2e-3)
    assert expected(fast())[ZOO[0]] != pytest.approx(expected(accurate())[ZOO[0]], abs=0.01)
    (first,) = both.facts.search(ZOO[0], corpus_id="news", limit=1)
    for space in ("fast", "accurate"):
        assert len(both.facts.similar_to("news", first.fact.id, space=space)) == 2
        assert len(list(both.facts.search_iter("storks", corpus_id="news", space=space))) == 3
        (found,) = both.facts.search_many(["storks"], corpus_id="news", space=space)
        assert found[0].fact.content == ZOO[1]
    with pytest.raises(InvalidInput, match="'slow' is none of this store's: 'fast', 'accurate'"):
        both.facts.search("storks", space="slow")


def test_each_text_is_embedded_once_for_each_space(url):
    small, large = fast(), accurate()
    with hegel_store.connect(url, embedder=small, embedders={"accurate": large}) as store:
        for _ in range(2):
            store.facts.add_many([fact("a"), fact("b"), fact("a")])
        store.facts.add_many([fact("c", embedding=[1.0] * 384)])
    assert small.embedded == ["a", "b"]
    assert large.embedded == ["a", "b", "c"]


def test_a_given_vector_belongs_to_the_first_space(both):
    both.facts.add_many([fact("given", embedding=[1.0] * 384)])
    with pytest.raises(InvalidInput, match="1536 dimensions, the others 384"):
        both.facts.add_many([fact("given", embedding=[1.0] * 1536)])
    found = both.facts.search("x", embedding=[1.0] * 384, mode="vector", limit=1)
    assert found[0].fact.content == "given"
    by_other = both.facts.search("x", space="accurate", embedding=[1.0] * 1536, mode="vector")
    assert len(by_other) == len(ZOO) + 1
    with both.begin() as work:
        work.profiles.append("news", "qa", {})
        with pytest.raises(TransactionOpen):
            work.facts.add_many([fact("given later", embedding=[1.0] * 384)])


def test_a_fact_gets_the_vector_of_a_space_that_comes_later(url):
    with hegel_store.connect(url, embedder=fast()) as store:
        store.facts.add_many([fact(content) for content in ZOO])
    small, large = fast(), accurate()
    with hegel_store.connect(url, embedder=small, embedders={"accurate": large}) as store:
        assert list(store.facts.search("storks", space="accurate", mode="vector")) == []
        store.facts.add_many([fact(content) for content in ZOO])
        assert len(store.facts.search("storks", space="accurate", mode="vector")) == 3
    assert (small.embedded, large.embedded) == ([], ["storks", *ZOO, "storks"])


class Made(HashingEmbedder):
    """The model "small", used in another way."""

    def __init__(self, *, prefix: str = "", normalised: bool = True, length: float = 1.0) -> None:
        super().__init__("small", 384)
        self.prefix, self.normalised, self.length = prefix, normalised, length

    def embed(self, texts):
        return super().embed([self.prefix + text for text in texts]) * self.length


@pytest.mark.parametrize(
    ("other", "stored", "given"),
    [
        (lambda: HashingEmbedder("other", 384), "small", "other"),
        (
            lambda: Made(prefix="query: "),
            "small with the prefix ''",
            "small with the prefix 'query: '",
        ),
        (lambda: Made(normalised=False), "small normalised", "small not normalised"),
    ],
    ids=["model", "prefix", "normalisation"],
)
def test_vectors_that_were_made_otherwise_never_meet(
    both, url, other: Callable[[], HashingEmbedder], stored, given
):
    with hegel_store.connect(url, embedder=other()) as stranger:
        for attempt in (
            lambda: stranger.facts.add_many([fact("new")]),
            lambda: stranger.facts.search("a", corpus_id="news"),
            lambda: stranger.facts.search("a", mode="vector"),
            lambda: list(stranger.facts.search_iter("a", corpus_id="news")),
        ):
            with pytest.raises(EmbeddingSpaceMismatch) as caught:
                attempt()
            error = caught.value
            assert (error.stored, error.given) == (stored, given)
            assert (error.slot, error.corpus_id) == ("embedding_384", "news")
    assert rows(both, "SELECT FROM hegel_facts WHERE content = 'new'") == []


def test_another_size_in_a_space_is_a_mismatch_too(both, url):
    with (
        hegel_store.connect(url, embedders={"fast": HashingEmbedder("small", 768)}) as stranger,
        pytest.raises(EmbeddingSpaceMismatch) as caught,
    ):
        stranger.facts.add_many([fact("new")])
    assert caught.value.stored == "small with 384 dimensions"
    assert caught.value.given == "small with 768 dimensions"


def test_how_vectors_were_made_is_recorded(url):
    embedder = Made(prefix="passage: ", normalised=False, length=20.0)
    with hegel_store.connect(url, embedder=embedder) as store:
        store.facts.add_many([fact(content) for content in ZOO])
        assert spaces_of(store) == [
            ("news", "fast", "embedding_384", "small", False, "passage: ", "serving")
        ]
        assert len(store.facts.search(ZOO[0], mode="vector", diversity=0.5)) == 3
        assert store.facts.search(ZOO[0], mode="vector")[0].vector_score == pytest.approx(
            1, abs=0.01
        )


@pytest.mark.parametrize(
    "embedders",
    [
        {"fast": []},
        {" ": fast()},
        {"fast": [Made(prefix="x" * 1001)]},
        {"fast": Made(prefix="a\0")},
        {"fast": Made(normalised="yes")},
        {"fast": HashingEmbedder("x", 100)},
    ],
)
def test_embedders_that_cannot_be_are_refused(url, embedders):
    with hegel_store.connect(url, embedders=embedders) as store, pytest.raises(InvalidInput):
        store.facts.add_many([fact("a")])


def test_one_space_is_not_filled_by_two_arguments(url):
    both_ways = {"fast": HashingEmbedder("other", 384)}
    with (
        hegel_store.connect(url, embedder=fast(), embedders=both_ways) as store,
        pytest.raises(InvalidInput, match="'fast' is what `embedder` fills already"),
    ):
        store.facts.search("a")


def test_a_space_of_the_same_size_takes_the_second_slot(url):
    spaces = {"one": fast(), "two": HashingEmbedder("other", 384)}
    with hegel_store.connect(url, embedders=spaces) as store:
        store.facts.add_many([fact(content) for content in ZOO])
        slots = [row[1:4] for row in spaces_of(store)]
        assert slots == [
            ("one", "embedding_384", "small"),
            ("two", "embedding_384_next", "other"),
        ]
        assert scores(store, "one") == pytest.approx(expected(spaces["one"]), abs=2e-3)
        assert scores(store, "two") == pytest.approx(expected(spaces["two"]), abs=2e-3)
    third = {"three": HashingEmbedder("third", 384)}
    with (
        hegel_store.connect(url, embedders=third) as store,
        pytest.raises(EmbeddingSpaceMismatch, match="small in space 'one'"),
    ):
        store.facts.add_many([fact("a")])


def test_a_search_is_one_statement(both):
    both.facts.search("storks", corpus_id="news")
    sent: list[str] = []

    @event.listens_for(both.engine, "before_cursor_execute")
    def note(connection, cursor, statement, *rest):
        sent.append(statement)

    both.facts.search("storks", corpus_id="news", space="accurate")
    both.facts.search("storks")
    assert len(sent) == 2


def test_rows_of_the_first_release_count_as_the_default_space_of_their_size(both, url):
    with both.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE hegel_embedding_spaces SET space = NULL")
    assert scores(both, "accurate") == pytest.approx(expected(accurate()), abs=2e-3)
    both.facts.add_many([fact("new")])
    assert {row[1] for row in spaces_of(both)} == {None}
    with (
        hegel_store.connect(url, embedder=HashingEmbedder("other", 384)) as stranger,
        pytest.raises(EmbeddingSpaceMismatch),
    ):
        stranger.facts.search("a")


@pytest.mark.parametrize("state", ["serving", "filling"])
def test_a_space_has_one_slot_that_serves_and_one_that_is_filled(postgresql, state):
    row = (
        "INSERT INTO hegel_embedding_spaces (corpus_id, space, slot, model, dimensions, state) "
        "VALUES ('news', 'fast', %s, 'a', %s, %s)"
    )
    postgresql.execute(row, ["embedding_384_next", 384, state])
    with pytest.raises(psycopg.errors.UniqueViolation):
        postgresql.execute(row, ["embedding_768", 768, state])
    postgresql.rollback()
    for slot, size, wrong in (
        ("embedding_384_last", 384, state),
        ("embedding_768_next", 384, state),
        ("embedding_384", 384, "idle"),
    ):
        with pytest.raises(psycopg.errors.CheckViolation):
            postgresql.execute(row, [slot, size, wrong])
        postgresql.rollback()
