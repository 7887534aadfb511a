"""The benchmark of the ranking measures what it says, on a collection made up for it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.benchmarks import rankings
from tests.benchmarks.bench_quality import measure, ndcg, ratio
from tests.benchmarks.judged import Collection, Question
from tests.embedders import HashingEmbedder

pytestmark = pytest.mark.any_server

FACTS = ["hedgehogs sleep in winter", "hedgehogs eat beetles", "owls hunt at night"]


def collection(questions: dict[str, dict[int, int]], facts: list[str] = FACTS) -> Collection:
    embedder = HashingEmbedder()
    return Collection(
        "made up",
        facts,
        ["animals"] * len(facts),
        embedder.embed(facts),
        [
            Question(text, "animals", vector, grades)
            for (text, grades), vector in zip(
                questions.items(), embedder.embed(list(questions)), strict=True
            )
        ],
    )


def test_ndcg_discounts_grades_by_rank():
    grades = {"good": 3, "fair": 1}
    ideal = 3 + 1 / math.log2(3)
    (found,) = ndcg([grades], [["wrong", "good", "fair"]])
    assert found == pytest.approx((3 / math.log2(3) + 1 / 2) / ideal)
    assert ndcg([grades], [["good", "fair"]]) == pytest.approx([1])


def test_ndcg_keeps_the_order_given_and_looks_at_ten():
    eleven = [f"z{n}" for n in range(10)] + ["a"]
    assert ndcg([{"a": 1}], [eleven]) == pytest.approx([0])
    assert ndcg([{"z0": 1}], [eleven]) == pytest.approx([1])


def test_a_question_without_an_answer_found_counts_as_nothing():
    assert ndcg([{"a": 1}, {"a": 1}], [[], ["a"]]) == pytest.approx([0, 1])


def test_a_ratio_lies_in_its_interval():
    scores = np.random.default_rng(3).random(200)
    middle, low, high = ratio(scores, scores / 2)
    assert (middle, low, high) == pytest.approx((2, 2, 2))
    _, low, high = ratio(scores, scores[::-1])
    assert low < 1 < high
    assert ratio(np.ones(3), np.array([1.0, 0, 0]))[2] == math.inf


def test_every_ranking_answers_and_only_all_words_needs_them_all(store):
    scores = measure(store, collection({"where do hedgehogs sleep": {0: 1}, "owls": {2: 2}}))
    assert scores.pop("all words, ts_rank") == pytest.approx([1, 1])
    for name, values in scores.items():
        assert values == pytest.approx([1, 1]), name
    # "daily" stands in no fact; the words of another fact are what is left.
    scores = measure(store, collection({"hedgehogs sleep daily": {0: 1}}))
    assert scores["all words, ts_rank"] == [0]
    assert scores["any word, ts_rank"] == [1]


def test_equal_facts_are_one_with_the_better_grade(store):
    twice = collection({"owls at night": {2: 3, 1: 1, 0: 2}}, ["bats", "owls hunt", "owls hunt"])
    ids = rankings.load(store, twice)
    assert ids[1] == ids[2] != ids[0]
    # Ideal is 3 + 2 / log2(3): the grade of 1 is gone.
    found = measure(store, twice)["ours, text"]
    assert found == pytest.approx(3 / (3 + 2 / math.log2(3)))


def test_reciprocal_ranks_are_added(store):
    """By words the facts are 0, 1 and by vectors 1, 0, 2: the first two tie, the third is last."""
    asked = collection({"hedgehogs sleep winter": {0: 1}})
    ids = rankings.load(store, asked)
    (question,) = asked.questions
    turned = Question(question.text, "animals", asked.vectors[1], {})
    with store.engine.connect() as connection:
        recipes = rankings.recipes(connection)
        assert recipes["any word, ts_rank"](turned) == ids[:2]
        fused = recipes["any word, ts_rank + vectors, RRF"](turned)
        assert set(fused[:2]) == set(ids[:2])
        assert fused[2:] == [ids[2]]
        # No fact has all words of this: the vectors alone decide.
        lost = Question("hedgehogs sleep daily", "animals", asked.vectors[1], {})
        assert recipes["all words, ts_rank + vectors, RRF"](lost)[0] == ids[1]
