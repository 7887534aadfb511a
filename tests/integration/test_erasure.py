"""A corpus is erased wholly, and nothing of another one."""

from __future__ import annotations

import json
import threading
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

import hegel_store
from hegel_store.archive import export_steps, read_archive
from hegel_store.cli import app
from hegel_store.embeddings import CachedEmbedder, MemoryCache
from hegel_store.errors import InvalidInput, PermissionDenied, TransactionConflict
from hegel_store.journal import spool_folder
from hegel_store.journal.spool import own
from tests.embedders import HashingEmbedder
from tests.everything import connected, files_with, fill, of_corpus, rows_with, spool
from tests.samples import fact, rows
from tests.victims import Victim, die_at

GONE, KEPT = "zqxjk gone", "other"
MARK, OTHER = "zqxjkv", "wvutsr"


@pytest.fixture
def filled(url):
    with connected(url) as store:
        yield store


def erased(url: str, batch: int = 1000, killed_at: int = 0) -> None:
    if killed_at:
        die_at(killed_at, "commit")
    with hegel_store.connect(url) as store:
        store.erasure(GONE, batch=batch).run()


def test_nothing_of_it_is_left_anywhere_and_another_corpus_is_as_it_was(filled, tmp_path):
    waiting = [*fill(filled, GONE, MARK), *fill(filled, KEPT, OTHER)]
    root = spool_folder(filled.address, tmp_path)
    spool(root, waiting)
    spool(root, waiting[:3])
    archived = tmp_path / "archived"
    archived.mkdir()
    for ending in ("parquet", "jsonl", "jsonl.gz"):
        export_steps(filled, archived / f"steps.{ending}")
    before = of_corpus(filled, GONE)
    assert all(before.values()), [name for name, found in before.items() if not found]
    assert "hegel_training_steps_2024_06" in before
    kept = of_corpus(filled, KEPT)
    assert all(kept.values())
    vectors = rows(filled, "SELECT count(*) FROM hegel_embedding_cache")[0][0]
    identifiers = [row[0] for row in rows(
        filled, "SELECT id FROM hegel_prompt_profiles WHERE corpus_id = 'zqxjk gone' UNION ALL"
        " SELECT id FROM hegel_facts WHERE corpus_id = 'zqxjk gone'")]  # fmt: skip

    erasing = filled.erasure(
        GONE, spool_dir=tmp_path, archives=archived, rewrite_archives=True, batch=3
    )
    plan = erasing.plan()
    assert plan.counts["hegel_training_steps"] == 6
    assert (plan.spool.steps, plan.spool.dead_letters, plan.spool.busy) == (6, 3, [])
    assert set(plan.archives.values()) == {6}
    assert list(plan.scopes) == [f"other {MARK}", f"qa {MARK}"]
    assert of_corpus(filled, GONE) == before
    done = erasing.run()

    for trace in (MARK, GONE, *map(str, identifiers)):
        assert rows_with(filled, trace) == {}, trace
        assert files_with(tmp_path, trace) == []
    assert of_corpus(filled, KEPT) == kept
    assert len(files_with(root, OTHER)) == 2  # a segment and the dead letters
    assert [path.name for path in sorted(archived.iterdir())] == [
        "steps.jsonl", "steps.jsonl.gz", "steps.parquet",
    ]  # fmt: skip
    for path in archived.iterdir():
        assert {step.corpus_id for step in read_archive(path)} == {KEPT}
    assert not any(of_corpus(filled, GONE).values())

    # Rows that triggers make of deletions are counted as well, so that there may be more.
    counts = dict(done.receipt.counts)
    for name, there in plan.counts.items():
        assert counts[name] >= there or name == "hegel_profile_parents"
    assert counts["hegel_facts"] == plan.counts["hegel_facts"]
    assert (done.spool.steps, done.spool.dead_letters) == (6, 3)
    left = rows(filled, "SELECT count(*) FROM hegel_embedding_cache")[0][0]
    assert left == vectors - counts["hegel_embedding_cache"]
    assert 0 < left < vectors
    assert done.receipt.finished_at > done.receipt.begun_at
    assert done.receipt.erased_by == "postgres"
    again = filled.erasure(GONE, spool_dir=tmp_path).run().receipt
    assert (again.counts, again.id != done.receipt.id) == ({}, True)


