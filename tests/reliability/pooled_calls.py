"""A call of every public method, and of what stands on them: through a pooler, and as each role."""

from __future__ import annotations

import random
from collections.abc import Callable
from copy import copy
from datetime import timedelta
from pathlib import Path

import pytest

from hegel_store.archive import export_steps, import_steps
from hegel_store.embeddings import CachedEmbedder
from hegel_store.errors import ConfigurationError
from hegel_store.importers import import_gepa_run, import_mlflow_prompts
from hegel_store.models import NewEvaluation
from hegel_store.models.ageing import AgeingRule
from hegel_store.repositories import Budget, PostgresCache
from hegel_store.repositories.recall import measure_recall
from hegel_store.store import Store
from hegel_store.transfer import export_scope, import_scope
from tests.embedders import HashingEmbedder
from tests.samples import Steps, fact

FOREIGN = Path(__file__).parents[1] / "foreign"
SCOPE = ("news", "qa")
RUN = ("news", "run 1")
SPLIT = {"split": "dev"}
UP = {"accuracy": "maximize"}


class Scene:
    """A store, and what calls have stored so far. Background work has ``patience`` seconds."""

    patience = 30.0

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.folder = store, folder
        self.new = Steps(store, *SCOPE)
        self.first = self.new.profile
        self.second = store.profiles.append(
            *SCOPE, {"worker": {"system_prompt": "Answer in full sentences. Be brief."}}
        )
        self.step = store.steps.log(self.new(reward=0.5, run_id="run 1"))
        store.facts.add_many([fact(f"fact {n} about animal {n}") for n in range(6)])
        self.hits = store.facts.search("animal", corpus_id="news").hits
        self.fact = self.hits[0].fact.id
        self.label = store.labels.find_or_create("news", "animals")
        store.runs.start("news", "qa", "run 1", optimiser="gepa", objectives=UP, budget=100)
        for island, profile in enumerate((self.first, self.second)):
            store.populations.add(*SCOPE, profile.id, fitness=0.5, island=island, objectives=UP_1)
        self.keys = store.scores.keys("news", [(self.first, "e1")], **SPLIT)
        self.granted = store.scores.claim("news", [(self.first, "e1")], **SPLIT).granted
        store.scores.record(NewEvaluation(of=self.granted[0], scores={"accuracy": 0.5}))
        self.spent = self.budget.spend(3)
        self.cache = PostgresCache(store.engine)

    def seen_by(self, store: Store) -> Scene:
        """The same for another store on the database."""
        seen = copy(self)
        seen.store, seen.cache = store, PostgresCache(store.engine)
        return seen

    @property
    def budget(self) -> Budget:
        return self.store.budget("news", tokens=1000)

    @property
    def random(self) -> random.Random:
        return random.Random(0)


UP_1 = {"accuracy": 1.0}
Call = Callable[[Scene], object]

