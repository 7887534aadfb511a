"""A real PgBouncer in transaction mode, in front of a test's server."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.conftest import Server
from tests.servers import wait_until

BINARY = shutil.which("pgbouncer", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")

# .ci/run installs it and takes no skip; a developer's machine may lack it.
needs_pgbouncer = pytest.mark.skipif(BINARY is None, reason="pgbouncer is not installed")

PORT = 6432
SERVER_CONNECTIONS = 2

CONFIGURATION = """\
[databases]
* = host={server} port=5432 {user}
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
listen_port = {port}
auth_type = {authentication}
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = {connections}
logfile = {folder}/log
"""


@contextmanager
def pooler(server: Server, url: str, users: Sequence[str] = ()) -> Iterator[str]:
    """The address of the database ``url`` through the pooler, which lends all clients two server
    connections; or two to the clients of each user, where ``users`` may connect by their names."""
    folder = Path(tempfile.mkdtemp(prefix="hegelb"))
    configuration = folder / "pgbouncer.ini"
    configuration.write_text(
        CONFIGURATION.format(
            server=server.host,
            folder=folder,
            port=PORT,
            connections=SERVER_CONNECTIONS,
            user="" if users else "user=postgres",
            authentication="trust" if users else "any",
        ),
        encoding="utf-8",
    )
    known = "".join(f'"{name}" ""\n' for name in ("postgres", *users))
    (folder / "users").write_text(known, encoding="utf-8")
    user = None
    if os.geteuid() == 0:  # it refuses to run as root, and only the server's user gets in
        user = Path(server.host).owner()
        shutil.chown(folder, user)
    process = subprocess.Popen(
        [str(BINARY), str(configuration)], user=user, stderr=subprocess.DEVNULL
    )
    database = url.partition("?")[0].rpartition("/")[2]
    pooled = f"postgresql://postgres@/{database}?host={folder}&port={PORT}"
    try:
        wait_until(lambda: process.poll() is not None or _answers(pooled))
        assert process.poll() is None, (folder / "log").read_text()
        yield pooled
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
