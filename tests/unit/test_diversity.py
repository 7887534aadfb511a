"""Choosing facts that do not say the same."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hegel_store.search.diversity import choose

EAST, NORTH, SOUTH = (np.array(v, dtype=np.float32) for v in ([1, 0], [0, 1], [0, -1]))


def test_without_diversity_the_scores_decide():
    assert choose([0.9, 0.8, 0.1], [EAST, EAST, NORTH], 2, 0.0) == [0, 1]


def test_a_repetition_gives_way_to_something_else():
    assert choose([0.9, 0.8, 0.5], [EAST, EAST, NORTH], 2, 0.5) == [0, 2]


def test_likeness_counts_to_the_closest_of_those_chosen_and_not_to_the_last():
    assert choose([1.0, 0.9, 0.8, 0.0], [EAST, NORTH, EAST, SOUTH], 3, 0.6) == [0, 1, 3]


def test_a_fact_without_a_vector_is_like_no_other():
    assert choose([0.9, 0.8, 0.7], [EAST, EAST, None], 2, 0.5) == [0, 2]
    assert choose([0.2, 0.1], [None, None], 2, 0.5) == [0, 1]


def test_nothing_and_equal_scores_are_no_trouble():
    assert choose([], [], 3, 0.5) == []
    assert choose([0.5, 0.5, 0.5], [EAST, EAST, NORTH], 3, 0.5) == [0, 2, 1]


@given(
    st.lists(st.floats(-10, 10), min_size=1, max_size=12),
    st.floats(0, 1),
    st.integers(1, 15),
    st.integers(0, 2**32 - 1),
)
def test_each_fact_is_chosen_once_and_the_best_comes_first(scores, diversity, limit, seed):
    vectors = np.random.default_rng(seed).standard_normal((len(scores), 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    chosen = choose(scores, list(vectors), limit, diversity)
    assert len(chosen) == len(set(chosen)) == min(limit, len(scores))
    assert scores[chosen[0]] == max(scores)
