"""The red line: recorded, checked, and changes that are taken back by themselves."""

from __future__ import annotations

import json

import psycopg
import pytest
from typer.testing import CliRunner

import hegel_store
from hegel_store.cli import app
from hegel_store.errors import EmbedderMissing, InvalidInput, NotFound
from hegel_store.models import NewFact
from hegel_store.models.baselines import LabelledQuery, RedLine
from hegel_store.operations.baselines import guarded, queries_from_file, queries_from_log
from tests import recorded
from tests.clusters import Clustered, fill, index
from tests.commands import run
from tests.judgements import labelled
from tests.samples import Steps, fact

WORDS = ["hedgehog", "badger", "stork", "otter", "lynx", "newt"]
QUALITY_ALONE = RedLine(rise=1000)
"""For what is to be told by metrics, on a machine that may be as slow as it likes."""


@pytest.fixture
def indexed(url):
    """Nine thousand facts under a good index, and a baseline of what it finds."""
    with hegel_store.connect(url, embedder=Clustered()) as store:
        fill(store)
        index(store, m=16, ef_construction=64)
        store.baselines("c").record("good", labelled(store, count=10), mode="vector", blocks=3)
        yield store


@pytest.fixture
def small(store):
    """Six facts that are searched by their words, and a baseline of what is found."""
    store.facts.add_many([fact(f"the {word} eats", "c") for word in WORDS])
    queries = [
        LabelledQuery(
            query=word,
            relevant={store.facts.search(word, corpus_id="c")[0].fact.id: 1.0},
        )
        for word in WORDS
    ]
    store.baselines("c").record("good", queries, mode="text", k=1, blocks=3)
    return store


def alter(url: str, setting: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f'ALTER DATABASE "{name}" {setting}')


@pytest.mark.any_server
def test_an_index_that_was_made_worse_is_taken_back_and_a_good_one_stays(indexed):
    baselines = indexed.baselines("c")
    report = guarded(
        baselines,
        "good",
        lambda: index(indexed, m=2, ef_construction=4),
        lambda: index(indexed, m=16, ef_construction=64),
        red_line=QUALITY_ALONE,
        most_blocks=3,
    )
    assert (report.verdict, report.reverted) == ("breach", True)
    recall = next(finding for finding in report.findings if finding.what == "recall")
    assert recall.high < recall.line
    assert recall.before > 0.9
    again = baselines.check("good", red_line=QUALITY_ALONE, most_blocks=3)
    assert (again.verdict, again.changed) == ("well", [])

    better = guarded(
        baselines,
        "good",
        lambda: index(indexed, m=24, ef_construction=128),
        lambda: pytest.fail("a good change is not taken back"),
        red_line=QUALITY_ALONE,
        most_blocks=3,
    )
    assert (better.verdict, better.reverted) == ("well", False)
    after = baselines.check("good", red_line=QUALITY_ALONE, most_blocks=3)
    assert after.verdict == "well"
    assert after.changed == ["indexes.idx_hegel_facts_embedding_384"]


@pytest.mark.any_server
def test_a_setting_that_makes_searches_slow_is_taken_back_and_nothing_is_not(indexed, url):
    baselines = indexed.baselines("c")
    slow = guarded(
        baselines,
        "good",
        lambda: alter(url, "SET enable_indexscan = off"),
        lambda: alter(url, "RESET enable_indexscan"),
    )
    (latency,) = (finding for finding in slow.findings if finding.what == "latency")
    assert (latency.verdict, slow.reverted) == ("breach", True)
    assert latency.low > 1.1
    with psycopg.connect(url) as connection:
        assert connection.execute("SHOW enable_indexscan").fetchone() == ("on",)

    # Noise alone: it may not be told, but it is no breach. The revert is made for the turns.
    nothing = guarded(baselines, "good", lambda: None, lambda: None, turns=2, most_blocks=3)
    assert nothing.verdict in ("well", "unsure")
    assert not nothing.reverted
    assert all(finding.verdict == "well" for finding in nothing.findings[:-1])


def test_what_cannot_be_told_is_kept_or_taken_back_as_asked(small):
    # The line is where a change of nothing stands, so that nobody can say on which side it is.
    line = RedLine(rise=0.0)
    done = []
    kept = guarded(
        small.baselines("c"),
        "good",
        lambda: done.append("change"),
        lambda: done.append("revert"),
        red_line=RedLine(rise=0.0, confidence=0.9999),
        most_blocks=3,
    )
    assert (kept.verdict, kept.reverted, done) == ("unsure", False, ["change"])
    taken = guarded(
        small.baselines("c"),
        "good",
        lambda: done.append("change"),
        lambda: done.append("revert"),
        red_line=RedLine(rise=line.rise, confidence=0.9999),
        when_unsure="revert",
        most_blocks=3,
    )
    assert (taken.verdict, taken.reverted) == ("unsure", True)
    assert done == ["change", "change", "revert"]


