"""What a run came to, in numbers with their uncertainty, and what to try next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hegel_store.demo.evolve import Outcome
from hegel_store.demo.genes import changes
from hegel_store.models import PromptProfile

RESAMPLES = 10_000
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean difference and the bounds of its confidence interval."""

    mean: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """What may be said of the second against the first."""
        if self.low > 0.0:
            return "improved: the interval lies above 0"
        if self.high < 0.0:
            return "got worse: the interval lies below 0"
        return "no improvement shown: the interval includes 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A finished run, ready to be shown."""

    outcome: Outcome
    lineage: Sequence[PromptProfile]  # of the best profile, itself first
    rows: Mapping[str, int]  # rows written by table
    searches: int
    seconds: float
    notes: Sequence[str]  # what the reader should know before trusting the numbers


def paired_bootstrap(
    first: Sequence[float],
    second: Sequence[float],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Percentile bootstrap of the mean of ``second - first`` over the same questions.

    Resampling whole questions keeps each pair together, so what makes a question hard for both
    does not widen the interval. Raises ValueError unless both have the same length above 0.
    """
    if len(first) != len(second) or not len(first):
        raise ValueError("paired rewards must be of one length, and not empty")
    differences = np.asarray(second, dtype=float) - np.asarray(first, dtype=float)
    source = np.random.default_rng(seed)
    size = len(differences)
    means = np.array([differences[source.integers(0, size, size)].mean() for _ in range(resamples)])
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Interval(float(differences.mean()), float(low), float(high))


def render(report: Report) -> RenderableType:
    """Everything a run has to say, for a rich console, but the commands to try next."""
    outcome = report.outcome
    parts: list[RenderableType] = [
        _rewards(report),
        _lineage(report),
        _rows(report),
        Text(
            f"{outcome.proposed} proposals, {outcome.accepted} kept, {report.searches:,} searches, "
            f"{report.seconds:.0f} s"
        ),
        *(Text(f"Note: {note}") for note in report.notes),
    ]
    return Group(*(line for part in parts for line in (part, Text(""))))


def next_commands(
    report: Report, tool: str = "hegel-store", options: Sequence[str] = ()
) -> tuple[tuple[str, ...], ...]:
    """Commands that look at what the run left in the database, as lists of arguments.

    ``tool`` is how this machine calls the command line, ``options`` are for every command.
    """
    plan, best = report.outcome.plan, report.outcome.best
    return (
        (tool, "search", "open a file and read its lines", "--corpus", plan.corpus_id, *options),
        (tool, "history", plan.corpus_id, plan.task_type, *options),
        (tool, "lineage", plan.corpus_id, str(best.id), *options),
    )


def _rewards(report: Report) -> RenderableType:
    outcome = report.outcome
    interval = paired_bootstrap(outcome.first_rewards, outcome.best_rewards)
    table = Table(
        title=f"Reward on {len(outcome.first_rewards)} test questions "
        "(reciprocal rank within the first ten)"
    )
    table.add_column("profile")
    table.add_column("version", justify="right")
    table.add_column("mean reward", justify="right")
    rewards = (outcome.first_rewards, outcome.best_rewards)
    for name, profile, values in zip(
        ("first", "best"), (outcome.first, outcome.best), rewards, strict=True
    ):
        table.add_row(name, str(profile.version), f"{fmean(values):.4f}")
    table.add_section()
    table.add_row("difference", "", f"{interval.mean:+.4f}")
    table.add_row("95 % interval", "", f"{interval.low:+.4f} to {interval.high:+.4f}")
    said = interval.verdict
    if outcome.best is outcome.first:
        said = "no improvement shown: no profile did better than the first on validation"
    chosen = ", ".join(
        f"version {version} {mean:.4f}" for version, mean in outcome.validation.items()
    )
    return Group(
        table,
        Text(said[0].upper() + said[1:] + "."),
        Text(f"The best was chosen by its mean reward on validation questions: {chosen}."),
    )


def _lineage(report: Report) -> RenderableType:
    table = Table(title="Where the best profile comes from")
    for heading in ("version", "made by", "changed"):
        table.add_column(heading, overflow="fold")
    by_id = {profile.id: profile for profile in report.lineage}
    for profile in report.lineage:
        base = by_id.get(profile.base_profile_id) if profile.base_profile_id else None
        changed = {} if base is None else changes(base.profile, profile.profile)
        table.add_row(
            str(profile.version),
            # Text, so that no console takes what is in brackets for markup.
            Text(str(profile.metadata.get("strategy", "the library's defaults"))),
            Text("\n".join(f"{gene}: {old} -> {new}" for gene, (old, new) in changed.items())),
        )
    return table


def _rows(report: Report) -> RenderableType:
    table = Table(title="Rows written")
    table.add_column("table")
    table.add_column("rows", justify="right")
    for name, count in report.rows.items():
        table.add_row(name, f"{count:,}")
    return table
