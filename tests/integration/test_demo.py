"""The demo loop on a real database: small, by words or with a hashing embedder, but the whole."""

from __future__ import annotations

import re
import shlex
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from statistics import fmean
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Row, text

import hegel_store
from hegel_store import cli
from hegel_store.demo import corpus, evolve, questions
from hegel_store.demo.agent import Agent
from hegel_store.demo.corpus import DocumentedObject
from hegel_store.demo.evolve import Evolution, Outcome, Plan
from hegel_store.demo.genes import first_profile, set_value
from hegel_store.demo.memory import remember
from hegel_store.demo.progress import Progress
from hegel_store.demo.questions import QuestionSet
from hegel_store.demo.run import Scale, run_demo
from hegel_store.errors import ConfigurationError
from hegel_store.models import NewFact
from hegel_store.store import Store
from tests.embedders import HashingEmbedder

pytestmark = [pytest.mark.any_server, pytest.mark.usefixtures("_month")]

SMALL = Scale(facts=600, questions=230, generations=2, proposals=4)
CORPUS = "small-docs"


@pytest.fixture
def _month(postgresql: psycopg.Connection) -> None:
    """The month is there, as ever but for the first step of all. A unit of work that has appended
    a profile is in the way of making it, and waits for 3 s until it makes its own."""
    postgresql.execute("SELECT hegel_ensure_step_month(now())")
    postgresql.commit()


def steps_of(store: Store, run_id: str):
    with store.engine.connect() as connection:
        return connection.execute(
            text("SELECT * FROM hegel_training_steps WHERE run_id = :run_id ORDER BY created_at"),
            {"run_id": run_id},
        ).all()


def result(outcome: Outcome) -> tuple[object, ...]:
    """What must repeat; versions count on from one run to the next, so they are made relative."""
    start = outcome.first.version
    return (
        outcome.best.profile,
        outcome.best.version - start,
        list(outcome.first_rewards),
        list(outcome.best_rewards),
        {version - start: mean for version, mean in outcome.validation.items()},
        outcome.proposed,
        outcome.accepted,
    )


@pytest.fixture
def asked(objects: list[DocumentedObject]) -> QuestionSet:
    return questions.build(objects, maximum_facts=SMALL.facts, maximum_questions=SMALL.questions)


@pytest.fixture
def few(asked: QuestionSet) -> QuestionSet:
    return replace(
        asked,
        training=asked.training[:40],
        validation=asked.validation[:10],
        evaluation=asked.evaluation[:10],
    )


