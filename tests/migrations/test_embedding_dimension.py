"""One more embedding size: two revisions, one call, and facts are stored and found with it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from typer.testing import CliRunner

from hegel_store import migrate
from hegel_store.addresses import parse_address
from hegel_store.cli import app
from hegel_store.errors import InvalidInput
from hegel_store.models.vectors import check_new_dimensions, slot_for
from tests.migrations.catalog import catalog
from tests.migrations.planted import HEAD, Chain

ROOT = Path(__file__).parents[2]


def write(folder: Path, *arguments: str) -> str:
    """Call the command; returns what it printed."""
    folder.mkdir(exist_ok=True)
    called = CliRunner().invoke(app, ["new-dimension", "--into", str(folder), *arguments])
    if called.exception is not None and not isinstance(called.exception, SystemExit):
        raise called.exception
    return called.output


def test_the_revisions_go_up_and_down_after_ours(url, postgresql, tmp_path):
    chain = Chain(url, tmp_path / "versions")
    before = catalog(postgresql)
    assert "hegel_embedding_3072_index.py" in write(chain.folder, "3072", "--revises", HEAD)
    postgresql.execute("INSERT INTO hegel_facts (corpus_id, content) VALUES ('news', 'old')")
    postgresql.commit()
    chain.upgrade()
    above = catalog(postgresql)
    assert len(above) == len(before) + 2
    assert any("halfvec(3072)" in entry for entry in above)
    assert any("hnsw (embedding_3072 halfvec_cosine_ops)" in entry for entry in above)
    postgresql.execute(
        "INSERT INTO hegel_embedding_spaces VALUES ('news', 'embedding_3072', 'a model', 3072)"
    )
    postgresql.commit()
    chain.downgrade("hegel_embedding_3072")
    chain.downgrade()
    assert catalog(postgresql) == before
    assert postgresql.execute("SELECT slot FROM hegel_embedding_spaces").fetchall() == []
    postgresql.commit()
    chain.upgrade()
    assert catalog(postgresql) == above


# What an application does, in a process of its own: the size is accepted until its end.
APPLICATION = """
import sys

import hegel_store
import hegel_store.schema
from hegel_store import migrate
from hegel_store.models import NewFact
from hegel_store.addresses import parse_address
from tests.embedders import HashingEmbedder

hegel_store.schema.add_embedding_dimension(256)
hegel_store.schema.add_embedding_dimension(256)
embedder = HashingEmbedder(dimensions=256)
with hegel_store.connect(sys.argv[1], embedder=embedder) as store:
    store.facts.add_many(
        [
            NewFact(corpus_id="news", content="hedgehogs sleep in winter"),
            NewFact(corpus_id="news", content="invoices are sent in May"),
        ]
    )
    for mode in ("vector", "hybrid"):
        (first, *_) = store.facts.search("winter hedgehogs", corpus_id="news", mode=mode)
        assert first.fact.content == "hedgehogs sleep in winter", mode
        assert not hasattr(first.fact, "embedding_256")
    store.facts.add_many([NewFact(corpus_id="news", content="given", embedding=[0.5] * 256)])
    with store.engine.connect() as connection:
        query = "SELECT count(*) FROM hegel_facts WHERE embedding_256 IS NOT NULL"
        assert connection.exec_driver_sql(query).scalar() == 3

from hegel_store.seeding import seed_store

with hegel_store.connect(sys.argv[1], embedder=embedder) as store:
    seed_store(store, steps=1, embedder=embedder)
    known = len(embedder.embedded)
    seed_store(store, steps=1, embedder=embedder)
    assert len(embedder.embedded) == known, "what has its vector gets no other one"

from alembic import command
from alembic.config import Config

config = Config()
config.set_main_option("script_location", sys.argv[2])
with migrate.connection_to(parse_address(sys.argv[1], "the test")) as connection:
    config.attributes["connection"] = connection
    command.check(config)
print("well")
"""

# Alembic's environment of an application with tables, revisions and a version table of its own.
ENVIRONMENT = """
from alembic import context

import hegel_store.migrate.batches
import hegel_store.migrate.dimensions
import hegel_store.migrate.indexes
from hegel_store.migrate.running import apply, exclusively

connection = context.config.attributes["connection"]


def run() -> None:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


with exclusively(connection):
    apply(connection, run)
"""


def test_an_application_stores_and_finds_facts_by_vectors_of_its_own_size(
    url, postgresql, tmp_path
):
    (tmp_path / "env.py").write_text(ENVIRONMENT)
    printed = write(tmp_path / "versions", "256")
    assert "hegel_store.schema.add_embedding_dimension(256)" in printed
    config = Config()
    config.set_main_option("script_location", str(tmp_path))
    with migrate.connection_to(parse_address(url, "the test")) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    theirs = postgresql.execute("SELECT version_num FROM alembic_version").fetchone()
    assert theirs == ("hegel_embedding_256_index",)
    postgresql.execute("DROP TABLE alembic_version")
    postgresql.commit()
    ran = subprocess.run(
        [sys.executable, "-c", APPLICATION, url, str(migrate.scripts())],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (ran.stdout.splitlines()[-1:], ran.returncode) == (["well"], 0), ran.stderr


def test_a_size_nobody_added_is_refused_still():
    with pytest.raises(InvalidInput, match=r"there are columns for 384, 768, 1024, 1536$"):
        slot_for("embedding", 256)


@pytest.mark.parametrize("size", [0, -1, 4001, 384, 1536, True, 2.5])
def test_a_size_that_cannot_be_added_is_refused(size):
    with pytest.raises(InvalidInput, match=r"^dimensions: "):
        check_new_dimensions(size)


@pytest.mark.filterwarnings("ignore:Revision .* is not present")
def test_files_follow_the_head_of_the_folder_and_are_never_overwritten(tmp_path):
    folder = tmp_path / "versions"
    write(folder, "256")
    assert "down_revision = None\n" in (folder / "hegel_embedding_256.py").read_text()
    write(folder, "512")
    second = (folder / "hegel_embedding_512.py").read_text()
    assert 'down_revision = "hegel_embedding_256_index"' in second
    with pytest.raises(InvalidInput, match="is there already"):
        write(folder, "256", "--revises", "hegel_embedding_512_index")
    write(folder, "128", "--revises", "hegel_embedding_256_index")
    with pytest.raises(InvalidInput, match="there are several heads"):
        write(folder, "64")
    with pytest.raises(InvalidInput, match="no revision's id"):
        write(folder, "64", "--revises", 'x"; drop')
    (folder / "hegel_embedding_256.py").unlink()
    with pytest.raises(InvalidInput, match="cannot be found out"):
        write(folder, "64")
    assert len(list(folder.glob("*.py"))) == 5
