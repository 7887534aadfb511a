"""Reading training steps back: recent ones, search, long texts, averages of rewards."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from hegel_store.errors import (
    InvalidInput,
)
from hegel_store.models import RewardSummary
from hegel_store.store import Store
from tests.samples import MAY, Steps

LONG = {
    "prose": "the quick brown fox " * 200_000,
    "chinese words": " ".join(
        chr(0x4E00 + n // 200) + chr(0x4E00 + n % 200) for n in range(300_000)
    ),
    "rare ideographs": " ".join(chr(0x20000 + n % 60_000) for n in range(500_000)),
    "hyphenated words": " ".join(f"{n:x}a-{n:x}b-{n:x}c" for n in range(180_000)),
    "hyphenated ideographs": " ".join(
        chr(0x20000 + n % 60_000) + "-" + chr(0x20000 + n * 7 % 60_000) for n in range(250_000)
    ),
    "addresses": " ".join(f"https://a{n}.example.org/b{n}?c={n}" for n in range(80_000)),
    "one word": "x" * 4_000_000,
}


@pytest.mark.parametrize("kind", LONG)
def test_long_texts_are_stored_whole_and_found_by_their_beginning(
    store: Store, new: Steps, kind: str
) -> None:
    words = LONG[kind]
    assert 2_000_000 < len(words.encode()) < 5_000_000
    step = store.steps.log(
        new(
            query=f"hedgehog {words} porcupine",
            predicted_answer=f"badger {words}",
            gold_answer=f"weasel {words}",
        )
    )
    for word in ("hedgehog", "badger", "weasel"):
        assert store.steps.search(word) == [step]
    assert store.steps.search("porcupine") == []


def test_text_of_fifty_megabytes_is_refused(new: Steps) -> None:
    for field in ("query", "predicted_answer", "gold_answer"):
        with pytest.raises(InvalidInput) as caught:
            new(**{field: "x" * (50 << 20)})
        assert caught.value.field == field


def test_recent_steps_come_newest_first_and_equal_times_by_id(store: Store, new: Steps) -> None:
    other = Steps(store, "news", "summarise")
    ids = sorted(UUID(int=n << 64 | 8 << 60) for n in range(1, 5))
    steps = [new(id=identifier, created_at=MAY) for identifier in ids]
    late = new(created_at=MAY + timedelta(days=40))
    early = new(created_at=MAY - timedelta(microseconds=1))
    store.steps.log_many([early, late, *steps, other(created_at=MAY)])
    expected = [late.id, *reversed(ids), early.id]
    assert [step.id for step in store.steps.recent("news", "qa")] == expected
    assert [step.id for step in store.steps.recent("news", "qa", limit=3)] == expected[:3]
    assert store.steps.recent("news", "qa", limit=0) == []
    assert store.steps.recent("law", "qa") == []


def test_search_reads_query_and_both_answers_newest_first(store: Store, new: Steps) -> None:
    law = Steps(store, "law", "summarise")
    in_query = new(query="Running hedgehogs", created_at=MAY)
    in_answer = new(predicted_answer="a hedgehog ran", created_at=MAY + timedelta(days=31))
    in_gold = law(gold_answer="HEDGEHOG", created_at=MAY - timedelta(days=31))
    store.steps.log_many([in_query, in_answer, in_gold, new(created_at=MAY)])

    def found(words: str, **options: object) -> list[UUID]:
        return [step.id for step in store.steps.search(words, **options)]

    assert found("hedgehog") == [in_answer.id, in_query.id, in_gold.id]
    assert found("hedgehog", limit=1) == [in_answer.id]
    assert found("hedgehog", corpus_id="law") == [in_gold.id]
    assert found("hedgehog", task_type="qa") == [in_answer.id, in_query.id]
    assert found("hedgehog running") == [in_query.id]
    assert found("") == found("the") == found("'; DROP TABLE hegel_training_steps; --") == []


def test_reward_summary_counts_steps_without_a_reward_but_does_not_average_them(
    store: Store, new: Steps
) -> None:
    law = Steps(store, "law")
    store.steps.log_many(
        [
            new(reward=0.0, created_at=MAY),
            new(reward=1.0, created_at=MAY + timedelta(seconds=1), step_type="evaluation"),
            new(created_at=MAY + timedelta(seconds=2)),
            law(created_at=MAY),
        ]
    )
    everything = [
        RewardSummary(corpus_id="law", task_type="qa", average_reward=None, steps=1),
        RewardSummary(corpus_id="news", task_type="qa", average_reward=0.5, steps=3),
    ]
    summary = store.steps.reward_summary
    assert summary() == everything
    assert summary(corpus_id="news") == everything[1:]
    assert summary(task_type="summarise") == []
    assert [row.steps for row in summary(corpus_id="news", step_type="evaluation")] == [1]
    assert [row.average_reward for row in summary(until=MAY + timedelta(seconds=1))] == [None, 0.0]
    assert [row.steps for row in summary(since=MAY + timedelta(seconds=1))] == [2]
    assert summary(since=MAY, until=MAY) == []


def test_search_text_longer_than_the_server_can_parse_is_refused(store: Store) -> None:
    for search in (store.steps.search, store.profiles.search):
        with pytest.raises(InvalidInput) as refused:
            search("word " * 400_000)
        assert refused.value.field == "text"
