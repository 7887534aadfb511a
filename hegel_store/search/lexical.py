"""The text channel: any of the query's words, ranked by how rare they are.

score = sum over words of weight(w) x (k + 1) x tf / (tf + k x (1 - b + b x length / A)), which is
BM25 (Robertson & Zaragoza 2009) with k = 1.2 and

- weight(w) = idf(w) ^ 1.5, idf(w) = ln(1 + (N - df + 0.5) / (df + 0.5)): beside a vector channel,
  which carries the common words, the text channel is there for the rare ones;
- A the average length (distinct lexemes) of the facts that match, and b = A^2 / (A^2 + 30^2) unless
  it is given: short facts differ in length by what they say, long ones by how wordily they say it;
- tf how often the word occurs, read off ts_rank. For one word and equal weights ts_rank is the sum
  of 1 / j^2 over its occurrences, divided by pi^2 / 6, so that 1 / (pi^2 / 6 x (1 - rank)) - 1/2 is
  their number within 5 % (1.05 for 1, 2.03 for 2, 10.01 for 10).

Document frequencies need no table of ours: after ANALYZE, pg_stats keeps the share of rows for
each of the most common lexemes of content_tsv; a lexeme that is not listed is rarer than the
last one that is. Before the first ANALYZE the rows are counted.

Candidates are the facts with any of the *rarest* words, taken while their document frequencies
add up to at most ``WORD_BUDGET`` rows; common words only help to rank. When that leaves too few
facts, a second pass admits every word, so that a filter never hides a match.

That is the text mode ``any``. In the others the query says which facts match, and the words only
rank them: ``all`` of the words, the words as a ``phrase``, or the syntax of ``web`` searches
("quoted phrase", or, -not).
"""

from __future__ import annotations

from typing import Literal

TextMode = Literal["any", "all", "phrase", "web"]

WORD_BUDGET = 10_000
MOST_WORDS = 64
"""Only the rarest words of a long query are ranked by; the rest would add time and no order."""

STATISTICS = """
    statistics AS MATERIALIZED (
        SELECT
            CAST(CAST(most_common_elems AS text) AS text[]) AS lexemes,
            most_common_elem_freqs AS shares
        FROM pg_stats
        WHERE tablename = 'hegel_facts' AND attname = 'content_tsv'
          AND schemaname = (SELECT nspname FROM pg_namespace JOIN pg_class
                            ON relnamespace = pg_namespace.oid
                            WHERE pg_class.oid = 'hegel_facts'::regclass)
          AND most_common_elems IS NOT NULL
    ),
    size AS MATERIALIZED (
        SELECT CASE
            WHEN EXISTS (SELECT FROM statistics)
            THEN greatest((SELECT reltuples FROM pg_class WHERE oid = 'hegel_facts'::regclass), 1)
            ELSE greatest((SELECT count(*) FROM hegel_facts), 1)
        END AS facts
    )"""

ANY_WORD = """
    lexemes AS MATERIALIZED (
        SELECT lexeme FROM unnest(hegel_tsvector(:language, :query)) AS word
    )"""
ASKED_BY: dict[TextMode, str] = {
    "all": "plainto_tsquery",
    "phrase": "phraseto_tsquery",
    "web": "websearch_to_tsquery",
}
# As long as what hegel_tsvector() reads of a fact. querytree() leaves out what must not be there,
# and is T where nothing is left; its printed form doubles quotes and backslashes.
ASKED = """
    asked AS MATERIALIZED (
        SELECT CASE WHEN querytree(parsed) NOT IN ('', 'T') THEN parsed END AS tsquery
        FROM {parser}(CAST(:language AS regconfig), left(:query, 100000)) AS parsed
    ),
    lexemes AS MATERIALIZED (
        SELECT DISTINCT replace(replace(part[1], '''''', ''''), '\\\\', '\\') AS lexeme
        FROM asked, regexp_matches(querytree(tsquery), '''((?:[^'']|'''')+)''', 'g') AS part
    )"""

IDF_POWER = 1.5
SATURATION = 1.2
"""BM25's k1: how soon one more occurrence of a word stops to count."""
WORDY_LENGTH = 30
"""The average length, in lexemes, at which half of BM25's length normalisation applies."""

WEIGHT = f"power(ln(1 + (greatest(facts - documents, 0) + 0.5) / (documents + 0.5)), {IDF_POWER})"
OCCURRENCES = "1 / (pi() ^ 2 / 6 * (1 - {rank})) - 0.5"

