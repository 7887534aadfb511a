"""The statement of the front over examples: who has the best score on each.

It reads the scores of evaluations (hegel_scores), which belong to contents, not to profiles.
"""

from __future__ import annotations

from sqlalchemy import text

from hegel_store.repositories.population_statements import SCOPE

SCORES = """
    score.corpus_id = :corpus_id AND score.evaluator = :evaluator AND score.split = :split
    AND score.objective = {objective}
"""
# A subplan that is hashed once, which a join would be anew for each example.
ALIVE = "(score.content_hash IN (SELECT content_hash FROM candidate)) IS TRUE"

# Who leads alone somewhere stays, so only the others' means are needed, for the order of removal.
# Each example is one step of the index of best scores. From its front (its back, to minimise) the
# first live member has the best score; those who share it are next to each other.
TOP = f"""
    (SELECT score.score FROM hegel_scores AS score
     WHERE {SCORES.format(objective="example.objective")}
       AND score.example_id = example.example_id AND {ALIVE} AND example.sign {{sign}} 0
     ORDER BY score.score {{order}} LIMIT 1)
"""
LEADERS = text(
    f"""
    WITH RECURSIVE candidate AS MATERIALIZED (
        SELECT DISTINCT ON (profile.content_hash)
               profile.content_hash, member.island, member.profile_id
        FROM hegel_profile_populations AS member
        JOIN hegel_prompt_profiles AS profile
          ON profile.corpus_id = member.corpus_id AND profile.id = member.profile_id
        WHERE {SCOPE.format(of="member.")} AND member.evicted_at IS NULL
          AND (CAST(:island AS int4) IS NULL OR member.island = CAST(:island AS int4))
        ORDER BY profile.content_hash, member.profile_id, member.island
    ), wanted AS MATERIALIZED (
        SELECT * FROM unnest(CAST(:objectives AS text[]), CAST(:signs AS float8[]))
            AS wanted (objective, sign)
    ), example (objective, sign, example_id) AS (
        SELECT objective, sign, (
            SELECT min(score.example_id) FROM hegel_scores AS score
            WHERE {SCORES.format(objective="wanted.objective")})
        FROM wanted
        UNION ALL
        SELECT objective, sign, (
            SELECT min(score.example_id) FROM hegel_scores AS score
            WHERE {SCORES.format(objective="example.objective")}
              AND score.example_id > example.example_id)
        FROM example WHERE example_id IS NOT NULL
    ), best AS MATERIALIZED (
        SELECT objective, example_id, top.score,
               row_number() OVER (ORDER BY objective, example_id) AS number
        FROM example, LATERAL (
            {TOP.format(sign=">", order="DESC")} UNION ALL {TOP.format(sign="<", order="ASC")}
        ) AS top
        WHERE example_id IS NOT NULL
    ), tied AS MATERIALIZED (
        SELECT best.number, leader.content_hash, count(*) OVER (PARTITION BY best.number) AS sharing
        FROM best, LATERAL (
            SELECT score.content_hash FROM hegel_scores AS score
            WHERE {SCORES.format(objective="best.objective")}
              AND score.example_id = best.example_id AND score.score = best.score AND {ALIVE}
            OFFSET 0
        ) AS leader
    ), leader AS MATERIALIZED (
        SELECT content_hash, array_agg(number) AS numbers, bool_or(sharing = 1) AS alone
        FROM tied GROUP BY content_hash
    )
    SELECT candidate.profile_id, candidate.island, leader.numbers, CASE WHEN NOT leader.alone THEN (
        SELECT avg(wanted.sign * score.score)
        FROM hegel_scores AS score JOIN wanted USING (objective)
        WHERE score.corpus_id = :corpus_id AND score.evaluator = :evaluator
          AND score.content_hash = leader.content_hash AND score.split = :split
    ) END AS mean
    FROM leader JOIN candidate USING (content_hash)
    ORDER BY mean NULLS LAST, candidate.profile_id
    """
)
