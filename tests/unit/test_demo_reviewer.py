"""Objections follow from the evidence, and move what they are against."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from uuid import UUID

import pytest

from hegel_store.demo.reviewer import RULES, Candidate, review, weighed
from hegel_store.models import Fact, SearchHit

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
QUESTION = "If `linger` is given, RuntimeError is raised after that many seconds."


def hit(
    name: str,
    score: float,
    content: str = "",
    *,
    parameters: tuple[str, ...] = (),
    text_rank: int | None = 1,
) -> SearchHit:
    module = name.partition(".")[0]
    fact = Fact(
        corpus_id="docs",
        # Ids run against the names, so that an order by id would show.
        id=UUID(int=10**6 - sum(map(ord, name))),
        content=content or name,
        category="function",
        label=name,
        intent=None,
        confidence=1.0,
        freshness="fresh",
        language="english",
        metadata={"module": module, "parameters": list(parameters)},
        seen_count=1,
        created_at=MOMENT,
        last_seen_at=MOMENT,
        valid_from=None,
        valid_to=None,
        expires_at=None,
        deleted_at=None,
        profile_id=None,
        step_id=None,
    )
    return SearchHit(
        fact=fact,
        score=score,
        vector_score=0.5,
        text_score=score,
        vector_rank=1,
        text_rank=text_rank,
    )


def names(candidates: list[Candidate]) -> list[str]:
    return [candidate.name for candidate in candidates]


def only(rule: str, weight: float) -> dict[str, float]:
    return dict.fromkeys(RULES, 0.0) | {rule: weight}


def test_without_rules_the_search_decides():
    found = weighed(QUESTION, [hit("a.x", 0.9), hit("b.y", 0.5), hit("c.z", 0.4)])
    ranking, objections = review(found, dict.fromkeys(RULES, 0.0))
    assert names(ranking) == ["a.x", "b.y", "c.z"]
    assert objections == []


def test_equal_scores_are_ordered_by_name_and_not_by_id():
    found = weighed(QUESTION, [hit("c.z", 0.5), hit("a.x", 0.5 + 1e-12), hit("b.y", 0.5)])
    assert names(found) == ["a.x", "b.y", "c.z"]


@pytest.mark.parametrize(
    ("rule", "second"),
    [
        ("parameters", hit("b.y", 0.8, parameters=("linger",))),
        ("code_words", hit("b.y", 0.8, "b.y: Raises RuntimeError")),
        ("coverage", hit("b.y", 0.8, "b.y: given many seconds, raises")),
    ],
)
def test_a_rule_lifts_the_candidate_that_has_the_evidence(rule, second):
    found = weighed(QUESTION, [hit("a.x", 1.0), second, hit("c.z", 0.7)])
    assert names(review(found, only(rule, 0.0))[0]) == ["a.x", "b.y", "c.z"]
    ranking, objections = review(found, only(rule, 0.5))
    assert names(ranking) == ["b.y", "a.x", "c.z"]
    assert [objection.candidate for objection in objections] == ["a.x", "c.z"]
    assert {objection.reasons for objection in objections} == {(RULES[rule],)}


def test_a_candidate_found_by_one_channel_alone_is_objected_to():
    found = weighed(QUESTION, [hit("a.x", 1.0, text_rank=None), hit("b.y", 0.9)])
    ranking, (objection,) = review(found, only("agreement", 0.2))
    assert names(ranking) == ["b.y", "a.x"]
    assert (objection.candidate, objection.penalty) == ("a.x", 0.2)


def test_company_is_the_best_other_candidate_of_the_module():
    found = weighed(QUESTION, [hit("m.a", 0.8), hit("m.b", 0.4), hit("m.c", 0.2), hit("n.d", 0.1)])
    assert [candidate.evidence["company"] for candidate in found] == [0.5, 1.0, 1.0, 0.0]


def test_evidence_counts_by_how_rare_it_is():
    found = weighed(
        "linger and wait",
        [hit(f"a.{n}", 1.0, parameters=("wait", "linger")[: 1 + (n == 0)]) for n in range(4)],
    )
    rare, *common = [candidate.evidence["parameters"] for candidate in found]
    assert rare == pytest.approx(math.log(4) / math.log(4))
    assert common == [0.0, 0.0, 0.0]  # all have "wait", so it tells none from the others


def test_penalty_is_weight_times_what_is_lacking():
    found = [
        Candidate("a", 1.0, dict.fromkeys(RULES, 0.0) | {"coverage": 0.25, "company": 1.0}),
        Candidate("b", 0.9, dict.fromkeys(RULES, 0.0) | {"coverage": 0.75, "company": 0.5}),
    ]
    ranking, objections = review(found, only("coverage", 0.4) | {"company": 0.1})
    assert names(ranking) == ["b", "a"]
    assert [objection.penalty for objection in objections] == pytest.approx([0.2, 0.05])


def test_nothing_found_is_nothing_to_review():
    assert review(weighed(QUESTION, []), dict.fromkeys(RULES, 0.5)) == ([], [])