WORDS = f"""
    query_lexemes AS MATERIALIZED (
        SELECT
            lexeme,
            CAST(
                '''' || replace(replace(lexeme, '\\', '\\\\'), '''', '''''') || '''' AS tsquery
            ) AS tsquery
        FROM lexemes
    ),
    listed AS MATERIALIZED (
        SELECT pair.lexeme, pair.share
        FROM statistics, unnest(statistics.lexemes, statistics.shares) AS pair (lexeme, share)
        WHERE pair.lexeme IN (SELECT lexeme FROM query_lexemes)
    ),
    counted AS MATERIALIZED (
        SELECT
            lexeme,
            tsquery,
            CASE WHEN EXISTS (SELECT FROM statistics) THEN
                (SELECT facts FROM size) * coalesce(
                    share, (SELECT shares[cardinality(lexemes) + 1] / 2 FROM statistics)
                )
            ELSE
                (SELECT count(*) FROM hegel_facts WHERE content_tsv @@ query_lexemes.tsquery)
            END AS documents
        FROM query_lexemes LEFT JOIN listed USING (lexeme)
    ),
    words AS MATERIALIZED (
        SELECT
            lexeme,
            tsquery,
            {WEIGHT} AS weight,
            sum(documents) OVER (ORDER BY documents, lexeme) <= {WORD_BUDGET}
                OR row_number() OVER (ORDER BY documents, lexeme) = 1 AS rare
        FROM counted, size
        WHERE documents > 0
        ORDER BY documents, lexeme
        LIMIT {MOST_WORDS}
    ),
    -- What a word weighs that is as rare as the statistics can tell.
    rarest AS MATERIALIZED (
        SELECT {WEIGHT} AS weight
        FROM (
            SELECT
                facts,
                coalesce(
                    (
                        SELECT greatest(facts * shares[cardinality(lexemes) + 1] / 2, 1)
                        FROM statistics
                    ),
                    1
                ) AS documents
            FROM size
        ) AS floor
    )"""

MATCHING_ANY = """
    matching AS MATERIALIZED (
        SELECT
            CAST(string_agg(CAST(tsquery AS text), ' | ') FILTER (WHERE rare) AS tsquery) AS rare,
            CAST(string_agg(CAST(tsquery AS text), ' | ') AS tsquery) AS any_word,
            bool_and(rare) AS all_rare
        FROM words
    )"""
MATCHING_ASKED = """
    matching AS MATERIALIZED (
        SELECT tsquery AS rare, tsquery AS any_word, true AS all_rare FROM asked
    )"""


def channel(conditions: str, mode: TextMode) -> str:
    """CTEs that end in ``text_hits`` (corpus_id, id, score): the best :depth facts.

    And ``rarest`` (weight), what one rarest word is worth. Parameters: language, query, depth,
    length_normalisation (null: as the facts' length asks), and those of ``conditions``.
    """

    def ranked(name: str, tsquery: str, gate: str) -> str:
        rank = "nullif(ts_rank('{1,1,1,1}', lexemes, words.tsquery), 0)"
        return f"""
    {name}_matched AS MATERIALIZED (
        SELECT
            fact.corpus_id,
            fact.id,
            -- The concatenation unpacks a long fact's lexemes once, and not anew for every word.
            fact.content_tsv || '' AS lexemes,
            greatest(length(fact.content_tsv), 1) AS length
        FROM hegel_facts AS fact
        WHERE fact.content_tsv @@ (SELECT {tsquery} FROM matching)
          AND {gate}
          AND {conditions}
    ),
    {name}_length AS MATERIALIZED (
        SELECT
            average,
            coalesce(
                CAST(:length_normalisation AS float8),
                average ^ 2 / (average ^ 2 + {WORDY_LENGTH} ^ 2)
            ) AS b
        FROM (SELECT CAST(avg(length) AS float8) AS average FROM {name}_matched) AS lengths
    ),
    {name}_hits AS MATERIALIZED (
        SELECT
            corpus_id,
            id,
            (
                SELECT coalesce(sum(
                    weight * ({SATURATION} + 1)
                    / (1 + {SATURATION} * (1 - b + b * length / average)
                       / ({OCCURRENCES.format(rank=rank)}))
                ), 0)
                FROM words
            ) AS score
        FROM {name}_matched, {name}_length
        ORDER BY score DESC, corpus_id, id
        LIMIT :depth
    )"""

    if mode == "any":
        words = f"{ANY_WORD},{WORDS},{MATCHING_ANY}"
    else:
        words = f"{ASKED.format(parser=ASKED_BY[mode])},{WORDS},{MATCHING_ASKED}"
    rare = ranked("rare", "rare", "true")
    too_few = "NOT (SELECT all_rare FROM matching) AND (SELECT count(*) FROM rare_hits) < :depth"
    return f"""{STATISTICS},{words},{rare},{ranked("any", "any_word", too_few)},
    text_hits AS MATERIALIZED (
        SELECT * FROM any_hits
        UNION ALL
        SELECT * FROM rare_hits WHERE NOT EXISTS (SELECT FROM any_hits)
    )"""
