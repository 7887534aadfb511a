"""The statements of novelty: vectors of candidates, and who is at one.

A population's row in hegel_population_spaces says what makes its vectors, and counts what was
proposed. A statement sees the rows of the moment at which it began, and would miss what another one
stores while it waits. So it locks that row before it stores anything, and stores nothing where the
count has moved since: the caller then takes the lock first, and asks again.
"""

from __future__ import annotations

from sqlalchemy import text

from hegel_store.repositories.population_statements import SCOPE

OWN = SCOPE.format(of="")
MAKER = "model, dimensions, normalised, prefix"
SAME_MAKER = """
    (model = :model AND dimensions = :dimensions AND normalised = :normalised AND prefix = :prefix)
"""
NEW_SPACE = f"""
    INSERT INTO hegel_population_spaces (corpus_id, task_type, population, {MAKER})
    SELECT CAST(:corpus_id AS text), CAST(:task_type AS text), CAST(:population AS text),
           CAST(:model AS text), CAST(:dimensions AS int4), CAST(:normalised AS boolean),
           CAST(:prefix AS text)
    {{where}}
    ON CONFLICT DO NOTHING
"""
MAKE_SPACE = text(NEW_SPACE.format(where=""))
HOLD_SPACE = text(f"SELECT {MAKER} FROM hegel_population_spaces WHERE {OWN} FOR UPDATE")

# A population's vectors are of one size; others, of which the scan may meet some, do not compare.
DISTANCE = """
    CASE WHEN vector_dims(embedding) = CAST(:dimensions AS int4)
         THEN embedding <=> CAST(:embedding AS halfvec) END
"""
LIVE_MEMBER = f"""
    SELECT member.island FROM hegel_profile_populations AS member
    WHERE {SCOPE.format(of="member.")} AND member.profile_id = near.profile_id
      AND member.evicted_at IS NULL
      AND (CAST(:island AS int4) IS NULL OR member.island = CAST(:island AS int4))
    ORDER BY member.island LIMIT 1
"""

# Nobody is waited for where something near is known already. Claims that ran out, of candidates
# that became no members, leave with the next one that is granted.
PROPOSE = text(
    f"""
    WITH seen AS MATERIALIZED (
        SELECT {MAKER}, proposals FROM hegel_population_spaces WHERE {OWN}
    ), near AS MATERIALIZED (
        SELECT id, profile_id,
               CASE WHEN content_hash = :content_hash THEN 1 ELSE 1 - ({DISTANCE}) END AS similarity
        FROM hegel_population_vectors
        WHERE {OWN} AND (SELECT {SAME_MAKER} FROM seen)
          AND (leased_until IS NULL OR leased_until > clock_timestamp())
          AND (content_hash = :content_hash OR {DISTANCE} <= CAST(:distance AS float8))
    ), known AS MATERIALIZED (
        SELECT near.profile_id, member.island, near.similarity
        FROM (SELECT * FROM near ORDER BY similarity DESC, id OFFSET 0) AS near
        LEFT JOIN LATERAL ({LIVE_MEMBER}) AS member ON true
        WHERE near.profile_id IS NULL OR member.island IS NOT NULL
        ORDER BY near.similarity DESC, near.id
        LIMIT 1
    ), held AS MATERIALIZED (
        SELECT proposals FROM hegel_population_spaces
        WHERE {OWN} AND NOT EXISTS (SELECT FROM known)
        FOR UPDATE
    ), made AS (
        {NEW_SPACE.format(where="WHERE NOT EXISTS (SELECT FROM seen)")}
        RETURNING proposals
    ), current AS MATERIALIZED (
        SELECT proposals FROM held JOIN seen USING (proposals) WHERE {SAME_MAKER}
        UNION ALL SELECT proposals FROM made
    ), granted AS (
        INSERT INTO hegel_population_vectors
            (corpus_id, task_type, population, content_hash, embedding, leased_until)
        SELECT CAST(:corpus_id AS text), CAST(:task_type AS text), CAST(:population AS text),
               CAST(:content_hash AS bytea), CAST(:embedding AS halfvec),
               clock_timestamp() + make_interval(secs => CAST(:lease AS float8))
        FROM current
        RETURNING id, leased_until
    ), counted AS (
        UPDATE hegel_population_spaces SET proposals = proposals + 1
        WHERE {OWN} AND EXISTS (SELECT FROM granted)
    ), forgotten AS (
        DELETE FROM hegel_population_vectors
        WHERE {OWN} AND leased_until <= clock_timestamp() AND EXISTS (SELECT FROM granted)
    )
    SELECT {MAKER}, known.profile_id, known.island, known.similarity,
           granted.id AS claim, granted.leased_until
    FROM (SELECT) AS nothing
    LEFT JOIN seen ON true LEFT JOIN known ON true LEFT JOIN granted ON true
    """
)

