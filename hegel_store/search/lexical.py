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

Document frequencies come from the planner's statistics of content_tsv, by the database's
hegel_documents_with(), which keeps a copy to look them up in; a lexeme that is not listed there is
rarer than the last one that is. Before the first ANALYZE the rows are counted.

Candidates are the facts with any of the rarest words, as long as their document frequencies add up
to ``ROW_BUDGET``, and those with two of the next rarest words together, as long as there is room.
Other facts have but one word that is not rare, and are far behind; common words only help to rank.
When that leaves fewer facts than asked for, every word is admitted, so that a filter never hides a
match.

That is the text mode ``any``. In the others the query says which facts match, and the words only
rank them: ``all`` of the words, the words as a ``phrase``, or the syntax of ``web`` searches
("quoted phrase", or, -not).
"""

from __future__ import annotations

from typing import Literal

TextMode = Literal["any", "all", "phrase", "web"]

ROW_BUDGET = 500
"""About how many facts are ranked. With 300,000 facts the best ten are 99 % of those that ranking
every match finds; without the pairs, 10,000 rows would be needed for that."""
PAIRED_WORDS = 4
"""How many words are looked for in pairs: those that are next in rarity."""
MOST_WORDS = 64
"""Only the rarest words of a long query are ranked by; the rest would add time and no order. And
as many again that the statistics do not list, which are rarer, or in no fact at all."""

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
DAMPING = f"{SATURATION} * (1 - b + b * {{length}} / average)"
RANK = "nullif(ts_rank('{{1,1,1,1}}', {lexemes}, words.tsquery), 0)"
OCCURRENCES = f"1 / (pi() ^ 2 / 6 * (1 - {RANK})) - 0.5"
WORTH = f"weight * ({SATURATION} + 1) / (1 + damping / ({OCCURRENCES}))"
"""What a word adds to a fact's score; null for one that is not in it."""

COUNTED, COUNTED_WHERE_BOUND = "hegel_documents_with", "hegel_documents_in_corpus"

WORDS = f"""
    words AS MATERIALIZED (
        SELECT *, {WEIGHT} AS weight, row_number() OVER (ORDER BY documents, lexeme) AS place
        FROM (
            SELECT
                *,
                CAST(
                    '''' || replace(replace(lexeme, '\\', '\\\\'), '''', '''''') || '''' AS tsquery
                ) AS tsquery
            FROM (
                SELECT
                    *,
                    row_number() OVER (
                        PARTITION BY documents <= rarest ORDER BY documents, lexeme
                    ) AS rarity
                FROM {{counted}}(ARRAY(SELECT lexeme FROM lexemes))
                WHERE documents > 0
            ) AS wanted
            WHERE rarity <= {MOST_WORDS}
        ) AS counted
    ),
    -- What a word weighs that is as rare as the statistics can tell.
    rarest AS MATERIALIZED (
        SELECT {WEIGHT} AS weight
        FROM (SELECT facts, rarest AS documents FROM words LIMIT 1) AS floor
    )"""

MATCHING_ANY = f"""
    alone AS MATERIALIZED (
        SELECT *
        FROM (SELECT *, sum(documents) OVER (ORDER BY place) AS running FROM words) AS added
        WHERE running <= {ROW_BUDGET}
    ),
    pairs AS MATERIALIZED (
        SELECT
            tsquery,
            sum(expected) OVER shortest + (SELECT coalesce(max(running), 0) FROM alone) AS running,
            row_number() OVER shortest AS place
        FROM (
            SELECT
                one.place AS one,
                other.place AS other,
                one.tsquery && other.tsquery AS tsquery,
                one.documents * other.documents / one.facts AS expected
            FROM words AS one JOIN words AS other ON one.place < other.place,
                (SELECT count(*) AS words FROM alone) AS before
            WHERE one.place > before.words AND other.place <= before.words + {PAIRED_WORDS}
        ) AS together
        WINDOW shortest AS (ORDER BY expected, one, other)
    ),
    clauses AS MATERIALIZED (
        SELECT tsquery FROM alone
        UNION ALL
        SELECT tsquery FROM pairs
        WHERE running <= {ROW_BUDGET} OR place = 1 AND NOT EXISTS (SELECT FROM alone)
    ),
    matching AS MATERIALIZED (
        SELECT
            -- A single common word stands neither alone nor in a pair.
            coalesce(
                (SELECT CAST(string_agg(CAST(tsquery AS text), ' | ') AS tsquery) FROM clauses),
                any_word
            ) AS rare,
            any_word,
            number = (SELECT count(*) FROM alone) AS all_rare
        FROM (
            SELECT
                CAST(string_agg(CAST(tsquery AS text), ' | ') AS tsquery) AS any_word,
                count(*) AS number
            FROM words
        ) AS every
    )"""
