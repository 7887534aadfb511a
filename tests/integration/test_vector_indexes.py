"""Vector indexes: what there is, building one anew, and going back."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import text

import hegel_store
from hegel_store.embeddings.protocol import maker_of
from hegel_store.errors import IndexRefused, InvalidInput, NotFound, TransactionConflict
from hegel_store.models import FactFilter
from hegel_store.models.spaces import Place as Slot
from hegel_store.operations import vector_indexes as care
from hegel_store.operations.vector_indexes import swapping
from hegel_store.operations.vector_indexes.catalog import Place, place_of
from hegel_store.operations.vector_indexes.measuring import bench
from hegel_store.repositories.recall import measure_recall
from hegel_store.search.statement import Search, build
from hegel_store.store import Store
from tests.clusters import INDEX, QUERIES, Clustered, clustered, fill, index, load
from tests.diagnoses import diagnosed
from tests.plans import explain, nodes
from tests.samples import rows

KEPT, BESIDE = f"{INDEX}_kept", f"{INDEX}_beside"
POOR, GOOD = {"m": 4, "ef_construction": 16}, {"m": 16, "ef_construction": 64}
LOOSE = {"recall": 0.0, "latency_ratio": 1000.0, "sample": 4, "seed": 1}


@pytest.fixture
def poor(store: Store) -> Store:
    """Nine thousand clustered facts under a poor index."""
    fill(store)
    index(store, **POOR)
    return store


@pytest.fixture
def small(store: Store) -> Store:
    """A hundred facts under the index that the revisions have made."""
    load(store, clustered(100, seed=1))
    return store


@pytest.fixture
def middling(store: Store) -> Store:
    """Fifteen hundred facts under an index like that of the revisions."""
    index(store, None)
    load(store, clustered(1500, seed=1))
    index(store, **GOOD)
    return store


def vector_search(**options: object) -> Search:
    return Search(
        query="",
        corpus_id=None,
        limit=10,
        mode="vector",
        filters=FactFilter(),
        embedding=Clustered().embed(QUERIES[:1])[0],
        place=Slot("fast", "embedding_384", maker_of(Clustered())),
        **options,
    )


def used_by_search(store: Store) -> set[str]:
    """The vector indexes that the plan of a search names."""
    statement, parameters = build(vector_search())
    with store.engine.begin() as connection:
        plan = explain(connection, statement, parameters)
    return {node["Index Name"] for node in nodes(plan) if "embedding" in node.get("Index Name", "")}


def setting_of_search(store: Store, name: str, **options: object) -> int:
    """What this setting was for a search, at the end of its transaction."""
    statement, parameters = build(vector_search(**options))
    with store.engine.begin() as connection:
        connection.execute(statement, parameters).all()
        return int(connection.scalar(text("SELECT current_setting(:name)"), {"name": name}))


def place(store: Store) -> Place:
    with store.engine.connect() as connection:
        return place_of(connection, INDEX)


def there(store: Store) -> dict[str, tuple[str, bool, dict[str, int]]]:
    """Role, validity and parameters of the indexes of the column."""
    return {
        each.name: (each.role, each.valid, dict(each.parameters))
        for each in care.inventory(store.engine)
        if each.column == "embedding_384"
    }


def test_a_denser_graph_finds_more_takes_its_place_and_goes_back(poor, url):
    """From m = 4 and ef_construction = 16 to 16 and 64."""
    progress = []
    done = care.rebuild(
        poor.engine,
        INDEX,
        **GOOD,
        seed=1,
        sample=20,
        recall=0.8,  # no two builds are the same
        latency_ratio=1000,
        on_progress=progress.append,
    )
    assert (done.swapped, done.refused, done.kept) == (True, None, KEPT)
    old, new = done.measured.indexes
    assert (done.measured.queries, done.measured.queries_from) == (20, "stored vectors, moved")
    assert new.recall > old.recall + 0.05
    assert new.table[10][20] > old.table[10][20] + 0.1
    assert all(0 < each.p50 <= each.p95 for each in done.measured.indexes)
    assert any("building index" in at.phase for at in progress)
    assert there(poor) == {INDEX: ("serving", True, GOOD), KEPT: ("kept", True, POOR)}
    # The poor one is cheaper by pgvector's estimate, and is not taken all the same.
    assert used_by_search(poor) == {INDEX}
    report = measure_recall(poor.engine, embedder=Clustered(), queries=QUERIES, ef_search=[20])
    assert report.indexes == {INDEX: "m=16, ef_construction=64"}
    assert {point.index for point in report.points} == {INDEX}

    # A recall that is asked for sets ef_search by what was measured of the index that serves.
    assert setting_of_search(poor, "hnsw.ef_search") == 100
    assert setting_of_search(poor, "hnsw.ef_search", recall=0.8) == min(
        (ef for ef, found in new.table[10].items() if found >= 0.8), default=640
    )
    with hegel_store.connect(url, embedder=Clustered()) as asking:
        assert len(asking.facts.search(QUERIES[0], mode="vector", recall=0.9)) == 10
        assert len(asking.facts.search(QUERIES[0], recall=0.9)) == 10

    undone = care.roll_back(poor.engine, INDEX)
    assert len(undone) == 4
    assert there(poor) == {INDEX: ("serving", True, POOR), KEPT: ("kept", True, GOOD)}
    assert used_by_search(poor) == {INDEX}
    # The one that serves now was never measured.
    assert setting_of_search(poor, "hnsw.ef_search", recall=0.9) == 100
    worse = measure_recall(poor.engine, embedder=Clustered(), queries=QUERIES, ef_search=[20])
    assert worse.points[0].recall < report.points[0].recall - 0.05

    care.roll_back(poor.engine, INDEX)
    assert there(poor)[INDEX] == ("serving", True, GOOD)
    assert care.drop_kept(poor.engine, INDEX, dry_run=True) == care.drop_kept(poor.engine, INDEX)
    assert there(poor) == {INDEX: ("serving", True, GOOD)}
    with pytest.raises(NotFound, match="kept index"):
        care.roll_back(poor.engine, INDEX)


def test_an_index_that_is_not_as_good_is_refused_and_dropped(middling):
    for asked, why in (
        ({"recall": 0.99}, r"its recall@10 is 0\.\d+, below 0\.99"),
        ({"recall": 0.0, "latency_ratio": 0.0001}, r"more than 0\.0001 times"),
    ):
        done = care.rebuild(
            middling.engine, INDEX, m=2, ef_construction=4, sample=5, seed=1, **asked
        )
        assert (done.swapped, done.kept) == (False, None)
        assert re.search(why, done.refused), done.refused
        assert there(middling) == {INDEX: ("serving", True, GOOD)}
        assert place(middling).searched == "plain"


def test_memory_that_does_not_suffice_is_warned_of_before_and_by_the_server(middling):
    done = care.rebuild(middling.engine, INDEX, **GOOD, maintenance_work_mem="1MB", **LOOSE)
    before, *said = done.warnings
    assert "does not fit into a maintenance_work_mem of 1 MiB" in before
    assert any("no longer fits into maintenance_work_mem" in each for each in said)


def test_every_rebuild_takes_the_other_form_and_its_searches_with_it(small):
    forms = []
    for m in (4, 6, 8):
        done = care.rebuild(small.engine, INDEX, m=m, ef_construction=16, drop_old=True, **LOOSE)
        assert done.swapped
        (serving,) = [each for each in care.inventory(small.engine) if each.name == INDEX]
        assert serving.role == "serving"
        forms.append((serving.form, serving.parameters["m"]))
    assert forms == [("subvector", 4), ("plain", 6), ("subvector", 8)]


def test_the_doctor_knows_a_rebuilt_index_and_the_one_that_was_kept(small, url):
    care.rebuild(small.engine, INDEX, m=4, ef_construction=16, **LOOSE)
    found = diagnosed(url)
    (kept,) = found["index-kept"]
    assert (kept.subject, kept.remedy) == (KEPT, f"hegel-store index drop-old {INDEX}")
    care.drop_kept(small.engine, INDEX)
    found = diagnosed(url)
    assert found["indexes"], "the rebuilt one is that of the schema"
    assert not found["index-duplicate"]
    assert not found["operator-class"]


def test_lists_instead_of_a_graph_serve_searches_too(poor, url):
    done = care.rebuild(
        poor.engine,
        INDEX,
        method="ivfflat",
        lists=300,
        seed=1,
        sample=10,
        recall=0.5,
        latency_ratio=1000,
    )
    _, new = done.measured.indexes
    assert (done.swapped, new.effort) == (True, 40)
    assert new.table[10][1] < new.table[10][20] <= 1
    assert there(poor)[INDEX] == ("serving", True, {"lists": 300})
    assert used_by_search(poor) == {INDEX}
    assert setting_of_search(poor, "ivfflat.probes") == 40
    probes = setting_of_search(poor, "ivfflat.probes", recall=0.8)
    assert probes == min(at for at, found in new.table[10].items() if found >= 0.8)
    with hegel_store.connect(url, embedder=Clustered()) as asking:
        assert len(asking.facts.search(QUERIES[0], mode="vector")) == 10


def test_measuring_is_seen_by_nobody_and_stops_nobody(small, url):
    """While one transaction searches by the new index, others go on with the old one."""
    here = place(small)
    with bench(small.engine, here) as made:
        asked = made.moved(5, seed=1)
        assert made.compare(asked, 10, [here.serving]).indexes[0].recall > 0.9
        made.connection.exec_driver_sql(
            f"CREATE OR REPLACE FUNCTION {here.function}(embedding halfvec) RETURNS halfvec"
            " LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN subvector(embedding, 1, 384)"
        )
        with psycopg.connect(url, autocommit=True) as other:
            other.execute("SET lock_timeout = '500ms'")
            other.execute("INSERT INTO hegel_facts (corpus_id, content) VALUES ('c', 'meanwhile')")
            (body,) = other.execute(
                "SELECT pg_get_function_sqlbody('hegel_embedding_384'::regproc)"
            ).fetchone()
            assert body == "RETURN embedding"
            other.execute("ANALYZE hegel_facts")
    assert place(small).searched == "plain"


def test_questions_of_the_log_are_asked_where_the_model_is_that_of_the_column(small, url):
    with hegel_store.connect(url, embedder=Clustered(), query_log=True) as asking:
        for question in QUERIES[:3]:
            asking.facts.search(question)
    logged = care.measure(small.engine, INDEX, embedder=Clustered(), sample=2, seed=1)
    assert (logged.queries, logged.queries_from) == (2, "query log")

    class Stranger(Clustered):
        name = "another"

    other = care.measure(small.engine, INDEX, embedder=Stranger(), sample=2, seed=1)
    assert other.queries_from == "stored vectors, moved"


def test_what_was_measured_is_noted_and_forgotten(small):
    measured = care.measure(small.engine, INDEX, sample=5, seed=1, k=5)
    care.note_measured(small.engine, INDEX, measured)
    (noted,) = [each for each in care.inventory(small.engine) if each.name == INDEX]
    assert set(noted.recall) == {5, 10, 100}
    assert noted.measured_on is not None
    assert setting_of_search(small, "hnsw.ef_search", recall=0.5) == 20
    assert care.forget_measured(small.engine, INDEX)
    assert not care.forget_measured(small.engine, INDEX)
    assert rows(small, f"SELECT obj_description('{INDEX}'::regclass, 'pg_class')") == [(None,)]
    assert setting_of_search(small, "hnsw.ef_search", recall=0.5) == 100


def test_a_comment_of_somebody_else_is_left_alone_and_stops_no_search(small):
    for said in ("our index", '{"hegel_store": "vector index"', '{"recall": {"ten": 1}}'):
        with small.engine.begin() as connection:
            connection.exec_driver_sql(f"COMMENT ON INDEX {INDEX} IS '{said}'")
        assert setting_of_search(small, "hnsw.ef_search", recall=0.5) == 100
        assert there(small)[INDEX] == ("serving", True, GOOD)
    measured = care.measure(small.engine, INDEX, sample=2, seed=1)
    with pytest.raises(InvalidInput, match="not of this package's"):
        care.note_measured(small.engine, INDEX, measured)
    assert rows(small, f"SELECT obj_description('{INDEX}'::regclass, 'pg_class')") == [(said,)]


def test_one_at_a_time_and_a_kept_one_is_not_lost_by_accident(small):
    assert care.rebuild(small.engine, INDEX, m=4, ef_construction=16, **LOOSE).swapped
    with pytest.raises(IndexRefused, match=f"{KEPT} is kept for going back"):
        care.rebuild(small.engine, INDEX, **GOOD, **LOOSE)
    care.drop_kept(small.engine, INDEX)
    began, go_on = threading.Event(), threading.Event()

    def wait(progress: object) -> None:
        began.set()
        go_on.wait(30)

    with small.engine.connect() as writer:
        # Which the build waits for, so that its progress is seen.
        writer.execute(text("INSERT INTO hegel_facts (corpus_id, content) VALUES ('c', 'open')"))
        first = threading.Thread(
            target=care.rebuild,
            args=(small.engine, INDEX),
            kwargs={**GOOD, **LOOSE, "on_progress": wait},
        )
        first.start()
        try:
            assert began.wait(30)
            for call in (care.roll_back, care.drop_kept, care.rebuild):
                with pytest.raises(IndexRefused, match="somebody is changing them"):
                    call(small.engine, INDEX)
        finally:
            writer.rollback()
            go_on.set()
            first.join(60)
    assert there(small)[INDEX] == ("serving", True, GOOD)


def test_a_build_that_is_broken_off_is_cancelled_and_begun_again(small):
    def stop(progress: object) -> None:
        raise KeyboardInterrupt

    with small.engine.connect() as writer:
        writer.execute(text("INSERT INTO hegel_facts (corpus_id, content) VALUES ('c', 'open')"))
        with pytest.raises(KeyboardInterrupt):
            care.rebuild(small.engine, INDEX, m=4, ef_construction=16, on_progress=stop, **LOOSE)
        assert there(small)[BESIDE][:2] == ("beside", False)
        writer.rollback()
    done = care.rebuild(small.engine, INDEX, m=4, ef_construction=16, **LOOSE)
    assert done.swapped
    assert done.statements[0].startswith("DROP INDEX CONCURRENTLY")
    assert set(there(small)) == {INDEX, KEPT}


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swapping, "LOCK_TIMEOUT", "100ms")
    monkeypatch.setattr(swapping, "PAUSE", 0.1)


@pytest.fixture
def holder(small: Store, url: str) -> Iterator[psycopg.Connection]:
    """Somebody who holds a lock that a rename has to wait for."""
    assert care.rebuild(small.engine, INDEX, m=4, ef_construction=16, **LOOSE).swapped
    with psycopg.connect(url) as connection:
        connection.execute(f"COMMENT ON INDEX {KEPT} IS NULL")
        yield connection


def test_a_swap_is_tried_again_and_given_up(small, hurried, holder):
    with pytest.raises(TransactionConflict):
        care.roll_back(small.engine, INDEX)
    assert there(small)[INDEX][2] == {"m": 4, "ef_construction": 16}
    release = threading.Timer(0.25, holder.rollback)
    release.start()
    care.roll_back(small.engine, INDEX)
    release.join()
    assert there(small)[INDEX][2] == GOOD


def test_what_cannot_be_moved_is_refused_by_name(small):
    with pytest.raises(NotFound, match="nowhere"):
        care.rebuild(small.engine, "nowhere")
    with pytest.raises(InvalidInput, match="in a revision"):
        care.rebuild(small.engine, "idx_hegel_labels_embedding")
    for field, wrong in (
        ("m", {"m": 1}),
        ("ef_construction", {"m": 16, "ef_construction": 31}),
        ("lists", {"lists": 10}),
        ("m", {"method": "ivfflat", "m": 4}),
        ("method", {"method": "btree"}),
        ("recall", {"recall": "much"}),
        ("latency_ratio", {"latency_ratio": 0}),
        ("k", {"k": 0}),
    ):
        with pytest.raises(InvalidInput) as caught:
            care.rebuild(small.engine, INDEX, **wrong)
        assert caught.value.field == field
    for wrong in ({"recall": 0}, {"recall": 1.1}, {"recall": 0.9, "quantised": True}):
        with pytest.raises(InvalidInput, match="recall"):
            vector_search(**wrong)
    assert there(small) == {INDEX: ("serving", True, GOOD)}


def test_dry_runs_say_what_would_be_done_and_do_nothing(small):
    told = care.rebuild(small.engine, INDEX, m=8, ef_construction=32, dry_run=True)
    assert (told.swapped, told.measured) == (False, None)
    create, *swap = told.statements
    assert create.startswith(f'CREATE INDEX CONCURRENTLY "{BESIDE}" ON "public"."hegel_facts"')
    assert len(swap) == 4
    assert there(small) == {INDEX: ("serving", True, GOOD)}
    care.rebuild(small.engine, INDEX, m=8, ef_construction=32, **LOOSE)
    before = there(small)
    assert len(care.roll_back(small.engine, INDEX, dry_run=True)) == 4
    assert len(care.drop_kept(small.engine, INDEX, dry_run=True)) == 1
    assert there(small) == before


def test_the_inventory_tells_of_every_vector_index(small):
    found = care.inventory(small.engine)
    assert len(found) == 9
    by_name = {each.name: each for each in found}
    assert by_name["idx_hegel_labels_embedding"].column == "embedding"
    assert {each.role for each in found} == {"serving"}
    assert {each.opclass for each in found} == {"halfvec_cosine_ops"}
    assert {each.predicate for each in found} == {"(deleted_at IS NULL)"}
    assert by_name[INDEX].build_seconds is None
    assert "before an ANALYZE" in by_name[INDEX].estimated_from
    care.rebuild(small.engine, INDEX, m=8, ef_construction=32, **LOOSE)
    (rebuilt,) = [each for each in care.inventory(small.engine) if each.name == INDEX]
    assert (rebuilt.rows, rebuilt.valid, rebuilt.method) == (100, True, "hnsw")
    assert rebuilt.bytes > 8192
    assert rebuilt.build_seconds > 0
    assert "its last rebuild" in rebuilt.estimated_from
    with small.engine.begin() as connection:
        connection.execute(
            text("UPDATE pg_index SET indisvalid = false WHERE indexrelid = CAST(:i AS regclass)"),
            {"i": INDEX},
        )
    assert there(small)[INDEX][:2] == ("hidden", False)