def test_a_change_or_a_measurement_that_fails_is_taken_back(small):
    baselines = small.baselines("c")
    done = []

    def broken() -> None:
        done.append("half")
        raise RuntimeError("half of it")

    with pytest.raises(RuntimeError, match="half of it"):
        guarded(baselines, "good", broken, lambda: done.append("back"), most_blocks=3)
    assert done == ["half", "back"]

    def away() -> None:
        with small.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE hegel_facts RENAME TO hegel_away")

    def here() -> None:
        with small.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE IF EXISTS hegel_away RENAME TO hegel_facts")

    with pytest.raises(hegel_store.errors.DatabaseError):
        guarded(baselines, "good", away, here, most_blocks=3)
    assert len(small.facts.search("stork", corpus_id="c")) == 1
    with pytest.raises(NotFound):
        guarded(baselines, "missing", broken, broken)


@pytest.mark.any_server
def test_a_cut_over_to_a_model_that_finds_less_is_rolled_back(url, tmp_path):
    texts = [f"fact {n}" for n in range(30)]
    with hegel_store.connect(url, embedder=recorded.old) as store:
        store.facts.add_many([fact(content) for content in texts])
    labels = tmp_path / "queries.jsonl"
    labels.write_text(
        "".join(json.dumps({"query": each, "relevant": [each]}) + "\n" for each in texts[:10])
    )
    at = ("--corpus", "news", "--url", url)
    run("baseline", "record", "red", "--queries", labels, "--k", 1, "--mode", "vector",
        "--blocks", 3,
        "--model", "tests.recorded:old", *at)  # fmt: skip
    cut = ["reembed", "--space", "fast", "--cut-over", "--baseline", "red",
           "--old-model", "tests.recorded:old", "--json", *at]  # fmt: skip
    worse = CliRunner().invoke(app, [*cut, "--model", "tests.recorded:blind"])
    assert worse.exit_code == 3, worse.output
    told = json.loads(worse.stdout.splitlines()[-1])
    assert (told["verdict"], told["reverted"]) == ("breach", True)
    assert [slot["state"] for slot in told["status"]["slots"]] == ["serving", "filling"]
    assert told["status"]["slots"][0]["maker"]["model"] == recorded.old.name

    run("reembed", "--space", "fast", "--discard", *at)
    with hegel_store.connect(url, embedders={"fast": [recorded.old, recorded.new]}) as store:
        moving = store.reembed("news", "fast", recorded.new)
        moving.fill()
        good = guarded(
            store.baselines("news"),
            "red",
            moving.cut_over,
            moving.rollback,
            red_line=QUALITY_ALONE,
            most_blocks=3,
        )
        assert (good.verdict, good.reverted) == ("well", False)
        assert moving.status().slots[0].maker.model == recorded.new.name


def test_labels_come_from_rewards(store):
    new = Steps(store)
    store.facts.add_many([fact(content) for content in ("cats purr", "dogs bark", "birds sing")])
    hits = {hit.fact.content: hit for hit in store.facts.search("purr bark sing", corpus_id="news")}
    shown = [
        ("who purrs", 1.0, ["cats purr", "dogs bark"]),
        ("who purrs", 0.4, ["dogs bark"]),
        ("who barks", 0.2, ["cats purr"]),
        ("who sings", None, ["birds sing"]),
        ("who is it", 0.9, ["birds sing"]),
    ]
    for query, reward, contents in shown:
        step = new(query=query, reward=reward)
        store.steps.log(step)
        store.retrievals.log(step, [hits[content] for content in contents])
    ids = {content: hit.fact.id for content, hit in hits.items()}
    with store.engine.connect() as connection:
        found = queries_from_log(connection, "news")
        assert {each.query: dict(each.relevant) for each in found} == {
            "who purrs": {ids["cats purr"]: 1.0, ids["dogs bark"]: 0.7},
            "who is it": {ids["birds sing"]: 0.9},
        }
        assert [each.query for each in found] == ["who is it", "who purrs"]
        assert [each.query for each in queries_from_log(connection, "news", limit=1)] == [
            "who is it"
        ]
        assert queries_from_log(connection, "other") == []
    store.facts.forget("news", ids["birds sing"])
    with store.engine.connect() as connection:
        assert [each.query for each in queries_from_log(connection, "news")] == ["who purrs"]


