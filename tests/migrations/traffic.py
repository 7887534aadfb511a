"""A writer and a reader at work on a database while it is migrated, and how long they waited."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

import psycopg

PER_SECOND = 100

# As an application of the first release writes them. Each is tried from the beginning on, and does
# nothing but fail until its table is there.
WRITES = (
    "INSERT INTO hegel_prompt_profiles (corpus_id, source)"
    ' VALUES (\'traffic\', \'{"worker": {"system_prompt": "Answer."}}\')',
    "INSERT INTO hegel_training_steps"
    " (corpus_id, task_type, old_profile_id, query, predicted_answer, reward)"
    " SELECT 'traffic', 'qa', id, 'Where do hedgehogs sleep?', 'In leaves.', 0.0"
    " FROM hegel_prompt_profiles WHERE corpus_id = 'traffic'"
    " ORDER BY task_type, created_at DESC LIMIT 1",
    "INSERT INTO hegel_profile_populations (corpus_id, task_type, profile_id, fitness_score)"
    " SELECT corpus_id, task_type, id, random() FROM hegel_prompt_profiles"
    " WHERE corpus_id = 'traffic' ORDER BY task_type, created_at DESC LIMIT 1"
    " ON CONFLICT DO NOTHING",
    "INSERT INTO hegel_labels (corpus_id, name) VALUES ('traffic', gen_random_uuid()::text)",
    "INSERT INTO hegel_facts (corpus_id, content, embedding_384)"
    " SELECT 'traffic', gen_random_uuid()::text,"
    " (SELECT array_agg(random() + n * 0) FROM generate_series(1, 384) AS n)::vector::halfvec",
)
# Columns are named: the plan of a prepared "*" ends with the first column that is added.
READS = (
    "SELECT id, version, source FROM hegel_prompt_profiles"
    " WHERE corpus_id = 'traffic' AND task_type = 'qa'"
    " ORDER BY created_at DESC, version DESC LIMIT 1",
    "SELECT count(*) FROM hegel_training_steps WHERE corpus_id = 'traffic' AND task_type = 'qa'",
    "SELECT profile_id, fitness_score FROM hegel_profile_populations"
    " WHERE corpus_id = 'traffic' AND task_type = 'qa' AND evicted_at IS NULL"
    " ORDER BY fitness_score DESC NULLS LAST LIMIT 5",
    "SELECT id FROM hegel_facts WHERE content_tsv @@ to_tsquery('english', 'hedgehog')",
)
NOT_YET = (
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedFunction,
    psycopg.errors.UndefinedObject,
    psycopg.errors.CheckViolation,  # no month for the steps yet
)


@dataclass(frozen=True)
class Call:
    """``due`` and ``done`` are on the system's monotonic clock, in seconds."""

    due: float
    done: float
    stored: bool


@dataclass
class Traffic:
    """What the writer and the reader did; filled when they have stopped."""

    writes: list[Call] = field(default_factory=list)
    reads: list[Call] = field(default_factory=list)


def worst_pause(calls: list[Call], begin: float, end: float) -> float:
    """The longest that a call which was due or under way in this time took, in seconds."""
    return max(call.done - call.due for call in calls if call.done > begin and call.due < end)


@contextmanager
def traffic(url: str) -> Iterator[Traffic]:
    """Work on the database until the end of the block, in processes of their own."""
    context = multiprocessing.get_context("spawn")
    result = Traffic()
    running = []
    for statements in (WRITES, READS):
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(url, statements, theirs), daemon=True)
        process.start()
        running.append((process, ours))
    try:
        for _, pipe in running:
            assert pipe.recv() == "working"
        yield result
    finally:
        for _, pipe in running:
            pipe.send("stop")
        result.writes, result.reads = (pipe.recv() for _, pipe in running)
        for process, _ in running:
            process.join(30)


def _work(url: str, statements: tuple[str, ...], pipe: Connection) -> None:
    calls = []
    with psycopg.connect(url, autocommit=True) as connection:
        pipe.send("working")
        began = time.monotonic()
        while not pipe.poll():
            due = began + len(calls) / PER_SECOND
            time.sleep(max(0.0, due - time.monotonic()))
            stored = True
            try:
                connection.execute(statements[len(calls) % len(statements)])
            except NOT_YET:
                stored = False
            calls.append(Call(due, time.monotonic(), stored))
    pipe.send(calls)
