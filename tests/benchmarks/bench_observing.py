"""What events, metrics, spans and tags cost: searches and steps with all of them on, and all off.

    python tests/benchmarks/bench_observing.py

Two stores on one database, one of them tagged. Short runs of calls with everything on and with
everything off take turns, in an order that is drawn for each pair; what is shown is the median of
the ratios, and its interval by a bootstrap over portions of pairs. After each portion, half a
second's calls, both stores get new connections, as two sessions of a server differ by up to one per
cent; and what the calls have left for the background is done, while nothing else goes on: its time
is added to that of the calls, though otherwise most of it passes while the server works. Beside the
time that passes, the client's processor time is compared. Events go to a file as JSON, and spans
through a batch processor to an exporter that throws them away. A scrape is timed by itself.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import prometheus_client
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

sys.path.insert(0, str(Path(__file__).parents[2]))

import hegel_store
from hegel_store.models import NewFact, NewStep
from hegel_store.observing import events, flush, later, listen, metrics, stop, tracing
from hegel_store.store import Store
from tests.benchmarks.servers import database, options
from tests.embedders import HashingEmbedder

FACTS = 5_000
WORDS = 600


class Nowhere(SpanExporter):
    """Takes spans and does nothing with them."""

    def export(self, spans: Any) -> SpanExportResult:
        return SpanExportResult.SUCCESS


WARMING = 12
"""Calls that a new connection is given before: a statement is prepared when it comes again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """``percent`` more time with everything on, and the bounds of a 95 % interval;
    ``milliseconds`` of a call with everything off; microseconds of the client's processor that were
    ``added`` to a call, with their bounds, and that it left to the ``background``; and how many
    ``pairs`` of runs were compared."""

    percent: tuple[float, float, float]
    milliseconds: float
    added: tuple[float, float, float]
    background: float
    pairs: int


class Kind:
    """A store, and a call of it."""

    def __init__(self, store: Store, call: Callable[[], object]) -> None:
        self._store = store
        self._call = call

    def renew(self) -> None:
        """Connect anew."""
        self._store.engine.dispose()
        self.time(WARMING)

    def time(self, times: int) -> tuple[float, float]:
        """Seconds that passed, and seconds of this thread's processor."""
        return time_of(self._call, times)


def time_of(call: Callable[[], object], times: int = 1) -> tuple[float, float]:
    started, worked = time.perf_counter(), time.thread_time()
    for _ in range(times):
        call()
    return time.perf_counter() - started, time.thread_time() - worked


def median_of(values: Sequence[float]) -> tuple[float, float, float]:
    """With the bounds of a 95 % interval."""
    given = np.asarray(values)
    draws = np.random.default_rng(2).choice(given, (10_000, len(given)))
    low, high = np.percentile(np.median(draws, axis=1), [2.5, 97.5])
    return float(np.median(given)), float(low), float(high)


def compare(
    without: Kind,
    with_it: Kind,
    switch: Callable[[bool], None],
    portions: int,
    pairs: int,
    run: int,
) -> Cost:
    """Ratios of the times of pairs of runs of so many calls: of each portion, which has so many
    pairs, the median, and of these the median with an interval."""
    random_order = random.Random(1)
    ratios, taken, added, background = [], [], [], []
    for _ in range(portions):
        switch(False)
        for kind in random_order.sample((without, with_it), 2):
            kind.renew()
        timed = []
        for _ in range(pairs):
            pair = {}
            for is_on in random_order.sample((True, False), 2):
                switch(is_on)
                pair[is_on] = (with_it if is_on else without).time(run)
            timed.append((pair[True], pair[False]))
        later, worked = time_of(flush)
        background.append(worked / pairs / run * 1e6)
        ratios.append(median((on[0] + later / pairs) / off[0] * 100 - 100 for on, off in timed))
        added.append(median((on[1] - off[1]) / run * 1e6 for on, off in timed))
        taken += [off[0] / run * 1000 for _, off in timed]
    return Cost(
        percent=median_of(ratios),
        milliseconds=float(np.median(taken)),
        added=median_of(added),
        background=float(np.median(background)),
        pairs=len(taken),
    )


def fill(store: Store) -> None:
    store.upgrade()
    drawn = random.Random(3)
    words = [f"word{n}" for n in range(WORDS)]
    store.facts.add_many(
        NewFact(corpus_id="c", content=" ".join(drawn.choices(words, k=30))) for _ in range(FACTS)
    )


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--portions", type=int, default=100)
    arguments = parser.parse_args()
    later.SECONDS = 1e9  # the background's work is done, and timed, in compare()
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(Nowhere()))
    registry = prometheus_client.CollectorRegistry()
    with (
        database(arguments) as url,
        tempfile.TemporaryFile("w", encoding="utf-8") as file,
        hegel_store.connect(url, embedder=HashingEmbedder()) as bare,
        hegel_store.connect(url, embedder=HashingEmbedder(), tag_statements=True) as tagged,
    ):
        fill(bare)
        listeners = [
            events.start(stream=file),
            metrics.start(registry),
            tracing.start(provider),
        ]
        state = {"on": True}

        def switch(on: bool) -> None:
            if state["on"] is not on:
                for listener in listeners:
                    (listen if on else stop)(listener)
                state["on"] = on

        profile = bare.profiles.append("c", "qa", {"worker": {}})
        drawn = random.Random(4)

        def step() -> NewStep:
            return NewStep(
                corpus_id="c",
                task_type="qa",
                old_profile_id=profile.id,
                query="a query",
                predicted_answer="an answer",
                reward=0.5,
            )

        calls: dict[str, tuple[int, int, Callable[[Store], object]]] = {
            "search": (
                10,
                4,
                lambda store: store.facts.search(f"word{drawn.randrange(WORDS)}", corpus_id="c"),
            ),
            "log a step": (40, 10, lambda store: store.steps.log(step())),
            "log 100 steps": (
                20,
                2,
                lambda store: store.steps.log_many([step() for _ in range(100)]),
            ),
            "latest profile": (40, 25, lambda store: store.profiles.latest("c", "qa")),
        }
        print(f"PostgreSQL {arguments.postgres}, {os.cpu_count()} processors, {FACTS:,} facts\n")
        print("| call | off, ms | everything on | 95 % | processor, µs | later, µs | runs |")
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
        for name, (pairs, run, call) in calls.items():
            off, on = (Kind(store, partial(call, store)) for store in (bare, tagged))
            cost = compare(off, on, switch, arguments.portions, pairs, run)
            more, low, high = cost.percent
            added, least, most = cost.added
            print(
                f"| {name} | {cost.milliseconds:.2f} | {more:+.1f} % | {low:+.1f} to {high:+.1f} % "
                f"| {added:+.0f} ({least:+.0f} to {most:+.0f}) | {cost.background:+.0f} "
                f"| {cost.pairs:,} x {run} |",
                flush=True,
            )
        started = time.perf_counter()
        prometheus_client.generate_latest(registry)
        print(f"\na scrape: {(time.perf_counter() - started) * 1000:.1f} ms")
        for listener in listeners:
            stop(listener)
        provider.shutdown()


if __name__ == "__main__":
    main()
