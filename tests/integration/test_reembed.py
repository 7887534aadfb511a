"""A corpus moves to another model while it is searched and written to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event, Thread

import pytest
from sqlalchemy import text

import hegel_store
from hegel_store.errors import (
    EmbedderMissing,
    EmbeddingSpaceMismatch,
    InvalidInput,
    NotFound,
    ReembeddingRefused,
    TransactionConflict,
)
from hegel_store.models.vectors import Vector
from hegel_store.store import Store
from tests.embedders import HashingEmbedder, TopicEmbedder
from tests.samples import fact, rows
from tests.servers import wait_until

FACTS = [f"fact {n} about animal {n % 7}" for n in range(60)]
QUERY = "animal 3"

OLD = HashingEmbedder("old", 384)
SAME_SIZE = HashingEmbedder("new", 384)
OTHER_SIZE = HashingEmbedder("new", 768)


@pytest.fixture
def moving(url: str):
    """A store that has the old model and both new ones, on a corpus of the old one."""
    with hegel_store.connect(url, embedder=OLD) as before:
        before.facts.add_many([fact(content) for content in FACTS])
    with hegel_store.connect(url, embedders={"fast": [OLD, SAME_SIZE, OTHER_SIZE]}) as store:
        yield store


@pytest.fixture
def behind(url: str):
    """A store that knows the old model alone."""
    with hegel_store.connect(url, embedder=OLD) as store:
        yield store


def found(store: Store, corpus_id: str | None = "news") -> dict[str, float]:
    result = store.facts.search(QUERY, corpus_id=corpus_id, mode="vector", limit=200)
    return {hit.fact.content: hit.vector_score for hit in result}


def expected(embedder: HashingEmbedder, contents: Sequence[str] = FACTS) -> dict[str, float]:
    (query,) = embedder.embed([QUERY])
    return dict(zip(contents, embedder.embed(contents) @ query, strict=True))


def near(scores: dict[str, float]) -> object:
    return pytest.approx(scores, abs=2e-3)


def states(store: Store) -> dict[str, str]:
    return dict(rows(store, "SELECT slot, state FROM hegel_embedding_spaces"))


def in_slot(store: Store, slot: str) -> int:
    ((count,),) = rows(store, f"SELECT count({slot}) FROM hegel_facts")
    return count


@pytest.mark.parametrize(
    ("new", "slot"), [(SAME_SIZE, "embedding_384_next"), (OTHER_SIZE, "embedding_768")]
)
def test_a_corpus_moves_and_comes_back_and_moves_again(moving, new, slot):
    steps = moving.reembed("news", "fast", new, batch=7)
    assert (steps.plan().slot, steps.plan().facts) == (slot, 60)
    assert steps.plan().characters == sum(map(len, FACTS))
    assert states(moving) == {"embedding_384": "serving"}, "a plan changes nothing"
    told = []
    assert steps.fill(told.append) == 60
    assert [progress.left for progress in told] == [53, 46, 39, 32, 25, 18, 11, 4, 0]
    assert told[-1].done == 60
    assert all(progress.per_second > 0 for progress in told)
    assert states(moving) == {"embedding_384": "serving", slot: "filling"}
    assert found(moving) == near(expected(OLD))

    steps.cut_over()
    assert states(moving) == {"embedding_384": "retired", slot: "serving"}
    assert found(moving) == near(expected(new))
    assert moving.reembed("news", "fast").rollback() == 0
    assert states(moving) == {"embedding_384": "serving", slot: "filling"}
    assert found(moving) == near(expected(OLD))
    moving.reembed("news", "fast").cut_over()
    assert found(moving) == near(expected(new))
    assert moving.reembed("news", "fast", batch=9).discard() == 60
    assert states(moving) == {slot: "serving"}
    assert (in_slot(moving, "embedding_384"), in_slot(moving, slot)) == (0, 60)
    assert found(moving) == near(expected(new))

    back = moving.reembed("news", "fast", OLD)
    back.cut_over()
    back.discard()
    assert states(moving) == {"embedding_384": "serving"}
    assert found(moving) == near(expected(OLD))


def test_what_is_there_is_not_embedded_again(moving, behind):
    new = HashingEmbedder("new", 384)
    steps = moving.reembed("news", "fast", new)
    steps.fill()
    assert sorted(new.embedded) == sorted(FACTS)
    behind.facts.add_many([fact("added")])
    assert steps.fill() == 1
    assert steps.fill() == 0
    assert new.embedded[60:] == ["added"]


class Meanwhile(HashingEmbedder):
    """Does something during its first call, as others do while texts are embedded."""

    def __init__(self, name: str, dimensions: int, act: Callable[[], object]) -> None:
        super().__init__(name, dimensions)
        self._act = act

    def embed(self, texts: Sequence[str]) -> Vector:
        made = super().embed(texts)
        if len(self.calls) == 1:
            self._act()
        return made


def test_facts_that_are_deleted_or_added_meanwhile_are_skipped_or_caught_up_with(moving, behind):
    ids = dict(rows(moving, "SELECT content, id FROM hegel_facts"))

    def act() -> None:
        moving.facts.forget("news", [ids[FACTS[0]], ids[FACTS[59]]])
        behind.facts.add_many([fact("added")])

    new = Meanwhile("new", 384, act)
    assert moving.reembed("news", "fast", new, batch=20).fill() == 59
    left = "SELECT content FROM hegel_facts WHERE embedding_384_next IS NULL ORDER BY content"
    assert rows(moving, left) == [(FACTS[0],), (FACTS[59],)]
    assert FACTS[59] not in new.embedded


def test_a_fact_that_somebody_has_locked_waits_for_a_later_pass(moving, postgresql):
    postgresql.execute("SELECT FROM hegel_facts WHERE content = %s FOR UPDATE", [FACTS[5]])
    new = HashingEmbedder("new", 384)
    filling = Thread(target=moving.reembed("news", "fast", new).fill)
    filling.start()
    wait_until(lambda: in_slot(moving, "embedding_384_next") == 59)
    wait_until(lambda: new.embedded.count(FACTS[5]) > 1)
    postgresql.rollback()
    filling.join(30)
    assert not filling.is_alive()
    assert in_slot(moving, "embedding_384_next") == 60


@pytest.mark.parametrize("new", [SAME_SIZE, OTHER_SIZE], ids=["same size", "another size"])
def test_searches_run_all_the_while_and_never_mix(moving, new):
    """Each finds what the old model's vectors say, and from some moment on what the new one's."""
    seen: list[tuple[int, dict[str, float]]] = []
    errors: list[BaseException] = []
    stop = Event()

    def search(searcher: int) -> None:
        try:
            while not stop.is_set():
                seen.append((searcher, found(moving)))
        except BaseException as error:
            errors.append(error)

    searching = [Thread(target=search, args=(searcher,)) for searcher in range(2)]
    for thread in searching:
        thread.start()
    try:
        steps = moving.reembed("news", "fast", new, batch=5)
        steps.fill()
        at_old = len(seen)
        steps.cut_over()
        at_new = len(seen)
        wait_until(lambda: len(seen) > at_new + 10 or errors)
        steps.discard()
        wait_until(lambda: len(seen) > at_new + 20 or errors)
    finally:
        stop.set()
        for thread in searching:
            thread.join(30)
    assert errors == []
    old, after = near(expected(OLD)), near(expected(new))
    kinds = [
        (searcher, "old" if scores == old else "new" if scores == after else "mixed")
        for searcher, scores in seen
    ]
    assert {kind for _, kind in kinds} == {"old", "new"}
    assert {kind for _, kind in kinds[:at_old]} == {"old"}
    for searcher in range(2):
        # One search of each was under way at the cut-over, and may be as late as it likes.
        later = [kind for number, kind in kinds[at_new:] if number == searcher]
        assert set(later[1:]) <= {"new"}


def test_writers_go_on_across_the_cut_over(moving):
    """Whatever was added has the vector by which it is found, of the model that serves."""
    added: list[str] = []
    errors: list[BaseException] = []
    stop = Event()

    def write(writer: int) -> None:
        try:
            while not stop.is_set():
                contents = [f"writer {writer} adds {len(added)} {n}" for n in range(3)]
                moving.facts.add_many([fact(content) for content in contents])
                added.extend(contents)
                stop.wait(0.02)
        except BaseException as error:
            errors.append(error)

    writers = [Thread(target=write, args=(number,)) for number in range(2)]
    for thread in writers:
        thread.start()
    try:
        steps = moving.reembed("news", "fast", SAME_SIZE, batch=10)
        steps.fill()
        steps.cut_over()
        count = len(added)
        wait_until(lambda: len(added) > count + 30 or errors)
    finally:
        stop.set()
        for thread in writers:
            thread.join(30)
    assert errors == []
    assert states(moving)["embedding_384_next"] == "serving"
    lacking = "SELECT content FROM hegel_facts WHERE embedding_384_next IS NULL"
    assert rows(moving, lacking) == []
    assert rows(moving, "SELECT FROM hegel_facts WHERE embedding_384 IS NULL"), "some came later"
    scores = expected(SAME_SIZE, [*FACTS, *added])
    result = moving.facts.search(QUERY, corpus_id="news", mode="vector", limit=5000)
    assert {hit.fact.content: hit.vector_score for hit in result} == near(scores)


def test_facts_embedded_before_a_cut_over_and_stored_after_it_get_the_new_vector(moving, url):
    moving.reembed("news", "fast", SAME_SIZE).fill()
    old = Meanwhile("old", 384, moving.reembed("news", "fast").cut_over)
    with hegel_store.connect(url, embedders={"fast": [old, SAME_SIZE]}) as store:
        store.facts.add_many([fact("late")])
    assert rows(moving, "SELECT FROM hegel_facts WHERE embedding_384_next IS NULL") == []
    moving.reembed("news", "fast").discard()

    def move_back() -> None:
        moving.reembed("news", "fast", OTHER_SIZE).cut_over()

    first, second = Meanwhile("new", 384, move_back), HashingEmbedder("new", 768)
    with hegel_store.connect(url, embedders={"fast": [first, second]}) as store:
        store.facts.add_many([fact("later")])
    assert (first.embedded, second.embedded) == (["later"], ["later"])
    assert rows(moving, "SELECT FROM hegel_facts WHERE embedding_768 IS NULL") == []


def test_a_writer_without_the_new_model_is_told_after_the_cut_over(moving, url):
    moving.reembed("news", "fast", SAME_SIZE).fill()
    old = Meanwhile("old", 384, moving.reembed("news", "fast").cut_over)
    with hegel_store.connect(url, embedder=old) as store:
        with pytest.raises(EmbeddingSpaceMismatch) as caught:
            store.facts.add_many([fact("late")])
        assert (caught.value.stored, caught.value.given) == ("new", "old")
        with pytest.raises(EmbeddingSpaceMismatch):
            found(store)
    assert rows(moving, "SELECT FROM hegel_facts WHERE content = 'late'") == []


def test_a_store_with_both_models_stores_both_vectors_meanwhile(moving):
    moving.reembed("news", "fast", OTHER_SIZE).fill()
    moving.facts.add_many([fact("added")])
    moving.reembed("news", "fast").cut_over()
    assert found(moving) == near(expected(OTHER_SIZE, [*FACTS, "added"]))
    moving.reembed("news", "fast").rollback()
    assert found(moving) == near(expected(OLD, [*FACTS, "added"]))


def test_a_unit_of_work_that_a_cut_over_overtakes_may_be_run_again(moving):
    moving.reembed("news", "fast", SAME_SIZE).fill()

    def work() -> None:
        with moving.begin() as unit:
            unit.facts.add_many([fact("in a unit of work")])

    moving.reembed("news", "fast").cut_over()
    with pytest.raises(TransactionConflict):
        work()
    work()
    assert rows(moving, "SELECT FROM hegel_facts WHERE embedding_384_next IS NULL") == []


def test_a_cut_over_waits_for_facts_that_are_being_written(moving, behind):
    moving.reembed("news", "fast", SAME_SIZE).fill()
    outcome: list[object] = []

    def cut_over() -> None:
        try:
            outcome.append(moving.reembed("news", "fast").cut_over())
        except ReembeddingRefused as error:
            outcome.append(error.missing)

    with behind.begin() as work:
        work.facts.add_many([fact("being written")])
        cutting = Thread(target=cut_over)
        cutting.start()
        waiting = (
            "SELECT FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        wait_until(lambda: rows(moving, waiting))
        assert outcome == []
    cutting.join(30)
    assert outcome == [1], "it lacks the new vector, and is seen"


def test_a_cut_over_is_refused_while_a_fact_lacks_its_vector(moving, behind):
    with pytest.raises(ReembeddingRefused, match="nothing to cut over to"):
        moving.reembed("news", "fast").cut_over()
    moving.reembed("news", "fast", SAME_SIZE).fill()
    behind.facts.add_many([fact("one more")])
    with pytest.raises(ReembeddingRefused, match="1 facts have no vector of 'new'") as caught:
        moving.reembed("news", "fast").cut_over()
    assert caught.value.missing == 1
    assert found(moving) == near(expected(OLD, [*FACTS, "one more"]))
    with pytest.raises(ReembeddingRefused, match="discard them first"):
        moving.reembed("news", "fast", HashingEmbedder("another", 384)).cut_over()
    moving.reembed("news", "fast", SAME_SIZE).cut_over()
    assert found(moving) == near(expected(SAME_SIZE, [*FACTS, "one more"]))


def test_a_rollback_says_what_was_added_since_and_embeds_it_by_the_old_model(moving):
    steps = moving.reembed("news", "fast", SAME_SIZE)
    steps.cut_over()
    moving.facts.add_many([fact("since"), fact("then")])
    with pytest.raises(ReembeddingRefused, match="holds vectors of 'old'"):
        steps.rollback()
    assert moving.reembed("news", "fast").rollback() == 2
    assert found(moving) == near(expected(OLD))
    assert "since" in [hit.fact.content for hit in moving.facts.search("since", corpus_id="news")]
    assert moving.reembed("news", "fast", OLD).fill() == 2
    assert found(moving) == near(expected(OLD, [*FACTS, "since", "then"]))
    steps.cut_over()
    moving.facts.add_many([fact("again")])
    assert moving.reembed("news", "fast", OLD).rollback() == 0
    assert found(moving) == near(expected(OLD, [*FACTS, "since", "then", "again"]))
    with pytest.raises(ReembeddingRefused, match="nothing to roll back to"):
        moving.reembed("news", "fast").rollback()


def test_what_is_being_filled_can_be_discarded(moving):
    moving.facts.forget("news", [rows(moving, "SELECT id FROM hegel_facts LIMIT 1")[0][0]])
    moving.reembed("news", "fast", SAME_SIZE).fill()
    other = HashingEmbedder("other", 768)
    with pytest.raises(ReembeddingRefused, match="holds vectors of 'new': discard them first"):
        moving.reembed("news", "fast", other).fill()
    assert moving.reembed("news", "fast").discard() == 59
    assert states(moving) == {"embedding_384": "serving"}
    with pytest.raises(ReembeddingRefused, match="nothing to discard"):
        moving.reembed("news", "fast").discard()
    moving.reembed("news", "fast", other).fill()
    assert states(moving) == {"embedding_384": "serving", "embedding_768": "filling"}


def test_a_run_notices_that_its_slot_was_discarded(moving):
    new = Meanwhile("new", 384, moving.reembed("news", "fast").discard)
    with pytest.raises(ReembeddingRefused, match="not to be filled any more"):
        moving.reembed("news", "fast", new, batch=5).fill()
    assert in_slot(moving, "embedding_384_next") == 0


def test_corpora_that_moved_are_not_searched_with_those_that_did_not(moving):
    moving.facts.add_many([fact("elsewhere", "law")])
    everything = near(expected(OLD, [*FACTS, "elsewhere"]))
    assert found(moving, None) == everything
    moving.reembed("law", "fast", SAME_SIZE).cut_over()
    with pytest.raises(EmbeddingSpaceMismatch) as caught:
        found(moving, None)
    assert (caught.value.corpora, caught.value.stored) == (("law",), "new")
    assert found(moving, "news") == near(expected(OLD))
    moving.reembed("news", "fast", SAME_SIZE).cut_over()
    assert found(moving, None) == near(expected(SAME_SIZE, [*FACTS, "elsewhere"]))
    moving.facts.add_many([fact("a third", "art")])  # not by the preferred model, nor there
    with pytest.raises(EmbeddingSpaceMismatch):
        found(moving, None)


def test_a_new_corpus_lies_where_the_others_of_its_model_do(moving, url):
    moving.reembed("news", "fast", SAME_SIZE).cut_over()
    with hegel_store.connect(url, embedder=SAME_SIZE) as store:
        store.facts.add_many([fact("a third", "art")])
        assert found(store, None) == near(expected(SAME_SIZE, [*FACTS, "a third"]))


def test_the_status_tells_what_each_slot_lacks(moving, behind):
    steps = moving.reembed("news", "fast", SAME_SIZE)
    steps.fill()
    behind.facts.add_many([fact("one more")])
    status = steps.status()
    assert status.facts == 61
    assert [(slot.name, slot.state, slot.maker.model) for slot in status.slots] == [
        ("embedding_384", "serving", "old"),
        ("embedding_384_next", "filling", "new"),
    ]
    assert status.missing == {"embedding_384": 0, "embedding_384_next": 1}


def test_rows_of_the_first_release_are_moved_as_well(moving):
    with moving.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE hegel_embedding_spaces SET space = NULL")
    moving.reembed("news", "fast", SAME_SIZE).cut_over()
    assert found(moving) == near(expected(SAME_SIZE))


def test_what_cannot_be_done_is_refused(moving):
    for corpus, space in (("law", "fast"), ("news", "accurate")):
        with pytest.raises(NotFound):
            moving.reembed(corpus, space, SAME_SIZE).fill()
    with pytest.raises(EmbedderMissing):
        moving.reembed("news", "fast").fill()
    for options in ({"batch": 0}, {"batch": 1001}, {"pause": -1}, {"pause": "long"}):
        with pytest.raises(InvalidInput):
            moving.reembed("news", "fast", SAME_SIZE, **options)
    with pytest.raises(InvalidInput):
        moving.reembed("news", " ", SAME_SIZE)
    with hegel_store.connect(str(moving.engine.url), embedders={"second": SAME_SIZE}) as store:
        store.facts.add_many([fact("a")])
    with pytest.raises(ReembeddingRefused, match="no column for 384 dimensions is free"):
        moving.reembed("news", "fast", HashingEmbedder("third", 384)).fill()


@pytest.mark.parametrize("size", [384, 768])
def test_facts_are_judged_by_the_vectors_that_serve(url: str, size: int) -> None:
    """Of two corpora, in one batch, one was moved."""
    before, after = TopicEmbedder("old", 384), TopicEmbedder("new", size)
    with hegel_store.connect(url, embedders={"fast": [before, after]}) as store:
        for corpus_id in ("moved", "stayed"):
            store.facts.add_many([fact("port 5432", corpus_id), fact("harbour 1", corpus_id)])
        move = store.reembed("moved", "fast", after)
        move.fill()
        move.cut_over()
        # What the old model made is not looked at any more.
        with store.engine.begin() as connection:
            connection.execute(
                text("UPDATE hegel_facts SET embedding_384 = NULL WHERE corpus_id = 'moved'")
            )
        result = store.facts.add_many(
            [fact("port 5433", "moved"), fact("port 5433", "stayed"), fact("boat", "moved")],
            near_duplicates="judge",
        )
        assert [(one.position, one.verdict) for one in result.near_duplicates] == [
            (0, "update"),
            (1, "update"),
        ]
        for corpus_id in ("moved", "stayed"):
            hits = store.facts.search("port", corpus_id=corpus_id, mode="vector", limit=10)
            assert "port 5432" not in {hit.fact.content for hit in hits}


def test_labels_are_searched_by_the_first_model_of_the_store(moving: Store) -> None:
    moving.labels.find_or_create("news", "animal")
    assert moving.labels.search("animal")[0].label.name == "animal"
    assert rows(moving, "SELECT embedding_model FROM hegel_labels") == [("old",)]
