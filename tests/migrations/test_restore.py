"""pg_dump and pg_restore: from PostgreSQL 16 into an empty cluster of the version under test."""

from __future__ import annotations

import subprocess

import psycopg
import pytest

import hegel_store
from hegel_store import migrate
from hegel_store.addresses import parse_address
from hegel_store.seeding import seed_store
from tests.embedders import HashingEmbedder
from tests.migrations.catalog import catalog, columns, contents, golden_file
from tests.servers import own_server

EMBEDDER = HashingEmbedder()


def hits(url: str) -> list[tuple[str, float]]:
    with hegel_store.connect(url, embedder=EMBEDDER) as store:
        found = store.facts.search("how do I reset a password?", limit=20)
        assert not found.degraded
        return [(str(hit.fact.id), round(hit.score, 6)) for hit in found]


def facts_as_written(connection: psycopg.Connection) -> list[str]:
    return [name for name in columns(connection)["hegel_facts"] if name != "content_tsv"]


@pytest.mark.slow
@pytest.mark.parametrize("form", ["custom", "plain"])
def test_a_filled_database_moves_to_another_cluster(server, tmp_path, form):
    tools = server.process.bin_path
    with own_server(16) as old, own_server(server.version) as new:
        old.execute("CREATE DATABASE hegel")
        new.execute("CREATE DATABASE hegel")
        source, target = old.url("hegel"), new.url("hegel")
        with hegel_store.connect(source, embedder=EMBEDDER) as store:
            store.upgrade()
            seed_store(store, steps=150, embedder=EMBEDDER)
        dump = tmp_path / "dump"
        subprocess.run([tools / "pg_dump", f"--format={form}", "-f", dump, source], check=True)
        into = ["-d", target, "--quiet", "-v", "ON_ERROR_STOP=1", "-f", dump]
        if form == "custom":
            into = ["-d", target, "--exit-on-error", dump]
        tool = {"custom": "pg_restore", "plain": "psql"}[form]
        subprocess.run([tools / tool, *into], check=True, capture_output=True)
        with psycopg.connect(source) as before, psycopg.connect(target) as after:
            assert "\n".join(catalog(after)) + "\n" == golden_file(after).read_text()
            written = columns(before) | {"hegel_facts": facts_as_written(before)}
            assert contents(after, written) == contents(before, written)
            # Made anew with the words of the new server, whose stemmer may know better.
            (stale,) = after.execute(
                "SELECT count(*) FROM hegel_facts"
                " WHERE content_tsv <> hegel_tsvector(language, content)"
            ).fetchone()
            assert stale == 0
            for connection in (before, after):
                connection.execute("ANALYZE")
                connection.commit()
        assert hits(target) == hits(source)
        assert hits(target)
        # And it goes on from there: the next version, the next month, the next migration.
        with hegel_store.connect(target, embedder=EMBEDDER) as store:
            (corpus, task), *_ = [
                (row.corpus_id, row.task_type) for row in store.steps.reward_summary()
            ]
            latest = store.profiles.latest(corpus, task)
            assert store.profiles.append(corpus, task, {}).version == latest.version + 1
            assert store.check().revision == migrate.known_revisions()[-1]
        migrate.downgrade(parse_address(target, "the test"), "base")
        migrate.upgrade(parse_address(target, "the test"))
