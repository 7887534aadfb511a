"""A registry of prompts: store.profiles against MLflow's, on the same server in the same run.

    pip install mlflow-skinny==3.17.2
    python tests/benchmarks/bench_registry.py [--writers 32] [--seconds 10] [--rounds 200]

MLflow is asked through its client, with its SQL store behind it and no server in between. Calls
alternate between the two; the figures are medians, with the round trips to PostgreSQL that a call
makes. Then so many writers append versions to one name for so
many seconds, each in a thread of its own, one library after the other.
"""

from __future__ import annotations

import importlib.util
import logging
import re
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Pool, event

sys.path.insert(0, str(Path(__file__).parents[2]))

import hegel_store
from hegel_store.store import Store
from tests.benchmarks.servers import beside, database, options

TEXT = "Answer the question in one sentence, and name the source. " * 30
VERSIONS = 50
"""Of the prompt that is read, in both."""

ASKED = rb"\tF\t\d+\t(?:Query|Sync)\b"
"""What the server answers, in a trace: simple queries, and the end of extended ones."""

Call = Callable[[], object]


class RoundTrips:
    """Counts how often SQLAlchemy's connections wait for the server, by libpq's own trace."""

    def __init__(self) -> None:
        self._trace = tempfile.NamedTemporaryFile()  # noqa: SIM115  # open as long as it is written
        self._traced: list[Any] = []
        event.listen(Pool, "connect", self._follow)

    def _follow(self, connection: Any, record: Any) -> None:
        connection.pgconn.trace(self._trace.fileno())
        self._traced.append(connection)

    def _sent(self) -> int:
        """Once nobody sends any more, as MLflow does some of its work in threads of its own."""
        before = -1
        while before != (now := len(re.findall(ASKED, Path(self._trace.name).read_bytes()))):
            before = now
            time.sleep(0.5)
        return before

    def of(self, call: Call) -> int:
        """How many a call makes, once it is warm."""
        call()
        before = self._sent()
        call()
        return self._sent() - before

    def stop(self) -> None:
        """So that nobody is slowed down by being counted."""
        event.remove(Pool, "connect", self._follow)
        for connection in self._traced:
            if not connection.closed:
                connection.pgconn.untrace()


def compare(title: str, ways: Mapping[str, Call], rounds: int, trips: Mapping[str, int]) -> None:
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, call in ways.items():
            started = time.perf_counter()
            call()
            taken[name].append((time.perf_counter() - started) * 1e3)
    ours = statistics.median(next(iter(taken.values())))
    print(f"\n{title}")
    for name, values in taken.items():
        median = statistics.median(values)
        p95 = statistics.quantiles(values, n=20)[-1]
        print(
            f"  {name:<34} {median:8.3f} ms  p95 {p95:8.3f} ms  {median / ours:6.1f} x"
            f"  {trips[name]:3d} round trips"
        )


def crowd(title: str, append: Callable[[int], object], writers: int, seconds: float) -> float:
    """Successful calls per second of many writers to one name; prints what became of the calls."""
    together = threading.Barrier(writers)
    outcomes: Counter[str] = Counter()
    guard = threading.Lock()

    def work(writer: int) -> None:
        own: Counter[str] = Counter()
        together.wait()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                append(writer)
                own["stored"] += 1
            except Exception as error:  # whatever a caller would have to cope with
                own[type(error).__name__] += 1
        with guard:
            outcomes.update(own)

    started = time.monotonic()
    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(work, range(writers)))
    took = time.monotonic() - started
    calls = outcomes.total()
    failed = calls - outcomes["stored"]
    per_second = outcomes["stored"] / took
    print(
        f"  {title:<34} {per_second:8.1f} stored/s  {failed:6d} of {calls} calls failed "
        f"({failed / max(1, calls):.1%}) {dict(outcomes)}"
    )
    return per_second


def mlflow_client(url: str) -> Any:
    import mlflow

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    address = url.replace("postgresql:", "postgresql+psycopg:")
    print(f"MLflow {mlflow.__version__}")
    return mlflow.MlflowClient(tracking_uri=address, registry_uri=address)


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--writers", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=200)
    arguments = parser.parse_args()
    if importlib.util.find_spec("mlflow") is None:
        print("not measured: this compares with MLflow (pip install mlflow-skinny==3.17.2)")
        return
    with database(arguments) as url, psycopg.connect(url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE mlflow_registry")
        client = mlflow_client(beside(url, "mlflow_registry"))
        with hegel_store.connect(url, pool="heavy") as store:
            store.upgrade()
            counter = RoundTrips()
            fill(store, client)
            measure(store, client, arguments, counter)


def fill(store: Store, client: Any) -> None:
    for _ in range(VERSIONS):
        made = store.profiles.append("c", "read", {"worker": {"system_prompt": TEXT}})
        version = client.register_prompt("read", TEXT)
    store.profiles.set_alias("c", "read", "production", made.id)
    client.set_prompt_alias("read", "production", version.version)
    store.profiles.append("c", "write", {"worker": {"system_prompt": TEXT}})
    client.register_prompt("write", TEXT)


def measure(store: Store, client: Any, arguments: Any, counter: RoundTrips) -> None:
    profile = {"worker": {"system_prompt": TEXT}}

    def load(at: str) -> Call:
        return lambda: client.load_prompt(f"prompts:/read@{at}", cache_ttl_seconds=0)

    questions: dict[str, dict[str, Call]] = {
        "the profile of an alias": {
            "store.profiles.by_alias": lambda: store.profiles.by_alias("c", "read", "production"),
            "MLflow load_prompt, uncached": load("production"),
        },
        "the latest one": {
            "store.profiles.latest": lambda: store.profiles.latest("c", "read"),
            "MLflow load_prompt, uncached": load("latest"),
        },
        "one more version": {
            "store.profiles.append": lambda: store.profiles.append("c", "write", profile),
            "MLflow register_prompt": lambda: client.register_prompt("write", TEXT),
        },
    }
    trips = {
        title: {name: counter.of(call) for name, call in ways.items()}
        for title, ways in questions.items()
    }
    counter.stop()
    for title, ways in questions.items():
        compare(title, ways, arguments.rounds, trips[title])
    print(f"\n{arguments.writers} writers append to one name for {arguments.seconds:g} s")
    ours = crowd(
        "store.profiles.append",
        lambda writer: store.profiles.append("c", "crowd", profile),
        arguments.writers,
        arguments.seconds,
    )
    client.register_prompt("crowd", TEXT)
    theirs = crowd(
        "MLflow register_prompt",
        lambda writer: client.register_prompt("crowd", TEXT),
        arguments.writers,
        arguments.seconds,
    )
    print(f"  {ours / theirs:.1f} times as many stored" if theirs else "  and none of theirs")
    time.sleep(2)  # for what MLflow still does in threads of its own


if __name__ == "__main__":
    main()
