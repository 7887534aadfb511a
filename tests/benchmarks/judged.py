"""Collections for bench_quality: facts, questions, and how well which fact answers which."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from hegel_store.demo import questions as demo
from hegel_store.demo.corpus import standard_library
from hegel_store.embeddings import Embedder

SEEDS = Path(__file__).parents[2] / "seeds"
SEED_ANSWERS = Path(__file__).with_name("seed_answers.json")
"""Judged by hand, answers or not: the facts that bear each question's answer, by how they begin.
English questions and facts only. Stale facts that say something else are no answers."""

DOCSTRING_QUESTIONS = 400


@dataclass(frozen=True)
class Question:
    """``grades``: how well facts answer it (more is better), by their position; others do not."""

    text: str
    corpus_id: str
    vector: np.ndarray  # unit length, float32, shape (384,)
    grades: Mapping[int, int]


@dataclass(frozen=True)
class Collection:
    """``corpora`` names the corpus of each fact; a question is asked in one of them."""

    name: str
    facts: Sequence[str]
    corpora: Sequence[str]
    vectors: np.ndarray  # float32, shape (facts, 384)
    questions: Sequence[Question]


def cranfield(folder: Path) -> Collection:
    """1398 abstracts on aerodynamics with 225 queries, graded 1 to 4 (Cleverdon 1967).

    ``folder`` holds corpus.jsonl and queries.jsonl (_id, text), qrels.tsv (query-id, corpus-id,
    score, below a header) and embeddings_minilm_l6_v2.npz (arrays corpus and queries, in the order
    of those files).
    """
    facts, queries = _read_lines(folder / "corpus.jsonl"), _read_lines(folder / "queries.jsonl")
    position = {fact["_id"]: place for place, fact in enumerate(facts)}
    grades: dict[str, dict[int, int]] = {query["_id"]: {} for query in queries}
    for line in (folder / "qrels.tsv").read_text().splitlines()[1:]:
        query_id, fact_id, grade = line.split("\t")
        grades[query_id][position[fact_id]] = int(grade)
    with np.load(folder / "embeddings_minilm_l6_v2.npz") as vectors:
        of_facts = vectors["corpus"].astype(np.float32)
        of_queries = vectors["queries"].astype(np.float32)
    return Collection(
        "Cranfield",
        [fact["text"] for fact in facts],
        ["cranfield"] * len(facts),
        of_facts,
        [
            Question(query["text"], "cranfield", vector, grades[query["_id"]])
            for query, vector in zip(queries, of_queries, strict=True)
        ],
    )


def first_sentences(abstracts: Collection, embedder: Embedder) -> Collection:
    """The same questions, but of every abstract only what stands before its first full stop."""
    facts = [re.split(r"\s+\.(?:\s+|$)", fact)[0] for fact in abstracts.facts]
    return replace(
        abstracts,
        name=f"{abstracts.name}, first sentences",
        facts=facts,
        vectors=embedder.embed(facts),
    )


def docstrings(embedder: Embedder) -> Collection:
    """What the demo does: of an object's docstring one sentence is held back and asked for.

    The questions are the last of the demo's test split, in its fixed pseudo-random order: the
    constants of the search were chosen with earlier ones.
    """
    made = demo.build(standard_library())
    position = {fact.name: place for place, fact in enumerate(made.facts)}
    asked = made.evaluation[-DOCSTRING_QUESTIONS:]
    facts = [fact.content for fact in made.facts]
    vectors = embedder.embed([question.text for question in asked])
    return Collection(
        "docstrings",
        facts,
        ["docstrings"] * len(facts),
        embedder.embed(facts),
        [
            Question(question.text, "docstrings", vector, {position[question.gold]: 1})
            for question, vector in zip(asked, vectors, strict=True)
        ],
    )


def seeds(embedder: Embedder) -> Collection:
    """The seeds' questions in English, each asked in its corpus, and SEED_ANSWERS."""
    stored = [
        (corpus_id, fact["content"])
        for corpus_id, facts in json.loads((SEEDS / "facts.json").read_text()).items()
        for fact in facts
        if fact["language"] == "english"
    ]
    asked = [
        (corpus_id, text, {_only(stored, corpus_id, beginning): 1 for beginning in answers})
        for corpus_id, judged in json.loads(SEED_ANSWERS.read_text()).items()
        for text, answers in judged.items()
    ]
    vectors = embedder.embed([text for _, text, _ in asked])
    return Collection(
        "seeds",
        [content for _, content in stored],
        [corpus_id for corpus_id, _ in stored],
        embedder.embed([content for _, content in stored]),
        [
            Question(text, corpus_id, vector, grades)
            for (corpus_id, text, grades), vector in zip(asked, vectors, strict=True)
        ],
    )


def _only(stored: Sequence[tuple[str, str]], corpus_id: str, beginning: str) -> int:
    """The position of the one fact of the corpus that begins so."""
    (place,) = (
        place
        for place, (corpus, content) in enumerate(stored)
        if corpus == corpus_id and content.startswith(beginning)
    )
    return place


def _read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]
