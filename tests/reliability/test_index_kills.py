"""A rebuild of a vector index that is killed anywhere: searches go on, and it can be run again."""

from __future__ import annotations

import time

import psycopg
import pytest
from sqlalchemy import text

import hegel_store
from hegel_store.errors import IndexRefused
from hegel_store.operations import vector_indexes as care
from hegel_store.store import Store
from tests.clusters import INDEX, QUERIES, Clustered, clustered, load
from tests.servers import wait_until
from tests.victims import Victim, die_at

pytestmark = pytest.mark.slow

WANTED = {"m": 4, "ef_construction": 16}
BEFORE, AFTER = "before_cursor_execute", "after_cursor_execute"
PHASES = {
    "before the build": (1, BEFORE, "CREATE INDEX"),
    "after the build": (1, AFTER, "CREATE INDEX"),
    "while it measures": (9, BEFORE, "WITH settings"),
    "in the swap, once renamed": (1, AFTER, "RENAME"),
    "in the swap, not committed": (1, BEFORE, "COMMIT"),
}


@pytest.fixture
def filled(store: Store) -> Store:
    load(store, clustered(150, seed=1))
    return store


def rebuild(url: str, number: int = 0, moment: str = "", words: str = "") -> None:
    """Called in a process of its own, which dies at the ``number``-th of these moments."""
    if number:
        die_at(number, moment, words=words)
    with hegel_store.connect(url) as store:
        care.rebuild(
            store.engine, INDEX, **WANTED, recall=0.0, latency_ratio=1000.0, sample=3, seed=1
        )


def there(store: Store) -> dict[str, tuple[str, bool, int]]:
    return {
        each.name: (each.role, each.valid, each.parameters["m"])
        for each in care.inventory(store.engine)
        if each.column == "embedding_384"
    }


@pytest.mark.parametrize("phase", PHASES)
def test_what_was_killed_is_gone_on_with(filled, url, phase):
    victim = Victim(rebuild, url, *PHASES[phase])
    assert victim.outcome() == -9
    wait_until(lambda: not _at_work(filled))
    assert there(filled)[INDEX][:2] == ("serving", True)
    assert not any(role == "hidden" for role, _, _ in there(filled).values())
    _answers_all(url)
    before = there(filled).get(f"{INDEX}_beside")
    done = care.rebuild(
        filled.engine, INDEX, **WANTED, recall=0.0, latency_ratio=1000.0, sample=3, seed=1
    )
    assert done.swapped
    # What was built to the end is not built again.
    assert (done.build_seconds is None) is (before is not None)
    assert there(filled) == {
        INDEX: ("serving", True, WANTED["m"]),
        f"{INDEX}_kept": ("kept", True, 16),
    }
    _answers_all(url)
    care.roll_back(filled.engine, INDEX)
    assert there(filled)[INDEX] == ("serving", True, 16)


def test_a_build_whose_client_is_gone_ends_and_its_rest_is_dropped(filled, url):
    with filled.engine.connect() as writer, psycopg.connect(url, autocommit=True) as watcher:
        # Which the build waits for.
        writer.execute(text("INSERT INTO hegel_facts (corpus_id, content) VALUES ('c', 'open')"))
        victim = Victim(rebuild, url)
        building = "SELECT FROM pg_stat_progress_create_index WHERE relid = 'hegel_facts'::regclass"
        wait_until(lambda: watcher.execute(building).fetchall())
        with pytest.raises(IndexRefused, match="somebody is changing them"):
            care.rebuild(filled.engine, INDEX, **WANTED)
        victim.kill()
        started = time.monotonic()
        wait_until(lambda: not watcher.execute(building).fetchall())
        assert time.monotonic() - started < 30
        writer.rollback()
    assert there(filled)[f"{INDEX}_beside"][:2] == ("beside", False)
    wait_until(lambda: not _at_work(filled))
    assert care.drop_kept(filled.engine, INDEX)
    assert there(filled) == {INDEX: ("serving", True, 16)}


def _at_work(store: Store) -> bool:
    """Whether the server still holds the lock of a process that was killed."""
    with store.engine.connect() as connection:
        return bool(
            connection.scalar(
                text(
                    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
                    " AND database = (SELECT oid FROM pg_database"
                    " WHERE datname = current_database())"
                )
            )
        )


def _answers_all(url: str) -> None:
    with hegel_store.connect(url, embedder=Clustered()) as asking:
        assert len(asking.facts.search(QUERIES[0], mode="vector", limit=150)) == 150
