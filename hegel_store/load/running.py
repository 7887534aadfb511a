"""A load test from its plan to its report: processes are started, listened to, and ended."""

from __future__ import annotations

import logging
import multiprocessing
import os
import queue
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from hegel_store.embeddings.protocol import Embedder
from hegel_store.errors import DatabaseError, HegelStoreError, PermissionDenied
from hegel_store.load import corpus as corpora
from hegel_store.load import summary
from hegel_store.load.plan import CALLS, LoadPlan
from hegel_store.load.summary import CallSummary, LoadReport, Resources
from hegel_store.load.targets import HIT_RATE, RATE, REFUSALS, judge
from hegel_store.load.user import EMBED, Sample
from hegel_store.load.worker import Job, MakeEmbedder, Message, Usage, run_worker
from hegel_store.store import Store

logger = logging.getLogger("hegel_store")

Progress = Callable[[str, Sequence[Sample]], object]
"""Is told what is going on, and all samples until now."""

LISTEN_SECONDS = 0.5
END_SECONDS = 10.0
STATISTICS = Path("/proc/stat")


def run_load(
    store: Store,
    plan: LoadPlan,
    make_embedder: MakeEmbedder,
    *,
    model: Embedder | None = None,
    keep: bool = False,
    progress: Progress = lambda what, samples: None,
) -> LoadReport:
    """Fill the plan's corpus, put it under load, and say what was measured.

    ``make_embedder`` makes the embedder of a process, and is sent there: a function of a module, or
    a partial of one; it returns None for none. ``model`` is the embedder of ``store``, which embeds
    the facts that the corpus begins with; None for both, or for neither. The corpus is removed at
    the end, however it comes, unless ``keep`` is set; months of steps that were made stay. Where it
    could not be removed, the report is returned all the same and a warning is logged.

    Raises ConfigurationError for a corpus that holds something, PermissionDenied for a role that
    may not remove it, both before anything is written; DatabaseError when a process ends in any
    other way than it should, and what filling raises.
    """
    progress("filling the corpus", [])
    corpora.refuse_used(store, plan.corpus_id)
    if not (keep or corpora.may_remove(store)):
        raise PermissionDenied(
            "this role may not delete, and so not remove the corpus at the end: leave it there "
            "with --keep (keep=True), or connect as the migrate role (HEGEL_ROLE=migrate)"
        )
    try:
        corpus = corpora.fill(store, plan)
        samples, usages, busy = _under_load(store, plan, corpus, make_embedder, progress)
    finally:
        if not keep:
            _remove(store, plan.corpus_id)
    return _report(model, plan, samples, usages, busy)


def _remove(store: Store, corpus_id: str) -> None:
    """What was measured, or the error that ended it, is worth more than that this succeeds."""
    try:
        corpora.remove(store, corpus_id)
    except HegelStoreError as error:
        logger.warning("the corpus %s of the load test is still there: %s", corpus_id, error)


def _under_load(
    store: Store,
    plan: LoadPlan,
    corpus: corpora.Corpus,
    make_embedder: MakeEmbedder,
    progress: Progress,
) -> tuple[Sequence[Sample], Sequence[Usage], float | None]:
    # Not forked: the store's threads and a model's would be copied half.
    context = multiprocessing.get_context("spawn")
    messages, begin = context.Queue(), context.Event()
    jobs = [
        Job(
            plan=plan,
            corpus=corpus,
            number=number,
            users=(plan.users + number) // plan.processes,
            address=store.address,
            settings=store.settings,
            make_embedder=make_embedder,
        )
        for number in range(plan.processes)
    ]
    processes = [
        context.Process(target=run_worker, args=(job, messages, begin), daemon=True) for job in jobs
    ]
    samples: list[Sample] = []
    usages: list[Usage] = []
    with _ended(processes):
        for process in processes:
            process.start()
        progress("starting the users", samples)
        ready = 0
        before = _busy()

        def show() -> None:
            progress("under load", samples)

        for message in _heard(messages, processes, show):
            if message.kind == "ready":
                ready += 1
                if ready == plan.processes:
                    before = _busy()
                    begin.set()
            elif message.kind == "samples":
                samples.extend(message.content)
            elif message.kind == "done":
                usages.append(message.content)
            if len(usages) == plan.processes:
                break
        after = _busy()
    if before is None or after is None:
        return samples, usages, None
    return samples, usages, (after[0] - before[0]) / max(after[1] - before[1], 1)


@contextmanager
def _ended(processes: Sequence[Any]) -> Iterator[None]:
    try:
        yield
        for process in processes:
            process.join(END_SECONDS)
    finally:
        for process in processes:
            if process.is_alive():
                process.terminate()
                process.join(END_SECONDS)


def _heard(
    messages: Any, processes: Sequence[Any], meanwhile: Callable[[], object]
) -> Iterator[Message]:
    told = time.monotonic()
    while True:
        with suppress(queue.Empty):
            message: Message = messages.get(timeout=LISTEN_SECONDS)
            if message.kind == "failed":
                raise DatabaseError(f"a process of the load test failed: {message.content}")
            yield message
        died = [process.exitcode for process in processes if process.exitcode]
        if died and messages.empty():
            raise DatabaseError(f"a process of the load test ended with status {died[0]}")
        if time.monotonic() - told >= LISTEN_SECONDS:
            told = time.monotonic()
            meanwhile()


def _busy() -> tuple[int, int] | None:
    """Ticks that the machine's cores were busy, and all of them; None where nothing tells."""
    try:
        ticks = [int(each) for each in STATISTICS.read_text().splitlines()[0].split()[1:9]]
    except (OSError, ValueError, IndexError):
        return None
    idle = ticks[3] + ticks[4]
    return sum(ticks) - idle, sum(ticks)


def _report(
    model: Embedder | None,
    plan: LoadPlan,
    samples: Sequence[Sample],
    usages: Sequence[Usage],
    busy: float | None,
) -> LoadReport:
    calls = summary.summarise(samples, (*CALLS, EMBED))
    seconds = summary.duration(samples)
    asked = sum(usage.asked for usage in usages)
    hit_rate = sum(usage.hits for usage in usages) / asked if asked else None
    errors = summary.errors(samples)
    per_second = sum(each.per_second for each in calls if each.name != EMBED)
    measured: dict[str, float | None] = {
        HIT_RATE: hit_rate,
        RATE: per_second,
        REFUSALS: errors.get("PoolExhausted", 0),
        **_percentiles(calls),
    }
    return LoadReport(
        plan=plan,
        embedder=None if model is None else model.name,
        seconds=seconds,
        per_second=per_second,
        calls=calls,
        errors=errors,
        hit_rate=hit_rate,
        resources=Resources(
            processor=sum(usage.processor_seconds for usage in usages) / seconds,
            machine=busy,
            memory_bytes=sum(usage.memory_bytes for usage in usages),
            cores=os.cpu_count() or 1,
        ),
        timeline=summary.timeline(samples),
        targets=judge(measured, users=plan.users, embeds=model is not None),
    )


def _percentiles(calls: Sequence[CallSummary]) -> dict[str, float | None]:
    return {
        f"{each.name} {point}": value
        for each in calls
        for point, value in (("p50", each.p50), ("p95", each.p95))
    }
