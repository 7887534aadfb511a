"""A worker that proposes answers and a reviewer that objects to them, both under a profile.

The worker words the question by its templates and searches; its proposal is what the search
found, in that order. The reviewer's objections then make the final ranking. Nothing here is
random: the same profile, question and facts give the same answer.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import text

from hegel_store.demo.genes import Profile
from hegel_store.demo.questions import PIECE, WORD
from hegel_store.demo.reviewer import FUNCTION_WORDS, REWARDED, Candidate, review, weighed
from hegel_store.embeddings import Embedder
from hegel_store.models.vectors import Vector
from hegel_store.store import Store

FETCHED = 30  # candidates of a search that a reviewer may look at
TRACED = 5  # candidates and objections written to a step's debate trace
CHUNK = 20  # questions searched for in one transaction
WORKERS = 2  # connections that search at the same time

# An HNSW graph is built with random levels, so an index scan may miss other facts in each new
# database. Some thousand facts are soon compared one by one, and then equal runs are equal.
COMPARE_ALL = text("SET LOCAL enable_indexscan = off")


@dataclass(frozen=True, slots=True)
class Answer:
    """The final ranking of one question, and how the debate about it went."""

    ranking: tuple[str, ...]
    trace: Mapping[str, Any]
    milliseconds: int  # of searching and reviewing; near 0 where a search was remembered

    def reward(self, gold: str) -> float:
        """Reciprocal rank of ``gold`` among the first ten, 0.0 when it is not there."""
        top = self.ranking[:REWARDED]
        return 1.0 / (top.index(gold) + 1) if gold in top else 0.0


@dataclass(frozen=True, slots=True)
class Request:
    """One search; equal requests find the same."""

    question: str
    query: str  # for the words
    meaning: str  # for the vector
    retrieval: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, with the reviewer's evidence, and how long it took."""

    candidates: Sequence[Candidate]
    seconds: float


class Agent:
    """Answers questions about one corpus. Without an embedder it searches by words alone.

    Searches and embeddings are remembered: while a loop runs the facts stay as they are, so
    profiles that differ in the reviewer alone ask the database nothing twice.
    """

    def __init__(self, store: Store, corpus_id: str, embedder: Embedder | None = None) -> None:
        self._store = store
        self._corpus_id = corpus_id
        self._embedder = embedder
        self._embeddings: dict[str, Vector] = {}
        self._found: dict[Request, Found] = {}

    @property
    def has_vectors(self) -> bool:
        """Whether searches are hybrid."""
        return self._embedder is not None

    @property
    def searches(self) -> int:
        """Searches made so far."""
        return len(self._found)

    def answer(self, profile: Profile, questions: Sequence[str]) -> Iterator[Answer]:
        """Answer ``questions`` under ``profile``, in order."""
        requests = [request_for(profile, question) for question in questions]
        self._embed(requests)
        chunks = [requests[start : start + CHUNK] for start in range(0, len(requests), CHUNK)]
        with ThreadPoolExecutor(WORKERS) as pool:
            for chunk, found in zip(chunks, pool.map(self._search, chunks), strict=True):
                for request in chunk:
                    new = found.get(request)
                    if new is not None:
                        self._found[request] = new
                    yield self._debate(profile, self._found[request], new is not None)

    def _debate(self, profile: Profile, found: Found, searched: bool) -> Answer:
        started = time.perf_counter()
        proposed = found.candidates[: profile["worker"]["proposals"]]
        ranking, objections = review(proposed, profile["reviewer"]["acceptance"])
        final = tuple(candidate.name for candidate in ranking)
        trace = {
            "proposal": [candidate.name for candidate in proposed[:TRACED]],
            "objections": [asdict(objection) for objection in objections[:TRACED]],
            "ranking": list(final[:TRACED]),
        }
        seconds = time.perf_counter() - started + (found.seconds if searched else 0.0)
        return Answer(final, trace, round(1000 * seconds))

    def _embed(self, requests: Sequence[Request]) -> None:
        if self._embedder is None:
            return
        meanings = dict.fromkeys(request.meaning for request in requests)
        missing = [meaning for meaning in meanings if meaning not in self._embeddings]
        if missing:
            self._embeddings.update(zip(missing, self._embedder.embed(missing), strict=True))

    def _search(self, requests: Sequence[Request]) -> dict[Request, Found]:
        """Search for those of ``requests`` that are not remembered, in one transaction."""
        missing = [request for request in requests if request not in self._found]
        if not missing:
            return {}
        found = {}
        with self._store.begin() as work:
            work.session.execute(COMPARE_ALL)
            for request in missing:
                started = time.perf_counter()
                hits = work.facts.search(
                    request.query,
                    corpus_id=self._corpus_id,
                    limit=FETCHED,
                    mode="hybrid" if self.has_vectors else "text",
                    embedding=self._embeddings.get(request.meaning),
                    **dict(request.retrieval),
                )
                candidates = weighed(request.question, hits)
                found[request] = Found(candidates, time.perf_counter() - started)
        return found


def request_for(profile: Profile, question: str) -> Request:
    """The search that the profile's worker makes for ``question``."""
    worker = profile["worker"]
    return Request(
        question,
        worded(worker["query_template"], question),
        worded(worker["meaning_template"], question),
        tuple(sorted(worker["retrieval"].items())),
    )


def worded(template: str, question: str) -> str:
    """Fill a template: {question}; {words}, without function words; {pieces} of its code words.

    PostgreSQL reads "IncrementalEncoder" as one word, which "incremental encoder" does not match;
    {pieces} adds the parts. A template that leaves nothing gives the question itself.
    """
    words = [word for word in question.split() if word.lower() not in FUNCTION_WORDS]
    pieces = [
        piece.lower()
        for word in WORD.findall(question)
        if len(parts := PIECE.findall(word)) > 1
        for piece in parts
    ]
    filled = template.format(question=question, words=" ".join(words), pieces=" ".join(pieces))
    return " ".join(filled.split()) or question