def test_a_run_leaves_everything_it_did_in_the_store(store, objects, asked):
    report = run_demo(store, None, corpus_id=CORPUS, seed=3, scale=SMALL, objects=objects)
    outcome = report.outcome
    steps = steps_of(store, outcome.plan.run_id)
    assert report.rows["hegel_training_steps"] == len(steps)
    assert report.rows["hegel_facts"] == report.rows["hegel_labels"] == SMALL.facts
    assert report.rows["hegel_prompt_profiles"] == 1 + outcome.proposed + outcome.accepted
    assert len(store.profiles.history(CORPUS, "qa")) == 1 + outcome.accepted
    assert len(store.profiles.history(CORPUS, "qa-proposals")) == outcome.proposed
    assert any("words alone" in note for note in report.notes)

    by_type = Counter(step.step_type for step in steps)
    measured = [outcome.first] if outcome.best is outcome.first else [outcome.first, outcome.best]
    assert by_type["evaluation"] == len(measured) * len(asked.evaluation)
    assert by_type["validation"] == len(outcome.validation) * len(asked.validation)
    rewards = (outcome.first_rewards, outcome.best_rewards)
    for profile, expected in zip(measured, rewards, strict=False):
        stored = [
            step.reward
            for step in steps
            if step.step_type == "evaluation" and step.old_profile_id == profile.id
        ]
        assert sorted(stored) == sorted(expected)
    assert min(outcome.first_rewards) == 0.0
    assert max(outcome.first_rewards) == 1.0

    proposals = [step for step in steps if step.optimization_strategy is not None]
    kept = {step.new_profile_id for step in proposals} - {None}
    assert len(kept) == outcome.accepted
    assert any(step.new_profile_id is None for step in proposals)
    assert all(step.metrics["changes"] for step in proposals)
    assert {step.task_type for step in proposals} == {"qa-proposals"}
    assert {step.task_type for step in steps if step not in proposals} == {"qa"}
    became = {(step.old_profile_id, step.new_profile_id) for step in proposals}
    assert len(became) == outcome.proposed  # a proposal is kept as a whole or not at all
    for proposal_id, version_id in became:
        if version_id is not None:
            proposal = store.profiles.get(CORPUS, proposal_id)
            version = store.profiles.get(CORPUS, version_id)
            assert (version.task_type, version.profile) == ("qa", proposal.profile)
            assert version.base_profile_id == proposal.base_profile_id
    assert {step.query for step in proposals} <= {question.text for question in asked.training}
    assert all(set(step.debate_trace) == {"proposal", "objections", "ranking"} for step in steps)
    assert any(step.debate_trace["objections"] for step in proposals)

    members = store.populations.fittest(CORPUS, "qa", population=outcome.plan.run_id)
    fitness = {member.profile_id: member.fitness for member in members}
    assert set(fitness) == kept | {outcome.first.id}
    for member in members:
        if member.profile_id == outcome.first.id:
            answered = [step for step in steps if step.step_type == "training"]
            trained = [step.reward for step in answered if step.optimization_strategy is None]
        else:
            trained = [step.reward for step in steps if step.new_profile_id == member.profile_id]
        assert member.fitness == pytest.approx(fmean(trained))
        # Members only join by beating a parent, so lineage leads uphill to the first profile.
        ancestors = store.profiles.lineage(CORPUS, member.profile_id)
        assert ancestors[-1].id == outcome.first.id
        assert {ancestor.task_type for ancestor in ancestors} == {"qa"}
        base = ancestors[0].base_profile_id
        assert base is None or fitness[base] < member.fitness


def test_every_step_is_credited_to_the_profile_that_answered(store, few):
    remember(store, CORPUS, few.facts, None, Progress())
    plan = Plan(corpus_id=CORPUS, run_id="run", seed=5, generations=2, proposals=4)
    outcome = Evolution(store, Agent(store, CORPUS), plan).run(first_profile(), few)
    assert 0 < outcome.accepted < outcome.proposed
    agent = Agent(store, CORPUS)
    answered: dict[UUID, list[Row[Any]]] = {}
    for step in steps_of(store, "run"):
        answered.setdefault(step.old_profile_id, []).append(step)
    for profile_id, steps in answered.items():
        profile = store.profiles.get(CORPUS, profile_id).profile
        for step, answer in zip(
            steps, agent.answer(profile, [step.query for step in steps]), strict=True
        ):
            assert step.predicted_answer == answer.ranking[0]
            assert step.reward == answer.reward(step.gold_answer)
            assert step.debate_trace["ranking"] == answer.trace["ranking"]
    with store.engine.connect() as connection:
        summary = connection.execute(text("SELECT * FROM hegel_profile_performance_summary")).all()
    kept = 0
    for row in summary:
        steps = answered.get(row.profile_id, [])
        assert row.steps == len(steps)
        if steps:
            assert row.average_reward == pytest.approx(fmean(step.reward for step in steps))
        kept += row.proposals_kept > 0
    assert kept == outcome.accepted


def test_a_run_that_is_broken_off_leaves_no_half(store, few, monkeypatch):
    remember(store, CORPUS, few.facts, None, Progress())
    plan = Plan(corpus_id=CORPUS, run_id="broken", seed=5, generations=2, proposals=4)
    join = Evolution._join
    joined = []

    def join_and_break_off(self: Evolution, *arguments: Any, **named: Any) -> None:
        join(self, *arguments, **named)
        joined.append(arguments)
        if len(joined) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Evolution, "_join", join_and_break_off)
    with pytest.raises(KeyboardInterrupt):
        Evolution(store, Agent(store, CORPUS), plan).run(first_profile(), few)
    (first,) = store.profiles.history(CORPUS, "qa")
    (member,) = store.populations.fittest(CORPUS, "qa", population="broken")
    assert member.profile_id == first.id
    proposals = store.profiles.history(CORPUS, "qa-proposals")
    steps = steps_of(store, "broken")
    assert {step.old_profile_id for step in steps} == {first.id, *(p.id for p in proposals)}
    assert {step.new_profile_id for step in steps} == {None}


