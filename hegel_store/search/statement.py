"""One statement for a whole search: channels, fusion, and the facts fetched last."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypedDict, get_args

from sqlalchemy import TextClause, text

from hegel_store.errors import InvalidInput
from hegel_store.models import FactFilter
from hegel_store.models.checks import (
    check_choice,
    check_integer,
    check_name,
    check_number,
    check_text,
)
from hegel_store.models.facts import LANGUAGES
from hegel_store.models.spaces import Place
from hegel_store.models.vectors import Vector, vector_text
from hegel_store.search import filters as conditions
from hegel_store.search import fusion, lexical, vector

FACT_COLUMNS = """fact.corpus_id, fact.id, fact.content, fact.category, label.name AS label,
        fact.intent, fact.confidence, fact.freshness, fact.language, fact.metadata,
        fact.seen_count, fact.created_at, fact.last_seen_at, fact.valid_from, fact.valid_to,
        fact.expires_at, fact.deleted_at, fact.profile_id, fact.step_id"""

FACT_TABLES = """hegel_facts AS fact
    LEFT JOIN hegel_labels AS label
      ON label.corpus_id = fact.corpus_id AND label.id = fact.label_id"""


MOST_FACTS = 10_000
"""The highest limit of a search, and the most candidates of a channel."""
CANDIDATES = 100
"""How many facts a channel offers, where nothing else is asked for."""
MOST_STREAMED = 1_000_000_000
"""As good as all of them."""


class SearchOptions(TypedDict, total=False):
    """How to search, where the defaults of Search are not wanted."""

    text_mode: lexical.TextMode
    language: str
    vector_weight: float
    length_normalisation: float | None
    candidates: int | None
    fusion: fusion.Fusion
    freshness_weight: float
    usefulness_weight: float
    diversity: float
    pool: int
    quantised: bool
    recall: float | None


def known(options: SearchOptions) -> SearchOptions:
    """The same options. Raises InvalidInput, naming it, for one that there is not."""
    for name in options:
        if name not in SearchOptions.__annotations__:
            raise InvalidInput(name, "is no option of a search")
    return options


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What to look for and how. ``embedding`` is None in text mode, and so is ``place``, the slot
    that it is compared in and what made it.

    ``text_mode`` says which facts the text channel finds: those with 'any' of the query's words
    (ranked by how rare the words are), with 'all' of them, with the words as a 'phrase', or what
    the query means in the syntax of 'web' searches ("quoted phrase", or, -not). ``language`` is
    the text search configuration of the query's words. Each channel offers its best
    ``candidates`` (100, unless ``recall`` is given in vector mode). ``fusion`` is 'convex' (scaled
    scores are added) or 'rrf' (reciprocal ranks); ``vector_weight`` (0..1) is the share of the
    vector channel in it, the rest is the text channel's. ``length_normalisation`` (0..1) is BM25's
    b: how much long facts are held back; by default it follows the average length of the facts
    that match.
    ``freshness_weight`` (0..1) is the share of its score that a stale fact loses; an ageing one
    loses half as much. ``usefulness_weight`` (0..1) is the share that one loses whose steps went
    worst; one without steps loses half as much (see hegel_store.repositories.usefulness_statements
    for what is counted, and when). ``quantised`` scans vectors by an index of their signs, which
    is a fraction of the size.
    ``recall`` (above 0, at most 1) is the share of the nearest facts that the index is to find: the
    scan looks as far as it took when that was measured for as many facts or more
    (docs/how-to/vector-indexes.md), and as ever where nothing was. In vector mode it then offers
    just as many candidates as are returned.
    ``bound`` is of a connection that is bound to one corpus: its words are counted and looked up
    there alone, by functions that row-level security does not slow down.
    ``diversity`` (0..1) chooses from the best ``pool`` (or ``limit``, if that is more) those that
    do not say the same (see hegel_store.search.diversity); a reranker reads the same ones.

    Raises InvalidInput, naming the argument.
    """

    query: str
    corpus_id: str | None
    limit: int
    mode: fusion.Mode
    filters: FactFilter
    text_mode: lexical.TextMode = "any"
    language: str = "english"
    vector_weight: float = 0.45
    length_normalisation: float | None = None
    candidates: int | None = None
    fusion: fusion.Fusion = "convex"
    freshness_weight: float = 0.0
    usefulness_weight: float = 0.0
    diversity: float = 0.0
    pool: int = 50
    quantised: bool = False
    recall: float | None = None
    reranked: bool = False
    streamed: bool = False
    explained: bool = False
    bound: bool = False
    embedding: Vector | None = None
    place: Place | None = None

    def __post_init__(self) -> None:
        check_text("query", self.query)
        if self.corpus_id is not None:
            check_name("corpus_id", self.corpus_id)
        check_choice("mode", self.mode, get_args(fusion.Mode))
        check_choice("text_mode", self.text_mode, get_args(lexical.TextMode))
        check_choice("fusion", self.fusion, get_args(fusion.Fusion))
        check_choice("language", self.language, LANGUAGES)
        for name in (
            "vector_weight",
            "length_normalisation",
            "freshness_weight",
            "usefulness_weight",
            "diversity",
        ):
            share = getattr(self, name)
            if name == "length_normalisation" and share is None:
                continue
            share = check_number(name, share)
            if not 0 <= share <= 1:
                raise InvalidInput(name, f"must lie between 0 and 1, not {share}")
            object.__setattr__(self, name, share)  # a float, whatever was given
        if self.recall is not None:
            wanted = check_number("recall", self.recall)
            if not 0 < wanted <= 1:
                raise InvalidInput("recall", f"must lie above 0 and be 1 at most, not {wanted}")
            if self.quantised:
                raise InvalidInput("recall", "is measured of indexes of numbers, not of signs")
            object.__setattr__(self, "recall", wanted)
        if not isinstance(self.quantised, bool):
            raise InvalidInput("quantised", f"must be a bool, not {self.quantised!r:.80}")
        most = MOST_STREAMED if self.streamed else MOST_FACTS
        check_integer("limit", self.limit, minimum=1, maximum=most)
        if self.candidates is not None:
            check_integer("candidates", self.candidates, minimum=1, maximum=MOST_FACTS)
        check_integer("pool", self.pool, minimum=1, maximum=MOST_FACTS)
        if not isinstance(self.filters, FactFilter):
            raise InvalidInput(
                "filters", f"must be a FactFilter, not {type(self.filters).__name__}"
            )

    @property
    def fetched(self) -> int:
        """How many facts the statement returns at most."""
        chosen_from_pool = self.reranked or self.diversity > 0
        return max(self.limit, self.pool) if chosen_from_pool else self.limit

    @property
    def depth(self) -> int:
        """How many facts each channel offers."""
        if self.candidates is None and self.recall is not None and self.mode == "vector":
            return self.fetched
        return max(CANDIDATES if self.candidates is None else self.candidates, self.fetched)


