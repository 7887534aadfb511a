"""The training log's promises, while processes are killed, wires cut, servers stopped."""

from __future__ import annotations

import os
import resource
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

import hegel_store
from hegel_store.errors import FlushTimeout, SpoolFull, WriterClosed
from hegel_store.journal import StepWriter
from hegel_store.models import NewStep
from hegel_store.store import Store
from tests.conftest import Server
from tests.proxy import Cut, proxy_to
from tests.samples import Steps
from tests.servers import OwnServer, own_server, postmaster_pid, wait_until
from tests.victims import Victim

pytestmark = [pytest.mark.any_server, pytest.mark.slow]


@pytest.fixture
def own(request: pytest.FixtureRequest) -> Iterator[OwnServer]:
    """A migrated server of the test's own."""
    with own_server(request.config.getoption("--postgres"), migrated=True) as server:
        yield server
        server.start()  # or it could not be stopped


@pytest.fixture
def new(store: Store) -> Steps:
    """Makes steps of a stored profile."""
    return Steps(store)


def counted(url: str) -> Counter[str]:
    with psycopg.connect(url) as connection:
        return Counter(
            query for (query,) in connection.execute("SELECT query FROM hegel_training_steps")
        )


def require_once(url: str, expected: set[str]) -> None:
    """Each of them is stored, and no step twice."""
    found = counted(url)
    assert expected <= found.keys()
    assert set(found.values()) <= {1}


def queries(count: int, begin: int = 0) -> list[str]:
    return [f"{n}" for n in range(begin, begin + count)]


# --- a wire that is cut


@pytest.mark.parametrize("cut", ["before", "after"])
@pytest.mark.parametrize("count", [3, 40])
def test_a_wire_cut_in_the_middle_of_a_commit_doubles_and_loses_nothing(
    server: Server, url: str, new: Steps, tmp_path: Path, cut: Cut, count: int
) -> None:
    with (
        proxy_to(Path(server.host)) as proxy,
        hegel_store.connect(proxy.url(url.split("@/")[1].split("?")[0])) as store,
        store.step_writer(spool_dir=tmp_path) as writer,
    ):
        proxy.cut_commits = [cut, None, cut]
        for round_ in range(3):
            for query in queries(count, round_ * count):
                writer.log(new(query=query))
            writer.flush(timeout=30)
        assert writer.statistics.unknown_outcomes >= 2, "or nothing was shown"
        assert proxy.cuts == 2
    require_once(url, set(queries(3 * count)))


def test_what_a_cut_left_unknown_is_settled_by_the_next_process(
    server: Server, url: str, new: Steps, store: Store, tmp_path: Path
) -> None:
    """Committed, the answer lost, and the database out of reach until the writer has gone."""
    with proxy_to(Path(server.host)) as proxy:
        name = url.split("@/")[1].split("?")[0]
        with hegel_store.connect(proxy.url(name)) as reached:
            writer = reached.step_writer(spool_dir=tmp_path)
            proxy.cut_commits = ["after"] + ["before"] * 1000
            for query in queries(20):
                writer.log(new(query=query))
            with pytest.raises(FlushTimeout):
                writer.flush(timeout=1.0)
            assert len(counted(url)) == 20, "they are there, and the writer does not know"
            assert writer.statistics.spooled == 20
            writer.close()
            proxy.cut_commits = []
            with reached.step_writer(spool_dir=tmp_path) as second:
                second.log(new(query="later"))
                second.flush(timeout=30)
    require_once(url, {*queries(20), "later"})
    assert sum(counted(url).values()) == 21
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


# --- a server that is killed, stopped, or full


