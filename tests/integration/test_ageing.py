"""Facts that were not seen for a while, and what searches make of them."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from hegel_store.cli import app
from hegel_store.errors import InvalidInput, TransactionOpen
from hegel_store.models import Aged, AgeingRule, FactFilter
from hegel_store.repositories import FactRepository
from hegel_store.store import Store
from tests.samples import fact, rows

DAYS = {"new": 1, "month": 31, "season": 100, "years": 1000}
MONTHLY = AgeingRule(ageing_after=timedelta(days=30), stale_after=timedelta(days=90))
NEWS = AgeingRule(category="news", ageing_after=timedelta(hours=1), stale_after=timedelta(hours=12))


def seen(store: Store, content: str, days: float) -> None:
    with store.engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE hegel_facts SET last_seen_at = now() - CAST(:ago AS interval)"
                " WHERE content = :content"
            ),
            {"ago": timedelta(days=days), "content": content},
        )


def freshness(store: Store, corpus_id: str = "zoo") -> dict[str, str]:
    found = rows(
        store, f"SELECT content, freshness FROM hegel_facts WHERE corpus_id = '{corpus_id}'"
    )
    return dict(found)  # type: ignore[arg-type]


@pytest.fixture
def zoo(memory: Store) -> Store:
    memory.facts.add_many(fact(name, "zoo") for name in DAYS)
    for name, days in DAYS.items():
        seen(memory, name, days)
    return memory


def test_facts_age_by_when_they_were_last_seen(zoo):
    expected = {"new": "fresh", "month": "ageing", "season": "stale", "years": "stale"}
    counts = Aged(ageing=1, stale=2)
    assert zoo.facts.age([MONTHLY], dry_run=True) == counts
    assert set(freshness(zoo).values()) == {"fresh"}
    assert zoo.facts.age([MONTHLY]) == counts
    assert freshness(zoo) == expected
    assert zoo.facts.age([MONTHLY]) == Aged(ageing=0, stale=0)
    seen(zoo, "month", 91)
    assert zoo.facts.age([MONTHLY]) == Aged(ageing=0, stale=1)


def test_a_fact_that_is_seen_again_is_fresh_again(zoo):
    zoo.facts.age([MONTHLY])
    zoo.facts.add_many([fact("years", "zoo")])
    assert freshness(zoo)["years"] == "fresh"
    assert zoo.facts.age([MONTHLY]) == Aged(ageing=0, stale=0)


def test_none_grows_younger_than_it_was_given_or_made(zoo):
    zoo.facts.add_many([fact("given", "zoo", freshness="stale")])
    zoo.facts.age([MONTHLY])
    assert freshness(zoo)["given"] == "stale"
    patient = AgeingRule(ageing_after=timedelta(days=2000), stale_after=timedelta(days=2000))
    zoo.facts.age([patient])
    assert freshness(zoo)["month"] == "ageing"


def test_a_category_may_have_a_rule_of_its_own_and_one_without_any_stays(zoo):
    zoo.facts.add_many([fact("today", "zoo", category="news")])
    seen(zoo, "today", 0.2)
    assert zoo.facts.age([NEWS]) == Aged(ageing=1, stale=0)
    assert freshness(zoo) == dict.fromkeys(DAYS, "fresh") | {"today": "ageing"}
    seen(zoo, "today", 0.9)
    assert zoo.facts.age([MONTHLY, NEWS]) == Aged(ageing=1, stale=3)
    assert freshness(zoo)["today"] == "stale"


def test_other_corpora_and_deleted_facts_are_left_alone(zoo):
    zoo.facts.add_many([fact("years", "elsewhere")])
    seen(zoo, "years", 1000)
    (gone,) = zoo.facts.add_many([fact("gone", "zoo")]).ids
    seen(zoo, "gone", 1000)
    zoo.facts.forget("zoo", gone)
    zoo.facts.age([MONTHLY], corpus_id="zoo")
    assert freshness(zoo, "elsewhere") == {"years": "fresh"}
    assert freshness(zoo)["gone"] == "fresh"


@pytest.mark.parametrize("batch", [1, 2, 3, 7, 1000])
def test_batches_of_any_size_reach_all_of_them_once(memory, batch):
    names = [f"old {n}" for n in range(14)]
    for corpus_id in ("a", "b"):
        memory.facts.add_many(fact(name, corpus_id) for name in names)
    for name in names[::2]:
        seen(memory, name, 50)
    assert memory.facts.age([MONTHLY], batch=batch) == Aged(ageing=14, stale=0)
    expected = {name: "ageing" if n % 2 == 0 else "fresh" for n, name in enumerate(names)}
    assert freshness(memory, "a") == freshness(memory, "b") == expected


def test_a_fact_that_is_seen_while_a_batch_waits_for_it_stays_fresh(zoo):
    """The batch has picked it by then, and looks again once it has the lock."""
    result = []
    with zoo.engine.begin() as connection:
        connection.execute(
            text("UPDATE hegel_facts SET last_seen_at = now() WHERE content = 'years'")
        )
        ageing = threading.Thread(target=lambda: result.append(zoo.facts.age([MONTHLY])))
        ageing.start()
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        while rows(zoo, waiting) == [(0,)]:
            assert ageing.is_alive()
    ageing.join()
    assert result == [Aged(ageing=1, stale=1)]
    assert freshness(zoo)["years"] == "fresh"


def test_searches_weigh_freshness_when_they_are_told_to(zoo):
    zoo.facts.add_many(
        [fact("hedgehog one", "law", freshness="stale"), fact("hedgehog two", "law")]
    )
    zoo.facts.add_many([fact("hedgehog 3", "law", freshness="ageing")])
    for mode in ("text", "vector", "hybrid"):
        for fusion in ("convex", "rrf"):
            options = {"corpus_id": "law", "mode": mode, "fusion": fusion}
            plain = {h.fact.content: h for h in zoo.facts.search("hedgehog one", **options)}
            weighed = zoo.facts.search("hedgehog one", freshness_weight=0.5, **options)
            assert {hit.fact.content for hit in weighed} == set(plain)
            kept = {"fresh": 1.0, "ageing": 0.75, "stale": 0.5}
            for hit in weighed:
                before = plain[hit.fact.content].score
                lost = abs(before) * (1 - kept[hit.fact.freshness])
                assert hit.score == pytest.approx(before - lost)
            scores = [hit.score for hit in weighed]
            assert scores == sorted(scores, reverse=True)
    first = zoo.facts.search("hedgehog one", corpus_id="law", freshness_weight=1.0)[0]
    assert first.fact.content == "hedgehog two"


def test_searches_filter_by_it(zoo):
    zoo.facts.age([MONTHLY])
    found = zoo.facts.search("new", mode="vector", filters=FactFilter(freshness=["stale"]))
    assert {hit.fact.content for hit in found} == {"season", "years"}


@pytest.mark.parametrize(
    ("rules", "options", "field"),
    [
        ([], {}, "rules"),
        (["monthly"], {}, "rules"),
        ([MONTHLY, MONTHLY], {}, "rules"),
        ([MONTHLY], {"batch": 0}, "batch"),
        ([MONTHLY], {"batch": 1001}, "batch"),
        ([MONTHLY], {"pause": -1}, "pause"),
        ([MONTHLY], {"corpus_id": ""}, "corpus_id"),
    ],
)
def test_bad_arguments_are_refused_by_name(zoo, rules, options, field):
    with pytest.raises(InvalidInput) as caught:
        zoo.facts.age(rules, **options)
    assert caught.value.field == field


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"ageing_after": 3, "stale_after": DAY}, "ageing_after"),
        ({"ageing_after": DAY, "stale_after": None}, "stale_after"),
        ({"ageing_after": timedelta(0), "stale_after": DAY}, "ageing_after"),
        ({"ageing_after": DAY, "stale_after": timedelta(days=99_999)}, "stale_after"),
        ({"ageing_after": 2 * DAY, "stale_after": DAY}, "ageing_after"),
        ({"ageing_after": DAY, "stale_after": DAY, "category": " "}, "category"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused_by_name(values, field):
    with pytest.raises(InvalidInput) as caught:
        AgeingRule(**values)
    assert caught.value.field == field


def test_it_is_not_for_a_transaction(zoo):
    with zoo.begin() as work, pytest.raises(TransactionOpen):
        work.facts.age([MONTHLY])
    with zoo.engine.connect() as connection, pytest.raises(TransactionOpen):
        FactRepository(connection).age([MONTHLY])


def test_the_command_counts_and_ages(zoo, url):
    zoo.facts.add_many([fact("today", "zoo", category="news")])
    seen(zoo, "today", 0.2)
    command = ["age", "--url", url, "--ageing-after", "30", "--stale-after", "90"]
    command += ["--category", "news=0.1,0.5"]
    dry = CliRunner().invoke(app, [*command, "--dry-run", "--json"], catch_exceptions=False)
    assert json.loads(dry.stdout) == {"ageing": 2, "stale": 2, "dry_run": True}
    assert set(freshness(zoo).values()) == {"fresh"}
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert done.stdout == "2 facts turned ageing, and 2 stale\n"
    assert freshness(zoo)["today"] == "ageing"
    for bad in ("news", "news=1", "news=one,two", "news=2,1", "=1,2"):
        with pytest.raises(InvalidInput):
            CliRunner().invoke(app, [*command, "--category", bad], catch_exceptions=False)
