"""The text channel: any of the query's words, ranked by how rare they are.

score = sum over words of idf(word) x ts_rank(fact, word), divided by 1 - b + b x length / average
(the length factor of BM25; Robertson & Zaragoza 2009), where
idf(word) = ln(1 + (N - df + 0.5) / (df + 0.5)).

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
            ln(1 + (greatest(size.facts - documents, 0) + 0.5) / (documents + 0.5)) AS idf,
            sum(documents) OVER (ORDER BY documents, lexeme) <= {WORD_BUDGET}
                OR row_number() OVER (ORDER BY documents, lexeme) = 1 AS rare
        FROM counted, size
        WHERE documents > 0
        ORDER BY documents, lexeme
        LIMIT {MOST_WORDS}
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

    Parameters: language, query, depth, length_normalisation, and those of ``conditions``.
    """

    def ranked(tsquery: str, gate: str) -> str:
        return f"""
        SELECT
            corpus_id,
            id,
            relevance / (
                1 - CAST(:length_normalisation AS float8)
                + CAST(:length_normalisation AS float8) * length / avg(length) OVER ()
            ) AS score
        FROM (
            SELECT
                corpus_id,
                id,
                greatest(length(lexemes), 1) AS length,
                (SELECT coalesce(sum(idf * ts_rank('{{1,1,1,1}}', lexemes, words.tsquery)), 0)
                 FROM words) AS relevance
            FROM (
                -- The concatenation and OFFSET 0 unpack a long fact's lexemes once, and not anew
                -- for every word.
                SELECT fact.corpus_id, fact.id, fact.content_tsv || '' AS lexemes
                FROM hegel_facts AS fact
                WHERE fact.content_tsv @@ (SELECT {tsquery} FROM matching)
                  AND {gate}
                  AND {conditions}
                OFFSET 0
            ) AS matched
        ) AS candidate
        ORDER BY score DESC, corpus_id, id
        LIMIT :depth"""

    if mode == "any":
        words = f"{ANY_WORD},{WORDS},{MATCHING_ANY}"
    else:
        words = f"{ASKED.format(parser=ASKED_BY[mode])},{WORDS},{MATCHING_ASKED}"
    return f"""{STATISTICS},{words},
    rare_hits AS MATERIALIZED ({ranked("rare", "true")}
    ),
    any_hits AS MATERIALIZED ({
        ranked(
            "any_word",
            "NOT (SELECT all_rare FROM matching) AND (SELECT count(*) FROM rare_hits) < :depth",
        )
    }
    ),
    text_hits AS MATERIALIZED (
        SELECT * FROM any_hits
        UNION ALL
        SELECT * FROM rare_hits WHERE NOT EXISTS (SELECT FROM any_hits)
    )"""
