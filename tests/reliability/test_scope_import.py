"""An import is killed at every statement, and others write to its scopes meanwhile."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import hegel_store
from hegel_store.errors import ImportConflict
from hegel_store.store import Store
from hegel_store.transfer import export_scope, import_scope, importing
from hegel_store.transfer.tables import TABLES
from tests.lineages import everything, imagine
from tests.samples import rows
from tests.victims import Victim, die_at


@pytest.fixture
def other(other_url: str) -> Iterator[Store]:
    with hegel_store.connect(other_url, pool="heavy") as connected:
        yield connected


def import_and_die(url: str, path: Path, killed_at: int, moment: str) -> None:
    with hegel_store.connect(url) as store:
        die_at(killed_at, moment)
        import_scope(store, path)


def export_and_die(url: str, path: Path, killed_at: int) -> None:
    with hegel_store.connect(url) as store:
        die_at(killed_at, "after_cursor_execute")
        export_scope(store, "news", "qa", path)


def held(store: Store) -> int:
    return sum(
        rows(store, f"SELECT count(*) FROM {each.table.name}")[0][0]  # type: ignore[misc]
        for each in TABLES.values()
    )


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["after_cursor_execute", "commit"])
def test_killed_anywhere_it_leaves_nothing_and_can_be_repeated(
    store: Store,
    other: Store,
    other_url: str,
    tmp_path: Path,
    report: Callable[[str], None],
    moment: str,
) -> None:
    imagine(store)
    path = tmp_path / "scope.jsonl"
    export_scope(store, "news", "qa", path)
    killed_at = 1
    while Victim(import_and_die, other_url, path, killed_at, moment).outcome() != 0:
        assert held(other) == 0, f"killed at {killed_at}"
        killed_at += 1 if moment == "commit" else 7
    report(f"an import was killed at {moment} {killed_at} times or statements, leaving nothing")
    assert killed_at > (21 if moment == "after_cursor_execute" else 1)
    assert everything(other) == everything(store)
    assert sum(import_scope(other, path).added.values()) == 0


@pytest.mark.slow
def test_an_export_that_is_killed_leaves_the_file_that_was_there(
    store: Store, url: str, tmp_path: Path
) -> None:
    imagine(store)
    path = tmp_path / "scope.jsonl"
    path.write_text("before")
    for killed_at in (4, 9):
        assert Victim(export_and_die, url, path, killed_at).outcome() == -signal.SIGKILL
        assert path.read_text() == "before"
    export_scope(store, "news", "qa", path)
    assert [each.name for each in tmp_path.iterdir()] == ["scope.jsonl"]


def test_appenders_queue_behind_an_import_and_go_on_after_it(
    store: Store, other: Store, tmp_path: Path
) -> None:
    """The scope is there, and appended to by four threads while a longer one is imported."""
    imagine(store)
    early, late = tmp_path / "early.jsonl", tmp_path / "late.jsonl"
    export_scope(store, "news", "qa", early)
    import_scope(other, early)
    for number in range(300):
        store.profiles.append("news", "qa", {"n": number})
    export_scope(store, "news", "qa", late)
    start = threading.Barrier(5)

    def append(worker: int) -> list[int]:
        start.wait()
        return [
            other.profiles.append("news", "qa", {"w": worker, "n": n}).version for n in range(15)
        ]

    def bring() -> str:
        start.wait()
        try:
            import_scope(other, late)
        except ImportConflict:
            return "too late"
        return "done"

    with ThreadPoolExecutor(5) as pool:
        bringing = pool.submit(bring)
        versions = {made for each in pool.map(append, range(4)) for made in each}
        outcome = bringing.result()
    here = [profile.version for profile in other.profiles.history("news", "qa")]
    assert here == list(range(len(here), 0, -1)), "none twice, none skipped"
    assert len(versions) == 60
    assert versions <= set(here)
    assert len(here) == 3 + 60 + (300 if outcome == "done" else 0)


def test_an_appender_that_comes_in_the_middle_waits_for_the_end(
    store: Store, other: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imagine(store)
    path = tmp_path / "scope.jsonl"
    export_scope(store, "news", "qa", path)
    stored = importing._store
    with ThreadPoolExecutor(1) as pool:
        waiting = []

        def store_while_others_append(connection: object) -> object:
            waiting.append(pool.submit(other.profiles.append, "news", "qa", {"late": True}))
            with pytest.raises(TimeoutError):
                waiting[0].result(timeout=0.5)
            return stored(connection)  # type: ignore[arg-type]

        monkeypatch.setattr(importing, "_store", store_while_others_append)
        import_scope(other, path)
        assert waiting[0].result(timeout=30).version == 4


def test_two_imports_of_a_file_store_it_once(store: Store, other: Store, tmp_path: Path) -> None:
    imagine(store)
    path = tmp_path / "scope.jsonl"
    export_scope(store, "news", "qa", path)
    start = threading.Barrier(4)

    def bring(_: int) -> int:
        start.wait()
        return sum(import_scope(other, path).added.values())

    with ThreadPoolExecutor(4) as pool:
        added = sorted(pool.map(bring, range(4)))
    assert added == [0, 0, 0, 17]
    assert everything(other) == everything(store)
