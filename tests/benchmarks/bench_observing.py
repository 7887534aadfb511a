"""What events, metrics, spans and tags cost: searches and steps with all of them on, and all off.

    python tests/benchmarks/bench_observing.py

Two stores on one database, one of them tagged. Runs of calls with everything on and with everything
off take turns, in an order that is drawn for each pair; what is shown is the median of the pairs'
ratios, and its interval by a bootstrap over pairs. Beside the time that passes, the processor time
of the client (all of its threads) is compared, which other work on the machine hardly touches.
Events go to a file as JSON, and spans through a batch processor to an exporter that throws them
away. A scrape is timed by itself.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import prometheus_client
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

sys.path.insert(0, str(Path(__file__).parents[2]))

import hegel_store
from hegel_store.models import NewFact, NewStep
from hegel_store.observing import events, listen, metrics, stop, tracing
from hegel_store.store import Store
from tests.benchmarks.servers import database, options
from tests.embedders import HashingEmbedder

FACTS = 5_000
WORDS = 600


class Nowhere(SpanExporter):
    """Takes spans and does nothing with them."""

    def export(self, spans: Any) -> SpanExportResult:
        return SpanExportResult.SUCCESS


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """``percent`` more time with everything on, and the bounds of a 95 % interval;
    ``milliseconds`` of a call with everything off; ``added`` microseconds of the client's processor
    for a call, with their bounds; and how many ``pairs`` of runs of so many calls were compared."""

    percent: tuple[float, float, float]
    milliseconds: float
    added: tuple[float, float, float]
    pairs: int
    run: int


def median_of(values: Sequence[float]) -> tuple[float, float, float]:
    """With the bounds of a 95 % interval."""
    given = np.asarray(values)
    draws = np.random.default_rng(2).choice(given, (10_000, len(given)))
    low, high = np.percentile(np.median(draws, axis=1), [2.5, 97.5])
    return float(np.median(given)), float(low), float(high)


def compare(
    off: Callable[[], object],
    on: Callable[[], object],
    switch: Callable[[bool], None],
    pairs: int,
    run: int,
) -> Cost:
    """Ratios of the times of pairs of runs, and their median with an interval."""
    random_order = random.Random(1)
    ratios, taken, added = [], [], []
    for _ in range(pairs):
        seconds, processor = {}, {}
        first = random_order.random() < 0.5
        for is_on in (first, not first):
            switch(is_on)
            call = on if is_on else off
            started, worked = time.perf_counter(), time.process_time()
            for _ in range(run):
                call()
            seconds[is_on] = time.perf_counter() - started
            processor[is_on] = time.process_time() - worked
        ratios.append((seconds[True] / seconds[False] - 1) * 100)
        taken.append(seconds[False] / run * 1000)
        added.append((processor[True] - processor[False]) / run * 1e6)
    return Cost(
        percent=median_of(ratios),
        milliseconds=float(np.median(taken)),
        added=median_of(added),
        pairs=pairs,
        run=run,
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
    parser.add_argument("--pairs", type=int, default=600)
    arguments = parser.parse_args()
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

        def search(store: Store) -> Callable[[], object]:
            return lambda: store.facts.search(f"word{drawn.randrange(WORDS)}", corpus_id="c")

        def step() -> NewStep:
            return NewStep(
                corpus_id="c",
                task_type="qa",
                old_profile_id=profile.id,
                query="a query",
                predicted_answer="an answer",
                reward=0.5,
            )

        def log(store: Store) -> Callable[[], object]:
            return lambda: store.steps.log(step())

        def log_many(store: Store) -> Callable[[], object]:
            return lambda: store.steps.log_many([step() for _ in range(100)])

        def latest(store: Store) -> Callable[[], object]:
            return lambda: store.profiles.latest("c", "qa")

        print(f"PostgreSQL {arguments.postgres}, {os.cpu_count()} processors, {FACTS:,} facts\n")
        print("| call | off, ms | everything on | 95 % | client's processor, µs | 95 % | runs |")
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
        for name, make, run, share in (
            ("search", search, 4, 1),
            ("log a step", log, 25, 1),
            ("log 100 steps", log_many, 2, 2),
            ("latest profile", latest, 25, 2),
        ):
            off, on = make(bare), make(tagged)
            for _ in range(30):
                off(), on()
            cost = compare(off, on, switch, arguments.pairs // share, run)
            more, low, high = cost.percent
            added, least, most = cost.added
            print(
                f"| {name} | {cost.milliseconds:.2f} | {more:+.1f} % | {low:+.1f} to {high:+.1f} % "
                f"| {added:+.0f} | {least:+.0f} to {most:+.0f} | {cost.pairs} x {cost.run} |",
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
