"""A filter never starves a search: whatever share of many facts it leaves, the best are found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hegel_store.models import FactFilter, SearchResult
from hegel_store.models.spaces import Maker, Place
from hegel_store.search.statement import Search, build
from hegel_store.store import Store
from tests import multitude
from tests.multitude import CATEGORIES, COMMON, CORPUS, DELETED_ON, FACTS, Multitude, moment
from tests.plans import explain, nodes

pytestmark = pytest.mark.any_server

QUERIES, CENTRES_ASKED = multitude.vectors(30, seed=2)
VECTOR_INDEX = "idx_hegel_facts_embedding_384"

Mask = Callable[[Multitude], np.ndarray]


def live(condition: Mask) -> Mask:
    return lambda facts: facts.live & condition(facts)


# A filter, and which facts match it.
FILTERS: dict[str, tuple[FactFilter, Mask]] = {
    "nothing": (FactFilter(), lambda facts: facts.live),
    **{
        name: (
            FactFilter(categories=[name]),
            live(lambda facts, name=name: facts.categories == name),
        )
        for name in CATEGORIES
    },
    "two categories": (
        FactFilter(categories=["six", "thousandth"]),
        live(lambda facts: np.isin(facts.categories, ["six", "thousandth"])),
    ),
    "no such category": (
        FactFilter(categories=["none"]),
        live(lambda facts: np.zeros(FACTS, dtype=bool)),
    ),
    "confident half": (
        FactFilter(min_confidence=0.5),
        live(lambda facts: facts.confidences >= 0.5),
    ),
    "confident few": (
        FactFilter(min_confidence=0.998),
        live(lambda facts: facts.confidences >= 0.998),
    ),
    "metadata of a half": (
        FactFilter(metadata={"even": True}),
        live(lambda facts: np.arange(FACTS) % 2 == 0),
    ),
    "metadata of a few": (FactFilter(metadata={"shard": 7}), live(lambda facts: facts.shards == 7)),
    "label": (FactFilter(labels=["often"]), live(lambda facts: facts.labels == "often")),
    "label of a few": (FactFilter(labels=["seldom"]), live(lambda facts: facts.labels == "seldom")),
    "intent": (
        FactFilter(intents=["intent 3"]),
        live(lambda facts: facts.intents == "intent 3"),
    ),
    "latest": (FactFilter(created_after=moment(99.8)), live(lambda facts: facts.days >= 99.8)),
    "a time long ago": (FactFilter(as_of=moment(5)), lambda facts: facts.held(5)),
    "before the deletions": (FactFilter(as_of=moment(105)), lambda facts: facts.held(105)),
    "after the deletions": (
        FactFilter(as_of=moment(DELETED_ON + 1)),
        lambda facts: facts.held(DELETED_ON + 1),
    ),
    "three together": (
        FactFilter(categories=["half"], min_confidence=0.9, metadata={"even": False}),
        live(
            lambda facts: (
                (facts.categories == "half")
                & (facts.confidences >= 0.9)
                & (np.arange(FACTS) % 2 == 1)
            )
        ),
    ),
}


def words_of(facts: Multitude, place: int) -> list[str]:
    """What to ask for: two words of a fact, and one that a third of all facts have."""
    return [*facts.contents[place].split()[:2], COMMON]


def require_matches(found: SearchResult, facts: Multitude, matching: np.ndarray) -> None:
    """All hits match, none twice, and there are as many as there can be."""
    ids = [hit.fact.id for hit in found]
    allowed = {facts.ids[place] for place in np.flatnonzero(matching)}
    assert len(ids) == len(set(ids)) == min(10, len(allowed))
    assert set(ids) <= allowed


def search(store: Store, words: Sequence[str], number: int, **rest: object) -> SearchResult:
    return store.facts.search(" ".join(words), embedding=QUERIES[number], **rest)


@pytest.mark.parametrize(
    ("share", "scanned_by_index"), [("nothing", True), ("half", True), ("tenth", False)]
)
@pytest.mark.parametrize("mode", ["vector", "hybrid"])
def test_the_vector_index_serves_what_many_facts_match_and_few_are_sorted(
    crowded: Store, facts: Multitude, share: str, scanned_by_index: bool, mode: str
) -> None:
    """Without this, the recall below would be that of exact scans.

    A tenth are 6,000 facts, which are sorted as fast as a scan finds 100 of them.
    """
    wanted = Search(
        query=f"{COMMON} {multitude.word(3)}",
        corpus_id=None,
        limit=10,
        mode=mode,
        filters=FILTERS[share][0],
        embedding=QUERIES[0],
        place=Place("fast", "embedding_384", Maker("unnamed", 384)),
    )
    with crowded.engine.begin() as connection:
        plan = explain(connection, *build(wanted))
    (scanned,) = (node for node in nodes(plan) if node.get("Subplan Name") == "CTE scanned")
    indexes = [node.get("Index Name") for node in nodes(scanned)]
    assert (VECTOR_INDEX in indexes) == scanned_by_index


@pytest.mark.parametrize("name", FILTERS)
def test_the_nearest_facts_that_match_are_found(
    crowded: Store, facts: Multitude, name: str
) -> None:
    given_filter, mask = FILTERS[name]
    matching = mask(facts)
    recalls = []
    # No index serves the past, which is read through: a few queries do.
    asked = QUERIES if given_filter.as_of is None else QUERIES[:5]
    for number, query in enumerate(asked):
        found = search(crowded, [], number, mode="vector", filters=given_filter)
        require_matches(found, facts, matching)
        best = facts.nearest(query, matching, 10)
        recalls.append(len(best & {hit.fact.id for hit in found}) / max(len(best), 1))
    if matching.any():
        assert np.mean(recalls) >= 0.95


def test_the_filters_leave_all_and_half_and_few_and_nothing(facts: Multitude) -> None:
    """Guards the test above: the filters are what their names say."""
    left = {name: int(mask(facts).sum()) for name, (_, mask) in FILTERS.items()}
    assert (facts.categories == "six").sum() == 6
    assert left["no such category"] == 0
    for name, share in CATEGORIES.items():
        assert left[name] <= share * FACTS
    assert 0 < left["six"] <= 6 < 10 < left["thousandth"] < 100 < left["label of a few"]
    assert left["before the deletions"] == FACTS > left["nothing"]
    assert left["after the deletions"] == left["nothing"] > 0.9 * FACTS
    # Some queries lie where no fact has the intent, and some where all have.
    assert {centre // 3 == 3 for centre in CENTRES_ASKED} == {True, False}


@pytest.mark.parametrize("name", FILTERS)
def test_hybrid_and_text_find_only_what_matches_and_as_much_as_there_is(
    crowded: Store, facts: Multitude, name: str
) -> None:
    given_filter, mask = FILTERS[name]
    matching = mask(facts)
    for number in range(3):
        words = words_of(facts, 100 * number)
        hybrid = search(crowded, words, number, filters=given_filter)
        require_matches(hybrid, facts, matching)
        by_text = crowded.facts.search(" ".join(words), mode="text", filters=given_filter)
        require_matches(by_text, facts, matching & facts.with_words(words))


@pytest.mark.parametrize("mode", ["vector", "hybrid", "text"])
def test_deleted_and_expired_facts_are_not_found_by_their_own_words_and_vector(
    crowded: Store, facts: Multitude, mode: str
) -> None:
    gone = [*np.flatnonzero(facts.deleted)[:5], *np.flatnonzero(facts.expired)[:5]]
    for place in gone:
        options = {} if mode == "text" else {"embedding": facts.vectors[place]}
        words = facts.contents[place]
        now = crowded.facts.search(words, mode=mode, **options)
        assert facts.ids[place] not in {hit.fact.id for hit in now}
        assert all(hit.fact.deleted_at is None and hit.fact.expires_at is None for hit in now)
        then = FactFilter(as_of=moment(105))
        before = crowded.facts.search(words, mode=mode, filters=then, **options)
        assert before[0].fact.id == facts.ids[place]


@settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    categories=st.none() | st.lists(st.sampled_from([*CATEGORIES, "rest"]), max_size=3),
    labels=st.none() | st.lists(st.sampled_from(["often", "seldom"]), max_size=2),
    confidence=st.none() | st.sampled_from([0.0, 0.3, 0.9, 0.999, 1.0]),
    shard=st.none() | st.integers(0, 999),
    after=st.none() | st.sampled_from([0, 50, 95, 99.9, 100]),
    before=st.none() | st.sampled_from([0, 1, 50, 100]),
    as_of=st.none() | st.sampled_from([0.1, 60, 105, 130]),
    corpus_given=st.booleans(),
    number=st.integers(0, 29),
    mode=st.sampled_from(["vector", "hybrid"]),
)
def test_any_filters_together_let_by_what_matches_them_all(
    crowded: Store,
    facts: Multitude,
    categories: list[str] | None,
    labels: list[str] | None,
    confidence: float | None,
    shard: int | None,
    after: float | None,
    before: float | None,
    as_of: float | None,
    corpus_given: bool,
    number: int,
    mode: str,
) -> None:
    matching = facts.live if as_of is None else facts.held(as_of)
    if categories is not None:
        matching = matching & np.isin(facts.categories, categories)
    if labels is not None:
        matching = matching & np.isin(facts.labels, labels)
    if confidence is not None:
        matching = matching & (facts.confidences >= confidence)
    if shard is not None:
        matching = matching & (facts.shards == shard)
    if after is not None:
        matching = matching & (facts.days >= after)
    if before is not None:
        matching = matching & (facts.days < before)
    filters = FactFilter(
        categories=categories,
        labels=labels,
        min_confidence=confidence,
        metadata=None if shard is None else {"shard": shard},
        created_after=None if after is None else moment(after),
        created_before=None if before is None else moment(before),
        as_of=None if as_of is None else moment(as_of),
    )
    corpus = CORPUS if corpus_given else None
    words = words_of(facts, number)
    found = search(crowded, words, number, mode=mode, filters=filters, corpus_id=corpus)
    require_matches(found, facts, matching)
