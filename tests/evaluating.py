"""Evaluations beside the work of a test: in another process, and in this one."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import hegel_store

HOLDER = """
import sys, time, hegel_store
from hegel_store.connector import Connector
from hegel_store.evaluation_flag import EvaluationFlag
store = hegel_store.connect(sys.argv[1])
with EvaluationFlag(Connector(store.address, store.settings), lease=float(sys.argv[2])).raised():
    print("raised", flush=True)
    time.sleep(600)
"""


@contextmanager
def holder(url: str, lease: float = 30.0) -> Iterator[subprocess.Popen[str]]:
    """Another process that evaluates."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, url, str(lease)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "raised\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def while_evaluated(
    url: str, work: Callable[[], object], seconds: float = 1.0
) -> tuple[bool, bool]:
    """Whether the work had ended before the evaluation did, and whether it did afterwards."""
    thread = threading.Thread(target=work, daemon=True)
    with hegel_store.connect(url) as evaluation, evaluation.evaluating():
        thread.start()
        thread.join(seconds)
        early = not thread.is_alive()
    thread.join(20)
    return early, not thread.is_alive()