def test_a_server_that_is_away_is_written_to_when_it_returns(
    own: OwnServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with hegel_store.connect(own.url()) as store:
        new = Steps(store)
        with store.step_writer(spool_dir=tmp_path) as writer:
            writer.log(new(query="before"), durable=True)
            own.kill()
            for n in range(700):
                writer.log(new(query=f"meanwhile {n}"))
            writer.log(new(query="durable"), durable=True)
            found = writer.statistics
            assert found.spooled == found.pending == 701, "on the disk, and acknowledged"
            with pytest.raises(FlushTimeout):
                writer.flush(timeout=0.2)
            own.start()
            writer.log(new(query="after"))
            writer.flush(timeout=60)
        with psycopg.connect(own.url()) as connection:
            order = [
                query
                for (query,) in connection.execute(
                    "SELECT query FROM hegel_training_steps ORDER BY created_at, id"
                )
            ]
    assert order == ["before", *(f"meanwhile {n}" for n in range(700)), "durable", "after"]
    assert caplog.text.count("go to the spool") == 1, "it is said once"
    assert "takes steps again" in caplog.text


def test_a_spool_empties_while_the_loop_goes_on_logging(own: OwnServer, tmp_path: Path) -> None:
    with hegel_store.connect(own.url()) as store:
        new = Steps(store)
        with store.step_writer(spool_dir=tmp_path) as writer:
            own.kill()
            for query in queries(3000):
                writer.log(new(query=query))
            writer.log(new(query="durable"), durable=True)
            assert writer.statistics.spooled == 3001
            own.start()
            ends_at = time.monotonic() + 60
            count = 3000
            while writer.statistics.spooled and time.monotonic() < ends_at:
                writer.log(new(query=f"{count}"))
                count += 1
            assert writer.statistics.spooled == 0
    require_once(own.url(), {"durable", *queries(count)})


def log_until_killed(url: str, folder: Path, ledger: Path, name: str) -> None:
    """Log from three threads, and write down what is acknowledged."""
    with hegel_store.connect(url) as store:
        (profile,) = store.profiles.history("news", "qa", limit=1)
        writer = store.step_writer(spool_dir=folder)
        acknowledged = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

        def log(thread: int) -> None:
            for n in range(1_000_000):
                query = f"{name} {thread} {n}"
                step = NewStep(
                    corpus_id="news",
                    task_type="qa",
                    old_profile_id=profile.id,
                    query=query,
                    predicted_answer="x" * 2000,
                )
                writer.log(step, durable=thread == 0)
                if thread == 0:
                    os.write(acknowledged, f"{query}\n".encode())
                elif n % 50 == 49:
                    writer.flush()
                    lines = "".join(f"{name} {thread} {m}\n" for m in range(n - 49, n + 1))
                    os.write(acknowledged, lines.encode())

        threads = [threading.Thread(target=log, args=[thread]) for thread in range(3)]
        for thread in threads:
            thread.start()
        unknown = ledger.with_suffix(".unknown")
        while True:
            unknown.write_text(str(writer.statistics.unknown_outcomes))
            time.sleep(0.05)


def test_what_was_acknowledged_is_stored_once_whatever_is_killed(
    own: OwnServer, tmp_path: Path
) -> None:
    """kill -9 of the server (twice, in the middle of work), and of the client, three times over."""
    ledger, folder = tmp_path / "ledger", tmp_path / "spool"
    unknown = ledger.with_suffix(".unknown")
    outcomes = 0
    with hegel_store.connect(own.url()) as store:
        Steps(store)
    for round_ in range(3):
        client = Victim(log_until_killed, own.url(), folder, ledger, f"round {round_}")
        for _ in range(2):
            before = ledger.stat().st_size if ledger.exists() else 0
            wait_until(lambda: ledger.exists() and ledger.stat().st_size > before + 2000, 60)  # noqa: B023
            own.kill()
            time.sleep(0.3)
            own.start()
        before = ledger.stat().st_size
        wait_until(lambda: ledger.stat().st_size > before + 500, 60)  # noqa: B023
        outcomes += int(unknown.read_text())
        client.kill()
    with hegel_store.connect(own.url()) as store, store.step_writer(spool_dir=folder) as last:
        last.log(Steps(store)(query="last"))
        last.flush(timeout=60)
    acknowledged = set(ledger.read_text().splitlines())
    assert len(acknowledged) > 100
    assert outcomes >= 1, "no outcome was unknown, so nothing was shown"
    require_once(own.url(), acknowledged | {"last"})
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def stop(pid: int, number: signal.Signals) -> None:
    """The server and all its processes."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for each in [pid, *map(int, children)]:
        os.kill(each, number)


def test_a_server_that_is_stopped_and_not_gone_holds_nobody_up(
    own: OwnServer, tmp_path: Path
) -> None:
    """No answer, no error: what was sent counts as lost after the deadline, and is spooled."""
    with hegel_store.connect(own.url(), connect_timeout=2) as store:
        new = Steps(store)
        writer = store.step_writer(spool_dir=tmp_path, deadline=1.0)
        writer.log(new(query="before"), durable=True)
        pid = postmaster_pid(own.data)
        assert pid is not None
        stop(pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            writer.log(new(query="meanwhile"), durable=True)
            assert time.monotonic() - began < 20
            assert writer.statistics.spooled == 1
            assert writer.statistics.unknown_outcomes == 1
        finally:
            stop(pid, signal.SIGCONT)
        writer.flush(timeout=60)
        writer.close()
    require_once(own.url(), {"before", "meanwhile"})


def test_closing_in_front_of_a_stopped_server_takes_no_longer_than_it_is_given(
    own: OwnServer, tmp_path: Path
) -> None:
    with hegel_store.connect(own.url(), connect_timeout=2) as store:
        new = Steps(store)
        writer = store.step_writer(spool_dir=tmp_path)
        writer.log(new(query="before"), durable=True)
        pid = postmaster_pid(own.data)
        assert pid is not None
        stop(pid, signal.SIGSTOP)
        try:
            writer.log(new(query="meanwhile"))
            began = time.monotonic()
            writer.close(timeout=1.0)
            assert time.monotonic() - began < 20
        finally:
            stop(pid, signal.SIGCONT)
        assert counted(own.url()) == {"before": 1}
        with store.step_writer(spool_dir=tmp_path) as second:
            second.log(new(query="after"))
            second.flush(timeout=60)
    require_once(own.url(), {"before", "meanwhile", "after"})


@contextmanager
def file_limit(size: int) -> Iterator[None]:
    """What is started inside may write no file beyond it, in bytes."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)


def test_a_server_whose_disk_is_full_loses_nothing(own: OwnServer, tmp_path: Path) -> None:
    """It cannot extend its files, which have reached a limit: larger than a segment of WAL."""
    with hegel_store.connect(own.url()) as store:
        new = Steps(store)
        store.steps.log(new(query="before"))
        with file_limit(17 * 2**20):
            own.restart()
        writer = store.step_writer(spool_dir=tmp_path)
        for query in queries(600):
            writer.log(new(query=query, debate_trace={"noise": secrets.token_urlsafe(45_000)}))
        writer.log(new(query="durable"), durable=True)
        found = writer.statistics
        assert found.pending > 0, "the disk is full"
        assert found.set_aside == 0, "that is no fault of a step"
        own.restart()
        writer.flush(timeout=60)
        writer.close()
    require_once(own.url(), {"before", "durable", *queries(600)})


# --- a spool that is full


def fill_the_spool(store: Store, new: Steps, writer: StepWriter) -> int:
    logged = 0
    while True:
        try:
            writer.log(new(query=f"{logged}", predicted_answer="x" * 900))
        except SpoolFull:
            return logged
        logged += 1
        time.sleep(0.002)


def test_when_the_spool_is_full_too_the_writer_refuses(own: OwnServer, tmp_path: Path) -> None:
    with hegel_store.connect(own.url()) as store:
        new = Steps(store)
        options = {"spool_bytes": 20_000, "pending": 20}
        writer = store.step_writer(spool_dir=tmp_path, when_full="refuse", **options)  # type: ignore[arg-type]
        own.kill()
        logged = fill_the_spool(store, new, writer)
        found = writer.statistics
        assert found.spool_bytes <= 20_000
        assert found.pending == found.logged == logged
        own.start()
        writer.flush(timeout=60)
        writer.log(new(query="after"))
        writer.close()
    require_once(own.url(), {*queries(logged), "after"})
    assert sum(counted(own.url()).values()) == logged + 1


def test_when_the_spool_is_full_too_the_writer_waits(own: OwnServer, tmp_path: Path) -> None:
    with hegel_store.connect(own.url()) as store:
        new = Steps(store)
        with store.step_writer(spool_dir=tmp_path, spool_bytes=20_000, pending=20) as writer:
            own.kill()
            done = threading.Event()

            def log() -> None:
                for query in queries(200):
                    writer.log(new(query=query, predicted_answer="x" * 900))
                done.set()

            threading.Thread(target=log, daemon=True).start()
            assert not done.wait(2.0), "there is room for some forty"
            own.start()
            assert done.wait(60)
            writer.flush(timeout=60)
    require_once(own.url(), set(queries(200)))


def test_what_fits_nowhere_is_not_lost_in_silence(own: OwnServer, tmp_path: Path) -> None:
    with hegel_store.connect(own.url()) as store:
        new = Steps(store)
        writer = store.step_writer(spool_dir=tmp_path, spool_bytes=100)
        writer.log(new(), durable=True)
        own.kill()
        writer.log(new())
        with pytest.raises(SpoolFull, match="1 steps are lost"):
            writer.close(timeout=0.5)


# --- the end of a process, and its children

PROGRAM = """
import os, sys, time
import hegel_store
from hegel_store.models import NewStep
store = hegel_store.connect(sys.argv[1])
(profile,) = store.profiles.history("news", "qa", limit=1)
writer = store.step_writer(spool_dir=sys.argv[2])
def step(query):
    return NewStep(corpus_id="news", task_type="qa", old_profile_id=profile.id,
                   query=query, predicted_answer="")
for n in range(300):
    writer.log(step(str(n)))
"""

ENDINGS: dict[str, tuple[str, int]] = {
    "falls off the end": ("", 0),
    "sys.exit": ("sys.exit(3)", 3),
    "an error": ("raise ZeroDivisionError", 1),
    "SIGTERM": ("print('ready', flush=True); time.sleep(60)", 143),
    "SIGTERM at work": (
        "print('ready', flush=True)\nfor n in range(10**9): writer.log(step(f'more {n}'))",
        143,
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_process_that_ends_stores_what_it_has_logged(
    url: str, new: Steps, tmp_path: Path, ending: str
) -> None:
    code, expected = ENDINGS[ending]
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM + code, url, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    if "SIGTERM" in ending:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.2)
        process.terminate()
    assert process.wait(60) == expected
    require_once(url, set(queries(300)))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_an_application_that_handles_sigterm_goes_on_doing_so(
    url: str, new: Steps, tmp_path: Path
) -> None:
    code = """
import signal
writer.flush()
assert signal.getsignal(signal.SIGTERM) is mine
os.kill(os.getpid(), signal.SIGTERM)
writer.log(step("still here"))
"""
    before = "import signal\ndef mine(*_): print('mine', flush=True)\nsignal.signal(15, mine)\n"
    done = subprocess.run(
        [sys.executable, "-c", before + PROGRAM + code, url, str(tmp_path)],
        capture_output=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, b"mine\n"), done.stderr
    require_once(url, {*queries(300), "still here"})


def test_a_process_that_ends_while_the_database_is_away_spools(
    own: OwnServer, tmp_path: Path
) -> None:
    with hegel_store.connect(own.url()) as store:
        new = Steps(store)
    code = "print('ready', flush=True); sys.stdin.readline()\nwriter.log(step('last'))"
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM + code, own.url(), str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    wait_until(lambda: len(counted(own.url())) == 300)
    own.kill()
    process.communicate("\n", timeout=60)
    own.start()
    assert "last" not in counted(own.url())
    with hegel_store.connect(own.url()) as store, store.step_writer(spool_dir=tmp_path) as writer:
        writer.log(new(query="after"))
        writer.flush(timeout=60)
    require_once(own.url(), {*queries(300), "last", "after"})


def in_a_child(work: Callable[[], object]) -> int:
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_forked_child_has_a_writer_of_its_own(
    store: Store, url: str, new: Steps, tmp_path: Path, postgresql: psycopg.Connection
) -> None:
    """What the parent has logged, the parent stores: also what waits for a lock meanwhile."""
    with store.step_writer(spool_dir=tmp_path) as writer:
        writer.log(new(query="parent, before"), durable=True)
        postgresql.execute("LOCK TABLE hegel_training_steps IN SHARE ROW EXCLUSIVE MODE")
        for query in queries(30):
            writer.log(new(query=query))

        def work() -> None:
            assert writer.statistics.logged == 0
            writer.log(new(query="child"))
            writer.close()

        threading.Timer(1.0, postgresql.rollback).start()
        assert in_a_child(work) == 0
        assert counted(url)["child"] == 1
        writer.flush(timeout=30)
        writer.log(new(query="parent, after"))
    require_once(url, {"child", "parent, before", "parent, after", *queries(30)})
    assert sum(counted(url).values()) == 33


def test_a_child_leaves_the_parents_spool_alone(own: OwnServer, tmp_path: Path) -> None:
    with hegel_store.connect(own.url()) as store:
        new = Steps(store)
        writer = store.step_writer(spool_dir=tmp_path)
        writer.log(new(query="first"), durable=True)
        own.kill()
        writer.log(new(query="parent"), durable=True)

        def work() -> None:
            writer.log(new(query="child"), durable=True)
            assert writer.statistics.spooled == 1
            writer.close(timeout=0.5)

        assert in_a_child(work) == 0
        assert writer.statistics.spooled == 1
        own.start()
        writer.flush(timeout=60)
        writer.close()
        assert "child" not in counted(own.url()), "that is for the next writer"
        with store.step_writer(spool_dir=tmp_path) as second:
            second.log(new(query="second"))
            second.flush(timeout=60)
    require_once(own.url(), {"first", "parent", "child", "second"})


def test_two_writers_take_what_is_left_behind_once(own: OwnServer, tmp_path: Path) -> None:
    with hegel_store.connect(own.url()) as store:
        new = Steps(store)
        own.kill()
        for n in range(3):
            with store.step_writer(spool_dir=tmp_path) as writer:
                writer.log(new(query=f"left {n}"), durable=True)
        own.start()
        writers = [store.step_writer(spool_dir=tmp_path) for _ in range(2)]
        for n, writer in enumerate(writers):
            writer.log(new(query=f"own {n}"))
        for writer in writers:
            writer.flush(timeout=60)
            writer.close()
    require_once(own.url(), {"left 0", "left 1", "left 2", "own 0", "own 1"})


def test_a_flush_is_told_that_its_writer_was_closed(own: OwnServer, tmp_path: Path) -> None:
    errors: list[Exception] = []
    with hegel_store.connect(own.url()) as store:
        new = Steps(store)
        writer = store.step_writer(spool_dir=tmp_path)
        own.kill()
        step_id = writer.log(new())
        assert isinstance(step_id, UUID)

        def flush() -> None:
            try:
                writer.flush()
            except Exception as error:
                errors.append(error)

        waiting = threading.Thread(target=flush)
        waiting.start()
        time.sleep(0.3)
        writer.close(timeout=1.0)
        waiting.join(20)
    assert [type(error) for error in errors] == [WriterClosed]