PROFILES: dict[str, Call] = {
    "append": lambda at: at.store.profiles.append(*SCOPE, {}),
    "annotate": lambda at: at.store.profiles.annotate("news", at.first.id, metadata={"a": 1}),
    "set_alias": lambda at: at.store.profiles.set_alias(*SCOPE, "live", at.first.id),
    "by_alias": lambda at: at.store.profiles.by_alias(*SCOPE, "live").id == at.first.id,
    "aliases": lambda at: at.store.profiles.aliases(*SCOPE),
    "drop_alias": lambda at: at.store.profiles.drop_alias(*SCOPE, "live"),
    "alias_history": lambda at: at.store.profiles.alias_history(*SCOPE, "live"),
    "ancestry": lambda at: at.store.profiles.ancestry("news", at.second.id),
    "descendants": lambda at: at.store.profiles.descendants("news", at.first.id),
    "lineage": lambda at: at.store.profiles.lineage("news", at.second.id),
    "blame": lambda at: at.store.profiles.blame("news", at.second.id),
    "first_with": lambda at: at.store.profiles.first_with(*SCOPE, "Be brief."),
    "find": lambda at: at.store.profiles.find("sentences"),
    "search": lambda at: at.store.profiles.search("sentences"),
    "get": lambda at: at.store.profiles.get("news", at.first.id),
    "get_version": lambda at: at.store.profiles.get_version(*SCOPE, 1),
    "history": lambda at: at.store.profiles.history(*SCOPE),
    "latest": lambda at: at.store.profiles.latest(*SCOPE),
    "rollback": lambda at: at.store.profiles.rollback(*SCOPE, 1),
}
STEPS: dict[str, Call] = {
    "log": lambda at: at.store.steps.log(at.new()),
    "log_many": lambda at: (
        at.store.steps.log_many([at.new(reward=0.25) for _ in range(300)]) == 300
    ),
    "get": lambda at: at.store.steps.get("news", at.step.id),
    "recent": lambda at: at.store.steps.recent(*SCOPE),
    "by_profile": lambda at: at.store.steps.by_profile("news", at.first.id),
    "by_run": lambda at: at.store.steps.by_run(*RUN),
    "failures": lambda at: at.store.steps.failures(*SCOPE),
    "search": lambda at: at.store.steps.search("hérissons"),
    "search_highlighted": lambda at: at.store.steps.search_highlighted("hérissons"),
    "reward_summary": lambda at: at.store.steps.reward_summary(corpus_id="news"),
    "moving_average": lambda at: at.store.steps.moving_average(*SCOPE),
    "compare": lambda at: at.store.steps.compare("news", at.first.id, at.second.id),
    "roll_up": lambda at: at.store.steps.roll_up(),
}
FACTS: dict[str, Call] = {
    "add_many": lambda at: at.store.facts.add_many(
        [fact("fact 1 about animal 1"), fact("another")], near_duplicates="judge"
    ),
    "get": lambda at: at.store.facts.get("news", at.fact),
    "search": lambda at: at.store.facts.search("animal", corpus_id="news").hits,
    "search_iter": lambda at: list(at.store.facts.search_iter("animal", corpus_id="news", batch=2)),
    "search_many": lambda at: at.store.facts.search_many(["animal", "fact"], corpus_id="news"),
    "similar_to": lambda at: at.store.facts.similar_to("news", at.fact).hits,
    "verdicts": lambda at: at.store.facts.verdicts("news"),
    "age": lambda at: at.store.facts.age(
        [AgeingRule(ageing_after=timedelta(1), stale_after=timedelta(2))]
    ),
    "forget": lambda at: at.store.facts.forget("news", at.hits[-1].fact.id) == 1,
}
LABELS: dict[str, Call] = {
    "find_or_create": lambda at: at.store.labels.find_or_create("news", "mammals"),
    "get": lambda at: at.store.labels.get("news", at.label.id),
    "all": lambda at: at.store.labels.all("news"),
    "search": lambda at: at.store.labels.search("animals", corpus_id="news"),
    "facts": lambda at: at.store.labels.facts("news", at.label.id) == [],
}
RETRIEVALS: dict[str, Call] = {
    "log": lambda at: at.store.retrievals.log(at.step, at.hits[:2]) == 2,
    "log_many": lambda at: at.store.retrievals.log_many([(at.step, at.hits[:3])]),
    "of_step": lambda at: at.store.retrievals.of_step("news", at.step.id),
    "of_fact": lambda at: at.store.retrievals.of_fact("news", at.fact),
    "reward_by_fact": lambda at: at.store.retrievals.reward_by_fact("news"),
    "reward_by_category": lambda at: at.store.retrievals.reward_by_category("news"),
    "refresh": lambda at: at.store.retrievals.refresh() >= 0,
}
RUNS: dict[str, Call] = {
    "start": lambda at: at.store.runs.start("news", "qa", "run 2", optimiser="gepa", objectives=UP),
    "get": lambda at: at.store.runs.get(*RUN),
    "list": lambda at: at.store.runs.list("news"),
    "stalled": lambda at: at.store.runs.stalled(timedelta(days=1)) == [],
    "heartbeat": lambda at: at.store.runs.heartbeat(*RUN),
    "allow": lambda at: at.store.runs.allow(*RUN, 200),
    "spend": lambda at: at.store.runs.spend(*RUN),
    "save_state": lambda at: at.store.runs.save_state(*RUN, b"\0state") == 1,
    "load_state": lambda at: at.store.runs.load_state(*RUN).state == b"\0state",
    "fail": lambda at: at.store.runs.fail(*RUN, "no reason"),
    "reopen": lambda at: at.store.runs.reopen(*RUN),
    "stop": lambda at: at.store.runs.stop(*RUN),
    "finish": lambda at: at.store.runs.finish("news", "run 2"),
}
SCORES: dict[str, Call] = {
    "keys": lambda at: at.store.scores.keys("news", [(at.first, "e1")], **SPLIT),
    "claim": lambda at: at.store.scores.claim("news", [(at.first, "e2")], **SPLIT).granted,
    "renew": lambda at: at.store.scores.renew(at.granted) == [],
    "release": lambda at: at.store.scores.release(at.granted) == 0,
    "record": lambda at: at.store.scores.record(
        NewEvaluation(of=at.keys[0], scores=UP_1), overwrite=True
    ),
    "record_many": lambda at: at.store.scores.record_many(
        [NewEvaluation(of=key, scores=UP_1) for key in at.keys]
    ),
    "get_many": lambda at: at.store.scores.get_many(at.keys),
    "wait_for": lambda at: at.store.scores.wait_for(at.keys, timeout=5.0),
    "of_profile": lambda at: at.store.scores.of_profile("news", at.first),
    "matrix": lambda at: at.store.scores.matrix(
        "news", [at.first.id], objective="accuracy", **SPLIT
    ),
    "summary": lambda at: at.store.scores.summary("news", [at.first.id], **SPLIT),
}
POPULATIONS: dict[str, Call] = {
    "add": lambda at: at.store.populations.add(*SCOPE, at.second.id, fitness=0.1),
    "record_fitness": lambda at: at.store.populations.record_fitness(*SCOPE, at.first.id, 0.7),
    "fittest": lambda at: at.store.populations.fittest(*SCOPE),
    "tournament": lambda at: at.store.populations.tournament(*SCOPE, size=2, rng=at.random),
    "fitness_proportional": lambda at: at.store.populations.fitness_proportional(
        *SCOPE, rng=at.random
    ),
    "epsilon_greedy": lambda at: at.store.populations.epsilon_greedy(
        *SCOPE, epsilon=0.5, rng=at.random
    ),
    "ucb": lambda at: at.store.populations.ucb(*SCOPE),
    "count_children": lambda at: at.store.populations.count_children(*SCOPE, [at.first.id]) is None,
    "pareto_front": lambda at: at.store.populations.pareto_front(*SCOPE, UP),
    "example_front": lambda at: at.store.populations.example_front(*SCOPE, UP, **SPLIT),
    "sample_example_front": lambda at: at.store.populations.sample_example_front(
        *SCOPE, UP, rng=at.random, **SPLIT
    ),
    "place": lambda at: at.store.populations.place(
        *SCOPE, at.first.id, "0-1", 0.5, island=5, descriptor={"length": 12}
    ),
    "cells": lambda at: at.store.populations.cells(*SCOPE, island=5),
    "rebin": lambda at: at.store.populations.rebin(*SCOPE, {"length": 3}, island=5),
    "island_epoch": lambda at: at.store.populations.island_epoch(*SCOPE) == 0,
    "migrate": lambda at: at.store.populations.migrate(*SCOPE, 0, 2),
    "migrate_ring": lambda at: at.store.populations.migrate_ring(*SCOPE, 3) is not None,
    "propose": lambda at: (
        at.store.populations.propose(
            *SCOPE, {"worker": {"system_prompt": "weigh"}}, threshold=0.99
        ).is_new
    ),
    "withdraw": lambda at: at.store.populations.withdraw(
        at.store.populations.propose(*SCOPE, {"worker": {"system_prompt": "drop"}}, threshold=0.999)
    ),
    "embed_members": lambda at: at.store.populations.embed_members(*SCOPE) >= 0,
    "limit_siblings": lambda at: (
        at.store.populations.limit_siblings(*SCOPE, per_parent=1) is not None
    ),
    "prune_dominated": lambda at: at.store.populations.prune_dominated(*SCOPE, UP) is not None,
    "reset_island": lambda at: at.store.populations.reset_island(*SCOPE, island=2) == 1,
    "evict": lambda at: at.store.populations.evict(*SCOPE, at.first.id, island=5),
}
BUDGETS: dict[str, Call] = {
    "spend": lambda at: at.budget.spend(2),
    "refund": lambda at: at.budget.refund(at.spent, 1) is None,
    "spent": lambda at: at.budget.spent(),
}


