"""The interval covers, and the report does not claim more than it shows."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import numpy as np
import pytest
from rich.console import Console

from hegel_store.demo.evolve import Outcome, Plan
from hegel_store.demo.genes import first_profile, set_value
from hegel_store.demo.report import Interval, Report, next_commands, paired_bootstrap, render
from hegel_store.models import PromptProfile

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
HARD_TO_EASY = [0.0, 0.1, 0.2, 0.25, 0.5, 1.0] * 50


def profile(version: int, base: int | None = None) -> PromptProfile:
    document = first_profile()
    set_value(document, ("reviewer", "acceptance", "parameters"), 0.1 * (version - 1))
    return PromptProfile(
        corpus_id="docs",
        id=UUID(int=version),
        task_type="qa",
        version=version,
        base_profile_id=None if base is None else UUID(int=base),
        profile=document,
        content_hash="",
        performance_stats={},
        metadata={} if base is None else {"strategy": "mutation"},
        created_at=MOMENT,
        updated_at=MOMENT,
    )


@pytest.fixture
def report() -> Report:
    first, best = profile(1), profile(4, base=1)
    outcome = Outcome(
        plan=Plan(corpus_id="docs", run_id="run"),
        first=first,
        best=best,
        first_rewards=HARD_TO_EASY,
        best_rewards=[reward + 0.05 for reward in HARD_TO_EASY],
        validation={1: 0.3, 4: 0.35},
        proposed=12,
        accepted=3,
    )
    return Report(
        outcome=outcome,
        lineage=[best, first],
        rows={"hegel_training_steps": 1234},
        searches=99,
        seconds=12.0,
        notes=["mind this"],
    )


def shown(report: Report) -> str:
    console = Console(file=io.StringIO(), width=120)
    console.print(render(report))
    return console.file.getvalue()


def test_what_is_hard_for_both_does_not_widen_the_interval():
    interval = paired_bootstrap(HARD_TO_EASY, [reward + 0.05 for reward in HARD_TO_EASY])
    assert interval.mean == pytest.approx(0.05)
    assert interval.high - interval.low < 1e-9


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    source = np.random.default_rng(5)
    covered = 0
    for _ in range(200):
        first = source.random(150)
        second = first + source.normal(0.02, 0.1, 150)
        interval = paired_bootstrap(first.tolist(), second.tolist(), resamples=400)
        covered += interval.low <= 0.02 <= interval.high
    assert 178 <= covered <= 199


def test_the_interval_is_repeatable():
    second = HARD_TO_EASY[::-1]
    assert paired_bootstrap(HARD_TO_EASY, second) == paired_bootstrap(HARD_TO_EASY, second)


@pytest.mark.parametrize(("first", "second"), [([], []), ([1.0], [1.0, 0.0])])
def test_unpaired_rewards_are_refused(first, second):
    with pytest.raises(ValueError, match="paired"):
        paired_bootstrap(first, second)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.001, 0.02, "improved"),
        (0.0, 0.02, "no improvement shown"),
        (-0.01, 0.02, "no improvement shown"),
        (-0.03, -0.01, "got worse"),
    ],
)
def test_the_verdict_is_that_of_the_interval(low, high, verdict):
    assert Interval((low + high) / 2, low, high).verdict.startswith(verdict)


def test_an_improvement_is_reported_with_its_origin(report):
    text = shown(report)
    assert "Improved" in text
    assert "+0.0500" in text
    assert "reviewer.acceptance.parameters: 0.0 -> 0.3" in " ".join(text.split())
    assert "hegel_training_steps" in text
    assert "1,234" in text
    assert "mind this" in text
    assert "version 1 0.3000, version 4 0.3500" in text


def test_commands_to_try_name_what_the_run_left(report):
    plan = replace(report.outcome.plan, corpus_id="my docs")
    quoted = replace(report, outcome=replace(report.outcome, plan=plan))
    search, history, lineage = next_commands(quoted)
    assert search[:2] == ("hegel-store", "search")
    assert search[-2:] == ("--corpus", "my docs")
    assert history[1:] == ("history", "my docs", "qa")
    assert lineage[1:] == ("lineage", "my docs", str(UUID(int=4)))
    for command in next_commands(quoted, "./hegel-store", ("--url", "postgresql:///here")):
        assert (command[0], *command[-2:]) == ("./hegel-store", "--url", "postgresql:///here")


def test_what_is_in_brackets_is_no_markup(report):
    best = replace(report.lineage[0], metadata={"strategy": "the [/INST] [bold]kind"})
    assert "the [/INST] [bold]kind" in shown(replace(report, lineage=[best, *report.lineage[1:]]))


def test_a_difference_that_may_be_chance_is_called_no_improvement(report):
    noisy = [reward + 0.3 * (-1) ** n for n, reward in enumerate(HARD_TO_EASY)]
    text = shown(replace(report, outcome=replace(report.outcome, best_rewards=noisy)))
    assert "No improvement shown: the interval includes 0" in text
    assert "Improved" not in text


def test_a_first_profile_that_stays_best_is_called_no_improvement(report):
    outcome = report.outcome
    same = replace(outcome, best=outcome.first, best_rewards=outcome.first_rewards)
    text = shown(replace(report, outcome=same, lineage=[outcome.first]))
    assert "No improvement shown: no profile did better" in text