def test_a_table_that_nobody_has_thought_of_is_emptied_too(filled):
    """It is the catalog that is asked, so a table of a later revision needs no entry anywhere."""
    fill(filled, GONE, MARK)
    with filled.engine.begin() as connection:
        connection.execute(text(
            "CREATE TABLE hegel_later (corpus_id text, fact_id uuid, note text,"
            " FOREIGN KEY (corpus_id, fact_id) REFERENCES hegel_facts (corpus_id, id))"
        ))  # fmt: skip
        connection.execute(
            text("INSERT INTO hegel_later SELECT corpus_id, id, 'zqxjkv' FROM hegel_facts")
        )
    done = filled.erasure(GONE).run()
    assert done.receipt.counts["hegel_later"] == done.receipt.counts["hegel_facts"]
    assert rows_with(filled, MARK).keys() <= {"pg_stats"}  # of tables that are empty now, on 16
    if int(filled.check().server_version.split(".")[0]) >= 18:
        assert rows_with(filled, MARK) == {}


def test_a_run_that_is_killed_is_gone_on_with(filled, url):
    fill(filled, GONE, MARK)
    plan = filled.erasure(GONE).plan()
    filled.close()
    for killed_at in (3, 9, 20):
        assert Victim(erased, url, 3, killed_at).outcome() == -9
    with hegel_store.connect(url) as store:
        (unfinished,) = rows(store, "SELECT finished_at, counts FROM hegel_erasures")
        assert unfinished[0] is None
        assert unfinished[1]
        erased(url, batch=3)
        assert not any(of_corpus(store, GONE).values())
        (receipt,) = store.erasure(GONE).receipts()
        assert receipt.counts["hegel_facts"] == plan.counts["hegel_facts"]
        assert receipt.counts["hegel_prompt_profiles"] == plan.counts["hegel_prompt_profiles"]


def test_what_arrives_meanwhile_is_swept_and_what_is_not_committed_is_waited_for(store):
    profile = store.profiles.append(GONE, "qa", {"mark": MARK})
    store.facts.add_many([fact(f"{MARK} {n}", GONE, profile_id=profile.id) for n in range(50)])
    stop = threading.Event()

    def write() -> None:
        for number in range(40):
            if stop.wait(0.01):
                return
            store.facts.add_many([fact(f"{MARK} later {number}", GONE)])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        store.erasure(GONE, batch=10).run()
    finally:
        writer.join()
    # What came after the last look came after the erasure; another one takes that.
    store.erasure(GONE).run()
    assert rows_with(store, MARK).keys() <= {"pg_stats"}

    with psycopg.connect(store.engine.url.render_as_string(False).replace("+psycopg", "")) as open_:
        open_.execute("INSERT INTO hegel_facts (corpus_id, content) VALUES (%s, %s)", [GONE, MARK])
        with pytest.raises(TransactionConflict, match="has been open"):
            store.erasure(GONE, patience=0.3).run()
        open_.commit()
    done = store.erasure(GONE).run()
    assert done.receipt.counts["hegel_facts"] == 1
    assert not any(of_corpus(store, GONE).values())


def test_rows_that_keep_arriving_are_told_of(store):
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            store.facts.add_many([fact(f"{MARK} {uuid4()}", GONE)])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with pytest.raises(TransactionConflict, match="keep arriving"):
            store.erasure(GONE, patience=0.2).run()
    finally:
        stop.set()
        writer.join()
    store.erasure(GONE).run()
    assert not any(of_corpus(store, GONE).values())


