"""How fast SentenceTransformerEmbedder is, beside SentenceTransformer.encode with its defaults.

    python tests/benchmarks/bench_embedding.py [--rounds 5] [--cranfield FOLDER]

The texts are 512 docstrings of the standard library. The ways take turns; of each the median
counts, and the ratios are medians of the ratios within a round. With --cranfield (see judged.py) it
also prints the nDCG@10 of both precisions, by the cosines of all facts. Exits with 1 when a target
is missed.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

sys.path.insert(0, str(Path(__file__).parents[2]))

from hegel_store.demo.corpus import standard_library
from hegel_store.embeddings import Embedder, SentenceTransformerEmbedder
from hegel_store.embeddings.sentence_transformers import find_weights
from tests.benchmarks import judged
from tests.benchmarks.bench_quality import ndcg
from tests.benchmarks.timing import measure

MODEL = "all-MiniLM-L6-v2"
TEXTS = 512
RATIO = 2.5
"""Target, for many texts, where the processor computes with bfloat16."""
COSINE = 0.9995
"""Target, for the mean cosine of the vectors of both precisions."""


def main() -> None:
    """Measure, print, and say whether the targets are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cranfield", type=Path, help="a folder with this collection")
    arguments = parser.parse_args()
    texts = _texts()
    plain = SentenceTransformer(find_weights(MODEL), device="cpu")
    auto = SentenceTransformerEmbedder(MODEL, device="cpu").warm()
    float32 = SentenceTransformerEmbedder(MODEL, device="cpu", precision="float32").warm()
    plain.encode(texts[:1])
    native = auto.precision == "bfloat16"
    print(
        f"{len(os.sched_getaffinity(0))} cores, torch {torch.__version__}, "
        f"bfloat16 {'native' if native else 'not native'}; {len(texts)} texts of "
        f"{np.percentile([len(text) for text in texts], [5, 50, 95, 100]).astype(int).tolist()} "
        "characters (5, 50, 95, 100 %)"
    )
    ratio = _many(
        {"encode()": plain.encode, "float32": float32.embed, "auto": auto.embed},
        texts,
        arguments.rounds,
    )
    _one(plain, auto, float32, texts)
    mean = _cosines(auto, float32, texts)
    if arguments.cranfield is not None:
        _quality(judged.cranfield(arguments.cranfield), {"auto": auto, "float32": float32})
    fast = ratio >= RATIO or not native
    print(f"target {RATIO}x: {'met' if fast else 'missed'}{'' if native else ' (does not apply)'}")
    print(f"target mean cosine {COSINE}: {'met' if mean >= COSINE else 'missed'}")
    sys.exit(0 if fast and mean >= COSINE else 1)


def _texts() -> list[str]:
    texts = list(dict.fromkeys(" ".join(item.sentences) for item in standard_library()))
    random.Random(1).shuffle(texts)
    return texts[:TEXTS]


def _many(
    ways: Mapping[str, Callable[[list[str]], object]], texts: list[str], rounds: int
) -> float:
    """Print texts per second, and return how many times as fast the last way is as the first."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            started = time.perf_counter()
            way(texts)
            seconds[name].append(time.perf_counter() - started)
    first = np.asarray(next(iter(seconds.values())))
    ratio = 1.0
    print(f"\n{len(texts)} texts at once | texts/s | ratio (lowest, highest)")
    for name, taken in seconds.items():
        ratios = first / np.asarray(taken)
        ratio = float(np.median(ratios))
        print(
            f"{name:>18} | {len(texts) / np.median(taken):7.1f} | "
            f"{ratio:.2f} ({ratios.min():.2f}, {ratios.max():.2f})"
        )
    return ratio


def _one(
    plain: SentenceTransformer,
    auto: SentenceTransformerEmbedder,
    float32: SentenceTransformerEmbedder,
    texts: Sequence[str],
) -> None:
    # The length of questions: the first words of what is asked for.
    questions = [" ".join(text.split()[:10]) for text in texts[:100]]
    times = measure(
        {
            "encode()": lambda text: plain.encode([text]),
            "float32": lambda text: float32.embed([text]),
            "auto": lambda text: auto.embed([text]),
        },
        questions,
    )
    print("\n     one short text |  p50 ms |  p95 ms")
    for name, taken in times.items():
        print(f"{name:>18} | {taken.p50:7.2f} | {taken.p95:7.2f}")


def _cosines(auto: Embedder, float32: Embedder, texts: Sequence[str]) -> float:
    cosines = (auto.embed(texts) * float32.embed(texts)).sum(axis=1)
    print(f"\ncosine of auto and float32: mean {cosines.mean():.5f}, lowest {cosines.min():.5f}")
    return float(cosines.mean())


def _quality(collection: judged.Collection, embedders: Mapping[str, Embedder]) -> None:
    grades = [
        {str(place): grade for place, grade in question.grades.items()}
        for question in collection.questions
    ]
    for name, embedder in embedders.items():
        facts = embedder.embed(collection.facts)
        asked = embedder.embed([question.text for question in collection.questions])
        best = np.argsort(-(asked @ facts.T), axis=1)[:, :10]
        found = ndcg(grades, [[str(place) for place in places] for places in best])
        print(f"nDCG@10 on {collection.name}, {name}: {found.mean():.4f}")


if __name__ == "__main__":
    main()
