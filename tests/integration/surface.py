"""Every repository, writer and search, as far as a role may use them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from random import Random
from uuid import uuid4

from hegel_store.embeddings import CachedEmbedder
from hegel_store.models import AgeingRule, NewEvaluation, NewFact, PromptProfile
from hegel_store.repositories import PostgresCache
from hegel_store.store import Store
from hegel_store.transfer import export_scope, import_scope
from tests.embedders import HashingEmbedder
from tests.samples import Steps

SCOPE = ("news", "qa")
CONTENTS = [f"Hedgehogs sleep in leaves, they said {number} times." for number in range(60)]


def train(store: Store, folder: Path) -> PromptProfile:
    """All that a training loop does, maintenance included."""
    assert store.check().revision
    first = store.profiles.append(*SCOPE, {"worker": {"system_prompt": "Be brief."}})
    second = store.profiles.append(*SCOPE, {}, base=first, expected_version=1)
    store.profiles.annotate("news", first.id, performance_stats={"a": 1}, metadata={"b": 2})
    store.profiles.set_alias(*SCOPE, "champion", first.id)
    store.profiles.set_alias(*SCOPE, "champion", second.id, expected=first.id)
    store.profiles.drop_alias(*SCOPE, "champion")
    store.profiles.rollback(*SCOPE, to=first.id)
    _keep_steps(store, folder)
    _breed(store, first, second)
    _remember(store)
    _run(store)
    export_scope(store, *SCOPE, folder / "scope.jsonl")
    import_scope(store, folder / "scope.jsonl", corpus_id="elsewhere")
    return first


def _keep_steps(store: Store, folder: Path) -> None:
    new = Steps(store)
    store.steps.log(new(reward=0.5))
    assert store.steps.log_many([new(reward=1.0) for _ in range(3)]) == 3
    with store.step_writer(spool_dir=folder / "spool") as writer:
        writer.log(new(run_id="r"), durable=True)
    store.learn(new(), {"worker": {}})
    store.steps.roll_up()


def _breed(store: Store, first: PromptProfile, second: PromptProfile) -> None:
    store.populations.add(*SCOPE, first.id, fitness=0.5, objectives={"cost": 1})
    store.populations.place(*SCOPE, second.id, "cell", 0.75, population="map")
    store.populations.record_fitness(*SCOPE, first.id, 0.25)
    store.populations.tournament(*SCOPE, size=1, rng=Random(0))
    store.populations.count_children(*SCOPE, [first.id])
    store.populations.reset_island(*SCOPE, island=1)
    store.populations.migrate(*SCOPE, 0, 2)
    store.populations.prune_dominated(*SCOPE, {"cost": "minimize"})
    store.populations.evict(*SCOPE, first.id)


def _remember(store: Store) -> None:
    facts = [NewFact(corpus_id="news", content=each, label="animals") for each in CONTENTS]
    added = store.facts.add_many(facts)  # enough of them to count the words
    again = NewFact(corpus_id="news", content=CONTENTS[0] + " Yes.", label="animals")
    store.facts.add_many([again], near_duplicates="judge", similarity=0.5)
    hits = store.facts.search("hedgehogs sleep", corpus_id="news")
    step = Steps(store)()
    store.steps.log(step)
    store.retrievals.log(step, hits)
    store.retrievals.refresh()
    store.facts.age([AgeingRule(ageing_after=timedelta(days=1), stale_after=timedelta(days=9))])
    store.facts.forget("news", [each for each in added.ids[:2] if each is not None])
    store.labels.find_or_create("news", "storks", kind="bird")
    store.labels.search("animals", corpus_id="news")
    moving = store.reembed("news", "fast", HashingEmbedder("another"))
    moving.fill()
    moving.cut_over()
    moving.discard()


def _run(store: Store) -> None:
    for run in ("r", "over"):
        store.runs.start(*SCOPE, run, optimiser="x", objectives={"a": "maximize"}, budget=10)
    store.runs.save_state("news", "r", b"state")
    evaluate(store)
    store.runs.finish("news", "over")


def evaluate(store: Store) -> None:
    """What an evaluation does: reads, shares out its work, records scores and steps."""
    assert store.profiles.latest(*SCOPE) is not None
    claims = store.scores.claim("news", [({"a": 1}, uuid4().hex)], split="test", run_id="r")
    (claim,) = claims.granted
    store.scores.renew([claim])
    result = NewEvaluation(of=claim, scores={"a": 0.5})
    store.scores.record(result)
    store.scores.record(result, overwrite=True)
    store.runs.heartbeat("news", "r")
    step = _step_of_the_latest(store)
    store.steps.log(step)
    hits = store.facts.search("hedgehogs", corpus_id="news", mode="text")
    store.retrievals.log(step, hits)
    cached = CachedEmbedder(HashingEmbedder(), PostgresCache(store.engine), namespace="test")
    cached.embed(["a question"])
    store.budget("news", tokens=100).spend(10)
    with store.evaluating():
        assert store.is_evaluated


def _step_of_the_latest(store: Store):
    steps = Steps.__new__(Steps)
    steps.profile = store.profiles.latest(*SCOPE)
    steps.scope = {"corpus_id": "news", "task_type": "qa"}
    return steps(step_type="evaluation", reward=0.5)


def read(store: Store) -> None:
    """What changes nothing."""
    store.check()
    latest = store.profiles.latest(*SCOPE)
    assert latest is not None
    store.profiles.history(*SCOPE)
    store.profiles.lineage("news", latest.id)
    store.profiles.descendants("news", latest.id)
    store.profiles.blame("news", latest.id)
    store.profiles.search("brief", corpus_id="news")
    store.profiles.aliases(*SCOPE)
    store.profiles.alias_history(*SCOPE, "champion")
    store.steps.recent(*SCOPE)
    store.steps.search("hérissons")
    store.steps.reward_summary()
    store.populations.fittest(*SCOPE)
    store.populations.pareto_front(*SCOPE, {"cost": "minimize"})
    for mode in ("text", "vector", "hybrid"):
        assert store.facts.search("hedgehogs sleep", corpus_id="news", mode=mode)
    store.labels.all("news")
    assert store.labels.search("animals", corpus_id="news")
    store.retrievals.reward_by_fact("news")
    store.runs.list()
    store.scores.summary("news", [latest.id], split="test")
    with store.begin() as work:
        assert work.profiles.latest(*SCOPE) == latest
