"""A second look at the best facts: by a reranker, and for what they repeat."""

from __future__ import annotations

import numpy as np
import pytest

from hegel_store.embeddings import CrossEncoderReranker, Reranker
from hegel_store.errors import ConfigurationError, InvalidInput
from hegel_store.models import FactFilter
from hegel_store.store import Store
from tests.samples import fact

CONTENTS = [
    "Hedgehogs sleep in leaves all winter.",
    "Hedgehogs sleep in leaves in winter.",
    "In winter hedgehogs sleep in leaves.",
    "Storks fly south before winter.",
    "Bread is baked in the morning.",
]


class ByLength:
    """Prefers short facts, and remembers what it read."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def score(self, query, texts):
        self.read = list(texts)
        return np.array([-len(text) for text in texts])


class Broken:
    def __init__(self, scores: object) -> None:
        self.scores = scores

    def score(self, query, texts):
        if isinstance(self.scores, Exception):
            raise self.scores
        return self.scores


@pytest.fixture
def zoo(memory: Store) -> Store:
    memory.facts.add_many(fact(content, "zoo") for content in CONTENTS)
    return memory


def contents(result) -> list[str]:
    return [hit.fact.content for hit in result]


@pytest.mark.parametrize("mode", ["hybrid", "vector", "text"])
def test_the_reranker_decides_over_the_pool(zoo, mode):
    reranker = ByLength()
    assert isinstance(reranker, Reranker)
    plain = zoo.facts.search("winter", mode=mode, limit=4)
    reranked = zoo.facts.search("winter", mode=mode, limit=2, pool=4, reranker=reranker)
    assert reranker.read == contents(plain)[:4]
    assert contents(reranked) == sorted(reranker.read, key=len)[:2]
    assert reranked[0].score == -len(reranked[0].fact.content)
    assert reranked.degraded is None


def test_it_reads_at_least_as_many_as_are_asked_for(zoo):
    reranker = ByLength()
    assert len(zoo.facts.search("winter", mode="vector", limit=5, pool=1, reranker=reranker)) == 5
    assert len(reranker.read) == 5


def test_it_is_not_asked_about_nothing(zoo):
    broken = Broken(RuntimeError("nothing to read"))
    found = zoo.facts.search("submarine", mode="text", reranker=broken)
    assert (len(found), found.degraded) == (0, None)


@pytest.mark.parametrize(
    "scores", [RuntimeError("no model today"), [1.0], [float("nan")] * 5, None, "text"]
)
def test_the_order_of_the_search_stays_when_the_reranker_fails(zoo, scores):
    plain = zoo.facts.search("winter", mode="vector")
    result = zoo.facts.search("winter", mode="vector", reranker=Broken(scores))
    assert contents(result) == contents(plain)
    assert result.degraded == "reranker"


def test_nothing_found_is_nothing_to_rerank(zoo):
    nothing = FactFilter(categories=["none"])
    assert contents(zoo.facts.search("winter", filters=nothing, reranker=ByLength())) == []


def test_diverse_results_do_not_repeat_themselves(zoo):
    plain = zoo.facts.search("hedgehogs sleep in winter", limit=3)
    assert sum("edgehogs" in content for content in contents(plain)) == 3
    diverse = zoo.facts.search("hedgehogs sleep in winter", limit=3, diversity=0.6)
    assert diverse[0] == plain[0]
    assert sum("edgehogs" in content for content in contents(diverse)) < 3
    assert contents(zoo.facts.search("winter", diversity=1e-9)) == contents(
        zoo.facts.search("winter")
    )


def test_diversity_and_a_reranker_work_together(zoo):
    reranker = ByLength()
    result = zoo.facts.search("winter", limit=2, mode="vector", reranker=reranker, diversity=0.5)
    assert contents(result)[0] == min(CONTENTS, key=len)


def test_many_searches_are_reranked_too(zoo):
    results = zoo.facts.search_many(["winter", "bread"], reranker=ByLength(), mode="vector")
    assert [contents(result)[0] for result in results] == [min(CONTENTS, key=len)] * 2


@pytest.mark.parametrize(
    ("option", "value"), [("diversity", 1.5), ("diversity", -0.1), ("pool", 0), ("pool", "many")]
)
def test_bad_options_are_refused(zoo, option, value):
    with pytest.raises(InvalidInput) as caught:
        zoo.facts.search("winter", **{option: value})
    assert caught.value.field == option


@pytest.fixture(scope="session")
def tiny_cross_encoder(tmp_path_factory) -> str:
    """A real CrossEncoder with random weights and a vocabulary of letters."""
    transformers = pytest.importorskip("transformers")
    folder = tmp_path_factory.mktemp("cross-encoder")
    letters = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz."]
    words = [*letters, *(f"##{letter}" for letter in letters[5:])]
    vocabulary = {word: number for number, word in enumerate(words)}
    transformers.BertTokenizerFast(vocab=vocabulary).save_pretrained(folder)
    transformers.set_seed(7)
    transformers.BertForSequenceClassification(
        transformers.BertConfig(
            vocab_size=len(words),
            hidden_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
            num_labels=1,
            initializer_range=0.3,
        )
    ).save_pretrained(folder)
    return str(folder)


@pytest.mark.slow
def test_a_cross_encoder_scores_pairs(zoo, tiny_cross_encoder):
    reranker = CrossEncoderReranker(tiny_cross_encoder, batch_size=2)
    assert reranker.score("winter", []).shape == (0,)
    scores = reranker.score("winter", CONTENTS)
    assert scores.shape == (5,)
    assert len(set(scores.round(4))) == 5
    result = zoo.facts.search("winter", mode="vector", reranker=reranker)
    by_score = dict(zip(CONTENTS, scores, strict=True))
    assert contents(result) == sorted(CONTENTS, key=lambda content: -by_score[content])


@pytest.mark.slow
def test_a_cross_encoder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be loaded"):
        CrossEncoderReranker(str(tmp_path)).score("winter", ["bread"])