def build(search: Search) -> tuple[TextClause, dict[str, Any]]:
    """The statement and its parameters.

    It returns at least one row: how the facts were found stands in every row, beside the columns
    of a fact, which are null when nothing matched.
    """
    where, parameters = conditions.where(search.corpus_id, search.filters)
    parameters |= {"limit": search.fetched, "depth": search.depth}
    slot = None
    if search.mode != "text" and search.embedding is not None and search.place is not None:
        slot, maker = search.place.slot, search.place.maker
        scanned = parameters["depth"] * (vector.OVERSAMPLING if search.quantised else 1)
        parameters |= {
            "embedding": vector_text(search.embedding),
            "space": search.place.space,
            "model": maker.model,
            "normalised": maker.normalised,
            "prefix": maker.prefix,
            "ef_search": min(max(vector.EF_SEARCH, scanned), vector.MOST_EF_SEARCH),
        }
        if search.recall is not None:
            parameters["recall"] = search.recall
    if search.mode != "vector":
        parameters |= {
            "query": search.query,
            "language": search.language,
            "length_normalisation": search.length_normalisation,
        }
    if search.mode == "hybrid":
        parameters["vector_weight"] = search.vector_weight
    if search.freshness_weight:
        parameters["freshness_weight"] = search.freshness_weight
    if search.usefulness_weight:
        parameters["usefulness_weight"] = search.usefulness_weight
    statement = _statement(
        where,
        search.mode,
        slot,
        search.corpus_id is not None,
        search.text_mode,
        search.fusion,
        search.freshness_weight > 0,
        search.usefulness_weight > 0,
        search.diversity > 0,
        search.quantised,
        slot is not None and search.recall is not None,
        search.explained,
        search.bound,
    )
    return statement, parameters