def _cached(at: Scene) -> object:
    embedder = CachedEmbedder(HashingEmbedder("cached"), at.cache)
    return len(embedder.embed(["a", "b"])) == len(embedder.embed(["b", "a"])) == 2


VECTORS: dict[str, Call] = {
    "put_many": _cached,
    "get_many": lambda at: at.cache.get_many([]) == {},
    "statistics": lambda at: at.cache.statistics,
}

CALLS: dict[str, dict[str, Call]] = {
    "ProfileRepository": PROFILES,
    "StepRepository": STEPS,
    "FactRepository": FACTS,
    "LabelRepository": LABELS,
    "RetrievalRepository": RETRIEVALS,
    "RunRepository": RUNS,
    "ScoreRepository": SCORES,
    "PopulationRepository": POPULATIONS,
    "Budget": BUDGETS,
    "PostgresCache": VECTORS,
}


def _block(at: Scene) -> object:
    with at.store.begin() as work:
        work.profiles.append(*SCOPE, {})
        work.steps.log(at.new())
        return work.facts.search("animal", corpus_id="news").hits


def _writer(at: Scene) -> object:
    with at.store.step_writer() as writer:
        writer.log(at.new())
        writer.flush(timeout=at.patience)
        return writer.statistics


def _follower(at: Scene) -> object:
    follower = at.store.follow(*SCOPE, timeout=10.0, after=0)
    assert next(follower)
    follower.close()
    pooled = at.store.settings.pgbouncer
    assert at.store.following in (["polling"] if pooled else ["connecting", "notified"])
    return True


