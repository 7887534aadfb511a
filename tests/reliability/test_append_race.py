"""Many writers append to one scope: no version is skipped, taken twice or out of order."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Barrier, Event

import pytest

import hegel_store
from hegel_store.errors import NotFound, ProfileConflict
from hegel_store.models import PromptProfile
from hegel_store.store import Store

APPENDS = 50

PROCESS = """
import sys
import hegel_store

url, writer, appends = sys.argv[1], sys.argv[2], int(sys.argv[3])
with hegel_store.connect(url) as store:
    store.profiles.latest("news", "qa")
    print("ready", flush=True)
    sys.stdin.readline()
    for n in range(appends):
        made = store.profiles.append("news", "qa", {"writer": writer, "n": n})
        print(made.version, flush=True)
"""


def require_strict_order(history: list[PromptProfile]) -> None:
    """Newest first, by version without gap or duplicate, and by time too."""
    assert [profile.version for profile in history] == list(range(len(history), 0, -1))
    assert all(newer.created_at > older.created_at for newer, older in pairwise(history))


def test_threads_append_without_gap_or_duplicate_and_readers_always_see_order(url: str) -> None:
    writers = 8
    barrier = Barrier(writers + 1)
    done = Event()

    def write(writer: int) -> list[PromptProfile]:
        barrier.wait()
        return [
            store.profiles.append("news", "qa", {"writer": writer, "n": n}) for n in range(APPENDS)
        ]

    def read() -> int:
        seen = [0]
        barrier.wait()
        while not done.is_set():
            history = store.profiles.history("news", "qa")
            require_strict_order(history)
            assert len(history) >= seen[-1]
            seen.append(len(history))
        return len(set(seen))

    with (
        hegel_store.connect(url, pool="heavy") as store,
        ThreadPoolExecutor(writers + 1) as pool,
    ):
        reader = pool.submit(read)
        try:
            made = list(pool.map(write, range(writers)))
        finally:
            done.set()
        assert reader.result() > 2, "the reader looked while writers wrote"
        history = store.profiles.history("news", "qa")
    require_strict_order(history)
    assert len(history) == writers * APPENDS
    assert {p.id: p for profiles in made for p in profiles} == {p.id: p for p in history}
    for profiles in made:
        assert all(a.version < b.version for a, b in pairwise(profiles))


def test_processes_append_without_gap_or_duplicate(store: Store, url: str) -> None:
    command = [sys.executable, "-c", PROCESS, url]
    processes = [
        subprocess.Popen(
            [*command, str(writer), str(APPENDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for writer in range(4)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4
    taken = [int(line) for output in outputs for line in output.split()]
    assert sorted(taken) == list(range(1, 4 * APPENDS + 1))
    history = store.profiles.history("news", "qa")
    require_strict_order(history)
    assert Counter(profile.profile["writer"] for profile in history) == dict.fromkeys(
        "0123", APPENDS
    )


@pytest.mark.parametrize("existing", [0, 3])
def test_of_writers_expecting_one_version_exactly_one_wins(store: Store, existing: int) -> None:
    for _ in range(existing):
        store.profiles.append("news", "qa", {})
    writers = 5
    barrier = Barrier(writers)

    def write(writer: int) -> tuple[int, int] | None:
        barrier.wait()
        try:
            store.profiles.append("news", "qa", {"by": writer}, expected_version=existing)
        except ProfileConflict as conflict:
            return conflict.expected, conflict.current
        return None

    with ThreadPoolExecutor(writers) as pool:
        outcomes = list(pool.map(write, range(writers)))
    assert outcomes.count(None) == 1
    assert outcomes.count((existing, existing + 1)) == writers - 1
    newest = store.profiles.latest("news", "qa")
    assert (newest.version, newest.profile) == (existing + 1, {"by": outcomes.index(None)})


def test_writers_that_fail_or_roll_back_leave_no_gap(store: Store) -> None:
    root = store.profiles.append("news", "qa", {})
    stranger = store.profiles.append("law", "qa", {})

    def write(writer: int) -> int:
        stored = 0
        for n in range(20):
            try:
                with store.begin() as work:
                    work.profiles.append("news", "qa", {"by": writer, "n": n})
                    if n % 3 == 0:
                        work.profiles.append("news", "qa", {}, base=stranger)
                    if n % 3 == 1:
                        raise TimeoutError
            except (NotFound, TimeoutError):
                continue
            stored += 1
        return stored

    with ThreadPoolExecutor(4) as pool:
        stored = sum(pool.map(write, range(4)))
    assert stored == 4 * 6
    history = store.profiles.history("news", "qa")
    require_strict_order(history)
    assert len(history) == stored + 1
    assert history[-1] == root