def analysed(statement: TextClause) -> TextClause:
    """The statement that runs a search and returns its plan with times, a line to a row."""
    return text(f"EXPLAIN (ANALYZE) {statement.text}")


# Reading through the text for its parameters takes longer than sending it.
@lru_cache(maxsize=256)
def _statement(
    where: str,
    mode: fusion.Mode,
    slot: str | None,
    corpus_given: bool,
    text_mode: lexical.TextMode,
    fused_by: fusion.Fusion,
    by_freshness: bool,
    by_usefulness: bool,
    with_vectors: bool,
    quantised: bool,
    by_recall: bool,
    explained: bool,
    bound: bool,
) -> TextClause:
    parts = []
    found = "false AS exact, false AS unembedded, false AS scan_limit_hit, NULL AS stranger"
    distance, vector_column = "", "NULL"
    if slot is not None:
        parts.append(vector.channel(where, slot, corpus_given, quantised, by_recall))
        distance = vector.distance_of(slot)
        found = """(SELECT count(*) FROM scanned) < :depth AS exact,
            EXISTS (SELECT FROM exact_pass WHERE distance IS NULL) AS unembedded,
            (SELECT count(*) FROM scanned) < (SELECT count(*) FROM vector_hits) AS scan_limit_hit,
            (SELECT to_jsonb(stranger) FROM stranger) AS stranger"""
        if with_vectors:
            vector_column = f"CAST(fact.{slot} AS text)"
    cut = "false AS words_cut"
    if mode != "vector":
        parts.append(lexical.channel(where, text_mode, bound))
        if text_mode == "any":
            cut = f"(SELECT count(*) FROM lexemes) > {lexical.MOST_WORDS} AS words_cut"
    parts.append(fusion.fused(mode, fused_by, distance))
    candidates = "fused"
    if by_freshness:
        parts.append(fusion.WEIGHED)
        candidates = "weighed"
    if by_usefulness:
        parts.append(fusion.useful(candidates))
        candidates = "useful"
    words = f", {lexical.worth_of_words()} AS words" if explained and mode != "vector" else ""
    return text(
        f"""
    WITH {",".join(parts)},
    found AS MATERIALIZED (
        SELECT (SELECT count(*) FROM fused) AS candidates, {cut}, {found}
    ),
    best AS MATERIALIZED (
        SELECT * FROM {candidates} ORDER BY score DESC, corpus_id, id LIMIT :limit
    )
    SELECT
        found.*, best.score, best.vector_score, best.vector_rank, best.text_score,
        best.text_rank, best.vector_part, best.text_part, {vector_column} AS vector{words},
        {FACT_COLUMNS}
    FROM found
    LEFT JOIN best ON true
    LEFT JOIN ({FACT_TABLES})
      ON fact.corpus_id = best.corpus_id AND fact.id = best.id
    ORDER BY best.score DESC, best.corpus_id, best.id
    """
    )