def _reembed(at: Scene) -> object:
    at.store.reembed("news", "fast", HashingEmbedder("moved"), batch=2).fill()
    return at.store.reembed("news", "fast", HashingEmbedder("moved")).status()


def _prompt_index(at: Scene) -> object:
    index = at.store.prompt_index()
    if at.store.settings.pgbouncer:
        for change in (index.add, index.drop):
            with pytest.raises(ConfigurationError, match="direct connection"):
                change()
    return index.status()


def _transfer(at: Scene) -> object:
    export_scope(at.store, *SCOPE, at.folder / "scope.jsonl")
    return import_scope(at.store, at.folder / "scope.jsonl", corpus_id="copied")


def _archive(at: Scene) -> object:
    export_steps(at.store, at.folder / "steps.jsonl")
    return import_steps(at.store, at.folder / "steps.jsonl").stored == 0


OTHERS: dict[str, Call] = {
    "check": lambda at: at.store.check(),
    "a unit of work": _block,
    "a read-only unit of work": lambda at: at.store.transact(
        lambda work: work.profiles.latest(*SCOPE), read_only=True
    ),
    "learn": lambda at: at.store.learn(at.new(), {"worker": {}}, expected_version=None),
    "write_position": lambda at: at.store.write_position(),
    "a writer": _writer,
    "a follower": _follower,
    "a cache of profiles": lambda at: at.store.profile_cache().latest(*SCOPE),
    "reembed": _reembed,
    "the prompt index": _prompt_index,
    "transfer": _transfer,
    "archive": _archive,
    "MLflow": lambda at: import_mlflow_prompts(
        at.store, f"sqlite:///{FOREIGN / 'mlflow_registry.db'}", "mlflow"
    ),
    "GEPA": lambda at: import_gepa_run(at.store, FOREIGN / "gepa_run", "gepa", "qa"),
    "recall": lambda at: measure_recall(at.store.engine, k=2, ef_search=[20], sample=3),
}
