"""Uses every repository of whichever hegel_store is on the path: ``python exercise.py URL CORPUS``.

A copy is recorded with each release, so that its own code can be run on a later schema.
"""

from __future__ import annotations

import sys

import numpy as np

import hegel_store
from hegel_store.models import FactFilter, NewFact, NewStep


class Letters:
    """An embedder without weights: how often each character code occurs, modulo 384."""

    name = "letters"
    dimensions = 384

    def embed(self, texts):
        counts = [np.bincount([ord(c) % 384 for c in text], minlength=384) for text in texts]
        vectors = np.array(counts, dtype=np.float32).reshape(len(texts), 384)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def exercise(url: str, corpus: str) -> None:
    with hegel_store.connect(url, embedder=Letters()) as store:
        store.check()
        first = profiles(store, corpus)
        steps(store, corpus, first)
        populations(store, corpus, first)
        facts(store, corpus)


def profiles(store, corpus):
    first = store.profiles.append(corpus, "qa", {"worker": {"system_prompt": "Cite hedgehogs."}})
    second = store.profiles.append(
        corpus, "qa", {"b": 1, "a": 2}, base=first, expected_version=1, metadata={"by": "me"}
    )
    with store.begin() as work:
        merged = work.profiles.append(corpus, "qa", {}, parents=[second, first])
    assert store.profiles.latest(corpus, "qa") == merged
    assert list(store.profiles.get(corpus, second.id).profile) == ["b", "a"]
    assert [p.version for p in store.profiles.history(corpus, "qa")] == [3, 2, 1]
    assert [p.version for p in store.profiles.lineage(corpus, merged.id)] == [3, 2, 1]
    assert [p.id for p in store.profiles.search("hedgehog", corpus_id=corpus)] == [first.id]
    store.profiles.set_alias(corpus, "qa", "champion", first.id)
    store.profiles.set_alias(corpus, "qa", "champion", second.id, expected=first.id)
    assert store.profiles.by_alias(corpus, "qa", "champion").id == second.id
    store.profiles.annotate(corpus, first.id, performance_stats={"accuracy": 0.5})
    return first


def steps(store, corpus, profile):
    logged = [
        NewStep(
            corpus_id=corpus,
            task_type="qa",
            old_profile_id=profile.id,
            query=f"Where do hedgehogs sleep, {number}?",
            predicted_answer="In leaves.",
            reward=reward,
            debate_trace={"turns": [number]},
        )
        for number, reward in enumerate([0.0, None, 1.0])
    ]
    store.steps.log(logged[0])
    store.steps.log(logged[0])
    assert store.steps.log_many(logged[1:]) == 2
    assert {step.id for step in store.steps.recent(corpus, "qa")} == {step.id for step in logged}
    assert len(store.steps.search("hedgehog", corpus_id=corpus)) == 3
    (row,) = [row for row in store.steps.reward_summary() if row.corpus_id == corpus]
    assert (row.average_reward, row.steps) == (0.5, 3)


def populations(store, corpus, profile):
    store.populations.add(corpus, "qa", profile.id, objectives={"length": 3})
    store.populations.record_fitness(corpus, "qa", profile.id, 0.0)
    (member,) = store.populations.fittest(corpus, "qa")
    assert (member.profile_id, member.fitness) == (profile.id, 0.0)
    store.populations.evict(corpus, "qa", profile.id)
    assert list(store.populations.fittest(corpus, "qa")) == []


def facts(store, corpus):
    contents = ["Hedgehogs sleep in leaves.", "Storks sleep on one leg.", "Bread is baked."]
    added = store.facts.add_many(
        NewFact(corpus_id=corpus, content=content, category="nature", label="Animals")
        for content in contents
    )
    store.facts.add_many([NewFact(corpus_id=corpus, content=contents[0])])
    for mode in ("hybrid", "vector", "text"):
        found = store.facts.search("hedgehog", corpus_id=corpus, mode=mode)
        assert contents[0] in [hit.fact.content for hit in found], mode
    store.facts.forget(corpus, added.ids[0])
    nature = FactFilter(categories=["nature"])
    found = store.facts.search("sleep", corpus_id=corpus, filters=nature)
    assert contents[0] not in [hit.fact.content for hit in found]
    assert store.facts.get(corpus, added.ids[1]).content == contents[1]


if __name__ == "__main__":
    exercise(*sys.argv[1:])