MATCHING_ASKED = """
    matching AS MATERIALIZED (
        SELECT tsquery AS rare, tsquery AS any_word, true AS all_rare FROM asked
    )"""


# By the index of words, which a policy of row-level security keeps a condition from.
MATCHING_FACTS = """hegel_facts AS fact
        WHERE fact.content_tsv @@ (SELECT {tsquery} FROM matching)"""
MATCHING_FACTS_WHERE_BOUND = """hegel_facts_matching((SELECT {tsquery} FROM matching)) AS word
        JOIN hegel_facts AS fact ON fact.corpus_id = word.corpus_id AND fact.id = word.id
        WHERE true"""


def channel(conditions: str, mode: TextMode, bound: bool = False) -> str:
    """CTEs that end in ``text_hits`` (corpus_id, id, score): the best :depth facts.

    ``bound``: of the corpus that the connection is bound to, and by its own counts of words.

    And ``rarest`` (weight), what one rarest word is worth. Parameters: language, query, depth,
    limit, length_normalisation (null: as the facts' length asks), and those of ``conditions``.
    """

    source = MATCHING_FACTS_WHERE_BOUND if bound else MATCHING_FACTS
    unpacked = "word.lexemes" if bound else "fact.content_tsv"
    lexemes = unpacked if bound else f"{unpacked} || ''"

    def found(name: str, tsquery: str, gate: str) -> str:
        return f"""
    {name} AS MATERIALIZED (
        SELECT
            fact.corpus_id,
            fact.id,
            -- The concatenation unpacks a long fact's lexemes once, and not anew for every word.
            {lexemes} AS lexemes,
            greatest(length({unpacked}), 1) AS length
        FROM {source.format(tsquery=tsquery)}
          AND {gate}
          AND {conditions}
    )"""

    counted = WORDS.format(counted=COUNTED_WHERE_BOUND if bound else COUNTED)
    if mode == "any":
        words = f"{ANY_WORD},{counted},{MATCHING_ANY}"
    else:
        words = f"{ASKED.format(parser=ASKED_BY[mode])},{counted},{MATCHING_ASKED}"
    damping = DAMPING.format(length="length")
    return f"""{words},{found("rarely", "rare", "true")},
    too_few AS MATERIALIZED (
        SELECT NOT (SELECT all_rare FROM matching) AND (SELECT count(*) FROM rarely) < :limit AS so
    ),{found("widely", "any_word", "(SELECT so FROM too_few)")},
    matched AS MATERIALIZED (
        SELECT * FROM widely
        UNION ALL
        SELECT * FROM rarely WHERE NOT (SELECT so FROM too_few)
    ),
    usual AS MATERIALIZED (
        SELECT
            average,
            coalesce(
                CAST(:length_normalisation AS float8),
                average ^ 2 / (average ^ 2 + {WORDY_LENGTH} ^ 2)
            ) AS b
        FROM (SELECT CAST(avg(length) AS float8) AS average FROM matched) AS lengths
    ),
    text_hits AS MATERIALIZED (
        SELECT
            corpus_id,
            id,
            (
                SELECT coalesce(sum({WORTH.format(lexemes="lexemes")}), 0) FROM words
            ) AS score
        FROM (
            SELECT *, {damping} AS damping
            FROM matched, usual
            OFFSET 0
        ) AS measured
        ORDER BY score DESC, corpus_id, id
        LIMIT :depth
    )"""


def worth_of_words() -> str:
    """A JSON object of what each of the query's words adds to the text score of ``fact``."""
    damping = DAMPING.format(length="greatest(length(fact.content_tsv), 1)")
    return f"""(
            SELECT jsonb_object_agg(lexeme, worth)
            FROM (
                SELECT lexeme, {WORTH.format(lexemes="fact.content_tsv")} AS worth
                FROM words, (SELECT {damping} AS damping FROM usual) AS measured
            ) AS worths
            WHERE worth IS NOT NULL
        )"""
