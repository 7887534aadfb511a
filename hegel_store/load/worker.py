"""One process of a load test: its users as threads on one store."""

from __future__ import annotations

import resource
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from hegel_store.addresses import DatabaseAddress
from hegel_store.embeddings.caching import CachedEmbedder
from hegel_store.embeddings.memory_cache import MemoryCache
from hegel_store.embeddings.protocol import Embedder
from hegel_store.errors import HegelStoreError
from hegel_store.load.corpus import Corpus
from hegel_store.load.plan import LoadPlan
from hegel_store.load.user import EMBED, Sample, TimedEmbedder, User
from hegel_store.settings import Settings
from hegel_store.store import Store

MakeEmbedder = Callable[[], Embedder | None]
"""Can be sent to another process: a model cannot."""

REPORT_SECONDS = 0.5
KILOBYTE = 1024 if sys.platform.startswith("linux") else 1
"""The unit of ru_maxrss, in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a process used while it worked: processor seconds, and its largest memory in bytes.

    ``asked`` counts the texts whose vectors were needed, of questions and of new facts, ``hits``
    those of them that were in the memory cache.
    """

    processor_seconds: float
    memory_bytes: int
    hits: int
    asked: int


@dataclass(frozen=True, slots=True)
class Message:
    """From a process: "ready", "samples" (of them), "done" (Usage) or "failed" (why)."""

    kind: str
    content: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a process is to do: the ``number``-th of plan.processes, with ``users`` of its own."""

    plan: LoadPlan
    corpus: Corpus
    number: int
    users: int
    address: DatabaseAddress
    settings: Settings
    make_embedder: MakeEmbedder


def run_worker(job: Job, messages: Any, begin: Any) -> None:
    """Get ready, wait for ``begin`` (an Event), work, and tell by ``messages`` (a Queue)."""
    try:
        _work(job, messages, begin)
    except HegelStoreError as error:
        messages.put(Message("failed", f"{type(error).__name__}: {error}"))
    except Exception:
        messages.put(Message("failed", traceback.format_exc()))


def _work(job: Job, messages: Any, begin: Any) -> None:
    samples: deque[Sample] = deque()
    cache = MemoryCache()
    model = job.make_embedder()
    embedder = None if model is None else CachedEmbedder(TimedEmbedder(model, samples), cache)
    with Store(job.address, job.settings, embedder) as store:
        store.check()
        users = [
            User(
                store,
                job.corpus,
                f"{job.plan.seed} {job.number} {number}",
                has_vectors=model is not None,
            )
            for number in range(job.users)
        ]
        # What only a first call does, loading the model above all, is no user's waiting.
        for call in (users[0].latest_profile, users[0].recall, users[0].fittest):
            call()
        samples.clear()
        before, used_before = cache.statistics, resource.getrusage(resource.RUSAGE_SELF)
        messages.put(Message("ready"))
        begin.wait()
        _let_work(job.plan, users, samples, messages)
        after, used = cache.statistics, resource.getrusage(resource.RUSAGE_SELF)
    hits = after.hits - before.hits
    idle = used_before.ru_utime + used_before.ru_stime
    messages.put(
        Message(
            "done",
            Usage(
                processor_seconds=used.ru_utime + used.ru_stime - idle,
                memory_bytes=used.ru_maxrss * KILOBYTE,
                hits=hits,
                asked=hits + after.misses - before.misses,
            ),
        )
    )


def _let_work(plan: LoadPlan, users: Sequence[User], samples: deque[Sample], messages: Any) -> None:
    gap = plan.users / plan.rate if plan.rate else 0.0
    began = time.perf_counter()
    until = began + plan.seconds
    stop = threading.Event()

    def send() -> None:
        drained = [samples.popleft() for _ in range(len(samples))]
        messages.put(Message("samples", [_since(began, sample) for sample in drained]))

    with ThreadPoolExecutor(len(users)) as pool:
        working = [pool.submit(user.work, samples, began, until, gap, stop) for user in users]
        try:
            while not all(each.done() for each in working):
                time.sleep(REPORT_SECONDS)
                send()
            for each in working:
                each.result()
        finally:
            stop.set()
    send()


def _since(began: float, sample: Sample) -> Sample:
    """An embedder does not know when the load began."""
    if sample.call != EMBED:
        return sample
    return Sample(sample.call, sample.ended - began, sample.milliseconds)
