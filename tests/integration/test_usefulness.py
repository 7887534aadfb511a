"""How useful facts have been, and what searches make of it."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

import hegel_store
from hegel_store.cli import app
from hegel_store.models import FactFilter, SearchHit
from hegel_store.models.spaces import Maker, Place
from hegel_store.repositories.usefulness_statements import PRIOR_STEPS
from hegel_store.search.statement import Search, build
from hegel_store.store import Store
from tests.embedders import HashingEmbedder
from tests.plans import explain, nodes
from tests.samples import MAY, Steps, fact, rows

WORDS = ("beetles", "worms", "winter", "garden")


@pytest.fixture
def hits(memory: Store) -> dict[str, SearchHit]:
    """A hit for each of four facts, by a word of its content."""
    memory.facts.add_many(fact(f"hedgehogs and {word}") for word in WORDS)
    found = memory.facts.search("hedgehogs", corpus_id="news")
    return {hit.fact.content.split()[-1]: hit for hit in found}


@pytest.fixture
def new(memory: Store) -> Steps:
    return Steps(memory)


def log(
    store: Store, new: Steps, shown: Sequence[tuple[float | None, Sequence[SearchHit]]]
) -> None:
    steps = [
        new(reward=reward, created_at=MAY + timedelta(days=n))
        for n, (reward, _) in enumerate(shown)
    ]
    store.steps.log_many(steps)
    store.retrievals.log_many((step, hits) for step, (_, hits) in zip(steps, shown, strict=True))


def known(store: Store) -> dict[UUID, tuple[int, float, float]]:
    found = rows(store, "SELECT fact_id, steps, rewards, usefulness FROM hegel_fact_usefulness")
    return {row[0]: tuple(row[1:]) for row in found}


def by_word(store: Store, hits: Mapping[str, SearchHit]) -> dict[str, tuple[int, float, float]]:
    found = known(store)
    return {word: found[hit.fact.id] for word, hit in hits.items() if hit.fact.id in found}


def test_a_mean_is_shrunk_towards_that_of_the_corpus(
    memory: Store, new: Steps, hits: dict[str, SearchHit]
) -> None:
    beetles, worms, winter = hits["beetles"], hits["worms"], hits["winter"]
    log(
        memory,
        new,
        [
            (1.0, [beetles, worms]),
            (0.0, [beetles]),
            (0.0, [winter]),
            *[(1.0, [worms])] * 3,
            (None, [winter, hits["garden"]]),
            (0.5, []),
        ],
    )
    assert memory.retrievals.refresh() == 3
    rewards = [1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.5]
    mean, deviation = statistics.fmean(rewards), statistics.pstdev(rewards)
    expected = {}
    for word, given in {"beetles": [1.0, 0.0], "worms": [1.0] * 4, "winter": [0.0]}.items():
        shrunken = (sum(given) + PRIOR_STEPS * mean) / (len(given) + PRIOR_STEPS)
        useful = 0.5 + (shrunken - mean) / (2 * deviation)
        expected[word] = (len(given), sum(given), pytest.approx(useful))
    found = by_word(memory, hits)
    assert found == expected
    assert found["winter"][2] < found["beetles"][2] < 0.5 < found["worms"][2]
    assert memory.retrievals.refresh() == 0


def test_the_command_counts_a_corpus_or_all(
    memory: Store, new: Steps, hits: dict[str, SearchHit], url: str
) -> None:
    log(memory, new, [(1.0, [hits["beetles"]]), (0.0, [hits["worms"]])])
    command = ["refresh-usefulness", "--url", url]
    other = CliRunner().invoke(app, [*command, "--corpus", "sports"])
    assert (other.exit_code, other.output) == (0, "0 facts weigh otherwise\n")
    assert json.loads(CliRunner().invoke(app, [*command, "--json"]).output) == {"changed": 2}
    assert set(by_word(memory, hits)) == {"beetles", "worms"}


def test_many_steps_count_for_more_than_few_and_none_for_more_than_all(
    memory: Store, new: Steps, hits: dict[str, SearchHit]
) -> None:
    log(
        memory,
        new,
        [
            *[(1.0, [hits["worms"]])] * 40,
            *[(1.0, [hits["beetles"]])] * 2,
            *[(-1.0, [])] * 500,
        ],
    )
    memory.retrievals.refresh()
    useful = {word: row[2] for word, row in by_word(memory, hits).items()}
    assert 0.5 < useful["beetles"] < useful["worms"] == 1.0


def test_rewards_that_are_all_alike_say_nothing(
    memory: Store, new: Steps, hits: dict[str, SearchHit]
) -> None:
    log(memory, new, [(0.1, [hits["worms"]])] * 7 + [(0.1, [hits["beetles"]])] * 3)
    memory.retrievals.refresh()
    assert {row[2] for row in known(memory).values()} == {0.5}


def test_a_refresh_forgets_what_the_log_no_longer_holds_and_leaves_other_corpora(
    memory: Store, new: Steps, hits: dict[str, SearchHit]
) -> None:
    law = Steps(memory, "law")
    memory.facts.add_many([fact("courts", "law")])
    found = memory.facts.search("courts", corpus_id="law")
    log(memory, law, [(1.0, found), (0.0, [])])
    log(memory, new, [(1.0, [hits["worms"]]), (0.0, [hits["beetles"]])])
    assert memory.retrievals.refresh(corpus_id="law") == 1
    assert memory.retrievals.refresh(corpus_id="news") == 2
    of_law = known(memory)[found[0].fact.id]
    with memory.engine.begin() as connection:
        connection.execute(
            text("DELETE FROM hegel_retrievals WHERE step_created_at = :at"), {"at": MAY}
        )
    assert memory.retrievals.refresh(corpus_id="news") == 1
    assert set(known(memory)) == {hits["beetles"].fact.id, found[0].fact.id}
    assert known(memory)[found[0].fact.id] == of_law
    memory.retrievals.refresh()
    assert set(known(memory)) == {hits["beetles"].fact.id}


def test_it_is_part_of_a_unit_of_work(
    memory: Store, new: Steps, hits: dict[str, SearchHit]
) -> None:
    with memory.begin() as work:
        step = work.steps.log(new(reward=1.0))
        work.retrievals.log(step, [hits["worms"]])
        assert work.retrievals.refresh() == 1
    assert by_word(memory, hits) == {"worms": (1, 1.0, 0.5)}


def test_several_may_count_at_once_while_steps_are_logged(
    url: str, memory: Store, new: Steps, hits: dict[str, SearchHit]
) -> None:
    threads = 4
    barrier = Barrier(threads)

    def work(thread: int) -> None:
        barrier.wait()
        for n in range(20):
            if thread:
                store.retrievals.refresh()
            else:
                step = store.steps.log(new(reward=float(n % 2)))
                store.retrievals.log(step, list(hits.values())[: n % 4])

    with hegel_store.connect(url, pool="heavy") as store:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, range(threads)))
        store.retrievals.refresh()
        assert store.retrievals.refresh() == 0
    assert sorted(row[0] for row in known(memory).values()) == [5, 10, 15]


@pytest.fixture
def counted(memory: Store, new: Steps, hits: dict[str, SearchHit]) -> dict[UUID, float]:
    """The usefulness of the facts: low of one, high of one, next to nothing of one, none of one."""
    log(
        memory,
        new,
        [
            *[(0.0, [hits["beetles"]])] * 30,
            *[(1.0, [hits["worms"]])] * 30,
            (1.0, [hits["winter"]]),
            (0.0, [hits["winter"]]),
        ],
    )
    memory.retrievals.refresh()
    return {hit.fact.id: 0.5 for hit in hits.values()} | {
        identifier: row[2] for identifier, row in known(memory).items()
    }


@pytest.mark.parametrize("mode", ["hybrid", "vector", "text"])
@pytest.mark.parametrize("fusion", ["convex", "rrf"])
@pytest.mark.parametrize("corpus_id", ["news", None])
def test_searches_weigh_it_when_they_are_told_to(
    memory: Store, counted: dict[UUID, float], mode: str, fusion: str, corpus_id: str | None
) -> None:
    options: dict[str, Any] = {"corpus_id": corpus_id, "mode": mode, "fusion": fusion}
    plain = memory.facts.search("hedgehogs and worms", **options)
    assert len(plain) == len(WORDS)
    assert memory.facts.search("hedgehogs and worms", usefulness_weight=0, **options) == plain
    weighed = memory.facts.search("hedgehogs and worms", usefulness_weight=0.3, **options)
    scores = {hit.fact.id: hit.score for hit in plain}
    expected = {
        identifier: score - abs(score) * 0.3 * (1 - counted[identifier])
        for identifier, score in scores.items()
    }
    assert {hit.fact.id: hit.score for hit in weighed} == pytest.approx(expected)
    order = [hit.score for hit in weighed]
    assert order == sorted(order, reverse=True)


def test_of_facts_that_answer_alike_the_useful_one_comes_first_and_the_harmful_one_last(
    memory: Store, counted: dict[UUID, float], hits: dict[str, SearchHit]
) -> None:
    options: dict[str, Any] = {"mode": "text", "usefulness_weight": 0.1}
    found = memory.facts.search("hedgehogs", **options)
    order = [hit.fact.content.split()[-1] for hit in found]
    assert (order[0], order[-1]) == ("worms", "beetles")
    (best,) = memory.facts.search("hedgehogs", limit=1, **options)
    assert best.fact.id == hits["worms"].fact.id


def test_it_is_weighed_beside_freshness(memory: Store, counted: dict[UUID, float]) -> None:
    with memory.engine.begin() as connection:
        connection.execute(text("UPDATE hegel_facts SET freshness = 'ageing'"))
    plain = {hit.fact.id: hit.score for hit in memory.facts.search("worms", mode="vector")}
    both = memory.facts.search("worms", mode="vector", usefulness_weight=0.2, freshness_weight=0.5)
    for hit in both:
        aged = plain[hit.fact.id] - abs(plain[hit.fact.id]) * 0.25
        assert hit.score == pytest.approx(aged - abs(aged) * 0.2 * (1 - counted[hit.fact.id]))


def test_before_anything_was_counted_the_order_is_that_of_a_search_without_it(
    memory: Store, hits: dict[str, SearchHit]
) -> None:
    plain = memory.facts.search("hedgehogs and worms")
    weighed = memory.facts.search("hedgehogs and worms", usefulness_weight=1.0)
    assert [hit.fact for hit in weighed] == [hit.fact for hit in plain]
    assert [hit.score for hit in weighed] == pytest.approx([hit.score / 2 for hit in plain])


def test_kept_answers_do_not_outlive_a_refresh(
    url: str, memory: Store, new: Steps, hits: dict[str, SearchHit], embedder: HashingEmbedder
) -> None:
    with hegel_store.connect(url, embedder=embedder, result_cache=True) as keeping:

        def scores() -> dict[UUID, float]:
            found = keeping.facts.search("hedgehogs", corpus_id="news", usefulness_weight=0.5)
            return {hit.fact.id: hit.score for hit in found}

        before = scores()
        log(memory, new, [(0.0, [hits["beetles"]])] * 30 + [(1.0, [hits["worms"]])] * 30)
        assert scores() == before
        assert keeping.result_cache.statistics.hits == 1
        memory.retrievals.refresh()
        after = scores()
        assert after != before
        with memory.engine.begin() as connection:
            connection.execute(text("DELETE FROM hegel_fact_usefulness"))
        assert scores() == before
        memory.retrievals.refresh()
        assert scores() == after
        with memory.engine.begin() as connection:
            connection.execute(text("TRUNCATE hegel_fact_usefulness"))
        assert scores() == before


def search(mode: str, **options: Any) -> Search:
    given = {"query": "hedgehog 7", "corpus_id": "news", "limit": 10, "candidates": 20}
    if mode != "text":
        embedder = HashingEmbedder()
        place = Place("fast", "embedding_384", Maker(embedder.name, 384))
        given |= {"embedding": embedder.embed(["hedgehog 7"])[0], "place": place}
    return Search(mode=mode, filters=FactFilter(), **given, **options)


@pytest.mark.parametrize("mode", ["hybrid", "vector", "text"])
def test_a_search_without_it_is_sent_as_ever_and_one_with_it_reads_rows_of_candidates(
    memory: Store, mode: str
) -> None:
    memory.facts.add_many(fact(f"hedgehog {n}") for n in range(1000))
    with memory.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO hegel_fact_usefulness"
                " SELECT corpus_id, id, 1, 1, 0.75 FROM hegel_facts"
            )
        )
        connection.execute(text("ANALYZE hegel_fact_usefulness, hegel_facts"))
        with_it = explain(connection, *build(search(mode, usefulness_weight=0.2)))
    assert "usefulness" not in str(build(search(mode))[0])
    assert build(search(mode, usefulness_weight=0)) == build(search(mode))
    (scan,) = (
        node for node in nodes(with_it) if node.get("Relation Name") == "hegel_fact_usefulness"
    )
    assert scan["Index Name"] == "pk_hegel_fact_usefulness"
    assert 10 <= scan["Actual Loops"] <= 40
    assert scan["Actual Rows"] == 1
