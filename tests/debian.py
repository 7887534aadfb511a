"""A server with the extensions of postgresql-contrib, which the embedded one has not."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

DEBIAN = Path("/usr/lib/postgresql/15/bin")


@contextmanager
def debian_server(settings: str = "") -> Iterator[str]:
    """The folder of a running server's socket; the test is skipped where it is not installed.

    ``settings`` are options of the server: "-c name=value ...".
    """
    if not (DEBIAN / "initdb").exists():
        # .ci/run installs it and takes no skip; a developer's machine may lack it.
        pytest.skip(f"Debian's PostgreSQL 15 is not installed in {DEBIAN}")
    # No server runs as root.
    owner = {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="hegel15"))
    folder.chmod(0o777)
    data = folder / "data"

    def call(*arguments: object) -> None:
        done = subprocess.run(
            [*map(str, arguments)], cwd=folder, capture_output=True, text=True, **owner
        )
        assert done.returncode == 0, done.stdout + done.stderr

    try:
        call(
            DEBIAN / "initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-N"
        )
        start = f"-k {folder} -c listen_addresses='' -c fsync=off {settings}"
        log = folder / "log"
        call(DEBIAN / "pg_ctl", "-D", data, "-w", "-l", log, "-o", start, "start")
        try:
            yield str(folder)
        finally:
            call(DEBIAN / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def counting_server() -> Iterator[str]:
    """The address of a database on such a server that counts its statements, in a schema with an
    odd name, and has a role ``worker``."""
    with debian_server("-c shared_preload_libraries=pg_stat_statements") as folder:
        address = f"postgresql://postgres@/postgres?host={folder}"
        with psycopg.connect(address, autocommit=True) as admin:
            admin.execute('CREATE SCHEMA "a:b"')
            admin.execute('CREATE EXTENSION pg_stat_statements SCHEMA "a:b"')
            admin.execute("CREATE ROLE worker LOGIN")
        yield address
