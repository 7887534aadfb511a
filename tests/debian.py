"""A server with the extensions of postgresql-contrib, which the embedded one has not."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

DEBIAN = Path("/usr/lib/postgresql/15/bin")


@contextmanager
def debian_server() -> Iterator[str]:
    """The folder of a running server's socket; the test is skipped where it is not installed."""
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
        start = f"-k {folder} -c listen_addresses='' -c fsync=off"
        log = folder / "log"
        call(DEBIAN / "pg_ctl", "-D", data, "-w", "-l", log, "-o", start, "start")
        try:
            yield str(folder)
        finally:
            call(DEBIAN / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