def test_the_same_seed_gives_the_same_result_on_another_database(url, empty_url, objects):
    reports = []
    for address in (url, empty_url, url):
        embedder = HashingEmbedder()
        with hegel_store.connect(address, embedder=embedder) as store:
            store.upgrade()
            reports.append(
                run_demo(store, embedder, corpus_id=CORPUS, seed=5, scale=SMALL, objects=objects)
            )
    first, elsewhere, again = reports
    assert first.outcome.accepted > 0
    assert result(first.outcome) == result(elsewhere.outcome)
    # The third run finds the facts of the first, and starts from the first profile again.
    assert result(first.outcome) == result(again.outcome)
    assert again.rows["hegel_facts"] == 0
    assert again.outcome.first.version == 2 + first.outcome.accepted
    assert again.outcome.first.base_profile_id is None
    assert again.notes == []


def test_another_seed_searches_elsewhere(store, few):
    remember(store, CORPUS, few.facts, None, Progress())
    agent = Agent(store, CORPUS)
    proposals = []
    for seed in (1, 2):
        plan = Plan(
            corpus_id=CORPUS, run_id=f"run {seed}", seed=seed, generations=1, proposals=3, batch=10
        )
        Evolution(store, agent, plan).run(first_profile(), few)
        steps = steps_of(store, plan.run_id)
        proposals.append([str(step.metrics) for step in steps if step.optimization_strategy])
    assert set(proposals[0]) != set(proposals[1])


def test_crossovers_record_both_parents(store, few, monkeypatch):
    monkeypatch.setattr(evolve, "CROSSOVER_SHARE", 0.8)  # so that a short run keeps one
    remember(store, CORPUS, few.facts, None, Progress())
    agent = Agent(store, CORPUS)
    crossed = []
    for seed in range(20):  # not every run keeps a crossover
        plan = Plan(
            corpus_id=CORPUS, run_id=f"run {seed}", seed=seed, generations=5, proposals=6, batch=40
        )
        Evolution(store, agent, plan).run(first_profile(), few)
        crossed = [
            profile
            for profile in store.profiles.history(CORPUS, "qa")
            if profile.metadata.get("strategy") == "crossover"
        ]
        if crossed:
            break
    with store.engine.connect() as connection:
        parents = connection.execute(
            text(
                "SELECT count(DISTINCT parent_id) FROM hegel_profile_parents "
                "WHERE corpus_id = :corpus_id AND profile_id = :profile_id"
            ),
            {"corpus_id": CORPUS, "profile_id": crossed[0].id},
        ).scalar_one()
    assert parents == 2


def test_a_loop_that_finds_nothing_better_keeps_the_first_profile(store, few):
    """Questions whose answers are not in the memory earn 0.0 under every profile."""
    golds = {
        question.gold
        for split in (few.training, few.validation, few.evaluation)
        for question in split
    }
    others = [fact for fact in few.facts if fact.name not in golds]
    remember(store, CORPUS, others, None, Progress())
    plan = Plan(corpus_id=CORPUS, run_id="hopeless", generations=2, proposals=3)
    outcome = Evolution(store, Agent(store, CORPUS), plan).run(first_profile(), few)
    assert outcome.best is outcome.first
    assert outcome.accepted == 0
    assert set(outcome.first_rewards) == {0.0}
    steps = steps_of(store, "hopeless")
    assert {step.new_profile_id for step in steps} == {None}
    assert {step.reward for step in steps} == {0.0}


def test_training_never_asks_a_test_question(store, few):
    """Whatever the answers to the test questions are, the same profile is chosen."""
    remember(store, CORPUS, few.facts, None, Progress())
    garbled = replace(
        few,
        evaluation=tuple(
            replace(question, text="nothing at all", gold="nothing") for question in few.evaluation
        ),
    )
    chosen = []
    for number, posed in enumerate((few, garbled)):
        plan = Plan(corpus_id=CORPUS, run_id=f"run {number}", seed=5, generations=2, proposals=4)
        chosen.append(Evolution(store, Agent(store, CORPUS), plan).run(first_profile(), posed))
    assert chosen[0].accepted == chosen[1].accepted > 0
    assert chosen[0].best.profile == chosen[1].best.profile
    assert list(chosen[0].validation.values()) == list(chosen[1].validation.values())
    assert set(chosen[1].best_rewards) == {0.0}


