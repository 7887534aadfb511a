"""What a search tells about itself: its plan, and what each score is made of."""

from __future__ import annotations

import pytest

from hegel_store.store import Store
from tests.samples import fact


@pytest.fixture
def zoo(memory: Store) -> Store:
    memory.facts.add_many(
        fact(content, "zoo")
        for content in (
            "Hedgehogs sleep in leaves all winter.",
            "Hedgehogs eat at night.",
            "Storks sleep on one leg, and storks do it standing.",
            "Bread is baked in the morning.",
        )
    )
    return memory


@pytest.mark.parametrize("fusion", ["convex", "rrf"])
def test_the_parts_of_a_score_add_up_to_it(zoo, fusion):
    query = "where do hedgehogs sleep in winter?"
    explained = zoo.facts.search(query, corpus_id="zoo", fusion=fusion, explain=True)
    assert [hit.score for hit in explained] == [
        hit.score for hit in zoo.facts.search(query, corpus_id="zoo", fusion=fusion)
    ]
    for hit in explained:
        assert hit.parts.vector + hit.parts.text == pytest.approx(hit.score)
        if hit.text_score is not None:
            assert sum(hit.parts.words.values()) == pytest.approx(hit.text_score)
    best = explained[0].parts.words
    assert set(best) == {"hedgehog", "sleep", "winter"}
    assert best["winter"] > best["sleep"]


def test_a_word_that_comes_twice_is_worth_more(zoo):
    (hit,) = zoo.facts.search("storks", corpus_id="zoo", mode="text", explain=True)
    (other,) = zoo.facts.search("bread", corpus_id="zoo", mode="text", explain=True)
    assert set(hit.parts.words) == {"stork"}
    assert hit.parts.words["stork"] > other.parts.words["bread"]


@pytest.mark.parametrize("mode", ["vector", "text"])
def test_a_single_channel_is_the_whole_score(zoo, mode):
    for hit in zoo.facts.search("hedgehogs", corpus_id="zoo", mode=mode, explain=True):
        parts = {"vector": hit.parts.vector, "text": hit.parts.text}
        assert parts.pop(mode) == pytest.approx(hit.score)
        assert list(parts.values()) == [0]


def test_the_plan_is_that_of_the_statement(zoo):
    plan = zoo.facts.search("hedgehogs", corpus_id="zoo", explain=True).plan
    assert "CTE text_hits" in plan
    assert "Execution Time" in plan
    usual = zoo.facts.search("hedgehogs", corpus_id="zoo")
    assert usual.plan is None
    assert usual[0].parts is None
