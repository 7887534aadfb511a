"""Facts that say nearly the same, on a real database: reinforced, ended, revived, kept apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hegel_store.models import FactFilter
from hegel_store.search import near
from hegel_store.store import Store
from tests.judging import add, found, verdicts
from tests.samples import contents, fact, rows

DAY = timedelta(days=1)


def test_facts_that_are_alike_are_kept_apart_unless_asked(topics: Store) -> None:
    result = topics.facts.add_many([fact("port 5432"), fact("port 5433"), fact("Port: 5432")])
    assert (result.added, list(result.near_duplicates)) == (3, [])
    assert found(topics) == ["Port: 5432", "port 5432", "port 5433"]
    assert rows(topics, "SELECT 1 FROM hegel_fact_verdicts") == []


def test_the_same_in_other_words_reinforces_the_old_fact(topics: Store) -> None:
    (old,) = add(topics, fact("port is 5432", confidence=0.5)).ids
    before = topics.facts.get("news", old)
    result = add(topics, fact("Port: 5432", confidence=0.7), fact("port 5432!", confidence=0.6))
    assert (list(result.ids), result.added, result.merged) == ([old, old], 0, 2)
    assert verdicts(result) == [(0, "same"), (1, "same")]
    after = topics.facts.get("news", old)
    assert (after.content, after.seen_count, after.confidence) == ("port is 5432", 3, 0.7)
    assert after.last_seen_at > before.last_seen_at
    assert contents(topics) == ["port is 5432"]


def test_an_update_takes_the_place_of_the_old_fact(topics: Store) -> None:
    (old,) = add(topics, "port 5432").ids
    before = datetime.now(UTC)
    result = add(topics, "port 5433")
    (new,) = result.ids
    assert (result.added, result.merged, verdicts(result)) == (1, 0, [(0, "update")])
    (judged,) = result.near_duplicates
    assert (judged.fact_id, judged.other_id) == (new, old)
    assert judged.similarity == pytest.approx(0.978, abs=0.01)
    assert found(topics) == ["port 5433"]
    assert topics.facts.get("news", old).valid_to > before - timedelta(seconds=1)
    assert topics.facts.get("news", new).valid_to is None


def test_what_is_distinct_stands_beside_the_old_fact(topics: Store) -> None:
    (old,) = add(topics, "server of Anna").ids
    result = add(topics, "server of Bob")
    assert (result.added, verdicts(result)) == (1, [(0, "distinct")])
    assert found(topics) == ["server of Anna", "server of Bob"]
    assert topics.facts.get("news", old).seen_count == 1


def test_equal_content_merges_unjudged(topics: Store) -> None:
    topics.facts.add_many([fact("port 5432"), fact("port 5433")])
    result = add(topics, "port 5432", "port 5433")
    assert (result.merged, list(result.near_duplicates)) == (2, [])
    assert found(topics) == ["port 5432", "port 5433"]


def test_facts_of_other_labels_and_corpora_are_never_judged(topics: Store) -> None:
    groups = [("news", None), ("news", "a"), ("news", "b"), ("law", None), ("law", "a")]
    for number, (corpus, label) in enumerate(groups):
        result = add(topics, fact(f"port {number}", corpus, label=label))
        assert verdicts(result) == []
    together = [fact(f"port 1{n}", corpus, label=label) for n, (corpus, label) in enumerate(groups)]
    result = add(topics, *together)
    assert verdicts(result) == [(n, "update") for n in range(len(groups))]
    assert found(topics) == [f"port 1{n}" for n in range(len(groups))]


def test_a_new_label_has_nothing_to_compare_with(topics: Store) -> None:
    add(topics, "port 5432")
    assert verdicts(add(topics, fact("port 5433", label="new"))) == []


def test_only_facts_that_are_near_enough_are_judged(topics: Store) -> None:
    add(topics, "port 5432")
    assert verdicts(add(topics, "port 5433", similarity=0.99)) == []
    assert verdicts(add(topics, "harbour 5434", similarity=0.5)) == []
    assert sorted(verdicts(add(topics, "port 5435", similarity=0.9))) == [(0, "update")] * 2
    assert found(topics) == ["harbour 5434", "port 5435"]


def test_a_fact_without_a_vector_is_only_added(store: Store) -> None:
    assert verdicts(add(store, "port 5432", "port 5433")) == []
    assert contents(store) == ["port 5432", "port 5433"]


def test_facts_of_one_call_are_judged_as_if_one_by_one(topics: Store) -> None:
    given = ["port 1", "port 2", "Port: 2", "port of Anna", "port 1", "port 3", "port 3"]
    result = add(topics, *given)
    one_by_one = [add(topics, fact(content, "law")) for content in given]
    assert verdicts(result) == [
        (position, one.verdict)
        for position, single in enumerate(one_by_one)
        for one in single.near_duplicates
    ]
    assert result.added == sum(single.added for single in one_by_one) == 4
    assert result.merged == sum(single.merged for single in one_by_one) == 3
    assert result.ids[0] == result.ids[4]
    assert result.ids[1] == result.ids[2]
    live = "SELECT content FROM hegel_facts WHERE corpus_id = '{}' AND valid_to IS NULL ORDER BY 1"
    assert rows(topics, live.format("news")) == rows(topics, live.format("law"))
    assert rows(topics, live.format("law")) == [("port 3",), ("port of Anna",)]
    seen = "SELECT content, seen_count FROM hegel_facts WHERE corpus_id = '{}' ORDER BY 1"
    assert rows(topics, seen.format("news")) == rows(topics, seen.format("law"))


@pytest.mark.parametrize("together", [True, False])
def test_an_ended_fact_comes_back_and_ends_what_had_ended_it(topics: Store, together: bool) -> None:
    given = ["port 5432", "port 5433", "port 5432"]
    if together:
        ids = list(add(topics, *given).ids)
    else:
        ids = [add(topics, content).ids[0] for content in given]
    assert ids[0] == ids[2]
    assert found(topics) == ["port 5432"]
    assert topics.facts.get("news", ids[0]).valid_to is None
    assert topics.facts.get("news", ids[1]).valid_to is not None
    assert topics.facts.get("news", ids[0]).seen_count == 2
    assert [v.old_fact_id for v in topics.facts.verdicts("news")] == [ids[1], ids[0]]


def test_a_revived_fact_is_compared_with_the_rest_of_its_call(topics: Store) -> None:
    """By the vector that is stored, as none is made anew."""
    add(topics, "port 5432", "port 5433")
    assert verdicts(add(topics, "port 5432", "port 5434")) == [(0, "update"), (1, "update")]
    assert found(topics) == ["port 5434"]


def test_an_ended_fact_comes_back_beside_the_other_without_a_judge(topics: Store) -> None:
    add(topics, "port 5432", "port 5433")
    topics.facts.add_many([fact("port 5432")])
    assert found(topics) == ["port 5432", "port 5433"]


def test_an_ended_fact_stays_ended_when_another_says_the_same(topics: Store) -> None:
    first = add(topics, "port 5432", "port 5433", "port: 5432")
    again = add(topics, "port 5432")
    assert again.ids[0] == first.ids[2]
    assert verdicts(again) == [(0, "same")]
    assert again.near_duplicates[0].fact_id == first.ids[0]
    assert found(topics) == ["port: 5432"]


def test_an_expired_fact_is_judged_when_it_comes_back(topics: Store) -> None:
    topics.facts.add_many([fact("port 5432", expires_at=datetime.now(UTC) - DAY)])
    assert verdicts(add(topics, "port 5433")) == []
    assert verdicts(add(topics, "port 5432")) == [(0, "update")]
    assert found(topics) == ["port 5432"]


def test_a_revived_fact_is_judged_under_the_label_that_it_has(topics: Store) -> None:
    add(topics, fact("port 1", label="a"), fact("port 2", label="a"), fact("port 3", label="b"))
    assert verdicts(add(topics, fact("port 1", label="b"))) == [(0, "update")]
    assert found(topics) == ["port 1", "port 3"]


def test_what_was_held_before_the_end_is_shown_as_of_then(topics: Store) -> None:
    add(topics, "port 5432")
    ((between,),) = rows(topics, "SELECT clock_timestamp()")
    (new,) = add(topics, "port 5433").ids
    assert found(topics, as_of=between) == ["port 5432"]
    assert found(topics, as_of=datetime.now(UTC) + DAY) == ["port 5433"]
    (hit,) = topics.facts.similar_to("news", new, filters=FactFilter(as_of=between))
    assert hit.fact.content == "port 5432"
    assert list(topics.facts.similar_to("news", new)) == []
    assert list(topics.facts.search("5432", mode="text")) == []


def test_the_end_is_when_the_new_fact_begins_to_hold_if_that_is_earlier(topics: Store) -> None:
    since = datetime(2024, 5, 17, tzinfo=UTC)
    (old,) = add(topics, "port 5432").ids
    add(topics, fact("port 5433", valid_from=since))
    assert topics.facts.get("news", old).valid_to == since
    (old,) = add(topics, "pier 1").ids
    add(topics, fact("pier 2", valid_from=datetime.now(UTC) + DAY))
    assert topics.facts.get("news", old).valid_to < datetime.now(UTC) + DAY / 2


def test_ended_deleted_and_expired_facts_are_nothing_to_compare_with(topics: Store) -> None:
    add(topics, "port 1", "port 2")
    (second,) = add(topics, "port 2").ids
    topics.facts.forget("news", second)
    assert verdicts(add(topics, "port 3")) == []
    topics.facts.add_many([fact("pier 1", expires_at=datetime.now(UTC) - DAY)])
    assert verdicts(add(topics, "pier 2")) == []


def test_many_near_ones_of_elsewhere_hide_nothing(topics: Store) -> None:
    """More than are read at first: of another label, another corpus, and ended ones."""
    hiding = [f"port {n}" for n in range(3 * near.CROWD)]
    topics.facts.add_many([fact(content, label="other") for content in hiding])
    topics.facts.add_many([fact(content, "law") for content in hiding])
    add(topics, *(fact(f"port 1{n:03}") for n in range(near.CROWD)))
    assert verdicts(add(topics, "port 2000")) == [(0, "update")]
    assert verdicts(add(topics, fact("port 2001", label="seldom"))) == []
    assert verdicts(add(topics, fact("port 2002", label="seldom"))) == [(0, "update")]
    assert [content for content in found(topics) if content.startswith("port 20")] == [
        *["port 20"] * 2,
        "port 2000",
        "port 2002",
    ]
