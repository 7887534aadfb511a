"""The doctor sees what is wrong with indexes, statistics and tables, and not where it is right."""

from __future__ import annotations

import psycopg
import pytest

from hegel_store.operations.doctor import bloat, indexes, usage
from hegel_store.store import Store
from tests.clusters import clustered, load
from tests.diagnoses import diagnosed, subjects
from tests.samples import Steps

FACTS = """
    INSERT INTO hegel_facts (corpus_id, content)
    SELECT 'c', 'fact ' || n || repeat(' of some length', 20) FROM generate_series(1, {}) AS n
"""


@pytest.fixture
def admin(url):
    """A superuser's connection on which each statement is committed."""
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def flush(admin):
    """Counters reach others a second later, unless they are told to at once."""
    admin.execute("SELECT pg_stat_force_next_flush()")
    admin.execute("SELECT 1")


def test_invalid_indexes(url, admin):
    name = "idx_hegel_facts_label"
    admin.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", [name])
    admin.execute("CREATE INDEX idx_mine ON hegel_facts (intent)")
    admin.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'idx_mine'::regclass")
    found = diagnosed(url)
    remedies = {each.subject: each.remedy for each in found["index-invalid"]}
    assert set(remedies) == {name, "idx_mine"}
    for remedy in remedies.values():
        admin.execute(remedy)
    assert not diagnosed(url)["index-invalid"]
    assert diagnosed(url)["indexes"]


def test_missing_indexes_are_made_by_their_remedies(url, admin):
    """Of a table, of a partitioned one, of a vector column, of an expression, and keys."""
    gone = [
        "idx_hegel_facts_embedding_384",
        "idx_hegel_facts_listing",
        "idx_hegel_prompt_profiles_worker_prompt",
        "idx_hegel_training_steps_run",
    ]
    for name in gone:
        admin.execute(f"DROP INDEX {name}")
    key = "uq_hegel_prompt_profiles_corpus_id_task_type_version"
    admin.execute(f"ALTER TABLE hegel_prompt_profiles DROP CONSTRAINT {key}")
    found = diagnosed(url)
    assert sorted(subjects(found, "index-missing")) == sorted([*gone, key])
    assert not found["indexes"]
    for each in found["index-missing"]:
        admin.execute(each.remedy)
    assert not diagnosed(url)["index-missing"]


def test_a_missing_table_is_said_once_and_not_for_each_of_its_indexes(url, admin):
    admin.execute("DROP TABLE hegel_query_counts")
    found = diagnosed(url)
    assert subjects(found, "table-missing") == ["hegel_query_counts"]
    assert not found["index-missing"]


@pytest.mark.usefixtures("no_autovacuum")  # whose statistics might make another index look better
def test_unused_indexes(url, admin, monkeypatch):
    admin.execute(FACTS.format(200))
    admin.execute("CREATE INDEX idx_mine ON hegel_facts (intent, category)")
    monkeypatch.setattr(indexes, "WORTH_BYTES", 1 << 13)
    flush(admin)
    assert not diagnosed(url)["index-unused"], "the table was hardly read yet"
    admin.execute(
        "DO $$ BEGIN FOR n IN 1..1100 LOOP"
        " PERFORM FROM hegel_facts WHERE corpus_id = 'c' AND id = gen_random_uuid();"
        " END LOOP; END $$"
    )
    flush(admin)
    found = diagnosed(url)
    assert subjects(found, "index-unused") == ["idx_mine"]
    (own,) = found["indexes-idle"]
    assert own.severity == "ok"
    assert "idx_hegel_facts_listing" in own.seen
    assert "pk_hegel_facts" not in own.seen
    admin.execute("SET enable_seqscan = off")
    admin.execute("SELECT FROM hegel_facts WHERE intent = 'x' AND category = 'y'")
    flush(admin)
    assert not diagnosed(url)["index-unused"]


def test_duplicate_indexes(url, admin):
    """Whatever the parameters; another predicate or order is another index."""
    admin.execute(
        "CREATE INDEX other_where ON hegel_facts (corpus_id, freshness) WHERE seen_count > 1"
    )
    admin.execute("CREATE INDEX other_order ON hegel_facts (corpus_id, freshness DESC)")
    assert not diagnosed(url)["index-duplicate"]
    admin.execute("CREATE INDEX again ON hegel_facts (corpus_id, freshness) WITH (fillfactor = 50)")
    (finding,) = diagnosed(url)["index-duplicate"]
    assert (finding.subject, finding.severity) == ("again", "look")
    assert "idx_hegel_facts_corpus_freshness" in finding.seen
    admin.execute(finding.remedy)
    assert not diagnosed(url)["index-duplicate"]