def test_a_role_that_does_not_own_the_tables_erases_nothing(store, url):
    store.profiles.append(GONE, "qa", {"mark": MARK})
    before = of_corpus(store, GONE)
    with store.engine.begin() as connection:
        connection.execute(text("CREATE ROLE hegel_app LOGIN"))
        connection.execute(
            text("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO hegel_app")
        )
    try:
        with hegel_store.connect(url.replace("postgres@", "hegel_app@")) as app_role:
            with pytest.raises(PermissionDenied, match="owner"):
                app_role.erasure(GONE).run()
            assert rows(store, "SELECT count(*) FROM hegel_erasures") == [(0,)]
            with pytest.raises(psycopg.errors.InsufficientPrivilege), app_role.engine.begin() as c:
                c.connection.driver_connection.execute("DELETE FROM hegel_prompt_profiles")
        assert of_corpus(store, GONE) == before
    finally:
        with store.engine.begin() as connection:
            connection.execute(text("DROP OWNED BY hegel_app"))
            connection.execute(text("DROP ROLE hegel_app"))


def test_answers_and_vectors_in_memory_are_forgotten(url):
    """Also those of another process, which sees that the corpus counts anew."""
    memory = MemoryCache()
    with (
        hegel_store.connect(url, embedder=CachedEmbedder(HashingEmbedder(), memory)) as store,
        hegel_store.connect(url, embedder=HashingEmbedder(), result_cache=True) as other,
    ):
        store.facts.add_many([fact(f"{MARK} hedgehog", GONE), fact("badger", KEPT)])
        assert len(other.facts.search("hedgehog", corpus_id=GONE)) == 1
        assert memory.statistics.entries == 2
        store.erasure(GONE).run()
        assert memory.statistics.entries == 1
        # As many writes as before, in a corpus of the same name.
        store.facts.add_many([fact("a new hedgehog", GONE)])
        (hit,) = other.facts.search("hedgehog", corpus_id=GONE)
        assert hit.fact.content == "a new hedgehog"
        store.erasure(GONE).run()
        assert list(other.facts.search("hedgehog", corpus_id=GONE)) == []


def test_profiles_that_are_older_than_what_they_are_based_on_go_as_well(store):
    """As rows by hand may be: a batch is closed under what is based on it."""
    chain = [store.profiles.append(GONE, "qa", {"n": 0})]
    for number in range(1, 7):
        chain.append(store.profiles.append(GONE, "qa", {"n": number}, base=chain[-1]))
    with store.engine.begin() as connection:
        connection.execute(text(
            "INSERT INTO hegel_prompt_profiles (corpus_id, id, source, base_profile_id) VALUES"
            " (:corpus, '00000000-0000-7000-8000-000000000001', '{}', :base)"
        ), {"corpus": GONE, "base": chain[-1].id})  # fmt: skip
    assert store.erasure(GONE, batch=2).run().receipt.counts["hegel_prompt_profiles"] == 8


def test_the_command(url, tmp_path):
    with hegel_store.connect(url) as store:
        profile = store.profiles.append("o'hara", "qa", {"mark": MARK})
        store.facts.add_many([fact(MARK, "o'hara", profile_id=profile.id)])
        alive = own(spool_folder(store.address, tmp_path), 2**20)
    call = ["erase", "o'hara", "--spool-dir", str(tmp_path), "--url", url]
    planned = CliRunner().invoke(app, [*call, "--dry-run"])
    assert planned.exit_code == 0, planned.output
    assert "cannot be undone" in planned.stdout
    assert "hegel-store export-scope" in planned.stdout
    told = json.loads(CliRunner().invoke(app, [*call, "--dry-run", "--json"]).stdout)
    assert told["counts"]["hegel_facts"] == 1
    refused = CliRunner().invoke(app, call, input="n\n")
    assert refused.exit_code == 1
    assert isinstance(CliRunner().invoke(app, [*call, "--json"]).exception, InvalidInput)
    with hegel_store.connect(url) as store:
        assert len(store.facts.search(MARK, corpus_id="o'hara")) == 1
    done = CliRunner().invoke(app, [*call, "--yes"])
    assert done.exit_code == 1, "a writer is alive"
    assert "of a writer that is alive" in done.stdout
    alive.close()
    last = CliRunner().invoke(app, [*call, "--yes", "--json"])
    assert last.exit_code == 0, last.output
    assert json.loads(last.stdout)["receipt"]["counts"] == {}
    with hegel_store.connect(url) as store:
        assert len(store.erasure("o'hara").receipts()) == 2
