"""Labels: found or made without races, searched by meaning, and their facts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest

import hegel_store
from hegel_store.errors import EmbedderMissing, InvalidInput, NotFound
from hegel_store.store import Store
from tests.embedders import HashingEmbedder
from tests.samples import fact, rows

NAMES = ["hedgehog", "hedgehog food", "stork", "bread oven"]


@pytest.fixture
def zoo(memory: Store) -> Store:
    for name in NAMES:
        memory.labels.find_or_create("zoo", name)
    return memory


def test_a_label_is_made_once_for_its_name_and_kind(store):
    made = store.labels.find_or_create("zoo", "Erinaceus", kind="genus", category="animal")
    assert (made.corpus_id, made.name, made.kind, made.category) == (
        "zoo",
        "Erinaceus",
        "genus",
        "animal",
    )
    assert store.labels.find_or_create("zoo", "Erinaceus", kind="genus", category="other") == made
    assert store.labels.get("zoo", made.id) == made
    others = [
        store.labels.find_or_create("zoo", "Erinaceus"),
        store.labels.find_or_create("zoo", "erinaceus", kind="genus"),
        store.labels.find_or_create("law", "Erinaceus", kind="genus"),
    ]
    assert len({made.id, *(other.id for other in others)}) == 4


def test_finding_one_writes_nothing(store):
    store.labels.find_or_create("zoo", "stork")
    before = rows(store, "SELECT xmin, ctid FROM hegel_labels")
    store.labels.find_or_create("zoo", "stork")
    assert rows(store, "SELECT xmin, ctid FROM hegel_labels") == before


def test_all_who_ask_at_once_get_the_same_one(store):
    workers = 8
    barrier = Barrier(workers)

    def work(_: int) -> list[object]:
        found = []
        for n in range(20):
            barrier.wait()
            found.append(store.labels.find_or_create("zoo", f"label {n}").id)
        return found

    with ThreadPoolExecutor(workers) as pool:
        results = list(pool.map(work, range(workers)))
    assert all(result == results[0] for result in results)
    assert rows(store, "SELECT count(*) FROM hegel_labels") == [(20,)]


def test_facts_name_the_same_labels(zoo):
    label = zoo.labels.find_or_create("zoo", "stork")
    zoo.facts.add_many([fact("Storks clatter.", "zoo", label="stork"), fact("No label.", "zoo")])
    zoo.facts.add_many([fact("Storks fly south.", "zoo", label="stork")])
    found = zoo.labels.facts("zoo", label.id)
    assert [f.content for f in found] == ["Storks fly south.", "Storks clatter."]
    assert [f.content for f in zoo.labels.facts("zoo", label.id, limit=1)] == ["Storks fly south."]
    zoo.facts.forget("zoo", found[0].id)
    assert [f.content for f in zoo.labels.facts("zoo", label.id)] == ["Storks clatter."]
    assert zoo.labels.facts("law", label.id) == []
    with zoo.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE hegel_facts SET valid_to = now()")
    assert zoo.labels.facts("zoo", label.id) == []


def test_they_are_listed_by_name(zoo):
    zoo.labels.find_or_create("zoo", "stork", kind="bird")
    listed = [(label.name, label.kind) for label in zoo.labels.all("zoo")]
    assert listed == sorted([(name, "general") for name in NAMES] + [("stork", "bird")])
    assert [label.kind for label in zoo.labels.all("zoo", kind="bird")] == ["bird"]
    assert len(zoo.labels.all("zoo", limit=2)) == 2
    assert zoo.labels.all("law") == []


def test_a_search_finds_them_by_meaning_the_nearest_first(zoo):
    hits = zoo.labels.search("hedgehog", corpus_id="zoo")
    assert [hit.label.name for hit in hits][:2] == ["hedgehog", "hedgehog food"]
    assert hits[0].similarity == pytest.approx(1, abs=1e-3)
    similarities = [hit.similarity for hit in hits]
    assert len(hits) == len(NAMES)
    assert similarities == sorted(similarities, reverse=True)
    zoo.labels.find_or_create("law", "hedgehog", kind="animal")
    assert len(zoo.labels.search("hedgehog", corpus_id="zoo")) == len(NAMES)
    both = zoo.labels.search("hedgehog", limit=2)
    assert {hit.label.corpus_id for hit in both} == {"zoo", "law"}
    (animal,) = zoo.labels.search("hedgehog", kind="animal")
    assert animal.label.corpus_id == "law"
    assert zoo.labels.search("hedgehog", corpus_id="elsewhere") == []


def test_each_name_is_embedded_once_and_not_within_a_transaction(zoo, embedder):
    zoo.labels.search("bread", corpus_id="zoo")
    zoo.labels.search("bread", corpus_id="zoo")
    assert sorted(embedder.embedded) == sorted(["bread", "bread", *NAMES])
    zoo.labels.find_or_create("zoo", "new")
    with zoo.begin() as work:
        assert "new" not in [hit.label.name for hit in work.labels.search("new")]
    assert zoo.labels.search("new")[0].label.name == "new"


def test_names_embedded_by_another_model_are_embedded_anew_and_never_compared(zoo, url):
    zoo.labels.search("stork")
    with hegel_store.connect(url, embedder=HashingEmbedder("another")) as other:
        with other.begin() as work:
            assert work.labels.search("stork") == []
        hits = other.labels.search("stork")
        assert hits[0].label.name == "stork"
        assert hits[0].similarity == pytest.approx(1, abs=1e-3)
    assert {model for (model,) in rows(zoo, "SELECT embedding_model FROM hegel_labels")} == {
        "another"
    }


def test_a_selective_filter_does_not_starve(memory):
    for n in range(300):
        memory.labels.find_or_create("crowd", f"hedgehog {n}")
    for n in range(12):
        memory.labels.find_or_create("crowd", f"teapot {n}", kind="rare")
    with memory.begin() as work:
        # So few are sorted otherwise.
        memory.labels.search("hedgehog")
        work.session.connection().exec_driver_sql("SET LOCAL enable_sort = off")
        work.session.connection().exec_driver_sql("SET LOCAL enable_seqscan = off")
        assert len(work.labels.search("hedgehog 7", kind="rare", limit=12)) == 12


def test_what_is_missing_or_cannot_be_is_refused_by_name(zoo, url):
    with pytest.raises(NotFound):
        zoo.labels.get("zoo", uuid4())
    for call, field in (
        (lambda: zoo.labels.find_or_create("", "a"), "corpus_id"),
        (lambda: zoo.labels.find_or_create("zoo", " "), "name"),
        (lambda: zoo.labels.find_or_create("zoo", "a", kind=""), "kind"),
        (lambda: zoo.labels.search("a\0"), "query"),
        (lambda: zoo.labels.search("a", limit=0), "limit"),
        (lambda: zoo.labels.facts("zoo", "no uuid"), "label_id"),
        (lambda: zoo.labels.all("zoo", limit=0), "limit"),
    ):
        with pytest.raises(InvalidInput) as caught:
            call()
        assert caught.value.field == field
    with hegel_store.connect(url) as store, pytest.raises(EmbedderMissing):
        store.labels.search("stork")
    large = HashingEmbedder(dimensions=768)
    with hegel_store.connect(url, embedder=large) as store:
        with pytest.raises(InvalidInput) as caught:
            store.labels.search("stork")
        assert caught.value.field == "embedder"
