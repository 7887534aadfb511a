"""Facts: what a loop remembers, how it filters, and what a search returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args, overload
from uuid import UUID

from hegel_store.errors import HegelStoreError, InvalidInput
from hegel_store.models.checks import (
    check_choice,
    check_fact_text,
    check_id,
    check_json,
    check_moment,
    check_name,
    check_number,
)
from hegel_store.models.vectors import unit_vector
from hegel_store.models.verdicts import JudgedFact

Freshness = Literal["fresh", "ageing", "stale"]

LANGUAGES = (
    "simple",
    "arabic",
    "armenian",
    "basque",
    "catalan",
    "danish",
    "dutch",
    "english",
    "finnish",
    "french",
    "german",
    "greek",
    "hindi",
    "hungarian",
    "indonesian",
    "irish",
    "italian",
    "lithuanian",
    "nepali",
    "norwegian",
    "portuguese",
    "romanian",
    "russian",
    "serbian",
    "spanish",
    "swedish",
    "tamil",
    "turkish",
    "yiddish",
)
"""Text search configurations that PostgreSQL 16 and 18 both ship; 'simple' only folds case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFact:
    """A sentence to remember.

    ``confidence`` lies in 0..1. ``label`` names the thing the fact is about. ``language`` is the
    text search configuration that its words are stemmed with. ``embedding`` is any sequence or
    array of floats; it is scaled to unit length. ``valid_from`` says since when the fact holds in
    the world, ``expires_at`` when it stops being found. ``profile_id`` and ``step_id`` say where
    it was learned.

    Raises InvalidInput, naming the field.
    """

    corpus_id: str
    content: str
    category: str = "general"
    label: str | None = None
    intent: str | None = None
    confidence: float = 1.0
    freshness: Freshness = "fresh"
    language: str = "english"
    metadata: Mapping[str, Any] = field(default_factory=dict)
    embedding: Any = field(default=None, repr=False, compare=False)
    valid_from: datetime | None = None
    expires_at: datetime | None = None
    profile_id: UUID | None = None
    step_id: UUID | None = None
    metadata_json: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        def keep(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        check_name("corpus_id", self.corpus_id)
        check_fact_text("content", self.content)
        check_name("category", self.category)
        if self.label is not None:
            check_name("label", self.label)
        if self.intent is not None:
            check_name("intent", self.intent)
        keep("confidence", check_number("confidence", self.confidence))
        if not 0 <= self.confidence <= 1:
            raise InvalidInput("confidence", f"must lie between 0 and 1, not {self.confidence}")
        check_choice("freshness", self.freshness, get_args(Freshness))
        check_choice("language", self.language, LANGUAGES)
        keep("metadata_json", check_json("metadata", self.metadata))
        if self.embedding is not None:
            keep("embedding", unit_vector("embedding", self.embedding))
        if self.valid_from is not None:
            keep("valid_from", check_moment("valid_from", self.valid_from))
        if self.expires_at is not None:
            keep("expires_at", check_moment("expires_at", self.expires_at))
        if self.profile_id is not None:
            keep("profile_id", check_id("profile_id", self.profile_id))
        if self.step_id is not None:
            keep("step_id", check_id("step_id", self.step_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A stored fact. ``label`` is the label's name, ``seen_count`` how often it was added. From
    ``valid_to`` on it is not found any more."""

    corpus_id: str
    id: UUID
    content: str
    category: str
    label: str | None
    intent: str | None
    confidence: float
    freshness: Freshness
    language: str
    metadata: Mapping[str, Any]
    seen_count: int
    created_at: datetime
    last_seen_at: datetime
    valid_from: datetime | None
    valid_to: datetime | None
    expires_at: datetime | None
    deleted_at: datetime | None
    profile_id: UUID | None
    step_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactFilter:
    """Which facts a search may return. None means no filter, an empty list matches nothing.

    ``metadata`` must be contained in a fact's metadata. ``created_after`` is inclusive,
    ``created_before`` exclusive. ``as_of`` asks what the memory held at that recorded time: facts
    deleted, expired or ended since are shown, later ones are not.
    """

    categories: Sequence[str] | None = None
    labels: Sequence[str] | None = None
    min_confidence: float | None = None
    freshness: Sequence[Freshness] | None = None
    intents: Sequence[str] | None = None
    metadata: Mapping[str, Any] | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    as_of: datetime | None = None

    def __post_init__(self) -> None:
        for name in ("categories", "labels", "freshness", "intents"):
            names = getattr(self, name)
            if names is None:
                continue
            if isinstance(names, str) or not isinstance(names, Sequence):
                raise InvalidInput(f"filters.{name}", "must be a list of names")
            for item in names:
                check_name(f"filters.{name}", item)
        for item in self.freshness or ():
            check_choice("filters.freshness", item, get_args(Freshness))
        if self.min_confidence is not None:
            least = check_number("filters.min_confidence", self.min_confidence)
            object.__setattr__(self, "min_confidence", least)
        if self.metadata is not None:
            check_json("filters.metadata", self.metadata)
        for name in ("created_after", "created_before", "as_of"):
            if getattr(self, name) is not None:
                check_moment(f"filters.{name}", getattr(self, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreParts:
    """What a fused score is made of: ``vector`` and ``text`` add up to it. ``words`` has what each
    of the query's words, stemmed, adds to the text score before that is scaled."""

    vector: float
    text: float
    words: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """One fact found. Higher is better for every score; a rank counts from 1 in its channel.

    ``score`` is the one that orders: the fused one, or the reranker's. ``vector_score`` is the
    cosine similarity, ``text_score`` the BM25 score; each is None, like its rank, when that
    channel did not find the fact among its candidates. ``parts`` is there when it was asked for.
    """

    fact: Fact
    score: float
    vector_score: float | None
    text_score: float | None
    vector_rank: int | None
    text_rank: int | None
    parts: ScoreParts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult(Sequence[SearchHit]):
    """The hits, best first, and how they were found.

    ``exact``: every vector that matches was compared. Where it is False that may be so as well,
    as the planner sorts the facts of a selective filter; ``explain`` tells. ``complete``: there are
    as many hits as asked for, or as many as match; not so when facts have no vector to be found
    by, or when a query has more words than are ranked. ``scan_limit_hit``: the approximate scan
    gave up early, so an exact pass was made. ``candidates``: distinct facts that the channels
    offered.
    ``degraded`` names what failed: "embedder" when a hybrid search answered from text alone,
    "reranker" when the order is the search's own. ``plan`` is what EXPLAIN ANALYZE printed, when
    that was asked for.
    """

    hits: Sequence[SearchHit]
    exact: bool
    complete: bool
    scan_limit_hit: bool
    candidates: int
    degraded: str | None = None
    plan: str | None = None

    @overload
    def __getitem__(self, index: int) -> SearchHit: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[SearchHit]: ...
    def __getitem__(self, index: int | slice) -> SearchHit | Sequence[SearchHit]:
        return self.hits[index]

    def __len__(self) -> int:
        return len(self.hits)

    def __iter__(self) -> Iterator[SearchHit]:
        return iter(self.hits)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedFact:
    """A fact that was set aside: its position in the input and why."""

    position: int
    error: HegelStoreError


@dataclass(frozen=True, slots=True, kw_only=True)
class AddResult:
    """What became of the facts given to add_many, in input order.

    ``ids[i]`` is the stored fact of input ``i`` (equal contents share one), None where refused.
    ``added`` counts new facts, ``merged`` inputs that met an equal live content, or one that says
    the same. ``near_duplicates`` has every judgement, in the order in which they were made.
    """

    ids: Sequence[UUID | None]
    added: int
    merged: int
    refused: Sequence[RefusedFact] = ()
    near_duplicates: Sequence[JudgedFact] = ()
