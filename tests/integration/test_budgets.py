"""What embedding may cost in a month, counted for all workers."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import psycopg
import pytest

import hegel_store
from hegel_store.embeddings import BudgetedEmbedder
from hegel_store.embeddings.budgeted import about_tokens
from hegel_store.errors import BudgetExceeded, InvalidInput
from hegel_store.models.budgets import BudgetAlert, Spending
from hegel_store.repositories import Budget
from tests.embedders import HashingEmbedder
from tests.samples import fact, rows


def usage(store) -> list[tuple[object, ...]]:
    return rows(
        store, "SELECT corpus_id, tokens, cost_billionths FROM hegel_embedding_usage ORDER BY 1"
    )


def test_tokens_are_counted_by_corpus_and_month(store):
    first = store.budget("law", tokens=100)
    spending = first.spend(30)
    assert (spending.tokens, spending.share, spending.cost) == (30, 0.3, 0.0)
    assert spending.month.day == 1
    ((today,),) = rows(store, "SELECT CAST(now() AT TIME ZONE 'UTC' AS date)")
    assert spending.month == today.replace(day=1)
    assert store.budget("law", tokens=200).spend(50).share == 0.4
    assert first.spent().tokens == 80
    store.budget("news", tokens=5).spend(5)
    assert usage(store) == [("law", 80, 0), ("news", 5, 0)]


def test_what_another_month_came_to_is_not_in_the_way(store):
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO hegel_embedding_usage (corpus_id, month, tokens)"
            " VALUES ('law', '2024-05-01', 100)"
        )
    budget = store.budget("law", tokens=100)
    assert budget.spent().tokens == 0
    assert budget.spend(100).tokens == 100


def test_the_end_is_a_hard_one_and_nothing_is_counted_past_it(store):
    budget = store.budget("law", tokens=100)
    with pytest.raises(BudgetExceeded):
        budget.spend(101)
    assert usage(store) == []
    budget.spend(99)
    with pytest.raises(BudgetExceeded, match=r"'law'.* 99 tokens .* 2 more"):
        budget.spend(2)
    assert budget.spend(1).share == 1.0
    with pytest.raises(BudgetExceeded):
        budget.spend(1)
    with pytest.raises(BudgetExceeded):
        store.budget("law", tokens=100, price=1e9).spend(2**62)
    assert budget.spend(0).tokens == 100
    assert usage(store) == [("law", 100, 0)]


def test_cost_is_an_allowance_too_and_the_nearer_end_counts(store):
    budget = store.budget("law", tokens=1_000_000, cost=0.5, price=2.0)
    spending = budget.spend(125_000)
    assert (spending.cost, spending.share) == (0.25, 0.5)
    with pytest.raises(BudgetExceeded):
        budget.spend(125_001)
    assert budget.spend(125_000).share == 1.0
    # A tenth of a cent a hundred times is ten cents, as it would not be in floats.
    small = store.budget("news", cost=0.1, price=1000.0)
    for _ in range(100):
        small.spend(1)
    assert small.spent().share == 1.0
    with pytest.raises(BudgetExceeded):
        small.spend(1)


def test_workers_who_spend_at_once_do_not_go_past_the_end_together(url, store):
    workers, each = 8, 40
    barrier = Barrier(workers)
    alerts: list[float] = []

    def work(_: int) -> int:
        with hegel_store.connect(url) as own:
            budget = own.budget(
                "law", tokens=100, on_alert=lambda alert: alerts.append(alert.threshold)
            )
            barrier.wait()
            spent = 0
            for _ in range(each):
                try:
                    budget.spend(1)
                except BudgetExceeded:
                    break
                spent += 1
            return spent

    with ThreadPoolExecutor(workers) as pool:
        assert sum(pool.map(work, range(workers))) == 100
    assert usage(store) == [("law", 100, 0)]
    assert sorted(alerts) == [0.5, 0.8, 0.9], "each once, whoever crossed it"


def test_alerts_come_once_and_the_highest_that_was_crossed(store):
    alerts: list[BudgetAlert] = []
    budget = store.budget("law", tokens=100, on_alert=alerts.append)
    for tokens in (49, 1, 1, 28, 1, 15, 5):
        budget.spend(tokens)
    assert [(a.threshold, a.spending.tokens) for a in alerts] == [(0.5, 50), (0.8, 80), (0.9, 95)]
    assert all(0 <= alert.days_left <= 30 for alert in alerts)
    budget = store.budget("news", tokens=100, on_alert=alerts.append)
    budget.spend(85)
    assert alerts[-1].threshold == 0.8


@pytest.mark.parametrize(
    ("threshold", "days_left", "urgent"),
    [(0.9, 8, True), (0.9, 7, False), (0.9, 30, True), (0.8, 30, False), (0.5, 30, False)],
)
def test_most_of_it_gone_early_is_urgent(threshold, days_left, urgent):
    spending = Spending(corpus_id="c", month=date(2024, 5, 1), tokens=9, cost=0.0, share=threshold)
    alert = BudgetAlert(spending=spending, threshold=threshold, days_left=days_left)
    assert alert.urgent == urgent


def test_the_log_is_louder_when_it_is_urgent(store, caplog):
    alerts: list[BudgetAlert] = []
    budget = store.budget("law", tokens=100, on_alert=alerts.append)
    budget.spend(60)
    budget.spend(35)
    levels = [record.levelno for record in caplog.records if record.name == "hegel_store.budget"]
    assert levels == [logging.WARNING, logging.ERROR if alerts[1].urgent else logging.WARNING]


def test_what_was_not_used_is_given_back_to_its_month(store):
    budget = store.budget("law", tokens=100, cost=1.0, price=5000.0)
    first = budget.spend(60)
    budget.spend(30)
    budget.refund(first, 60)
    assert (budget.spent().tokens, budget.spent().cost) == (30, 0.15)
    budget.refund(first, 60)
    assert budget.spent().tokens == 0
    budget.refund(Spending(corpus_id="law", month=date(2024, 5, 1), tokens=1, cost=0, share=0), 1)
    assert len(usage(store)) == 1


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({}, "tokens"),
        ({"tokens": 0}, "tokens"),
        ({"tokens": 1.5}, "tokens"),
        ({"cost": 1.0}, "cost"),
        ({"cost": 0.0, "price": 1.0}, "cost"),
        ({"tokens": 1, "price": -1.0}, "price"),
        ({"tokens": 1, "price": float("nan")}, "price"),
        ({"cost": 1e10, "price": 1.0}, "cost"),
    ],
)
def test_allowances_that_cannot_be_meant_are_refused_by_name(store, options, field):
    with pytest.raises(InvalidInput) as caught:
        store.budget("law", **options)
    assert caught.value.field == field
    with pytest.raises(InvalidInput) as caught:
        store.budget(" ", tokens=1)
    assert caught.value.field == "corpus_id"
    with pytest.raises(InvalidInput):
        store.budget("law", tokens=1).spend(-1)


# Embedders


class Failing(HashingEmbedder):
    def embed(self, texts):
        raise ConnectionError("no answer")


@pytest.fixture
def budget(store) -> Budget:
    return store.budget("law", tokens=10)


def test_texts_are_about_a_token_for_every_four_characters():
    assert about_tokens([]) == 0
    assert about_tokens(["", "a", "abcd", "abcde"]) == 0 + 1 + 1 + 2


def test_an_embedder_stops_before_the_texts_are_sent(budget):
    inner = HashingEmbedder()
    embedder = BudgetedEmbedder(inner, budget, count_tokens=lambda texts: 4 * len(texts))
    assert (embedder.name, embedder.dimensions) == (inner.name, inner.dimensions)
    assert embedder.prefix == ""
    inner.prefix = "query: "
    assert embedder.prefix == "query: "
    assert (embedder.embed(["a", "b"]) == inner.embed(["a", "b"])).all()
    with pytest.raises(BudgetExceeded):
        embedder.embed(["c"])
    assert "c" not in inner.embedded
    assert budget.spent().tokens == 8


def test_what_failed_costs_nothing(budget):
    embedder = BudgetedEmbedder(Failing(), budget)
    with pytest.raises(ConnectionError):
        embedder.embed(["a" * 20])
    assert budget.spent().tokens == 0


def test_a_search_answers_from_text_when_the_allowance_is_used_up(url, budget):
    embedder = BudgetedEmbedder(HashingEmbedder(), budget, count_tokens=len)
    with hegel_store.connect(url, embedder=embedder) as store:
        store.facts.add_many(fact(f"hedgehog {n}", "law") for n in range(9))
        assert store.facts.search("hedgehog", corpus_id="law").degraded is None
        found = store.facts.search("hedgehog", corpus_id="law")
        assert (len(found), found.degraded) == (9, "embedder")
        with pytest.raises(BudgetExceeded):
            store.facts.search("hedgehog", mode="vector")
        with pytest.raises(BudgetExceeded):
            store.facts.add_many([fact("one more", "law")])
    assert budget.spent().tokens == 10


def test_counting_does_not_wait_for_the_disk_and_leaves_the_session_as_it_was(url, store):
    store.budget("law", tokens=10).spend(1)
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    with psycopg.connect(url) as connection:
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
