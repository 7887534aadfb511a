"""Every revision goes up, down and up again, one at a time, on empty and filled databases."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

import hegel_store
from hegel_store import migrate
from hegel_store.addresses import parse_address
from hegel_store.cli import app
from hegel_store.embeddings import CachedEmbedder
from hegel_store.models import LabelledQuery, NewEvaluation, NewFact
from hegel_store.repositories import PostgresCache
from hegel_store.seeding import seed_store
from tests.embedders import HashingEmbedder
from tests.migrations.catalog import catalog, columns, contents

REVISIONS = migrate.known_revisions()
STEPS = list(zip(REVISIONS, ["base", *REVISIONS], strict=False))


def test_an_empty_database_goes_up_down_and_up(empty_url, empty_postgresql):
    """Down leaves exactly what was there before, up exactly what was there the first time."""
    address = parse_address(empty_url, "the test")
    migrate.upgrade(address, REVISIONS[0])
    migrate.downgrade(address, "base")
    before = catalog(empty_postgresql)
    for revision, previous in STEPS:
        migrate.upgrade(address, revision)
        above = catalog(empty_postgresql)
        assert above != before, f"{revision} changes nothing"
        migrate.downgrade(address, previous)
        assert catalog(empty_postgresql) == before, f"{revision} leaves something behind"
        migrate.upgrade(address, revision)
        assert catalog(empty_postgresql) == above, f"{revision} is not the same the second time"
        before = above


def test_a_filled_database_loses_on_the_way_down_what_is_announced_and_nothing_on_the_way_up(
    url, postgresql, store, empty_url, empty_postgresql
):
    shapes = {"base": {}}
    for revision in REVISIONS:
        migrate.upgrade(parse_address(empty_url, "the test"), revision)
        shapes[revision] = columns(empty_postgresql)
    embedder = CachedEmbedder(HashingEmbedder(), PostgresCache(store.engine))
    seed_store(store, steps=150, embedder=embedder)
    with hegel_store.connect(url, embedder=embedder, query_log=True) as asking:
        asking.facts.search("anything", corpus_id="asked", limit=1)
        asking.labels.search("anything")
        asking.budget("asked", tokens=10).spend(1)
    ports = [
        NewFact(corpus_id="ports", content=f"port {port}", embedding=[1.0] * 384)
        for port in (5432, 5433)
    ]
    store.facts.add_many(ports, near_duplicates="judge")
    corpus = "harbour-helpdesk"
    found = store.facts.search("client", corpus_id=corpus, mode="text")
    store.retrievals.log_many((step, found) for step in store.steps.recent(corpus, "qa"))
    assert store.retrievals.refresh() > 0
    store.runs.start(corpus, "qa", "run", optimiser="gepa", objectives={"accuracy": "maximize"})
    store.runs.save_state(corpus, "run", b"state")
    (key,) = store.scores.keys(corpus, [({"worker": {}}, "example")], split="train")
    store.scores.record(NewEvaluation(of=key, scores={"accuracy": 0.5}))
    store.populations.reset_island(corpus, "qa", island=1)
    queries = [
        LabelledQuery(query=f"query {n}", relevant={found[0].fact.id: 1.0}) for n in range(5)
    ]
    store.baselines(corpus).record("red", queries, mode="text", blocks=3)
    with hegel_store.connect(url, corpus=corpus) as bound, bound.begin() as work:
        work.session.execute(text("SELECT hegel_count_corpus_words(NULL)"))
    store.erasure("ports").run()
    store.facts.add_many(ports, near_duplicates="judge")
    store.populations.propose(corpus, "qa", {"worker": {}}, threshold=0.9, embedding=[1.0] * 384)
    assert all(contents(postgresql, shapes[REVISIONS[-1]]).values()), "every table has rows"

    address = parse_address(url, "the test")
    for revision, previous in reversed(STEPS):
        above, below = shapes[revision], shapes[previous]
        kept = contents(postgresql, below)
        migrate.downgrade(address, previous)
        assert columns(postgresql) == below
        assert contents(postgresql, below) == kept, f"{revision} discards more than it brought"
        migrate.upgrade(address, revision)
        assert columns(postgresql) == above
        assert contents(postgresql, below) == kept, f"{revision} loses rows on the way up"
        migrate.downgrade(address, previous)
        if above != below:
            assert migrate.discarded(revision, previous), (
                f"{revision} does not say what it discards"
            )


def test_downgrading_says_what_it_discards(url, caplog):
    caplog.set_level("WARNING", "hegel_store.migrate")
    migrate.downgrade(parse_address(url, "the test"), "0006")
    assert [record.message for record in caplog.records] == [
        "0049.0: The downgrade discards the counts of words by corpus, which can be made anew.",
        "0047.0: The downgrade discards every receipt.",
        "0046.0: The downgrade discards every baseline and its queries.",
        "0045.0: The downgrade discards the vectors, which can be made anew, which models made"
        " them, and every claim.",
        "0042.0: The downgrade discards the epochs, and which members hold their cells.",
        "0041.0: The downgrade discards every score.",
        "0040.0: The downgrade discards every evaluation and its output, and every claim.",
        "0039.0: The downgrade discards every run, and the states of optimisers.",
        "0035.0: The downgrade discards the evidence, the moves that took an alias away, and which"
        " aliases have been.",
        "0033.0: The downgrade discards the sums, which can be made anew from the log.",
        "0032.0: The downgrade discards the log of what steps were shown.",
        "0030.0: The downgrade discards the sums, which can be made anew.",
        "0028.0: The downgrade forgets how often corpora were written to.",
        "0021.0: The downgrade forgets names, prefixes and states, and which models filled second"
        " columns.",
        "0020.0: The downgrade discards every vector in the second columns.",
        "0019.0: The downgrade discards every verdict. Facts that an update has ended stay ended.",
        "0018.0: The downgrade discards the counts.",
        "0017.0: The downgrade discards the vectors, which can be made anew.",
        "0015.0: The downgrade forgets which models embedded the labels.",
        "0014.0: The downgrade forgets what was spent.",
        "0010: The downgrade forgets which models made the vectors.",
        "0009: The downgrade discards every fact.",
        "0008: The downgrade discards every label.",
        "0007: The downgrade discards every population.",
    ]


@pytest.mark.parametrize(
    ("target", "first", "count"),
    [
        ("base", "0033.0", 21),
        ("0009", "0033.0", 12),
        ("0020.0", "0033.0", 5),
        ("-1", "0033.0", 1),
        ("-2", "0033.0", 2),
        ("-3", "0033.0", 2),
        ("-4", "0033.0", 3),
        ("-6", "0033.0", 4),
        ("-13", "0033.0", 5),
        ("-99", "0033.0", 21),
        ("zz", None, 0),
    ],
)
def test_what_would_be_discarded_is_known_for_any_target(target, first, count):
    said = migrate.discarded("0033.0", target)
    assert len(said) == count
    assert first is None or said[0].startswith(first)


def test_the_command_says_what_it_discards_before_it_asks(url, postgresql):
    before = catalog(postgresql)
    asked = CliRunner().invoke(app, ["downgrade", "0008", "--url", url], input="n\n")
    assert asked.exit_code == 1
    assert "The downgrade discards every fact." in asked.output
    assert catalog(postgresql) == before