def test_an_operator_class_that_searches_cannot_use(url, admin):
    """Beside one that they can, and alone."""
    admin.execute("CREATE INDEX near ON hegel_facts USING hnsw (embedding_384 halfvec_l2_ops)")
    found = diagnosed(url)
    assert [(f.subject, f.severity) for f in found["operator-class"]] == [("near", "look")]
    assert not found["operator-classes"]
    admin.execute("DROP INDEX idx_hegel_facts_embedding_384")
    (finding,) = diagnosed(url)["operator-class"]
    assert finding.severity == "act"
    assert "halfvec_l2_ops" in finding.seen
    admin.execute("DROP INDEX near")
    admin.execute("CREATE INDEX words ON hegel_facts USING gin (metadata jsonb_ops)")
    assert not diagnosed(url)["operator-class"], "that one has the operator as well"


def test_stale_statistics(url, admin):
    admin.execute("ALTER TABLE hegel_facts SET (autovacuum_enabled = false)")
    admin.execute(FACTS.format(1200))
    flush(admin)
    found = diagnosed(url)
    assert subjects(found, "statistics-stale") == ["hegel_facts"]
    assert subjects(found, "autovacuum-disabled") == ["hegel_facts"]
    for code in ("statistics-stale", "autovacuum-disabled"):
        admin.execute(found[code][0].remedy)
    flush(admin)
    found = diagnosed(url)
    assert not found["statistics-stale"]
    assert not found["autovacuum-disabled"]


def test_a_partitioned_table_that_was_never_analysed_as_a_whole(url, store: Store, admin):
    profile = Steps(store).profile
    admin.execute("SELECT hegel_ensure_step_month(now())")
    admin.execute(
        "INSERT INTO hegel_training_steps"
        " (corpus_id, created_at, old_profile_id, query, predicted_answer)"
        " SELECT 'news', now(), %s, 'q', 'a' FROM generate_series(1, 10000)",
        [profile.id],
    )
    flush(admin)
    found = diagnosed(url)
    (finding,) = found["statistics-of-partitions"]
    assert "10,000 rows" in finding.seen
    assert "10,000" in found["growth-of-steps"][0].seen
    admin.execute(finding.remedy)
    assert not diagnosed(url)["statistics-of-partitions"]


def test_bloat_of_tables_and_indexes_is_estimated_and_goes_with_its_remedy(
    url, store: Store, admin, monkeypatch
):
    monkeypatch.setattr(bloat, "WASTED_BYTES", 64 << 10)
    load(store, clustered(600, seed=3))
    admin.execute("VACUUM ANALYZE hegel_facts")
    flush(admin)
    found = diagnosed(url)
    assert not found["table-bloat"]
    assert not found["index-bloat"], "not of those by falling time either"
    admin.execute("DELETE FROM hegel_facts WHERE id NOT IN (SELECT id FROM hegel_facts LIMIT 60)")
    admin.execute("VACUUM (ANALYZE, TRUNCATE off) hegel_facts")
    flush(admin)
    found = diagnosed(url)
    assert subjects(found, "table-bloat") == ["hegel_facts"]
    assert "estimated" in found["table-bloat"][0].seen
    hnsw = next(f for f in found["index-bloat"] if f.subject == "idx_hegel_facts_embedding_384")
    admin.execute(hnsw.remedy)
    admin.execute("VACUUM (FULL, ANALYZE) hegel_facts")
    flush(admin)
    found = diagnosed(url)
    assert not found["table-bloat"]
    assert not found["index-bloat"]


def test_sequential_scans_of_a_table_that_has_grown(url, admin, monkeypatch):
    monkeypatch.setattr(usage, "SCANNED_ROWS", 1000)
    monkeypatch.setattr(usage, "SCANS", 20)
    admin.execute(FACTS.format(1500))
    flush(admin)
    assert not diagnosed(url)["table-scans-sequential"]
    for _ in range(25):
        admin.execute("SELECT count(*) FROM hegel_facts WHERE content LIKE '%x%'")
    flush(admin)
    (finding,) = diagnosed(url)["table-scans-sequential"]
    assert finding.subject == "hegel_facts"
    assert "rows read" in finding.seen
