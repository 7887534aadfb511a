"""Batches of texts of like length."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hegel_store.embeddings.batching import batches_of_like_size

sizes = st.lists(st.integers(0, 300), max_size=60)


@given(sizes, st.integers(1, 1000))
def test_every_text_is_in_one_batch_that_is_within_the_budget(sizes: list[int], budget: int):
    batches = batches_of_like_size(sizes, budget)
    assert sorted(place for batch in batches for place in batch) == list(range(len(sizes)))
    for batch in batches:
        padded = max(sizes[place] for place in batch) * len(batch)
        assert padded <= budget or len(batch) == 1 or padded == 0


@given(sizes, st.integers(1, 1000))
def test_no_text_is_longer_than_any_of_an_earlier_batch(sizes: list[int], budget: int):
    batches = batches_of_like_size(sizes, budget)
    in_order = [sizes[place] for batch in batches for place in batch]
    assert in_order == sorted(sizes, reverse=True)


def test_a_batch_is_as_large_as_the_budget_allows():
    assert batches_of_like_size([2, 5, 2, 5, 2], 10) == [[1, 3], [0, 2, 4]]
    assert batches_of_like_size([], 10) == []