# A profile that has its vector already keeps that one, and the claim runs out by itself.
SETTLE = text(
    f"""
    WITH profile AS MATERIALIZED (
        SELECT content_hash FROM hegel_prompt_profiles
        WHERE corpus_id = :corpus_id AND id = :profile_id
    ), settled AS (
        UPDATE hegel_population_vectors AS vector
        SET profile_id = CAST(:profile_id AS uuid), leased_until = NULL
        FROM profile
        WHERE {SCOPE.format(of="vector.")} AND vector.id = :claim
          AND vector.leased_until IS NOT NULL AND vector.content_hash = profile.content_hash
          AND NOT EXISTS (
              SELECT FROM hegel_population_vectors AS other
              WHERE {SCOPE.format(of="other.")} AND other.profile_id = CAST(:profile_id AS uuid)
          )
    )
    SELECT content_hash FROM profile
    """
)
WITHDRAW = text(
    f"""
    DELETE FROM hegel_population_vectors
    WHERE {OWN} AND id = :claim AND leased_until IS NOT NULL
    RETURNING leased_until > clock_timestamp() AS held
    """
)

WITHOUT_VECTOR = text(
    f"""
    SELECT DISTINCT ON (member.profile_id)
           member.profile_id, profile.content_hash, profile.profile
    FROM hegel_profile_populations AS member
    JOIN hegel_prompt_profiles AS profile
      ON profile.corpus_id = member.corpus_id AND profile.id = member.profile_id
    WHERE {SCOPE.format(of="member.")} AND member.evicted_at IS NULL
      AND (CAST(:after AS uuid) IS NULL OR member.profile_id > CAST(:after AS uuid))
      AND NOT EXISTS (
          SELECT FROM hegel_population_vectors AS vector
          WHERE {SCOPE.format(of="vector.")} AND vector.profile_id = member.profile_id
      )
    ORDER BY member.profile_id
    LIMIT :batch
    """
)
STORE_VECTORS = text(
    f"""
    WITH stored AS (
        INSERT INTO hegel_population_vectors
            (corpus_id, task_type, population, content_hash, embedding, profile_id)
        SELECT CAST(:corpus_id AS text), CAST(:task_type AS text), CAST(:population AS text),
               content_hash, CAST(embedding AS halfvec), profile_id
        FROM unnest(CAST(:profiles AS uuid[]), CAST(:hashes AS bytea[]),
                    CAST(:embeddings AS text[])) AS given (profile_id, content_hash, embedding)
        ON CONFLICT (corpus_id, task_type, population, profile_id) WHERE profile_id IS NOT NULL
            DO NOTHING
        RETURNING id
    ), counted AS (
        UPDATE hegel_population_spaces SET proposals = proposals + 1 WHERE {OWN}
    )
    SELECT count(*) FROM stored
    """
)
FORGET_VECTORS = text(f"DELETE FROM hegel_population_vectors WHERE {OWN}")
CHANGE_MAKER = text(
    f"""
    UPDATE hegel_population_spaces
    SET model = :model, dimensions = :dimensions, normalised = :normalised, prefix = :prefix,
        proposals = proposals + 1
    WHERE {OWN}
    """
)
