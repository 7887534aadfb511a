"""What tests of several files begin with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import hegel_store
from hegel_store.store import Store
from tests.embedders import HashingEmbedder
from tests.samples import Steps


@pytest.fixture
def new(store: Store) -> Steps:
    """Makes steps of a stored profile."""
    return Steps(store)


@pytest.fixture
def embedder() -> HashingEmbedder:
    return HashingEmbedder()


@pytest.fixture
def memory(url: str, embedder: HashingEmbedder) -> Iterator[Store]:
    """A store with the hashing embedder."""
    with hegel_store.connect(url, embedder=embedder) as connected:
        yield connected