def test_remembered_searches_answer_as_fresh_ones_do(store, asked):
    remember(store, CORPUS, asked.facts, None, Progress())
    texts = [question.text for question in asked.validation]
    reviewed = first_profile()
    set_value(reviewed, ("reviewer", "acceptance", "parameters"), 0.3)
    used = Agent(store, CORPUS)
    list(used.answer(first_profile(), texts))
    searches = used.searches
    again = list(used.answer(reviewed, texts))
    assert used.searches == searches == len(texts)
    fresh = list(Agent(store, CORPUS).answer(reviewed, texts))
    assert [answer.ranking for answer in again] == [answer.ranking for answer in fresh]
    assert [answer.trace for answer in again] == [answer.trace for answer in fresh]


def test_facts_stored_without_vectors_get_them_when_an_embedder_comes(url, asked):
    with hegel_store.connect(url) as store:
        assert remember(store, CORPUS, asked.facts, None, Progress()).added == SMALL.facts
    embedder = HashingEmbedder()
    with hegel_store.connect(url, embedder=embedder) as store:
        assert remember(store, CORPUS, asked.facts, embedder, Progress()).added == 0
        assert sorted(embedder.embedded) == sorted(fact.content for fact in asked.facts)
        answers = Agent(store, CORPUS, embedder).answer(first_profile(), ["Open a file."])
        assert next(answers).ranking
        with store.engine.connect() as connection:
            query = "SELECT count(*) FROM hegel_facts WHERE embedding_384 IS NULL"
            assert connection.execute(text(query)).scalar_one() == 0


def test_facts_of_another_origin_are_mentioned(store, objects):
    other = NewFact(corpus_id=CORPUS, content="The reader's own fact.")
    store.facts.add_many([other])
    shortest = replace(SMALL, generations=1, proposals=1)
    report = run_demo(store, None, corpus_id=CORPUS, scale=shortest, objects=objects)
    assert any("1 facts of another origin" in note for note in report.notes)


def test_too_little_documentation_is_refused_before_anything_is_written(store, objects):
    with pytest.raises(ConfigurationError, match="standard library"):
        run_demo(store, None, corpus_id=CORPUS, objects=objects[:50])
    assert store.profiles.latest(CORPUS, "qa") is None


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Call the command line in this process and return what it printed."""
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["hegel-store", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        output = capsys.readouterr()
        assert ended.value.code in (None, 0), output.err
        return output.out

    return call


def test_the_command_migrates_runs_and_names_commands_that_work(run, empty_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", empty_url)
    shown = run(
        "demo", "--no-embeddings", "--facts", "600", "--questions", "230",
        "--generations", "1", "--proposals", "2", "--corpus", CORPUS,
    )  # fmt: skip
    assert re.search(r"Improved|No improvement shown|Got worse", shown)
    assert "hegel_training_steps" in shown
    lines = [line.split() for line in re.findall(r"^ +hegel-store (.*)$", shown, re.MULTILINE)]
    commands = {line[0]: line[1:] for line in lines}
    assert set(commands) == {"search", "history", "lineage"}
    assert CORPUS in commands["search"]
    assert "{question}" in run("history", *commands["history"])
    assert "{question}" in run("lineage", *commands["lineage"])
    found = run("search", "open a file and read its lines", "--corpus", CORPUS, "--mode", "text")
    assert "candidates" in found


def test_the_commands_to_try_name_the_database_that_was_named(run, url, objects, monkeypatch):
    monkeypatch.setattr(corpus, "standard_library", lambda: objects)  # read once, which takes long
    arguments = (
        "demo", "--no-embeddings", "--facts", "600", "--questions", "230", "--generations", "1",
        "--proposals", "1", "--corpus", CORPUS, "--url",
    )  # fmt: skip
    shown = run(*arguments, url)
    assert "Try next:" in shown
    commands = re.findall(r"^ +hegel-store (.*)$", shown, re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        run(*shlex.split(command))
    # The test server trusts everyone, so any password will do.
    shown = run(*arguments, url.replace("postgres@", "postgres:hush@"))
    assert "hush" not in shown
    assert "with the same --url" in shown
    assert shown.count("postgres:***@") == 3