@pytest.mark.parametrize(
    ("line", "error", "field"),
    [
        ("{", InvalidInput, "queries"),
        ('{"query": "a"}', InvalidInput, "queries"),
        ('{"query": "a", "relevant": []}', InvalidInput, "relevant"),
        ('{"query": "a", "relevant": {"here": -1}}', InvalidInput, "gains"),
        ('{"query": "a", "relevant": ["elsewhere"]}', NotFound, "relevant"),
    ],
    ids=["no json", "no label", "empty", "negative", "unknown"],
)
def test_a_file_that_is_none_of_labels_is_refused(store, tmp_path, line, error, field):
    store.facts.add_many([fact("here"), fact("elsewhere", corpus_id="other")])
    path = tmp_path / "queries.jsonl"
    path.write_text('{"query": "a", "relevant": ["here"]}\n' + line)
    with store.engine.connect() as connection, pytest.raises(error) as refused:
        queries_from_file(connection, "news", path)
    assert refused.value.field == field
    assert "line 2" in str(refused.value)


def test_the_commands(url, tmp_path):
    with hegel_store.connect(url) as store:
        store.facts.add_many([NewFact(corpus_id="zoo", content=f"the {w} eats") for w in WORDS])
    labels = tmp_path / "queries.jsonl"
    labels.write_text(
        "".join(json.dumps({"query": w, "relevant": {f"the {w} eats": 2}}) + "\n" for w in WORDS)
    )
    at = ("--corpus", "zoo", "--url", url)
    record = ("baseline", "record", "red", "--queries", labels, "--mode", "text", "--k", 1,
              "--blocks", 3, *at)  # fmt: skip
    made = json.loads(run(*record, "--json"))
    assert made["quality"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "ndcg": 1.0}
    assert made["queries"][0]["query"] == "hedgehog"
    assert made["conditions"]["settings"]["work_mem"]
    with pytest.raises(InvalidInput, match="recorded already"):
        run(*record)
    run(*record, "--replace")
    assert [each["name"] for each in json.loads(run("baseline", "list", "--json", *at))] == ["red"]
    assert "red" in run("baseline", "list", *at)
    assert "6 queries" in run("baseline", "show", "red", *at)
    assert json.loads(run("baseline", "show", "red", "--json", *at))["k"] == 1

    with hegel_store.connect(url) as store:
        gone = [hit.fact.id for hit in store.facts.search("stork newt lynx", corpus_id="zoo")][:3]
        store.facts.forget("zoo", gone)
    check = ["baseline", "check", "red", "--rise", "9", "--most-blocks", "3", *at]
    checked = CliRunner().invoke(app, [*check, "--json"])
    assert checked.exit_code == 3, checked.output
    told = json.loads(checked.stdout)
    assert (told["verdict"], told["gone"], told["changed"]) == ("breach", 3, ["facts"])
    unsure = CliRunner().invoke(app, [*check, "--fall", "0.5"])
    assert unsure.exit_code == 4, unsure.output  # it fell by that, on six queries
    assert "unsure, after" in unsure.stdout
    assert CliRunner().invoke(app, [*check, "--fall", "100%"]).exit_code == 0
    assert json.loads(run("baseline", "drop", "red", "--json", *at)) == {"dropped": True}
    with pytest.raises(NotFound):
        run("baseline", "check", "red", *at)


def test_what_cannot_be_recorded_is_refused(store):
    store.facts.add_many([fact("hedgehogs")])
    (hit,) = store.facts.search("hedgehogs", corpus_id="news")
    queries = [{"query": f"q{n}", "relevant": {hit.fact.id: 1.0}} for n in range(5)]
    given = [LabelledQuery(**each) for each in queries]
    baselines = store.baselines("news")
    for changes, field in (({"k": 0}, "k"), ({"mode": "best"}, "mode"), ({"blocks": 1}, "blocks")):
        with pytest.raises(InvalidInput) as refused:
            baselines.record("a", given, **changes)
        assert refused.value.field == field
    with pytest.raises(InvalidInput, match="queries: must be 5"):
        baselines.record("a", given[:4])
    with pytest.raises(EmbedderMissing):
        baselines.record("a", given, mode="hybrid")
    assert baselines.all() == []
